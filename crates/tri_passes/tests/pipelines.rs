//! What the passes make of a model of two equal ternary layers, whose function they share.
#![expect(clippy::unwrap_used, reason = "a step that fails, fails the test")]

use tri_interp::Interpreter;
use tri_ir::{
    BinaryOp, Capture, DType, Dim, Encoding, Entry, EntryInput, EntryOutput, Function, FunctionBuilder,
    FunctionId, Module, Op, Parameter, ParameterId, ParameterKind, Quantizer, ReduceOp, Scalar, Symbol,
    SymbolInfo, TensorData, TensorType, Test, TestCheck, UnaryOp, Value, verify,
};
use tri_passes::{OptLevel, optimize};

const WIDTH: i64 = 8;

fn symbol(name: &str) -> SymbolInfo {
    SymbolInfo { name: name.into(), min: 0, max: None, bound_inside: false }
}

fn batch() -> Dim {
    Dim::var(Symbol(0))
}

fn rows(dtype: DType) -> TensorType {
    TensorType::new(dtype, vec![batch(), Dim::constant(WIDTH)])
}

fn square(dtype: DType) -> TensorType {
    TensorType::new(dtype, vec![Dim::constant(WIDTH), Dim::constant(WIDTH)])
}

/// `quantize_rows(x) @ ternarize_rows(w).T`, scaled, as `TernaryLinear` computes it.
fn ternary_layer() -> Function {
    let mut b = FunctionBuilder::new("layer");
    b.symbol(symbol("B"));
    let x = b.param(rows(DType::F32));
    let weight = b.param(square(DType::F32));
    let quantized = b.infer_push(Op::Quantize(Quantizer::QuantizeRows), vec![x]).unwrap();
    let trits = b.infer_push(Op::Quantize(Quantizer::TernarizeRows), vec![weight]).unwrap();
    let turned = b.infer_push1(Op::Permute { perm: vec![1, 0] }, vec![trits[0]]).unwrap();
    let contract = Op::Contract { batch: vec![], contract: vec![(1, 0)] };
    let sums = b.infer_push1(contract, vec![quantized[0], turned]).unwrap();
    let sums = b.push1(Op::Cast, vec![sums], rows(DType::F32));
    let scale = b.push1(Op::Broadcast, vec![trits[1]], rows(DType::F32));
    let scaled = b.infer_push1(Op::Binary(BinaryOp::Mul), vec![sums, scale]).unwrap();
    b.finish(vec![scaled])
}

fn call(b: &mut FunctionBuilder, args: Vec<Value>) -> Value {
    let op = Op::Call { function: FunctionId(0), symbols: vec![batch()], states: vec![] };
    b.push1(op, args, rows(DType::F32))
}

fn two_layers() -> Module {
    let mut b = FunctionBuilder::new("forward");
    b.symbol(symbol("B"));
    let x = b.param(rows(DType::F32));
    let weights = [b.param(square(DType::F32)), b.param(square(DType::F32))];
    let h = call(&mut b, vec![x, weights[0]]);
    let unused = b.infer_push1(Op::Binary(BinaryOp::Add), vec![h, h]).unwrap();
    let _ = b.infer_push1(Op::Binary(BinaryOp::Add), vec![unused, h]).unwrap();
    let y = call(&mut b, vec![h, weights[1]]);
    let forward = b.finish(vec![y]);

    let mut b = FunctionBuilder::new("init");
    let zeros = b.push1(Op::Constant(Scalar::f32(0.0)), vec![], square(DType::F32));
    let init = b.finish(vec![zeros]);

    let parameter = |name: &str| Parameter {
        name: name.into(),
        ty: square(DType::F32),
        kind: ParameterKind::Trained,
        init: FunctionId(2).into(),
    };
    let axes = vec!["B".to_owned(), "Width".to_owned()];
    let entry = |name: &str| Entry {
        name: name.into(),
        function: FunctionId(1),
        inputs: vec![EntryInput { name: "x".into(), ty: rows(DType::F32), axes: axes.clone() }],
        captures: vec![Capture::Parameter(ParameterId(0)), Capture::Parameter(ParameterId(1))],
        states: vec![],
        outputs: vec![EntryOutput { ty: rows(DType::F32), axes: axes.clone() }],
    };
    Module {
        name: "Two".into(),
        functions: vec![ternary_layer(), forward, init],
        parameters: vec![parameter("a.weight"), parameter("b.weight")],
        entries: vec![entry("forward"), entry("again")],
        ..Module::default()
    }
}

fn optimized(level: OptLevel) -> Module {
    let module = verify(two_layers()).unwrap();
    optimize(&module, level, &mut |_, _| {}).unwrap().into_inner()
}

fn names(module: &Module) -> Vec<&str> {
    module.functions.iter().map(|function| function.name.as_str()).collect()
}

#[test]
fn weights_are_ternarized_and_packed_in_the_prologue() {
    let module = optimized(OptLevel::O2);
    let bound: Vec<(&str, DType, Encoding)> =
        module.bound.iter().map(|bound| (bound.name.as_str(), bound.ty.dtype, bound.ty.encoding)).collect();
    assert_eq!(
        bound,
        [
            ("a.weight:trit", DType::Trit, Encoding::T2),
            ("a.weight:f32", DType::F32, Encoding::Plain),
            ("b.weight:trit", DType::Trit, Encoding::T2),
            ("b.weight:f32", DType::F32, Encoding::Plain),
        ]
    );
    let body = module.functions.iter().find(|function| function.name == "forward.body").unwrap();
    assert!(
        body.insts.iter().all(|inst| !matches!(inst.op, Op::Quantize(Quantizer::TernarizeRows) | Op::Encode))
    );
}

#[test]
fn equal_layers_share_prologue_and_body_and_equal_entries_share_bound_values() {
    let module = optimized(OptLevel::O1);
    assert_eq!(names(&module), ["init", "layer.body", "layer.prologue", "forward.body", "prologue"]);
    assert_eq!(module.entries[0].captures, module.entries[1].captures);
    assert_eq!(module.entries[0].captures.len(), 4);
}

#[test]
fn an_entry_that_calls_another_has_the_same_bound_values() {
    let mut module = two_layers();
    let mut b = FunctionBuilder::new("outer");
    b.symbol(symbol("B"));
    let x = b.param(rows(DType::F32));
    let weights = [b.param(square(DType::F32)), b.param(square(DType::F32))];
    let _constant = b.push1(Op::Constant(Scalar::f32(0.0)), vec![], TensorType::scalar(DType::F32));
    let op = Op::Call { function: FunctionId(1), symbols: vec![batch()], states: vec![] };
    let y = b.push1(op, vec![x, weights[0], weights[1]], rows(DType::F32));
    let z = b.infer_push1(Op::Unary(UnaryOp::Neg), vec![y]).unwrap();
    module.functions.push(b.finish(vec![z]));
    module.entries[1].function = FunctionId(3);
    let module = optimize(&verify(module).unwrap(), OptLevel::O2, &mut |_, _| {}).unwrap().into_inner();
    assert_eq!(module.bound.len(), 4, "{:?}", module.bound);
    assert_eq!(module.entries[0].captures, module.entries[1].captures);
}

#[test]
fn an_entry_that_calls_one_that_computes_of_weights_itself_has_the_same_bound_values() {
    for is_first in [true, false] {
        let mut module = two_layers();
        module.functions[1] = Function { name: "inner".into(), ..ternary_layer() };
        let mut b = FunctionBuilder::new("outer");
        b.symbol(symbol("B"));
        let (x, weight, _) =
            (b.param(rows(DType::F32)), b.param(square(DType::F32)), b.param(square(DType::F32)));
        let op = Op::Call { function: FunctionId(1), symbols: vec![batch()], states: vec![] };
        let y = b.push1(op, vec![x, weight], rows(DType::F32));
        let z = b.infer_push1(Op::Unary(UnaryOp::Neg), vec![y]).unwrap();
        module.functions.push(b.finish(vec![z]));
        let (inner, outer) = if is_first { (1, 0) } else { (0, 1) };
        module.entries[inner].captures.truncate(1);
        module.entries[outer].function = FunctionId(3);
        let module = optimize(&verify(module).unwrap(), OptLevel::O2, &mut |_, _| {}).unwrap().into_inner();
        assert_eq!(module.bound.len(), 2, "{:?}", module.bound);
        assert_eq!(module.entries[0].captures, module.entries[1].captures);
    }
}

#[test]
fn a_weight_that_functions_only_hand_on_is_bound_as_it_is() {
    let mut module = two_layers();
    let mut b = FunctionBuilder::new("layer");
    b.symbol(symbol("B"));
    let (x, weight) = (b.param(rows(DType::F32)), b.param(square(DType::F32)));
    let contract = Op::Contract { batch: vec![], contract: vec![(1, 0)] };
    let y = b.infer_push1(contract, vec![x, weight]).unwrap();
    module.functions[0] = b.finish(vec![y]);
    let module = optimize(&verify(module).unwrap(), OptLevel::O2, &mut |_, _| {}).unwrap().into_inner();
    let bound: Vec<&str> = module.bound.iter().map(|bound| bound.name.as_str()).collect();
    assert_eq!(bound, ["a.weight", "b.weight"]);
}

#[test]
fn tests_call_what_entries_call() {
    let mut module = two_layers();
    let mut b = FunctionBuilder::new("test");
    let four = TensorType::new(DType::F32, vec![Dim::constant(4), Dim::constant(WIDTH)]);
    let x = b.push1(Op::Constant(Scalar::f32(1.0)), vec![], four.clone());
    // One weight comes from outside, one is made here, as tests of models do.
    let given = b.param(square(DType::F32));
    let initial = Op::Call { function: FunctionId(2), symbols: vec![], states: vec![] };
    let made = b.push1(initial, vec![], square(DType::F32));
    let op = Op::Call { function: FunctionId(1), symbols: vec![Dim::constant(4)], states: vec![] };
    let y = b.push1(op, vec![x, given, made], four);
    let finite = b.infer_push1(Op::Unary(UnaryOp::IsFinite), vec![y]).unwrap();
    let holds = b.infer_push1(Op::Reduce { op: ReduceOp::All, axes: vec![0, 1] }, vec![finite]).unwrap();
    module.functions.push(b.finish(vec![holds]));
    module.tests = vec![Test {
        name: "finite".into(),
        function: FunctionId(3),
        captures: vec![Capture::Parameter(ParameterId(0))],
        states: vec![],
        checks: vec![TestCheck { text: "all(is_finite(y))".into(), origin: None }],
    }];
    let module = optimize(&verify(module).unwrap(), OptLevel::O1, &mut |_, _| {}).unwrap().into_inner();
    let mut functions = names(&module);
    functions.sort_unstable();
    let expected =
        ["forward.body", "forward.prologue", "init", "layer.body", "layer.prologue", "prologue", "test.body"];
    assert_eq!(functions, expected);
}

#[test]
fn dead_instructions_go() {
    let module = optimized(OptLevel::O1);
    let forward = module.functions.iter().find(|function| function.name == "forward.body").unwrap();
    assert_eq!(forward.insts.len(), 2);
}

#[test]
fn level_0_splits_and_changes_nothing_else() {
    let module = optimized(OptLevel::O0);
    let body = module.functions.iter().find(|function| function.name == "layer.body").unwrap();
    assert!(body.insts.iter().any(|inst| matches!(inst.op, Op::Contract { .. })));
    assert!(module.bound.iter().all(|bound| bound.ty.encoding == Encoding::Plain));
}

#[test]
fn a_packed_contraction_reads_rows_along_the_sum() {
    let module = optimized(OptLevel::O2);
    let body = module.functions.iter().find(|function| function.name == "forward.body").unwrap();
    let contract = body.insts.iter().find_map(|inst| match &inst.op {
        Op::Contract { contract, .. } => Some((contract.clone(), body.encoding(inst.args[1]))),
        _ => None,
    });
    assert_eq!(contract, Some((vec![(1, 1)], Encoding::T2)));
}

#[test]
fn passes_report_what_they_did() {
    let mut reports = Vec::new();
    optimize(&verify(two_layers()).unwrap(), OptLevel::O2, &mut |run, module| {
        reports.push((run.pass.name, run.instructions.1));
        assert_eq!(run.instructions.1, module.functions.iter().map(|f| f.insts.len()).sum::<usize>());
    })
    .unwrap();
    let passes: Vec<&str> = OptLevel::O2.pipeline().iter().map(|pass| pass.name).collect();
    assert_eq!(reports.iter().map(|(name, _)| *name).collect::<Vec<_>>(), passes);
}

/// Numbers that are neither equal nor round.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

#[test]
fn every_level_gives_the_bits_of_the_unoptimised_module() {
    let square = WIDTH as usize * WIDTH as usize;
    let weight = |seed| TensorData::from_f32(vec![8, 8], &numbers(square, seed)).unwrap();
    let weights = [weight(1), weight(2)];
    let run = |module: Module, batch: usize| {
        let module = verify(module).unwrap();
        let interpreter = Interpreter::new(&module);
        let bound = interpreter.bind(&weights).unwrap();
        let x = TensorData::from_f32(vec![batch, 8], &numbers(batch * 8, 3)).unwrap();
        interpreter.call("forward", &[x], &bound, &mut []).unwrap()
    };
    for batch in [0, 1, 5] {
        let expected = run(two_layers(), batch);
        for level in [OptLevel::O0, OptLevel::O1, OptLevel::O2, OptLevel::O3] {
            assert_eq!(run(optimized(level), batch), expected, "{level:?}, batch {batch}");
        }
    }
}

#[test]
fn constants_are_folded_through_elementwise_ops_and_shapes() {
    let mut b = FunctionBuilder::new("init");
    let two = b.push1(Op::Constant(Scalar::f32(2.0)), vec![], TensorType::scalar(DType::F32));
    let root = b.infer_push1(Op::Unary(UnaryOp::Sqrt), vec![two]).unwrap();
    let wide = b.push1(Op::Broadcast, vec![root], self::square(DType::F32));
    let product = b.infer_push1(Op::Binary(BinaryOp::Mul), vec![wide, wide]).unwrap();
    let mut module = two_layers();
    module.functions[2] = b.finish(vec![product]);
    let module = optimize(&verify(module).unwrap(), OptLevel::O1, &mut |_, _| {}).unwrap();
    let init = module.function(module.parameters[0].init.function);
    let root = 2.0f32.sqrt();
    assert_eq!(init.insts.len(), 1);
    assert_eq!(init.insts[0].op, Op::Constant(Scalar::f32(root * root)));
}
