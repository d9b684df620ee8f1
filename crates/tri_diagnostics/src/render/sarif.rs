//! Diagnostics as a SARIF 2.1.0 log (OASIS Standard, 27 March 2020), for code hosts and other tools that show findings.
//!
//! One run with one result for each diagnostic. Columns count Unicode code points. Files of the program are named relative to `%SRCROOT%`,
//! the folder that the command ran in; modules of the standard library, which exist in the compiler alone, to `%STDLIB%`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Files, Sources};
use crate::{Applicability, Code, Diagnostic, Edit, FileId, Fix, Label, Severity, Span};

/// Where the schema of the format is.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Renders the diagnostics as a log. `help` gives the page of a code.
pub fn sarif(
    diagnostics: &[Diagnostic],
    sources: &dyn Sources,
    version: &str,
    help: &dyn Fn(Code) -> Option<&'static str>,
) -> Value {
    let mut files = Files::new(sources);
    let codes: BTreeSet<Code> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let codes: Vec<Code> = codes.into_iter().collect();
    let results: Value = diagnostics
        .iter()
        .map(|diagnostic| result(diagnostic, codes.binary_search(&diagnostic.code).ok(), &mut files))
        .collect();
    let rules: Value = codes.iter().map(|code| rule(*code, help(*code))).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "triton", "version": version, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {
                "%SRCROOT%": { "description": { "text": "The folder that the command ran in." } },
                "%STDLIB%": { "description": { "text": "The standard library, which is part of triton." } },
            },
            "results": results,
        }],
    })
}

fn rule(code: Code, help: Option<&str>) -> Value {
    let level = if code.as_str().starts_with('W') { Severity::Warning } else { Severity::Error };
    let help = help.unwrap_or_else(|| code.title());
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": code.title() },
        "help": { "text": help, "markdown": help },
        "defaultConfiguration": { "level": level.as_str() },
    })
}

fn result(diagnostic: &Diagnostic, rule: Option<usize>, files: &mut Files<'_>) -> Value {
    let notes = diagnostic.notes.iter().map(|note| format!("\nnote: {note}"));
    let helps = diagnostic.helps.iter().map(|help| format!("\nhelp: {help}"));
    let text: String = std::iter::once(diagnostic.message.clone()).chain(notes).chain(helps).collect();
    let mut result = json!({
        "ruleId": diagnostic.code.as_str(),
        "level": diagnostic.severity.as_str(),
        "message": { "text": text },
        "locations": [location(&diagnostic.primary, None, files)],
    });
    let related = (0..).zip(&diagnostic.secondary);
    let related: Vec<Value> = related.map(|(id, label)| location(label, Some(id), files)).collect();
    let optional = [
        ("ruleIndex", rule.map(|rule| json!(rule))),
        ("relatedLocations", (!related.is_empty()).then_some(Value::Array(related))),
        ("fixes", diagnostic.fix.as_ref().map(|fix| json!([replacement(fix, files)]))),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            result[name] = value;
        }
    }
    result
}

fn location(label: &Label, id: Option<u32>, files: &mut Files<'_>) -> Value {
    let mut location = json!({
        "physicalLocation": { "artifactLocation": artifact(label.span.file, files), "region": region(label.span, files) },
    });
    if let Some(id) = id {
        location["id"] = json!(id);
    }
    if !label.text.is_empty() {
        location["message"] = json!({ "text": label.text });
    }
    location
}

fn region(span: Span, files: &mut Files<'_>) -> Value {
    let file = files.get(span.file);
    let fit = file.fit(span);
    let (start, end) = (file.position(fit.start as u32), file.position(fit.end as u32));
    json!({
        "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
        "byteOffset": fit.start, "byteLength": fit.end - fit.start,
    })
}

fn artifact(file: FileId, files: &mut Files<'_>) -> Value {
    let library = files.sources.is_library(file);
    let uri = uri(&files.get(file).name);
    // A URI that says where the file is needs no base.
    match uri.starts_with("file:") {
        true => json!({ "uri": uri }),
        false => json!({ "uri": uri, "uriBaseId": if library { "%STDLIB%" } else { "%SRCROOT%" } }),
    }
}

fn replacement(fix: &Fix, files: &mut Files<'_>) -> Value {
    let mut by_file: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in &fix.edits {
        by_file.entry(edit.span.file).or_default().push(edit);
    }
    let change = |(file, edits): (FileId, Vec<&Edit>)| {
        let replacements: Value = edits
            .iter()
            .map(|edit| {
                json!({ "deletedRegion": region(edit.span, files), "insertedContent": { "text": edit.text } })
            })
            .collect();
        json!({ "artifactLocation": artifact(file, files), "replacements": replacements })
    };
    let changes: Value = by_file.into_iter().map(change).collect();
    json!({
        "description": { "text": fix.title },
        "artifactChanges": changes,
        "properties": { "safe": fix.applicability == Applicability::Safe },
    })
}

/// A path as a URI reference (RFC 3986): relative, with `/`, unless the path is absolute.
fn uri(path: &str) -> String {
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    let drive =
        matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic() && cfg!(windows));
    let prefix = if drive {
        "file:///"
    } else if path.starts_with('/') {
        "file://"
    } else {
        ""
    };
    let mut uri = prefix.to_owned();
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            b':' if drive => uri.push(':'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("a.tri"), "a.tri");
        assert_eq!(uri("./blocks/a b.tri"), "blocks/a%20b.tri");
        assert_eq!(uri("größe:1#2.tri"), "gr%C3%B6%C3%9Fe%3A1%232.tri");
        assert_eq!(uri("../up.tri"), "../up.tri");
        #[cfg(unix)]
        assert_eq!(uri("/tmp/a.tri"), "file:///tmp/a.tri");
    }
}
