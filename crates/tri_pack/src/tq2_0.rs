//! `TQ2_0` of GGUF (ggml's `block_tq2_0`): 256 trits in 64 bytes, then an f16 scale. Element 32 n + m of either half of a block is in
//! bits 2 n + 1 : 2 n of byte m of that half, code `w + 1`.

use half::f16;

use crate::shape::Shape;
use crate::{Encoding, PackError, PackErrorKind, Unpacked};

pub(crate) const BLOCK: usize = 256;
const CODE_BYTES: usize = 64;
const SCALE_BYTES: usize = 2;
pub(crate) const BLOCK_BYTES: usize = CODE_BYTES + SCALE_BYTES;
/// Bytes of half a block; each holds four elements, this far apart.
const RUN: usize = 32;

/// Byte and shift of an element of a block.
fn location(element: usize) -> (usize, usize) {
    let (half, rest) = (element / (4 * RUN), element % (4 * RUN));
    (half * RUN + rest % RUN, 2 * (rest / RUN))
}

pub(crate) fn pack(trits: &[i8], shape: Shape, scales: &[f32]) -> Result<Vec<u8>, PackError> {
    let mut bytes = Vec::new();
    for (at, (block, &scale)) in trits.chunks_exact(BLOCK).zip(scales).enumerate() {
        let mut codes = [0; CODE_BYTES];
        for (element, trit) in block.iter().enumerate() {
            let (byte, shift) = location(element);
            codes[byte] |= (trit + 1).cast_unsigned() << shift;
        }
        bytes.extend(codes);
        bytes.extend(f16_scale(Encoding::Tq2_0, scale, shape.place(at * BLOCK), bytes.len())?);
    }
    Ok(bytes)
}

/// The bytes of a scale, from byte `at` on, of the block that begins at `place`; the f16 has to equal the scale.
pub(crate) fn f16_scale(
    encoding: Encoding,
    scale: f32,
    place: (usize, usize),
    at: usize,
) -> Result<[u8; SCALE_BYTES], PackError> {
    let bytes = f16::from_f32(scale).to_le_bytes();
    if read_scale(encoding, &bytes, place, at)? == scale {
        Ok(bytes)
    } else {
        Err(PackErrorKind::BadScale.at(encoding, place, Some(at + 1)))
    }
}

/// Reads what [`f16_scale`] wrote.
pub(crate) fn read_scale(
    encoding: Encoding,
    bytes: &[u8; SCALE_BYTES],
    place: (usize, usize),
    at: usize,
) -> Result<f32, PackError> {
    let scale = f16::from_le_bytes(*bytes).to_f32();
    if scale.is_finite() && scale >= 0.0 {
        Ok(scale)
    } else {
        Err(PackErrorKind::BadScale.at(encoding, place, Some(at + 1)))
    }
}

pub(crate) fn unpack(bytes: &[u8], shape: Shape) -> Result<Unpacked, PackError> {
    let (mut trits, mut scales) = (vec![0; shape.count], Vec::new());
    for (index, block) in bytes.chunks_exact(BLOCK_BYTES).enumerate() {
        let (start, first) = (index * BLOCK_BYTES, index * BLOCK);
        for (byte, &codes) in block[..CODE_BYTES].iter().enumerate() {
            for n in 0..4 {
                let element = first + byte / RUN * 4 * RUN + n * RUN + byte % RUN;
                let code = codes >> (2 * n) & 3;
                if code == 3 {
                    let place = shape.place(element);
                    return Err(PackErrorKind::IllegalCode.at(Encoding::Tq2_0, place, Some(start + byte)));
                }
                trits[element] = code.cast_signed() - 1;
            }
        }
        let scale = [block[CODE_BYTES], block[CODE_BYTES + 1]];
        scales.push(read_scale(Encoding::Tq2_0, &scale, shape.place(first), start + CODE_BYTES)?);
    }
    Ok(Unpacked { trits, scales })
}
