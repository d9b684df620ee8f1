//! Which ternary signatures the scores of a route are products with.

use tri_ir::{DType, Dim, Encoding, Function, FunctionId, Module, Op, Value};

/// The signatures of `tiles` tiles behind the scores in `value`, and whether each is a column of them. Looks through what keeps the order of
/// tiles, and through calls.
pub(super) fn signatures_of(
    module: &Module,
    function: &Function,
    value: Value,
    tiles: usize,
) -> Option<(Value, bool)> {
    let mut wanted = vec![value];
    for inst in function.insts.iter().rev() {
        let Some(at) = inst.results.iter().position(|result| wanted.contains(result)) else { continue };
        match &inst.op {
            Op::Reshape | Op::Cast | Op::Softmax { .. } | Op::Unary(_) | Op::Binary(_) => {
                wanted.extend(&inst.args);
            }
            Op::Contract { batch, contract } if batch.is_empty() => {
                let (&[(_, axis)], Some(&table)) = (contract.as_slice(), inst.args.get(1)) else { continue };
                if is_table(function, table, 1 - axis.min(1), tiles) {
                    return Some((table, axis == 0));
                }
            }
            Op::Call { function: callee, .. } => {
                let found = in_callee(module, *callee, at, tiles);
                let argument = found.and_then(|(at, by_column)| Some((*inst.args.get(at)?, by_column)));
                if argument.is_some() {
                    return argument;
                }
            }
            _ => {}
        }
    }
    None
}

/// The parameter of a callee that holds the signatures behind its result at a position.
fn in_callee(module: &Module, callee: FunctionId, at: usize, tiles: usize) -> Option<(usize, bool)> {
    let callee = module.function(callee);
    let (value, by_column) = signatures_of(module, callee, *callee.results.get(at)?, tiles)?;
    let at = callee.params.iter().position(|param| *param == value)?;
    Some((at, by_column))
}

/// Whether a value is a plain matrix of trits with the tiles along an axis.
fn is_table(function: &Function, value: Value, axis: u32, tiles: usize) -> bool {
    let ty = function.ty(value);
    (ty.dtype, ty.encoding, ty.rank()) == (DType::Trit, Encoding::Plain, 2)
        && ty.shape.iter().all(|size| size.as_constant().is_some())
        && ty.shape.get(axis as usize).and_then(Dim::as_constant) == i64::try_from(tiles).ok()
}
