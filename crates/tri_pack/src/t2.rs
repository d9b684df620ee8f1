//! `t2`: code `w + 1` in two bits, four to a byte, element 0 in bits 1:0, rows padded with code 1 to whole bytes.
//!
//! Four trits are a word of four bytes, and its codes move by shifts of the word: compilers make vector operations of such loops.

use crate::shape::Shape;
use crate::{Encoding, PackError, PackErrorKind};

const PER_BYTE: usize = 4;
const ZERO: u8 = 1;
/// Bytes that are held to the rules together.
const PIECE: usize = 4096;

pub(crate) fn row_bytes(shape: Shape) -> usize {
    shape.columns.div_ceil(PER_BYTE)
}

pub(crate) fn pack(trits: &[i8], shape: Shape) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(shape.rows * row_bytes(shape));
    for row in trits.chunks(shape.columns.max(1)) {
        let (fours, rest) = row.as_chunks::<PER_BYTE>();
        bytes.extend(fours.iter().copied().map(codes));
        if !rest.is_empty() {
            let code = |i: usize| rest.get(i).map_or(ZERO, |trit| (trit + 1).cast_unsigned());
            bytes.push(code(0) | code(1) << 2 | code(2) << 4 | code(3) << 6);
        }
    }
    bytes
}

/// The byte of four trits.
fn codes(trits: [i8; PER_BYTE]) -> u8 {
    let word = u32::from_le_bytes(trits.map(i8::cast_unsigned));
    // -1, 0 and 1 end in 11, 00 and 01; no byte's sum reaches the next.
    let codes = ((word & 0x0303_0303) + 0x0101_0101) & 0x0303_0303;
    (codes | codes >> 6 | codes >> 12 | codes >> 18) as u8
}

pub(crate) fn unpack(bytes: &[u8], shape: Shape) -> Result<Vec<i8>, PackError> {
    let has_illegal = |piece: &[u8]| piece.iter().fold(0, |any, byte| any | byte & byte >> 1 & 0x55) != 0;
    if (bytes.chunks(PIECE).any(has_illegal) || !is_padded(bytes, shape))
        && let Some(fault) = first_fault(bytes, shape)
    {
        return Err(fault);
    }
    let mut trits = Vec::with_capacity(shape.count);
    for row in bytes.chunks(row_bytes(shape).max(1)) {
        let end = trits.len() + shape.columns;
        let (whole, rest) = row.split_at(shape.columns / PER_BYTE);
        trits.extend(whole.iter().flat_map(|&byte| four(byte)));
        trits.extend(rest.iter().flat_map(|&byte| four(byte)).take(end - trits.len()));
    }
    Ok(trits)
}

/// The trits of a byte.
fn four(byte: u8) -> [i8; PER_BYTE] {
    let word = u32::from(byte);
    let codes = (word | word << 6 | word << 12 | word << 18) & 0x0303_0303;
    // The high bits keep each byte from borrowing of the next.
    let trits = ((codes | 0x8080_8080) - 0x0101_0101) ^ 0x8080_8080;
    trits.to_le_bytes().map(u8::cast_signed)
}

/// Whether every row ends as it must.
fn is_padded(bytes: &[u8], shape: Shape) -> bool {
    let used = 2 * (shape.columns % PER_BYTE);
    let mut ends = bytes.chunks(row_bytes(shape).max(1)).filter_map(|row| row.last());
    used == 0 || ends.all(|end| end >> used == 0x55 >> used)
}

/// Where bytes that are no encoding begin to be none.
fn first_fault(bytes: &[u8], shape: Shape) -> Option<PackError> {
    let row_bytes = row_bytes(shape);
    for (at, byte) in bytes.iter().enumerate() {
        for i in 0..PER_BYTE {
            let (row, column) = (at / row_bytes, at % row_bytes * PER_BYTE + i);
            let error = |kind: PackErrorKind| Some(kind.at(Encoding::T2, (row, column), Some(at)));
            match byte >> (2 * i) & 3 {
                ZERO => {}
                _ if column >= shape.columns => return error(PackErrorKind::NonZeroPadding),
                3 => return error(PackErrorKind::IllegalCode),
                _ => {}
            }
        }
    }
    None
}
