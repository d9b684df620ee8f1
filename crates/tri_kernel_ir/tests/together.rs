//! Which routes run their tiles together: kernel IR decides, and explanations say the same.

use tri_ir::{
    DType, Dim, Function, FunctionBuilder, FunctionId, Module, Op, Symbol, SymbolInfo, TensorType, Tile,
    UnaryOp, verify,
};
use tri_kernel_ir::{Fusion, StepKind, computing, explain, schedule};

fn function(name: &str) -> FunctionBuilder {
    let mut f = FunctionBuilder::new(name);
    f.symbol(SymbolInfo { name: "n".to_owned(), min: 0, max: None, bound_inside: false });
    f
}

fn rows() -> TensorType {
    TensorType::new(DType::F32, vec![Dim::var(Symbol(0)), Dim::constant(2)])
}

/// Rows of two elements, which are their scores, to two tiles of a function.
fn routed(name: &str, tile: u32) -> Function {
    let mut f = function(name);
    let x = f.param(rows());
    let tiles = vec![Tile { function: FunctionId(tile), symbols: Vec::new(), captures: 0 }; 2];
    let y = f.push1(Op::Route { top: 1, weighted: false, tiles }, vec![x, x], rows());
    f.finish(vec![y])
}

#[test]
fn tiles_that_only_compute_run_together_and_explanations_say_so() {
    let mut tile = function("tile");
    let x = tile.param(rows());
    let y = tile.infer_push1(Op::Unary(UnaryOp::Neg), vec![x]).unwrap();
    let mut caller = function("caller");
    let x = caller.param(rows());
    let op = Op::Call { function: FunctionId(0), symbols: vec![Dim::var(Symbol(0))], states: Vec::new() };
    let called = caller.push1(op, vec![x], rows());
    let functions = vec![
        tile.finish(vec![y]),
        caller.finish(vec![called]),
        routed("over tiles", 0),
        routed("over calls", 1),
        routed("over routes", 2),
    ];
    let module = verify(Module { functions, ..Module::default() }).unwrap();
    let kernels = schedule(&module, Fusion::Full).unwrap();
    let computing = computing(&kernels);
    assert_eq!(computing, [true, true, false, false, false]);
    for (at, together) in [(2, true), (3, true), (4, false)] {
        let steps = &kernels.schedules[at].steps;
        let routes = steps.iter().filter_map(|step| match &step.kind {
            StepKind::Route(route) => Some(route.runs_together(&computing)),
            _ => None,
        });
        assert_eq!(routes.collect::<Vec<_>>(), [together]);
        let told = explain(&module, FunctionId(at as u32), Fusion::Full).unwrap();
        let all_at_once = told.iter().any(|choice| choice.reason.ends_with("on a GPU all tiles at once"));
        let one_by_one = told.iter().any(|choice| choice.reason.contains("on a GPU one after another"));
        assert_eq!([all_at_once, one_by_one], [together, !together], "{told:?}");
    }
}
