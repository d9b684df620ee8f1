//! TriX: 0 as 00, +1 as 01, -1 as 10, four to a byte, element 0 in bits 1:0, rows padded with 00 to whole bytes.

use crate::shape::Shape;
use crate::{Encoding, PackError, PackErrorKind};

const PER_BYTE: usize = 4;

pub(crate) fn row_bytes(shape: Shape) -> usize {
    shape.columns.div_ceil(PER_BYTE)
}

fn code(trit: i8) -> u8 {
    match trit {
        0 => 0b00,
        1.. => 0b01,
        _ => 0b10,
    }
}

pub(crate) fn pack(trits: &[i8], shape: Shape) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in trits.chunks(shape.columns.max(1)) {
        for four in row.chunks(PER_BYTE) {
            bytes.push(four.iter().rev().fold(0, |byte, &trit| byte << 2 | code(trit)));
        }
    }
    bytes
}

pub(crate) fn unpack(bytes: &[u8], shape: Shape) -> Result<Vec<i8>, PackError> {
    let mut trits = Vec::with_capacity(shape.count);
    let row_bytes = row_bytes(shape);
    for (at, byte) in bytes.iter().enumerate() {
        for i in 0..PER_BYTE {
            let (row, column) = (at / row_bytes, at % row_bytes * PER_BYTE + i);
            let error = |kind: PackErrorKind| Err(kind.at(Encoding::Trix, (row, column), Some(at)));
            match byte >> (2 * i) & 3 {
                0b00 if column >= shape.columns => {}
                _ if column >= shape.columns => return error(PackErrorKind::NonZeroPadding),
                0b00 => trits.push(0),
                0b01 => trits.push(1),
                0b10 => trits.push(-1),
                _ => return error(PackErrorKind::IllegalCode),
            }
        }
    }
    Ok(trits)
}
