//! `einsum("b t d, b s d -> b t s", q, k)`: letters bound to the axes of operands.

use tri_diagnostics::{Code, nearest};
use tri_syntax::ast::{ExprKind as Ast, NodeId};

use super::Special;
use crate::hir::{Axis, ExprId, ExprKind, Type};
use crate::infer::Infer;
use crate::report::{Repair, Report, Target};

/// A letter with the axis that bound it.
struct Letter {
    name: String,
    axis: Axis,
    operand: ExprId,
}

/// The letters of each operand, and those of the result.
type Pattern = (Vec<Vec<String>>, Vec<String>);

impl Infer<'_> {
    pub(super) fn einsum(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let pattern = call.slots.first().copied().flatten()?;
        let Ast::Str(text) = &pattern.kind else {
            let message = "the pattern of `einsum` is a string: \"b t d, b s d -> b t s\"";
            self.names.error(Code::E2009, pattern.id, message);
            return None;
        };
        let pattern = pattern.id;
        let Some((left, right)) = parse(text) else {
            let place = self.names.place(pattern);
            let report = Report::error(Code::E2013, place, "the pattern of `einsum` does not say the result");
            self.names.report(report.help("write the result's axes behind `->`: \"b t d, b s d -> b t s\""));
            return None;
        };
        let mut operands = Vec::new();
        for at in 1..call.slots.len() {
            if call.slots[at].is_some() {
                operands.push(self.tensor(call, at)?);
            }
        }
        if left.len() != operands.len() {
            let (wanted, given) = (left.len(), operands.len());
            let message = format!("the pattern has letters for {wanted} operands, but {given} are given");
            let place = self.names.place(pattern);
            let report = Report::error(Code::E2013, place, message);
            self.names.report(report.help("a comma stands between the letters of two operands"));
            return None;
        }
        let mut letters: Vec<Letter> = Vec::new();
        let mut numbered = Vec::new();
        for ((id, _, shape), words) in operands.iter().zip(&left) {
            if words.len() != shape.len() || shape.iter().any(|axis| matches!(axis, Axis::Pack(..))) {
                self.other_letters(pattern, text, *id, words);
                return None;
            }
            numbered.push((*id, self.bind_letters(pattern, *id, shape, words, &mut letters)?));
        }
        let (result, shape) = self.result_letters(pattern, &left, &right, &letters)?;
        let (first, dtype, _) = operands.first()?;
        let mut element = *dtype;
        for (operand, dtype, _) in &operands[1..] {
            element = self.product_dtype(element, *dtype, *first, *operand, call.node)?;
        }
        let kind = ExprKind::Einsum { operands: numbered, result };
        Some(self.push(kind, Type::Tensor(element, shape), call.node))
    }

    /// Numbers of the letters of one operand; letters seen first are bound to its axes.
    fn bind_letters(
        &mut self,
        pattern: NodeId,
        operand: ExprId,
        shape: &[Axis],
        words: &[String],
        letters: &mut Vec<Letter>,
    ) -> Option<Vec<u32>> {
        let mut numbers = Vec::with_capacity(words.len());
        for (word, axis) in words.iter().zip(shape) {
            let at = match letters.iter().position(|known| known.name == *word) {
                None => {
                    letters.push(Letter { name: word.clone(), axis: axis.clone(), operand });
                    letters.len() - 1
                }
                Some(at) if self.same_axis(&letters[at].axis, axis) => at,
                Some(at) => {
                    let report = self.other_size(pattern, &letters[at], operand, axis);
                    self.names.report(report);
                    return None;
                }
            };
            numbers.push(at as u32);
        }
        Some(numbers)
    }

    /// A letter for two sizes.
    fn other_size(&self, pattern: NodeId, letter: &Letter, operand: ExprId, axis: &Axis) -> Report {
        let (name, a, b) = (&letter.name, self.axis_text(&letter.axis), self.axis_text(axis));
        let says = |id: ExprId, size: &str| {
            format!("`{name}` is `{size}` here: this is {}", self.show().ty(self.ty(id)))
        };
        let message = format!("`{name}` is `{a}` in one operand and `{b}` in another");
        let report = Report::error(Code::E2003, self.names.place(pattern), message)
            .label("a letter is one size")
            .secondary(self.names.place(self.node(letter.operand)), says(letter.operand, &a))
            .secondary(self.names.place(self.node(operand)), says(operand, &b));
        self.bound_at(self.bound_at(report, &letter.axis), axis)
    }

    /// Reports an operand with another number of axes than letters.
    fn other_letters(&mut self, pattern: NodeId, text: &str, operand: ExprId, words: &[String]) {
        let Type::Tensor(_, shape) = self.ty(operand) else { return };
        let (place, found) = (self.names.place(pattern), self.show().ty(self.ty(operand)));
        let axes = crate::infer::mismatch::axes_text(shape);
        let run_together = words.len() == 1 && words[0].chars().count() == shape.len() && shape.len() > 1;
        let letters = if words.len() == 1 { "letter" } else { "letters" };
        let message = format!(
            "the pattern has {} {letters}, `{}`, for an operand of {axes}",
            words.len(),
            words.join(" ")
        );
        let report = Report::error(Code::E2013, place, message)
            .label("each axis of an operand has a letter")
            .secondary(self.names.place(self.node(operand)), format!("this is {found}"));
        let report = if run_together {
            let spaced = spaced(text);
            report.repair(
                Repair::safe(format!("write spaces between the letters: \"{spaced}\""))
                    .edit(Target::Node(place), format!("\"{spaced}\"")),
            )
        } else {
            report
        };
        self.names.report(report);
    }

    /// The letters of the result as numbers, and their axes.
    fn result_letters(
        &mut self,
        pattern: NodeId,
        operands: &[Vec<String>],
        words: &[String],
        letters: &[Letter],
    ) -> Option<(Vec<u32>, Vec<Axis>)> {
        let mut result = Vec::new();
        let mut shape = Vec::new();
        for word in words {
            match letters.iter().position(|known| known.name == *word) {
                Some(at) if !result.contains(&(at as u32)) => {
                    result.push(at as u32);
                    shape.push(letters[at].axis.clone());
                }
                Some(_) => {
                    let message = format!("`{word}` stands twice in the result");
                    self.names.error(Code::E2013, pattern, message);
                    return None;
                }
                None => {
                    let report = self.unknown_letter(pattern, word, operands, words, letters);
                    self.names.report(report);
                    return None;
                }
            }
        }
        Some((result, shape))
    }
}

impl Infer<'_> {
    /// A letter of the result that no operand has.
    fn unknown_letter(
        &self,
        pattern: NodeId,
        word: &str,
        operands: &[Vec<String>],
        result: &[String],
        letters: &[Letter],
    ) -> Report {
        let message = format!("`{word}` stands in the result, but in no operand");
        let report =
            Report::error(Code::E2013, self.names.place(pattern), message).label("the result is behind `->`");
        // A letter of one operand alone is not meant to be summed over.
        let of_one =
            |name: &&str| operands.iter().filter(|words| words.iter().any(|word| word == name)).count() == 1;
        let names = letters.iter().map(|letter| letter.name.as_str());
        let left: Vec<&str> =
            names.filter(|name| !result.iter().any(|word| word == name)).filter(of_one).collect();
        let near = match left.as_slice() {
            [one] => Some(*one),
            left => nearest(word, left.iter().copied()),
        };
        let report = match near {
            Some(near) => report.help(format!("did you mean `{near}`?")),
            None => report,
        };
        let all =
            letters.iter().map(|letter| format!("`{}` is `{}`", letter.name, self.axis_text(&letter.axis)));
        report.note(format!("of the operands, {}", all.collect::<Vec<_>>().join(", ")))
    }
}

fn parse(text: &str) -> Option<Pattern> {
    let (left, right) = text.split_once("->")?;
    let words = |part: &str| part.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    Some((left.split(',').map(words).collect(), words(right)))
}

/// `bthd,bshd->bhts` as Tri writes it.
fn spaced(text: &str) -> String {
    let (left, right) = text.split_once("->").unwrap_or((text, ""));
    let letters = |part: &str| {
        part.chars().filter(|c| !c.is_whitespace()).map(String::from).collect::<Vec<_>>().join(" ")
    };
    let operands: Vec<String> = left.split(',').map(letters).collect();
    format!("{} -> {}", operands.join(", "), letters(right))
}
