//! What backends ask of a nest: operands, element types, what is needed, how many registers there are.

use tri_ir::{DType, UnaryOp};

use crate::{Buffer, BufferId, Expr, ExprId, Fold, Nest, Stage};

/// Calls `visit` with each operand.
pub fn for_each_operand(expr: &Expr, visit: &mut dyn FnMut(ExprId)) {
    match expr {
        Expr::Constant(_)
        | Expr::Dim(_)
        | Expr::Affine { .. }
        | Expr::Reg(_)
        | Expr::Load(_)
        | Expr::GuardedLoad { .. }
        | Expr::Holds(_) => {}
        Expr::GatherLoad { row, .. } => visit(*row),
        Expr::Random { stream, .. } => visit(*stream),
        Expr::Unary(_, a) | Expr::Cast(_, a) => visit(*a),
        Expr::Binary(_, a, b) => {
            visit(*a);
            visit(*b);
        }
        Expr::Select(a, b, c) => {
            visit(*a);
            visit(*b);
            visit(*c);
        }
    }
}

/// Which expressions the roots need, themselves included.
pub fn needed(nest: &Nest, roots: &[ExprId]) -> Vec<bool> {
    let mut needed = vec![false; nest.exprs.len()];
    for root in roots {
        needed[root.index()] = true;
    }
    for id in (0..needed.len()).rev() {
        if needed[id] {
            for_each_operand(&nest.exprs[id], &mut |operand| needed[operand.index()] = true);
        }
    }
    needed
}

/// Element types of all expressions. A register has the type of what its stage computes, which may come later in the list.
pub fn element_types(buffers: &[Buffer], nest: &Nest) -> Vec<DType> {
    let mut dtypes = vec![DType::F32; nest.exprs.len()];
    let mut regs: Vec<Option<DType>> = vec![None; register_count(nest)];
    // Each round settles at least the registers that depend on settled ones.
    for _ in 0..=nest.stages.len() {
        for (id, expr) in nest.exprs.iter().enumerate() {
            let of = |buffer: BufferId| buffers[buffer.index()].dtype;
            dtypes[id] = match expr {
                Expr::Constant(scalar) => scalar.dtype(),
                Expr::Dim(_) | Expr::Affine { .. } => DType::I32,
                Expr::Reg(reg) => regs[reg.index()].unwrap_or(DType::F32),
                Expr::Load(access) | Expr::GuardedLoad { access, .. } | Expr::GatherLoad { access, .. } => {
                    of(access.buffer)
                }
                Expr::Holds(_) => DType::Bool,
                Expr::Random { .. } => DType::F32,
                Expr::Unary(UnaryOp::IsFinite | UnaryOp::IsNan, _) => DType::Bool,
                Expr::Binary(op, _, _) if op.is_comparison() => DType::Bool,
                Expr::Unary(_, a) | Expr::Binary(_, a, _) | Expr::Select(_, a, _) => dtypes[a.index()],
                Expr::Cast(to, _) => *to,
            };
        }
        for stage in &nest.stages {
            match stage {
                Stage::Fold { fold: Fold::ArgMax | Fold::Count, into, .. } => {
                    regs[into.index()] = Some(DType::I32);
                }
                Stage::Fold { value, into, .. } | Stage::Let { value, into } => {
                    regs[into.index()] = Some(dtypes[value.index()]);
                }
                Stage::Map { .. } | Stage::Softmax { .. } => {}
            }
        }
    }
    dtypes
}

/// One more than the largest register.
pub fn register_count(nest: &Nest) -> usize {
    let written = nest.stages.iter().filter_map(|stage| match stage {
        Stage::Fold { into, .. } | Stage::Let { into, .. } => Some(into.index() + 1),
        Stage::Map { .. } | Stage::Softmax { .. } => None,
    });
    let read = nest.exprs.iter().filter_map(|expr| match expr {
        Expr::Reg(reg) => Some(reg.index() + 1),
        _ => None,
    });
    written.chain(read).max().unwrap_or(0)
}
