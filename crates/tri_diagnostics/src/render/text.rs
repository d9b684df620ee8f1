//! Diagnostics for people, with the source lines and what points at them. The only module that knows ariadne.

use std::collections::BTreeMap;

use ariadne::{Cache, Config, IndexType, Label, Report, ReportKind, Source};

use super::printable::printable;
use super::{Files, Sources, concise};
use crate::{Diagnostic, FileId, Severity};

/// Lines longer than this many bytes are not shown.
const MAX_LINE: usize = 500;

/// Renders the diagnostics one after another, each ending in an empty line, in colour if asked.
pub fn text(diagnostics: &[Diagnostic], sources: &dyn Sources, colour: bool) -> String {
    let mut files = Files::new(sources);
    let mut shown = Shown::default();
    diagnostics.iter().map(|diagnostic| one(diagnostic, &mut files, &mut shown, colour) + "\n").collect()
}

fn one(diagnostic: &Diagnostic, files: &mut Files<'_>, shown: &mut Shown, colour: bool) -> String {
    let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary);
    let places: Vec<(FileId, std::ops::Range<usize>, &str)> = labels
        .map(|label| {
            let file = files.get(label.span.file);
            (label.span.file, visible(file.text, file.fit(label.span)), label.text.as_str())
        })
        .collect();
    if places.iter().any(|(file, range, _)| longest_line(files.get(*file).text, range) > MAX_LINE) {
        return plain(diagnostic, files);
    }
    for (file, ..) in &places {
        let known = files.get(*file);
        shown.add(*file, &known.name, known.text);
    }
    let primary = (diagnostic.primary.span.file, places.first().map_or(0..0, |place| place.1.clone()));
    let mut report = Report::build(ReportKind::Error, primary)
        .with_config(Config::new().with_index_type(IndexType::Byte).with_color(colour));
    report.with_notes(diagnostic.notes.iter().map(|note| printable(note)));
    report.with_helps(helps(diagnostic).map(|help| printable(help)));
    let primary = diagnostic.primary.span.file;
    let mut labels: Vec<_> = places.into_iter().enumerate().collect();
    // One excerpt a file, in the order of its lines, and first the file with the mistake.
    labels.sort_by_key(|(_, (file, range, _))| (*file != primary, *file, range.end));
    for (index, (file, range, text)) in labels {
        let label = Label::new((file, range)).with_priority(i32::from(index == 0));
        // A label without words is not drawn at all.
        report = report.with_label(label.with_message(if text.is_empty() {
            "here".into()
        } else {
            printable(text)
        }));
    }
    let mut out = Vec::new();
    match report.finish().write(&mut *shown, &mut out) {
        Ok(()) => {
            // Ariadne's own first line cannot be written as `error[E2003]: ...`.
            let out = String::from_utf8_lossy(&out);
            header(diagnostic, colour) + out.split_once('\n').map_or("", |(_, rest)| rest)
        }
        Err(_) => plain(diagnostic, files),
    }
}

/// The diagnostic without source lines.
fn plain(diagnostic: &Diagnostic, files: &mut Files<'_>) -> String {
    let mut out = concise::line(diagnostic, files);
    for note in &diagnostic.notes {
        out += &format!("  = note: {}\n", printable(note));
    }
    for help in helps(diagnostic) {
        out += &format!("  = help: {}\n", printable(help));
    }
    out
}

/// The advice; the title of the fix where there is none.
fn helps(diagnostic: &Diagnostic) -> impl Iterator<Item = &String> {
    let fix = diagnostic.fix.as_ref().map(|fix| &fix.title);
    diagnostic.helps.iter().chain(fix.filter(|_| diagnostic.helps.is_empty()))
}

fn header(diagnostic: &Diagnostic, colour: bool) -> String {
    let (severity, code) = (diagnostic.severity.as_str(), diagnostic.code);
    let message = printable(&diagnostic.message);
    let (on, off) = match (colour, diagnostic.severity) {
        (false, _) => ("", ""),
        (true, Severity::Error) => ("\u{1b}[31m", "\u{1b}[0m"),
        (true, Severity::Warning) => ("\u{1b}[33m", "\u{1b}[0m"),
    };
    format!("{on}{severity}[{code}]{off}: {message}\n")
}

/// `range` with at least one character, where the text has one to show.
fn visible(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    if !range.is_empty() {
        return range;
    }
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let after = text.get(range.start..).and_then(|after| after.chars().next());
    match (before, after) {
        (_, Some(c)) if c != '\n' && c != '\r' => range.start..range.start + c.len_utf8(),
        (Some(c), _) if c != '\n' => range.start - c.len_utf8()..range.start,
        _ => range,
    }
}

/// The length in bytes of the longer of the lines where `range` begins and ends.
fn longest_line(text: &str, range: &std::ops::Range<usize>) -> usize {
    let line = |at: usize| {
        let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let end =
            text.get(at..).and_then(|after| after.find('\n')).map_or(text.len(), |newline| at + newline);
        end - start
    };
    line(range.start).max(line(range.end))
}

/// The files that reports quote, as ariadne wants them.
#[derive(Default)]
struct Shown {
    files: BTreeMap<FileId, (String, Source)>,
}

impl Shown {
    fn add(&mut self, file: FileId, name: &str, text: &str) {
        self.files
            .entry(file)
            .or_insert_with(|| (printable(name).into_owned(), Source::from(printable(text).into_owned())));
    }
}

impl Cache<FileId> for &mut Shown {
    type Storage = String;

    fn fetch(&mut self, file: &FileId) -> Result<&Source, impl std::fmt::Debug> {
        self.files.get(file).map(|(_, source)| source).ok_or("a file that no label names")
    }

    fn display<'a>(&self, file: &'a FileId) -> Option<impl std::fmt::Display + 'a> {
        self.files.get(file).map(|(name, _)| name.clone())
    }
}
