//! Unary and binary functions of elements. f16 and bf16 compute in f32 and round once, which gives IEEE's result.

use half::{bf16, f16};
use tri_ir::math::{self, Native};
use tri_ir::{BinaryOp, UnaryOp};

use crate::tensor::{Elements, Tensor, zip_elements};

pub(crate) fn unary(op: UnaryOp, x: &Tensor) -> Tensor {
    let elements = match x.elements() {
        Elements::F32(v) => float(op, v),
        Elements::F16(v) => small_float(op, v, f16::to_f32, f16::from_f32, Elements::F16),
        Elements::Bf16(v) => small_float(op, v, bf16::to_f32, bf16::from_f32, Elements::Bf16),
        Elements::Bool(v) => Elements::Bool(v.iter().map(|x| !x).collect()),
        Elements::Trit(v) => Elements::Trit(integers(op, v, i64::from, |n| n as i8)),
        Elements::I8(v) => Elements::I8(integers(op, v, i64::from, |n| n as i8)),
        Elements::U8(v) => Elements::U8(integers(op, v, i64::from, |n| n as u8)),
        Elements::I32(v) => Elements::I32(integers(op, v, i64::from, |n| n as i32)),
        Elements::I64(v) => Elements::I64(integers(op, v, |n| n, |n| n)),
    };
    Tensor::new(x.shape.clone(), elements)
}

fn float(op: UnaryOp, v: &[f32]) -> Elements {
    let each = |f: fn(f32) -> f32| Elements::F32(v.iter().map(|x| f(*x)).collect());
    match op {
        UnaryOp::Neg => each(|x| -x),
        UnaryOp::Abs => each(f32::abs),
        UnaryOp::Sign => each(math::sign_f32),
        UnaryOp::Sqrt => each(f32::sqrt),
        UnaryOp::Rsqrt => each(|x| math::rsqrt(&mut Native, x)),
        UnaryOp::Floor => each(f32::floor),
        UnaryOp::Ceil => each(f32::ceil),
        UnaryOp::Round => each(f32::round_ties_even),
        UnaryOp::Exp => each(|x| math::exp(&mut Native, x)),
        UnaryOp::Log => each(|x| math::log(&mut Native, x)),
        UnaryOp::Tanh => each(|x| math::tanh(&mut Native, x)),
        UnaryOp::Sigmoid => each(|x| math::sigmoid(&mut Native, x)),
        UnaryOp::Erf => each(|x| math::erf(&mut Native, x)),
        UnaryOp::Sin => each(|x| math::sin(&mut Native, x)),
        UnaryOp::Cos => each(|x| math::cos(&mut Native, x)),
        UnaryOp::IsFinite => Elements::Bool(v.iter().map(|x| x.is_finite()).collect()),
        UnaryOp::IsNan => Elements::Bool(v.iter().map(|x| x.is_nan()).collect()),
        UnaryOp::Not => unreachable!("verified: not is of bool"),
    }
}

fn small_float<T: Copy>(
    op: UnaryOp,
    v: &[T],
    widen: impl Fn(T) -> f32,
    narrow: impl Fn(f32) -> T,
    wrap: impl Fn(Vec<T>) -> Elements,
) -> Elements {
    let wide: Vec<f32> = v.iter().map(|x| widen(*x)).collect();
    match float(op, &wide) {
        Elements::F32(results) => wrap(results.into_iter().map(narrow).collect()),
        other => other,
    }
}

/// Integers of any width as i64; the result wraps to the width.
fn integers<T: Copy>(op: UnaryOp, v: &[T], widen: impl Fn(T) -> i64, narrow: impl Fn(i64) -> T) -> Vec<T> {
    let f: fn(i64) -> i64 = match op {
        UnaryOp::Neg => i64::wrapping_neg,
        UnaryOp::Abs => i64::wrapping_abs,
        UnaryOp::Sign => i64::signum,
        _ => unreachable!("verified: {} is of floats", op.name()),
    };
    v.iter().map(|x| narrow(f(widen(*x)))).collect()
}

pub(crate) fn binary(op: BinaryOp, a: &Tensor, b: &Tensor) -> Tensor {
    let elements = if op.is_comparison() { comparison(op, a, b) } else { arithmetic(op, a, b) };
    Tensor::new(a.shape.clone(), elements)
}

fn zip<T: Copy, R>(a: &[T], b: &[T], f: impl Fn(T, T) -> R) -> Vec<R> {
    a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()
}

fn comparison(op: BinaryOp, a: &Tensor, b: &Tensor) -> Elements {
    fn compare<T: Copy + PartialOrd>(op: BinaryOp, a: &[T], b: &[T]) -> Vec<bool> {
        match op {
            BinaryOp::Eq => zip(a, b, |a, b| a == b),
            BinaryOp::Ne => zip(a, b, |a, b| a != b),
            BinaryOp::Lt => zip(a, b, |a, b| a < b),
            BinaryOp::Le => zip(a, b, |a, b| a <= b),
            BinaryOp::Gt => zip(a, b, |a, b| a > b),
            _ => zip(a, b, |a, b| a >= b),
        }
    }
    Elements::Bool(match (a.elements(), b.elements()) {
        (Elements::Bool(a), Elements::Bool(b)) => compare(op, a, b),
        (Elements::Trit(a), Elements::Trit(b)) | (Elements::I8(a), Elements::I8(b)) => compare(op, a, b),
        (Elements::U8(a), Elements::U8(b)) => compare(op, a, b),
        (Elements::I32(a), Elements::I32(b)) => compare(op, a, b),
        (Elements::I64(a), Elements::I64(b)) => compare(op, a, b),
        (Elements::F16(a), Elements::F16(b)) => compare(op, a, b),
        (Elements::Bf16(a), Elements::Bf16(b)) => compare(op, a, b),
        _ => compare(op, a.as_f32(), b.as_f32()),
    })
}

fn arithmetic(op: BinaryOp, a: &Tensor, b: &Tensor) -> Elements {
    let (int, small) = (|a: i64, b: i64| integer(op, a, b), |a: f32, b: f32| float_binary(op)(a, b));
    match (a.elements(), b.elements()) {
        (Elements::Bool(a), Elements::Bool(b)) => {
            Elements::Bool(zip(a, b, |a, b| if op == BinaryOp::And { a & b } else { a | b }))
        }
        (Elements::I8(a), Elements::I8(b)) => Elements::I8(zip(a, b, |a, b| int(a.into(), b.into()) as i8)),
        (Elements::U8(a), Elements::U8(b)) => Elements::U8(zip(a, b, |a, b| int(a.into(), b.into()) as u8)),
        (Elements::I32(a), Elements::I32(b)) => {
            Elements::I32(zip(a, b, |a, b| int(a.into(), b.into()) as i32))
        }
        (Elements::I64(a), Elements::I64(b)) => Elements::I64(zip(a, b, int)),
        (Elements::F16(a), Elements::F16(b)) => {
            Elements::F16(zip(a, b, |a, b| f16::from_f32(small(a.to_f32(), b.to_f32()))))
        }
        (Elements::Bf16(a), Elements::Bf16(b)) => {
            Elements::Bf16(zip(a, b, |a, b| bf16::from_f32(small(a.to_f32(), b.to_f32()))))
        }
        _ => Elements::F32(zip(a.as_f32(), b.as_f32(), float_binary(op))),
    }
}

fn float_binary(op: BinaryOp) -> fn(f32, f32) -> f32 {
    match op {
        BinaryOp::Add => |a, b| a + b,
        BinaryOp::Sub => |a, b| a - b,
        BinaryOp::Mul => |a, b| a * b,
        BinaryOp::Div => |a, b| a / b,
        BinaryOp::Min => math::min_f32,
        BinaryOp::Max => math::max_f32,
        BinaryOp::Pow => |a, b| math::pow(&mut Native, a, b),
        _ => unreachable!("verified: {} is not of floats", op.name()),
    }
}

/// On i64, wrapping; narrower types take the low bits, which is their own wrapping result.
fn integer(op: BinaryOp, a: i64, b: i64) -> i64 {
    match op {
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Sub => a.wrapping_sub(b),
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::Div => math::div_floor_i64(a, b),
        BinaryOp::Rem => math::rem_floor_i64(a, b),
        BinaryOp::Min => a.min(b),
        BinaryOp::Max => a.max(b),
        _ => unreachable!("verified: {} is not of integers", op.name()),
    }
}

pub(crate) fn select(condition: &Tensor, a: &Tensor, b: &Tensor) -> Tensor {
    fn choose<T: Copy>(condition: &[bool], a: &[T], b: &[T]) -> Vec<T> {
        condition.iter().zip(a.iter().zip(b)).map(|(c, (a, b))| if *c { *a } else { *b }).collect()
    }
    let condition = condition.as_bool();
    let elements = zip_elements!(a.elements(), b.elements(), (a, b) => choose(condition, a, b));
    Tensor::new(a.shape.clone(), elements)
}
