//! `einsum("b t d, b s d -> b t s", q, k)`: letters bound to the axes of operands.

use tri_diagnostics::Code;
use tri_syntax::ast::{ExprKind as Ast, NodeId};

use super::Special;
use crate::hir::{Axis, ExprId, ExprKind, Type};
use crate::infer::Infer;
use crate::report::Report;

impl Infer<'_> {
    pub(super) fn einsum(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let pattern = call.slots.first().copied().flatten()?;
        let Ast::Str(text) = &pattern.kind else {
            self.names.error(
                Code::E2009,
                pattern.id,
                "the pattern of `einsum` is a string: \"b t d, b s d -> b t s\"",
            );
            return None;
        };
        let Some((left, right)) = text.split_once("->") else {
            self.names.error(
                Code::E2013,
                pattern.id,
                "the pattern of `einsum` needs `->` before the result's axes",
            );
            return None;
        };
        let words = |part: &str| part.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (left, right): (Vec<Vec<String>>, Vec<String>) =
            (left.split(',').map(words).collect(), words(right));
        let mut operands = Vec::new();
        for at in 1..call.slots.len() {
            if call.slots[at].is_some() {
                operands.push(self.tensor(call, at)?);
            }
        }
        if left.len() != operands.len() {
            self.names.error(
                Code::E2013,
                pattern.id,
                format!("the pattern has {} operands, the call {}", left.len(), operands.len()),
            );
            return None;
        }
        let mut letters: Vec<(String, Axis)> = Vec::new();
        let mut numbered = Vec::new();
        for ((id, _, shape), words) in operands.iter().zip(&left) {
            numbered.push((*id, self.einsum_letters(pattern.id, *id, shape, words, &mut letters)?));
        }
        let mut result = Vec::new();
        let mut shape = Vec::new();
        for word in &right {
            match letters.iter().position(|(known, _)| known == word) {
                Some(at) if !result.contains(&(at as u32)) => {
                    result.push(at as u32);
                    shape.push(letters[at].1.clone());
                }
                _ => {
                    self.names.error(
                        Code::E2013,
                        pattern.id,
                        format!("`{word}` of the result is no axis of an operand, or stands twice"),
                    );
                    return None;
                }
            }
        }
        let element = match operands.as_slice() {
            [(_, element, _)] => *element,
            [(a, x, _), (b, y, _)] => self.product_dtype(*x, *y, *a, *b, call.node)?,
            _ => {
                self.names.error(
                    Code::E2900,
                    call.node,
                    "`einsum` of more than two operands is not supported yet",
                );
                return None;
            }
        };
        Some(self.push(
            ExprKind::Einsum { operands: numbered, result },
            Type::Tensor(element, shape),
            call.node,
        ))
    }

    fn einsum_letters(
        &mut self,
        pattern: NodeId,
        operand: ExprId,
        shape: &[Axis],
        words: &[String],
        letters: &mut Vec<(String, Axis)>,
    ) -> Option<Vec<u32>> {
        if words.len() != shape.len() || shape.iter().any(|axis| matches!(axis, Axis::Pack(..))) {
            let found = self.show().ty(self.ty(operand));
            self.names.error(Code::E2013, pattern, format!("{} letters for {found}", words.len()));
            return None;
        }
        let mut numbers = Vec::with_capacity(words.len());
        for (word, axis) in words.iter().zip(shape) {
            let at = letters.iter().position(|(known, _)| known == word);
            let at = match at {
                None => {
                    letters.push((word.clone(), axis.clone()));
                    letters.len() - 1
                }
                Some(at) if numbers.contains(&(at as u32)) => {
                    self.names.error(
                        Code::E2900,
                        pattern,
                        "a letter twice in one operand (a diagonal) is not supported yet",
                    );
                    return None;
                }
                Some(at) if self.same_axis(&letters[at].1, axis) => at,
                Some(at) => {
                    let (a, b) = (self.axis_text(&letters[at].1), self.axis_text(axis));
                    let mut report = Report::error(
                        Code::E2003,
                        self.names.place(pattern),
                        format!("`{word}` is `{a}` in one operand and `{b}` in another"),
                    )
                    .secondary(
                        self.names.place(self.node(operand)),
                        format!("this is {}", self.show().ty(self.ty(operand))),
                    );
                    for axis in [&letters[at].1, axis] {
                        report = self.bound_at(report, axis);
                    }
                    self.names.report(report);
                    return None;
                }
            };
            numbers.push(at as u32);
        }
        Some(numbers)
    }
}
