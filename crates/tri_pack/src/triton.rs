//! Triton DSL: -1 as 00, 0 as 01, +1 as 10, four to a byte, flat over the matrix.
//!
//! On CPU element 0 is in the highest bits and the last byte is filled with 00, which decodes as -1 and is not checked; on CUDA
//! element 0 is in the lowest bits and the last byte is filled with 01.

use crate::shape::Shape;
use crate::{Encoding, PackError, PackErrorKind};

const PER_BYTE: usize = 4;
const ZERO: u8 = 1;

/// Where element `i` of a byte begins.
fn shift(encoding: Encoding, i: usize) -> usize {
    if encoding == Encoding::TritonCpu { 6 - 2 * i } else { 2 * i }
}

pub(crate) fn pack(encoding: Encoding, trits: &[i8]) -> Vec<u8> {
    let fill = if encoding == Encoding::TritonCpu { 0 } else { ZERO };
    let code = |four: &[i8], i: usize| four.get(i).map_or(fill, |trit| (trit + 1).cast_unsigned());
    let byte = |four: &[i8]| (0..PER_BYTE).fold(0, |byte, i| byte | code(four, i) << shift(encoding, i));
    trits.chunks(PER_BYTE).map(byte).collect()
}

pub(crate) fn unpack(encoding: Encoding, bytes: &[u8], shape: Shape) -> Result<Vec<i8>, PackError> {
    let mut trits = Vec::with_capacity(shape.count);
    for (at, byte) in bytes.iter().enumerate() {
        for i in 0..PER_BYTE {
            let element = PER_BYTE * at + i;
            let error = |kind: PackErrorKind| Err(kind.at(encoding, shape.place(element), Some(at)));
            let code = byte >> shift(encoding, i) & 3;
            if element >= shape.count {
                if encoding == Encoding::TritonCuda && code != ZERO {
                    return error(PackErrorKind::NonZeroPadding);
                }
            } else if code == 3 {
                return error(PackErrorKind::IllegalCode);
            } else {
                trits.push(code.cast_signed() - 1);
            }
        }
    }
    Ok(trits)
}
