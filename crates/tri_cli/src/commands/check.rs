//! `triton check F.tri`: every error and warning of a program.

use serde_json::json;
use tri_diagnostics::{Diagnostic, render};
use tri_driver::{Program, Timing};

use crate::args::{CheckArgs, Format};
use crate::diagnostics;
use crate::failure::Failure;
use crate::output;
use crate::program;
use crate::progress::Progress;

/// Checks and elaborates the program; elaboration has errors of its own.
pub(crate) fn run(args: &CheckArgs, format: Format) -> Result<(), Failure> {
    let (progress, mut timing) = Progress::start();
    let checked = check(args, &mut timing);
    progress.finish();
    let (program, diagnostics) = checked?;
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = diagnostics.len() - errors;
    if format == Format::Json {
        let diagnostics = render::json(&diagnostics, &program);
        output::json(&json!({ "errors": errors, "warnings": warnings, "diagnostics": diagnostics }));
    } else if format == Format::Sarif {
        output::json(&diagnostics::sarif(&diagnostics, &program));
    } else {
        diagnostics::print(&diagnostics, &program, format);
        if errors == 0 {
            output::result(match warnings {
                0 => "no errors\n".to_owned(),
                1 => "no errors, 1 warning\n".to_owned(),
                n => format!("no errors, {n} warnings\n"),
            });
        }
    }
    let accepted = errors == 0 && (warnings == 0 || !args.deny_warnings);
    if accepted { Ok(()) } else { Err(Failure::Told) }
}

fn check(args: &CheckArgs, timing: &mut Timing) -> Result<(Program, Vec<Diagnostic>), Failure> {
    let program = program::open(&args.source)?;
    let diagnostics = program.diagnose(timing)?;
    Ok((program, diagnostics))
}
