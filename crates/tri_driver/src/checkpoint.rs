//! Checkpoints: files of weights, mapped, and where in them the parameters of a module are. Nothing of them is copied.

use std::path::Path;

use tri_artifact::MappedFile;
use tri_import::{ImportError, TensorSlice, open_regular, view_safetensors};
use tri_ir::{DType, Module, TensorData};

use crate::DriverError;
use crate::weights::arrange;

/// A mapped file of weights that fits a module. The file must not be changed while it lives; replacing it is no change.
#[derive(Debug)]
pub struct Checkpoint {
    bytes: MappedFile,
    places: Vec<Place>,
}

/// Where a parameter is in the file.
#[derive(Debug)]
struct Place {
    dtype: DType,
    shape: Vec<usize>,
    start: usize,
    length: usize,
}

impl Checkpoint {
    /// Maps a safetensors file, and holds it to the parameters of `module`.
    ///
    /// # Errors
    /// The file cannot be read, is not valid, or does not fit the model.
    pub fn open(path: &Path, module: &Module) -> Result<Checkpoint, DriverError> {
        let name = path.display().to_string();
        let file = open_regular(path)?;
        let bytes =
            MappedFile::of(&file).map_err(|source| ImportError::Read { file: name.clone(), source })?;
        let tensors = arrange(&name, module, view_safetensors(&name, &bytes)?)?;
        let place = |tensor: TensorSlice<'_>| Place {
            dtype: tensor.dtype,
            start: tensor.bytes.as_ptr().addr() - bytes.as_ptr().addr(),
            length: tensor.bytes.len(),
            shape: tensor.shape,
        };
        let places = tensors.into_iter().map(place).collect();
        Ok(Checkpoint { bytes, places })
    }

    /// The parameters in the module's order.
    pub fn parameters(&self) -> Vec<TensorSlice<'_>> {
        let slice = |place: &Place| TensorSlice {
            dtype: place.dtype,
            shape: place.shape.clone(),
            bytes: &self.bytes[place.start..place.start + place.length],
        };
        self.places.iter().map(slice).collect()
    }

    /// Copies of the parameters in the module's order.
    pub fn to_data(&self) -> Vec<TensorData> {
        self.parameters().iter().map(TensorSlice::to_data).collect()
    }
}
