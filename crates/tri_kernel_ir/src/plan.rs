//! The memory plan: buffers of the workspace that do not live at the same time share a slot.
//!
//! A buffer lives from the first step that names it to the last, aliases included. In order of birth each buffer takes
//! a slot that is free and has held its size, else any free slot, else a new one. Slots lie one after another,
//! each at a multiple of [`ALIGNMENT`] bytes and as large as the largest of its uses.

use rustc_hash::FxHashMap;
use tri_dims::{Atom, DimError};
use tri_ir::{Dim, Encoding, Symbol};

use crate::operands::for_each_buffer;
use crate::{Buffer, BufferId, Module, Place, Schedule, ScheduleId, Slot, SlotSize, StepKind};

/// Bytes that each slot's offset is a multiple of.
pub const ALIGNMENT: u64 = 64;

/// Why the workspace has no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The workspace does not fit in 64 bits.
    #[error("the workspace does not fit in 64 bits")]
    TooLarge,
    /// A size has no value or a negative one.
    #[error("a buffer of the workspace has no size")]
    NoSize,
    /// There is no such schedule, or a schedule calls one that does not come before it.
    #[error("there is no such schedule")]
    NoSchedule,
}

impl From<DimError> for PlanError {
    fn from(error: DimError) -> Self {
        if error == DimError::Overflow { PlanError::TooLarge } else { PlanError::NoSize }
    }
}

/// What needs a region of the workspace.
#[derive(Debug)]
pub(crate) enum Region {
    Buffer(BufferId),
    Workspace { callees: Vec<(ScheduleId, Vec<Dim>)>, step: usize },
}

/// Bytes of a buffer.
pub fn bytes(buffer: &Buffer) -> Result<Dim, DimError> {
    let element = Dim::constant(buffer.dtype.bytes() as i64);
    let Some((row, lead)) = buffer.shape.split_last() else { return Ok(element) };
    let row = match buffer.encoding {
        Encoding::Plain => row.mul(&element)?,
        Encoding::T2 => row.ceil_div(&4.into())?,
        Encoding::T160 => row.ceil_div(&5.into())?,
        Encoding::Planes => row.ceil_div(&64.into())?.mul(&16.into())?,
    };
    Dim::product(lead)?.mul(&row)
}

/// The buffer whose memory a buffer is, following aliases; `None` if they go round.
pub fn root(schedule: &Schedule, buffer: BufferId) -> Option<BufferId> {
    let mut at = buffer;
    for _ in 0..=schedule.buffers.len() {
        match schedule.buffers.get(at.index())?.place {
            Place::Alias(of) => at = of,
            _ => return Some(at),
        }
    }
    None
}

/// First and last step of each region, `None` for one that no step uses.
fn lives(schedule: &Schedule, regions: &[Region]) -> Vec<Option<(usize, usize)>> {
    let mut region_of = FxHashMap::default();
    let mut lives = vec![None; regions.len()];
    for (i, region) in regions.iter().enumerate() {
        match region {
            Region::Buffer(buffer) => {
                region_of.insert(*buffer, i);
            }
            Region::Workspace { step, .. } => lives[i] = Some((*step, *step)),
        }
    }
    for (at, step) in schedule.steps.iter().enumerate() {
        for_each_buffer(&step.kind, &mut |buffer| {
            let region = root(schedule, buffer).and_then(|root| region_of.get(&root));
            if let Some(region) = region {
                let life = lives[*region].get_or_insert((at, at));
                life.1 = at;
            }
        });
    }
    lives
}

/// Gives each region a slot.
pub(crate) fn assign(schedule: &mut Schedule, regions: Vec<Region>) -> Result<(), DimError> {
    let lives = lives(schedule, &regions);
    let mut order: Vec<usize> = (0..regions.len()).collect();
    order.sort_by_key(|region| lives[*region].map_or(0, |life| life.0));
    let mut busy_until: Vec<Option<usize>> = Vec::new();
    let mut slot_of = vec![0u32; regions.len()];
    for at in order {
        let sizes = match &regions[at] {
            Region::Buffer(buffer) => vec![SlotSize::Bytes(bytes(&schedule.buffers[buffer.index()])?)],
            Region::Workspace { callees, .. } => {
                let size = |(schedule, symbols): &(ScheduleId, Vec<Dim>)| SlotSize::Workspace {
                    schedule: *schedule,
                    symbols: symbols.clone(),
                };
                callees.iter().map(size).collect()
            }
        };
        let (birth, death) = lives[at].unwrap_or((0, schedule.steps.len()));
        let free = |slot: &usize| busy_until[*slot].is_none_or(|until| until < birth);
        let fits = |slot: &usize| sizes.iter().all(|size| schedule.slots[*slot].sizes.contains(size));
        let slots = 0..schedule.slots.len();
        let found = slots.clone().find(|slot| free(slot) && fits(slot)).or_else(|| slots.clone().find(free));
        let slot = found.unwrap_or_else(|| {
            schedule.slots.push(Slot { sizes: Vec::new() });
            busy_until.push(None);
            schedule.slots.len() - 1
        });
        busy_until[slot] = Some(death);
        for size in sizes {
            if !schedule.slots[slot].sizes.contains(&size) {
                schedule.slots[slot].sizes.push(size);
            }
        }
        slot_of[at] = slot as u32;
    }
    for buffer in &mut schedule.buffers {
        if let Place::Slot(region) = &mut buffer.place {
            *region = slot_of[*region as usize];
        }
    }
    for step in &mut schedule.steps {
        match &mut step.kind {
            StepKind::Call(call) => call.workspace = slot_of[call.workspace as usize],
            StepKind::Route(route) => {
                route.workspaces = route.workspaces.map(|region| slot_of[region as usize]);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Least and greatest value of a size.
type Range = (i64, i64);

/// Bytes of the workspace of a schedule. `symbols` are the sizes that a caller gives; those bound inside count at their limits.
pub fn workspace_bytes(module: &Module, id: ScheduleId, symbols: &[i64]) -> Result<u64, PlanError> {
    let ranges: Vec<Range> = symbols.iter().map(|size| (*size, *size)).collect();
    Planner { module, known: FxHashMap::default() }.workspace(id, ranges)
}

/// Byte offset of each slot in the workspace.
pub fn slot_offsets(module: &Module, id: ScheduleId, symbols: &[i64]) -> Result<Vec<u64>, PlanError> {
    let ranges: Vec<Range> = symbols.iter().map(|size| (*size, *size)).collect();
    Ok(Planner { module, known: FxHashMap::default() }.offsets(id, ranges)?.0)
}

struct Planner<'m> {
    module: &'m Module,
    known: FxHashMap<(ScheduleId, Vec<Range>), u64>,
}

impl Planner<'_> {
    fn workspace(&mut self, id: ScheduleId, given: Vec<Range>) -> Result<u64, PlanError> {
        let key = (id, given);
        if let Some(bytes) = self.known.get(&key) {
            return Ok(*bytes);
        }
        let bytes = self.offsets(id, key.1.clone())?.1;
        self.known.insert(key, bytes);
        Ok(bytes)
    }

    fn offsets(&mut self, id: ScheduleId, mut ranges: Vec<Range>) -> Result<(Vec<u64>, u64), PlanError> {
        let module = self.module;
        let schedule = module.schedules.get(id.index()).ok_or(PlanError::NoSchedule)?;
        for info in schedule.symbols.iter().skip(ranges.len()) {
            ranges.push((info.min, info.max.ok_or(PlanError::NoSize)?));
        }
        let mut end = 0u64;
        let mut offsets = Vec::with_capacity(schedule.slots.len());
        for slot in &schedule.slots {
            offsets.push(end);
            let mut largest = 0;
            for size in &slot.sizes {
                largest = largest.max(self.size(id, size, &ranges)?);
            }
            let next = end.checked_add(largest).ok_or(PlanError::TooLarge)?;
            end = next.checked_next_multiple_of(ALIGNMENT).ok_or(PlanError::TooLarge)?;
        }
        Ok((offsets, end))
    }

    fn size(&mut self, caller: ScheduleId, size: &SlotSize, ranges: &[Range]) -> Result<u64, PlanError> {
        match size {
            SlotSize::Bytes(dim) => Ok(range(dim, ranges)?.1.max(0) as u64),
            SlotSize::Workspace { schedule, .. } if *schedule >= caller => Err(PlanError::NoSchedule),
            SlotSize::Workspace { schedule, symbols } => {
                let given = symbols.iter().map(|dim| range(dim, ranges)).collect::<Result<_, _>>()?;
                self.workspace(*schedule, given)
            }
        }
    }
}

/// Limits of a size for symbols within limits.
fn range(dim: &Dim, symbols: &[Range]) -> Result<Range, PlanError> {
    let mut sum = (0i64, 0i64);
    for (monomial, coefficient) in dim.terms() {
        let mut product = (*coefficient, *coefficient);
        for (atom, power) in monomial {
            let atom = atom_range(atom, symbols)?;
            for _ in 0..*power {
                product = corners(product, atom, i64::checked_mul)?;
            }
        }
        let add = |a: i64, b: i64| a.checked_add(b).ok_or(PlanError::TooLarge);
        sum = (add(sum.0, product.0)?, add(sum.1, product.1)?);
    }
    Ok(sum)
}

fn corners(a: Range, b: Range, op: impl Fn(i64, i64) -> Option<i64>) -> Result<Range, PlanError> {
    let mut result: Option<Range> = None;
    for (x, y) in [(a.0, b.0), (a.0, b.1), (a.1, b.0), (a.1, b.1)] {
        let value = op(x, y).ok_or(PlanError::TooLarge)?;
        result = Some(result.map_or((value, value), |(low, high)| (low.min(value), high.max(value))));
    }
    result.ok_or(PlanError::NoSize)
}

fn atom_range(atom: &Atom<Symbol>, symbols: &[Range]) -> Result<Range, PlanError> {
    let (n, d) = match atom {
        Atom::Var(symbol) => return symbols.get(symbol.index()).copied().ok_or(PlanError::NoSize),
        Atom::Floor(n, d) | Atom::Ceil(n, d) | Atom::Exact(n, d) | Atom::Rem(n, d) => (n, d),
    };
    let (n, d) = (range(n, symbols)?, range(d, symbols)?);
    // A divisor of 0 divides nothing; what is left of its range is positive.
    let d = (d.0.max(1), d.1.max(1));
    match atom {
        Atom::Rem(..) => Ok((0, d.1 - 1)),
        Atom::Ceil(..) => corners(n, d, |n, d| n.checked_neg()?.div_euclid(d).checked_neg()),
        _ => corners(n, d, |n, d| Some(n.div_euclid(d))),
    }
}
