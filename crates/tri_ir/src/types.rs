//! Element types, encodings and tensor types.

use serde::{Deserialize, Serialize};

use crate::{Shape, Symbol};

/// A size: a polynomial over the symbols of a function.
pub type Dim = tri_dims::Dim<Symbol>;

/// Element type of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DType {
    /// false or true, one byte 0 or 1.
    Bool,
    /// -1, 0 or +1, stored as its [`Encoding`] says.
    Trit,
    /// Signed 8-bit integer.
    I8,
    /// Unsigned 8-bit integer.
    U8,
    /// Signed 32-bit integer.
    I32,
    /// Signed 64-bit integer.
    I64,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    Bf16,
    /// IEEE 754 binary32.
    F32,
}

impl DType {
    /// All of them, in declaration order.
    pub const ALL: [DType; 9] = [
        DType::Bool,
        DType::Trit,
        DType::I8,
        DType::U8,
        DType::I32,
        DType::I64,
        DType::F16,
        DType::Bf16,
        DType::F32,
    ];

    /// The name in the language.
    pub fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::Trit => "trit",
            DType::I8 => "i8",
            DType::U8 => "u8",
            DType::I32 => "i32",
            DType::I64 => "i64",
            DType::F16 => "f16",
            DType::Bf16 => "bf16",
            DType::F32 => "f32",
        }
    }

    /// The element type called `name`.
    pub fn from_name(name: &str) -> Option<DType> {
        DType::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// Bytes of one element in the plain encoding (a trit is one signed byte there).
    pub fn bytes(self) -> usize {
        match self {
            DType::Bool | DType::Trit | DType::I8 | DType::U8 => 1,
            DType::F16 | DType::Bf16 => 2,
            DType::I32 | DType::F32 => 4,
            DType::I64 => 8,
        }
    }

    /// Whether it is a floating-point type.
    pub fn is_float(self) -> bool {
        matches!(self, DType::F16 | DType::Bf16 | DType::F32)
    }

    /// Whether elements are floats of 16 bits, whose functions are those of f32, rounded.
    pub fn is_small_float(self) -> bool {
        matches!(self, DType::F16 | DType::Bf16)
    }

    /// Whether it is an integer type (trit and bool are not).
    pub fn is_int(self) -> bool {
        matches!(self, DType::I8 | DType::U8 | DType::I32 | DType::I64)
    }
}

/// How elements lie in memory (`docs/numerics.md`, ternary encodings).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// Row major, each element in [`DType::bytes`] bytes, little endian.
    #[default]
    Plain,
    /// Two bits a trit: code `w + 1`, four to a byte, rows padded to whole bytes with code 1.
    T2,
    /// 1.6 bits a trit: five to a byte in base 3.
    T160,
    /// Bit planes: a row's nonzero words, then its negative words.
    Planes,
}

impl Encoding {
    /// The name in printed IR.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Plain => "plain",
            Encoding::T2 => "t2",
            Encoding::T160 => "t160",
            Encoding::Planes => "planes",
        }
    }
}

/// Element type, shape and encoding: `trit[6912, 2560] in t2`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TensorType {
    /// Element type.
    pub dtype: DType,
    /// Sizes, outermost first; empty for a scalar.
    pub shape: Shape,
    /// Layout in memory.
    pub encoding: Encoding,
}

impl TensorType {
    /// A tensor in the plain encoding.
    pub fn new(dtype: DType, shape: impl Into<Shape>) -> Self {
        TensorType { dtype, shape: shape.into(), encoding: Encoding::Plain }
    }

    /// A scalar.
    pub fn scalar(dtype: DType) -> Self {
        TensorType::new(dtype, Vec::new())
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The same shape with another element type, plainly encoded.
    pub fn with_dtype(&self, dtype: DType) -> Self {
        TensorType::new(dtype, self.shape.clone())
    }

    /// The same element type with another shape, plainly encoded.
    pub fn with_shape(&self, shape: impl Into<Shape>) -> Self {
        TensorType::new(self.dtype, shape)
    }
}
