//! safetensors files.
//!
//! The `safetensors` crate holds offsets to shapes and to each other; [`header`] and the check of truth values that are neither 0
//! nor 1 are what it leaves out.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use tri_diagnostics::nearest;
use tri_ir::{DType, TensorData};

use crate::file::{read, write};
use crate::{Doubles, ImportError, header, rounded};

fn format_error(file: &str, reason: impl fmt::Display) -> ImportError {
    ImportError::Format { file: file.to_owned(), reason: reason.to_string() }
}

fn tensor_error(file: &str, tensor: &str, reason: impl Into<String>) -> ImportError {
    ImportError::Tensor { file: file.to_owned(), tensor: tensor.to_owned(), reason: reason.into() }
}

/// Checks the header and gives access to the tensors.
fn parse<'a>(file: &str, bytes: &'a [u8]) -> Result<SafeTensors<'a>, ImportError> {
    header::check(bytes).map_err(|(tensor, reason)| match tensor {
        Some(tensor) => tensor_error(file, &tensor, reason),
        None => format_error(file, reason),
    })?;
    SafeTensors::deserialize(bytes).map_err(|error| format_error(file, error))
}

/// Element types that files and Tri have in common.
const KNOWN: &str = "BOOL, I8, U8, I32, I64, F16, BF16, F32";

fn dtype_error(file: &str, tensor: &str, found: Dtype, expected: &'static str) -> ImportError {
    ImportError::Dtype { place: format!("{file}: tensor `{tensor}`"), found: format!("{found:?}"), expected }
}

fn dtype_of(dtype: Dtype) -> Option<DType> {
    match dtype {
        Dtype::BOOL => Some(DType::Bool),
        Dtype::I8 => Some(DType::I8),
        Dtype::U8 => Some(DType::U8),
        Dtype::I32 => Some(DType::I32),
        Dtype::I64 => Some(DType::I64),
        Dtype::F16 => Some(DType::F16),
        Dtype::BF16 => Some(DType::Bf16),
        Dtype::F32 => Some(DType::F32),
        _ => None,
    }
}

/// A tensor in the bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSlice<'a> {
    /// Element type.
    pub dtype: DType,
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// `product(shape) * dtype.bytes()` bytes.
    pub bytes: &'a [u8],
}

impl TensorSlice<'_> {
    /// A copy.
    pub fn to_data(&self) -> TensorData {
        TensorData { dtype: self.dtype, shape: self.shape.clone(), bytes: self.bytes.to_vec() }
    }
}

/// A tensor whose element type Tri has.
fn view<'a>(file: &str, name: &str, view: &TensorView<'a>) -> Result<TensorSlice<'a>, ImportError> {
    let dtype = dtype_of(view.dtype()).ok_or_else(|| dtype_error(file, name, view.dtype(), KNOWN))?;
    let (shape, bytes) = (view.shape().to_vec(), view.data());
    if dtype == DType::Bool
        && let Some(byte) = bytes.iter().find(|byte| **byte > 1)
    {
        return Err(tensor_error(file, name, format!("holds the byte {byte} where a bool is 0 or 1")));
    }
    let elements = shape.iter().try_fold(1usize, |n, size| n.checked_mul(*size));
    if elements.and_then(|n| n.checked_mul(dtype.bytes())) != Some(bytes.len()) {
        let reason = format!("has {} bytes, which do not fit its shape {shape:?}", bytes.len());
        return Err(tensor_error(file, name, reason));
    }
    Ok(TensorSlice { dtype, shape, bytes })
}

fn take(
    file: &str,
    name: &str,
    tensor: &TensorView<'_>,
    doubles: Doubles,
) -> Result<TensorData, ImportError> {
    if (tensor.dtype(), doubles) != (Dtype::F64, Doubles::RoundToF32) {
        return Ok(view(file, name, tensor)?.to_data());
    }
    let bytes = rounded(tensor.data());
    let length = bytes.len();
    TensorData::new(DType::F32, tensor.shape().to_vec(), bytes).ok_or_else(|| {
        tensor_error(
            file,
            name,
            format!("has {length} bytes, which do not fit its shape {:?}", tensor.shape()),
        )
    })
}

/// The tensors of a file, in the order of their offsets.
fn in_order<'a>(tensors: &SafeTensors<'a>) -> Vec<(String, TensorView<'a>)> {
    let mut views = tensors.tensors();
    // Tensors without elements share their offset with a neighbour.
    views.sort_by(|(a, x), (b, y)| (x.data().as_ptr(), a).cmp(&(y.data().as_ptr(), b)));
    views
}

/// All tensors of a file's bytes where they are, in the order of their offsets. `file` names it in errors.
///
/// # Errors
/// Not a valid file, or a tensor that Tri cannot hold.
pub fn view_safetensors<'a>(
    file: &str,
    bytes: &'a [u8],
) -> Result<Vec<(String, TensorSlice<'a>)>, ImportError> {
    let views = in_order(&parse(file, bytes)?);
    views.iter().map(|(name, tensor)| Ok((name.clone(), view(file, name, tensor)?))).collect()
}

/// All tensors of a file's bytes, in the order of their offsets. `file` names it in errors.
///
/// # Errors
/// Not a valid file, or a tensor that Tri cannot hold.
pub fn decode_safetensors(
    file: &str,
    bytes: &[u8],
    doubles: Doubles,
) -> Result<Vec<(String, TensorData)>, ImportError> {
    let views = in_order(&parse(file, bytes)?);
    views.iter().map(|(name, view)| Ok((name.clone(), take(file, name, view, doubles)?))).collect()
}

/// All tensors of a file, in the order of their offsets.
///
/// # Errors
/// The file cannot be read, is not valid, or holds a tensor that Tri cannot hold.
pub fn read_safetensors(path: &Path) -> Result<Vec<(String, TensorData)>, ImportError> {
    decode_safetensors(&path.display().to_string(), &read(path)?, Doubles::Refuse)
}

/// The names of all tensors, sorted.
fn names(tensors: &SafeTensors<'_>) -> Vec<String> {
    let mut names: Vec<String> = tensors.names().into_iter().map(str::to_owned).collect();
    names.sort();
    names
}

fn missing(file: &str, name: &str, tensors: &SafeTensors<'_>) -> ImportError {
    let known = names(tensors);
    let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
    ImportError::Missing { file: file.to_owned(), tensor: name.to_owned(), near, known }
}

/// The tensor of this name, or the only one.
pub(crate) fn read_one(path: &Path, name: Option<&str>, doubles: Doubles) -> Result<TensorData, ImportError> {
    let file = path.display().to_string();
    let bytes = read(path)?;
    let tensors = parse(&file, &bytes)?;
    let name = match (name, names(&tensors).as_slice()) {
        (Some(name), _) => name.to_owned(),
        (None, [only]) => only.clone(),
        (None, names) => {
            return Err(ImportError::Ambiguous { file, known: names.to_vec() });
        }
    };
    let view = tensors.tensor(&name).map_err(|_| missing(&file, &name, &tensors))?;
    take(&file, &name, &view, doubles)
}

/// Shape and elements of an f64 or f32 tensor, for comparisons.
///
/// # Errors
/// The file cannot be read or is not valid, or the tensor is missing or of another type.
pub fn read_safetensors_f64(path: &Path, name: &str) -> Result<(Vec<usize>, Vec<f64>), ImportError> {
    let file = path.display().to_string();
    let bytes = read(path)?;
    let tensors = parse(&file, &bytes)?;
    let view = tensors.tensor(name).map_err(|_| missing(&file, name, &tensors))?;
    let data = view.data();
    let elements = match view.dtype() {
        Dtype::F64 => data.as_chunks::<8>().0.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect(),
        Dtype::F32 => data.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk).into()).collect(),
        found => return Err(dtype_error(&file, name, found, "F64, F32")),
    };
    Ok((view.shape().to_vec(), elements))
}

/// A file of these tensors; the order does not matter, trits are written as I8.
///
/// # Errors
/// Two tensors of one name, or bytes that do not fit a shape.
pub fn encode_safetensors(file: &str, tensors: &[(String, TensorData)]) -> Result<Vec<u8>, ImportError> {
    let mut seen = HashSet::new();
    let mut views = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        if !seen.insert(name.as_str()) {
            return Err(tensor_error(file, name, "two tensors have this name"));
        }
        let dtype = match tensor.dtype {
            DType::Bool => Dtype::BOOL,
            DType::Trit | DType::I8 => Dtype::I8,
            DType::U8 => Dtype::U8,
            DType::I32 => Dtype::I32,
            DType::I64 => Dtype::I64,
            DType::F16 => Dtype::F16,
            DType::Bf16 => Dtype::BF16,
            DType::F32 => Dtype::F32,
        };
        let view = TensorView::new(dtype, tensor.shape.clone(), &tensor.bytes)
            .map_err(|error| tensor_error(file, name, error.to_string()))?;
        views.push((name.as_str(), view));
    }
    safetensors::serialize(views, None).map_err(|error| format_error(file, error))
}

/// Writes a file of these tensors.
///
/// # Errors
/// As [`encode_safetensors`], or the file cannot be written.
pub fn write_safetensors(path: &Path, tensors: &[(String, TensorData)]) -> Result<(), ImportError> {
    write(path, &encode_safetensors(&path.display().to_string(), tensors)?)
}
