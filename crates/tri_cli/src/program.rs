//! Programs as the commands use them: opened, elaborated, their diagnostics printed.

use std::io::IsTerminal as _;

use tri_diagnostics::{Diagnostic, render};
use tri_driver::{DriverError, ElaborateError, Elaborated, OptLevel, Program, SourceOptions, Timing};
use tri_ir::Verified;

use crate::args::{Format, SourceArgs};
use crate::failure::Failure;
use crate::output;

/// Reads the program.
pub(crate) fn open(args: &SourceArgs) -> Result<Program, Failure> {
    let options = SourceOptions { dims: args.dims.iter().cloned().collect(), model: args.model.clone() };
    Ok(Program::open(&args.file, &options)?)
}

/// Checks and elaborates the program, printing what there is to say of it.
pub(crate) fn elaborate(
    program: &Program,
    format: Format,
    timing: &mut Timing,
) -> Result<Elaborated, Failure> {
    match program.elaborate(timing) {
        Ok((elaborated, warnings)) => {
            print(program, &warnings, format);
            Ok(elaborated)
        }
        Err(ElaborateError::Diagnostics(diagnostics)) => {
            print(program, &diagnostics, format);
            Err(Failure::Told)
        }
        Err(ElaborateError::Driver(error)) => Err(error.into()),
    }
}

/// The tensor IR of a program that has something to call, after the passes.
pub(crate) fn optimized(
    args: &SourceArgs,
    level: OptLevel,
    program: &Program,
    format: Format,
    timing: &mut Timing,
) -> Result<Verified, Failure> {
    let elaborated = elaborate(program, format, timing)?;
    if elaborated.module.entries.is_empty() {
        return Err(DriverError::NoModel { path: args.file.display().to_string() }.into());
    }
    Ok(tri_driver::optimize(elaborated.module, level, timing)?)
}

/// Prints diagnostics to stderr.
pub(crate) fn print(program: &Program, diagnostics: &[Diagnostic], format: Format) {
    if diagnostics.is_empty() {
        return;
    }
    match format {
        Format::Text => {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            output::note(render::text(diagnostics, program, colour).trim_end());
        }
        Format::Concise => output::note(render::concise(diagnostics, program).trim_end()),
        Format::Json => output::note(format_args!("{:#}", render::json(diagnostics, program))),
    }
}
