//! Which contractions move next to others, and which stay. That every level gives the same bits is held by random programs and the zoo.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tri_ir::{Module, parse, verify};
use tri_passes::{OptLevel, optimize};

const MODULE: &str = include_str!("modules/siblings.tir");

/// The names of the operations of a function before the pass, or after it.
fn operations(name: &str, is_after: bool) -> Vec<&'static str> {
    let text = format!("{MODULE}\nentry \"forward\" = @{name} {{\n{}}}\n", entry(name));
    let module = verify(parse(&text).unwrap_or_else(|error| panic!("{error}"))).unwrap();
    let mut found: Vec<Module> = Vec::new();
    optimize(&module, OptLevel::O3, &mut |_, module| found.push(module.clone())).unwrap();
    let module = found.iter().nth_back(usize::from(!is_after)).unwrap();
    let function = module.function(module.entries[0].function);
    function.insts.iter().map(|inst| inst.op.name()).collect()
}

fn entry(name: &str) -> String {
    let (rows, wide) = ("f32[B, 4] axes [\"B\", \"4\"]", "f32[B, 6] axes [\"B\", \"6\"]");
    let (square, tall) = ("f32[4, 4] axes [\"4\", \"4\"]", "f32[6, 4] axes [\"6\", \"4\"]");
    let (inputs, outputs) = match name {
        "queries" => {
            (vec![rows, square, tall, square, "f32[6] axes [\"6\"]"], vec!["f32[B] axes [\"B\"]", wide, rows])
        }
        "made_between" => (vec![square, square], vec![square]),
        _ => (vec![rows, square, square], vec![rows]),
    };
    let inputs = inputs.iter().enumerate().map(|(at, ty)| format!("  input \"x{at}\" : {ty}\n"));
    let outputs = outputs.iter().map(|ty| format!("  output {ty}\n"));
    inputs.chain(outputs).collect()
}

#[test]
fn projections_move_to_the_first_with_the_views_that_they_need() {
    assert_eq!(
        operations("queries", true),
        ["contract", "contract", "permute", "contract", "reduce", "broadcast", "add", "softmax", "neg"]
    );
}

#[test]
fn what_is_gated_moves_to_its_gate() {
    assert_eq!(operations("gated", true), ["contract", "contract", "sigmoid", "mul", "mul"]);
}

#[test]
fn a_product_stays_with_what_its_epilogue_or_operand_needs() {
    for name in ["waits", "made_between"] {
        assert_eq!(operations(name, true), operations(name, false), "{name}");
    }
}
