//! What one call recorded, and the file that keeps it.

use serde::{Deserialize, Serialize};

use crate::Layer;

/// What the first field of a saved run says.
const FORMAT: &str = "triton-routing-1";

/// The routed layers of one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Name of the model.
    pub model: String,
    /// The entry point that was called.
    pub entry: String,
    /// In the order in which rows came to them.
    pub layers: Vec<Layer>,
}

/// A run that cannot be read, or compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// No JSON, or other fields than those of a run.
    #[error("it holds no routing statistics: {0}")]
    Syntax(String),
    /// Something else, or of another version.
    #[error("it says that it holds `{0}`; `triton run --routing-stats=FILE` writes `{FORMAT}`")]
    Format(String),
    /// Counts that do not fit together.
    #[error("its layer `{layer}` is damaged: {flaw}")]
    Damaged {
        /// Which one.
        layer: String,
        /// What is wrong.
        flaw: String,
    },
    /// A layer that the earlier run lacks.
    #[error("the earlier run has no routed layer `{layer}`{}", others(.known))]
    Missing {
        /// The layer.
        layer: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// A layer of another shape in the earlier run.
    #[error(
        "`{layer}` sends {} rows to {} of {} tiles each, but {} rows to {} of {} in the earlier run; stability compares the \
         same rows in the same layers",
        .found.2, .found.1, .found.0, .earlier.2, .earlier.1, .earlier.0
    )]
    Shape {
        /// Which one.
        layer: String,
        /// Tiles, tiles a row, rows.
        found: (usize, usize, usize),
        /// The same of the earlier run.
        earlier: (usize, usize, usize),
    },
}

fn others(layers: &[String]) -> String {
    if layers.is_empty() { ", and no other".to_owned() } else { format!("; it has {}", layers.join(", ")) }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    format: String,
    model: String,
    entry: String,
    layers: Vec<Layer>,
}

impl Run {
    /// The text of a file that keeps the run, on one line.
    ///
    /// # Errors
    /// None is expected; the writer's, if it has one.
    pub fn to_json(&self) -> Result<String, RunError> {
        let Run { model, entry, layers } = self.clone();
        let saved = Saved { format: FORMAT.to_owned(), model, entry, layers };
        serde_json::to_string(&saved).map_err(|error| RunError::Syntax(error.to_string()))
    }

    /// Reads what [`Run::to_json`] wrote.
    ///
    /// # Errors
    /// It is something else, or damaged.
    pub fn from_json(text: &str) -> Result<Run, RunError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        let syntax = |error: serde_json::Error| RunError::Syntax(error.to_string());
        let head: Head = serde_json::from_str(text).map_err(syntax)?;
        if head.format != FORMAT {
            return Err(RunError::Format(head.format.chars().take(80).collect()));
        }
        let Saved { model, entry, layers, .. } = serde_json::from_str(text).map_err(syntax)?;
        for layer in &layers {
            if let Some(flaw) = layer.flaw() {
                return Err(RunError::Damaged { layer: layer.name.clone(), flaw });
            }
        }
        Ok(Run { model, entry, layers })
    }

    /// [`Layer::stability`] of each layer against the one of the same name in an earlier run.
    ///
    /// # Errors
    /// The earlier run lacks a layer, or had another shape in it.
    pub fn stability(&self, earlier: &Run) -> Result<Vec<Option<f64>>, RunError> {
        let stability = |layer: &Layer| {
            let before = earlier.layers.iter().find(|before| before.name == layer.name);
            let known = || earlier.layers.iter().map(|layer| layer.name.clone()).collect();
            let before =
                before.ok_or_else(|| RunError::Missing { layer: layer.name.clone(), known: known() })?;
            layer.stability(before)
        };
        self.layers.iter().map(stability).collect()
    }
}
