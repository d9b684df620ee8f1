//! Holds a program to everything that must hold of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use tri_db::MemorySystem;
use tri_diagnostics::FileId;
use tri_diagnostics::render;
use tri_driver::{ElaborateError, Program, SourceOptions, Timing};
use tri_ir::Verified;

use crate::artifact::hold_artifacts;
use crate::finding::{Claim, Finding};
use crate::native::hold_native;
use crate::outcome::{Subject, reference};
use crate::{Case, Plan};

/// Runs a case in every way of the plan.
///
/// # Errors
/// The first thing that does not hold.
pub fn examine(case: &Case, plan: &Plan) -> Result<(), Finding> {
    let examined = catch_unwind(AssertUnwindSafe(|| examine_unguarded(case, plan)));
    examined.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Claim::NoPanic.broken(text.unwrap_or_else(|| "a panic without words".to_owned())))
    })
}

fn examine_unguarded(case: &Case, plan: &Plan) -> Result<(), Finding> {
    let program = open(&case.text)?;
    let module = elaborate(&program)?;
    hold_format(&case.text, &program)?;
    hold_round_trip(&module)?;
    let subject = Subject::new(case, module)?;
    let expected = reference(&subject)?;
    hold_native(&subject, &expected, &plan.ways)?;
    match plan.artifact {
        Some(level) => hold_artifacts(&subject, &expected, level),
        None => Ok(()),
    }
}

/// A program of one file in memory.
pub(crate) fn open(text: &str) -> Result<Program, Finding> {
    let system = MemorySystem::new([("main.tri", text)]);
    let opened = Program::open_in(Arc::new(system), Path::new("main.tri"), &SourceOptions::default());
    opened.map_err(|error| Claim::Accepted.broken(error))
}

pub(crate) fn elaborate(program: &Program) -> Result<Verified, Finding> {
    match program.elaborate(&mut Timing::default()) {
        Ok((module, _)) => Ok(module.clone()),
        Err(ElaborateError::Driver(error)) => Err(Claim::Accepted.broken(error)),
        Err(ElaborateError::Diagnostics(found)) => {
            let errors: Vec<_> = found.into_iter().filter(|diagnostic| diagnostic.is_error()).collect();
            Err(Claim::Accepted.broken(render::text(&errors, program, false)))
        }
    }
}

fn hold_format(text: &str, program: &Program) -> Result<(), Finding> {
    let format =
        |text: &str| tri_format::format(FileId(0), text).map_err(|error| Claim::Formatted.broken(error));
    let once = format(text)?;
    if format(&once)? != once {
        return Err(Claim::Formatted.broken("formatted again, it is another text"));
    }
    if open(&once)?.source_hash() != program.source_hash() {
        return Err(Claim::Formatted.broken("formatted, it is another program"));
    }
    Ok(())
}

fn hold_round_trip(module: &Verified) -> Result<(), Finding> {
    let text = module.to_string();
    let parsed = tri_ir::parse(&text).map_err(|error| Claim::RoundTrip.broken(error))?;
    if parsed.to_string() != text {
        return Err(Claim::RoundTrip.broken("what was parsed prints differently"));
    }
    Ok(())
}
