//! What the optimiser did to a program: each pass with the places that it changed and what a call costs before and after it, then
//! what fusing kernels saves.

use std::collections::BTreeMap;

use tri_graph::{Formula, Measure, entry_cost};
use tri_ir::{Module, Origin};
use tri_kernel_ir::{Fusion, ScheduleId, Workspace, workspace};
use tri_lower::SourceMap;
use tri_passes::{OptLevel, PassRun};

use crate::kernels::called;
use crate::{DriverError, ElaborateError, Program, fusion_of};

/// What compiling at a level did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The passes, in the order in which they ran.
    pub passes: Vec<PassReport>,
    /// What scheduling made of each entry point.
    pub schedules: Vec<ScheduleReport>,
}

/// What one run of a pass did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassReport {
    /// As `--emit ir-after=` calls it.
    pub name: String,
    /// What it does, in a line.
    pub description: &'static str,
    /// Instructions of all functions, before and after.
    pub instructions: [usize; 2],
    /// What calls of entry points cost, where that is otherwise after it.
    pub costs: Vec<CostChange>,
    /// What it changed, by place in the source.
    pub changes: Vec<Change>,
}

/// What a call of an entry point costs before and after a pass, as formulas of the sizes known only when it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostChange {
    /// The entry point.
    pub entry: String,
    /// Operations.
    pub operations: [String; 2],
    /// Bytes of all values that are computed.
    pub bytes: [String; 2],
}

/// What a pass changed in what a line of the source became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// File and line; none for what no line stands for.
    pub place: Option<String>,
    /// Operations that are there no more, with their number.
    pub removed: Vec<(&'static str, usize)>,
    /// Operations that were not there.
    pub added: Vec<(&'static str, usize)>,
}

/// What scheduling made of an entry point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleReport {
    /// The entry point.
    pub entry: String,
    /// Steps of all functions that it calls, with one kernel an operation and as they are.
    pub steps: [usize; 2],
    /// The memory that it works in, likewise.
    pub memory: [String; 2],
    /// Lines whose attention is one step, without a matrix of scores.
    pub attention: Vec<String>,
    /// Lines whose contractions are one parallel region, as many as there are such regions.
    pub siblings: Vec<String>,
}

impl Program {
    /// What compiling an accepted program at a level does.
    ///
    /// # Errors
    /// Those of [`Program::kernel_ir`].
    pub fn report(&self, level: OptLevel) -> Result<Report, ElaborateError> {
        let (elaborated, source_map) = self.elaborated()?;
        let mut report = Report::default();
        let mut before = Module::clone(elaborated);
        let mut note = |run: &PassRun, after: &Module| {
            let name = run_name(run.pass.name, report.passes.iter().map(|pass| pass.name.as_str()));
            report.passes.push(PassReport {
                name,
                description: run.pass.description,
                instructions: [run.instructions.0, run.instructions.1],
                costs: costs(&before, after),
                changes: self.changes(source_map, &before, after),
            });
            before.clone_from(after);
        };
        let module = tri_passes::optimize(elaborated, level, &mut note).map_err(DriverError::Pass)?;
        let direct = tri_kernel_ir::schedule(&module, Fusion::None).map_err(DriverError::Schedule)?;
        let kernels = tri_kernel_ir::schedule(&module, fusion_of(level)).map_err(DriverError::Schedule)?;
        let memory = [workspace(&direct), workspace(&kernels)];
        report.schedules = module
            .entries
            .iter()
            .map(|entry| {
                let id = ScheduleId(entry.function.0);
                ScheduleReport {
                    entry: entry.name.clone(),
                    steps: [steps(&direct, id), steps(&kernels, id)],
                    memory: memory.each_ref().map(|all| memory_text(&module, id, all)),
                    attention: self.attention(source_map, &kernels, id),
                    siblings: self.siblings(source_map, &kernels, id),
                }
            })
            .collect();
        Ok(report)
    }

    /// Where the attention stands that a schedule and those that it calls compute as one step.
    fn attention(
        &self,
        source_map: &SourceMap,
        kernels: &tri_kernel_ir::Module,
        id: ScheduleId,
    ) -> Vec<String> {
        let schedules = kernels.schedules.iter().zip(reached(kernels, id));
        let steps = schedules.filter(|(_, reached)| *reached).flat_map(|(schedule, _)| &schedule.steps);
        let attention = steps.filter(|step| matches!(step.kind, tri_kernel_ir::StepKind::Attention(_)));
        let mut lines: Vec<String> =
            attention.filter_map(|step| self.place_text(source_map.place(step.origin?)?)).collect();
        lines.sort();
        lines.dedup();
        lines
    }

    /// Where the contractions stand that a schedule and those that it calls compute as one region: the lines of each region.
    fn siblings(
        &self,
        source_map: &SourceMap,
        kernels: &tri_kernel_ir::Module,
        id: ScheduleId,
    ) -> Vec<String> {
        let schedules = kernels.schedules.iter().zip(reached(kernels, id));
        let schedules = schedules.filter(|(_, reached)| *reached).map(|(schedule, _)| schedule);
        let regions = schedules.flat_map(|schedule| schedule.siblings.iter().map(move |it| (schedule, it)));
        let lines = |(schedule, region): (&tri_kernel_ir::Schedule, &tri_kernel_ir::Siblings)| {
            let steps = &schedule.steps[region.steps.start as usize..region.steps.end as usize];
            let places = steps.iter().filter_map(|step| self.place_text(source_map.place(step.origin?)?));
            let mut lines: Vec<String> = places.collect();
            lines.dedup();
            lines.join(", ")
        };
        regions.map(lines).filter(|lines| !lines.is_empty()).collect()
    }

    /// File and line that an instruction of its tensor IR comes from.
    pub fn line_of(&self, origin: Origin) -> Option<String> {
        let (_, source_map) = self.elaborated().ok()?;
        self.place_text(source_map.place(origin)?)
    }

    /// Operations that came and went, by line.
    fn changes(&self, source_map: &SourceMap, before: &Module, after: &Module) -> Vec<Change> {
        let mut counts: BTreeMap<(Option<Origin>, &'static str), [usize; 2]> = BTreeMap::new();
        for (side, module) in [before, after].into_iter().enumerate() {
            // The passes leave functions behind that nothing calls any more, until they are pruned.
            let called = called(module);
            let functions = module.functions.iter().zip(called).filter(|(_, called)| *called);
            for inst in functions.flat_map(|(function, _)| &function.insts) {
                counts.entry((inst.origin, inst.op.name())).or_default()[side] += 1;
            }
        }
        let mut lines: BTreeMap<Option<String>, [BTreeMap<&'static str, usize>; 2]> = BTreeMap::new();
        for ((origin, op), [old, new]) in counts.into_iter().filter(|(_, [old, new])| old != new) {
            let place =
                origin.and_then(|origin| source_map.place(origin)).and_then(|place| self.place_text(place));
            let line = lines.entry(place).or_default();
            *line[usize::from(new > old)].entry(op).or_default() += old.abs_diff(new);
        }
        let change = |(place, [removed, added]): (Option<String>, [BTreeMap<&'static str, usize>; 2])| {
            Change { place, removed: removed.into_iter().collect(), added: added.into_iter().collect() }
        };
        lines.into_iter().map(change).collect()
    }
}

/// `share`, `share.2`: the second run of a pass has a name of its own.
pub(crate) fn run_name<'a>(pass: &str, earlier: impl Iterator<Item = &'a str>) -> String {
    let is_run = |name: &&str| name.split('.').next() == Some(pass);
    match earlier.filter(is_run).count() {
        0 => pass.to_owned(),
        runs => format!("{pass}.{}", runs + 1),
    }
}

/// The costs of entry points that differ.
fn costs(before: &Module, after: &Module) -> Vec<CostChange> {
    let cost = |module: &Module, name: &str, measure: Measure| {
        let Some(entry) = module.entry(name) else { return String::new() };
        let cost = entry_cost(module, entry, measure);
        let is_bytes = measure == Measure::Bytes;
        let known = cost.value.map(|value| formula_text(&value, &cost.symbols, is_bytes));
        known.unwrap_or_else(|| "not known".to_owned())
    };
    let both = |name: &str, measure| [before, after].map(|module| cost(module, name, measure));
    let change = |entry: &tri_ir::Entry| CostChange {
        entry: entry.name.clone(),
        operations: both(&entry.name, Measure::Operations),
        bytes: both(&entry.name, Measure::Bytes),
    };
    let is_change = |change: &CostChange| {
        change.operations[0] != change.operations[1] || change.bytes[0] != change.bytes[1]
    };
    after.entries.iter().map(change).filter(is_change).collect()
}

fn formula_text(value: &tri_ir::Dim, symbols: &[String], is_bytes: bool) -> String {
    Formula { value, symbols, is_bytes }.to_string()
}

/// Steps of a schedule and of all that it calls, each schedule once.
fn steps(module: &tri_kernel_ir::Module, id: ScheduleId) -> usize {
    let schedules = module.schedules.iter().zip(reached(module, id)).filter(|(_, reached)| *reached);
    let count = schedules.map(|(schedule, _)| {
        let again = schedule.repeats.iter().map(|repeat| repeat.steps.len() * (repeat.times as usize - 1));
        schedule.steps.len() + again.sum::<usize>()
    });
    count.sum()
}

/// For each schedule, whether it is this one or called from it.
fn reached(module: &tri_kernel_ir::Module, id: ScheduleId) -> Vec<bool> {
    use tri_kernel_ir::StepKind;
    let mut called = vec![false; module.schedules.len()];
    called[id.index()] = true;
    for (at, schedule) in module.schedules.iter().enumerate().rev() {
        if !called[at] {
            continue;
        }
        for step in &schedule.steps {
            match &step.kind {
                StepKind::Call(call) => called[call.schedule.index()] = true,
                StepKind::Route(route) => {
                    route.tiles.iter().for_each(|tile| called[tile.schedule.index()] = true);
                }
                _ => {}
            }
        }
    }
    called
}

/// The memory that a function works in, `37.5 KiB × B`.
pub(crate) fn memory_text(module: &Module, id: ScheduleId, workspaces: &[Option<Workspace>]) -> String {
    let function = &module.functions[id.index()];
    let symbols: Vec<String> = function.symbols.iter().map(|info| info.name.clone()).collect();
    let Some(Some(workspace)) = workspaces.get(id.index()) else { return "no formula".to_owned() };
    let formulas: Vec<String> =
        workspace.largest.iter().map(|value| formula_text(value, &symbols, true)).collect();
    match formulas.as_slice() {
        [one] => one.clone(),
        several => format!("the largest of {}", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::SourceOptions;

    const TWICE: &str = "use std.nn.TernaryLinear

model Twice() {
    up = TernaryLinear[64, 64]()
    fn forward[B](x: f32[B, 64]) -> f32[B, 64] {
        let a = exp(x)
        let b = exp(x)
        up(a + b)
    }
}
";

    fn report(level: OptLevel) -> Report {
        let system = Arc::new(tri_db::MemorySystem::new([("twice.tri", TWICE)]));
        let program = Program::open_in(system, Path::new("twice.tri"), &SourceOptions::default()).unwrap();
        program.report(level).unwrap()
    }

    #[test]
    fn what_is_computed_twice_is_told_at_its_line_with_what_that_saves() {
        let report = report(OptLevel::O2);
        let share = report.passes.iter().find(|pass| pass.name == "share").unwrap();
        let change =
            share.changes.iter().find(|change| change.place.as_deref() == Some("twice.tri:7")).unwrap();
        assert_eq!((change.removed.as_slice(), change.added.as_slice()), (&[("exp", 1)][..], &[][..]));
        let split = report.passes.iter().find(|pass| pass.name == "split-prologue").unwrap();
        let cost = &split.costs[0];
        // What is left: the product, and a few operations an element.
        assert!(cost.operations[0].contains('+') && !cost.operations[1].contains('+'), "{cost:?}");
    }

    #[test]
    fn runs_of_a_pass_have_names_of_their_own_and_follow_each_other() {
        let report = report(OptLevel::O2);
        let names: Vec<&str> = report.passes.iter().map(|pass| pass.name.as_str()).collect();
        assert!(names.contains(&"share") && names.contains(&"share.2"), "{names:?}");
        for pair in report.passes.windows(2) {
            assert_eq!(pair[0].instructions[1], pair[1].instructions[0]);
        }
    }

    #[test]
    fn fusing_needs_fewer_steps_and_less_memory() {
        let fused = &report(OptLevel::O2).schedules[0];
        assert!(fused.steps[1] < fused.steps[0], "{fused:?}");
        let direct = &report(OptLevel::O0).schedules[0];
        assert_eq!(direct.steps[0], direct.steps[1]);
    }
}
