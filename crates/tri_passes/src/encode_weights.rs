//! Packs ternary weights of products with i8 in `t2`: the right operand of a contraction over its last axis, and the weight of a
//! convolution, where all that a result sees is a row. The sizes of a weight are numbers; an operand with a run-time size is an
//! activation and stays as it is.

use tri_ir::{Conv2d, DType, Dim, Encoding, Function, Inst, Module, Op, Shape, TensorType, Value};

use crate::rewrite::{Rewrite, each_function};

pub(crate) fn run(module: Module) -> Module {
    each_function(module, |function| {
        if !function.insts.iter().any(|inst| by_packed_rows(function, inst).is_some()) {
            return None;
        }
        let mut rewrite = Rewrite::new(function);
        for inst in &function.insts {
            let Some((op, shape)) = by_packed_rows(function, inst) else {
                rewrite.copy(inst);
                continue;
            };
            rewrite.builder.set_origin(inst.origin);
            let rows = in_rows(&mut rewrite, inst.args[1], &shape);
            let packed = TensorType { encoding: Encoding::T2, ..rewrite.builder.ty(rows).clone() };
            let packed = rewrite.builder.push1(Op::Encode, vec![rows], packed);
            let args = vec![rewrite.map(inst.args[0]), packed];
            let ty = function.ty(inst.results[0]).clone();
            let result = rewrite.builder.push1(op, args, ty);
            rewrite.replace(inst.results[0], result);
        }
        Some(rewrite.finish())
    })
}

/// The operation on packed rows in the place of one that has a ternary weight, and the shape of the rows.
fn by_packed_rows(function: &Function, inst: &Inst) -> Option<(Op, Shape)> {
    if !matches!(inst.op, Op::Contract { .. } | Op::Conv2d(_)) {
        return None;
    }
    let (lhs, rhs) = (function.ty(inst.args[0]), function.ty(inst.args[1]));
    let is_ternary = lhs.dtype == DType::I8 && rhs.dtype == DType::Trit && rhs.encoding == Encoding::Plain;
    if !is_ternary || rhs.shape.iter().any(|size| size.as_constant().is_none()) {
        return None;
    }
    match &inst.op {
        Op::Contract { batch, contract } => {
            let has_rows = rhs.rank() == 2 && batch.is_empty() && matches!(contract.as_slice(), [(_, 1)]);
            has_rows.then(|| (inst.op.clone(), rhs.shape.clone()))
        }
        Op::Conv2d(conv) => {
            let kernel = [2, 3].map(|axis| kernel_size(&rhs.shape[axis]));
            let kernel = Some([kernel[0]?, kernel[1]?]);
            let row = Dim::product(&rhs.shape[1..]).ok()?;
            let op = Op::Conv2d(Conv2d { kernel, ..*conv });
            Some((op, vec![rhs.shape[0].clone(), row].into()))
        }
        _ => None,
    }
}

/// Rows or columns of a kernel that has some.
fn kernel_size(size: &Dim) -> Option<u32> {
    u32::try_from(size.as_constant()?).ok().filter(|size| *size > 0)
}

/// The weight in a shape: what it was reshaped from, if that had this shape.
fn in_rows(rewrite: &mut Rewrite<'_>, weight: Value, shape: &Shape) -> Value {
    let weight = rewrite.map(weight);
    if rewrite.builder.ty(weight).shape == *shape {
        return weight;
    }
    let before = match rewrite.definition(weight) {
        Some(Inst { op: Op::Reshape, args, .. }) => Some(args[0]),
        _ => None,
    };
    if let Some(before) = before.filter(|before| rewrite.builder.ty(*before).shape == *shape) {
        return before;
    }
    rewrite.builder.push1(Op::Reshape, vec![weight], TensorType::new(DType::Trit, shape.clone()))
}
