//! Contractions of one left operand that follow each other: queries, keys and values; a gate and what it gates. A backend may run them as
//! one parallel region, which is entered and waited for once, and whose work threads share better. Each is the step that it would be by
//! itself, so weights, encodings and epilogues stay as they are, and so do the bits.

use std::ops::Range;

use crate::operands::for_each_buffer;
use crate::{BufferId, Contraction, Expr, Place, Product, Schedule, Stage, StepKind};

/// Most steps that share a region: with more, each has enough work for all threads.
const MOST: usize = 8;

/// Steps that may run as one parallel region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Siblings {
    /// Positions of the steps.
    pub steps: Range<u32>,
    /// Whether an epilogue reads what a step before it makes, the element that it writes. Then a thread does all steps for a block of rows and
    /// columns before the next block.
    pub is_chain: bool,
}

/// Notes which steps of a schedule are siblings.
pub(crate) fn find(schedule: &mut Schedule) {
    let (mut found, mut start) = (Vec::new(), 0);
    while start < schedule.steps.len() {
        let (mut end, mut last) = (start + 1, None);
        while end - start < MOST
            && let Some(is_chain) = relation(schedule, start..end + 1)
        {
            last = Some(is_chain);
            end += 1;
        }
        found.extend(last.map(|is_chain| Siblings { steps: start as u32..end as u32, is_chain }));
        start = end;
    }
    schedule.siblings = found;
}

/// Whether some steps can be siblings, and if so whether they are a chain.
pub(crate) fn relation(schedule: &Schedule, steps: Range<usize>) -> Option<bool> {
    let members = schedule.steps.get(steps.clone()).filter(|steps| (2..=MOST).contains(&steps.len()))?;
    let members: Vec<Member<'_>> =
        members.iter().map(|step| Member::of(schedule, &step.kind)).collect::<Option<_>>()?;
    let (first, others) = members.split_first()?;
    let stays = |member: &Member<'_>| matches!(member.out, Place::Slot(_));
    let repeat = turn(schedule, steps.start);
    if !steps.clone().all(|at| turn(schedule, at) == repeat)
        || !(repeat.is_none() || members.iter().all(stays))
        || !others.iter().all(|other| first.has_operand_of(other))
    {
        return None;
    }
    let mut is_chain = false;
    for (at, later) in members.iter().enumerate() {
        for earlier in &members[..at] {
            is_chain |= later.follows(earlier)?;
        }
    }
    let same_blocks = others.iter().all(|other| other.product.n == first.product.n);
    (!is_chain || same_blocks).then_some(is_chain)
}

/// The repeat that a step is in.
fn turn(schedule: &Schedule, step: usize) -> Option<usize> {
    let next = schedule.repeats.partition_point(|repeat| repeat.steps.end as usize <= step);
    schedule.repeats.get(next).filter(|repeat| repeat.steps.start as usize <= step).map(|_| next)
}

/// A step that may have siblings.
struct Member<'s> {
    schedule: &'s Schedule,
    step: &'s StepKind,
    product: &'s Contraction,
    /// Where its results lie.
    out: Place,
}

impl<'s> Member<'s> {
    fn of(schedule: &'s Schedule, step: &'s StepKind) -> Option<Self> {
        let product = match step {
            StepKind::Contraction(product) => &**product,
            StepKind::Epilogue(step) => step.contraction()?,
            _ => return None,
        };
        let is_plain = product.outer.is_empty();
        is_plain.then(|| Member { schedule, step, product, out: schedule.memory(product.out) })
    }

    /// Whether both multiply the same rows.
    fn has_operand_of(&self, other: &Member<'_>) -> bool {
        let (a, b) = (self.product, other.product);
        let memory = |product: &Contraction| self.schedule.memory(product.lhs);
        (a.kind, memory(a), &a.lhs_offset, &a.lhs_strides, &a.m, &a.k)
            == (b.kind, memory(b), &b.lhs_offset, &b.lhs_strides, &b.m, &b.k)
    }

    fn names(&self, place: Place) -> bool {
        let mut found = false;
        for_each_buffer(self.step, &mut |buffer| found |= self.schedule.memory(buffer) == place);
        found
    }

    /// Whether the step reads what an earlier one made, the element that it writes; none if it reads more, or they cannot run together for
    /// another reason.
    fn follows(&self, earlier: &Member<'_>) -> Option<bool> {
        if earlier.names(self.out) {
            return None;
        }
        if !self.names(earlier.out) {
            return Some(false);
        }
        let StepKind::Epilogue(step) = self.step else { return None };
        let [Stage::Map { stores, .. }] = step.nest.stages.as_slice() else { return None };
        let [store] = stores.as_slice() else { return None };
        let Product::Contraction(product) = &step.product else { return None };
        let is_made = |buffer: BufferId| self.schedule.memory(buffer) == earlier.out;
        let scales = product.scales.iter().flat_map(|it| [it.rows, it.columns].into_iter().chain(it.all));
        let of_product = [product.lhs, product.rhs].into_iter().chain(scales).any(is_made);
        let own_element = step.nest.exprs.iter().all(|expr| match expr {
            Expr::Load(access) if is_made(access.buffer) => {
                (&access.offset, &access.strides) == (&store.to.offset, &store.to.strides)
            }
            Expr::GuardedLoad { access, .. } | Expr::GatherLoad { access, .. } => !is_made(access.buffer),
            _ => true,
        });
        let (one, zero) = (Some(1), Some(0));
        // An epilogue runs over its results row by row; so must those lie that it reads.
        let is_row_major = earlier.product.out_offset.as_constant() == zero
            && (earlier.product.out_stride == earlier.product.n || earlier.product.m.as_constant() == one);
        (own_element && !of_product && is_row_major).then_some(true)
    }
}
