//! A tensor with its elements: constants in the IR, arguments and results of the interpreter, golden vectors.

use serde::{Deserialize, Serialize};

use crate::DType;

/// Elements in the plain encoding, row major, little endian.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TensorData {
    /// Element type.
    pub dtype: DType,
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// `product(shape) * dtype.bytes()` bytes.
    pub bytes: Vec<u8>,
}

impl TensorData {
    /// A tensor of `bytes`, or `None` if their number does not fit the shape.
    pub fn new(dtype: DType, shape: Vec<usize>, bytes: Vec<u8>) -> Option<Self> {
        let elements = shape.iter().try_fold(1usize, |n, size| n.checked_mul(*size))?;
        (elements.checked_mul(dtype.bytes())? == bytes.len()).then_some(TensorData { dtype, shape, bytes })
    }

    /// An f32 tensor, or `None` if the number of elements does not fit the shape.
    pub fn from_f32(shape: Vec<usize>, elements: &[f32]) -> Option<Self> {
        TensorData::new(DType::F32, shape, elements.iter().flat_map(|x| x.to_le_bytes()).collect())
    }

    /// An i32 tensor, or `None` if the number of elements does not fit the shape.
    pub fn from_i32(shape: Vec<usize>, elements: &[i32]) -> Option<Self> {
        TensorData::new(DType::I32, shape, elements.iter().flat_map(|x| x.to_le_bytes()).collect())
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.dtype.bytes()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The elements of an f32 tensor.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        let (chunks, _) = self.bytes.as_chunks::<4>();
        (self.dtype == DType::F32).then(|| chunks.iter().map(|b| f32::from_le_bytes(*b)).collect())
    }

    /// The elements of an i32 tensor.
    pub fn to_i32(&self) -> Option<Vec<i32>> {
        let (chunks, _) = self.bytes.as_chunks::<4>();
        (self.dtype == DType::I32).then(|| chunks.iter().map(|b| i32::from_le_bytes(*b)).collect())
    }
}
