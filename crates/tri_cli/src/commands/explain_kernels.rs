//! `triton explain-kernels F.tria`: which kernel each operation got, and why.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tri_driver::{FunctionKernels, KernelChoices};

use crate::args::{ExplainKernelsArgs, Format};
use crate::failure::Failure;
use crate::output;
use crate::table::Table;

/// Prints it.
pub(crate) fn run(args: &ExplainKernelsArgs, format: Format) -> Result<(), Failure> {
    let mut kernels = tri_driver::explain_kernels(&args.file)?;
    if let Some(filter) = &args.filter {
        kernels.functions.retain(|function| function.name.contains(filter.as_str()));
        if kernels.functions.is_empty() {
            return Err(Failure::error(format!(
                "no function of {} has `{filter}` in its name",
                args.file.display()
            )));
        }
    }
    match format {
        Format::Json => output::json(&json(&kernels)),
        Format::Text | Format::Concise | Format::Sarif => output::result(text(&kernels)),
    }
    Ok(())
}

fn text(kernels: &KernelChoices) -> String {
    let mut text = format!("compiled at -{:?}, kernels for {}\n", kernels.level, kernels.cpu.name());
    for function in &kernels.functions {
        let _ = writeln!(text, "\n{}", function.name);
        let mut table = Table::new(&["step", "operation", "kernel", "why"]);
        for choice in &function.choices {
            let kernel = match choice.is_micro {
                true => format!("{} ({})", choice.kernel, kernels.cpu.name()),
                false => choice.kernel.clone(),
            };
            let step = choice.step.map_or_else(|| "-".to_owned(), |step| step.to_string());
            let reason = match &choice.siblings {
                Some(steps) => {
                    format!("{}; one region with steps {} to {}", choice.reason, steps.start, steps.end - 1)
                }
                None => choice.reason.to_owned(),
            };
            table.row([step, choice.op.clone(), kernel, reason]);
        }
        for line in table.to_string().lines() {
            let _ = writeln!(text, "  {}", line.trim_end());
        }
    }
    text
}

fn json(kernels: &KernelChoices) -> Value {
    let function = |function: &FunctionKernels| {
        let choices = function.choices.iter().map(|choice| {
            json!({
                "operation": choice.op,
                "step": choice.step,
                "kernel": choice.kernel,
                "is_micro_kernel": choice.is_micro,
                "reason": choice.reason,
                "siblings": choice.siblings.clone().map(Vec::from_iter),
            })
        });
        json!({ "name": function.name, "operations": choices.collect::<Vec<_>>() })
    };
    json!({
        "level": format!("{:?}", kernels.level),
        "cpu": kernels.cpu.name(),
        "functions": kernels.functions.iter().map(function).collect::<Vec<_>>(),
    })
}
