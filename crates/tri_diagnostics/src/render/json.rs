//! Diagnostics as JSON, for tools. The shape is documented at [`json`] and changes only by added fields.

use serde_json::{Value, json};

use super::{Files, Sources};
use crate::{Applicability, Diagnostic, Label, Span};

/// Renders the diagnostics as an array of objects:
///
/// ```json
/// {
///   "code": "E0005", "title": "a malformed number", "severity": "error", "message": "a number begins with a digit",
///   "primary": {
///     "file": "a.tri", "text": "",
///     "start": { "offset": 10, "line": 1, "column": 11 }, "end": { "offset": 12, "line": 1, "column": 13 }
///   },
///   "secondary": [], "notes": [], "helps": [],
///   "fix": { "title": "write `0.5`", "safe": true, "edits": [] }
/// }
/// ```
///
/// `secondary` holds objects like `primary`, and so does `edits`, whose `text` replaces the span. `fix` may be null.
/// Offsets are bytes from 0; lines and columns begin at 1, and columns count characters.
pub fn json(diagnostics: &[Diagnostic], sources: &dyn Sources) -> Value {
    let mut files = Files::new(sources);
    diagnostics.iter().map(|diagnostic| object(diagnostic, &mut files)).collect()
}

fn object(diagnostic: &Diagnostic, files: &mut Files<'_>) -> Value {
    let label = |label: &Label, files: &mut Files<'_>| place(label.span, &label.text, files);
    let fix = diagnostic.fix.as_ref().map(|fix| {
        let edits: Value = fix.edits.iter().map(|edit| place(edit.span, &edit.text, files)).collect();
        json!({ "title": fix.title, "safe": fix.applicability == Applicability::Safe, "edits": edits })
    });
    json!({
        "code": diagnostic.code.as_str(),
        "title": diagnostic.code.title(),
        "severity": diagnostic.severity.as_str(),
        "message": diagnostic.message,
        "primary": label(&diagnostic.primary, files),
        "secondary": diagnostic.secondary.iter().map(|other| label(other, files)).collect::<Value>(),
        "notes": diagnostic.notes,
        "helps": diagnostic.helps,
        "fix": fix,
    })
}

fn place(span: Span, text: &str, files: &mut Files<'_>) -> Value {
    let file = files.get(span.file);
    let point = |offset: u32| {
        let at = file.position(offset);
        json!({ "offset": offset, "line": at.line, "column": at.column })
    };
    json!({ "file": file.name, "start": point(span.range.start), "end": point(span.range.end), "text": text })
}
