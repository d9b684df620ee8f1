//! `triton check PATH...`: every error and warning of programs, and the fixes that need no second look.

use serde_json::json;
use tri_diagnostics::render;
use tri_driver::{SourceOptions, Timing};

use crate::args::{CheckArgs, Format};
use crate::checked::{Checked, Selection};
use crate::diagnostics;
use crate::failure::Failure;
use crate::fixing::Fixed;
use crate::output;
use crate::progress::Progress;

/// Checks and elaborates the programs; elaboration has errors of its own.
pub(crate) fn run(args: &CheckArgs, format: Format) -> Result<(), Failure> {
    let (progress, mut timing) = Progress::start();
    let outcome = outcome(args, &mut timing);
    progress.finish();
    let outcome = outcome?;
    let diagnostics = &outcome.checked().diagnostics;
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = diagnostics.len() - errors;
    outcome.print(args, format, errors, warnings);
    let accepted = errors == 0 && (warnings == 0 || !args.deny_warnings);
    if accepted { Ok(()) } else { Err(Failure::Told) }
}

/// A check alone, or one after fixes.
enum Outcome {
    Checked(Checked),
    Fixed(Fixed),
}

fn outcome(args: &CheckArgs, timing: &mut Timing) -> Result<Outcome, Failure> {
    let selection = Selection::of(&args.paths)?;
    let is_plain = args.model.is_none() && args.dims.is_empty() && args.configuration.is_empty();
    if selection.file_count() > 1 && !is_plain {
        return Err(Failure::Usage("`--dim`, `--config` and `--model` go with one file".to_owned()));
    }
    let options = SourceOptions {
        dims: args.dims.iter().cloned().collect(),
        model: args.model.clone(),
        configuration: args.configuration.iter().cloned().collect(),
    };
    if !args.fix {
        return Ok(Outcome::Checked(Checked::of(&selection, &options, &Default::default(), timing)?));
    }
    let fixed = Fixed::of(&selection, &options, timing)?;
    if !args.diff {
        fixed.write()?;
    }
    Ok(Outcome::Fixed(fixed))
}

impl Outcome {
    fn checked(&self) -> &Checked {
        match self {
            Outcome::Checked(checked) => checked,
            Outcome::Fixed(fixed) => &fixed.checked,
        }
    }

    fn print(&self, args: &CheckArgs, format: Format, errors: usize, warnings: usize) {
        let checked = self.checked();
        let found = &checked.diagnostics;
        if format == Format::Sarif {
            output::json(&diagnostics::sarif(found, checked));
            return;
        }
        if format == Format::Json {
            let mut document = json!({ "errors": errors, "warnings": warnings, "diagnostics": render::json(found, checked) });
            if let Outcome::Fixed(fixed) = self {
                document["fixed"] = fixed.json();
                if args.diff {
                    document["diff"] = fixed.diff().into();
                }
            }
            output::json(&document);
            return;
        }
        if let Outcome::Fixed(fixed) = self {
            output::result(if args.diff { fixed.diff() } else { fixed.report() });
        }
        diagnostics::print(found, checked, format);
        if errors == 0 {
            let summary = match warnings {
                0 => "no errors\n".to_owned(),
                1 => "no errors, 1 warning\n".to_owned(),
                n => format!("no errors, {n} warnings\n"),
            };
            // A patch goes to a file or another program.
            if args.diff { output::note(summary.trim_end()) } else { output::result(summary) }
        }
    }
}
