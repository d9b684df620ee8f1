//! `triton compile --report` as text and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tri_driver::{Change, Report};

/// For people.
pub(crate) fn text(report: &Report) -> String {
    let mut text = String::new();
    for pass in &report.passes {
        let [before, after] = pass.instructions;
        let _ = writeln!(text, "\n{}: {}", pass.name, pass.description);
        if pass.costs.is_empty() && pass.changes.is_empty() && before == after {
            text.push_str("  changed nothing\n");
            continue;
        }
        let _ = writeln!(text, "  {before} -> {after} instructions");
        for cost in &pass.costs {
            for ([old, new], what) in [(&cost.operations, "operations"), (&cost.bytes, "computed")] {
                if old != new {
                    let _ = writeln!(text, "  {}: {old} -> {new} {what}", cost.entry);
                }
            }
        }
        for change in &pass.changes {
            let place = change.place.as_deref().unwrap_or("nowhere in the source");
            let _ = writeln!(text, "    {place}: {}", change_text(change));
        }
    }
    text.push_str("\nschedule: one kernel an operation -> fused kernels\n");
    for schedule in &report.schedules {
        let ([steps, fused], [memory, planned]) = (schedule.steps, &schedule.memory);
        let _ = writeln!(text, "  {}: {steps} -> {fused} steps", schedule.entry);
        let _ = writeln!(text, "  {}: {memory} -> {planned} of memory for activations", schedule.entry);
        for line in &schedule.attention {
            let _ = writeln!(text, "  {}: attention at {line} without a matrix of scores", schedule.entry);
        }
        for lines in &schedule.siblings {
            let _ = writeln!(text, "  {}: contractions at {lines} as one region", schedule.entry);
        }
    }
    text
}

fn change_text(change: &Change) -> String {
    let list = |sign: &str, ops: &[(&'static str, usize)]| {
        let ops: Vec<String> = ops.iter().map(|(op, count)| format!("{sign}{count} {op}")).collect();
        ops.join(", ")
    };
    let sides = [list("-", &change.removed), list("+", &change.added)];
    sides.into_iter().filter(|side| !side.is_empty()).collect::<Vec<_>>().join(", ")
}

/// For programs.
pub(crate) fn json(report: &Report) -> Value {
    let passes = report.passes.iter().map(|pass| {
        let costs = pass
            .costs
            .iter()
            .map(|cost| json!({ "entry": cost.entry, "operations": cost.operations, "bytes": cost.bytes }));
        let changes = pass.changes.iter().map(|change| {
            let ops = |ops: &[(&'static str, usize)]| -> serde_json::Map<String, Value> {
                ops.iter().map(|(op, count)| ((*op).to_owned(), json!(count))).collect()
            };
            json!({ "place": change.place, "removed": ops(&change.removed), "added": ops(&change.added) })
        });
        json!({
            "pass": pass.name,
            "description": pass.description,
            "instructions": pass.instructions,
            "costs": costs.collect::<Vec<_>>(),
            "changes": changes.collect::<Vec<_>>(),
        })
    });
    let schedules = report.schedules.iter().map(|schedule| {
        json!({
            "entry": schedule.entry,
            "steps": schedule.steps,
            "memory": schedule.memory,
            "attention": schedule.attention,
            "siblings": schedule.siblings,
        })
    });
    json!({ "passes": passes.collect::<Vec<_>>(), "schedules": schedules.collect::<Vec<_>>() })
}
