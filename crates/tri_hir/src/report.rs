//! What queries find wrong, with places instead of byte ranges, so that moving text leaves a result as it was.

use tri_db::{Db, parse};
use tri_diagnostics::{Applicability, Code, Diagnostic, Edit, FileId, Fix, Severity, Span, TextRange};
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

/// Where an edit writes, said by nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// In the place of a node.
    Node(Place),
    /// Before a node.
    Before(Place),
    /// Behind a node.
    Behind(Place),
    /// In the place of the first bytes of a node.
    First(Place, u32),
    /// Before the first item of a file, behind its `//!` lines.
    Top(FileId),
    /// In the place of what stands from the end of the first node to the end of the second.
    Tail(Place, Place),
}

impl Target {
    fn span(self, db: &dyn Db) -> Span {
        let range = |place: Place| place_span(db, place).range;
        let (file, range) = match self {
            Target::Node(place) => (place.file, range(place)),
            Target::Before(place) => (place.file, TextRange::empty(range(place).start)),
            Target::Behind(place) => (place.file, TextRange::empty(range(place).end)),
            Target::First(place, count) => {
                let start = range(place).start;
                (place.file, TextRange::new(start, start + count))
            }
            Target::Top(file) => (file, TextRange::empty(top(db, file))),
            Target::Tail(first, last) => (first.file, TextRange::new(range(first).end, range(last).end)),
        };
        Span::new(file, range)
    }
}

/// What an edit writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Text {
    /// This.
    Is(String),
    /// What stands at a node.
    Of(Place),
    /// What stands at a node between its parentheses.
    Inside(Place),
}

/// A repair in the making.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Repair {
    title: String,
    edits: Vec<(Target, Text)>,
    applicability: Applicability,
}

impl Repair {
    /// A repair that a tool may make unasked.
    pub(crate) fn safe(title: impl Into<String>) -> Repair {
        Repair { title: title.into(), edits: Vec::new(), applicability: Applicability::Safe }
    }

    /// A repair that the author should look at first.
    pub(crate) fn ask(title: impl Into<String>) -> Repair {
        Repair { applicability: Applicability::Ask, ..Repair::safe(title) }
    }

    /// Writes `text` at `target`.
    pub(crate) fn edit(mut self, target: Target, text: impl Into<String>) -> Repair {
        self.edits.push((target, Text::Is(text.into())));
        self
    }

    /// Lets two nodes change places.
    pub(crate) fn swap(mut self, a: Place, b: Place) -> Repair {
        self.edits.push((Target::Node(a), Text::Of(b)));
        self.edits.push((Target::Node(b), Text::Of(a)));
        self
    }

    /// Leaves out the parentheses of a tuple.
    pub(crate) fn unwrap_tuple(mut self, tuple: Place) -> Repair {
        self.edits.push((Target::Node(tuple), Text::Inside(tuple)));
        self
    }

    fn fix(&self, db: &dyn Db) -> Fix {
        let edits = self.edits.iter().map(|(target, text)| {
            let text = match text {
                Text::Is(text) => text.clone(),
                Text::Of(place) => text_at(db, *place),
                Text::Inside(place) => {
                    let text = text_at(db, *place);
                    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
                    inner.unwrap_or(&text).to_owned()
                }
            };
            Edit { span: target.span(db), text }
        });
        Fix { title: self.title.clone(), edits: edits.collect(), applicability: self.applicability }
    }
}

/// Where the first line begins that is not empty and not of the file's documentation.
fn top(db: &dyn Db, file: FileId) -> u32 {
    let text = text_of(db, file);
    let mut lines =
        text.split_inclusive('\n').take_while(|line| line.trim().is_empty() || line.starts_with("//!"));
    lines.by_ref().map(|line| line.len() as u32).sum()
}

/// The text of a file; the empty string if it cannot be read.
fn text_of(db: &dyn Db, file: FileId) -> &str {
    let bytes = db.file(file).and_then(|source| source.bytes(db).as_ref().ok());
    bytes.and_then(|bytes| tri_syntax::decode(file, bytes).ok()).unwrap_or_default()
}

/// What is written at a place; the empty string for a file that cannot be read.
fn text_at(db: &dyn Db, place: Place) -> String {
    place_span(db, place).range.of(text_of(db, place.file)).to_owned()
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
    notes: Vec<String>,
    helps: Vec<String>,
    repair: Option<Repair>,
    reach: Reach,
}

/// How far one mistake is felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reach {
    Place,
    Item,
    File,
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
            notes: Vec::new(),
            helps: Vec::new(),
            repair: None,
            reach: Reach::Place,
        }
    }

    /// Says `text` at the place of the error.
    pub(crate) fn label(mut self, text: impl Into<String>) -> Report {
        self.label = Some(text.into());
        self
    }

    /// Points at another place, once.
    pub(crate) fn secondary(mut self, place: Place, text: impl Into<String>) -> Report {
        let label = (place, text.into());
        if !self.secondary.contains(&label) {
            self.secondary.push(label);
        }
        self
    }

    /// Adds a fact.
    pub(crate) fn note(mut self, text: impl Into<String>) -> Report {
        self.notes.push(text.into());
        self
    }

    /// Adds advice.
    pub(crate) fn help(mut self, text: impl Into<String>) -> Report {
        self.helps.push(text.into());
        self
    }

    /// Offers a repair; people read its title where no advice says it.
    pub(crate) fn repair(mut self, repair: Repair) -> Report {
        self.repair = Some(repair);
        self
    }

    /// Whether it says what to do.
    pub(crate) fn is_advised(&self) -> bool {
        !self.helps.is_empty() || self.repair.is_some()
    }

    /// Offers an edit that means what the author meant.
    pub(crate) fn fix(self, title: impl Into<String>, place: Place, text: impl Into<String>) -> Report {
        self.repair(Repair::safe(title).edit(Target::Node(place), text))
    }

    /// The suggestion that `near` was meant at `place`.
    pub(crate) fn did_you_mean(self, near: &str, place: Place) -> Report {
        let repair = Repair::ask(format!("use `{near}`")).edit(Target::Node(place), near);
        self.help(format!("did you mean `{near}`?")).repair(repair)
    }

    /// Says that reports of this message in one item are one mistake.
    pub(crate) fn once_an_item(mut self) -> Report {
        self.reach = Reach::Item;
        self
    }

    /// Says that reports of this message in one file are one mistake.
    pub(crate) fn once_a_file(mut self) -> Report {
        self.reach = Reach::File;
        self
    }

    /// What two reports in one file have in common if they are the same mistake.
    pub(crate) fn mistake(&self) -> (Code, Option<ItemId>, Option<NodeId>, &str) {
        let item = (self.reach != Reach::File).then_some(self.place.item);
        let node = (self.reach == Reach::Place).then_some(self.place.node);
        (self.code, item, node, &self.message)
    }

    /// Where the error is.
    pub(crate) fn span(&self, db: &dyn Db) -> Span {
        place_span(db, self.place)
    }

    /// The diagnostic, with places looked up.
    pub(crate) fn diagnostic(&self, db: &dyn Db) -> Diagnostic {
        let span = |place: &Place| place_span(db, *place);
        let mut diagnostic = match self.severity {
            Severity::Error => Diagnostic::error(self.code, span(&self.place), &self.message),
            Severity::Warning => Diagnostic::warning(self.code, span(&self.place), &self.message),
        };
        if let Some(label) = &self.label {
            diagnostic = diagnostic.label(label);
        }
        for (place, text) in &self.secondary {
            diagnostic = diagnostic.secondary(span(place), text);
        }
        diagnostic.notes.clone_from(&self.notes);
        diagnostic.helps.clone_from(&self.helps);
        diagnostic.fix = self.repair.as_ref().map(|repair| repair.fix(db));
        diagnostic
    }
}
