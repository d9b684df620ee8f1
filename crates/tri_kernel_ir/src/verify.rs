//! The verifier: what a backend may rely on. It withstands any module.
//!
//! A packed buffer (`trit` in `t2` and the like) is accessed in bytes by nests: a load gives the byte as a trit, and a
//! store takes a `u8` or a loaded byte.

use std::ops::{Deref, Range};

use tri_ir::{BinaryOp, DType, Dim, Encoding, PoolKind, ReduceOp, UnaryOp};

use crate::operands::for_each_buffer;
use crate::plan::root;
use crate::{
    Access, BufferId, Contraction, ContractionKind, Digits, Expr, ExprId, Fold, Guard, Index, Module, Nest,
    Place, Repeat, Schedule, ScheduleId, Siblings, SlotSize, Stage, StepKind, siblings,
};

/// A module that [`verify`] accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified(Module);

impl Verified {
    /// The module, to be changed.
    pub fn into_inner(self) -> Module {
        self.0
    }
}

impl Deref for Verified {
    type Target = Module;

    fn deref(&self) -> &Module {
        &self.0
    }
}

/// Why a module is not kernel IR.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{schedule}: {}{problem}", step.map_or(String::new(), |step| format!("step {step}: ")))]
pub struct VerifyError {
    /// Name of the schedule.
    pub schedule: String,
    /// Position of the step.
    pub step: Option<usize>,
    /// What is wrong.
    pub problem: &'static str,
}

type Check<T = ()> = Result<T, &'static str>;

fn hold(condition: bool, problem: &'static str) -> Check {
    if condition { Ok(()) } else { Err(problem) }
}

/// Checks a module.
pub fn verify(module: Module) -> Result<Verified, VerifyError> {
    for (id, schedule) in module.schedules.iter().enumerate() {
        let error = |step, problem| VerifyError { schedule: schedule.name.clone(), step, problem };
        let checker = Checker { module: &module, id: ScheduleId(id as u32), schedule };
        checker.buffers().map_err(|problem| error(None, problem))?;
        for (at, step) in schedule.steps.iter().enumerate() {
            checker.step(&step.kind).map_err(|problem| error(Some(at), problem))?;
        }
        checker.repeats().map_err(|problem| error(None, problem))?;
        checker.siblings().map_err(|problem| error(None, problem))?;
    }
    Ok(Verified(module))
}

struct Checker<'m> {
    module: &'m Module,
    id: ScheduleId,
    schedule: &'m Schedule,
}

impl Checker<'_> {
    fn buffers(&self) -> Check {
        let s = self.schedule;
        for buffer in &s.buffers {
            self.dims(&buffer.shape)?;
            hold(buffer.encoding == Encoding::Plain || buffer.dtype == DType::Trit, "only trits are packed")?;
        }
        for id in (0..s.buffers.len()).map(|id| BufferId(id as u32)) {
            let buffer = &s.buffers[id.index()];
            let listed = |list: &[BufferId], i: u32| list.get(i as usize) == Some(&id);
            let consistent = match buffer.place {
                Place::Param(i) => listed(&s.params, i),
                Place::Result(i) => listed(&s.results, i),
                Place::State(i) => listed(&s.states, i),
                Place::Slot(i) => (i as usize) < s.slots.len(),
                Place::Alias(of) => s.buffers.get(of.index()).is_some_and(|of| {
                    let elements = |shape: &[Dim]| Dim::product(shape);
                    of.dtype.bytes() == buffer.dtype.bytes()
                        && of.encoding == buffer.encoding
                        && (of.shape == buffer.shape
                            || matches!((elements(&of.shape), elements(&buffer.shape)), (Ok(a), Ok(b)) if a == b))
                }),
            };
            hold(consistent, "a buffer does not lie where the schedule says")?;
            hold(root(s, id).is_some(), "aliases go round")?;
        }
        let places = |list: &[BufferId], place: fn(u32) -> Place| {
            let mut places = list.iter().enumerate();
            places.all(|(i, id)| {
                s.buffers.get(id.index()).is_some_and(|buffer| buffer.place == place(i as u32))
            })
        };
        hold(places(&s.params, Place::Param), "a parameter lies elsewhere")?;
        hold(places(&s.results, Place::Result), "a result lies elsewhere")?;
        hold(places(&s.states, Place::State), "a state lies elsewhere")?;
        for size in s.slots.iter().flat_map(|slot| &slot.sizes) {
            match size {
                SlotSize::Bytes(dim) => self.dim(dim)?,
                SlotSize::Workspace { schedule, symbols } => {
                    self.callee(*schedule)?;
                    self.dims(symbols)?;
                }
            }
        }
        Ok(())
    }

    fn repeats(&self) -> Check {
        let mut free = 0;
        for repeat in &self.schedule.repeats {
            let Range { start, end } = repeat.steps;
            hold(free <= start && start < end, "repeats overlap or are empty")?;
            free = end;
            let steps = self.schedule.steps.get(start as usize..end as usize);
            let steps = steps.ok_or("a repeat has a step that there is not")?;
            hold(repeat.times > 0, "a repeat runs never")?;
            for step in steps {
                hold(!matches!(step.kind, StepKind::BindDim { .. }), "a size is bound several times")?;
            }
            hold(repeat.moving.is_sorted_by(|a, b| a.0 < b.0), "moving buffers are not in order")?;
            repeat.moving.iter().try_for_each(|(buffer, by)| self.moves(*buffer, *by, repeat.times))?;
            steps.iter().try_for_each(|step| self.stays_apart(&step.kind, repeat))?;
        }
        Ok(())
    }

    fn siblings(&self) -> Check {
        let mut free = 0;
        for Siblings { steps, is_chain } in &self.schedule.siblings {
            hold(free <= steps.start && steps.start < steps.end, "siblings overlap or are empty")?;
            free = steps.end;
            let found = siblings::relation(self.schedule, steps.start as usize..steps.end as usize);
            hold(found == Some(*is_chain), "siblings cannot run together, or in another order")?;
        }
        Ok(())
    }

    /// Each time there is a buffer of the same type where a moving one lies.
    fn moves(&self, buffer: BufferId, by: i32, times: u32) -> Check {
        let s = self.schedule;
        let first = root(s, buffer).ok_or("there is no such buffer")?;
        let (list, at) = match s.buffers[first.index()].place {
            Place::Param(at) => (&s.params, at),
            Place::Result(at) => (&s.results, at),
            Place::State(at) => (&s.states, at),
            Place::Slot(_) | Place::Alias(_) => return Err("a buffer of the workspace moves"),
        };
        for turn in 1..i64::from(times) {
            let at = usize::try_from(i64::from(at) + turn * i64::from(by)).ok();
            let next = at.and_then(|at| list.get(at)).ok_or("a buffer moves out of its list")?;
            let (first, next) = (&s.buffers[first.index()], &s.buffers[next.index()]);
            let same =
                first.dtype == next.dtype && first.encoding == next.encoding && first.shape == next.shape;
            hold(same, "a buffer moves to one of another type")?;
        }
        Ok(())
    }

    /// Buffers of a step that lie apart the first time, and may be written, do so every time.
    fn stays_apart(&self, step: &StepKind, repeat: &Repeat) -> Check {
        let mut written: Vec<(Place, i64)> = Vec::new();
        for_each_buffer(step, &mut |buffer| {
            let moving = repeat.moving.binary_search_by_key(&buffer, |(moving, _)| *moving);
            let by = moving.map_or(0, |at| i64::from(repeat.moving[at].1));
            let place = self.schedule.memory(buffer);
            if matches!(place, Place::Result(_) | Place::State(_)) {
                written.push((place, by));
            }
        });
        written.sort_unstable();
        written.dedup();
        let meet = |(a, a_by): (Place, i64), (b, b_by): (Place, i64)| match (a, b) {
            (Place::Result(a), Place::Result(b)) | (Place::State(a), Place::State(b)) => {
                let (far, nearer) = (i64::from(a) - i64::from(b), b_by - a_by);
                nearer != 0 && far % nearer == 0 && (0..i64::from(repeat.times)).contains(&(far / nearer))
            }
            _ => false,
        };
        let apart = written.iter().enumerate().all(|(i, a)| written[..i].iter().all(|b| !meet(*a, *b)));
        hold(apart, "buffers of a repeat lie together at times only")
    }

    fn dim(&self, dim: &Dim) -> Check {
        let mut known = true;
        dim.for_each_var(&mut |symbol| known &= symbol.index() < self.schedule.symbols.len());
        hold(known, "a size has an unknown symbol")
    }

    fn dims(&self, dims: &[Dim]) -> Check {
        dims.iter().try_for_each(|dim| self.dim(dim))
    }

    fn callee(&self, id: ScheduleId) -> Check<&Schedule> {
        hold(id < self.id, "a callee does not come before its caller")?;
        self.module.schedules.get(id.index()).ok_or("there is no such schedule")
    }

    fn is_param(&self, id: BufferId) -> bool {
        let place = root(self.schedule, id).and_then(|id| self.schedule.buffers.get(id.index()));
        place.is_none_or(|buffer| matches!(buffer.place, Place::Param(_)))
    }

    /// Element type and encoding of a buffer known to exist.
    fn kind(&self, id: BufferId) -> Check<(DType, Encoding)> {
        let buffer = self.schedule.buffers.get(id.index()).ok_or("there is no such buffer")?;
        Ok((buffer.dtype, buffer.encoding))
    }

    fn written(&self, id: BufferId) -> Check {
        hold(!self.is_param(id), "a parameter is written")
    }

    fn step(&self, step: &StepKind) -> Check {
        let mut known = true;
        for_each_buffer(step, &mut |id| known &= id.index() < self.schedule.buffers.len());
        hold(known, "there is no such buffer")?;
        match step {
            StepKind::Nest(nest) => self.nest(nest),
            StepKind::Contraction(step) => self.contraction(step),
            StepKind::Attention(step) => {
                self.contraction(&step.scores)?;
                self.nest(&step.rows)?;
                self.contraction(&step.mix)?;
                step.defect().map_or(Ok(()), Err)
            }
            StepKind::Epilogue(step) => {
                self.step(&step.product.step())?;
                self.nest(&step.nest)?;
                let defect = step.defect(&self.schedule.buffers, |buffer| self.schedule.memory(buffer));
                defect.map_or(Ok(()), Err)
            }
            StepKind::QuantizeRows(step) => {
                self.dim(&step.rows)?;
                self.dim(&step.width)?;
                let plain = |id, dtype| Ok(self.kind(id)? == (dtype, Encoding::Plain));
                self.written(step.digits)?;
                self.written(step.scales)?;
                let digits = match step.to {
                    Digits::Bytes => (DType::I8, Encoding::Plain),
                    Digits::PackedTrits | Digits::PackedTensor => (DType::Trit, Encoding::T2),
                };
                let fits = plain(step.x, DType::F32)?
                    && self.kind(step.digits)? == digits
                    && plain(step.scales, DType::F32)?;
                hold(fits, "rows are quantized from f32 to i8 or packed trits with scales in f32")
            }
            StepKind::Convolution(step) => {
                self.written(step.out)?;
                let convolves = matches!(
                    step.kind,
                    ContractionKind::F32
                        | ContractionKind::I8
                        | ContractionKind::I8T2
                        | ContractionKind::F32Trit
                );
                hold(convolves, "no convolution has this kind")?;
                let by_channel = !step.depthwise || step.kind == ContractionKind::F32;
                hold(by_channel, "a depthwise convolution is not of f32")?;
                for id in [step.input, step.out] {
                    hold(
                        self.schedule.buffers[id.index()].shape.len() == 4,
                        "a convolution's operand has not four axes",
                    )?;
                }
                self.dims(&step.window)?;
                let weight = &self.schedule.buffers[step.weight.index()].shape;
                let row = weight.get(1..).unwrap_or_default();
                let fits = match step.kind {
                    ContractionKind::I8T2 => Dim::product(&step.window).is_ok_and(|of_all| row == [of_all]),
                    _ => row == step.window,
                };
                hold(fits, "a convolution's weight does not fit its window")?;
                let channels = &self.schedule.buffers[step.input.index()].shape[1];
                let of_each = *channels == Dim::constant(step.attributes.groups.into());
                hold(
                    !step.depthwise || of_each,
                    "a depthwise convolution has not as many groups as channels",
                )?;
                self.product(step.kind, [step.input, step.weight, step.out], sums(step.kind))
            }
            StepKind::MaxPool(step) => {
                self.written(step.out)?;
                hold(step.attributes.kind == PoolKind::Max, "a pooling is of another kind")?;
                for id in [step.input, step.out] {
                    let is_plain = self.kind(id)? == (DType::F32, Encoding::Plain);
                    let fits = is_plain && self.schedule.buffers[id.index()].shape.len() == 4;
                    hold(fits, "a pooling's operand is not f32 of four axes")?;
                }
                self.nest(&step.nest)
            }
            StepKind::Call(step) => {
                let callee = self.callee(step.schedule)?;
                let given = callee.symbols.iter().filter(|info| !info.bound_inside).count();
                hold(step.symbols.len() == given, "a call gives another number of sizes")?;
                self.dims(&step.symbols)?;
                hold((step.workspace as usize) < self.schedule.slots.len(), "a call has no workspace")?;
                self.matches(callee, &step.params, &callee.params)?;
                self.matches(callee, &step.results, &callee.results)?;
                self.matches(callee, &step.states, &callee.states)?;
                step.results.iter().try_for_each(|id| self.written(*id))?;
                step.states.iter().try_for_each(|id| self.written(*id))
            }
            StepKind::Clusters(step) => {
                self.written(step.out)?;
                let kinds = [
                    (step.on, DType::F32, 2),
                    (step.clusters, DType::Trit, 2),
                    (step.tiles, DType::Trit, 3),
                    (step.out, DType::I32, 1),
                ];
                for (id, dtype, rank) in kinds {
                    let fits = self.kind(id)? == (dtype, Encoding::Plain)
                        && self.schedule.buffers[id.index()].shape.len() == rank;
                    hold(fits, "an operand of a choice through clusters has another type")?;
                }
                Ok(())
            }
            StepKind::Route(step) => {
                self.dim(&step.rows)?;
                let is_slot = |slot: &u32| (*slot as usize) < self.schedule.slots.len();
                hold(step.workspaces.iter().all(is_slot), "a route has no workspace")?;
                hold(step.top as usize <= step.tiles.len(), "a route takes more tiles than it has")?;
                self.written(step.out)?;
                step.scratch.iter().try_for_each(|id| self.written(*id))?;
                for tile in &step.tiles {
                    let callee = self.callee(tile.schedule)?;
                    self.dims(&tile.symbols)?;
                    hold(callee.results.len() == 1, "a tile has not one result")?;
                    let (_, rest) = callee.params.split_first().ok_or("a tile takes no rows")?;
                    self.matches(callee, &tile.captures, rest)?;
                }
                Ok(())
            }
            StepKind::BindDim { from, symbol, at_most } => {
                let info = self.schedule.symbols.get(symbol.index()).ok_or("there is no such symbol")?;
                hold(info.bound_inside, "a symbol that the caller gives is bound")?;
                hold(self.kind(*from)? == (DType::I32, Encoding::Plain), "a size comes from an i32")?;
                at_most.iter().try_for_each(|(a, b)| self.dim(a).and_then(|()| self.dim(b)))
            }
        }
    }

    fn matches(&self, callee: &Schedule, given: &[BufferId], taken: &[BufferId]) -> Check {
        hold(given.len() == taken.len(), "a call has another number of operands")?;
        for (given, taken) in given.iter().zip(taken) {
            let taken = callee.buffers.get(taken.index()).ok_or("there is no such buffer")?;
            hold(self.kind(*given)? == (taken.dtype, taken.encoding), "a call's operand has another type")?;
        }
        Ok(())
    }

    fn contraction(&self, step: &Contraction) -> Check {
        self.written(step.out)?;
        let sizes = [
            &step.m,
            &step.n,
            &step.k,
            &step.lhs_offset,
            &step.rhs_offset,
            &step.out_offset,
            &step.out_stride,
        ];
        sizes.into_iter().try_for_each(|dim| self.dim(dim))?;
        self.dims(&step.lhs_strides)?;
        self.dims(&step.rhs_strides)?;
        for axis in &step.outer {
            self.dim(&axis.size)?;
            self.dims(&axis.strides)?;
        }
        if let Some(scales) = step.scales {
            let scaled = step.kind == ContractionKind::I8T2 && step.outer.is_empty();
            hold(scaled, "only sums of i8 by t2 without outer axes are scaled")?;
            let f32 = (DType::F32, Encoding::Plain);
            for buffer in scales.buffers() {
                hold(self.kind(buffer)? == f32, "a scale is f32")?;
            }
        }
        let sums = if step.scales.is_some() { DType::F32 } else { sums(step.kind) };
        self.product(step.kind, [step.lhs, step.rhs, step.out], sums)
    }

    fn product(&self, kind: ContractionKind, [lhs, rhs, out]: [BufferId; 3], result: DType) -> Check {
        use ContractionKind::{Bf16, F16, F32, F32T2, F32Trit, I8, I8T2};
        let plain = |dtype| (dtype, Encoding::Plain);
        let left = match kind {
            F32 | F32Trit | F32T2 => DType::F32,
            Bf16 => DType::Bf16,
            F16 => DType::F16,
            I8 | I8T2 => DType::I8,
        };
        let right = self.kind(rhs)?;
        let fits = match kind {
            F32 | Bf16 | F16 => right == plain(left),
            I8 => right == plain(DType::I8) || right == plain(DType::Trit),
            F32Trit => right == plain(DType::Trit),
            I8T2 | F32T2 => right == (DType::Trit, Encoding::T2),
        };
        hold(
            self.kind(lhs)? == plain(left) && fits && self.kind(out)? == plain(result),
            "an operand has another element type than the kind says",
        )
    }

    fn nest(&self, nest: &Nest) -> Check {
        self.dims(&nest.axes)?;
        let mut dtypes: Vec<Option<DType>> = vec![None; nest.exprs.len()];
        let mut needs = vec![nest.axes.len(); nest.exprs.len()];
        let mut regs: Vec<(u32, DType)> = Vec::new();
        for stage in &nest.stages {
            let none: &[Dim] = &[];
            let axes = match stage {
                Stage::Fold { axes, .. } | Stage::Map { axes, .. } | Stage::Softmax { axes, .. } => {
                    axes.as_slice()
                }
                Stage::Let { .. } => none,
            };
            self.dims(axes)?;
            self.exprs(nest, &regs, &mut dtypes, &mut needs)?;
            let scope = nest.axes.len() + axes.len();
            let usable = |id: ExprId| -> Check<DType> {
                let dtype = dtypes.get(id.index()).copied().ok_or("there is no such expression")?;
                hold(needs[id.index()] <= scope, "an index is used outside its loops")?;
                dtype.ok_or("a register is read before it is written")
            };
            match stage {
                Stage::Let { value, into } => regs.push((into.0, usable(*value)?)),
                Stage::Fold { fold, value, only_if, into, .. } => {
                    let dtype = usable(*value)?;
                    if let Some(only_if) = only_if {
                        hold(usable(*only_if)? == DType::Bool, "a condition is not bool")?;
                    }
                    regs.push((into.0, folded(*fold, dtype)?));
                }
                Stage::Map { stores, .. } => {
                    for store in stores {
                        self.written(store.to.buffer)?;
                        self.access(&store.to)?;
                        hold(reach(&store.to.strides) <= scope, "an index is used outside its loops")?;
                        let (dtype, encoding) = self.kind(store.to.buffer)?;
                        let value = usable(store.value)?;
                        let byte = encoding != Encoding::Plain && value == DType::U8;
                        hold(value == dtype || byte, "a store has another element type than its buffer")?;
                    }
                }
                Stage::Softmax { axes, row } => {
                    self.written(row.buffer)?;
                    self.access(row)?;
                    hold(reach(&row.strides) <= scope, "an index is used outside its loops")?;
                    let plain = (DType::F32, Encoding::Plain);
                    hold(self.kind(row.buffer)? == plain, "a softmax is of other elements than f32")?;
                    let along = row.strides.iter().find(|(index, _)| index.index() == nest.axes.len());
                    let neighbours = match axes.as_slice() {
                        [] => true,
                        [_] => along.is_some_and(|(_, stride)| stride.as_constant() == Some(1)),
                        _ => false,
                    };
                    hold(neighbours, "the elements of a softmax are not neighbours")?;
                }
            }
        }
        self.exprs(nest, &regs, &mut dtypes, &mut needs)?;
        hold(dtypes.iter().all(Option::is_some), "a register is never written")
    }

    /// Types of the expressions whose registers are written, and how many loop variables each needs.
    fn exprs(
        &self,
        nest: &Nest,
        regs: &[(u32, DType)],
        dtypes: &mut [Option<DType>],
        needs: &mut [usize],
    ) -> Check {
        for (at, expr) in nest.exprs.iter().enumerate() {
            let mut unknown = false;
            let mut need = 0;
            let mut of = |id: ExprId| -> Check<DType> {
                hold(id.index() < at, "an operand comes after its user")?;
                need = need.max(needs[id.index()]);
                unknown |= dtypes[id.index()].is_none();
                Ok(dtypes[id.index()].unwrap_or(DType::F32))
            };
            let dtype = match expr {
                Expr::Unary(op, a) => unary(*op, of(*a)?),
                Expr::Binary(op, a, b) => binary(*op, of(*a)?, of(*b)?),
                Expr::Select(c, a, b) => {
                    let (c, a, b) = (of(*c)?, of(*a)?, of(*b)?);
                    (c == DType::Bool && a == b).then_some(a)
                }
                Expr::Cast(to, a) => of(*a).map(|_| Some(*to))?,
                Expr::GatherLoad { row, .. } if of(*row)? != DType::I32 => None,
                Expr::Random { stream, .. } if of(*stream)? != DType::I64 => None,
                Expr::Reg(reg) => {
                    let found = regs.iter().rev().find(|(known, _)| *known == reg.0);
                    unknown = found.is_none();
                    Some(found.map_or(DType::F32, |(_, dtype)| *dtype))
                }
                leaf => Some(self.leaf(leaf)?),
            };
            needs[at] = need.max(own_reach(expr));
            if !unknown {
                dtypes[at] = Some(dtype.ok_or("an operand has an element type that its user does not take")?);
            }
        }
        Ok(())
    }

    fn leaf(&self, expr: &Expr) -> Check<DType> {
        match expr {
            Expr::Dim(dim) => self.dim(dim).map(|()| DType::I32),
            Expr::Affine { offset, strides } => self.form(offset, strides).map(|()| DType::I32),
            Expr::Random { offset, strides, .. } => self.form(offset, strides).map(|()| DType::F32),
            Expr::Load(access) => self.access(access),
            Expr::GuardedLoad { access, guards, otherwise } => {
                self.guards(guards)?;
                let dtype = self.access(access)?;
                hold(otherwise.dtype() == dtype, "padding has another element type")?;
                Ok(dtype)
            }
            Expr::GatherLoad { access, rows, stride, .. } => {
                self.dim(rows)?;
                self.dim(stride)?;
                self.access(access)
            }
            Expr::Holds(guards) => self.guards(guards).map(|()| DType::Bool),
            Expr::Constant(scalar) => Ok(scalar.dtype()),
            _ => Err("an expression has no type"),
        }
    }

    fn access(&self, access: &Access) -> Check<DType> {
        self.form(&access.offset, &access.strides)?;
        Ok(self.kind(access.buffer)?.0)
    }

    fn guards(&self, guards: &[Guard]) -> Check {
        guards.iter().try_for_each(|guard| {
            self.form(&guard.offset, &guard.strides).and_then(|()| self.dim(&guard.size))
        })
    }

    fn form(&self, offset: &Dim, strides: &[(Index, Dim)]) -> Check {
        self.dim(offset)?;
        strides.iter().try_for_each(|(_, stride)| self.dim(stride))?;
        hold(strides.is_sorted_by(|a, b| a.0 < b.0), "strides are not in order")
    }
}

/// Number of loop variables that a form needs.
fn reach(strides: &[(Index, Dim)]) -> usize {
    strides.iter().map(|(index, _)| index.index() + 1).max().unwrap_or(0)
}

fn own_reach(expr: &Expr) -> usize {
    let guarded = |guards: &[Guard]| guards.iter().map(|guard| reach(&guard.strides)).max().unwrap_or(0);
    match expr {
        Expr::Affine { strides, .. } | Expr::Random { strides, .. } => reach(strides),
        Expr::Load(access) | Expr::GatherLoad { access, .. } => reach(&access.strides),
        Expr::GuardedLoad { access, guards, .. } => reach(&access.strides).max(guarded(guards)),
        Expr::Holds(guards) => guarded(guards),
        _ => 0,
    }
}

fn folded(fold: Fold, dtype: DType) -> Check<DType> {
    match fold {
        Fold::Reduce(ReduceOp::All | ReduceOp::Any) if dtype != DType::Bool => {
            Err("a fold of truth values takes bool")
        }
        Fold::Reduce(_) => Ok(dtype),
        Fold::ArgMax | Fold::Count => Ok(DType::I32),
    }
}

fn unary(op: UnaryOp, a: DType) -> Option<DType> {
    let signed = a.is_float() || matches!(a, DType::I8 | DType::I32 | DType::I64 | DType::Trit);
    match op {
        UnaryOp::Neg | UnaryOp::Abs => signed.then_some(a),
        UnaryOp::Sign => (signed || a == DType::U8).then_some(a),
        UnaryOp::Not => (a == DType::Bool).then_some(a),
        UnaryOp::IsFinite | UnaryOp::IsNan => a.is_float().then_some(DType::Bool),
        _ => (a == DType::F32).then_some(a),
    }
}

fn binary(op: BinaryOp, a: DType, b: DType) -> Option<DType> {
    let logical = matches!(op, BinaryOp::And | BinaryOp::Or);
    let fits = a == b && (!logical || a == DType::Bool) && (op != BinaryOp::Pow || a == DType::F32);
    fits.then_some(if op.is_comparison() { DType::Bool } else { a })
}

/// Element type of the sums of a contraction.
fn sums(kind: ContractionKind) -> DType {
    if matches!(kind, ContractionKind::I8 | ContractionKind::I8T2) { DType::I32 } else { DType::F32 }
}
