//! One element, kept as its bits so that equality and hashing are exact.

use serde::{Deserialize, Serialize};

use crate::DType;

/// A number of one element type. Two scalars are equal if type and bits are, so `-0.0` differs from `0.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scalar {
    dtype: DType,
    bits: u64,
}

impl Scalar {
    /// From raw bits: the element's little-endian bytes, zero extended.
    pub fn from_bits(dtype: DType, bits: u64) -> Self {
        let width = 8 * dtype.bytes() as u32;
        let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
        Scalar { dtype, bits: bits & mask }
    }

    /// An f32.
    pub fn f32(value: f32) -> Self {
        Scalar::from_bits(DType::F32, value.to_bits().into())
    }

    /// An integer of an integer, trit or bool type. The caller keeps `value` in range.
    pub fn int(dtype: DType, value: i64) -> Self {
        debug_assert!(!dtype.is_float());
        Scalar::from_bits(dtype, value as u64)
    }

    /// A truth value.
    pub fn bool(value: bool) -> Self {
        Scalar::from_bits(DType::Bool, value.into())
    }

    /// Element type.
    pub fn dtype(self) -> DType {
        self.dtype
    }

    /// Raw bits, zero extended.
    pub fn bits(self) -> u64 {
        self.bits
    }

    /// The value of an integer, trit or bool.
    pub fn as_int(self) -> Option<i64> {
        match self.dtype {
            DType::Bool | DType::U8 => Some(self.bits as i64),
            DType::Trit | DType::I8 => Some((self.bits as u8 as i8).into()),
            DType::I32 => Some((self.bits as u32 as i32).into()),
            DType::I64 => Some(self.bits as i64),
            DType::F16 | DType::Bf16 | DType::F32 => None,
        }
    }

    /// The value of an f32.
    pub fn as_f32(self) -> Option<f32> {
        (self.dtype == DType::F32).then(|| f32::from_bits(self.bits as u32))
    }
}
