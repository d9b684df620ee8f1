//! safetensors and NumPy files in and out, as [`tri_ir::TensorData`].
//!
//! Files come from strangers: every size and offset is checked before it is used, nothing is reserved from a number in a
//! file, and what a file holds is never reinterpreted. A tensor of an element type that Tri lacks is an error that
//! names it; f64 is rounded to f32 only where the caller asks ([`Doubles`]).

mod error;
mod file;
mod header;
mod npy;
mod place;
mod safetensors_file;

use std::path::Path;

pub use error::ImportError;
pub use file::{open_regular, read as read_file, write as write_file};
pub use npy::{decode_npy, encode_npy, read_npy, write_npy};
use place::Place;
pub use place::write_tensors;
pub use safetensors_file::{
    TensorSlice, decode_safetensors, encode_safetensors, read_safetensors, read_safetensors_f64,
    view_safetensors, write_safetensors,
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
    match Place::parse(place)? {
        Place::Npy(file) => read_npy(Path::new(file), doubles),
        Place::Safetensors { file, tensor } => safetensors_file::read_one(Path::new(file), tensor, doubles),
    }
}

/// The f32 elements of f64 bytes.
fn rounded(bytes: &[u8]) -> Vec<u8> {
    let (chunks, _) = bytes.as_chunks::<8>();
    chunks.iter().flat_map(|chunk| (f64::from_le_bytes(*chunk) as f32).to_le_bytes()).collect()
}
