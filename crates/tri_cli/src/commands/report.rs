//! `triton report RUN...`: saved routing statistics as one web page.

use std::path::Path;

use serde_json::{Value, json};
use tri_routing::Run;

use crate::args::{Format, ReportArgs};
use crate::failure::Failure;
use crate::output;
use crate::routing::{self, Routing};

/// Reads the runs, in order, and writes the page.
pub(crate) fn run(args: &ReportArgs, format: Format) -> Result<(), Failure> {
    let read = |file: &std::path::PathBuf| Ok((name(file), routing::read(file)?));
    let runs: Vec<(String, Run)> = args.runs.iter().map(read).collect::<Result<_, Failure>>()?;
    tri_import::write_file(&args.output, tri_routing::report(&runs).as_bytes())?;
    match format {
        Format::Json => {
            let statistics = |(name, run): (String, Run)| -> Result<Value, Failure> {
                let (model, entry) = (run.model.clone(), run.entry.clone());
                let layers = Routing::new(run, None)?.json();
                Ok(json!({ "name": name, "model": model, "entry": entry, "layers": layers }))
            };
            let runs: Vec<Value> = runs.into_iter().map(statistics).collect::<Result<_, _>>()?;
            output::json(&json!({ "file": args.output, "runs": runs }));
        }
        _ => output::result(format_args!("{}\n", args.output.display())),
    }
    Ok(())
}

/// A run is called by its file, without the ending.
fn name(file: &Path) -> String {
    file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}
