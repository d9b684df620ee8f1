//! Decides which values are computed where they are used instead of being stored.

use tri_ir::{BinaryOp, Function, Inst, Op, Quantizer, TensorType, UnaryOp, Value};

use super::Fusion;

/// Most instructions computed in one place, nested and altogether.
const MAX_DEPTH: u32 = 32;
const MAX_SIZE: u32 = 200;

/// Whether a reshape only adds or removes axes of length 1.
pub(super) fn keeps_axes(from: &TensorType, to: &TensorType) -> bool {
    let long = |ty: &TensorType| {
        ty.shape.iter().filter(|dim| dim.as_constant() != Some(1)).cloned().collect::<Vec<_>>()
    };
    long(from) == long(to)
}

fn is_view(function: &Function, inst: &Inst) -> bool {
    match &inst.op {
        Op::Broadcast | Op::Permute { .. } | Op::Slice { .. } => true,
        Op::Reshape => keeps_axes(function.ty(inst.args[0]), function.ty(inst.results[0])),
        _ => false,
    }
}

fn is_free(op: &Op) -> bool {
    matches!(op, Op::Constant(_) | Op::DimValue(_) | Op::Iota { .. })
}

pub(super) fn is_elementwise(op: &Op) -> bool {
    matches!(op, Op::Unary(_) | Op::Binary(_) | Op::Select | Op::Cast | Op::Random)
}

fn is_expensive(op: &Op) -> bool {
    match op {
        Op::Random | Op::Binary(BinaryOp::Pow) => true,
        Op::Unary(op) => !matches!(
            op,
            UnaryOp::Neg
                | UnaryOp::Not
                | UnaryOp::Abs
                | UnaryOp::Sign
                | UnaryOp::Floor
                | UnaryOp::Ceil
                | UnaryOp::Round
                | UnaryOp::IsFinite
                | UnaryOp::IsNan
                | UnaryOp::Sqrt
        ),
        _ => false,
    }
}

/// How often each value is read where it is used; more than three stands for many.
const MANY: u32 = 4;

/// For each value, whether it is computed where it is used.
pub(super) fn decide(function: &Function, fusion: Fusion) -> Vec<bool> {
    let mut inline = vec![false; function.values.len()];
    if fusion == Fusion::None {
        return inline;
    }
    let expensive = expensive(function);
    let masks = masks(function);
    let mut reads = vec![0u32; function.values.len()];
    let mut users = vec![0u32; function.values.len()];
    let mut is_result = vec![false; function.values.len()];
    for value in &function.results {
        is_result[value.index()] = true;
        reads[value.index()] = MANY;
    }
    for inst in function.insts.iter().rev() {
        if let [result] = inst.results.as_slice() {
            let at = result.index();
            let single = users[at] == 1 && (reads[at] == 1 || (reads[at] < MANY && !expensive[at]));
            inline[at] = !is_result[at]
                && (is_free(&inst.op)
                    || is_view(function, inst)
                    || masks[at]
                    || (is_elementwise(&inst.op) && single));
        }
        let each = reads_of_operands(function, inst, &inline, &reads);
        let mut args = inst.args.clone();
        args.sort_unstable();
        args.dedup();
        for arg in args {
            reads[arg.index()] = reads[arg.index()].saturating_add(each).min(MANY);
            users[arg.index()] += 1;
        }
    }
    limit(function, &mut inline);
    inline
}

/// How often an instruction reads an element of its operands.
fn reads_of_operands(function: &Function, inst: &Inst, inline: &[bool], reads: &[u32]) -> u32 {
    let result = inst.results.first().copied();
    let inlined = result.filter(|value| inline[value.index()]).map(|value| reads[value.index()]);
    match &inst.op {
        Op::Broadcast => {
            let same = result.is_some_and(|to| keeps_axes(function.ty(inst.args[0]), function.ty(to)));
            if same { inlined.unwrap_or(1) } else { MANY }
        }
        Op::Permute { .. } | Op::Slice { .. } | Op::Reshape => {
            if is_view(function, inst) {
                inlined.unwrap_or(1)
            } else {
                MANY
            }
        }
        op if is_elementwise(op) => inlined.unwrap_or(1),
        Op::Reduce { .. }
        | Op::ArgMax { .. }
        | Op::Softmax { .. }
        | Op::Concat { .. }
        | Op::StateWrite { .. } => 1,
        // Served by a kernel, which reads memory.
        Op::Quantize(Quantizer::QuantizeRows) => MANY,
        Op::Quantize(_) => 3,
        _ => MANY,
    }
}

/// Values for which computing them twice would be slow.
fn expensive(function: &Function) -> Vec<bool> {
    let mut expensive = vec![false; function.values.len()];
    for inst in &function.insts {
        let inherits = is_elementwise(&inst.op) || is_view(function, inst);
        let any = is_expensive(&inst.op)
            || (inherits && inst.args.iter().any(|arg: &Value| expensive[arg.index()]));
        for result in &inst.results {
            expensive[result.index()] = any;
        }
    }
    expensive
}

/// Comparisons of what repeats along axes: comparing again reads less than the outcome has elements, as a causal mask.
fn masks(function: &Function) -> Vec<bool> {
    let (mut repeats, mut masks) = (vec![false; function.values.len()], vec![false; function.values.len()]);
    for inst in &function.insts {
        let [result] = inst.results.as_slice() else { continue };
        let all = inst.args.iter().all(|arg| repeats[arg.index()]);
        repeats[result.index()] =
            is_free(&inst.op) || inst.op == Op::Broadcast || (is_view(function, inst) && all);
        let compares = matches!(&inst.op, Op::Binary(op) if op.is_comparison());
        masks[result.index()] = compares && all && function.ty(*result).rank() > 1;
    }
    masks
}

/// Stores values inside chains that would make one nest too large.
fn limit(function: &Function, inline: &mut [bool]) {
    let mut extent = vec![(0u32, 0u32); function.values.len()];
    for inst in &function.insts {
        for result in &inst.results {
            if !inline[result.index()] {
                continue;
            }
            let (mut depth, mut size) = (1u32, 1u32);
            for arg in &inst.args {
                let (arg_depth, arg_size) = extent[arg.index()];
                depth = depth.max(arg_depth + 1);
                size = size.saturating_add(arg_size);
            }
            if depth > MAX_DEPTH || size > MAX_SIZE {
                inline[result.index()] = false;
            } else {
                extent[result.index()] = (depth, size);
            }
        }
    }
}
