//! Reductions, softmax, quantisers and pooling.

use tri_ir::{BinaryOp, DType, Op, Pool2d, PoolKind, Quantizer, ReduceOp, UnaryOp};

use crate::cases::{Case, Noise, dim, function, n, push, tensor};

/// Lengths around the sixteen partial sums and what one thread folds alone.
const LENGTHS: [usize; 7] = [0, 1, 15, 16, 17, 33, 100];

fn reductions(dtype: DType, ops: &[ReduceOp]) {
    let mut f = function();
    let x = f.param(tensor(dtype, &[dim(3), n(), dim(2)]));
    let mut results = Vec::new();
    for op in ops {
        for axes in [vec![1], vec![0, 1], vec![1, 2], vec![0, 1, 2], vec![2]] {
            results.push(push(&mut f, Op::Reduce { op: *op, axes }, &[x]));
        }
    }
    if dtype != DType::Bool {
        results.push(push(&mut f, Op::ArgMax { axis: 1 }, &[x]));
    }
    let case = Case::new(f.finish(results));
    let mut noise = Noise(20);
    for length in LENGTHS {
        let arguments = [noise.tensor(dtype, &[3, length, 2])];
        case.hold(&[length as i64], &arguments, &format!("{dtype:?}, n = {length}"));
    }
}

#[test]
fn reductions_keep_the_canonical_order() {
    reductions(DType::F32, &[ReduceOp::Sum, ReduceOp::Max, ReduceOp::Min]);
    reductions(DType::I32, &[ReduceOp::Sum, ReduceOp::Max, ReduceOp::Min]);
    reductions(DType::I64, &[ReduceOp::Sum, ReduceOp::Max]);
    reductions(DType::I8, &[ReduceOp::Max, ReduceOp::Min]);
    reductions(DType::Bool, &[ReduceOp::All, ReduceOp::Any]);
}

#[test]
fn sums_of_ordinary_numbers_keep_the_canonical_order() {
    let mut f = function();
    let x = f.param(tensor(DType::F32, &[dim(5), n()]));
    let sum = push(&mut f, Op::Reduce { op: ReduceOp::Sum, axes: vec![1] }, &[x]);
    let exp = push(&mut f, Op::Unary(UnaryOp::Exp), &[x]);
    let exps = push(&mut f, Op::Reduce { op: ReduceOp::Sum, axes: vec![1] }, &[exp]);
    let case = Case::new(f.finish(vec![sum, exps]));
    for length in [16, 100, 1027] {
        case.hold(&[length as i64], &[Noise(21).f32s(&[5, length])], &format!("n = {length}"));
    }
}

#[test]
fn softmax_has_the_bits_of_the_interpreter() {
    let mut f = function();
    let x = f.param(tensor(DType::F32, &[dim(4), n()]));
    let y = push(&mut f, Op::Unary(UnaryOp::Neg), &[x]);
    let last = push(&mut f, Op::Softmax { axis: 1 }, &[y]);
    let first = push(&mut f, Op::Softmax { axis: 0 }, &[x]);
    let case = Case::new(f.finish(vec![last, first]));
    let mut noise = Noise(22);
    for length in LENGTHS {
        case.hold(&[length as i64], &[noise.f32s(&[4, length])], &format!("n = {length}"));
        case.hold(&[length as i64], &[noise.tensor(DType::F32, &[4, length])], &format!("any, n = {length}"));
    }
}

#[test]
fn a_normalisation_has_the_bits_of_the_interpreter() {
    let mut f = function();
    let rows = tensor(DType::F32, &[dim(6), n()]);
    let (x, gain) = (f.param(rows.clone()), f.param(tensor(DType::F32, &[n()])));
    let squares = push(&mut f, Op::Binary(BinaryOp::Mul), &[x, x]);
    let sum = push(&mut f, Op::Reduce { op: ReduceOp::Sum, axes: vec![1] }, &[squares]);
    let root = push(&mut f, Op::Unary(UnaryOp::Sqrt), &[sum]);
    let root = f.push1(Op::Reshape, vec![root], tensor(DType::F32, &[dim(6), dim(1)]));
    let root = f.push1(Op::Broadcast, vec![root], rows.clone());
    let scaled = push(&mut f, Op::Binary(BinaryOp::Div), &[x, root]);
    let gain = f.push1(Op::Broadcast, vec![gain], rows);
    let result = push(&mut f, Op::Binary(BinaryOp::Mul), &[scaled, gain]);
    let case = Case::new(f.finish(vec![result]));
    for length in LENGTHS {
        let arguments = [Noise(23).f32s(&[6, length]), Noise(24).f32s(&[length])];
        case.hold(&[length as i64], &arguments, &format!("n = {length}"));
    }
}

#[test]
fn quantisers_have_the_bits_of_the_interpreter() {
    let quantizers = [
        Quantizer::QuantizeRows,
        Quantizer::TernarizeRows,
        Quantizer::TernarizeTwn,
        Quantizer::TernarizeTensor,
        Quantizer::TernarizeGroups { group: 3 },
    ];
    for quantizer in quantizers {
        let mut f = function();
        let x = f.param(tensor(DType::F32, &[n(), dim(48)]));
        let results = f.infer_push(Op::Quantize(quantizer), vec![x]).unwrap();
        let case = Case::new(f.finish(results));
        let mut noise = Noise(25);
        for length in [0, 1, 9] {
            let what = format!("{quantizer:?}, n = {length}");
            case.hold(&[length as i64], &[noise.f32s(&[length, 48])], &what);
            case.hold(&[length as i64], &[noise.tensor(DType::F32, &[length, 48])], &what);
        }
    }
}

#[test]
fn pooling_leaves_padding_out() {
    let mut f = function();
    let x = f.param(tensor(DType::F32, &[n(), dim(3), dim(7), dim(6)]));
    let pool = |kind| Op::Pool2d(Pool2d { kind, size: [3, 2], stride: [2, 2], padding: [1, 1] });
    let results = [PoolKind::Max, PoolKind::Avg].map(|kind| push(&mut f, pool(kind), &[x]));
    let case = Case::new(f.finish(results.to_vec()));
    let mut noise = Noise(26);
    for length in [0, 1, 2] {
        case.hold(
            &[length as i64],
            &[noise.tensor(DType::F32, &[length, 3, 7, 6])],
            &format!("n = {length}"),
        );
    }
}
