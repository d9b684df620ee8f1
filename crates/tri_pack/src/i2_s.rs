//! `I2_S` of bitnet.cpp, x86 form (`src/ggml-bitnet-mad.cpp`): 128 elements of the flat matrix in 32 bytes, element 32 g + p in bits
//! 7 - 2 g : 6 - 2 g of byte p, code `w + 1`; behind all of them the f32 scale in 32 bytes, whose last 28 mean nothing and are
//! not checked. Its ARM form has blocks of 64 under the same type number and is not this encoding.

use crate::shape::Shape;
use crate::{Encoding, PackError, PackErrorKind, Unpacked};

pub(crate) const BLOCK: usize = 128;
pub(crate) const BLOCK_BYTES: usize = 32;
const TAIL_BYTES: usize = 32;

pub(crate) fn length(shape: Shape) -> usize {
    shape.count / BLOCK * BLOCK_BYTES + TAIL_BYTES
}

pub(crate) fn pack(trits: &[i8], scales: &[f32]) -> Result<Vec<u8>, PackError> {
    let mut bytes = Vec::new();
    for block in trits.chunks_exact(BLOCK) {
        for p in 0..BLOCK_BYTES {
            let code = |g: usize| (block[BLOCK_BYTES * g + p] + 1).cast_unsigned();
            bytes.push(code(0) << 6 | code(1) << 4 | code(2) << 2 | code(3));
        }
    }
    for &scale in scales {
        bytes.extend(check_scale(scale, bytes.len())?.to_le_bytes());
    }
    bytes.resize(trits.len() / BLOCK * BLOCK_BYTES + TAIL_BYTES, 0);
    Ok(bytes)
}

/// The scale whose bytes begin at `at`.
fn check_scale(scale: f32, at: usize) -> Result<f32, PackError> {
    if scale.is_finite() && scale >= 0.0 {
        Ok(scale)
    } else {
        Err(PackErrorKind::BadScale.at(Encoding::I2SX86, (0, 0), Some(at + 3)))
    }
}

pub(crate) fn unpack(bytes: &[u8], shape: Shape) -> Result<Unpacked, PackError> {
    let mut trits = vec![0; shape.count];
    let (codes, tail) = bytes.split_at(bytes.len() - TAIL_BYTES);
    for (at, byte) in codes.iter().enumerate() {
        for g in 0..4 {
            let element = at / BLOCK_BYTES * BLOCK + BLOCK_BYTES * g + at % BLOCK_BYTES;
            let code = byte >> (6 - 2 * g) & 3;
            if code == 3 {
                return Err(PackErrorKind::IllegalCode.at(Encoding::I2SX86, shape.place(element), Some(at)));
            }
            trits[element] = code.cast_signed() - 1;
        }
    }
    let scale = f32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
    Ok(Unpacked { trits, scales: vec![check_scale(scale, codes.len())?] })
}
