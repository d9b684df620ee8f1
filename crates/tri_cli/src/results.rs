//! Where results go: `.npy` files hold one each, `.safetensors` files as many as are sent there.

use std::collections::BTreeMap;
use std::path::Path;

use tri_import::ImportError;
use tri_ir::TensorData;

/// Writes each result to its place; a tensor of a `.safetensors` file is called `name(position)` unless the place names it.
pub(crate) fn write(
    places: &[String],
    results: &[TensorData],
    name: impl Fn(usize) -> String,
) -> Result<(), ImportError> {
    let mut together: BTreeMap<&str, Vec<(String, TensorData)>> = BTreeMap::new();
    for (at, (place, result)) in places.iter().zip(results).enumerate() {
        if place.ends_with(".npy") {
            tri_import::write_npy(Path::new(place), result)?;
            continue;
        }
        let (file, tensor) = split(place);
        if !file.ends_with(EXTENSION) {
            return Err(ImportError::Extension { file: place.clone() });
        }
        let tensor = tensor.map_or_else(|| name(at), str::to_owned);
        together.entry(file).or_default().push((tensor, result.clone()));
    }
    together.iter().try_for_each(|(file, tensors)| tri_import::write_safetensors(Path::new(file), tensors))
}

const EXTENSION: &str = ".safetensors";

/// File and tensor; both may hold colons, so the extension decides.
fn split(place: &str) -> (&str, Option<&str>) {
    match place.rfind(".safetensors:") {
        Some(at) => (&place[..at + EXTENSION.len()], Some(&place[at + EXTENSION.len() + 1..])),
        None => (place, None),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_extension_decides_where_a_name_begins() {
        assert_eq!(split("a:b/c.safetensors:x:y"), ("a:b/c.safetensors", Some("x:y")));
        assert_eq!(split("c.safetensors"), ("c.safetensors", None));
    }
}
