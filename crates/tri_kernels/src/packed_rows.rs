//! Rows of trits in `t2`, as the left operand of products of bytes: a block of a row is unpacked once, and met by all columns.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::byte::SignedRows;
use crate::conv::WeightRows;

/// Trits in a byte.
const IN_BYTE: usize = 4;
/// Bytes that are unpacked at once.
const CHUNK: usize = 16;

/// Each row begins at a byte.
pub(crate) struct PackedRows {
    base: *const u8,
    /// Bytes of a row.
    stride: usize,
}

impl WeightRows for PackedRows {
    #[inline(always)]
    fn of_rows(base: *const u8, length: usize, first: usize) -> PackedRows {
        let stride = length.div_ceil(IN_BYTE);
        PackedRows { base: base.wrapping_add(first * stride), stride }
    }
}

impl SignedRows for PackedRows {
    #[inline(always)]
    unsafe fn copy(&self, row: usize, k: usize, length: usize, to: *mut i8) {
        debug_assert!(k.is_multiple_of(IN_BYTE), "a block begins at a byte");
        let from = self.base.wrapping_add(row * self.stride + k / IN_BYTE);
        let whole = length / IN_BYTE;
        if whole < CHUNK {
            // The row may end with its memory, and `to` with the row.
            let mut codes = [0; CHUNK];
            from.copy_to_nonoverlapping(codes.as_mut_ptr(), length.div_ceil(IN_BYTE));
            let mut trits = [0; IN_BYTE * CHUNK];
            unpack(codes.as_ptr(), trits.as_mut_ptr());
            return trits.as_ptr().copy_to_nonoverlapping(to, length);
        }
        for at in 0..whole / CHUNK * CHUNK {
            to.add(IN_BYTE * at).cast::<u32>().write_unaligned(trits(from.add(at).read()));
        }
        if !whole.is_multiple_of(CHUNK) {
            // With some of those before them once more.
            let last = whole - CHUNK;
            unpack(from.add(last), to.add(IN_BYTE * last));
        }
        if !length.is_multiple_of(IN_BYTE) {
            let last = trits(from.add(whole).read()).to_le_bytes();
            let to = to.add(IN_BYTE * whole).cast::<u8>();
            to.copy_from_nonoverlapping(last.as_ptr(), length % IN_BYTE);
        }
    }
}

/// Writes the trits of [`CHUNK`] bytes.
#[inline(always)]
unsafe fn unpack(from: *const u8, to: *mut i8) {
    let codes = from.cast::<[u8; CHUNK]>().read();
    let mut words = [0u32; CHUNK];
    for (word, codes) in words.iter_mut().zip(codes) {
        *word = trits(codes);
    }
    to.cast::<[u32; CHUNK]>().write_unaligned(words);
}

/// The four trits of a byte, the first in the lowest byte.
#[inline(always)]
fn trits(codes: u8) -> u32 {
    const HIGH: u32 = 0x8080_8080;
    let codes = u32::from(codes);
    let codes = (codes | codes << 6 | codes << 12 | codes << 18) & 0x0303_0303;
    // A code is its trit plus 1; no borrow crosses a byte whose highest bit is set.
    (codes | HIGH).wrapping_sub(0x0101_0101) ^ HIGH
}

#[cfg(test)]
mod tests {
    use super::trits;

    #[test]
    fn a_byte_is_four_trits() {
        for byte in 0..=u8::MAX {
            let expected = [0, 2, 4, 6].map(|shift| ((byte >> shift & 3) as i8 - 1) as u8);
            assert_eq!(trits(byte).to_le_bytes(), expected, "{byte:#x}");
        }
    }
}
