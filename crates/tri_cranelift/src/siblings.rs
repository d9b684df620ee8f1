//! Siblings: several steps as one parallel region. A kernel finds which of them a unit belongs to; each runs by the body of its own form.

use cranelift_codegen::ir::{InstBuilder, Value, types};
use tri_kernel_ir::{Contraction, Siblings, StepKind};
use tri_kernels::{KernelTable, SiblingArgs, SiblingPart};

use crate::contraction::{COLUMNS, UNIT};
use crate::emitter::Emitter;
use crate::functions::Function;
use crate::launch::{Work, share_out};
use crate::schedule::ScheduleContext;

/// The product of a step that has siblings.
pub(crate) fn product(step: &StepKind) -> Option<&Contraction> {
    match step {
        StepKind::Contraction(product) => Some(product),
        StepKind::Epilogue(step) => step.contraction(),
        _ => None,
    }
}

impl ScheduleContext<'_> {
    /// The siblings whose first step this is, unless each of them runs by itself: where steps are marked or call their kernels themselves.
    pub(crate) fn siblings_from(&self, step: usize) -> Option<&Siblings> {
        let siblings = &self.schedule().siblings;
        let at = siblings.partition_point(|it| (it.steps.start as usize) < step);
        let found = siblings.get(at).filter(|it| it.steps.start as usize == step)?;
        let is_direct = |step: u32| self.direct(step as usize).is_some();
        (!self.marks && !found.steps.clone().any(is_direct)).then_some(found)
    }

    /// Emits their region.
    pub(crate) fn emit_siblings(&self, e: &mut Emitter<'_>, siblings: &Siblings) {
        let slot = e.stack(SiblingArgs::BYTES + siblings.steps.len() as u32 * SiblingPart::BYTES);
        let args = e.stack_address(slot);
        let head = [
            (SiblingArgs::PARTS_OFFSET, siblings.steps.len() as i64),
            (SiblingArgs::BLOCK_OFFSET, if siblings.is_chain { COLUMNS / UNIT } else { 0 }),
        ];
        for (offset, number) in head {
            let number = e.int(number);
            e.store(number, args, offset);
        }
        let mut sums: Option<[Value; 2]> = None;
        for (step, place) in siblings.steps.clone().zip((SiblingArgs::BYTES as i32..).step_by(PART)) {
            let [units, work] = self.part(e, step as usize, args, place);
            sums = Some(match sums {
                None => [units, work],
                Some([all, total]) => {
                    // Of a chain all have the same units.
                    let all = if siblings.is_chain { all } else { e.builder.ins().iadd(all, units) };
                    [all, e.builder.ins().iadd(total, work)]
                }
            });
        }
        let [units, total] = sums.unwrap_or_else(|| [e.int(0), e.int(0)]);
        let some = e.at_least_one(units);
        let cost = e.builder.ins().udiv(total, some);
        let cost = e.at_least_one(cost);
        let body = e.kernel(KernelTable::SIBLINGS_OFFSET);
        share_out(e, body, args, [units, cost, total]);
    }

    /// Fills a part in; gives its units and the cost of all of them.
    fn part(&self, e: &mut Emitter<'_>, step: usize, args: Value, place: i32) -> [Value; 2] {
        let (form, arguments) = self.functions.form_of(self.id, step);
        let frame = self.body_frame(e, *form, arguments, true);
        let body = self.functions.import(e, Function::Body(*form));
        let body = e.builder.ins().func_addr(types::I64, body);
        let product =
            product(&self.schedule().steps[step].kind).expect("verified: siblings are contractions");
        let (units, cost) = Work::of_contraction(product).units(e);
        let fields = [
            (SiblingPart::BODY_OFFSET, body),
            (SiblingPart::FRAME_OFFSET, frame),
            (SiblingPart::UNITS_OFFSET, units),
        ];
        for (offset, value) in fields {
            e.store(value, args, place + offset);
        }
        let cost = e.at_least_one(cost);
        [units, e.builder.ins().imul(units, cost)]
    }
}

/// Bytes from part to part.
const PART: usize = SiblingPart::BYTES as usize;
