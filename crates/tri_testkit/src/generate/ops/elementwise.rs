//! Operations element by element.

use tri_ir::DType;

use super::super::body::Body;
use super::super::literal;
use super::super::sizes::{Type, number};
use crate::choices::Choices;

/// Functions of one float.
const FLOAT: [&str; 17] = [
    "abs", "relu", "sqrt", "exp", "log", "tanh", "sigmoid", "erf", "sin", "cos", "rsqrt", "sign", "floor",
    "ceil", "round", "-", "relu2",
];

/// Functions of the library of f32.
const LIBRARY: [&str; 5] = ["silu", "gelu", "gelu_tanh", "leaky_relu", "softplus"];

const DTYPES: [DType; 9] = [
    DType::F32,
    DType::I32,
    DType::I8,
    DType::Trit,
    DType::Bool,
    DType::U8,
    DType::I64,
    DType::F16,
    DType::Bf16,
];

pub(super) fn unary(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |_| true)?;
    let (name, ty) = (b.read(at), b.ty(at));
    match ty.dtype {
        DType::F16 | DType::Bf16 => b.emit(&applied(c.pick(&["abs", "relu", "-", "relu2"]), &name), ty),
        DType::F32 => {
            let count = FLOAT.len() + LIBRARY.len() + 2;
            match c.below(count) {
                n if n < FLOAT.len() => b.emit(&applied(FLOAT[n], &name), ty),
                n if n == FLOAT.len() => b.emit(&format!("is_nan({name})"), ty.with(DType::Bool)),
                n if n == FLOAT.len() + 1 => b.emit(&format!("is_finite({name})"), ty.with(DType::Bool)),
                n => b.emit(&applied(LIBRARY[n - FLOAT.len() - 2], &name), ty),
            }
        }
        DType::U8 => b.emit(&applied(c.pick(&["relu", "relu2", "sign"]), &name), ty),
        DType::Bool => b.emit(&format!("!{name}"), ty),
        DType::Trit => b.emit(&format!("-{name}"), ty),
        _ => b.emit(&applied(c.pick(&["abs", "-", "sign", "relu", "relu2"]), &name), ty),
    }
}

fn applied(function: &str, operand: &str) -> String {
    if function == "-" { format!("-{operand}") } else { format!("{function}({operand})") }
}

pub(super) fn cast(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |_| true)?;
    let (name, ty) = (b.read(at), b.ty(at));
    let to = c.pick(&DTYPES);
    b.emit(&format!("{name} as {}", to.name()), ty.with(to))
}

pub(super) fn binary(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let at = b.find(c, |_| true)?;
    let (left, ty) = (b.read(at), b.ty(at));
    if ty.dtype == DType::Bool && c.chance(30) {
        return selection(b, c, &left, &ty);
    }
    let (right, result) = match c.below(4) {
        0 if !matches!(ty.dtype, DType::Bool | DType::Trit) => {
            (literal::of(c, ty.dtype).to_owned(), ty.clone())
        }
        _ => partner(b, c, &ty)?,
    };
    // The operation is the same whichever side stretches.
    let (left, right) = if c.chance(30) { (right, left) } else { (left, right) };
    let expression = match ty.dtype {
        DType::Bool => {
            let operator = c.pick(&["&&", "||", "==", "!="]);
            format!("{left} {operator} {right}")
        }
        DType::Trit => return comparison(b, c, &left, &right, &result),
        _ => match c.below(12) {
            0 => format!("{left} + {right}"),
            1 => format!("{left} - {right}"),
            2 | 3 => format!("{left} * {right}"),
            4 => format!("{left} / {right}"),
            5 => format!("maximum({left}, {right})"),
            6 => format!("minimum({left}, {right})"),
            7 if !ty.is_float() => format!("{left} % {right}"),
            8 if ty.is_f32() => format!("pow({left}, {right})"),
            9 | 10 => return comparison(b, c, &left, &right, &result),
            _ => format!("{right} - {left} * {right}"),
        },
    };
    b.emit(&expression, result)
}

fn comparison(b: &mut Body<'_>, c: &mut Choices, left: &str, right: &str, ty: &Type) -> Option<()> {
    let operator = c.pick(&["<", ">", "<=", ">=", "==", "!="]);
    b.emit(&format!("{left} {operator} {right}"), ty.with(DType::Bool))
}

/// A second operand of the dtype that stretches to the first, or to which that stretches; and the type of both together.
fn partner(b: &mut Body<'_>, c: &mut Choices, ty: &Type) -> Option<(String, Type)> {
    let sizes = &b.program.sizes;
    let fits = |other: &Type| {
        other.dtype == ty.dtype
            && sizes.broadcast(ty, other).is_some_and(|ty| sizes.elements(&ty.axes) < 1 << 13)
    };
    let known = if c.chance(25) { None } else { b.find(c, fits) };
    let (name, other) = match known {
        Some(at) => (b.read(at), b.ty(at)),
        None => {
            let other = stretchable(c, ty);
            (b.fresh(c, &other)?, other)
        }
    };
    let result = b.program.sizes.broadcast(ty, &other)?;
    Some((name, result))
}

/// The type, or one that stretches to it.
fn stretchable(c: &mut Choices, ty: &Type) -> Type {
    let mut other = ty.clone();
    if c.chance(50) {
        let drop = c.below(other.rank() + 1);
        if drop > 0 {
            other.pack = false;
        }
        other.axes.drain(..drop);
        for axis in &mut other.axes {
            if c.chance(25) {
                *axis = number(1);
            }
        }
    }
    other
}

/// `select` with a mask.
fn selection(b: &mut Body<'_>, c: &mut Choices, mask: &str, ty: &Type) -> Option<()> {
    let sizes = &b.program.sizes;
    let fits = |other: &Type| sizes.broadcast(ty, other).is_some_and(|ty| sizes.elements(&ty.axes) < 1 << 13);
    let at = b.find(c, fits)?;
    let (name, other) = (b.read(at), b.ty(at));
    let result = b.program.sizes.broadcast(ty, &other)?.with(other.dtype);
    let second = match other.is_number() {
        true if c.chance(50) => literal::of(c, other.dtype).to_owned(),
        _ => b.of_type(c, &other)?,
    };
    let (yes, no) = if c.chance(50) { (second, name) } else { (name, second) };
    b.emit(&format!("select({mask}, {yes}, {no})"), result)
}
