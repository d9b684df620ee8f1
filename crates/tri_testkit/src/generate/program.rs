//! A program under construction.

use std::collections::BTreeSet;

use tri_ir::DType;

use super::sizes::{Dim, Sizes, Type};
use crate::choices::Choices;

/// Everything that does not belong to one function.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) sizes: Sizes,
    /// Dims of the file.
    pub(super) dims: Vec<Dim>,
    /// What is imported, like `nn.Linear`.
    pub(super) imports: BTreeSet<&'static str>,
    /// Items, finished.
    pub(super) items: Vec<String>,
    /// Layers of rows that instances can be made of.
    pub(super) layers: Vec<Layer>,
}

/// A layer `Name[In, Out]` or `Name[D]` whose `forward` takes rows.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) name: String,
    /// Whether rows keep their length, which then is its only dim.
    pub(super) keeps: bool,
    /// Whether it works row by row, so that rows may be routed through it.
    pub(super) routes: bool,
}

/// The members of a layer or of the model.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) lines: Vec<String>,
    /// Generic dims that members may have.
    pub(super) dims: Vec<Dim>,
    /// States, with their types.
    pub(super) states: Vec<(String, Type)>,
    pub(super) count: usize,
}

impl Members {
    /// A name that no other member has.
    pub(super) fn name(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}{}", self.count - 1)
    }

    /// A further parameter or buffer.
    pub(super) fn parameter(&mut self, c: &mut Choices, dtype: DType, declared: &str) -> String {
        let keyword = if c.chance(15) { "buffer" } else { "param" };
        let initial = match dtype {
            DType::F32 => {
                c.pick(&["init.ones", "init.zeros", "init.normal(std = 0.5)", "init.uniform", "random"])
            }
            DType::Trit if declared != "trit" => "",
            _ => c.pick(&["zeros", "ones"]),
        };
        let name = self.name("p");
        let initial = match initial {
            "" => format!("ternarize_at(random[{}](), 0.5)", shape_of(declared)),
            initial => initial.to_owned(),
        };
        self.lines.push(format!("{keyword} {name}: {declared} = {initial}"));
        name
    }
}

/// What stands in the brackets of a type.
fn shape_of(declared: &str) -> &str {
    declared.split_once('[').map_or("", |(_, rest)| rest.trim_end_matches(']'))
}
