//! Tensor IR to kernel IR: one function to one schedule.
//!
//! Values are stored in buffers, or computed where they are used: [`fuse`] decides which. A value that is only another
//! look at a buffer (broadcast, permute, slice) becomes an access with other strides. The memory plan comes last,
//! when the life of each buffer is known.

mod affine;
mod attention;
mod call;
mod clusters;
mod contract;
mod conv;
mod elementwise;
mod encode;
mod epilogue;
mod fuse;
mod movement;
mod nest;
mod pool;
mod quantize;
mod reduce;
mod route;
mod softmax;
mod state;

use std::ops::Range;

use rustc_hash::FxHashMap;
use tri_dims::DimError;
use tri_ir::{DType, Dim, Encoding, Function, Inst, Op, Origin, TensorType, Value, Verified};

use crate::plan::{self, Region};
use crate::{Access, Buffer, BufferId, Module, Place, Schedule, Step, StepKind};
use crate::{repeat, siblings};
use affine::Affine;
use attention::Attentions;
use epilogue::Ends;
use nest::{NestBuilder, access};
pub(crate) use quantize::packing_nest;

/// How much is computed in one nest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fusion {
    /// Every operation stores its result.
    None,
    /// Elementwise operations and views are computed where they are used, unless that repeats work.
    Full,
    /// And contractions of one left operand that follow each other are one parallel region.
    Siblings,
}

impl Fusion {
    /// Each of them.
    pub const ALL: [Fusion; 3] = [Fusion::None, Fusion::Full, Fusion::Siblings];
}

/// Why a module has no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// No step serves an operation on operands of these types.
    #[error("{function}: no kernel serves `{op}` here: {reason}")]
    Unsupported {
        /// Name of the function.
        function: String,
        /// Name of the operation.
        op: &'static str,
        /// What is missing.
        reason: &'static str,
        /// Where it stands.
        origin: Option<Origin>,
    },
    /// A size that is known only inside a call has no limit, so memory for it cannot be planned.
    #[error(
        "{function}: `{symbol}` has no largest value, so memory cannot be planned: bind it with a limit, as in \
         `where {symbol} <= 1024`"
    )]
    Unbounded {
        /// Name of the function.
        function: String,
        /// Name of the size.
        symbol: String,
    },
    /// A size, offset or stride does not fit.
    #[error("{function}: {error}")]
    Size {
        /// Name of the function.
        function: String,
        /// Why.
        error: DimError,
    },
}

/// Why one instruction has no schedule.
#[derive(Debug)]
enum Failure {
    Unsupported(&'static str),
    Size(DimError),
}

impl From<DimError> for Failure {
    fn from(error: DimError) -> Self {
        Failure::Size(error)
    }
}

/// A schedule for each function of the module.
pub fn schedule(module: &Verified, fusion: Fusion) -> Result<Module, ScheduleError> {
    let schedules = module.functions.iter().map(|function| schedule_function(function, fusion));
    Ok(Module { schedules: schedules.collect::<Result<_, _>>()? })
}

/// The schedule of one function of a verified module, which may be [detached](tri_ir::detach) from it.
pub fn schedule_function(function: &Function, fusion: Fusion) -> Result<Schedule, ScheduleError> {
    let (mut schedule, _) = Scheduler::new(function, fusion).run()?;
    fold(&mut schedule, fusion);
    Ok(schedule)
}

/// Notes which steps of a schedule are one: runs of equal ones, and siblings.
pub(crate) fn fold(schedule: &mut Schedule, fusion: Fusion) {
    repeat::find(schedule);
    if fusion == Fusion::Siblings {
        siblings::find(schedule);
    }
}

/// The same with the steps that each instruction became. There are none for one that is computed where its result is used, or that is only
/// another look at a buffer. Runs of equal steps are not yet one: [`crate::repeat::positions`] says which step each becomes.
pub(crate) fn schedule_with_steps(
    function: &Function,
    fusion: Fusion,
) -> Result<(Schedule, Vec<Range<usize>>), ScheduleError> {
    Scheduler::new(function, fusion).run()
}

/// Schedules one function.
#[derive(Debug)]
struct Scheduler<'m> {
    function: &'m Function,
    inline: Vec<bool>,
    /// The instruction that defines each value.
    defined_by: Vec<Option<&'m Inst>>,
    /// The instruction that uses each value, where it is used once in all.
    used_by: Vec<Option<&'m Inst>>,
    attentions: Attentions<'m>,
    ends: Ends,
    /// Whether what one kernel can do of several instructions is one step.
    fuses: bool,
    /// The step that makes a value before the turn of its instruction: a product that has an epilogue or scales its sums, a quantiser that packs.
    made_at: FxHashMap<Value, usize>,
    /// The buffer of each value that is stored.
    stored: Vec<Option<BufferId>>,
    /// The results of the function that a value is stored as, where it is made.
    result_of: Vec<Option<u32>>,
    buffers: Vec<Buffer>,
    /// Regions of the workspace, in the order of [`Place::Slot`] before the plan.
    regions: Vec<Region>,
    states: Vec<BufferId>,
    steps: Vec<Step>,
    origin: Option<Origin>,
}

impl<'m> Scheduler<'m> {
    fn new(function: &'m Function, fusion: Fusion) -> Self {
        let mut defined_by = vec![None; function.values.len()];
        for inst in &function.insts {
            for result in &inst.results {
                defined_by[result.index()] = Some(inst);
            }
        }
        let mut result_of = vec![None; function.values.len()];
        for (i, value) in function.results.iter().enumerate() {
            result_of[value.index()].get_or_insert(i as u32);
        }
        let (inline, used_by) = (fuse::decide(function, fusion), sole_users(function));
        let attentions = match fusion {
            Fusion::None => Attentions::default(),
            Fusion::Full | Fusion::Siblings => Attentions::find(function, &inline, &used_by),
        };
        let ends = match fusion {
            Fusion::None => Ends::default(),
            Fusion::Full | Fusion::Siblings => Ends::find(function, &inline),
        };
        Scheduler {
            function,
            inline,
            defined_by,
            used_by,
            attentions,
            ends,
            fuses: fusion != Fusion::None,
            made_at: FxHashMap::default(),
            stored: vec![None; function.values.len()],
            result_of,
            buffers: Vec::new(),
            regions: Vec::new(),
            states: Vec::new(),
            steps: Vec::new(),
            origin: None,
        }
    }

    fn run(mut self) -> Result<(Schedule, Vec<Range<usize>>), ScheduleError> {
        let function = self.function;
        let name = || function.name.clone();
        if let Some(symbol) = function.symbols.iter().find(|info| info.bound_inside && info.max.is_none()) {
            return Err(ScheduleError::Unbounded { function: name(), symbol: symbol.name.clone() });
        }
        let mut params = Vec::with_capacity(function.params.len());
        for (i, value) in function.params.iter().enumerate() {
            let buffer = self.buffer(function.ty(*value), Place::Param(i as u32));
            self.stored[value.index()] = Some(buffer);
            params.push(buffer);
        }
        for (i, ty) in function.states.iter().enumerate() {
            let buffer = self.buffer(ty, Place::State(i as u32));
            self.states.push(buffer);
        }
        let mut made = Vec::with_capacity(function.insts.len());
        for (at, inst) in function.insts.iter().enumerate() {
            self.origin = inst.origin;
            let first = self.steps.len();
            self.inst(at, inst).map_err(|failure| match failure {
                Failure::Unsupported(reason) => ScheduleError::Unsupported {
                    function: name(),
                    op: inst.op.name(),
                    reason,
                    origin: inst.origin,
                },
                Failure::Size(error) => ScheduleError::Size { function: name(), error },
            })?;
            let ahead = inst.results.first().and_then(|value| self.made_at.get(value));
            made.push(ahead.map_or(first..self.steps.len(), |step| *step..*step + 1));
        }
        let size = |error| ScheduleError::Size { function: name(), error };
        let results = self.results().map_err(|failure| match failure {
            Failure::Size(error) => size(error),
            Failure::Unsupported(reason) => {
                ScheduleError::Unsupported { function: name(), op: "result", reason, origin: None }
            }
        })?;
        let mut schedule = Schedule {
            name: name(),
            symbols: function.symbols.clone(),
            buffers: self.buffers,
            params,
            results,
            states: self.states,
            slots: Vec::new(),
            steps: self.steps,
            repeats: Vec::new(),
            siblings: Vec::new(),
        };
        plan::assign(&mut schedule, self.regions).map_err(size)?;
        Ok((schedule, made))
    }

    /// Buffers of the results; those made elsewhere are copied.
    fn results(&mut self) -> Result<Vec<BufferId>, Failure> {
        let function = self.function;
        let mut results = Vec::with_capacity(function.results.len());
        for (i, value) in function.results.iter().enumerate() {
            let i = i as u32;
            let made = self.stored[value.index()]
                .filter(|buffer| self.buffers[buffer.index()].place == Place::Result(i));
            let buffer = match made {
                Some(buffer) => buffer,
                None => {
                    let buffer = self.buffer(function.ty(*value), Place::Result(i));
                    self.copy(*value, buffer)?;
                    buffer
                }
            };
            results.push(buffer);
        }
        Ok(results)
    }

    fn inst(&mut self, at: usize, inst: &'m Inst) -> Result<(), Failure> {
        // What is made before its turn is stored.
        let done = |value: &Value| self.inline[value.index()] || self.stored[value.index()].is_some();
        let replaced = |value: &Value| self.attentions.replaces(*value);
        if inst.results.first().is_some_and(|value| done(value) || replaced(value)) {
            return Ok(());
        }
        if let Some(found) = inst.results.first().and_then(|value| self.attentions.giving(*value)) {
            return self.attention(&found);
        }
        match &inst.op {
            Op::Constant(_) | Op::DimValue(_) | Op::Iota { .. } | Op::Random | Op::Unary(_) => {
                self.elementwise(inst)
            }
            Op::Binary(_) | Op::Select | Op::Cast => self.elementwise(inst),
            Op::Broadcast | Op::Permute { .. } | Op::Slice { .. } => self.elementwise(inst),
            Op::Literal(data) => self.literal(inst, data),
            Op::Reshape => self.reshape(inst),
            Op::Concat { axis } => self.concat(inst, *axis as usize),
            Op::Pad { low, value } => self.pad(inst, low, *value),
            Op::Gather => self.gather(inst),
            Op::Contract { batch, contract } => self.contract(inst, batch, contract),
            Op::Conv2d(attributes) => self.conv2d(inst, *attributes),
            Op::Pool2d(attributes) => self.pool2d(inst, *attributes),
            Op::Reduce { op, axes } => self.reduce(inst, *op, axes),
            Op::ArgMax { axis } => self.argmax(inst, *axis),
            Op::ArgMaxClusters => self.clusters(inst),
            Op::Softmax { axis } => self.softmax(inst, *axis),
            Op::Quantize(quantizer) => self.quantize(inst, *quantizer),
            Op::Encode => self.encode(inst),
            Op::Call { function, symbols, states } => self.call(inst, *function, symbols, states),
            Op::Route { top, tiles, weighted } => self.route(inst, *top, *weighted, tiles),
            Op::StateRead { state } => self.state_read(at, inst, *state),
            Op::StateWrite { state, starts } => self.state_write(inst, *state, starts),
            Op::BindDim { symbol, at_most } => {
                let from = self.store(inst.args[0])?;
                self.step(StepKind::BindDim { from, symbol: *symbol, at_most: at_most.clone() });
                Ok(())
            }
        }
    }

    fn ty(&self, value: Value) -> &'m TensorType {
        self.function.ty(value)
    }

    fn shape(&self, value: Value) -> &'m [Dim] {
        &self.function.ty(value).shape
    }

    fn step(&mut self, kind: StepKind) {
        self.steps.push(Step { kind, origin: self.origin });
    }

    fn nest(&mut self, nest: NestBuilder) -> Result<(), Failure> {
        let nest = nest.finish()?;
        self.step(StepKind::Nest(nest));
        Ok(())
    }

    fn buffer(&mut self, ty: &TensorType, place: Place) -> BufferId {
        let (dtype, shape, encoding) = (ty.dtype, ty.shape.clone(), ty.encoding);
        self.buffers.push(Buffer { dtype, shape, encoding, place });
        BufferId(self.buffers.len() as u32 - 1)
    }

    /// A buffer of the workspace.
    fn workspace(&mut self, ty: &TensorType) -> BufferId {
        let place = Place::Slot(self.regions.len() as u32);
        let buffer = self.buffer(ty, place);
        self.regions.push(Region::Buffer(buffer));
        buffer
    }

    /// A new buffer for a value that the next step makes.
    fn target(&mut self, value: Value) -> BufferId {
        let ty = self.ty(value);
        let buffer = match self.result_of[value.index()] {
            Some(i) => self.buffer(ty, Place::Result(i)),
            None => self.workspace(ty),
        };
        self.stored[value.index()] = Some(buffer);
        buffer
    }

    /// The buffer of a value, row major; computes and stores it if that has not happened.
    fn store(&mut self, value: Value) -> Result<BufferId, Failure> {
        if let Some(buffer) = self.stored[value.index()] {
            return Ok(buffer);
        }
        let ty = self.ty(value);
        let buffer = self.workspace(ty);
        self.copy(value, buffer)?;
        self.stored[value.index()] = Some(buffer);
        Ok(buffer)
    }

    /// A nest that puts a value into a buffer of its shape.
    fn copy(&mut self, value: Value, to: BufferId) -> Result<(), Failure> {
        let ty = self.ty(value);
        if ty.encoding != Encoding::Plain {
            return self.copy_bytes(value, to);
        }
        let mut nest = NestBuilder::new("copy", ty.shape.to_vec(), Vec::new());
        let at = Affine::indices(0, ty.rank());
        let element = self.element(&mut nest, value, &at)?;
        let to = self.element_of(to, &at)?;
        nest.map(vec![crate::Store { to, value: element }]);
        self.nest(nest)
    }

    /// The element of a buffer at `at`.
    fn element_of(&self, buffer: BufferId, at: &[Affine]) -> Result<Access, Failure> {
        Ok(access(buffer, Affine::row_major(&self.buffers[buffer.index()].shape, at)?))
    }

    fn dtype(&self, value: Value) -> DType {
        self.function.dtype(value)
    }
}

/// For each value used once in all, the instruction that uses it.
fn sole_users(function: &Function) -> Vec<Option<&Inst>> {
    let mut uses = vec![0u32; function.values.len()];
    let mut users = vec![None; function.values.len()];
    for value in &function.results {
        uses[value.index()] += 1;
    }
    for inst in &function.insts {
        for value in &inst.args {
            uses[value.index()] += 1;
            users[value.index()] = Some(inst);
        }
    }
    uses.into_iter().zip(users).map(|(uses, user)| user.filter(|_| uses == 1)).collect()
}
