//! What queries find wrong, with places instead of byte ranges, so that moving text leaves a result as it was.

use tri_db::{Db, parse};
use tri_diagnostics::{Code, Diagnostic, FileId, Fix, Severity, Span, TextRange};
use tri_syntax::ast::{ItemId, NodeId};

use crate::hir::Def;

/// A node of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The item in it.
    pub item: ItemId,
    /// The node in the item.
    pub node: NodeId,
}

impl Place {
    /// A node of an item.
    pub(crate) fn new(def: Def, node: NodeId) -> Place {
        Place { file: def.file, item: def.item, node }
    }
}

/// Where a place is now.
pub fn place_span(db: &dyn Db, place: Place) -> Span {
    let range = db.file(place.file).map(|file| parse(db, file).ast.range(place.item, place.node));
    Span::new(place.file, range.unwrap_or(TextRange::empty(0)))
}

/// A diagnostic in the making.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Report {
    code: Code,
    severity: Severity,
    place: Place,
    message: String,
    label: Option<String>,
    secondary: Vec<(Place, String)>,
    help: Vec<String>,
    fix: Option<Repair>,
}

/// One replacement that repairs what a report complains about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Repair {
    title: String,
    place: Place,
    text: String,
    sure: bool,
}

impl Report {
    pub(crate) fn error(code: Code, place: Place, message: impl Into<String>) -> Report {
        Report {
            code,
            severity: Severity::Error,
            place,
            message: message.into(),
            label: None,
            secondary: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    pub(crate) fn label(mut self, text: impl Into<String>) -> Report {
        self.label = Some(text.into());
        self
    }

    pub(crate) fn secondary(mut self, place: Place, text: impl Into<String>) -> Report {
        self.secondary.push((place, text.into()));
        self
    }

    pub(crate) fn help(mut self, text: impl Into<String>) -> Report {
        self.help.push(text.into());
        self
    }

    /// An edit that means what the author meant.
    pub(crate) fn fix(mut self, title: impl Into<String>, place: Place, text: impl Into<String>) -> Report {
        self.fix = Some(Repair { title: title.into(), place, text: text.into(), sure: true });
        self
    }

    /// The suggestion that `near` was meant at `place`.
    pub(crate) fn did_you_mean(mut self, near: &str, place: Place) -> Report {
        let title = format!("use `{near}`");
        self.fix = Some(Repair { title, place, text: near.to_owned(), sure: false });
        self.help(format!("did you mean `{near}`?"))
    }

    /// The diagnostic, with places looked up.
    pub(crate) fn diagnostic(&self, db: &dyn Db) -> Diagnostic {
        let span = |place: &Place| place_span(db, *place);
        let mut diagnostic = match self.severity {
            Severity::Error => Diagnostic::error(self.code, span(&self.place), &self.message),
            _ => Diagnostic::warning(self.code, span(&self.place), &self.message),
        };
        if let Some(label) = &self.label {
            diagnostic = diagnostic.label(label);
        }
        for (place, text) in &self.secondary {
            diagnostic = diagnostic.secondary(span(place), text);
        }
        for help in &self.help {
            diagnostic = diagnostic.help(help);
        }
        if let Some(repair) = &self.fix {
            let fix = Fix::replace(&repair.title, span(&repair.place), &repair.text);
            diagnostic = diagnostic.fix(if repair.sure { fix } else { fix.ask() });
        }
        diagnostic
    }
}

/// The name among `names` that `wanted` may be a slip of.
pub(crate) fn near_miss<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 1 + wanted.chars().count() / 4;
    let distances = names.into_iter().map(|name| (distance(wanted, name), name));
    distances.filter(|(distance, name)| *distance <= limit && *name != wanted).min().map(|(_, name)| name)
}

/// Edits from one word to the other: insertions, deletions, replacements, ignoring case.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
