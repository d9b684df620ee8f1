//! `planes`: a row's nonzero words, then its negative words, u64 little endian, element i in bit i mod 64, padded with 0.

use crate::shape::Shape;
use crate::{Encoding, PackError, PackErrorKind};

const WORD_BYTES: usize = 8;

/// Bytes of one plane of a row.
fn plane_bytes(shape: Shape) -> usize {
    shape.columns.div_ceil(64) * WORD_BYTES
}

pub(crate) fn row_bytes(shape: Shape) -> Option<usize> {
    plane_bytes(shape).checked_mul(2)
}

pub(crate) fn place(shape: Shape, byte: usize) -> (usize, usize) {
    let plane = plane_bytes(shape);
    (byte / (2 * plane), byte % plane * 8)
}

pub(crate) fn pack(trits: &[i8], shape: Shape) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in trits.chunks(shape.columns.max(1)) {
        for is_set in [|trit: i8| trit != 0, |trit: i8| trit < 0] {
            for word in row.chunks(64) {
                let bits = word.iter().enumerate().map(|(i, &trit)| u64::from(is_set(trit)) << i);
                bytes.extend(bits.sum::<u64>().to_le_bytes());
            }
        }
    }
    bytes
}

pub(crate) fn unpack(bytes: &[u8], shape: Shape) -> Result<Vec<i8>, PackError> {
    let mut trits = Vec::with_capacity(shape.count);
    let plane = plane_bytes(shape);
    for (row, planes) in bytes.chunks(2 * plane.max(1)).enumerate() {
        let (nonzero, negative) = planes.split_at(plane);
        for column in 0..8 * plane {
            let (byte, bit) = (column / 8, 1 << (column % 8));
            let (nonzero, negative) = (nonzero[byte] & bit != 0, negative[byte] & bit != 0);
            let start = row * 2 * plane + byte;
            let error = |kind: PackErrorKind, byte| Err(kind.at(Encoding::Planes, (row, column), Some(byte)));
            match (nonzero, negative) {
                (false, false) if column >= shape.columns => {}
                (true, _) if column >= shape.columns => return error(PackErrorKind::NonZeroPadding, start),
                (_, true) if column >= shape.columns => {
                    return error(PackErrorKind::NonZeroPadding, start + plane);
                }
                (false, true) => return error(PackErrorKind::NegativeZero, start + plane),
                (false, false) => trits.push(0),
                (true, false) => trits.push(1),
                (true, true) => trits.push(-1),
            }
        }
    }
    Ok(trits)
}
