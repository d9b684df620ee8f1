//! What expressions evaluate to.

use std::rc::Rc;
use std::sync::Arc;

use tri_hir::hir::Def;
use tri_ir::{self as ir, DType, Dim, Scalar};

/// An instance of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct InstanceId(pub(crate) u32);

/// A value during elaboration.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// No value.
    Unit,
    /// A static integer or a size; a number unless it depends on a run-time size.
    Int(Dim),
    Float(f64),
    Bool(bool),
    Str(Arc<str>),
    Axis(i32),
    /// In a list of axes: all that it does not name.
    RestAxes,
    /// A value of the function under construction.
    Tensor(ir::Value),
    /// A tensor scalar that is known and not yet placed in the function, so that it can be placed in any shape.
    Scalar(Scalar),
    /// A tuple, list or array.
    List(Rc<[Value]>),
    Range(i64, i64),
    /// A function item.
    Function(Def),
    Layer(InstanceId),
}

impl Value {
    /// A static integer.
    pub(crate) fn int(n: i64) -> Value {
        Value::Int(Dim::constant(n))
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Unit => "nothing",
            Value::Int(_) => "a static integer",
            Value::Float(_) => "a static float",
            Value::Bool(_) => "a static truth value",
            Value::Str(_) => "a string",
            Value::Axis(_) => "an axis",
            Value::RestAxes => "axes",
            Value::Tensor(_) | Value::Scalar(_) => "a tensor",
            Value::List(_) => "a list",
            Value::Range(..) => "a range",
            Value::Function(_) => "a function",
            Value::Layer(_) => "a layer",
        }
    }
}

/// What a generic parameter stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum GenericValue {
    Dim(Dim),
    Pack(Vec<Dim>),
    Element(DType),
}
