//! `t160`: digits `w + 1` in base 3, five to a byte, element 0 least significant, rows padded with digit 1 to whole bytes.

use crate::shape::Shape;
use crate::{Encoding, PackError, PackErrorKind};

const PER_BYTE: usize = 5;
/// 3^5.
const BYTES: u8 = 243;
const ZERO: u8 = 1;

pub(crate) fn row_bytes(shape: Shape) -> usize {
    shape.columns.div_ceil(PER_BYTE)
}

pub(crate) fn pack(trits: &[i8], shape: Shape) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in trits.chunks(shape.columns.max(1)) {
        for five in row.chunks(PER_BYTE) {
            let digit = |i: usize| five.get(i).map_or(ZERO, |trit| (trit + 1).cast_unsigned());
            bytes.push((0..PER_BYTE).rev().fold(0, |byte, i| 3 * byte + digit(i)));
        }
    }
    bytes
}

pub(crate) fn unpack(bytes: &[u8], shape: Shape) -> Result<Vec<i8>, PackError> {
    let mut trits = Vec::with_capacity(shape.count);
    let row_bytes = row_bytes(shape);
    for (at, &byte) in bytes.iter().enumerate() {
        let (row, first) = (at / row_bytes, at % row_bytes * PER_BYTE);
        if byte >= BYTES {
            return Err(PackErrorKind::IllegalByte.at(Encoding::T160, (row, first), Some(at)));
        }
        let mut rest = byte;
        for column in first..first + PER_BYTE {
            let digit = rest % 3;
            rest /= 3;
            if column < shape.columns {
                trits.push(digit.cast_signed() - 1);
            } else if digit != ZERO {
                return Err(PackErrorKind::NonZeroPadding.at(Encoding::T160, (row, column), Some(at)));
            }
        }
    }
    Ok(trits)
}
