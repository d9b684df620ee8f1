//! Programs as the commands use them: opened, elaborated, their diagnostics printed.

use tri_driver::{DriverError, ElaborateError, Elaborated, OptLevel, Program, SourceOptions, Timing};
use tri_ir::Verified;

use crate::args::{Format, SourceArgs};
use crate::diagnostics;
use crate::failure::Failure;

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
    let (elaborated, warnings) = program.elaborate(timing).map_err(|error| told(program, error, format))?;
    diagnostics::print(&warnings, program, format);
    Ok(elaborated)
}

/// Prints what is wrong with the program; an error that is not the program's is passed on.
pub(crate) fn told(program: &Program, error: ElaborateError, format: Format) -> Failure {
    match error {
        ElaborateError::Diagnostics(found) => {
            diagnostics::print(&found, program, format);
            Failure::Told
        }
        ElaborateError::Driver(error) => error.into(),
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
