//! Where a tensor lies, as command lines write it: `file.npy`, `file.safetensors:name`, or `file.safetensors`.

use std::collections::BTreeMap;
use std::path::Path;

use tri_ir::TensorData;

use crate::file::write;
use crate::{ImportError, encode_npy, encode_safetensors};

/// Where a tensor lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// A `.npy` file.
    Npy(&'a str),
    /// A `.safetensors` file.
    Safetensors {
        /// The file.
        file: &'a str,
        /// The tensor, if the place names it.
        tensor: Option<&'a str>,
    },
}

impl<'a> Place<'a> {
    /// Reads a place. Names may hold colons (`stem.weight:trit`), and so may paths, so the extension decides where a name begins.
    ///
    /// # Errors
    /// Another extension, or nothing after the colon.
    pub(crate) fn parse(text: &'a str) -> Result<Place<'a>, ImportError> {
        const EXTENSION: &str = ".safetensors";
        // A file is meant wherever one can be: a tensor may be called `a.npy`.
        if let Some(at) = text.rfind(".safetensors:") {
            let (file, rest) = text.split_at(at + EXTENSION.len());
            return match rest.strip_prefix(':') {
                Some("") => Err(ImportError::NoName { file: file.to_owned() }),
                tensor => Ok(Place::Safetensors { file, tensor }),
            };
        }
        if text.ends_with(".npy") {
            return Ok(Place::Npy(text));
        }
        if text.ends_with(EXTENSION) {
            return Ok(Place::Safetensors { file: text, tensor: None });
        }
        Err(ImportError::Extension { file: text.to_owned() })
    }
}

/// Writes each tensor to its place. Tensors of one `.safetensors` file are written together; one that its place does not name
/// is called `name(position)`.
///
/// # Errors
/// A place that is none, two tensors for one place, or a file that cannot be written. Nothing is written before every place
/// and every file's bytes are known to be right.
pub fn write_tensors(
    places: &[String],
    tensors: &[TensorData],
    name: impl Fn(usize) -> String,
) -> Result<(), ImportError> {
    let mut files: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
    let mut together: BTreeMap<&str, Vec<(String, TensorData)>> = BTreeMap::new();
    for (at, (place, tensor)) in places.iter().zip(tensors).enumerate() {
        match Place::parse(place)? {
            Place::Npy(file) => {
                if files.insert(file, encode_npy(file, tensor)?).is_some() {
                    return Err(ImportError::Twice { file: file.to_owned() });
                }
            }
            Place::Safetensors { file, tensor: given } => {
                let given = given.map_or_else(|| name(at), str::to_owned);
                together.entry(file).or_default().push((given, tensor.clone()));
            }
        }
    }
    for (file, tensors) in together {
        files.insert(file, encode_safetensors(file, &tensors)?);
    }
    files.iter().try_for_each(|(file, bytes)| write(Path::new(file), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_where_a_name_begins() {
        let in_file = |file, tensor| Some(Place::Safetensors { file, tensor });
        let parse = |text| Place::parse(text).ok();
        assert_eq!(parse("a.safetensors:w"), in_file("a.safetensors", Some("w")));
        assert_eq!(parse("c:/x:y/a.safetensors:w:trit"), in_file("c:/x:y/a.safetensors", Some("w:trit")));
        assert_eq!(parse("a.safetensors:w.npy"), in_file("a.safetensors", Some("w.npy")));
        assert_eq!(parse("a.safetensors"), in_file("a.safetensors", None));
        assert_eq!(parse("a:b.npy"), Some(Place::Npy("a:b.npy")));
        for none in ["", "a.bin", "a.safetensors:", "safetensors:x", "a.npy:x", "a.SAFETENSORS"] {
            assert_eq!(parse(none), None, "{none}");
        }
    }
}
