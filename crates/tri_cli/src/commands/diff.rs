//! `triton diff`: where two files of tensors differ, such as the values of two runs that `triton run --dump-values` wrote.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tri_ir::TensorData;

use crate::args::{DiffArgs, Format};
use crate::failure::Failure;
use crate::output;
use crate::values::{Comparison, type_text};

/// Compares the tensors of equal names, in the order of the names.
pub(crate) fn run(args: &DiffArgs, format: Format) -> Result<(), Failure> {
    let (left, right) = (read(&args.left)?, read(&args.right)?);
    let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
    names.sort();
    names.dedup();
    let found: Vec<(&String, Difference)> = names
        .iter()
        .filter_map(|name| Some((*name, Difference::of(left.get(*name), right.get(*name), args.tolerance)?)))
        .collect();
    match format {
        Format::Json => output::json(&as_json(names.len(), &found)),
        Format::Text | Format::Concise | Format::Sarif => print(names.len(), &found),
    }
    if found.is_empty() { Ok(()) } else { Err(Failure::Told) }
}

fn read(path: &Path) -> Result<BTreeMap<String, TensorData>, Failure> {
    if path.extension().is_some_and(|extension| extension == "npy") {
        let tensor = tri_import::read_npy(path, tri_import::Doubles::Refuse)?;
        return Ok([("tensor".to_owned(), tensor)].into());
    }
    Ok(tri_import::read_safetensors(path)?.into_iter().collect())
}

/// How two tensors of a name differ.
enum Difference {
    /// The second file lacks it.
    OnlyLeft,
    /// The first file lacks it.
    OnlyRight,
    /// They are of other types.
    Types(String, String),
    /// Some elements differ.
    Elements(Comparison),
}

impl Difference {
    /// None if they are the same, or no two elements are further apart than `tolerance` allows.
    fn of(
        left: Option<&TensorData>,
        right: Option<&TensorData>,
        tolerance: Option<f64>,
    ) -> Option<Difference> {
        let (left, right) = match (left, right) {
            (Some(left), Some(right)) => (left, right),
            (Some(_), None) => return Some(Difference::OnlyLeft),
            (None, _) => return Some(Difference::OnlyRight),
        };
        if (left.dtype, &left.shape) != (right.dtype, &right.shape) {
            return Some(Difference::Types(type_text(left), type_text(right)));
        }
        let comparison = Comparison::of(left, right);
        let is_near = match tolerance {
            None => comparison.equal == comparison.of,
            Some(tolerance) => comparison.max_difference <= tolerance,
        };
        (!is_near).then_some(Difference::Elements(comparison))
    }

    fn text(&self) -> String {
        match self {
            Difference::OnlyLeft => "only in the first file".to_owned(),
            Difference::OnlyRight => "only in the second file".to_owned(),
            Difference::Types(left, right) => format!("{left} in the first file, {right} in the second"),
            Difference::Elements(comparison) => comparison.to_string(),
        }
    }
}

fn print(of: usize, found: &[(&String, Difference)]) {
    for (name, difference) in found {
        output::result(format_args!("{name}: {}\n", difference.text()));
    }
    output::result(format_args!("{} of {of} tensors differ\n", found.len()));
}

fn as_json(of: usize, found: &[(&String, Difference)]) -> Value {
    let differences = found.iter().map(|(name, difference)| {
        let mut value = json!({ "name": name, "difference": difference.text() });
        if let Difference::Elements(comparison) = difference {
            value["equal"] = json!(comparison.equal);
            value["of"] = json!(comparison.of);
            value["max_difference"] = comparison.max_difference_json();
        }
        value
    });
    json!({ "tensors": of, "differences": differences.collect::<Vec<_>>() })
}
