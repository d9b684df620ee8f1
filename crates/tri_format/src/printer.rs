//! Documents to text: a group goes on one line if it fits there up to the next place where the line may end. Every group
//! looks ahead by one line at most, so that the time is linear.

use crate::WIDTH;
use crate::document::Document;

/// Spaces of one indentation.
const INDENT: usize = 4;

/// Spaces between a line and the comment after it, at least.
const COMMENT_GAP: usize = 2;

/// The text of `document`; it ends in one line end, unless it is empty.
pub(crate) fn print(document: &Document<'_>) -> String {
    let mut printer = Printer { lines: vec![Line::default()], todo: Vec::new(), space: false };
    printer.todo.push(Step { indent: 0, flat: false, document });
    while let Some(step) = printer.todo.pop() {
        printer.step(step);
    }
    join(&printer.lines)
}

/// A document to print, at an indentation, on one line or broken.
#[derive(Clone, Copy)]
struct Step<'d, 'a> {
    indent: usize,
    flat: bool,
    document: &'d Document<'a>,
}

#[derive(Default)]
struct Line {
    indent: usize,
    /// The line without its indentation; further lines of a block comment stand in it as written.
    code: String,
    /// Characters of `code` after its last line end.
    width: usize,
    comment: Option<String>,
    /// Whether nothing may follow on this line.
    full: bool,
    /// Whether an empty line goes before it.
    blank: bool,
}

struct Printer<'d, 'a> {
    lines: Vec<Line>,
    /// What is left to print, the next one last.
    todo: Vec<Step<'d, 'a>>,
    /// Whether a space goes before the next text.
    space: bool,
}

impl<'d, 'a> Printer<'d, 'a> {
    fn step(&mut self, step: Step<'d, 'a>) {
        let Step { indent, flat, document } = step;
        match document {
            Document::Text(text) => self.text(indent, text),
            Document::IfBroken(text) if !flat => self.text(indent, text),
            Document::IfBroken(_) => {}
            Document::Comment(text) => self.comment(indent, text),
            Document::Space => self.space = true,
            Document::Line { .. } if flat => self.space = true,
            Document::Break if flat => {}
            Document::Break => self.end_line(indent, false),
            Document::Line { blank } | Document::Hard { blank } => self.end_line(indent, *blank),
            Document::Indent(inner) => {
                self.todo.push(Step { indent: indent + INDENT, flat, document: inner })
            }
            Document::Concat(parts, _) => {
                self.todo.extend(parts.iter().rev().map(|document| Step { indent, flat, document }));
            }
            Document::Group(inner, broken) => {
                let inner = Step { indent, flat: true, document: inner };
                let flat = flat || (!broken.0 && self.fits(inner));
                self.todo.push(Step { flat, ..inner });
            }
        }
    }

    fn line(&mut self) -> &mut Line {
        if self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        let last = self.lines.len() - 1;
        &mut self.lines[last]
    }

    fn end_line(&mut self, indent: usize, blank: bool) {
        self.space = false;
        let line = self.line();
        if line.code.is_empty() {
            (line.indent, line.blank) = (indent, line.blank || blank);
        } else {
            self.lines.push(Line { indent, blank, ..Line::default() });
        }
    }

    fn text(&mut self, indent: usize, text: &str) {
        if self.line().full {
            self.end_line(indent, false);
        }
        let space = std::mem::take(&mut self.space);
        let line = self.line();
        if space && !line.code.is_empty() {
            line.code.push(' ');
            line.width += 1;
        }
        line.code.push_str(text);
        line.width = match text.rsplit_once('\n') {
            Some((_, last)) => last.chars().count().saturating_sub(line.indent),
            None => line.width + text.chars().count(),
        };
    }

    fn comment(&mut self, indent: usize, text: &str) {
        if self.line().code.is_empty() {
            self.text(indent, text);
        } else {
            let comment = self.line().comment.get_or_insert_default();
            if !comment.is_empty() {
                comment.push(' ');
            }
            comment.push_str(text);
        }
        self.space = false;
        self.line().full = true;
    }

    /// Whether `step` fits on the rest of the line, with what follows it up to where the line may end.
    fn fits(&mut self, step: Step<'d, 'a>) -> bool {
        let space = self.space;
        let line = self.line();
        if line.full {
            return false;
        }
        let used = line.indent + line.width + usize::from(space && !line.code.is_empty());
        let Some(mut left) = WIDTH.checked_sub(used) else { return false };
        let mut ahead = vec![(step.flat, std::slice::from_ref(step.document))];
        let mut rest = self.todo.iter().rev();
        while let Some((flat, documents)) =
            ahead.pop().or_else(|| rest.next().map(|step| (step.flat, std::slice::from_ref(step.document))))
        {
            let Some((document, others)) = documents.split_first() else { continue };
            ahead.push((flat, others));
            let width = match document {
                Document::Text(text) => match text.split_once('\n') {
                    Some((first, _)) => return first.chars().count() <= left,
                    None => text.chars().count(),
                },
                Document::Space => 1,
                Document::Line { .. } if flat => 1,
                Document::Break if flat => 0,
                Document::Line { .. } | Document::Break | Document::Hard { .. } | Document::Comment(_) => {
                    return true;
                }
                Document::IfBroken(_) if flat => 0,
                Document::IfBroken(text) => text.len(),
                Document::Indent(inner) => {
                    ahead.push((flat, std::slice::from_ref(inner)));
                    0
                }
                Document::Group(inner, broken) => {
                    ahead.push((flat && !broken.0, std::slice::from_ref(inner)));
                    0
                }
                Document::Concat(parts, _) => {
                    ahead.push((flat, parts));
                    0
                }
            };
            let Some(less) = left.checked_sub(width) else { return false };
            left = less;
        }
        true
    }
}

/// The lines as one text, comments after consecutive lines in one column.
fn join(lines: &[Line]) -> String {
    let mut text = String::new();
    let mut rest = lines;
    while let [first, after @ ..] = rest {
        let aligned = |line: &Line| line.comment.is_some() && !line.blank && line.indent == first.indent;
        let more =
            if first.comment.is_some() { after.iter().take_while(|line| aligned(line)).count() } else { 0 };
        let (run, next) = rest.split_at(more + 1);
        let column = run.iter().map(|line| line.width).max().unwrap_or(0) + COMMENT_GAP;
        for line in run.iter().filter(|line| !line.code.is_empty()) {
            push_line(&mut text, line, column);
        }
        rest = next;
    }
    text
}

fn push_line(text: &mut String, line: &Line, column: usize) {
    if line.blank && !text.is_empty() {
        text.push('\n');
    }
    text.extend(std::iter::repeat_n(' ', line.indent));
    text.push_str(&line.code);
    if let Some(comment) = &line.comment {
        text.extend(std::iter::repeat_n(' ', column.saturating_sub(line.width)));
        text.push_str(comment);
    }
    text.push('\n');
}
