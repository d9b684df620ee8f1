//! Tiles that run together: products, folds and calls of several functions, however rows fall on tiles.

use tri_interp::Interpreter;
use tri_ir::{
    BinaryOp, DType, Encoding, Function, FunctionBuilder, FunctionId, Module, Op, Quantizer, ReduceOp,
    SymbolInfo, TensorData, Tile, UnaryOp, Verified, verify,
};
use tri_kernel_ir::Fusion;
use tri_llvm::Target;

use crate::cases::{Noise, dim, n, push, tensor};
use crate::machine::{Machine, assert_same};

const TILES: usize = 5;

fn named(name: &str) -> FunctionBuilder {
    let mut f = FunctionBuilder::new(name);
    f.symbol(SymbolInfo { name: "n".to_owned(), min: 0, max: None, bound_inside: false });
    f
}

/// Ternary up, `relu`, float down, rows of the result to a sum of one: kernels for few and for many rows, and a fold.
fn feed_forward() -> Function {
    let mut f = named("feed_forward");
    let x = f.param(tensor(DType::F32, &[n(), dim(64)]));
    let mut packed = tensor(DType::Trit, &[dim(20), dim(64)]);
    packed.encoding = Encoding::T2;
    let (up, gain) = (f.param(packed), f.param(tensor(DType::F32, &[dim(20)])));
    let down = f.param(tensor(DType::F32, &[dim(20), dim(18)]));
    let digits = f.infer_push(Op::Quantize(Quantizer::QuantizeRows), vec![x]).unwrap();
    let sums = push(&mut f, Op::Contract { batch: Vec::new(), contract: vec![(1, 1)] }, &[digits[0], up]);
    let ty = tensor(DType::F32, &[n(), dim(20)]);
    let sums = f.push1(Op::Cast, vec![sums], ty.clone());
    let rows = f.push1(Op::Reshape, vec![digits[1]], tensor(DType::F32, &[n(), dim(1)]));
    let rows = f.push1(Op::Broadcast, vec![rows], ty.clone());
    let scaled = push(&mut f, Op::Binary(BinaryOp::Mul), &[sums, rows]);
    let gain = f.push1(Op::Broadcast, vec![gain], ty);
    let scaled = push(&mut f, Op::Binary(BinaryOp::Mul), &[scaled, gain]);
    let hidden = push(&mut f, Op::Unary(UnaryOp::Abs), &[scaled]);
    let y = push(&mut f, Op::Contract { batch: Vec::new(), contract: vec![(1, 0)] }, &[hidden, down]);
    let y = push(&mut f, Op::Softmax { axis: 1 }, &[y]);
    f.finish(vec![y])
}

/// Three times each element: what [`summed`] calls.
fn tripled() -> Function {
    let mut f = named("tripled");
    let x = f.param(tensor(DType::F32, &[n(), dim(64)]));
    let twice = push(&mut f, Op::Binary(BinaryOp::Add), &[x, x]);
    let three = push(&mut f, Op::Binary(BinaryOp::Add), &[twice, x]);
    f.finish(vec![three])
}

/// A tile of another kind, which calls a function.
fn summed() -> Function {
    let mut f = named("summed");
    let x = f.param(tensor(DType::F32, &[n(), dim(64)]));
    let shift = f.param(tensor(DType::F32, &[dim(18)]));
    let call = Op::Call { function: FunctionId(1), symbols: vec![n()], states: Vec::new() };
    let three = f.push1(call, vec![x], tensor(DType::F32, &[n(), dim(64)]));
    let sum = push(&mut f, Op::Reduce { op: ReduceOp::Sum, axes: vec![1] }, &[three]);
    let ty = tensor(DType::F32, &[n(), dim(18)]);
    let sum = f.push1(Op::Reshape, vec![sum], tensor(DType::F32, &[n(), dim(1)]));
    let sum = f.push1(Op::Broadcast, vec![sum], ty.clone());
    let shift = f.push1(Op::Broadcast, vec![shift], ty);
    let y = push(&mut f, Op::Binary(BinaryOp::Add), &[sum, shift]);
    f.finish(vec![y])
}

/// Rows to the best two of three feed-forward tiles and two that sum.
fn routed() -> Verified {
    let mut f = named("routed");
    let x = f.param(tensor(DType::F32, &[n(), dim(64)]));
    let scores = f.param(tensor(DType::F32, &[n(), dim(TILES as i64)]));
    let gates = f.param(tensor(DType::F32, &[n(), dim(TILES as i64)]));
    let mut arguments = vec![x, scores, gates];
    let mut tiles = Vec::new();
    for _ in 0..3 {
        let mut packed = tensor(DType::Trit, &[dim(20), dim(64)]);
        packed.encoding = Encoding::T2;
        arguments.push(f.param(packed));
        arguments.push(f.param(tensor(DType::F32, &[dim(20)])));
        arguments.push(f.param(tensor(DType::F32, &[dim(20), dim(18)])));
        tiles.push(Tile { function: FunctionId(0), symbols: Vec::new(), captures: 3 });
    }
    for _ in 3..TILES {
        arguments.push(f.param(tensor(DType::F32, &[dim(18)])));
        tiles.push(Tile { function: FunctionId(2), symbols: Vec::new(), captures: 1 });
    }
    let route = Op::Route { top: 2, weighted: true, tiles };
    let y = f.push1(route, arguments, tensor(DType::F32, &[n(), dim(18)]));
    let functions = vec![feed_forward(), tripled(), summed(), f.finish(vec![y])];
    verify(Module { functions, ..Module::default() }).unwrap()
}

/// How rows fall on tiles.
#[derive(Clone, Copy, Debug)]
enum Fall {
    Anyhow,
    /// All scores are equal: the first tiles have all rows, the others none.
    Ties,
    /// Two tiles that are not first have all rows.
    Two,
    /// Numbers, infinities and NaN of every kind.
    Special,
    /// No row has a number.
    Nan,
}

fn scores(fall: Fall, rows: usize, noise: &mut Noise) -> TensorData {
    let shape = [rows, TILES];
    let all = |score: fn(usize) -> f32| {
        let scores: Vec<f32> = (0..rows * TILES).map(|at| score(at % TILES)).collect();
        TensorData::from_f32(shape.to_vec(), &scores).unwrap()
    };
    match fall {
        Fall::Anyhow => noise.f32s(&shape),
        Fall::Ties => all(|_| 1.0),
        Fall::Two => all(|tile| if matches!(tile, 1 | 4) { tile as f32 } else { -1.0 }),
        Fall::Special => noise.tensor(DType::F32, &shape),
        Fall::Nan => all(|_| f32::NAN),
    }
}

#[test]
fn rows_have_the_interpreters_bits_however_they_fall_on_tiles() {
    let module = routed();
    let interpreter = Interpreter::new(&module);
    let machine = Machine::new(&module, Fusion::Full, Target::ALL[3]).unwrap();
    for fall in [Fall::Anyhow, Fall::Ties, Fall::Two, Fall::Special, Fall::Nan] {
        // Two pairs a row: up to sixteen are items each, and an item has up to sixty-four.
        for rows in [0, 1, 8, 9, 33, 100] {
            let mut noise = Noise(50);
            let mut data = vec![noise.f32s(&[rows, 64]), scores(fall, rows, &mut noise)];
            data.push(noise.f32s(&[rows, TILES]));
            for _ in 0..3 {
                data.push(noise.tensor(DType::Trit, &[20, 64]));
                data.extend([noise.f32s(&[20]), noise.f32s(&[20, 18])]);
            }
            data.extend((3..TILES).map(|_| noise.f32s(&[18])));
            let symbols = [rows as i64];
            let expected = interpreter.run_function(FunctionId(3), &symbols, &data, &mut []).unwrap();
            let found = machine.call(3, &symbols, &data, &mut []).unwrap();
            assert_same(DType::F32, &found[0], &expected[0].bytes, &format!("{fall:?}, {rows} rows"));
        }
    }
}

#[test]
fn tiles_that_route_run_one_after_another() {
    let mut tile = named("tile");
    let x = tile.param(tensor(DType::F32, &[n(), dim(18)]));
    let y = push(&mut tile, Op::Unary(UnaryOp::Neg), &[x]);
    let mut within = named("within");
    let rows = tensor(DType::F32, &[n(), dim(18)]);
    let x = within.param(rows.clone());
    let inner = Tile { function: FunctionId(0), symbols: Vec::new(), captures: 0 };
    let two = Op::Slice { starts: vec![dim(0), dim(3)], steps: vec![1, 1] };
    let scores = within.push1(two, vec![x], tensor(DType::F32, &[n(), dim(2)]));
    let route = Op::Route { top: 1, weighted: false, tiles: vec![inner; 2] };
    let within_y = within.push1(route, vec![x, scores], rows.clone());
    let mut f = named("outer");
    let (x, scores) = (f.param(rows.clone()), f.param(tensor(DType::F32, &[n(), dim(3)])));
    let outer = Tile { function: FunctionId(1), symbols: Vec::new(), captures: 0 };
    let route = Op::Route { top: 1, weighted: false, tiles: vec![outer; 3] };
    let routed = f.push1(route, vec![x, scores], rows);
    let functions = vec![tile.finish(vec![y]), within.finish(vec![within_y]), f.finish(vec![routed])];
    let module = verify(Module { functions, ..Module::default() }).unwrap();
    let machine = Machine::new(&module, Fusion::Full, Target::ALL[3]).unwrap();
    // The inner tiles run together, on the rows of one outer tile.
    assert_eq!(machine.computing(), [true, false, false]);
    for rows in [1, 70] {
        let mut noise = Noise(51);
        let data = [noise.f32s(&[rows, 18]), noise.f32s(&[rows, 3])];
        let symbols = [rows as i64];
        let expected =
            Interpreter::new(&module).run_function(FunctionId(2), &symbols, &data, &mut []).unwrap();
        let found = machine.call(2, &symbols, &data, &mut []).unwrap();
        assert_same(DType::F32, &found[0], &expected[0].bytes, &format!("{rows} rows"));
    }
}
