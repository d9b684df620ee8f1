//! `TQ1_0` of GGUF (ggml's `block_tq1_0`): 256 trits in 52 bytes, then an f16 scale.
//!
//! A byte holds five digits `w + 1` of base 3, the first most significant, as the fraction `ceil(256 v / 243) / 256` of their value
//! v, so that multiplying by 3 carries the next digit out. 32 bytes hold elements 32 apart, 16 bytes elements 16 apart, and
//! four bytes the last 16 elements, four each and 4 apart, with a fifth digit of 0. Every byte decodes, also those that no five digits give.

use crate::shape::Shape;
use crate::tq2_0::{f16_scale, read_scale};
use crate::{Encoding, PackError, Unpacked};

pub(crate) const BLOCK: usize = 256;
const CODE_BYTES: usize = 52;
pub(crate) const BLOCK_BYTES: usize = CODE_BYTES + 2;

/// Runs of bytes: the first element, the number of bytes (which is also how far apart a byte's elements are), elements a byte.
const RUNS: [(usize, usize, usize); 3] = [(0, 32, 5), (160, 16, 5), (240, 4, 4)];

/// Elements of each byte of a block, in order.
fn elements() -> impl Iterator<Item = impl Iterator<Item = usize> + Clone> {
    RUNS.into_iter().flat_map(|(first, bytes, digits)| {
        (0..bytes).map(move |m| (0..digits).map(move |n| first + n * bytes + m))
    })
}

pub(crate) fn pack(trits: &[i8], shape: Shape, scales: &[f32]) -> Result<Vec<u8>, PackError> {
    let mut bytes = Vec::new();
    for (at, (block, &scale)) in trits.chunks_exact(BLOCK).zip(scales).enumerate() {
        for elements in elements() {
            let missing = 5 - elements.clone().count() as u32;
            let digits =
                elements.fold(0u16, |value, i| 3 * value + u16::from((block[i] + 1).cast_unsigned()));
            let value = digits * 3u16.pow(missing);
            bytes.push((value * 256).div_ceil(243) as u8);
        }
        bytes.extend(f16_scale(Encoding::Tq1_0, scale, shape.place(at * BLOCK), bytes.len())?);
    }
    Ok(bytes)
}

pub(crate) fn unpack(bytes: &[u8], shape: Shape) -> Result<Unpacked, PackError> {
    let (mut trits, mut scales) = (vec![0; shape.count], Vec::new());
    for (index, block) in bytes.chunks_exact(BLOCK_BYTES).enumerate() {
        let (start, first) = (index * BLOCK_BYTES, index * BLOCK);
        for (&byte, elements) in block.iter().zip(elements()) {
            let mut fraction = u16::from(byte);
            for i in elements {
                let carried = 3 * fraction;
                trits[first + i] = (carried >> 8) as i8 - 1;
                fraction = carried & 255;
            }
        }
        let scale = [block[CODE_BYTES], block[CODE_BYTES + 1]];
        scales.push(read_scale(Encoding::Tq1_0, &scale, shape.place(first), start + CODE_BYTES)?);
    }
    Ok(Unpacked { trits, scales })
}
