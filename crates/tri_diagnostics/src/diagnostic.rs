//! One diagnostic as data, built step by step, and the collector that hands out proofs of reporting.

use crate::{Code, FileId, Span};

/// How serious a diagnostic is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// The program is wrong; nothing is produced from it.
    Error,
    /// The program is accepted, but probably not what was meant.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// A place and what to say about it; the text may be empty.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A phrase without a full stop.
    pub text: String,
}

/// One replacement of text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Edit {
    /// What is replaced; an empty span inserts.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// Whether a tool may apply a fix unasked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Applicability {
    /// The result means what the author meant.
    Safe,
    /// The author should look.
    Ask,
}

/// A change that repairs what the diagnostic complains about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fix {
    /// The action, as a menu would show it: "write `0.5`".
    pub title: String,
    /// The edits; they do not overlap.
    pub edits: Vec<Edit>,
    /// Whether it may be applied unasked.
    pub applicability: Applicability,
}

impl Fix {
    /// A safe fix that replaces `span` by `text`.
    pub fn replace(title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        let edits = vec![Edit { span, text: text.into() }];
        Self { title: title.into(), edits, applicability: Applicability::Safe }
    }

    /// Adds another edit.
    pub fn and(mut self, span: Span, text: impl Into<String>) -> Self {
        self.edits.push(Edit { span, text: text.into() });
        self
    }

    /// Marks the fix as one that the author should look at first.
    pub fn ask(mut self) -> Self {
        self.applicability = Applicability::Ask;
        self
    }
}

/// What the compiler has to say about a program.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// One sentence without a full stop.
    pub message: String,
    /// Where the mistake is.
    pub primary: Label,
    /// Other places that explain it, such as the other side of a conflict.
    pub secondary: Vec<Label>,
    /// Facts: "`Ffn` is 6912 by block.tri:6".
    pub notes: Vec<String>,
    /// Advice: "change `dim Ffn = 6900` to `6912`".
    pub helps: Vec<String>,
    /// One edit that repairs it, where there is one. People read its title only where `helps` is empty.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, span, message.into())
    }

    /// A warning at `span`.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, span, message.into())
    }

    fn new(code: Code, severity: Severity, span: Span, message: String) -> Self {
        let primary = Label { span, text: String::new() };
        let (secondary, notes, helps) = (Vec::new(), Vec::new(), Vec::new());
        Self { code, severity, message, primary, secondary, notes, helps, fix: None }
    }

    /// Says `text` at the primary place.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Points at another place.
    pub fn secondary(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Adds a fact.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds advice.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(text.into());
        self
    }

    /// Offers the edit that repairs it.
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// The same with files that have other numbers.
    pub fn renumbered(mut self, number: impl Fn(FileId) -> FileId) -> Self {
        let labels = self.secondary.iter_mut().chain([&mut self.primary]).map(|label| &mut label.span);
        let edits = self.fix.iter_mut().flat_map(|fix| &mut fix.edits).map(|edit| &mut edit.span);
        for span in labels.chain(edits) {
            span.file = number(span.file);
        }
        self
    }

    /// Whether it makes the program wrong.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Proof that the user was told: the error side of a `Result` whose cause is in a [`Diagnostics`] already.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Reported(());

/// The diagnostics of one query, in the order of discovery.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// An empty collector.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a diagnostic and proves that it was taken.
    pub fn push(&mut self, diagnostic: Diagnostic) -> Reported {
        self.list.push(diagnostic);
        Reported(())
    }

    /// Takes many.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.list.extend(diagnostics);
    }

    /// What was taken.
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.list
    }

    /// What was taken, by value.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.list
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
