//! Elementwise ops, casts, reductions of nothing, softmax rows: values that the definitions single out.

use tri_ir::{BinaryOp, DType, Op, ReduceOp, TensorData, UnaryOp};

use crate::evaluate::{apply, apply_to, assert_same, bytes, f32s, i32s, ty};

const INF: f32 = f32::INFINITY;
const NAN: f32 = f32::NAN;

fn unary(op: UnaryOp, x: &[f32]) -> TensorData {
    apply(Op::Unary(op), &[f32s(&[x.len()], x)]).remove(0)
}

fn binary(op: BinaryOp, a: &[f32], b: &[f32]) -> TensorData {
    apply(Op::Binary(op), &[f32s(&[a.len()], a), f32s(&[b.len()], b)]).remove(0)
}

#[test]
fn float_functions_keep_signs_zeros_and_nan() {
    assert_same(&unary(UnaryOp::Neg, &[0.0, -0.0, NAN, INF]), &[-0.0, 0.0, NAN, -INF]);
    assert_same(&unary(UnaryOp::Sign, &[-0.0, 1e-45, -3.0, NAN]), &[-0.0, 1.0, -1.0, NAN]);
    assert_same(
        &unary(UnaryOp::Round, &[0.5, 1.5, -0.5, 2.5, 8_388_609.0]),
        &[0.0, 2.0, -0.0, 2.0, 8_388_609.0],
    );
    assert_same(&unary(UnaryOp::Floor, &[-0.5, -0.0, INF]), &[-1.0, -0.0, INF]);
    assert_same(&unary(UnaryOp::Ceil, &[-0.5, 0.5, NAN]), &[-0.0, 1.0, NAN]);
    assert_same(&unary(UnaryOp::Sqrt, &[-0.0, -1.0, 2.0]), &[-0.0, NAN, std::f32::consts::SQRT_2]);
    assert_eq!(unary(UnaryOp::IsFinite, &[0.0, INF, NAN]).bytes, [1, 0, 0]);
    assert_eq!(unary(UnaryOp::IsNan, &[0.0, INF, NAN]).bytes, [0, 0, 1]);
}

#[test]
fn minimum_and_maximum_follow_rule_6_and_comparisons_ieee() {
    let (a, b) = ([0.0, -0.0, NAN, 1.0, INF], [-0.0, 0.0, 1.0, NAN, -INF]);
    assert_same(&binary(BinaryOp::Max, &a, &b), &[0.0, 0.0, NAN, NAN, INF]);
    assert_same(&binary(BinaryOp::Min, &a, &b), &[-0.0, -0.0, NAN, NAN, -INF]);
    assert_same(&binary(BinaryOp::Div, &[1.0, -1.0, 0.0], &[0.0, 0.0, 0.0]), &[INF, -INF, NAN]);
    assert_eq!(binary(BinaryOp::Eq, &a, &b).bytes, [1, 1, 0, 0, 0]);
    assert_eq!(binary(BinaryOp::Ne, &a, &b).bytes, [0, 0, 1, 1, 1]);
    assert_eq!(binary(BinaryOp::Le, &a, &b).bytes, [1, 1, 0, 0, 0]);
    assert_eq!(binary(BinaryOp::Gt, &a, &b).bytes, [0, 0, 0, 0, 1]);
}

#[test]
fn integers_wrap_and_divide_downward() {
    let (a, b) = (i32s(&[4], &[i32::MAX, i32::MIN, -7, 7]), i32s(&[4], &[1, -1, 2, 0]));
    let of = |op| apply(Op::Binary(op), &[a.clone(), b.clone()]).remove(0).to_i32().unwrap();
    assert_eq!(of(BinaryOp::Add), [i32::MIN, i32::MAX, -5, 7]);
    assert_eq!(of(BinaryOp::Mul), [i32::MAX, i32::MIN, -14, 0]);
    assert_eq!(of(BinaryOp::Div), [i32::MAX, i32::MIN, -4, 0]);
    assert_eq!(of(BinaryOp::Rem), [0, 0, 1, 0]);
    let low = bytes(DType::I8, &[2], &[-128, 5]);
    assert_eq!(apply(Op::Unary(UnaryOp::Neg), std::slice::from_ref(&low))[0].bytes, [128, 251]);
    assert_eq!(apply(Op::Unary(UnaryOp::Abs), std::slice::from_ref(&low))[0].bytes, [128, 5]);
    let sum = apply(Op::Reduce { op: ReduceOp::Sum, axes: vec![0] }, &[i32s(&[2], &[i32::MAX, 2])]);
    assert_eq!(sum[0].to_i32().unwrap(), [i32::MIN + 1]);
    assert_eq!(
        apply(Op::Unary(UnaryOp::Neg), &[bytes(DType::Trit, &[3], &[-1, 0, 1])])[0].bytes,
        [1, 0, 255]
    );
}

#[test]
fn half_floats_round_once() {
    // 2049 has no f16: 2048 + 1 ties to 2048, 2048 + 3 to 2052.
    let f16 = |bits: [u16; 2]| {
        TensorData::new(DType::F16, vec![2], bits.iter().flat_map(|b| b.to_le_bytes()).collect())
    };
    let (a, b) = (f16([0x6800, 0x6800]).unwrap(), f16([0x3c00, 0x4200]).unwrap());
    let sum = apply(Op::Binary(BinaryOp::Add), &[a.clone(), b]).remove(0);
    assert_eq!(sum, f16([0x6800, 0x6802]).unwrap());
    assert_eq!(apply(Op::Unary(UnaryOp::Neg), &[a]).remove(0), f16([0xe800, 0xe800]).unwrap());
}

#[test]
fn casts_between_integers_saturate() {
    let cast = |x: TensorData, to| apply_to(Op::Cast, std::slice::from_ref(&x), ty(to, &x.shape)).bytes;
    let x = i32s(&[4], &[300, -300, -1, 7]);
    assert_eq!(cast(x.clone(), DType::I8), [127, 128, 255, 7]);
    assert_eq!(cast(x.clone(), DType::U8), [255, 0, 0, 7]);
    assert_eq!(cast(x.clone(), DType::Trit), [1, 255, 255, 1]);
    assert_eq!(cast(x, DType::Bool), [1, 1, 1, 1]);
    let y = f32s(&[5], &[0.0, -0.0, NAN, 0.5, 1.5]);
    assert_eq!(cast(y.clone(), DType::Bool), [0, 0, 1, 1, 1]);
    assert_eq!(cast(y, DType::Trit), [0, 0, 0, 0, 1]);
}

#[test]
fn reductions_of_nothing_give_their_neutral_element() {
    let of = |op| apply(Op::Reduce { op, axes: vec![1] }, &[f32s(&[2, 0], &[])]).remove(0);
    assert_same(&of(ReduceOp::Sum), &[0.0, 0.0]);
    assert_same(&of(ReduceOp::Max), &[-INF, -INF]);
    assert_same(&of(ReduceOp::Min), &[INF, INF]);
    let none = |op| apply(Op::Reduce { op, axes: vec![0] }, &[bytes(DType::Bool, &[0], &[])]).remove(0).bytes;
    assert_eq!((none(ReduceOp::All), none(ReduceOp::Any)), (vec![1], vec![0]));
    let ints = apply(Op::Reduce { op: ReduceOp::Max, axes: vec![0] }, &[i32s(&[0], &[])]).remove(0);
    assert_eq!(ints.to_i32().unwrap(), [i32::MIN]);
    assert_eq!(apply(Op::ArgMax { axis: 0 }, &[f32s(&[0, 2], &[])])[0].to_i32().unwrap(), [0, 0]);
}

#[test]
fn several_axes_reduce_as_if_flattened() {
    let x: Vec<f32> = (0..4 * 3 * 5).map(|i| ((i * 37) % 101) as f32 * 1.1e-3 - 0.05).collect();
    let both = apply(Op::Reduce { op: ReduceOp::Sum, axes: vec![0, 2] }, &[f32s(&[4, 3, 5], &x)]).remove(0);
    for axis in 0..3 {
        let row: Vec<f32> = (0..20).map(|i| x[(i / 5 * 3 + axis) * 5 + i % 5]).collect();
        let flat = apply(Op::Reduce { op: ReduceOp::Sum, axes: vec![0] }, &[f32s(&[20], &row)]).remove(0);
        assert_eq!(both.to_f32().unwrap()[axis].to_bits(), flat.to_f32().unwrap()[0].to_bits());
    }
}

#[test]
fn softmax_runs_along_any_axis_and_masks_whole_rows() {
    let x = f32s(&[2, 2], &[0.0, -INF, 0.0, -INF]);
    assert_same(&apply(Op::Softmax { axis: 0 }, std::slice::from_ref(&x))[0], &[0.5, 0.0, 0.5, 0.0]);
    assert_same(&apply(Op::Softmax { axis: 1 }, std::slice::from_ref(&x))[0], &[1.0, 0.0, 1.0, 0.0]);
    assert_same(&apply(Op::Softmax { axis: 0 }, &[f32s(&[2], &[INF, 1.0])])[0], &[NAN, NAN]);
    assert_same(&apply(Op::Softmax { axis: 0 }, &[f32s(&[2], &[NAN, 1.0])])[0], &[NAN, NAN]);
    assert_eq!(apply(Op::Softmax { axis: 1 }, &[f32s(&[0, 3], &[])])[0].shape, [0, 3]);
}

#[test]
fn counting_and_random_numbers_depend_on_the_index_alone() {
    let iota = |axis| apply_to(Op::Iota { axis }, &[], ty(DType::I32, &[2, 3])).to_i32().unwrap();
    assert_eq!(iota(0), [0, 0, 0, 1, 1, 1]);
    assert_eq!(iota(1), [0, 1, 2, 0, 1, 2]);
    let random = |stream: i64, shape: &[usize]| {
        let stream = TensorData::new(DType::I64, Vec::new(), stream.to_le_bytes().to_vec()).unwrap();
        apply_to(Op::Random, &[stream], ty(DType::F32, shape)).to_f32().unwrap()
    };
    let many = random(7, &[100, 100]);
    assert_eq!(many[..6], random(7, &[2, 3]));
    assert!(many.iter().all(|x| (0.0..1.0).contains(x)));
    let mean = many.iter().sum::<f32>() / 10_000.0;
    assert!((mean - 0.5).abs() < 0.02, "{mean}");
    assert!(many != random(8, &[100, 100]));
}
