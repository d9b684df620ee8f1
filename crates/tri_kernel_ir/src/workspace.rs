//! How much memory a schedule works in, as a formula of its sizes. The runtime asks [`crate::workspace_bytes`] for the number; this
//! is for people, who want to know what it grows with.

use tri_dims::DimError;
use tri_ir::{Dim, Symbol};

use crate::plan::ALIGNMENT;
use crate::{Module, ScheduleId, SlotSize};

/// Most formulas of which none is always the largest.
const MAX_CHOICES: usize = 8;

/// The workspace of a schedule: the largest of some formulas over its symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Bytes, none of which is always at least another. Slots whose size is a number count with their alignment.
    pub largest: Vec<Dim>,
    /// Slots whose size depends on symbols; the alignment of each adds at most 63 bytes, those of callees included.
    pub aligned: u64,
}

/// The workspace of every schedule, in order; none where it has no formula: too many that are not comparable, or a size that does not
/// fit.
pub fn workspace(module: &Module) -> Vec<Option<Workspace>> {
    let mut known: Vec<Option<Workspace>> = Vec::with_capacity(module.schedules.len());
    for id in 0..module.schedules.len() as u32 {
        let workspace = of_schedule(module, ScheduleId(id), &known);
        known.push(workspace);
    }
    known
}

fn of_schedule(module: &Module, id: ScheduleId, known: &[Option<Workspace>]) -> Option<Workspace> {
    let schedule = &module.schedules[id.index()];
    // A size that is bound inside counts at its limit.
    let size = |symbol: &Symbol| match schedule.symbols.get(symbol.index()) {
        Some(info) if info.bound_inside => info.max.map(Dim::constant).ok_or(DimError::Unbound),
        _ => Ok(Dim::var(*symbol)),
    };
    let mut sum = Workspace { largest: vec![Dim::default()], aligned: 0 };
    for slot in &schedule.slots {
        let (mut choices, mut aligned) = (Vec::new(), 0);
        for size_there in &slot.sizes {
            match size_there {
                SlotSize::Bytes(bytes) => {
                    add_choice(&mut choices, bytes.substitute(&mut |it| size(it)).ok()?)
                }
                SlotSize::Workspace { schedule, symbols } => {
                    let callee = known.get(schedule.index())?.as_ref()?;
                    let given: Vec<Dim> = symbols
                        .iter()
                        .map(|dim| dim.substitute(&mut |it| size(it)).ok())
                        .collect::<Option<_>>()?;
                    let inner = |it: &Symbol| given.get(it.index()).cloned().ok_or(DimError::Unbound);
                    for bytes in &callee.largest {
                        add_choice(&mut choices, bytes.substitute(&mut |it| inner(it)).ok()?);
                    }
                    aligned = callee.aligned.max(aligned);
                }
            }
        }
        for choice in &mut choices {
            match choice.as_constant() {
                Some(bytes) => *choice = Dim::constant(round_up(bytes)?),
                None => aligned = aligned.max(1),
            }
        }
        sum.aligned = sum.aligned.checked_add(aligned)?;
        sum.largest = sums(&sum.largest, &choices)?;
    }
    Some(sum)
}

/// Bytes up to the end of a slot of them.
fn round_up(bytes: i64) -> Option<i64> {
    let bytes = u64::try_from(bytes).ok()?.checked_next_multiple_of(ALIGNMENT)?;
    i64::try_from(bytes).ok()
}

/// Every sum of one of each, without those that never are the largest.
fn sums(left: &[Dim], right: &[Dim]) -> Option<Vec<Dim>> {
    if right.is_empty() {
        return Some(left.to_vec());
    }
    let mut all = Vec::new();
    for a in left {
        for b in right {
            add_choice(&mut all, a.add(b).ok()?);
        }
    }
    (all.len() <= MAX_CHOICES).then_some(all)
}

/// Adds a formula, if it can be the largest, and drops those that cannot be any more.
fn add_choice(choices: &mut Vec<Dim>, choice: Dim) {
    if !choices.iter().any(|known| is_at_most(&choice, known)) {
        choices.retain(|known| !is_at_most(known, &choice));
        choices.push(choice);
    }
}

/// Whether a formula is at most another for all sizes: sizes are not negative, so a difference without negative terms is not.
fn is_at_most(a: &Dim, b: &Dim) -> bool {
    b.sub(a).is_ok_and(|difference| difference.terms().iter().all(|(_, n)| *n > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Schedule, Slot};
    use tri_ir::SymbolInfo;

    fn var(at: u32) -> Dim {
        Dim::var(Symbol(at))
    }

    fn times(dim: Dim, by: i64) -> Dim {
        dim.mul(&Dim::constant(by)).expect("the sizes of a test are small")
    }

    fn schedule(slots: Vec<Vec<SlotSize>>, inside: Option<i64>) -> Schedule {
        let symbol = |name: &str, max: Option<i64>, bound_inside| SymbolInfo {
            name: name.to_owned(),
            min: 0,
            max,
            bound_inside,
        };
        let mut symbols = vec![symbol("B", None, false), symbol("T", None, false)];
        symbols.extend(inside.map(|max| symbol("P", Some(max), true)));
        Schedule {
            name: "f".to_owned(),
            symbols,
            buffers: Vec::new(),
            params: Vec::new(),
            results: Vec::new(),
            states: Vec::new(),
            slots: slots.into_iter().map(|sizes| Slot { sizes }).collect(),
            steps: Vec::new(),
            repeats: Vec::new(),
            siblings: Vec::new(),
        }
    }

    #[test]
    fn slots_add_up_and_their_largest_use_counts() {
        let bytes = |dim: Dim| SlotSize::Bytes(dim);
        let slots =
            vec![vec![bytes(times(var(0), 256)), bytes(times(var(0), 64))], vec![bytes(Dim::constant(100))]];
        let module = Module { schedules: vec![schedule(slots, None)] };
        let found = workspace(&module).remove(0).expect("it has a formula");
        let expected = times(var(0), 256).add(&Dim::constant(128)).expect("small");
        assert_eq!(found, Workspace { largest: vec![expected], aligned: 1 });
    }

    #[test]
    fn neither_of_two_sizes_need_be_the_larger() {
        let slots = vec![vec![SlotSize::Bytes(var(0)), SlotSize::Bytes(var(1))]];
        let module = Module { schedules: vec![schedule(slots, None)] };
        let found = workspace(&module).remove(0).expect("it has a formula");
        assert_eq!(found.largest, [var(0), var(1)]);
    }

    #[test]
    fn callees_count_in_the_sizes_of_the_call_and_inner_sizes_at_their_limit() {
        let callee = schedule(vec![vec![SlotSize::Bytes(times(var(0), 4))]], None);
        let call = SlotSize::Workspace { schedule: ScheduleId(0), symbols: vec![times(var(1), 16), var(0)] };
        let inner = SlotSize::Bytes(times(Dim::var(Symbol(2)), 8));
        let caller = schedule(vec![vec![call], vec![inner]], Some(32));
        let module = Module { schedules: vec![callee, caller] };
        let found = workspace(&module).remove(1).expect("it has a formula");
        let expected = times(var(1), 64).add(&Dim::constant(256)).expect("small");
        assert_eq!(found.largest, [expected]);
    }
}
