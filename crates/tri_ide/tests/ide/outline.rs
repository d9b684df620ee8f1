//! The outline of a file, searches over all, links.

use tri_ide::SymbolKind;

use crate::fixture::Fixture;

const TEXT: &str = "use std.nn.Linear\ndim D = 4\nlayer L() {\n    up = Linear[D, D]()\n    param w: f32[D] = init.zeros\n    fn forward(x: f32[D]) -> f32[D] { x }\n}\ntest \"runs\" { assert true }\n";

#[test]
fn the_outline_has_items_and_members() {
    let fixture = Fixture::new(TEXT);
    let outline = fixture.analysis.outline(fixture.position.file).unwrap();
    let shown: Vec<(String, SymbolKind, usize)> = outline
        .iter()
        .map(|entry| (entry.target.name.to_string(), entry.target.kind, entry.children.len()))
        .collect();
    let expected = [("D", SymbolKind::Dim, 0), ("L", SymbolKind::Layer, 3), ("runs", SymbolKind::Test, 0)];
    assert_eq!(shown, expected.map(|(name, kind, count)| (name.to_owned(), kind, count)));
    assert_eq!(outline[1].children[2].detail, "fn forward(x: f32[D]) -> f32[D]");
}

#[test]
fn a_search_goes_by_letters() {
    let fixture = Fixture::new(TEXT);
    let found = |query: &str| -> Vec<String> {
        fixture.analysis.search(query).unwrap().iter().map(|target| target.name.to_string()).collect()
    };
    assert_eq!(found("fwd"), ["forward"]);
    assert_eq!(found("L"), ["L"]);
    assert_eq!(found("nothing"), [""; 0]);
}

#[test]
fn an_import_links_to_its_module() {
    let fixture = Fixture::new(TEXT);
    let links = fixture.analysis.links(fixture.position.file).unwrap();
    assert_eq!((links.len(), fixture.name(links[0].target).as_str()), (1, "std/nn.tri"));
}
