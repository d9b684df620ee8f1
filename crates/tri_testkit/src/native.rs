//! Native runs: every way of a plan against the reference.

use tri_cranelift::{Effort, Options};
use tri_ir::{TensorData, Verified};
use tri_passes::OptLevel;
use tri_runtime::{Device, Model, RuntimeError, Session, Tensor, TensorView};

use crate::finding::{Claim, Finding};
use crate::outcome::{Outcome, Subject, difference, interpret};
use crate::plan::Way;

/// Runs the script in every way; one optimised module serves all ways of its level.
pub(crate) fn hold_native(subject: &Subject<'_>, expected: &Outcome, ways: &[Way]) -> Result<(), Finding> {
    let mut modules: Vec<(OptLevel, Verified)> = Vec::new();
    for way in ways {
        if !modules.iter().any(|(level, _)| *level == way.level) {
            modules.push((way.level, optimized(subject, way.level)?));
        }
        let Some((_, module)) = modules.iter().find(|(level, _)| *level == way.level) else { continue };
        hold_way(subject, expected, module, way)?;
    }
    Ok(())
}

pub(crate) fn optimized(subject: &Subject<'_>, level: OptLevel) -> Result<Verified, Finding> {
    let module = tri_passes::optimize(&subject.module, level, &mut |_, _| ());
    module.map_err(|error| Claim::Passes.broken(format!("{level:?}: {error}")))
}

fn hold_way(subject: &Subject<'_>, expected: &Outcome, module: &Verified, way: &Way) -> Result<(), Finding> {
    let name = format!("-{:?} on {}", way.level, way.cpu.name());
    let model = compile(module, way).map_err(|error| Claim::Compiled.broken(format!("{name}: {error}")))?;
    let bound = model.bind(&subject.named_weights());
    let bound = bound.map_err(|error| Claim::Compiled.broken(format!("{name}, weights: {error}")))?;
    for threads in &way.threads {
        let fail =
            |error: RuntimeError| Claim::Compiled.broken(format!("{name}, {threads} threads: {error}"));
        let found = run(subject, &bound, *threads).map_err(fail)?;
        if let Some(text) = difference(subject.case, expected, &found) {
            let stage = guilty_stage(subject, expected, module);
            return Err(Claim::SameBits.broken(format!("{name}, {threads} threads: {text} ({stage})")));
        }
    }
    Ok(())
}

/// Whether the passes or the code after them are wrong.
fn guilty_stage(subject: &Subject<'_>, expected: &Outcome, module: &Verified) -> &'static str {
    match interpret(subject, module) {
        Ok(found) if difference(subject.case, expected, &found).is_none() => {
            "interpreted after the passes, it is right"
        }
        _ => "the passes made it wrong",
    }
}

/// As the driver compiles, but for any CPU level.
fn compile(module: &Verified, way: &Way) -> Result<Model, String> {
    let fusion = tri_driver::fusion_of(way.level);
    let effort = if way.level == OptLevel::O0 { Effort::Quick } else { Effort::Thorough };
    let kernels = tri_kernel_ir::schedule(module, fusion).map_err(|error| error.to_string())?;
    let kernels = tri_kernel_ir::verify(kernels).map_err(|error| error.to_string())?;
    let options = Options { level: way.cpu, effort, marks: false };
    let code = tri_cranelift::compile(&kernels, &options).map_err(|error| error.to_string())?;
    Model::from_parts(module.clone(), kernels, code).map_err(|error| error.to_string())
}

/// Runs the script, and the test blocks on initial weights.
pub(crate) fn run(subject: &Subject<'_>, model: &Model, threads: usize) -> Result<Outcome, RuntimeError> {
    let device = Device::cpu().threads(threads);
    let mut session = model.session(device)?;
    let mut calls = Vec::new();
    for (entry, inputs) in &subject.calls {
        calls.push(call(&mut session, entry, inputs).map_err(|error| error.to_string()));
    }
    let mut tests = Vec::new();
    if !model.module().tests.is_empty() {
        let initial = model.bind_initial()?;
        for at in 0..model.module().tests.len() {
            let mut session = initial.session(device)?;
            tests.push(session.run_test(at).map_err(|error| error.to_string()));
        }
    }
    Ok(Outcome { calls, tests })
}

fn call(session: &mut Session, entry: &str, inputs: &[TensorData]) -> Result<Vec<TensorData>, RuntimeError> {
    let views: Vec<TensorView<'_>> = inputs.iter().map(TensorView::of).collect::<Result<_, _>>()?;
    Ok(session.call(entry, &views)?.iter().map(Tensor::to_data).collect())
}
