//! From a name to its declaration, and back to all its uses.

use crate::fixture::Fixture;

fn definition(text: &str) -> String {
    let fixture = Fixture::new(text);
    let found = fixture.analysis.definition(fixture.position).unwrap();
    found.map_or_else(|| "none".to_owned(), |(_, target)| fixture.show(target.focus))
}

fn references(text: &str) -> Vec<String> {
    let fixture = Fixture::new(text);
    let found = fixture.analysis.references(fixture.position).unwrap().unwrap_or_default();
    found.into_iter().map(|reference| fixture.show(reference.span)).collect()
}

const TWO_FILES: &str = "//- main.tri
use blocks.{Block as Layer, double}
dim D = 4
model M() {
    first = Layer[D](wide = true)
    fn run(x: f32[D]) -> f32[D] { double(first(x)) + first.weight }
}
//- blocks.tri
layer Block[N](wide: bool = false) {
    param weight: f32[N] = init.zeros
    fn forward(x: f32[N]) -> f32[N] { x + weight }
}
fn double[N](x: f32[N]) -> f32[N] { x + x }
";

fn at(before: &str, mark: &str) -> String {
    assert_eq!(TWO_FILES.matches(before).count(), 1, "{before}");
    TWO_FILES.replace(before, mark)
}

#[test]
fn names_lead_to_their_declarations() {
    assert_eq!(definition(&at("= Layer[D]", "= Lay$0er[D]")), "blocks.tri:1 Block");
    assert_eq!(definition(&at("(wide = true)", "($0wide = true)")), "blocks.tri:1 wide");
    assert_eq!(definition(&at("first.weight", "first.wei$0ght")), "blocks.tri:2 weight");
    assert_eq!(definition(&at("+ first.", "+ fir$0st.")), "main.tri:4 first");
    assert_eq!(definition(&at("{ double(", "{ dou$0ble(")), "blocks.tri:5 double");
    assert_eq!(definition(&at("x + weight", "$0x + weight")), "blocks.tri:3 x");
    assert_eq!(definition(&at("run(x: f32[D])", "run(x: f32[D$0])")), "main.tri:2 D");
    assert_eq!(definition("fn f(x: f32) -> f32 { $0relu(x) }\n"), "std/act.tri:6 relu");
}

#[test]
fn the_type_of_a_value_leads_to_its_layer() {
    let fixture = Fixture::new(&at("+ first.", "+ fir$0st."));
    let found = fixture.analysis.type_definition(fixture.position).unwrap().unwrap();
    assert_eq!(found.iter().map(|target| &*target.name).collect::<Vec<_>>(), ["Block"]);
}

#[test]
fn uses_are_found_in_every_file() {
    let uses = references(&at("layer Block", "layer Bl$0ock"));
    assert_eq!(uses, ["main.tri:1 Block", "main.tri:1 Layer", "main.tri:4 Layer", "blocks.tri:1 Block"]);
    let uses = references(&at("param weight", "param $0weight"));
    assert_eq!(uses, ["main.tri:5 weight", "blocks.tri:2 weight", "blocks.tri:3 weight"]);
    assert_eq!(references(&at("double[N](x:", "double[N](x$0:")).len(), 3);
}

#[test]
fn the_uses_in_one_file_are_marked_and_which_of_them_write() {
    let fixture = Fixture::new("fn f(x: f32) -> f32 {\n    var $0y = x\n    y = y * 2\n    y\n}\n");
    let found = fixture.analysis.highlights(fixture.position).unwrap().unwrap();
    let writes: Vec<bool> = found.iter().map(|reference| reference.is_write).collect();
    assert_eq!(writes, [true, true, false, false]);
    // In another file are more of them.
    let fixture = Fixture::new(&at("param weight", "param $0weight"));
    assert_eq!(fixture.analysis.highlights(fixture.position).unwrap().unwrap().len(), 2);
}

#[test]
fn a_name_that_is_hidden_is_another() {
    let text = "fn f(x: f32) -> f32 {\n    let y = x\n    for i in 0..2 {\n        let y = x + 1\n        assert all(y > 0)\n    }\n    $0y\n}\n";
    assert_eq!(references(text), ["main.tri:2 y", "main.tri:7 y"]);
}

#[test]
fn nothing_is_found_where_nothing_is_named() {
    assert_eq!(definition("// $0comment\n"), "none");
    assert_eq!(definition("fn f(x: f32) -> f32 { unk$0nown(x) }\n"), "none");
    assert_eq!(definition("$0"), "none");
}
