//! Other names, in every file, and the reasons why not.

use crate::fixture::Fixture;

fn rename(text: &str, to: &str) -> Result<String, String> {
    let fixture = Fixture::new(text);
    let edits = fixture.analysis.rename(fixture.position, to).unwrap()?;
    Ok(fixture.apply(&edits))
}

#[test]
fn what_would_be_renamed_is_known_before() {
    let prepared = |text: &str| {
        let fixture = Fixture::new(text);
        let found = fixture.analysis.prepare_rename(fixture.position).unwrap();
        found.map(|range| range.of(&fixture.files[0].1).to_owned())
    };
    assert_eq!(prepared("fn f(x: f32) -> f32 { $0x }\n"), Ok("x".to_owned()));
    assert!(prepared("fn f(x: f32) -> f32 { re$0lu(x) }\n").is_err(), "the library is not changed");
    assert!(prepared("// no$0thing\n").is_err());
}

#[test]
fn every_file_is_changed_and_aliases_stay() {
    let text = "//- main.tri\nuse blocks.Block\nuse blocks.Block as Other\nmodel M() {\n    a = Block()\n    b = Other()\n}\n//- blocks.tri\nlayer Bl$0ock() {}\n";
    let expected = "//- main.tri\nuse blocks.Layer\nuse blocks.Layer as Other\nmodel M() {\n    a = Layer()\n    b = Other()\n}\n//- blocks.tri\nlayer Layer() {}\n";
    assert_eq!(rename(text, "Layer").unwrap(), expected);
}

#[test]
fn a_parameter_is_renamed_with_its_named_arguments() {
    let text =
        "fn f(x: f32, sc$0ale: f32 = 1.0) -> f32 { x * scale }\nfn g(x: f32) -> f32 { f(x, scale = 2.0) }\n";
    let expected =
        "fn f(x: f32, factor: f32 = 1.0) -> f32 { x * factor }\nfn g(x: f32) -> f32 { f(x, factor = 2.0) }\n";
    assert_eq!(rename(text, "factor").unwrap(), expected);
}

#[test]
fn a_dim_is_renamed_in_types() {
    let text = "fn f[B$0](x: f32[B, 2 * B]) -> f32[B] { sum(x, axis = 1) as f32 }\n";
    let expected = "fn f[N](x: f32[N, 2 * N]) -> f32[N] { sum(x, axis = 1) as f32 }\n";
    assert_eq!(rename(text, "N").unwrap(), expected);
}

#[test]
fn what_would_mean_something_else_is_refused() {
    let local = "fn f(x: f32) -> f32 {\n    let y = x\n    let z$0 = y + y\n    z + y\n}\n";
    assert!(
        rename(local, "y").unwrap_err().contains("already declared at main.tri:2"),
        "{:?}",
        rename(local, "y")
    );
    let outer = "fn f(x$0: f32) -> f32 { relu(x) }\n";
    assert!(
        rename(outer, "relu").unwrap_err().contains("would then mean this"),
        "{:?}",
        rename(outer, "relu")
    );
    let item = "dim A$0 = 1\ndim B = A\n";
    assert!(rename(item, "B").unwrap_err().contains("already stands for something"));
    let member = "layer L() {\n    param a$0: f32 = init.zeros\n    param b: f32 = init.zeros\n    fn forward() -> f32 { a + b }\n}\n";
    assert!(rename(member, "b").is_err());
    let captured = "dim A$0 = 1\nfn f(x: f32[A]) -> f32[A] {\n    let y = x\n    y + zeros[A]()\n}\n";
    assert!(rename(captured, "y").unwrap_err().contains("already declared"));
}

#[test]
fn what_is_no_name_is_refused() {
    let text = "dim A$0 = 1\n";
    assert!(rename(text, "let").unwrap_err().contains("word of the language"));
    assert!(rename(text, "a b").unwrap_err().contains("not a name"));
    assert!(rename(text, "").is_err());
    assert!(rename("fn f(x: f32) -> f32 { re$0lu(x) }\n", "r").unwrap_err().contains("standard library"));
    assert!(rename("// no$0thing\n", "r").is_err());
}
