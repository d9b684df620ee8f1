//! What calls of layers cost, where the file has a model that makes them.

use tri_db::{Db, SourceFile};
use tri_graph::{Formula, function_cost};
use tri_ir::{FunctionId, Module, Op};
use tri_lower::{Callee, Place, SourceMap};

use crate::elaboration::lowered;

/// Most calls that are listed.
const LISTED: usize = 4;

/// `Linear[4, 8].forward: 64 × B operations` for each way in which the model calls the functions of a layer.
pub(crate) fn of_layer(db: &dyn Db, file: SourceFile, layer: &str) -> Vec<String> {
    of_calls(db, file, |_, callee| name_of(callee) == Some(layer))
}

/// The same for calls of a member of a layer, or of a layer in an array that the member is.
pub(crate) fn of_member(db: &dyn Db, file: SourceFile, layer: &str, member: &str) -> Vec<String> {
    of_calls(db, file, |caller, callee| {
        let is_in = caller.split_once('.').is_some_and(|(name, _)| name == layer);
        is_in && callee.member.split('.').next() == Some(member)
    })
}

/// The same for the call at a place.
pub(crate) fn of_call(db: &dyn Db, file: SourceFile, place: Place) -> Vec<String> {
    of_calls(db, file, |_, callee| callee.place == place)
}

/// The operations of each entry point of a model.
pub(crate) fn of_model(db: &dyn Db, file: SourceFile, name: &str) -> Vec<String> {
    let Some(module) = lowered(db, file).map(|lowered| &lowered.module) else { return Vec::new() };
    if module.name != name {
        return Vec::new();
    }
    let entries = module.entries.iter();
    let lines = entries.filter_map(|entry| line(module, &entry.name, entry.function, entry.inputs.len()));
    lines.collect()
}

fn name_of(callee: &Callee) -> Option<&str> {
    callee.layer.as_deref().map(|layer| layer.split('[').next().unwrap_or(layer))
}

fn of_calls(db: &dyn Db, file: SourceFile, is_wanted: impl Fn(&str, &Callee) -> bool) -> Vec<String> {
    let Some(lowered) = lowered(db, file) else { return Vec::new() };
    let mut lines: Vec<String> = Vec::new();
    for (callee, function) in calls(&lowered.module, &lowered.source_map, is_wanted) {
        let layer = callee.layer.as_deref().unwrap_or_default();
        let name = format!("{layer}.{}", callee.function);
        if let Some(line) = line(&lowered.module, &name, function, callee.inputs.len())
            && !lines.contains(&line)
        {
            lines.push(line);
        }
    }
    if lines.len() > LISTED {
        let more = lines.len() - LISTED;
        lines.truncate(LISTED);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// The wanted calls of a model, each function once.
fn calls<'l>(
    module: &Module,
    source_map: &'l SourceMap,
    is_wanted: impl Fn(&str, &Callee) -> bool,
) -> Vec<(&'l Callee, FunctionId)> {
    let mut found: Vec<(&Callee, FunctionId)> = Vec::new();
    for caller in &module.functions {
        let Some(calls) = source_map.calls(&caller.name) else { continue };
        for (at, callee) in calls.callees.iter().filter(|(_, callee)| is_wanted(&caller.name, callee)) {
            let Some(inst) = caller.insts.get(*at as usize) else { continue };
            if let Op::Call { function, .. } = inst.op
                && found.iter().all(|(_, known)| *known != function)
            {
                found.push((callee, function));
            }
        }
    }
    found
}

fn line(module: &Module, name: &str, function: FunctionId, inputs: usize) -> Option<String> {
    let cost = function_cost(module, function, inputs);
    let formula = Formula { value: &cost.value?, symbols: &cost.symbols, is_bytes: false };
    Some(format!("`{name}`: {formula} operations"))
}
