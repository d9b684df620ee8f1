//! Colours, folds, selections and calls.

use tri_ide::{FileRange, FoldKind, SymbolKind, TextRange};

use crate::fixture::Fixture;

const TEXT: &str = "use std.nn.Linear\nuse std.act\n\n// One\n// two.\nlayer L[N]() {\n    up = Linear[N, N]()\n    fn forward(x: f32[N]) -> f32[N] { half(up(x)) }\n}\nfn half[N](x: f32[N]) -> f32[N] {\n    x / 2\n}\nfn all(x: f32[4]) -> f32[4] { half(half(x)) }\n";

#[test]
fn words_are_known_by_what_they_stand_for() {
    let fixture = Fixture::new(TEXT);
    let file = fixture.position.file;
    let range = TextRange::new(0, TEXT.len() as u32);
    let tokens = fixture.analysis.semantic_tokens(FileRange { file, range }).unwrap();
    let of = |word: &str| -> Vec<(SymbolKind, bool, bool)> {
        let found = tokens.iter().filter(|token| token.range.of(TEXT) == word);
        found.map(|token| (token.kind, token.is_declaration, token.is_library)).collect()
    };
    assert_eq!(of("Linear"), [(SymbolKind::Layer, false, true); 2]);
    assert_eq!(of("up"), [(SymbolKind::Instance, true, false), (SymbolKind::Instance, false, false)]);
    assert_eq!(of("half")[1], (SymbolKind::Function, true, false));
    assert!(of("N").iter().all(|(kind, ..)| *kind == SymbolKind::GenericDim));
}

#[test]
fn folds_take_several_lines() {
    let fixture = Fixture::new(TEXT);
    let folds = fixture.analysis.folds(fixture.position.file).unwrap();
    let kinds: Vec<FoldKind> = folds.iter().map(|fold| fold.kind).collect();
    assert_eq!(kinds, [FoldKind::Imports, FoldKind::Comment, FoldKind::Code, FoldKind::Code]);
    assert_eq!(folds[1].range.of(TEXT), "// One\n// two.");
}

#[test]
fn a_selection_grows_from_the_word_to_the_file() {
    let fixture = Fixture::new(&TEXT.replace("half(up(x)) }", "half(up($0x)) }"));
    let ranges = fixture.analysis.selection_ranges(fixture.position).unwrap();
    let shown: Vec<&str> = ranges.iter().take(4).map(|range| range.of(TEXT)).collect();
    assert_eq!(shown, ["x", "up(x)", "half(up(x))", "{ half(up(x)) }"]);
    assert_eq!(ranges.last().unwrap().len() as usize, TEXT.len());
}

#[test]
fn calls_are_found_in_both_directions() {
    let fixture = Fixture::new(&TEXT.replace("fn half", "fn ha$0lf"));
    let target = fixture.analysis.call_target(fixture.position).unwrap().unwrap();
    assert_eq!((&*target.name, target.focus.range.of(TEXT)), ("half", "half"));
    let incoming = fixture.analysis.incoming_calls(fixture.position).unwrap();
    let callers: Vec<(&str, usize)> =
        incoming.iter().map(|call| (&*call.target.name, call.places.len())).collect();
    assert_eq!(callers, [("forward", 1), ("all", 2)]);
    let fixture = Fixture::new(&TEXT.replace("fn forward", "fn forw$0ard"));
    let outgoing = fixture.analysis.outgoing_calls(fixture.position).unwrap();
    let callees: Vec<&str> = outgoing.iter().map(|call| &*call.target.name).collect();
    assert_eq!(callees, ["half", "forward"], "through the instance");
    let linear = Fixture::new(
        "use std.nn.Linear\nmodel M() {\n    up = $0Linear[2, 2]()\n    fn f(x: f32[2]) -> f32[2] { up(x) }\n}\n",
    );
    let incoming = linear.analysis.incoming_calls(linear.position).unwrap();
    assert_eq!(incoming.iter().map(|call| &*call.target.name).collect::<Vec<_>>(), ["up"]);
}
