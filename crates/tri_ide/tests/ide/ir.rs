//! What functions become.

use tri_ide::{IrStage, IrView, Span};

use crate::fixture::Fixture;

const MODEL: &str = "use std.nn.Linear

dim D = 4

fn double[B](x: f32[B, D]) -> f32[B, D] {
    x + x$0
}

model M() {
    up = Linear[D, D]()
    fn forward[B](x: f32[B, D]) -> f32[B, D] {
        let h = up(x)
        double(relu(h))
    }
}
";

fn view(fixture: &Fixture, stage: IrStage) -> IrView {
    fixture.analysis.ir(fixture.position, stage).unwrap().unwrap()
}

/// The lines that have a source of this text.
fn lines_of(fixture: &Fixture, view: &IrView, text: &str) -> Vec<String> {
    let all: Vec<&str> = view.text.lines().collect();
    let is_it = |span: &Span| fixture.show(*span).ends_with(text);
    let found = view.lines.iter().filter(|(_, span)| is_it(span));
    found.map(|(line, _)| all[*line as usize].trim().to_owned()).collect()
}

#[test]
fn tensor_ir_has_the_lines_of_the_function() {
    let fixture = Fixture::new(MODEL);
    let view = view(&fixture, IrStage::Tensor);
    let lines = lines_of(&fixture, &view, "main.tri:6 x + x");
    assert!(lines.len() == 1 && lines[0].contains("add %0, %0"), "{lines:?}\n{}", view.text);
}

#[test]
fn kernel_ir_names_the_kernels_and_where_they_come_from() {
    let text = MODEL.replace("$0", "").replace("let h = up(x)", "let h = $0up(x)");
    let fixture = Fixture::new(&text);
    let view = view(&fixture, IrStage::Kernel);
    assert!(view.text.starts_with("schedule "), "{}", view.text);
    let calls = lines_of(&fixture, &view, "up(x)");
    assert!(calls.iter().any(|line| line.starts_with("call ")), "{calls:?}\n{}", view.text);
    let text = MODEL.replace("$0", "").replace("    up = Linear", "    up = Line$0ar");
    let fixture = Fixture::new(&text);
    // A member is not computed; what it stands for is.
    assert!(fixture.analysis.ir(fixture.position, IrStage::Kernel).unwrap().is_err());
}

#[test]
fn instructions_belong_to_the_step_that_they_compute() {
    let fixture = Fixture::new(MODEL);
    let view = view(&fixture, IrStage::Assembly);
    let lines = lines_of(&fixture, &view, "main.tri:6 x + x");
    assert!(lines.iter().any(|line| line.contains("addps")), "{lines:?}\n{}", view.text);
    assert!(lines[0].starts_with("; step 0 of double"), "{lines:?}");
    assert!(view.text.starts_with("; double"), "{}", view.text);
}

#[test]
fn every_stage_is_refused_where_there_is_no_model() {
    let fixture = Fixture::new("fn f(x: f32) -> f32 { $0x }\n");
    for stage in [IrStage::Tensor, IrStage::Kernel, IrStage::Assembly] {
        assert!(fixture.analysis.ir(fixture.position, stage).unwrap().unwrap_err().contains("no model"));
    }
}
