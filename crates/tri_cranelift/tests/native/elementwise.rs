//! Elementwise expressions against the scalar definitions in `tri_ir::math` and Rust's own numbers.

use half::{bf16, f16};
use tri_ir::math::{self, Native};
use tri_ir::{BinaryOp, DType, Scalar, UnaryOp};
use tri_kernel_ir::Expr;

use crate::build::{Noise, assert_same_f32, bytes_of, elementwise, f32_bytes, i32_bytes, to_f32, to_i32};

/// Not a multiple of a vector or a block.
const COUNT: usize = 10_007;

#[test]
fn elementary_functions_have_the_bits_of_their_definition() {
    let n = &mut Native;
    let x = Noise(1).any_f32s(COUNT);
    let check = |op: UnaryOp, f: &mut dyn FnMut(f32) -> f32| {
        let found = elementwise(&[(DType::F32, &f32_bytes(&x))], COUNT, DType::F32, |exprs, x| {
            exprs.add(Expr::Unary(op, x[0]))
        });
        let expected: Vec<f32> = x.iter().map(|x| f(*x)).collect();
        assert_same_f32(&to_f32(&found), &expected, op.name());
    };
    check(UnaryOp::Neg, &mut |x| -x);
    check(UnaryOp::Abs, &mut f32::abs);
    check(UnaryOp::Sign, &mut math::sign_f32);
    check(UnaryOp::Sqrt, &mut f32::sqrt);
    check(UnaryOp::Floor, &mut f32::floor);
    check(UnaryOp::Ceil, &mut f32::ceil);
    check(UnaryOp::Round, &mut f32::round_ties_even);
    check(UnaryOp::Rsqrt, &mut |x| math::rsqrt(n, x));
    check(UnaryOp::Exp, &mut |x| math::exp(n, x));
    check(UnaryOp::Log, &mut |x| math::log(n, x));
    check(UnaryOp::Tanh, &mut |x| math::tanh(n, x));
    check(UnaryOp::Sigmoid, &mut |x| math::sigmoid(n, x));
    check(UnaryOp::Erf, &mut |x| math::erf(n, x));
    check(UnaryOp::Sin, &mut |x| math::sin(n, x));
    check(UnaryOp::Cos, &mut |x| math::cos(n, x));
}

#[test]
fn functions_of_functions_are_computed_in_order() {
    let n = &mut Native;
    let x = Noise(7).any_f32s(COUNT);
    // More of them than have memory of their own.
    let found = elementwise(&[(DType::F32, &f32_bytes(&x))], COUNT, DType::F32, |exprs, x| {
        let mut unary = |op, x| exprs.add(Expr::Unary(op, x));
        let tanh = unary(UnaryOp::Tanh, x[0]);
        let erf = unary(UnaryOp::Erf, tanh);
        let exp = unary(UnaryOp::Exp, x[0]);
        let sigmoid = unary(UnaryOp::Sigmoid, erf);
        let last = unary(UnaryOp::Exp, sigmoid);
        let product = exprs.add(Expr::Binary(BinaryOp::Mul, exp, last));
        exprs.add(Expr::Binary(BinaryOp::Sub, product, tanh))
    });
    let expected = x.iter().map(|x| {
        let tanh = math::tanh(n, *x);
        let erf = math::erf(n, tanh);
        let sigmoid = math::sigmoid(n, erf);
        math::exp(n, *x) * math::exp(n, sigmoid) - tanh
    });
    assert_same_f32(&to_f32(&found), &expected.collect::<Vec<_>>(), "functions of functions");
}

#[test]
fn float_functions_of_two_operands() {
    let mut noise = Noise(2);
    let (a, mut b) = (noise.any_f32s(COUNT), noise.any_f32s(COUNT));
    b.rotate_left(7);
    b[500..600].copy_from_slice(&a[500..600]);
    let check = |op: BinaryOp, f: &dyn Fn(f32, f32) -> f32| {
        let params = [(DType::F32, f32_bytes(&a)), (DType::F32, f32_bytes(&b))];
        let params: Vec<_> = params.iter().map(|(dtype, bytes)| (*dtype, bytes.as_slice())).collect();
        let found =
            elementwise(&params, COUNT, DType::F32, |exprs, x| exprs.add(Expr::Binary(op, x[0], x[1])));
        let expected: Vec<f32> = a.iter().zip(&b).map(|(a, b)| f(*a, *b)).collect();
        assert_same_f32(&to_f32(&found), &expected, op.name());
    };
    check(BinaryOp::Add, &|a, b| a + b);
    check(BinaryOp::Sub, &|a, b| a - b);
    check(BinaryOp::Mul, &|a, b| a * b);
    check(BinaryOp::Div, &|a, b| a / b);
    check(BinaryOp::Min, &math::min_f32);
    check(BinaryOp::Max, &math::max_f32);
    check(BinaryOp::Pow, &|a, b| math::pow(&mut Native, a, b));
}

#[test]
fn the_smaller_and_the_larger_beside_a_known_number() {
    let x = Noise(5).any_f32s(COUNT);
    for known in [0.0, -0.0, 6.0, -1.5, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MIN_POSITIVE / 2.0] {
        for (op, f) in [(BinaryOp::Min, math::min_f32 as fn(f32, f32) -> f32), (BinaryOp::Max, math::max_f32)]
        {
            for is_first in [false, true] {
                let found = elementwise(&[(DType::F32, &f32_bytes(&x))], COUNT, DType::F32, |exprs, x| {
                    let known = exprs.add(Expr::Constant(Scalar::f32(known)));
                    exprs.add(if is_first {
                        Expr::Binary(op, known, x[0])
                    } else {
                        Expr::Binary(op, x[0], known)
                    })
                });
                let expected: Vec<f32> = x.iter().map(|x| f(*x, known)).collect();
                assert_same_f32(&to_f32(&found), &expected, &format!("{} of {known}", op.name()));
            }
        }
    }
}

#[test]
fn comparisons_choose() {
    let mut noise = Noise(3);
    let (a, mut b) = (noise.any_f32s(COUNT), noise.any_f32s(COUNT));
    b.rotate_left(3);
    b[100..2000].copy_from_slice(&a[100..2000]);
    let check = |op: BinaryOp, f: &dyn Fn(f32, f32) -> bool| {
        let (left, right) = (f32_bytes(&a), f32_bytes(&b));
        let params = [(DType::F32, left.as_slice()), (DType::F32, right.as_slice())];
        let stored =
            elementwise(&params, COUNT, DType::Bool, |exprs, x| exprs.add(Expr::Binary(op, x[0], x[1])));
        let expected: Vec<u8> = a.iter().zip(&b).map(|(a, b)| u8::from(f(*a, *b))).collect();
        assert!(stored == expected, "{}", op.name());
        let chosen = elementwise(&params, COUNT, DType::F32, |exprs, x| {
            let holds = exprs.add(Expr::Binary(op, x[0], x[1]));
            let holds = exprs.add(Expr::Unary(UnaryOp::Not, holds));
            exprs.add(Expr::Select(holds, x[0], x[1]))
        });
        let expected: Vec<f32> = a.iter().zip(&b).map(|(a, b)| if f(*a, *b) { *b } else { *a }).collect();
        assert_same_f32(&to_f32(&chosen), &expected, op.name());
    };
    check(BinaryOp::Eq, &|a, b| a == b);
    check(BinaryOp::Ne, &|a, b| a != b);
    check(BinaryOp::Lt, &|a, b| a < b);
    check(BinaryOp::Le, &|a, b| a <= b);
    check(BinaryOp::Gt, &|a, b| a > b);
    check(BinaryOp::Ge, &|a, b| a >= b);
}

/// The low bytes of numbers.
fn pack(dtype: DType, values: &[i64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()[..dtype.bytes()].to_vec()).collect()
}

fn integers(dtype: DType, seed: u64) -> Vec<i64> {
    let mut noise = Noise(seed);
    let (low, high) = match dtype {
        DType::I8 => (-128, 127),
        DType::U8 => (0, 255),
        DType::I32 => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    };
    let special = [0, 1, -1, 2, -2, 7, low, high];
    let mut values: Vec<i64> = special.iter().flat_map(|_| special).map(|x| x.clamp(low, high)).collect();
    while values.len() < 1003 {
        let bits = noise.next() as i64;
        let value = if bits & 1 == 0 { bits >> 3 } else { bits >> 58 };
        let span = i128::from(high) - i128::from(low) + 1;
        values.push(((i128::from(value) - i128::from(low)).rem_euclid(span) + i128::from(low)) as i64);
    }
    values
}

#[test]
fn integer_functions_wrap_and_round_down() {
    for dtype in [DType::I8, DType::U8, DType::I32, DType::I64] {
        let a = integers(dtype, 4);
        // Every special value meets every other.
        let mut b = a.clone();
        for (i, value) in b.iter_mut().enumerate().take(64) {
            *value = a[i % 8 * 8 + i / 8];
        }
        b[64..].rotate_left(5);
        let (left, right) = (pack(dtype, &a), pack(dtype, &b));
        let params = [(dtype, left.as_slice()), (dtype, right.as_slice())];
        let check = |op: BinaryOp, f: &dyn Fn(i64, i64) -> i64| {
            let found =
                elementwise(&params, a.len(), dtype, |exprs, x| exprs.add(Expr::Binary(op, x[0], x[1])));
            let expected: Vec<i64> = a.iter().zip(&b).map(|(a, b)| f(*a, *b)).collect();
            assert!(found == pack(dtype, &expected), "{} of {}", op.name(), dtype.name());
        };
        check(BinaryOp::Add, &i64::wrapping_add);
        check(BinaryOp::Sub, &i64::wrapping_sub);
        check(BinaryOp::Mul, &i64::wrapping_mul);
        check(BinaryOp::Div, &math::div_floor_i64);
        check(BinaryOp::Rem, &math::rem_floor_i64);
        check(BinaryOp::Min, &|a, b| a.min(b));
        check(BinaryOp::Max, &|a, b| a.max(b));
        let unary = |op: UnaryOp, f: &dyn Fn(i64) -> i64| {
            let found = elementwise(&params, a.len(), dtype, |exprs, x| exprs.add(Expr::Unary(op, x[0])));
            let expected: Vec<i64> = a.iter().map(|a| f(*a)).collect();
            assert!(found == pack(dtype, &expected), "{} of {}", op.name(), dtype.name());
        };
        unary(UnaryOp::Sign, &i64::signum);
        if dtype != DType::U8 {
            unary(UnaryOp::Neg, &i64::wrapping_neg);
            unary(UnaryOp::Abs, &i64::wrapping_abs);
        }
    }
}

fn cast(from: DType, to: DType, bytes: &[u8], count: usize) -> Vec<u8> {
    elementwise(&[(from, bytes)], count, to, |exprs, x| exprs.add(Expr::Cast(to, x[0])))
}

#[test]
fn casts_round_and_saturate() {
    let x = Noise(5).any_f32s(COUNT);
    let bytes = f32_bytes(&x);
    for (to, low, high) in [
        (DType::I8, -128, 127),
        (DType::U8, 0, 255),
        (DType::Trit, -1, 1),
        (DType::I32, i64::from(i32::MIN), i64::from(i32::MAX)),
        (DType::I64, i64::MIN, i64::MAX),
    ] {
        let expected: Vec<i64> = x.iter().map(|x| math::float_to_int(*x, low, high)).collect();
        assert!(cast(DType::F32, to, &bytes, COUNT) == pack(to, &expected), "f32 to {}", to.name());
    }
    let truth: Vec<u8> = x.iter().map(|x| u8::from(*x != 0.0)).collect();
    assert!(cast(DType::F32, DType::Bool, &bytes, COUNT) == truth);
    for from in [DType::I8, DType::U8, DType::I32, DType::I64] {
        let a = integers(from, 6);
        let bytes = pack(from, &a);
        let expected: Vec<f32> = a.iter().map(|a| *a as f32).collect();
        assert_same_f32(&to_f32(&cast(from, DType::F32, &bytes, a.len())), &expected, from.name());
        for (to, low, high) in [(DType::I8, -128, 127), (DType::U8, 0, 255), (DType::Trit, -1, 1)] {
            let expected: Vec<i64> = a.iter().map(|a| (*a).clamp(low, high)).collect();
            assert!(
                cast(from, to, &bytes, a.len()) == pack(to, &expected),
                "{} to {}",
                from.name(),
                to.name()
            );
        }
        let (low, high) = (i64::from(i32::MIN), i64::from(i32::MAX));
        let expected: Vec<i64> = a.iter().map(|a| (*a).clamp(low, high)).collect();
        assert!(cast(from, DType::I32, &bytes, a.len()) == pack(DType::I32, &expected));
        assert!(cast(from, DType::I64, &bytes, a.len()) == pack(DType::I64, &a));
    }
}

#[test]
fn sixteen_bit_floats_compute_in_f32_and_round_once() {
    let every: Vec<u16> = (0..=u16::MAX).collect();
    let bytes = bytes_of(&every, u16::to_le_bytes);
    let wide: Vec<f32> = every.iter().map(|x| f16::from_bits(*x).to_f32()).collect();
    assert_same_f32(&to_f32(&cast(DType::F16, DType::F32, &bytes, every.len())), &wide, "f16 to f32");
    let wide: Vec<f32> = every.iter().map(|x| bf16::from_bits(*x).to_f32()).collect();
    assert_same_f32(&to_f32(&cast(DType::Bf16, DType::F32, &bytes, every.len())), &wide, "bf16 to f32");

    let mut x = Noise(7).any_f32s(COUNT);
    x.extend((0..4000).map(|i| i as f32 * 1.1e-8));
    x.extend((0..4000).map(|i| 60000.0 + i as f32 * 2.0));
    let bytes = f32_bytes(&x);
    let same = |found: Vec<u8>, expected: &dyn Fn(f32) -> u16, is_nan: &dyn Fn(u16) -> bool| {
        for (found, x) in found.as_chunks::<2>().0.iter().zip(&x) {
            let (found, expected) = (u16::from_le_bytes(*found), expected(*x));
            assert!(
                found == expected || (is_nan(found) && is_nan(expected)),
                "{x:e}: {found:x}, {expected:x}"
            );
        }
    };
    let is_nan = |x: u16| f16::from_bits(x).is_nan();
    same(cast(DType::F32, DType::F16, &bytes, x.len()), &|x| f16::from_f32(x).to_bits(), &is_nan);
    let is_nan = |x: u16| bf16::from_bits(x).is_nan();
    same(cast(DType::F32, DType::Bf16, &bytes, x.len()), &|x| bf16::from_f32(x).to_bits(), &is_nan);

    let sum = elementwise(&[(DType::F32, &bytes)], x.len(), DType::Bf16, |exprs, x| {
        let small = exprs.add(Expr::Cast(DType::Bf16, x[0]));
        exprs.add(Expr::Binary(BinaryOp::Mul, small, small))
    });
    same(sum, &|x| (bf16::from_f32(x) * bf16::from_f32(x)).to_bits(), &is_nan);
}

#[test]
fn constants_sizes_indices_and_random_numbers() {
    let count = 1001usize;
    let found = elementwise(&[], count, DType::I32, |exprs, _| {
        let strides = vec![(tri_kernel_ir::Index(0), tri_ir::Dim::constant(3))];
        let affine = exprs.add(Expr::Affine { offset: tri_ir::Dim::constant(-7), strides });
        let size = exprs.add(Expr::Dim(crate::build::n()));
        let five = exprs.add(Expr::Constant(Scalar::int(DType::I32, 5)));
        let sum = exprs.add(Expr::Binary(BinaryOp::Add, affine, size));
        exprs.add(Expr::Binary(BinaryOp::Mul, sum, five))
    });
    let expected: Vec<i32> = (0..count as i32).map(|i| (3 * i - 7 + count as i32) * 5).collect();
    assert_eq!(to_i32(&found), expected);

    let found = elementwise(&[], count, DType::F32, |exprs, _| {
        let strides = vec![(tri_kernel_ir::Index(0), tri_ir::Dim::constant(1))];
        let stream = exprs.add(Expr::Constant(Scalar::int(DType::I64, 42)));
        exprs.add(Expr::Random { stream, offset: tri_ir::Dim::constant(10), strides })
    });
    let expected: Vec<f32> = (0..count as i64).map(|i| math::random(&mut Native, 42, i + 10)).collect();
    assert_same_f32(&to_f32(&found), &expected, "random");
}

#[test]
fn truth_values_through_bytes_and_back() {
    let a: Vec<i32> = (0..1003).map(|i| i % 7 - 3).collect();
    let found = elementwise(&[(DType::I32, &i32_bytes(&a))], a.len(), DType::F32, |exprs, x| {
        let truth = exprs.add(Expr::Cast(DType::Bool, x[0]));
        let zero = exprs.add(Expr::Constant(Scalar::int(DType::I32, 0)));
        let positive = exprs.add(Expr::Binary(BinaryOp::Gt, x[0], zero));
        let both = exprs.add(Expr::Binary(BinaryOp::And, truth, positive));
        let either = exprs.add(Expr::Binary(BinaryOp::Or, both, positive));
        exprs.add(Expr::Cast(DType::F32, either))
    });
    let expected: Vec<f32> = a.iter().map(|a| f32::from(u8::from(*a > 0))).collect();
    assert_same_f32(&to_f32(&found), &expected, "bool to f32");

    let x = Noise(8).any_f32s(COUNT);
    for (op, f) in [
        (UnaryOp::IsFinite, f32::is_finite as fn(f32) -> bool),
        (UnaryOp::IsNan, f32::is_nan as fn(f32) -> bool),
    ] {
        let found = elementwise(&[(DType::F32, &f32_bytes(&x))], COUNT, DType::Bool, |exprs, x| {
            exprs.add(Expr::Unary(op, x[0]))
        });
        let expected: Vec<u8> = x.iter().map(|x| u8::from(f(*x))).collect();
        assert!(found == expected, "{}", op.name());
    }
}
