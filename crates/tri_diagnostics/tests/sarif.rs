//! SARIF logs, held by hand to what the standard (SARIF 2.1.0, sections in brackets) demands of the parts that are used.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use tri_diagnostics::render::{Sources, sarif};
use tri_diagnostics::{Code, Diagnostic, FileId, Fix, LineIndex, Span, TextRange};

struct Three;

const TEXTS: [&str; 3] = ["let é = h @ down.T\n", "dim Ffn = 6900\r\nlet a = 1\r\n", "fn f() { }\n"];

impl Sources for Three {
    fn name(&self, file: FileId) -> String {
        ["a folder/down.tri", "block.tri", "std/nn.tri"][file.0 as usize].to_owned()
    }

    fn text(&self, file: FileId) -> &str {
        TEXTS[file.0 as usize]
    }

    fn is_library(&self, file: FileId) -> bool {
        file.0 == 2
    }
}

fn span(file: u32, start: u32, end: u32) -> Span {
    Span::new(FileId(file), TextRange::new(start, end))
}

fn diagnostics() -> Vec<Diagnostic> {
    let both = Fix::replace("change both", span(1, 10, 14), "6912").and(span(0, 0, 0), "// é\n");
    vec![
        Diagnostic::error(Code::E2003, span(0, 13, 19), "`Ffn` is 6912 here")
            .label("this contracts")
            .secondary(span(1, 4, 7), "bound here")
            .secondary(span(2, 3, 4), "")
            .note("both are named `Ffn`")
            .help("change it")
            .fix(both),
        Diagnostic::warning(Code::W0002, span(1, 20, 21), "nothing reads `a`"),
        Diagnostic::error(Code::E2003, span(1, 9_999, 10_000), "past the end")
            .fix(Fix::replace("guess", span(1, 0, 3), "const").ask()),
    ]
}

fn log(diagnostics: &[Diagnostic]) -> Value {
    sarif(diagnostics, &Three, "1.2.3", &|code| (code == Code::E2003).then_some("# E2003: a page"))
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or_else(|| panic!("not a text: {value}"))
}

/// The properties of an object, all of them among those that the standard knows.
#[track_caller]
fn object<'a>(value: &'a Value, required: &[&str], optional: &[&str]) -> &'a Value {
    let map = value.as_object().unwrap_or_else(|| panic!("not an object: {value}"));
    for name in required {
        assert!(map.contains_key(*name), "{name} is missing in {value}");
    }
    for name in map.keys() {
        assert!(required.contains(&name.as_str()) || optional.contains(&name.as_str()), "{name} in {value}");
    }
    value
}

/// A region [3.30]: lines and columns from 1, the end not before the start, and the bytes that these say.
fn region(value: &Value) -> (u64, u64, u64, u64) {
    let known = ["startLine", "startColumn", "endLine", "endColumn", "byteOffset", "byteLength"];
    object(value, &known, &[]);
    let number = |name: &str| value[name].as_u64().unwrap();
    let region = (number("startLine"), number("startColumn"), number("endLine"), number("endColumn"));
    assert!(region.0 >= 1 && region.1 >= 1 && (region.2, region.3) >= (region.0, region.1), "{value}");
    region
}

/// An artifact location [3.4]: a relative URI reference and the base that it is relative to.
fn artifact<'a>(value: &'a Value, run: &Value) -> &'a str {
    object(value, &["uri", "uriBaseId"], &[]);
    let uri = text(&value["uri"]);
    assert!(!uri.starts_with('/') && !uri.contains([' ', '\\', ':', '#', '?']), "{uri}");
    assert!(run["originalUriBaseIds"].get(text(&value["uriBaseId"])).is_some(), "{value}");
    uri
}

/// A location [3.28].
fn location<'a>(value: &'a Value, run: &Value) -> &'a str {
    object(value, &["physicalLocation"], &["id", "message"]);
    let physical = object(&value["physicalLocation"], &["artifactLocation", "region"], &[]);
    region(&physical["region"]);
    if let Some(message) = value.get("message") {
        text(&object(message, &["text"], &[])["text"]);
    }
    artifact(&physical["artifactLocation"], run)
}

/// A result [3.27] of `run`.
fn result(value: &Value, run: &Value) {
    let required = ["ruleId", "ruleIndex", "level", "message", "locations"];
    object(value, &required, &["relatedLocations", "fixes"]);
    let rule = &run["tool"]["driver"]["rules"][value["ruleIndex"].as_u64().unwrap() as usize];
    assert_eq!(rule["id"], value["ruleId"]);
    assert!(["error", "warning", "note", "none"].contains(&text(&value["level"])));
    text(&object(&value["message"], &["text"], &[])["text"]);
    assert_eq!(value["locations"].as_array().unwrap().len(), 1);
    location(&value["locations"][0], run);
    let related = value.get("relatedLocations").map_or(&[][..], |related| related.as_array().unwrap());
    for (at, other) in related.iter().enumerate() {
        location(other, run);
        assert_eq!(other["id"].as_u64(), Some(at as u64));
    }
    for fix in value.get("fixes").map_or(&[][..], |fixes| fixes.as_array().unwrap()) {
        // A fix [3.55] has at least one change, a change [3.56] at least one replacement [3.57].
        object(fix, &["artifactChanges"], &["description", "properties"]);
        text(&fix["description"]["text"]);
        for change in fix["artifactChanges"].as_array().unwrap() {
            object(change, &["artifactLocation", "replacements"], &[]);
            artifact(&change["artifactLocation"], run);
            let replacements = change["replacements"].as_array().unwrap();
            assert!(!replacements.is_empty());
            for replacement in replacements {
                object(replacement, &["deletedRegion"], &["insertedContent"]);
                region(&replacement["deletedRegion"]);
                assert!(replacement["insertedContent"]["text"].is_string());
            }
        }
        assert!(!fix["artifactChanges"].as_array().unwrap().is_empty());
    }
}

/// A log [3.13] with one run [3.14].
fn valid(log: &Value) -> &Value {
    object(log, &["version", "runs"], &["$schema"]);
    assert_eq!(log["version"], "2.1.0");
    let runs = log["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1);
    let run = object(&runs[0], &["tool", "results"], &["columnKind", "originalUriBaseIds"]);
    // Counts columns as [3.14.17] says.
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let driver = object(&object(&run["tool"], &["driver"], &[])["driver"], &["name"], &["version", "rules"]);
    let mut ids = std::collections::BTreeSet::new();
    for rule in driver["rules"].as_array().unwrap() {
        // A reporting descriptor [3.49] with its help [3.49.13].
        object(rule, &["id"], &["shortDescription", "help", "defaultConfiguration"]);
        assert!(ids.insert(text(&rule["id"])), "{rule} stands twice");
        text(&rule["shortDescription"]["text"]);
        text(&object(&rule["help"], &["text"], &["markdown"])["text"]);
        assert!(["error", "warning"].contains(&text(&rule["defaultConfiguration"]["level"])));
    }
    for value in run["results"].as_array().unwrap() {
        result(value, run);
    }
    run
}

#[test]
fn logs_have_the_structure_of_the_standard() {
    let log = log(&diagnostics());
    let run = valid(&log);
    let ids: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| text(&rule["id"])).collect();
    assert_eq!(ids, ["E2003", "W0002"]);
    assert_eq!(run["tool"]["driver"]["rules"][0]["help"]["text"], "# E2003: a page");
    assert_eq!(run["tool"]["driver"]["version"], "1.2.3");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    assert_eq!(
        (&results[0]["level"], &results[1]["level"]),
        (&Value::from("error"), &Value::from("warning"))
    );
    assert_eq!(
        results[0]["message"]["text"],
        "`Ffn` is 6912 here\nnote: both are named `Ffn`\nhelp: change it"
    );
}

#[test]
fn a_log_without_results_has_an_empty_list() {
    let log = log(&[]);
    assert_eq!(valid(&log)["results"], Value::Array(Vec::new()));
}

#[test]
fn regions_count_code_points_from_1() {
    let log = log(&diagnostics());
    let results = log["runs"][0]["results"].as_array().unwrap();
    let first = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(region(&first["region"]), (1, 13, 1, 19), "`é` is one column and two bytes");
    assert_eq!(first["region"]["byteOffset"], 13);
    assert_eq!(first["artifactLocation"]["uri"], "a%20folder/down.tri");
    assert_eq!(region(&results[1]["locations"][0]["physicalLocation"]["region"]), (2, 5, 2, 6));
    // A span that the text no longer has ends where the text ends.
    let lines = LineIndex::new(TEXTS[1]).line_count();
    let past = region(&results[2]["locations"][0]["physicalLocation"]["region"]);
    assert_eq!(past, (u64::from(lines), 1, u64::from(lines), 1));
}

#[test]
fn other_places_and_the_library_are_named() {
    let log = log(&diagnostics());
    let related = &log["runs"][0]["results"][0]["relatedLocations"];
    assert_eq!(related[0]["message"]["text"], "bound here");
    assert_eq!(related[0]["physicalLocation"]["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    assert_eq!(related[1]["physicalLocation"]["artifactLocation"]["uriBaseId"], "%STDLIB%");
    assert!(related[1].get("message").is_none());
}

#[test]
fn fixes_replace_regions_file_by_file() {
    let log = log(&diagnostics());
    let fix = &log["runs"][0]["results"][0]["fixes"][0];
    let changes = fix["artifactChanges"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    let inserted = &changes[0]["replacements"][0];
    assert_eq!(region(&inserted["deletedRegion"]), (1, 1, 1, 1), "an insertion deletes nothing");
    assert_eq!(inserted["insertedContent"]["text"], "// é\n");
    assert_eq!(region(&changes[1]["replacements"][0]["deletedRegion"]), (1, 11, 1, 15));
    assert_eq!(fix["properties"]["safe"], true);
    assert_eq!(log["runs"][0]["results"][2]["fixes"][0]["properties"]["safe"], false);
}
