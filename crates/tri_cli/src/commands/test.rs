//! `triton test F.tri`: runs the `test` blocks of a program.

use serde_json::{Value, json};
use tri_driver::{Engine, Parameters, Timing, level_of};
use tri_ir::Test;

use crate::args::{Format, TestArgs};
use crate::failure::Failure;
use crate::output;
use crate::program;
use crate::progress::Progress;

/// How a test ended.
struct Outcome {
    name: String,
    /// The asserted expressions that did not hold, or why the test stopped.
    failures: Vec<String>,
}

/// Runs them.
pub(crate) fn run(args: &TestArgs, format: Format) -> Result<(), Failure> {
    let (progress, mut timing) = Progress::start();
    let outcomes = outcomes(args, format, &mut timing);
    progress.finish();
    let outcomes = outcomes?;
    let failed = outcomes.iter().filter(|outcome| !outcome.failures.is_empty()).count();
    let passed = outcomes.len() - failed;
    if format == Format::Json {
        let tests: Vec<Value> = outcomes
            .iter()
            .map(|outcome| {
                json!({ "name": outcome.name, "passed": outcome.failures.is_empty(), "failures": outcome.failures })
            })
            .collect();
        output::json(&json!({ "passed": passed, "failed": failed, "tests": tests }));
    } else {
        for outcome in &outcomes {
            let word = if outcome.failures.is_empty() { "ok" } else { "FAILED" };
            output::result(format_args!("test {} ... {word}\n", outcome.name));
            for failure in &outcome.failures {
                output::result(format_args!("    {failure}\n"));
            }
        }
        output::result(format_args!("{passed} passed, {failed} failed\n"));
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Told) }
}

fn outcomes(args: &TestArgs, format: Format, timing: &mut Timing) -> Result<Vec<Outcome>, Failure> {
    let level = level_of(args.optimize.level);
    let program = program::open(&args.source)?;
    let module = program::optimized(&program, level, format, timing)?;
    let wanted = |test: &Test| args.filter.as_ref().is_none_or(|filter| test.name.contains(filter));
    let tests = module.tests.iter().cloned().enumerate();
    let tests: Vec<(usize, Test)> = tests.filter(|(_, test)| wanted(test)).collect();
    if tests.is_empty() {
        return Ok(Vec::new());
    }
    let mut engine = Engine::compile(module.clone(), level, Parameters::Initial, None, timing)?;
    Ok(tests.iter().map(|(at, test)| timing.stage("test", || outcome(&mut engine, *at, test))).collect())
}

fn outcome(engine: &mut Engine, position: usize, test: &Test) -> Outcome {
    let failures = match engine.run_test(position) {
        Ok(holds) => {
            let broken = test.checks.iter().zip(holds).filter(|(_, holds)| !holds);
            broken.map(|(check, _)| format!("does not hold: {}", check.text)).collect()
        }
        Err(error) => {
            let code = error.code().map_or_else(String::new, |code| format!("[{code}]"));
            vec![format!("error{code}: {error}")]
        }
    };
    Outcome { name: test.name.clone(), failures }
}
