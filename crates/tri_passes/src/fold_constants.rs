//! Computes ops of constants. A tensor whose elements are all one number stays one number through elementwise ops, casts and
//! changes of shape; the interpreter gives the number, so folding cannot disagree with running.

use tri_interp::Interpreter;
use tri_ir::{DType, FunctionBuilder, Inst, Module, Op, Scalar, TensorData, TensorType, Value, verify};

use crate::rewrite::{Rewrite, each_function};

pub(crate) fn run(module: Module) -> Module {
    each_function(module, |function| {
        if !function.insts.iter().any(|inst| matches!(inst.op, Op::Constant(_))) {
            return None;
        }
        let mut rewrite = Rewrite::new(function);
        for inst in &function.insts {
            match constant_result(&mut rewrite, inst) {
                Some(scalar) => {
                    let ty = function.ty(inst.results[0]).clone();
                    rewrite.builder.set_origin(inst.origin);
                    let result = rewrite.builder.push1(Op::Constant(scalar), Vec::new(), ty);
                    rewrite.replace(inst.results[0], result);
                }
                None => rewrite.copy(inst),
            }
        }
        Some(rewrite.finish())
    })
}

/// The number that every element of the result is.
fn constant_result(rewrite: &mut Rewrite<'_>, inst: &Inst) -> Option<Scalar> {
    let args = inst.args.iter().map(|arg| constant(rewrite, *arg)).collect::<Option<Vec<Scalar>>>()?;
    match &inst.op {
        Op::Broadcast | Op::Reshape | Op::Permute { .. } | Op::Slice { .. } => args.first().copied(),
        Op::Unary(_) | Op::Binary(_) | Op::Select | Op::Cast => {
            evaluate(&inst.op, &args, rewrite.old.dtype(inst.results[0]))
        }
        _ => None,
    }
}

/// The number that every element of the value is.
fn constant(rewrite: &mut Rewrite<'_>, value: Value) -> Option<Scalar> {
    let value = rewrite.map(value);
    match rewrite.definition(value)?.op {
        Op::Constant(scalar) => Some(scalar),
        _ => None,
    }
}

/// The op applied to scalars, by the interpreter.
fn evaluate(op: &Op, args: &[Scalar], dtype: DType) -> Option<Scalar> {
    let mut b = FunctionBuilder::new("fold");
    let constant =
        |scalar: &Scalar| b.push1(Op::Constant(*scalar), Vec::new(), TensorType::scalar(scalar.dtype()));
    let args = args.iter().map(constant).collect();
    let result = b.push1(op.clone(), args, TensorType::scalar(dtype));
    let module = Module { functions: vec![b.finish(vec![result])], ..Module::default() };
    let module = verify(module).ok()?;
    let results = Interpreter::new(&module).run_function(tri_ir::FunctionId(0), &[], &[], &mut []).ok()?;
    results.first().map(|tensor| element(tensor, dtype))
}

fn element(tensor: &TensorData, dtype: DType) -> Scalar {
    let bits = tensor.bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
    Scalar::from_bits(dtype, bits)
}
