//! `t2`: code `w + 1` in two bits, four to a byte, element 0 in bits 1:0, rows padded with code 1 to whole bytes.

use crate::shape::Shape;
use crate::{Encoding, PackError, PackErrorKind};

const PER_BYTE: usize = 4;
const ZERO: u8 = 1;

pub(crate) fn row_bytes(shape: Shape) -> usize {
    shape.columns.div_ceil(PER_BYTE)
}

pub(crate) fn pack(trits: &[i8], shape: Shape) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in trits.chunks(shape.columns.max(1)) {
        for four in row.chunks(PER_BYTE) {
            let code = |i: usize| four.get(i).map_or(ZERO, |trit| (trit + 1).cast_unsigned());
            bytes.push(code(0) | code(1) << 2 | code(2) << 4 | code(3) << 6);
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
            let error = |kind: PackErrorKind| Err(kind.at(Encoding::T2, (row, column), Some(at)));
            match byte >> (2 * i) & 3 {
                code if column >= shape.columns => {
                    if code != ZERO {
                        return error(PackErrorKind::NonZeroPadding);
                    }
                }
                3 => return error(PackErrorKind::IllegalCode),
                code => trits.push(code.cast_signed() - 1),
            }
        }
    }
    Ok(trits)
}
