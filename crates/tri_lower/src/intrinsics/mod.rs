//! Calls of `intrinsic` functions: a table from the name in `stdlib/ops.tri` to the function that makes the instructions, one
//! file a family. Arguments are found by the names of the declaration's parameters.

mod elementwise;
mod movement;
mod quantizers;
mod reduction;
mod source;
mod windows;

use tri_hir::hir::{Signature, Type};
use tri_ir::{self as ir, Shape, TensorType};

use crate::error::{Result, Stop};
use crate::eval::Frame;
use crate::lowering::Lowering;
use crate::value::{GenericValue, Value};

/// A call of an intrinsic with all arguments in place.
pub(crate) struct IntrinsicCall<'a> {
    signature: &'a Signature,
    frame: &'a Frame,
    generics: &'a [GenericValue],
    args: Vec<Value>,
    /// The type of the call.
    ty: &'a Type,
}

/// What makes the instructions of an intrinsic.
type Rule = fn(&mut Lowering<'_>, &IntrinsicCall<'_>) -> Result<Value>;

fn rule(name: &str) -> Option<Rule> {
    elementwise::rule(name)
        .or_else(|| movement::rule(name))
        .or_else(|| quantizers::rule(name))
        .or_else(|| reduction::rule(name))
        .or_else(|| source::rule(name))
        .or_else(|| windows::rule(name))
}

impl Lowering<'_> {
    /// The value of a call of an intrinsic.
    pub(crate) fn intrinsic(
        &mut self,
        frame: &Frame,
        signature: &Signature,
        generics: &[GenericValue],
        args: Vec<Value>,
        ty: &Type,
    ) -> Result<Value> {
        match rule(&signature.name) {
            Some(rule) => rule(self, &IntrinsicCall { signature, frame, generics, args, ty }),
            None => Err(self.unsupported(&format!("`{}`", signature.name))),
        }
    }

    /// The argument called `name`.
    fn arg<'a>(&self, call: &'a IntrinsicCall<'_>, name: &str) -> Result<&'a Value> {
        let at = call.signature.params.iter().position(|param| &*param.name == name);
        at.and_then(|at| call.args.get(at)).ok_or(Stop::Reported)
    }

    /// The argument at a position.
    fn nth<'a>(&self, call: &'a IntrinsicCall<'_>, index: usize) -> Result<&'a Value> {
        call.args.get(index).ok_or(Stop::Reported)
    }

    /// The first argument, a tensor.
    fn operand(&mut self, call: &IntrinsicCall<'_>) -> Result<ir::Value> {
        let value = self.nth(call, 0)?;
        self.tensor(value)
    }

    /// The axis called `name` of a tensor with `rank` axes, or of a result with as many.
    fn axis(&mut self, call: &IntrinsicCall<'_>, name: &str, rank: usize) -> Result<u32> {
        let axis = match self.arg(call, name)? {
            Value::Axis(axis) => i64::from(*axis),
            other => self.number(other)?,
        };
        let from_start = if axis < 0 { axis + rank as i64 } else { axis };
        let inside = usize::try_from(from_start).is_ok_and(|axis| axis < rank);
        if inside { Ok(from_start as u32) } else { Err(self.invalid(format!("no axis {axis} of {rank}"))) }
    }

    /// A static int called `name`, not negative.
    fn count(&mut self, call: &IntrinsicCall<'_>, name: &str) -> Result<u32> {
        let n = self.arg(call, name)?;
        let n = self.number(n)?;
        u32::try_from(n).map_err(|_| self.invalid(format!("`{name}` cannot be {n}")))
    }

    /// The type of the call.
    fn result_type(&self, call: &IntrinsicCall<'_>) -> Result<TensorType> {
        // The type of a call through a function value is its declaration's, in its own generics.
        let owner = call.frame.this;
        match self.tensor_type(call.frame, call.ty) {
            Ok(ty) => Ok(ty),
            Err(_) => {
                let head = Frame::new(
                    call.frame.owner,
                    call.frame.body.clone(),
                    owner,
                    call.generics.to_vec(),
                    call.args.clone(),
                );
                self.tensor_type(&head, &call.signature.result)
            }
        }
    }

    /// The sizes of the call's result.
    fn result_shape(&self, call: &IntrinsicCall<'_>) -> Result<Shape> {
        Ok(self.result_type(call)?.shape)
    }
}
