//! Packs ternary weights: the right operand of an i8 contraction over its last axis is encoded in `t2`. The sizes of a weight are numbers;
//! an operand with a run-time size is an activation and stays as it is.

use tri_ir::{DType, Encoding, Function, Inst, Module, Op, TensorType};

use crate::rewrite::{Rewrite, each_function};

pub(crate) fn run(module: Module) -> Module {
    each_function(module, |function| {
        if !function.insts.iter().any(|inst| reads_packed_rows(function, inst)) {
            return None;
        }
        let mut rewrite = Rewrite::new(function);
        for inst in &function.insts {
            if !reads_packed_rows(function, inst) {
                rewrite.copy(inst);
                continue;
            }
            let weight = rewrite.map(inst.args[1]);
            let packed = TensorType { encoding: Encoding::T2, ..rewrite.builder.ty(weight).clone() };
            rewrite.builder.set_origin(inst.origin);
            let packed = rewrite.builder.push1(Op::Encode, vec![weight], packed);
            let args = vec![rewrite.map(inst.args[0]), packed];
            let ty = function.ty(inst.results[0]).clone();
            let result = rewrite.builder.push1(inst.op.clone(), args, ty);
            rewrite.replace(inst.results[0], result);
        }
        Some(rewrite.finish())
    })
}

fn reads_packed_rows(function: &Function, inst: &Inst) -> bool {
    let Op::Contract { batch, contract } = &inst.op else { return false };
    let (lhs, rhs) = (function.ty(inst.args[0]), function.ty(inst.args[1]));
    lhs.dtype == DType::I8
        && rhs.dtype == DType::Trit
        && rhs.encoding == Encoding::Plain
        && rhs.rank() == 2
        && batch.is_empty()
        && matches!(contract.as_slice(), [(_, 1)])
        && rhs.shape.iter().all(|size| size.as_constant().is_some())
}
