//! The function of a schedule: lays out the workspace, then runs the steps.

use std::ops::Range;

use cranelift_codegen::{
    cursor::FuncCursor,
    ir::{InstBuilder, Value, condcodes::IntCC, types},
};
use tri_ir::Dim;
use tri_kernel_ir::{
    Arguments, BufferId, CallStep, Expr, Module, Nest, Schedule, ScheduleId, Slot, SlotSize, StepKind,
};

use crate::emitter::{Emitter, MEMORY};
use crate::functions::{Function, Functions, known_workspace};
use crate::sizes::Limits;
use crate::{FailureKind, FrameLayout, form};

/// Slots begin at multiples of this.
const ALIGNMENT: i64 = 64;

fn round_up(bytes: i64) -> i64 {
    bytes.saturating_add(ALIGNMENT - 1) & -ALIGNMENT
}

/// What a frame holds for each symbol that the caller gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    /// Its value.
    Values,
    /// Its least and its greatest value.
    Limits,
}

/// What the functions of one schedule are made from.
pub(crate) struct ScheduleContext<'m> {
    pub(crate) module: &'m Module,
    pub(crate) id: usize,
    pub(crate) functions: &'m Functions,
    /// Whether steps are marked.
    pub(crate) marks: bool,
}

impl<'m> ScheduleContext<'m> {
    pub(crate) fn schedule(&self) -> &'m Schedule {
        &self.module.schedules[self.id]
    }

    /// For each buffer, the word of the frame that holds its address.
    pub(crate) fn buffer_words(&self) -> Vec<usize> {
        let (schedule, layout) = (self.schedule(), FrameLayout::of(self.schedule()));
        let buffers = (0..schedule.buffers.len() as u32).map(BufferId);
        buffers.map(|buffer| layout.place_word(schedule.memory(buffer))).collect()
    }

    /// The word that a failure of a step stores.
    pub(crate) fn failure(&self, step: usize, kind: FailureKind) -> i64 {
        kind.word(self.functions.site(self.id, step))
    }

    /// Emits the schedule's own function.
    pub(crate) fn emit(&self, e: &mut Emitter<'_>) {
        self.place_slots(e);
        let (steps, mut at) = (self.schedule().steps.len(), 0);
        for repeat in &self.schedule().repeats {
            let Range { start, end } = repeat.steps;
            self.emit_steps(e, at..start as usize);
            e.move_anchor();
            let moving = repeat.moving.iter().map(|(buffer, by)| (*buffer, i64::from(*by))).collect();
            e.repeat(repeat.times, moving, |e| self.emit_steps(e, start as usize..end as usize));
            at = end as usize;
        }
        self.emit_steps(e, at..steps);
        e.builder.ins().return_(&[]);
    }

    fn emit_steps(&self, e: &mut Emitter<'_>, steps: Range<usize>) {
        let mut next = steps.start;
        for index in steps {
            if index < next {
                continue;
            }
            next = index + 1;
            if let Some(siblings) = self.siblings_from(index) {
                e.move_anchor();
                self.emit_siblings(e, siblings);
                next = siblings.steps.end as usize;
                continue;
            }
            self.mark(e, index, false);
            e.move_anchor();
            self.emit_step(e, index, &self.schedule().steps[index].kind);
            self.mark(e, index, true);
        }
    }

    /// Tells that a step begins or ends, if steps are marked.
    fn mark(&self, e: &mut Emitter<'_>, step: usize, is_end: bool) {
        if self.marks {
            let place = e.int((self.id as i64) << 32 | step as i64);
            let is_end = e.int(is_end.into());
            e.call_mark(place, is_end);
        }
    }

    /// Emits the function that gives the size of the workspace; its frame holds the limits of each symbol.
    pub(crate) fn emit_workspace_size(&self, e: &mut Emitter<'_>) {
        let mut sum = e.int(0);
        for slot in &self.schedule().slots {
            let size = self.slot_size(e, slot, Given::Limits);
            sum = e.builder.ins().iadd(sum, size);
        }
        e.builder.ins().return_(&[sum]);
    }

    fn place_slots(&self, e: &mut Emitter<'_>) {
        let layout = FrameLayout::of(self.schedule());
        let mut address = e.word(layout.workspace());
        for (index, slot) in self.schedule().slots.iter().enumerate() {
            e.set_word(layout.slot_word(index as u32), address);
            if index + 1 < self.schedule().slots.len() {
                let size = self.slot_size(e, slot, Given::Values);
                address = e.builder.ins().iadd(address, size);
            }
        }
        e.move_anchor();
    }

    /// Size of a slot: that of its largest use, rounded up to the alignment.
    fn slot_size(&self, e: &mut Emitter<'_>, slot: &Slot, given: Given) -> Value {
        let (mut known, mut largest) = (0, None);
        for (index, size) in slot.sizes.iter().enumerate() {
            if slot.sizes[..index].contains(size) {
                continue;
            }
            let number = match size {
                SlotSize::Bytes(bytes) => bytes.as_constant(),
                SlotSize::Workspace { schedule, symbols } => known_workspace(self.module, *schedule, symbols),
            };
            if let Some(number) = number {
                known = number.max(known);
                continue;
            }
            let size = match size {
                SlotSize::Bytes(bytes) => self.limits(e, bytes, given).1,
                SlotSize::Workspace { schedule, symbols } => {
                    self.workspace_size(e, *schedule, symbols, given)
                }
            };
            largest = Some(largest.map_or(size, |largest| e.larger(largest, size)));
        }
        let Some(mut largest) = largest else { return e.int(round_up(known)) };
        if known > 0 {
            let known = e.int(known);
            largest = e.larger(largest, known);
        }
        let sum = e.builder.ins().iadd_imm_s(largest, ALIGNMENT - 1);
        e.builder.ins().band_imm_s(sum, -ALIGNMENT)
    }

    /// Limits of a size before anything is bound inside.
    fn limits(&self, e: &mut Emitter<'_>, dim: &Dim, given: Given) -> Limits {
        let (symbols, frame) = (&self.schedule().symbols, e.frame);
        let word =
            |at: &mut FuncCursor<'_>, index: u32| at.ins().load(types::I64, MEMORY, frame, 8 * index as i32);
        e.limits(dim, &mut |at, symbol| {
            let info = &symbols[symbol.index()];
            if info.bound_inside {
                let high = info.max.unwrap_or(info.min);
                return (at.ins().iconst(types::I64, info.min), at.ins().iconst(types::I64, high));
            }
            match given {
                Given::Values => {
                    let value = word(at, symbol.0);
                    (value, value)
                }
                Given::Limits => (word(at, 2 * symbol.0), word(at, 2 * symbol.0 + 1)),
            }
        })
    }

    fn workspace_size(
        &self,
        e: &mut Emitter<'_>,
        callee: ScheduleId,
        symbols: &[Dim],
        given: Given,
    ) -> Value {
        let slot = e.argument_stack(16 * symbols.len().max(1) as u32);
        let frame = e.stack_address(slot);
        for (index, dim) in symbols.iter().enumerate() {
            let (low, high) = self.limits(e, dim, given);
            e.store(low, frame, 16 * index as i32);
            e.store(high, frame, 16 * index as i32 + 8);
        }
        let function = self.functions.import(e, Function::Workspace(callee.index()));
        let (ctx, zero) = (e.ctx, e.int(0));
        let call = e.builder.ins().call(function, &[ctx, frame, zero, zero]);
        e.builder.inst_results(call)[0]
    }

    fn emit_step(&self, e: &mut Emitter<'_>, index: usize, step: &'m StepKind) {
        if let Some(tile) = self.direct(index) {
            return self.emit_direct(e, index, tile);
        }
        match step {
            StepKind::Nest(nest) => {
                self.launch(e, index);
                if gathers(nest) {
                    e.return_if_failed();
                }
            }
            StepKind::Contraction(_)
            | StepKind::Attention(_)
            | StepKind::Epilogue(_)
            | StepKind::QuantizeRows(_)
            | StepKind::Convolution(_)
            | StepKind::MaxPool(_)
            | StepKind::Clusters(_) => self.launch(e, index),
            StepKind::Call(call) => self.call(e, call),
            StepKind::Route(route) => self.route(e, index, route),
            StepKind::BindDim { from, symbol, at_most } => {
                self.bind(e, index, *from, symbol.index(), at_most);
            }
        }
    }

    /// Runs a step that computes.
    fn launch(&self, e: &mut Emitter<'_>, step: usize) {
        let (form, arguments) = self.functions.form_of(self.id, step);
        let launch = self.functions.import(e, Function::Launch(self.functions.form(*form).launch));
        let body = self.functions.import(e, Function::Body(*form));
        let frame = self.body_frame(e, *form, arguments, false);
        let (ctx, zero) = (e.ctx, e.int(0));
        let body = e.builder.ins().func_addr(types::I64, body);
        e.builder.ins().call(launch, &[ctx, frame, body, zero]);
    }

    /// The frame of the body of a form, filled; it `stays` if it lives longer than the next call.
    pub(crate) fn body_frame(
        &self,
        e: &mut Emitter<'_>,
        form: usize,
        arguments: &Arguments,
        stays: bool,
    ) -> Value {
        let layout = form::layout(&self.functions.form(form).form);
        let bytes = 8 * layout.words() as u32;
        let slot = if stays { e.stack(bytes) } else { e.argument_stack(bytes) };
        let frame = e.stack_address(slot);
        for (word, dim) in layout.symbols().zip(&arguments.sizes) {
            let value = e.size(dim);
            e.store(value, frame, 8 * word as i32);
        }
        let buffers = arguments.buffers.iter().zip(0..);
        e.pass_buffers(buffers.map(|(buffer, number)| (*buffer, layout.buffer_word(number))), frame);
        frame
    }

    fn call(&self, e: &mut Emitter<'_>, call: &CallStep) {
        let own = FrameLayout::of(self.schedule());
        let layout = FrameLayout::of(&self.module.schedules[call.schedule.index()]);
        let slot = e.argument_stack(8 * layout.words() as u32);
        let frame = e.stack_address(slot);
        for (word, dim) in layout.symbols().zip(&call.symbols) {
            let value = e.size(dim);
            e.store(value, frame, 8 * word as i32);
        }
        let params = call.params.iter().zip(layout.params());
        let results = call.results.iter().zip(layout.results());
        let buffers = params.chain(results).chain(call.states.iter().zip(layout.states()));
        e.pass_buffers(buffers.map(|(buffer, word)| (*buffer, word)), frame);
        let workspace = e.word(own.slot_word(call.workspace));
        e.store(workspace, frame, 8 * layout.workspace() as i32);
        let none = e.int(0);
        self.call_schedule(e, call.schedule, frame, [none, none]);
    }

    /// Calls a schedule whose frame is filled, and returns if it failed. A tile is told the order of the rows that it reads and of those
    /// that it writes.
    pub(crate) fn call_schedule(
        &self,
        e: &mut Emitter<'_>,
        callee: ScheduleId,
        frame: Value,
        [from, to]: [Value; 2],
    ) {
        let function = self.functions.import(e, Function::Schedule(callee.index()));
        let ctx = e.ctx;
        e.builder.ins().call(function, &[ctx, frame, from, to]);
        if self.functions.can_fail(callee.index()) {
            e.return_if_failed();
        }
    }

    fn bind(&self, e: &mut Emitter<'_>, step: usize, from: BufferId, symbol: usize, at_most: &[(Dim, Dim)]) {
        let address = e.buffer(from);
        let value = e.load(types::I32, address, 0);
        let value = e.builder.ins().sextend(types::I64, value);
        e.set_word(symbol, value);
        // The bounds mention the symbol.
        e.move_anchor();
        let negative = e.builder.ins().icmp_imm_s(IntCC::SignedLessThan, value, 0);
        self.fail_if(e, negative, self.failure(step, FailureKind::NegativeSize), value);
        let too_large = self.failure(step, FailureKind::SizeTooLarge);
        if let Some(max) = self.schedule().symbols[symbol].max {
            let beyond = e.builder.ins().icmp_imm_s(IntCC::SignedGreaterThan, value, max);
            self.fail_if(e, beyond, too_large, value);
        }
        for (left, right) in at_most {
            let (left, right) = (e.size(left), e.size(right));
            let beyond = e.builder.ins().icmp(IntCC::SignedGreaterThan, left, right);
            self.fail_if(e, beyond, too_large, value);
        }
    }

    fn fail_if(&self, e: &mut Emitter<'_>, condition: Value, failure: i64, value: Value) {
        let (rare, usual) = e.rarely(condition);
        e.builder.switch_to_block(rare);
        let failure = e.int(failure);
        e.fail(failure, value);
        e.builder.ins().return_(&[]);
        e.builder.switch_to_block(usual);
        e.builder.seal_block(usual);
    }
}

/// Whether a nest can meet a row out of range.
pub(crate) fn gathers(nest: &Nest) -> bool {
    nest.exprs.iter().any(|expr| matches!(expr, Expr::GatherLoad { .. }))
}
