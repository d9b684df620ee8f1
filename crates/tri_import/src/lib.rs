//! safetensors and NumPy files in and out, as [`tri_ir::TensorData`].
//!
//! Files come from strangers: every size and offset is checked before it is used, nothing is reserved from a number in a
//! file, and what a file holds is never reinterpreted. A tensor of an element type that Tri lacks is an error that
//! names it; f64 is rounded to f32 only where the caller asks ([`Doubles`]).

mod error;
mod npy;
mod safetensors_file;

use std::path::Path;

pub use error::ImportError;
pub use npy::{decode_npy, encode_npy, read_npy, write_npy};
pub use safetensors_file::{
    decode_safetensors, encode_safetensors, read_safetensors, read_safetensors_f64, write_safetensors,
};

use tri_ir::TensorData;

/// What becomes of f64 elements, which Tri has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Doubles {
    /// They are an error.
    #[default]
    Refuse,
    /// They are rounded to f32, to nearest even.
    RoundToF32,
}

/// Reads `file.npy`, `file.safetensors:name`, or `file.safetensors` with a single tensor.
///
/// # Errors
/// The file cannot be read, holds no such tensor, or one that Tri cannot hold.
pub fn read_tensor(place: &str) -> Result<TensorData, ImportError> {
    read_tensor_with(place, Doubles::Refuse)
}

/// [`read_tensor`] that says what becomes of f64.
///
/// # Errors
/// As [`read_tensor`].
pub fn read_tensor_with(place: &str, doubles: Doubles) -> Result<TensorData, ImportError> {
    if place.ends_with(".npy") {
        return read_npy(Path::new(place), doubles);
    }
    let (file, name) = split_place(place);
    if !file.ends_with(".safetensors") {
        return Err(ImportError::Extension { file: place.to_owned() });
    }
    safetensors_file::read_one(Path::new(file), name, doubles)
}

/// File and tensor. Names may hold colons (`stem.weight:trit`), and so may paths, so the file's extension decides.
fn split_place(place: &str) -> (&str, Option<&str>) {
    const EXTENSION: &str = ".safetensors";
    match place.rfind(".safetensors:") {
        Some(at) => {
            let (file, rest) = place.split_at(at + EXTENSION.len());
            (file, rest.strip_prefix(':'))
        }
        None => (place, None),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ImportError> {
    std::fs::read(path).map_err(|source| ImportError::Io {
        action: "read",
        file: path.display().to_string(),
        source,
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ImportError> {
    std::fs::write(path, bytes).map_err(|source| ImportError::Io {
        action: "write",
        file: path.display().to_string(),
        source,
    })
}

/// The f32 elements of f64 bytes.
fn rounded(bytes: &[u8]) -> Vec<u8> {
    let (chunks, _) = bytes.as_chunks::<8>();
    chunks.iter().flat_map(|chunk| (f64::from_le_bytes(*chunk) as f32).to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::split_place;

    #[test]
    fn the_extension_decides_where_a_name_begins() {
        assert_eq!(split_place("a.safetensors:w"), ("a.safetensors", Some("w")));
        assert_eq!(split_place("c:/x:y/a.safetensors:w:trit"), ("c:/x:y/a.safetensors", Some("w:trit")));
        assert_eq!(split_place("a.safetensors"), ("a.safetensors", None));
        assert_eq!(split_place("a.safetensors:"), ("a.safetensors", Some("")));
    }
}
