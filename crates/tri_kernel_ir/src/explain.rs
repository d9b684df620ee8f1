//! Which step computes each operation of a function, by which kernel, and why: what the scheduler decided, in words.

use std::fmt::Formatter;
use std::ops::Range;

use tri_ir::{Encoding, Function, FunctionId, Inst, Op, Symbol, Value};

use crate::repeat;
use crate::schedule::{fold, schedule_with_steps};
use crate::softmax::has_softmax;
use crate::together::computing_functions;
use crate::{ContractionKind, Digits, Fusion, RouteStep, Schedule, ScheduleError, Stage, StepKind};

/// What an operation runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelChoice {
    /// The operation with its operands.
    pub op: String,
    /// The step of the function's schedule that computes it, which may repeat; none where nothing is computed.
    pub step: Option<usize>,
    /// What computes it.
    pub kernel: String,
    /// Whether that is a micro-kernel, of which there is one a CPU level.
    pub is_micro: bool,
    /// Why.
    pub reason: &'static str,
    /// The steps that are one parallel region with this one.
    pub siblings: Option<Range<u32>>,
}

/// What each instruction of a function of a verified module runs as, in order.
///
/// # Errors
/// No kernel serves an operation.
pub fn explain(
    module: &tri_ir::Module,
    id: FunctionId,
    fusion: Fusion,
) -> Result<Vec<KernelChoice>, ScheduleError> {
    explain_where(module, id, fusion, |_| true)
}

/// The same of those instructions that `wanted` says, by their positions.
///
/// # Errors
/// No kernel serves an operation of the function, one that is not wanted too.
pub fn explain_where(
    module: &tri_ir::Module,
    id: FunctionId,
    fusion: Fusion,
    wanted: impl Fn(usize) -> bool,
) -> Result<Vec<KernelChoice>, ScheduleError> {
    let function = module.function(id);
    let (schedule, steps) = schedule_with_steps(function, fusion)?;
    let used_in = used_in(function, &steps);
    let has_routes = schedule.steps.iter().any(|step| matches!(step.kind, StepKind::Route(_)));
    let computing = if has_routes { computing_functions(module) } else { Vec::new() };
    let table = Steps { module, function, schedule: &schedule, steps: &steps, used_in, computing };
    let mut folded = schedule.clone();
    fold(&mut folded, fusion);
    let positions = repeat::positions(&folded);
    let position = |mut choice: KernelChoice| {
        choice.step = choice.step.and_then(|step| positions.get(step).copied());
        choice.siblings = choice.step.and_then(|step| siblings_of(&folded, step)).filter(|_| choice.is_micro);
        choice
    };
    let insts = (0..function.insts.len()).filter(|at| wanted(*at));
    Ok(insts.map(|at| position(table.choice(at))).collect())
}

/// A function with the steps that its instructions became.
struct Steps<'a> {
    module: &'a tri_ir::Module,
    function: &'a Function,
    schedule: &'a Schedule,
    steps: &'a [Range<usize>],
    /// The first step in which each instruction is computed or its result used.
    used_in: Vec<Option<usize>>,
    /// Of each function whether its schedule can be a tile of those that run together; empty where nothing is routed.
    computing: Vec<bool>,
}

impl Steps<'_> {
    fn choice(&self, at: usize) -> KernelChoice {
        let inst = &self.function.insts[at];
        let op = self.op_text(inst);
        // Steps before the last one bring operands into the order that it needs.
        if let Some(step) = self.steps[at].clone().last() {
            let (kernel, reason) = self.kernel(inst, step);
            let is_micro = match &self.schedule.steps[step].kind {
                StepKind::Nest(nest) => has_softmax(nest),
                StepKind::Contraction(_)
                | StepKind::Attention(_)
                | StepKind::Epilogue(_)
                | StepKind::QuantizeRows(_)
                | StepKind::Convolution(_)
                | StepKind::MaxPool(_)
                | StepKind::Clusters(_) => true,
                StepKind::Call(_) | StepKind::Route(_) | StepKind::BindDim { .. } => false,
            };
            return KernelChoice { op, step: Some(step), kernel, is_micro, reason, siblings: None };
        }
        let (step, kernel, reason) = match self.used_in[at] {
            _ if matches!(inst.op, Op::Reshape) => {
                (None, "none".to_owned(), "the same memory in another shape")
            }
            None => (None, "none".to_owned(), "another look at memory that is there"),
            Some(step) if matches!(inst.op, Op::Contract { .. }) => {
                (Some(step), "in attention".to_owned(), ATTENTION)
            }
            Some(step) if matches!(inst.op, Op::Softmax { .. }) => {
                (Some(step), "softmax_row in attention".to_owned(), ATTENTION)
            }
            Some(step) => {
                let kernel = match &self.schedule.steps[step].kind {
                    StepKind::Nest(nest) => format!("in loop nest {}", nest.name),
                    StepKind::Epilogue(step) => {
                        format!("in the epilogue of {}", kernel_name(&step.product.step()))
                    }
                    _ => "in the step that uses it".to_owned(),
                };
                (Some(step), kernel, inlined_reason(&inst.op))
            }
        };
        KernelChoice { op, step, kernel, is_micro: false, reason, siblings: None }
    }

    /// What a step runs, and why an instruction became it.
    fn kernel(&self, inst: &Inst, step: usize) -> (String, &'static str) {
        let kind = &self.schedule.steps[step].kind;
        match kind {
            StepKind::Epilogue(step) if matches!(inst.op, Op::Contract { .. } | Op::Conv2d(_)) => {
                self.kernel_of(inst, &step.product.step())
            }
            _ => self.kernel_of(inst, kind),
        }
    }

    fn kernel_of(&self, inst: &Inst, kind: &StepKind) -> (String, &'static str) {
        let name = kernel_name(kind);
        match kind {
            StepKind::Contraction(step) if step.scales.is_some() => {
                let reason = "bytes by trits packed in two bits, with exact i32 sums, scaled while they are in the cache";
                (name, reason)
            }
            StepKind::Contraction(step) => (name, contraction_reason(step.kind)),
            StepKind::Attention(_) => (name, ATTENTION),
            StepKind::Epilogue(_) => {
                (name, "elementwise, on each block of a product while it is in the cache")
            }
            StepKind::QuantizeRows(step) => {
                let reason = match step.to {
                    Digits::Bytes => "a micro-kernel for rows to bytes with a scale each",
                    Digits::PackedTrits => {
                        "a micro-kernel for rows to trits packed in two bits, with a scale each"
                    }
                    Digits::PackedTensor => {
                        "a micro-kernel for a tensor to trits packed in two bits, with one scale"
                    }
                };
                (name, reason)
            }
            StepKind::Convolution(step) if step.depthwise => {
                (name, "a micro-kernel for as many groups as channels")
            }
            StepKind::Convolution(_) => {
                let reason = "a micro-kernel for windows of these element types";
                (name, reason)
            }
            StepKind::MaxPool(_) => (name, "a micro-kernel for the largest f32 of a window"),
            StepKind::Clusters(_) => (name, "a micro-kernel for signs in clusters"),
            StepKind::Call(call) => {
                (format!("call of {}", self.name(call.schedule.index())), "compiled once for all its calls")
            }
            StepKind::Route(route) => (name, self.route_reason(route)),
            StepKind::BindDim { .. } => (name, "a size that is known while the model runs"),
            StepKind::Nest(nest) if has_softmax(nest) => {
                let reason = "a micro-kernel for a row of f32, after what its operands compute of that row";
                (format!("softmax_row in loop nest {name}"), reason)
            }
            StepKind::Nest(nest) => {
                let folds = nest.stages.iter().any(|stage| matches!(stage, Stage::Fold { .. }));
                let reason = match (&inst.op, folds) {
                    (
                        Op::Concat { .. }
                        | Op::Pad { .. }
                        | Op::Gather
                        | Op::StateRead { .. }
                        | Op::StateWrite { .. },
                        _,
                    ) => "it moves elements",
                    (Op::Encode, _) => "it packs trits",
                    (_, true) => "it folds rows and maps them in one pass, with what its operands compute",
                    (_, false) => "its result is stored, since it is used more than once or by a kernel",
                };
                (format!("loop nest {name}"), reason)
            }
        }
    }

    fn route_reason(&self, route: &RouteStep) -> &'static str {
        if route.runs_together(&self.computing) {
            "rows are grouped by tile; each tile runs on its rows, a chunk at a time, on a GPU all tiles at once"
        } else {
            "rows are grouped by tile; each tile runs on its rows, a chunk at a time, on a GPU one after another, as a tile routes or binds a size itself"
        }
    }

    fn name(&self, function: usize) -> &str {
        self.module.functions.get(function).map_or("?", |function| &function.name)
    }

    /// `contract i8[B, 64], trit[128, 64] in t2`.
    fn op_text(&self, inst: &Inst) -> String {
        let args: Vec<String> = inst.args.iter().map(|arg| self.type_text(*arg)).collect();
        format!("{} {}", inst.op.name(), args.join(", ")).trim_end().to_owned()
    }

    fn type_text(&self, value: Value) -> String {
        let ty = self.function.ty(value);
        let name = |symbol: &Symbol, f: &mut Formatter<'_>| {
            f.write_str(self.function.symbols.get(symbol.index()).map_or("?", |info| &info.name))
        };
        let dims: Vec<String> = ty.shape.iter().map(|dim| dim.display(&name).to_string()).collect();
        let mut text = ty.dtype.name().to_owned();
        if !dims.is_empty() {
            text.push_str(&format!("[{}]", dims.join(", ")));
        }
        if ty.encoding != Encoding::Plain {
            text.push_str(&format!(" in {}", ty.encoding.name()));
        }
        text
    }
}

/// The steps that are one parallel region with a step.
fn siblings_of(schedule: &Schedule, step: usize) -> Option<Range<u32>> {
    let found = schedule.siblings.iter().find(|it| it.steps.contains(&(step as u32)));
    found.map(|it| it.steps.clone())
}

/// The step of each instruction, and of one that has none that of its first user, directly or through others without a step.
fn used_in(function: &Function, steps: &[Range<usize>]) -> Vec<Option<usize>> {
    let mut values: Vec<Option<usize>> = vec![None; function.values.len()];
    let mut found = vec![None; function.insts.len()];
    for (at, inst) in function.insts.iter().enumerate().rev() {
        let users = || inst.results.iter().filter_map(|result| values[result.index()]).min();
        let step = steps[at].clone().last().or_else(users);
        found[at] = step;
        if step.is_some() {
            // Users come after what they use, so the one seen last is the first.
            inst.args.iter().for_each(|arg| values[arg.index()] = step);
        }
    }
    found
}

const ATTENTION: &str = "scores, softmax and the product with values of a block of rows at a time, without a matrix of all scores";

fn inlined_reason(op: &Op) -> &'static str {
    match op {
        Op::Broadcast | Op::Permute { .. } | Op::Slice { .. } => "another look at its operand, as strides",
        Op::Constant(_) | Op::DimValue(_) | Op::Iota { .. } => "a number that needs no memory",
        _ => "elementwise, and computing it where it is used repeats no work",
    }
}

/// What people call the kernel of a step.
pub fn kernel_name(step: &StepKind) -> String {
    match step {
        StepKind::Nest(nest) => nest.name.clone(),
        StepKind::Contraction(step) if step.scales.is_some() => "i8_trit_scaled_gemm".to_owned(),
        StepKind::Contraction(step) => gemm_name(step.kind).to_owned(),
        StepKind::Attention(_) => "attention".to_owned(),
        StepKind::Epilogue(step) => format!("{}+{}", kernel_name(&step.product.step()), step.nest.name),
        StepKind::QuantizeRows(step) => quantizer_name(step.to).to_owned(),
        StepKind::Convolution(step) if step.depthwise => "f32_depthwise_conv2d".to_owned(),
        StepKind::Convolution(step) => conv_name(step.kind).to_owned(),
        StepKind::MaxPool(_) => "f32_max_pool2d".to_owned(),
        StepKind::Clusters(_) => "argmax_clusters".to_owned(),
        StepKind::Call(_) => "call".to_owned(),
        StepKind::Route(_) => "route".to_owned(),
        StepKind::BindDim { .. } => "bind".to_owned(),
    }
}

/// The name in the table of micro-kernels.
pub(crate) fn quantizer_name(to: Digits) -> &'static str {
    match to {
        Digits::Bytes => "quantize_rows",
        Digits::PackedTrits => "ternarize_rows",
        Digits::PackedTensor => "ternarize_tensor",
    }
}

/// The name in the table of micro-kernels.
fn gemm_name(kind: ContractionKind) -> &'static str {
    match kind {
        ContractionKind::F32 => "f32_gemm",
        ContractionKind::Bf16 => "bf16_gemm",
        ContractionKind::F16 => "f16_gemm",
        ContractionKind::I8 => "i8_gemm",
        ContractionKind::I8T2 => "i8_trit_gemm",
        ContractionKind::F32Trit => "f32_trit_gemm",
        ContractionKind::F32T2 => "f32_t2_gemm",
    }
}

fn conv_name(kind: ContractionKind) -> &'static str {
    match kind {
        ContractionKind::I8 => "i8_conv2d",
        ContractionKind::I8T2 => "i8_trit_conv2d",
        ContractionKind::F32Trit => "f32_trit_conv2d",
        _ => "f32_conv2d",
    }
}

fn contraction_reason(kind: ContractionKind) -> &'static str {
    match kind {
        ContractionKind::F32 => "both operands are f32",
        ContractionKind::Bf16 => "both operands are bf16, with f32 sums",
        ContractionKind::F16 => "both operands are f16, with f32 sums",
        ContractionKind::I8 => "bytes by bytes or trits of a byte each, with exact i32 sums",
        ContractionKind::I8T2 => "bytes by trits packed in two bits, with exact i32 sums",
        ContractionKind::F32Trit => "f32 by trits of a byte each: additions and subtractions",
        ContractionKind::F32T2 => "f32 by trits packed in two bits: additions and subtractions",
    }
}
