//! The encodings by name, and packing and unpacking in any of them.

use crate::shape::Shape;
use crate::{PackError, PackErrorKind, i2_s, planes, t2, t160, tq1_0, tq2_0, triton, trix};

/// How trits lie in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// Two bits a trit, code `w + 1`, rows padded to whole bytes.
    T2,
    /// Five trits a byte in base 3, rows padded to whole bytes.
    T160,
    /// Bit planes: a row's nonzero words, then its negative words.
    Planes,
    /// TriX: two bits a trit, 01 for +1 and 10 for -1, rows padded to whole bytes.
    Trix,
    /// Triton DSL on CPU: two bits a trit, first element in the highest bits, flat.
    TritonCpu,
    /// Triton DSL on CUDA: two bits a trit, first element in the lowest bits, flat.
    TritonCuda,
    /// `I2_S` of bitnet.cpp in its x86 form: 128 trits in 32 bytes, one f32 scale.
    I2SX86,
    /// `TQ1_0` of GGUF: blocks of 256 trits with an f16 scale each, five trits a byte.
    Tq1_0,
    /// `TQ2_0` of GGUF: blocks of 256 trits with an f16 scale each, four trits a byte.
    Tq2_0,
}

impl Encoding {
    /// All encodings.
    pub const ALL: [Encoding; 9] = [
        Encoding::T2,
        Encoding::T160,
        Encoding::Planes,
        Encoding::Trix,
        Encoding::TritonCpu,
        Encoding::TritonCuda,
        Encoding::I2SX86,
        Encoding::Tq1_0,
        Encoding::Tq2_0,
    ];

    /// The name in programs, files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::T2 => "t2",
            Encoding::T160 => "t160",
            Encoding::Planes => "planes",
            Encoding::Trix => "trix",
            Encoding::TritonCpu => "triton_cpu",
            Encoding::TritonCuda => "triton_cuda",
            Encoding::I2SX86 => "i2_s_x86",
            Encoding::Tq1_0 => "tq1_0",
            Encoding::Tq2_0 => "tq2_0",
        }
    }

    /// The encoding with this name.
    pub fn from_name(name: &str) -> Option<Encoding> {
        Encoding::ALL.into_iter().find(|encoding| encoding.name() == name)
    }
}

/// A decoded matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct Unpacked {
    /// `rows * columns` elements of -1, 0 and 1, row major.
    pub trits: Vec<i8>,
    /// Scales, as many as [`scale_count`] says: none, one, or one a block in the order of the blocks.
    pub scales: Vec<f32>,
}

/// Bytes of a matrix.
///
/// # Errors
/// [`PackErrorKind::TooLarge`] and [`PackErrorKind::RaggedRow`].
pub fn packed_len(encoding: Encoding, rows: usize, columns: usize) -> Result<usize, PackError> {
    length(encoding, shape(encoding, rows, columns)?)
}

/// Scales of a matrix: one for `i2_s_x86`, one a block of 256 for the GGUF encodings, none for the others.
///
/// # Errors
/// [`PackErrorKind::TooLarge`] and [`PackErrorKind::RaggedRow`].
pub fn scale_count(encoding: Encoding, rows: usize, columns: usize) -> Result<usize, PackError> {
    let shape = shape(encoding, rows, columns)?;
    length(encoding, shape)?;
    Ok(match encoding {
        Encoding::I2SX86 => 1,
        Encoding::Tq1_0 | Encoding::Tq2_0 => shape.count / tq2_0::BLOCK,
        _ => 0,
    })
}

/// Encodes a matrix of `rows * columns` trits, row major.
///
/// # Errors
/// Elements that are not trits, or not as many as the shape says; a shape that the encoding does not take; scales that are
/// not as many as [`scale_count`] says, or that the encoding does not hold exactly.
pub fn pack(
    encoding: Encoding,
    trits: &[i8],
    rows: usize,
    columns: usize,
    scales: &[f32],
) -> Result<Vec<u8>, PackError> {
    let shape = shape(encoding, rows, columns)?;
    length(encoding, shape)?;
    if trits.len() != shape.count {
        return Err(PackErrorKind::WrongElementCount.at(encoding, shape.place(trits.len()), None));
    }
    if let Some(at) = not_trit(trits) {
        return Err(PackErrorKind::NotTrit.at(encoding, shape.place(at), None));
    }
    if scales.len() != scale_count(encoding, rows, columns)? {
        return Err(PackErrorKind::WrongScaleCount.at(encoding, (0, 0), None));
    }
    match encoding {
        Encoding::T2 => Ok(t2::pack(trits, shape)),
        Encoding::T160 => Ok(t160::pack(trits, shape)),
        Encoding::Planes => Ok(planes::pack(trits, shape)),
        Encoding::Trix => Ok(trix::pack(trits, shape)),
        Encoding::TritonCpu | Encoding::TritonCuda => Ok(triton::pack(encoding, trits)),
        Encoding::I2SX86 => i2_s::pack(trits, scales),
        Encoding::Tq1_0 => tq1_0::pack(trits, shape, scales),
        Encoding::Tq2_0 => tq2_0::pack(trits, shape, scales),
    }
}

/// Decodes a matrix of `rows * columns` trits.
///
/// # Errors
/// The first fault in the order of the bytes, if they are not the encoding of a matrix of this shape.
pub fn unpack(encoding: Encoding, bytes: &[u8], rows: usize, columns: usize) -> Result<Unpacked, PackError> {
    let shape = shape(encoding, rows, columns)?;
    let length = length(encoding, shape)?;
    if bytes.len() < length {
        let place = place(encoding, shape, bytes.len());
        return Err(PackErrorKind::TooShort.at(encoding, place, Some(bytes.len())));
    }
    if bytes.len() > length {
        return Err(PackErrorKind::TooLong.at(encoding, (rows, 0), Some(length)));
    }
    let plain = |trits| Unpacked { trits, scales: Vec::new() };
    match encoding {
        Encoding::T2 => t2::unpack(bytes, shape).map(plain),
        Encoding::T160 => t160::unpack(bytes, shape).map(plain),
        Encoding::Planes => planes::unpack(bytes, shape).map(plain),
        Encoding::Trix => trix::unpack(bytes, shape).map(plain),
        Encoding::TritonCpu | Encoding::TritonCuda => triton::unpack(encoding, bytes, shape).map(plain),
        Encoding::I2SX86 => i2_s::unpack(bytes, shape),
        Encoding::Tq1_0 => tq1_0::unpack(bytes, shape),
        Encoding::Tq2_0 => tq2_0::unpack(bytes, shape),
    }
}

/// The blake3 hash of decoded trits, one i8 each, row major: what a conversion must leave as it is.
pub fn checksum(trits: &[i8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in trits.chunks(1 << 16) {
        let bytes: Vec<u8> = part.iter().map(|trit| trit.cast_unsigned()).collect();
        hasher.update(&bytes);
    }
    *hasher.finalize().as_bytes()
}

/// Where an element is no trit, if one is not.
fn not_trit(trits: &[i8]) -> Option<usize> {
    // Pieces without a way out in the middle are looked through by vectors.
    const PIECE: usize = 4096;
    let is_not = |trit: &i8| !(-1..=1).contains(trit);
    let has_one = |piece: &[i8]| piece.iter().fold(false, |any, trit| any | is_not(trit));
    let piece = trits.chunks(PIECE).position(has_one)?;
    trits.iter().skip(piece * PIECE).position(is_not).map(|at| piece * PIECE + at)
}

fn shape(encoding: Encoding, rows: usize, columns: usize) -> Result<Shape, PackError> {
    Shape::new(rows, columns).ok_or(PackErrorKind::TooLarge.at(encoding, (0, 0), None))
}

fn length(encoding: Encoding, shape: Shape) -> Result<usize, PackError> {
    if let Some(element) = ragged_element(encoding, shape) {
        return Err(PackErrorKind::RaggedRow.at(encoding, shape.place(element), None));
    }
    let length = match encoding {
        Encoding::T2 => shape.rows.checked_mul(t2::row_bytes(shape)),
        Encoding::T160 => shape.rows.checked_mul(t160::row_bytes(shape)),
        Encoding::Planes => planes::row_bytes(shape).and_then(|bytes| shape.rows.checked_mul(bytes)),
        Encoding::Trix => shape.rows.checked_mul(trix::row_bytes(shape)),
        Encoding::TritonCpu | Encoding::TritonCuda => Some(shape.count.div_ceil(4)),
        Encoding::I2SX86 => Some(i2_s::length(shape)),
        Encoding::Tq1_0 => Some(shape.count / tq1_0::BLOCK * tq1_0::BLOCK_BYTES),
        Encoding::Tq2_0 => Some(shape.count / tq2_0::BLOCK * tq2_0::BLOCK_BYTES),
    };
    length.ok_or(PackErrorKind::TooLarge.at(encoding, (0, 0), None))
}

/// Where a block begins that the shape does not fill.
fn ragged_element(encoding: Encoding, shape: Shape) -> Option<usize> {
    let (length, block) = match encoding {
        Encoding::I2SX86 => (shape.count, i2_s::BLOCK),
        Encoding::Tq1_0 | Encoding::Tq2_0 if shape.rows > 0 => (shape.columns, tq2_0::BLOCK),
        _ => return None,
    };
    (length % block != 0).then_some(length / block * block)
}

/// The first element that a byte holds. The matrix has bytes.
fn place(encoding: Encoding, shape: Shape, byte: usize) -> (usize, usize) {
    let in_rows = |row_bytes: usize, per_byte: usize| (byte / row_bytes, byte % row_bytes * per_byte);
    match encoding {
        Encoding::T2 => in_rows(t2::row_bytes(shape), 4),
        Encoding::T160 => in_rows(t160::row_bytes(shape), 5),
        Encoding::Planes => planes::place(shape, byte),
        Encoding::Trix => in_rows(trix::row_bytes(shape), 4),
        Encoding::TritonCpu | Encoding::TritonCuda => shape.place(4 * byte),
        Encoding::I2SX86 => shape.place(byte / i2_s::BLOCK_BYTES * i2_s::BLOCK),
        Encoding::Tq1_0 => shape.place(byte / tq1_0::BLOCK_BYTES * tq1_0::BLOCK),
        Encoding::Tq2_0 => shape.place(byte / tq2_0::BLOCK_BYTES * tq2_0::BLOCK),
    }
}
