//! Vectors as arrays, for any CPU.

use super::{ByteLanes, FloatLanes, Level};

/// The level that every machine has.
pub(crate) struct Portable;

impl Level for Portable {
    type Floats = Floats;
    type Arithmetic = super::arithmetic::Arrays;
    type Bytes = Bytes;
    type Panels = super::panel::Words;
    const FLOAT_ROWS: usize = 2;
    const BYTE_ROWS: usize = 1;
    const PANEL_ROWS: usize = 1;
    const PANEL_FROM: usize = 16;
}

pub(super) const LANES: usize = 8;
const BYTES: usize = 16;

#[derive(Clone, Copy)]
pub(crate) struct Floats(pub(super) [f32; LANES]);

impl FloatLanes for Floats {
    const LANES: usize = LANES;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Floats {
        Floats([value; LANES])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Floats {
        // SAFETY: the trait's promise.
        Floats(unsafe { from.cast::<[f32; LANES]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the trait's promise.
        unsafe { to.cast::<[f32; LANES]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const f32, lanes: u32) -> Floats {
        let mut loaded = self;
        for (lane, value) in loaded.0.iter_mut().enumerate().filter(|(lane, _)| lanes >> lane & 1 == 1) {
            // SAFETY: the trait's promise.
            *value = unsafe { from.wrapping_add(lane).read_unaligned() };
        }
        loaded
    }

    #[inline(always)]
    unsafe fn store_lanes(self, to: *mut f32, lanes: u32) {
        for (lane, value) in self.0.into_iter().enumerate().filter(|(lane, _)| lanes >> lane & 1 == 1) {
            // SAFETY: the trait's promise.
            unsafe { to.wrapping_add(lane).write_unaligned(value) };
        }
    }

    #[inline(always)]
    unsafe fn trits(from: *const i8) -> Floats {
        // SAFETY: the trait's promise.
        Floats(unsafe { from.cast::<[i8; LANES]>().read_unaligned() }.map(f32::from))
    }

    #[inline(always)]
    unsafe fn integers(from: *const i32) -> Floats {
        // SAFETY: the trait's promise.
        Floats(unsafe { from.cast::<[i32; LANES]>().read_unaligned() }.map(|integer| integer as f32))
    }

    #[inline(always)]
    unsafe fn add(self, other: Floats) -> Floats {
        Floats(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    #[inline(always)]
    unsafe fn mul(self, factor: Floats) -> Floats {
        Floats(std::array::from_fn(|i| self.0[i] * factor.0[i]))
    }

    #[inline(always)]
    unsafe fn larger_magnitude(self, other: Floats) -> Floats {
        let larger = |i: usize| self.0[i].abs().to_bits().max(other.0[i].to_bits());
        Floats(std::array::from_fn(|i| f32::from_bits(larger(i))))
    }

    #[inline(always)]
    unsafe fn larger(self, other: Floats) -> Floats {
        Floats(std::array::from_fn(|i| match (self.0[i], other.0[i]) {
            (a, b) if a.is_nan() || b.is_nan() => a + b,
            (a, b) if a == b => f32::from_bits(a.to_bits() & b.to_bits()),
            (a, b) => a.max(b),
        }))
    }

    #[inline(always)]
    unsafe fn distance_to_integer(self) -> Floats {
        Floats(self.0.map(|x| (x - x.round_ties_even()).abs()))
    }

    #[inline(always)]
    unsafe fn round_to_bytes(self, to: *mut i8) {
        // SAFETY: the trait's promise.
        unsafe { to.cast::<[i8; LANES]>().write_unaligned(self.0.map(|x| x.round_ties_even() as i8)) }
    }

    #[inline(always)]
    unsafe fn round_four_to_bytes(four: [Floats; 4], to: *mut i8) {
        for (at, floats) in four.into_iter().enumerate() {
            // SAFETY: the trait's promise.
            unsafe { floats.round_to_bytes(to.add(at * LANES)) };
        }
    }

    #[inline(always)]
    unsafe fn fma(self, factor: Floats, sum: Floats) -> Floats {
        Floats(std::array::from_fn(|i| self.0[i].mul_add(factor.0[i], sum.0[i])))
    }

    #[inline(always)]
    unsafe fn add_trit(self, trit: Floats, sum: Floats) -> Floats {
        Floats(std::array::from_fn(|i| match trit.0[i] {
            t if t > 0.0 => sum.0[i] + self.0[i],
            t if t < 0.0 => sum.0[i] - self.0[i],
            _ => sum.0[i],
        }))
    }

    #[inline(always)]
    unsafe fn trit_table(value: f32) -> Floats {
        Floats(std::array::from_fn(|i| [-value, 0.0, value, 0.0][i % 4]))
    }

    #[inline(always)]
    unsafe fn choose(self, words: Floats) -> Floats {
        Floats(words.0.map(|word| self.0[word.to_bits() as usize & 3]))
    }

    #[inline(always)]
    unsafe fn next_trits(self) -> Floats {
        Floats(self.0.map(|word| f32::from_bits(word.to_bits() >> 2)))
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, stride: isize, to: *mut f32, to_stride: usize, flip: u32) {
        for row in 0..LANES {
            for column in 0..LANES {
                // SAFETY: the trait's promise.
                unsafe {
                    let from = from.byte_offset(row as isize * stride).cast::<u32>().add(column);
                    to.cast::<u32>()
                        .add(column * to_stride + row)
                        .write_unaligned(from.read_unaligned() ^ flip);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn trit_codes(self, threshold: Floats) -> u32 {
        let code = |lane: usize| {
            let (x, threshold) = (self.0[lane], threshold.0[lane]);
            1 + u32::from(x > threshold) - u32::from(x < -threshold)
        };
        (0..LANES).fold(0, |codes, lane| codes | code(lane) << (2 * lane))
    }

    #[inline(always)]
    unsafe fn where_mask(self, mask: Floats, other: Floats) -> Floats {
        Floats(std::array::from_fn(|i| if mask.0[i].to_bits() != 0 { self.0[i] } else { other.0[i] }))
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Bytes([u8; BYTES]);

impl ByteLanes for Bytes {
    const BYTES: usize = BYTES;
    type Sums = [i32; BYTES];

    #[inline(always)]
    unsafe fn zero() -> [i32; BYTES] {
        [0; BYTES]
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Bytes {
        // SAFETY: the trait's promise.
        Bytes(unsafe { from.cast::<[u8; BYTES]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn codes(self, plane: usize) -> Bytes {
        Bytes(self.0.map(|byte| byte >> (2 * plane) & 3))
    }

    #[inline(always)]
    unsafe fn trit_codes(self) -> Bytes {
        Bytes(self.0.map(|byte| byte.wrapping_add(1)))
    }

    #[inline(always)]
    unsafe fn dot<const CODES: bool>(self, other: Bytes, sums: [i32; BYTES]) -> [i32; BYTES] {
        std::array::from_fn(|i| sums[i].wrapping_add(i32::from(self.0[i]) * i32::from(other.0[i] as i8)))
    }

    #[inline(always)]
    unsafe fn total(sums: [i32; BYTES]) -> i32 {
        sums.into_iter().fold(0, i32::wrapping_add)
    }

    #[inline(always)]
    unsafe fn totals(sums: [[i32; BYTES]; 4]) -> [i32; 4] {
        // SAFETY: any CPU.
        sums.map(|sums| unsafe { Bytes::total(sums) })
    }

    #[inline(always)]
    unsafe fn add_sums(sums: [i32; BYTES], other: [i32; BYTES]) -> [i32; BYTES] {
        std::array::from_fn(|i| sums[i].wrapping_add(other[i]))
    }

    type Fields = [i32; BYTES];
    const FIELD_TERMS: usize = usize::MAX;

    #[inline(always)]
    unsafe fn no_fields() -> [i32; BYTES] {
        [0; BYTES]
    }

    #[inline(always)]
    unsafe fn add_fields(self, planes: *const u8, fields: [i32; BYTES]) -> [i32; BYTES] {
        let mut sums = fields;
        for plane in 0..4 {
            // SAFETY: the trait's promise.
            sums = unsafe { self.codes(plane).dot::<true>(Bytes::load(planes.add(plane * BYTES)), sums) };
        }
        sums
    }

    #[inline(always)]
    unsafe fn sum_fields(fields: [i32; BYTES]) -> [i32; BYTES] {
        fields
    }
}
