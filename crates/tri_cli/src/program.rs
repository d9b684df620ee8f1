//! Programs as the commands use them: opened, optimised, their diagnostics printed.

use tri_driver::{DriverError, ElaborateError, OptLevel, Program, SourceOptions, Timing};
use tri_ir::Verified;

use crate::args::{Format, SourceArgs};
use crate::diagnostics;
use crate::failure::Failure;

/// Reads the program.
pub(crate) fn open(args: &SourceArgs) -> Result<Program, Failure> {
    Ok(Program::open(&args.file, &options(args))?)
}

/// What the command line chooses for the program.
pub(crate) fn options(args: &SourceArgs) -> SourceOptions {
    SourceOptions {
        dims: args.dims.iter().cloned().collect(),
        model: args.model.clone(),
        configuration: args.configuration.iter().cloned().collect(),
    }
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

/// The tensor IR of a program after the passes; prints what there is to say of it.
pub(crate) fn optimized<'a>(
    program: &'a Program,
    level: OptLevel,
    format: Format,
    timing: &mut Timing,
) -> Result<&'a Verified, Failure> {
    let (_, warnings) = program.elaborate(timing).map_err(|error| told(program, error, format))?;
    diagnostics::print(&warnings, program, format);
    program.optimized(level, timing).map_err(|error| told(program, error, format))
}

/// The same for a program that has something to call.
pub(crate) fn callable<'a>(
    args: &SourceArgs,
    program: &'a Program,
    level: OptLevel,
    format: Format,
    timing: &mut Timing,
) -> Result<&'a Verified, Failure> {
    let module = optimized(program, level, format, timing)?;
    if module.entries.is_empty() {
        return Err(DriverError::NoModel { path: args.file.display().to_string() }.into());
    }
    Ok(module)
}
