//! Kernels have the instructions that they are written for.

use std::collections::BTreeMap;

use tri_ir::{
    BinaryOp, Conv2d, DType, Encoding, FunctionBuilder, Module, Op, Quantizer, ReduceOp, UnaryOp, Value,
    verify,
};
use tri_kernel_ir::Fusion;
use tri_llvm::{Effort, Kind, Target, lower};

use crate::cases::{dim, function, n, push, tensor};

/// `x` by the rows of ternary weights that are packed.
fn packed(f: &mut FunctionBuilder, x: Value) -> Value {
    let w = f.param(tensor(DType::Trit, &[dim(40), dim(256)]));
    let mut ty = tensor(DType::Trit, &[dim(40), dim(256)]);
    ty.encoding = Encoding::T2;
    let w = f.push1(Op::Encode, vec![w], ty);
    push(f, Op::Contract { batch: Vec::new(), contract: vec![(1, 1)] }, &[x, w])
}

/// A function with a kernel of every kind.
fn of_every_kind() -> tri_ir::Verified {
    let mut f = function();
    let x = f.param(tensor(DType::F32, &[n(), dim(256)]));
    let digits = f.infer_push(Op::Quantize(Quantizer::QuantizeRows), vec![x]).unwrap();
    let products = packed(&mut f, digits[0]);
    let w = f.param(tensor(DType::F32, &[dim(256), dim(32)]));
    let chains = push(&mut f, Op::Contract { batch: Vec::new(), contract: vec![(1, 0)] }, &[x, w]);
    let image = f.param(tensor(DType::F32, &[n(), dim(8), dim(9), dim(9)]));
    let window = f.param(tensor(DType::F32, &[dim(20), dim(8), dim(3), dim(3)]));
    let conv = Conv2d { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1, kernel: None };
    let convolved = push(&mut f, Op::Conv2d(conv), &[image, window]);
    let depthwise = f.param(tensor(DType::F32, &[dim(8), dim(1), dim(3), dim(3)]));
    let by_channel = push(&mut f, Op::Conv2d(Conv2d { groups: 8, ..conv }), &[image, depthwise]);
    let bytes = f.param(tensor(DType::I8, &[n(), dim(8), dim(9), dim(9)]));
    let byte_window = f.param(tensor(DType::I8, &[dim(20), dim(8), dim(3), dim(3)]));
    let byte_sums = push(&mut f, Op::Conv2d(conv), &[bytes, byte_window]);
    let map = push(&mut f, Op::Unary(UnaryOp::Exp), &[x]);
    let fold = push(&mut f, Op::Reduce { op: ReduceOp::Sum, axes: vec![1] }, &[x]);
    let short = push(&mut f, Op::Reduce { op: ReduceOp::Sum, axes: vec![3] }, &[image]);
    let scores = push(&mut f, Op::Contract { batch: Vec::new(), contract: vec![(1, 1)] }, &[x, x]);
    let weights = push(&mut f, Op::Softmax { axis: 1 }, &[scores]);
    let mixed = push(&mut f, Op::Contract { batch: Vec::new(), contract: vec![(1, 0)] }, &[weights, x]);
    let results =
        vec![digits[1], products, chains, convolved, by_channel, byte_sums, map, fold, short, mixed];
    verify(Module { functions: vec![f.finish(results)], ..Module::default() }).unwrap()
}

#[test]
fn kernels_have_the_instructions_that_they_are_written_for() {
    let module = of_every_kind();
    let schedules = tri_kernel_ir::schedule(&module, Fusion::Full).unwrap();
    let lowered = lower(&tri_kernel_ir::verify(schedules).unwrap()).unwrap();
    for target in Target::ALL {
        let text = target.compile(&lowered, Effort::Usual).unwrap();
        let mut found = BTreeMap::new();
        for kernel in text.split(".visible .entry ").skip(1) {
            let name = kernel.split('(').next().unwrap();
            let kind = Kind::of_kernel(name).unwrap();
            *found.entry(kind.name()).or_insert(0) += 1;
            for instruction in kind.instructions() {
                assert!(kernel.contains(instruction), "{target}: {name} without {instruction}\n{kernel}");
            }
            // The only product of this kind here is of plain bytes.
            let loads_vectors = kind != Kind::Bytes || kernel.contains("ld.global.v4.b32");
            assert!(loads_vectors, "{target}: {name} loads bytes one by one\n{kernel}");
            assert!(!kernel.contains(".local"), "{target}: {name} keeps something in memory of the thread");
        }
        let missing = Kind::ALL.into_iter().filter(|kind| !found.contains_key(kind.name()));
        assert_eq!(missing.collect::<Vec<_>>(), [], "{target} has {found:?}");
    }
}

/// The kinds of the kernels that a function launches, in order.
fn launches(f: FunctionBuilder, results: Vec<Value>) -> Vec<&'static str> {
    let module = verify(Module { functions: vec![f.finish(results)], ..Module::default() }).unwrap();
    let schedules = tri_kernel_ir::schedule(&module, Fusion::Full).unwrap();
    let lowered = lower(&tri_kernel_ir::verify(schedules).unwrap()).unwrap();
    let runs = lowered.runs.iter().flatten().flatten();
    runs.map(|run| Kind::of_kernel(&lowered.kernels[run.kernel as usize].name).unwrap().name()).collect()
}

/// `tanh(y + bias) + residual`, for rows of 40.
fn finished(f: &mut FunctionBuilder, y: Value) -> Value {
    let ty = tensor(DType::F32, &[n(), dim(40)]);
    let (bias, residual) = (f.param(tensor(DType::F32, &[dim(40)])), f.param(ty.clone()));
    let bias = f.push1(Op::Broadcast, vec![bias], ty);
    let sum = push(f, Op::Binary(BinaryOp::Add), &[y, bias]);
    let activated = push(f, Op::Unary(UnaryOp::Tanh), &[sum]);
    push(f, Op::Binary(BinaryOp::Add), &[activated, residual])
}

#[test]
fn what_follows_a_ternary_product_is_in_its_kernel() {
    let mut f = function();
    let x = f.param(tensor(DType::F32, &[n(), dim(256)]));
    let digits = f.infer_push(Op::Quantize(Quantizer::QuantizeRows), vec![x]).unwrap();
    let sums = packed(&mut f, digits[0]);
    let ty = tensor(DType::F32, &[n(), dim(40)]);
    let sums = f.push1(Op::Cast, vec![sums], ty.clone());
    let rows = f.push1(Op::Reshape, vec![digits[1]], tensor(DType::F32, &[n(), dim(1)]));
    let rows = f.push1(Op::Broadcast, vec![rows], ty.clone());
    let scaled = push(&mut f, Op::Binary(BinaryOp::Mul), &[sums, rows]);
    let columns = f.param(tensor(DType::F32, &[dim(40)]));
    let columns = f.push1(Op::Broadcast, vec![columns], ty);
    let scaled = push(&mut f, Op::Binary(BinaryOp::Mul), &[scaled, columns]);
    let result = finished(&mut f, scaled);
    // The first map packs the weights.
    assert_eq!(launches(f, vec![result]), ["quantize", "map", "gemv"]);
}

#[test]
fn what_follows_a_product_of_floats_is_in_its_kernel() {
    let mut f = function();
    let (x, w) =
        (f.param(tensor(DType::F32, &[n(), dim(64)])), f.param(tensor(DType::F32, &[dim(64), dim(40)])));
    let y = push(&mut f, Op::Contract { batch: Vec::new(), contract: vec![(1, 0)] }, &[x, w]);
    let result = finished(&mut f, y);
    assert_eq!(launches(f, vec![result]), ["chain"]);
}
