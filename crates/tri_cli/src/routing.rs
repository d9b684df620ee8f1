//! Statistics of routed layers on the command line: a table for people, JSON for programs, and the file that keeps a run.

use std::path::Path;

use serde_json::{Value, json};
use tri_driver::DriverError;
use tri_routing::{Layer, Run};

use crate::failure::Failure;
use crate::table::Table;

/// Counts of a histogram on a line.
const LINE: usize = 16;
/// Counts of a histogram that are shown; JSON has all.
const SHOWN: usize = 256;

/// A run, and what it kept of an earlier one.
pub(crate) struct Routing {
    run: Run,
    /// One for each layer; empty without an earlier run.
    stability: Vec<Option<f64>>,
}

impl Routing {
    /// What a call recorded, compared with an earlier run from a file if there is one.
    pub(crate) fn new(run: Run, earlier: Option<(&Path, Run)>) -> Result<Routing, Failure> {
        if run.layers.is_empty() {
            let message =
                format!("`{}` of `{}` has no routed layer whose rows could be counted", run.entry, run.model);
            return Err(Failure::coded("E4042", message));
        }
        let stability = earlier.map(|(file, earlier)| {
            let within = |error| Failure::coded("E4042", format!("{}: {error}", file.display()));
            run.stability(&earlier).map_err(within)
        });
        Ok(Routing { stability: stability.transpose()?.unwrap_or_default(), run })
    }

    /// Writes the run to a file.
    pub(crate) fn save(&self, file: &Path) -> Result<(), Failure> {
        let text = self.run.to_json().map_err(|error| Failure::Internal(error.to_string()))?;
        Ok(tri_import::write_file(file, text.as_bytes())?)
    }

    /// Everything, in full precision.
    pub(crate) fn json(&self) -> Value {
        let stability = self.stability.iter().copied().chain(std::iter::repeat(None));
        self.run.layers.iter().zip(stability).map(|(layer, stability)| layer_json(layer, stability)).collect()
    }
}

/// The statistics of a layer.
fn layer_json(layer: &Layer, stability: Option<f64>) -> Value {
    json!({
        "name": layer.name,
        "rows": layer.rows,
        "tiles": layer.tiles,
        "clusters": layer.clusters,
        "top": layer.top,
        "histogram": layer.histogram(),
        "empty": layer.empty(),
        "entropy": layer.entropy(),
        "entropy_ratio": layer.entropy_ratio(),
        "gini": layer.gini(),
        "margin": layer.margin(),
        "distances": layer.distances(),
        "stability": stability,
    })
}

impl std::fmt::Display for Routing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut table = Table::new(&[
            "layer",
            " rows",
            " tiles",
            " top",
            " empty",
            " entropy",
            " of log T",
            " gini",
            " margin: min",
            " median",
            " distance: min",
            " mean",
            " stability",
        ]);
        for (at, layer) in self.run.layers.iter().enumerate() {
            let (margin, distances) = (layer.margin(), layer.distances());
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            let percent = |share: f64| format!("{:.1} %", share * 100.0);
            table.row([
                layer.name.clone(),
                layer.rows.to_string(),
                layer.tiles.to_string(),
                layer.top.to_string(),
                layer.empty().to_string(),
                format!("{:.3}", layer.entropy()),
                or_dash(layer.entropy_ratio().map(percent)),
                format!("{:.3}", layer.gini()),
                or_dash(margin.map(|margin| format!("{:.3}", margin.min))),
                or_dash(margin.map(|margin| format!("{:.3}", margin.median))),
                or_dash(
                    distances.as_ref().map(|distances| format!("{} of {}", distances.min, distances.width)),
                ),
                or_dash(distances.as_ref().map(|distances| format!("{:.1}", distances.mean))),
                or_dash(self.stability.get(at).copied().flatten().map(percent)),
            ]);
        }
        write!(f, "{table}")?;
        self.run.layers.iter().try_for_each(|layer| write_histogram(layer, f))
    }
}

fn write_histogram(layer: &Layer, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let rows = layer.histogram();
    let width = rows.iter().max().map_or(1, |rows| rows.to_string().len());
    writeln!(f, "{}: rows of each tile", layer.name)?;
    for (line, counts) in rows[..rows.len().min(SHOWN)].chunks(LINE).enumerate() {
        write!(f, "  {:>4}:", line * LINE)?;
        counts.iter().try_for_each(|rows| write!(f, " {rows:>width$}"))?;
        writeln!(f)?;
    }
    match rows.len().checked_sub(SHOWN) {
        Some(more @ 1..) => writeln!(f, "  and {more} tiles more, which `--format json` shows"),
        _ => Ok(()),
    }
}

/// A run from a file.
pub(crate) fn read(file: &Path) -> Result<Run, Failure> {
    let bytes = tri_import::read_file(file).map_err(DriverError::from)?;
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| not_statistics(file, "it holds no routing statistics: it is not text"))?;
    Run::from_json(&text).map_err(|error| not_statistics(file, error))
}

fn not_statistics(file: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::coded("E4007", format!("{}: {error}", file.display()))
}
