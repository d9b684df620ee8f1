//! What can be wrong with an encoded or a decoded matrix, and where.

use thiserror::Error;

use crate::Encoding;

/// A fault in an encoded matrix, or in what was to be encoded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: {kind} at row {row}, column {column}{}", .encoding.name(), at_byte(.byte))]
pub struct PackError {
    /// The encoding.
    pub encoding: Encoding,
    /// What is wrong.
    pub kind: PackErrorKind,
    /// Row of the first element concerned: of a bad scale the first that it scales; the number of rows where there are too
    /// many bytes.
    pub row: usize,
    /// Column of the first element concerned; past the last column in padding.
    pub column: usize,
    /// The byte concerned: of a number of several bytes the one with its sign, of too many the first too many, of too
    /// few the first missing. None where bytes were not looked at.
    pub byte: Option<usize>,
}

fn at_byte(byte: &Option<usize>) -> String {
    byte.map_or_else(String::new, |byte| format!(" (byte {byte})"))
}

/// Kinds of [`PackError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum PackErrorKind {
    /// A code that stands for no weight.
    #[error("illegal code 3")]
    IllegalCode,
    /// A byte that stands for no five weights.
    #[error("illegal byte, above 242")]
    IllegalByte,
    /// Padding that is not weight 0.
    #[error("non-zero padding")]
    NonZeroPadding,
    /// A negative bit where the weight is 0.
    #[error("negative zero")]
    NegativeZero,
    /// Fewer bytes than the shape needs.
    #[error("too short: bytes are missing")]
    TooShort,
    /// More bytes than the shape needs.
    #[error("too long: bytes are left over")]
    TooLong,
    /// Rows (`i2_s_x86`: the matrix) that are no whole number of blocks.
    #[error("the block that begins here is not full")]
    RaggedRow,
    /// A scale that is NaN, infinite or negative, or that the encoding cannot hold.
    #[error("bad scale")]
    BadScale,
    /// A number of scales that is not the encoding's for this shape.
    #[error("wrong number of scales")]
    WrongScaleCount,
    /// An element that is not -1, 0 or 1.
    #[error("not a trit")]
    NotTrit,
    /// A number of elements that is not that of the shape.
    #[error("the number of elements is not rows times columns")]
    WrongElementCount,
    /// A shape whose size no machine word holds.
    #[error("the shape is too large")]
    TooLarge,
}

impl PackErrorKind {
    /// The kind at an element and a byte.
    pub(crate) fn at(
        self,
        encoding: Encoding,
        (row, column): (usize, usize),
        byte: Option<usize>,
    ) -> PackError {
        PackError { encoding, kind: self, row, column, byte }
    }
}
