//! Elementwise functions, casts, movement of elements, gathers and random numbers.

use tri_ir::{BinaryOp, DType, Op, Scalar, TensorData, UnaryOp};

use crate::cases::{Case, Noise, dim, function, n, push, tensor};
use crate::machine::{Failure, Machine};

/// Lengths around a block of threads.
const LENGTHS: [usize; 4] = [0, 1, 33, 131];

/// Applies all of some functions of one type to the same operands.
fn hold(dtype: DType, ops: &[Op], operands: usize, seed: u64) {
    let mut f = function();
    let params: Vec<_> = (0..operands).map(|_| f.param(tensor(dtype, &[n()]))).collect();
    let results = ops.iter().map(|op| push(&mut f, op.clone(), &params)).collect();
    let case = Case::new(f.finish(results));
    let mut noise = Noise(seed);
    for length in LENGTHS {
        let arguments: Vec<_> = (0..operands).map(|_| noise.tensor(dtype, &[length])).collect();
        case.hold(&[length as i64], &arguments, &format!("{dtype:?}, n = {length}"));
    }
}

#[test]
fn elementary_functions_have_the_bits_of_the_interpreter() {
    let ops = [
        UnaryOp::Neg,
        UnaryOp::Abs,
        UnaryOp::Sign,
        UnaryOp::Sqrt,
        UnaryOp::Rsqrt,
        UnaryOp::Floor,
        UnaryOp::Ceil,
        UnaryOp::Round,
        UnaryOp::Exp,
        UnaryOp::Log,
        UnaryOp::Tanh,
        UnaryOp::Sigmoid,
        UnaryOp::Erf,
        UnaryOp::Sin,
        UnaryOp::Cos,
        UnaryOp::IsFinite,
        UnaryOp::IsNan,
    ];
    hold(DType::F32, &ops.map(Op::Unary), 1, 1);
}

#[test]
fn unary_functions_of_other_types_have_the_bits_of_the_interpreter() {
    hold(DType::Trit, &[UnaryOp::Neg, UnaryOp::Sign].map(Op::Unary), 1, 2);
    for dtype in [DType::I8, DType::I32, DType::I64, DType::F16, DType::Bf16] {
        hold(dtype, &[UnaryOp::Neg, UnaryOp::Abs, UnaryOp::Sign].map(Op::Unary), 1, 2);
    }
    hold(DType::Bool, &[Op::Unary(UnaryOp::Not)], 1, 3);
}

#[test]
fn arithmetic_of_every_type_has_the_bits_of_the_interpreter() {
    use BinaryOp::{Add, And, Div, Eq, Ge, Gt, Le, Lt, Max, Min, Mul, Ne, Or, Pow, Rem, Sub};
    let ordered = [Min, Max, Eq, Ne, Lt, Le, Gt, Ge];
    let arithmetic = [Add, Sub, Mul, Div];
    let all = |more: &[BinaryOp]| -> Vec<Op> {
        ordered.iter().chain(&arithmetic).chain(more).map(|op| Op::Binary(*op)).collect()
    };
    hold(DType::F32, &all(&[Pow]), 2, 4);
    for dtype in [DType::F16, DType::Bf16] {
        hold(dtype, &all(&[]), 2, 5);
    }
    for dtype in [DType::I8, DType::U8, DType::I32, DType::I64] {
        hold(dtype, &all(&[Rem]), 2, 6);
    }
    hold(DType::Bool, &[And, Or, Eq, Ne].map(Op::Binary), 2, 7);
}

#[test]
fn casts_round_and_saturate() {
    for from in DType::ALL {
        let mut f = function();
        let x = f.param(tensor(from, &[n()]));
        let to = DType::ALL.into_iter().filter(|to| *to != from);
        let results = to.map(|to| f.push1(Op::Cast, vec![x], tensor(to, &[n()]))).collect();
        let case = Case::new(f.finish(results));
        let mut noise = Noise(8);
        for length in LENGTHS {
            let arguments = [noise.tensor(from, &[length])];
            case.hold(&[length as i64], &arguments, &format!("from {from:?}, n = {length}"));
        }
    }
}

#[test]
fn elements_move() {
    let mut f = function();
    let rows = tensor(DType::F32, &[n(), dim(6)]);
    let (x, y) = (f.param(rows.clone()), f.param(rows));
    let turned = push(&mut f, Op::Permute { perm: vec![1, 0] }, &[x]);
    let left = Op::Slice { starts: vec![dim(0), dim(2)], steps: vec![1, 1] };
    let left = f.push1(left, vec![x], tensor(DType::F32, &[n(), dim(4)]));
    let right = Op::Slice { starts: vec![dim(0), dim(1)], steps: vec![1, 3] };
    let right = f.push1(right, vec![y], tensor(DType::F32, &[n(), dim(2)]));
    let joined = push(&mut f, Op::Concat { axis: 1 }, &[left, right]);
    let low = Op::Pad { low: vec![dim(1), dim(2)], value: Scalar::f32(2.5) };
    let padded = f.push1(low, vec![joined], tensor(DType::F32, &[n().add(&dim(3)).unwrap(), dim(11)]));
    let index = f.push1(Op::Iota { axis: 1 }, Vec::new(), tensor(DType::I32, &[n(), dim(6)]));
    let stream = Op::Constant(Scalar::int(DType::I64, 0x0ead_beef_0123_4567));
    let stream = f.push1(stream, Vec::new(), tensor(DType::I64, &[]));
    let random = f.push1(Op::Random, vec![stream], tensor(DType::F32, &[n(), dim(6)]));
    let positive = push(&mut f, Op::Binary(BinaryOp::Lt), &[x, random]);
    let chosen = push(&mut f, Op::Select, &[positive, random, y]);
    let case = Case::new(f.finish(vec![turned, padded, index, chosen]));
    for length in [0, 1, 5, 40] {
        let mut noise = Noise(9);
        let arguments = [(); 2].map(|()| noise.tensor(DType::F32, &[length, 6]));
        case.hold(&[length as i64], &arguments, &format!("n = {length}"));
    }
}

#[test]
fn a_row_outside_its_table_stops_the_call() {
    let mut f = function();
    let table = f.param(tensor(DType::F32, &[dim(7), dim(5)]));
    let index = f.param(tensor(DType::I32, &[n()]));
    let rows = push(&mut f, Op::Gather, &[table, index]);
    let function = f.finish(vec![rows]);
    let case = Case::new(function.clone());
    let table = Noise(10).f32s(&[7, 5]);
    let inside = TensorData::from_i32(vec![4], &[6, 0, 3, 3]).unwrap();
    case.hold(&[4], &[table.clone(), inside], "inside");

    let module =
        tri_ir::verify(tri_ir::Module { functions: vec![function], ..tri_ir::Module::default() }).unwrap();
    let target = tri_llvm::Target::ALL[0];
    let machine = Machine::new(&module, tri_kernel_ir::Fusion::Full, target).unwrap();
    for wrong in [-1, 7, i32::MIN] {
        let index = TensorData::from_i32(vec![3], &[2, wrong, 0]).unwrap();
        assert_eq!(machine.call(0, &[3], &[table.clone(), index], &mut []), Err(Failure(1, wrong.into())));
    }
}
