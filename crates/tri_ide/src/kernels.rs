//! Which kernels serve the operation or the call under the cursor on this machine, where the file has a model that computes it.
//!
//! The passes run over a copy of the model in which each instruction has a number in the place of its origin. So what they make is traced
//! back to the functions of one instance, and edits that change no instruction leave the result as it is. Of the result only the
//! functions are scheduled that hold something asked for.

use std::collections::BTreeSet;

use tri_db::{Db, SourceFile};
use tri_ir::{FunctionId, Inst, Module, Origin, Verified};
use tri_kernel_ir::{Fusion, KernelChoice};
use tri_kernels::CpuLevel;
use tri_lower::{Lowered, Place};
use tri_passes::OptLevel;

use crate::elaboration::lowered;

/// Most kernels that are listed.
const LISTED: usize = 8;

/// A model with the number of each instruction, counted through all functions, as its origin. One that comes back after a few edits, such
/// as from half a word, is the same.
#[salsa::interned(debug, revisions = 8)]
struct Numbered<'db> {
    #[returns(ref)]
    module: Module,
}

/// The model of a file.
#[salsa::tracked(returns(copy), lru = 8)]
fn numbered<'db>(db: &'db dyn Db, file: SourceFile) -> Option<Numbered<'db>> {
    let mut module = lowered(db, file)?.module.clone();
    let insts = module.functions.iter_mut().flat_map(|function| &mut function.insts);
    for (number, inst) in (0..).zip(insts) {
        inst.origin = Some(Origin(number));
    }
    Some(Numbered::new(db, module))
}

/// A model after the passes of -O2. None where it does not compile.
#[salsa::tracked(returns(ref), no_eq, lru = 8)]
fn optimized<'db>(db: &'db dyn Db, model: Numbered<'db>) -> Option<Verified> {
    let module = tri_ir::verify(model.module(db).clone()).ok()?;
    let mut go_on = |_: &tri_passes::PassRun, _: &Module| db.unwind_if_revision_cancelled();
    tri_passes::optimize(&module, OptLevel::O2, &mut go_on).ok()
}

/// The kernels of the expression at a place, without repetitions.
pub(crate) fn of_place(db: &dyn Db, file: SourceFile, place: Place) -> Vec<String> {
    let Some(numbers) = lowered(db, file).map(|lowered| instructions(lowered, place)) else {
        return Vec::new();
    };
    if numbers.is_empty() {
        return Vec::new();
    }
    let model = numbered(db, file).and_then(|model| optimized(db, model).as_ref());
    let Some(module) = model else { return Vec::new() };
    let is_wanted = |inst: &Inst| {
        inst.origin.is_some_and(|origin| numbers.contains(&origin.0)) && inst.op.callees().is_empty()
    };
    let mut lines: Vec<String> = Vec::new();
    for (id, function) in (0..).zip(&module.functions) {
        if !function.insts.iter().any(is_wanted) {
            continue;
        }
        db.unwind_if_revision_cancelled();
        let wanted = |at: usize| function.insts.get(at).is_some_and(is_wanted);
        let explained = tri_kernel_ir::explain_where(module, FunctionId(id), Fusion::Full, wanted);
        for choice in explained.iter().flatten() {
            let line = line(choice);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        if lines.len() > LISTED {
            lines.truncate(LISTED);
            lines.push("and more".to_owned());
            break;
        }
    }
    lines
}

/// Numbers of the instructions that a place stands for: those that come from it, those that stand there for a function of the library,
/// and those of the functions that any of these call.
fn instructions(lowered: &Lowered, place: Place) -> BTreeSet<u32> {
    let functions = &lowered.module.functions;
    let mut firsts = Vec::new();
    let (mut first, mut numbers, mut open) = (0, BTreeSet::new(), Vec::new());
    for function in functions {
        firsts.push(first);
        let calls = lowered.source_map.calls(&function.name);
        let inlined = calls.iter().flat_map(|calls| &calls.inlined);
        let ranges: Vec<_> =
            inlined.filter(|(_, callee)| callee.place == place).map(|(range, _)| range).collect();
        for (at, inst) in (0..).zip(&function.insts) {
            let own = inst.origin.and_then(|origin| lowered.source_map.place(origin));
            if own == Some(place) || ranges.iter().any(|range| range.contains(&at)) {
                numbers.insert(first + at);
                open.extend(inst.op.callees());
            }
        }
        first += function.insts.len() as u32;
    }
    let mut seen = BTreeSet::new();
    while let Some(callee) = open.pop() {
        let (Some(function), Some(first)) = (functions.get(callee.index()), firsts.get(callee.index()))
        else {
            continue;
        };
        if seen.insert(callee.index()) {
            numbers.extend(*first..*first + function.insts.len() as u32);
            open.extend(function.insts.iter().flat_map(|inst| inst.op.callees()));
        }
    }
    numbers
}

fn line(choice: &KernelChoice) -> String {
    let operation = choice.op.split(' ').next().unwrap_or_default();
    let level =
        if choice.is_micro { format!(" for {}", CpuLevel::of_machine().name()) } else { String::new() };
    format!("`{operation}`: {}{level} ({})", choice.kernel, choice.reason)
}
