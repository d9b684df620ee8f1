//! AVX2 and AVX-512 vectors.

#![expect(unsafe_op_in_unsafe_fn, reason = "each function is a few intrinsics under the trait's promise")]

use std::arch::x86_64::*;

use super::{ByteLanes, FloatLanes, Level};

/// Rounding half to even, without a flag.
const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

/// x86-64-v3.
pub(crate) struct Avx2;

impl Level for Avx2 {
    type Floats = __m256;
    type Arithmetic = super::arithmetic_x86::Eight;
    type Bytes = __m256i;
    type Panels = __m256i;
    const FLOAT_ROWS: usize = 4;
    const BYTE_ROWS: usize = 2;
    const PANEL_ROWS: usize = 6;
    const PANEL_FROM: usize = 8;
}

/// x86-64-v4 and VNNI.
pub(crate) struct Avx512Vnni;

impl Level for Avx512Vnni {
    type Floats = __m512;
    type Arithmetic = super::arithmetic_x86::Sixteen;
    type Bytes = __m512i;
    type Panels = __m512i;
    const FLOAT_ROWS: usize = 8;
    const BYTE_ROWS: usize = 4;
    const PANEL_ROWS: usize = 8;
    const PANEL_FROM: usize = 32;
}

impl FloatLanes for __m256 {
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn splat(value: f32) -> __m256 {
        _mm256_set1_ps(value)
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m256 {
        _mm256_loadu_ps(from)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        _mm256_storeu_ps(to, self)
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const f32, lanes: u32) -> __m256 {
        let lanes = lanes_256(lanes);
        _mm256_blendv_ps(self, _mm256_maskload_ps(from, lanes), _mm256_castsi256_ps(lanes))
    }

    #[inline(always)]
    unsafe fn store_lanes(self, to: *mut f32, lanes: u32) {
        if lanes == 0xff { self.store(to) } else { _mm256_maskstore_ps(to, lanes_256(lanes), self) }
    }

    #[inline(always)]
    unsafe fn trits(from: *const i8) -> __m256 {
        _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast())))
    }

    #[inline(always)]
    unsafe fn integers(from: *const i32) -> __m256 {
        _mm256_cvtepi32_ps(_mm256_loadu_si256(from.cast()))
    }

    #[inline(always)]
    unsafe fn add(self, other: __m256) -> __m256 {
        _mm256_add_ps(self, other)
    }

    #[inline(always)]
    unsafe fn mul(self, factor: __m256) -> __m256 {
        _mm256_mul_ps(self, factor)
    }

    #[inline(always)]
    unsafe fn larger_magnitude(self, other: __m256) -> __m256 {
        let magnitude = _mm256_castps_si256(_mm256_andnot_ps(_mm256_set1_ps(-0.0), self));
        _mm256_castsi256_ps(_mm256_max_epu32(magnitude, _mm256_castps_si256(other)))
    }

    #[inline(always)]
    unsafe fn larger(self, other: __m256) -> __m256 {
        // Of equal ones, which may be zeros of both signs, the one without a sign; of NaN, a sum.
        let equal = _mm256_cmp_ps::<_CMP_EQ_OQ>(self, other);
        let larger = _mm256_blendv_ps(_mm256_max_ps(self, other), _mm256_and_ps(self, other), equal);
        let unordered = _mm256_cmp_ps::<_CMP_UNORD_Q>(self, other);
        _mm256_blendv_ps(larger, _mm256_add_ps(self, other), unordered)
    }

    #[inline(always)]
    unsafe fn distance_to_integer(self) -> __m256 {
        let distance = _mm256_sub_ps(self, _mm256_round_ps::<NEAREST>(self));
        _mm256_andnot_ps(_mm256_set1_ps(-0.0), distance)
    }

    #[inline(always)]
    unsafe fn round_to_bytes(self, to: *mut i8) {
        let words = _mm256_cvtps_epi32(self);
        let (low, high) = (_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words));
        let halves = _mm_packs_epi32(low, high);
        _mm_storel_epi64(to.cast(), _mm_packs_epi16(halves, halves));
    }

    #[inline(always)]
    unsafe fn round_four_to_bytes(four: [__m256; 4], to: *mut i8) {
        let [a, b, c, d] = four.map(|lanes| _mm256_cvtps_epi32(lanes));
        let bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
        // Each half has four bytes of each vector.
        let order = _mm256_set_epi32(7, 3, 6, 2, 5, 1, 4, 0);
        _mm256_storeu_si256(to.cast(), _mm256_permutevar8x32_epi32(bytes, order));
    }

    #[inline(always)]
    unsafe fn fma(self, factor: __m256, sum: __m256) -> __m256 {
        _mm256_fmadd_ps(self, factor, sum)
    }

    #[inline(always)]
    unsafe fn add_trit(self, trit: __m256, sum: __m256) -> __m256 {
        // A multiplication by 1 or -1 rounds nothing, and +0 added to a sum that is not -0 leaves it.
        let nonzero = _mm256_cmp_ps::<_CMP_NEQ_UQ>(trit, _mm256_setzero_ps());
        _mm256_fmadd_ps(_mm256_and_ps(self, nonzero), trit, sum)
    }

    #[inline(always)]
    unsafe fn trit_table(value: f32) -> __m256 {
        let signs = _mm256_set_ps(0.0, 0.0, 0.0, -0.0, 0.0, 0.0, 0.0, -0.0);
        _mm256_blend_ps::<0b0101_0101>(_mm256_setzero_ps(), _mm256_xor_ps(_mm256_set1_ps(value), signs))
    }

    #[inline(always)]
    unsafe fn choose(self, words: __m256) -> __m256 {
        // The instruction reads three bits: four numbers stand twice.
        _mm256_permutevar8x32_ps(self, _mm256_castps_si256(words))
    }

    #[inline(always)]
    unsafe fn next_trits(self) -> __m256 {
        _mm256_castsi256_ps(_mm256_srli_epi32::<2>(_mm256_castps_si256(self)))
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, stride: isize, to: *mut f32, to_stride: usize, flip: u32) {
        // Whole rows are loaded, as rows may be so far apart that they push one another out of the cache. Pairs, then fours of
        // columns come together in each half, then the halves.
        let flip = _mm256_castsi256_ps(_mm256_set1_epi32(flip as i32));
        let low = fours_256(from, stride, flip);
        let high = fours_256(from.byte_offset(4 * stride), stride, flip);
        for i in 0..4 {
            _mm256_storeu_ps(to.add(i * to_stride), _mm256_permute2f128_ps::<0x20>(low[i], high[i]));
            _mm256_storeu_ps(to.add((i + 4) * to_stride), _mm256_permute2f128_ps::<0x31>(low[i], high[i]));
        }
    }

    #[inline(always)]
    unsafe fn trit_codes(self, threshold: __m256) -> u32 {
        let least = _mm256_xor_ps(threshold, _mm256_set1_ps(-0.0));
        let above = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(self, threshold)) as u32;
        let below = _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(self, least)) as u32;
        _pdep_u32(above, 0xaaaa) | _pdep_u32(!(above | below), 0x5555)
    }

    #[inline(always)]
    unsafe fn where_mask(self, mask: __m256, other: __m256) -> __m256 {
        _mm256_blendv_ps(other, self, mask)
    }
}

impl ByteLanes for __m256i {
    const BYTES: usize = 32;
    type Sums = __m256i;

    #[inline(always)]
    unsafe fn zero() -> __m256i {
        _mm256_setzero_si256()
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> __m256i {
        _mm256_loadu_si256(from.cast())
    }

    #[inline(always)]
    unsafe fn codes(self, plane: usize) -> __m256i {
        let shifted = _mm256_srl_epi16(self, _mm_cvtsi32_si128(2 * plane as i32));
        _mm256_and_si256(shifted, _mm256_set1_epi8(3))
    }

    #[inline(always)]
    unsafe fn trit_codes(self) -> __m256i {
        _mm256_add_epi8(self, _mm256_set1_epi8(1))
    }

    #[inline(always)]
    unsafe fn dot<const CODES: bool>(self, other: __m256i, sums: __m256i) -> __m256i {
        if CODES {
            // Two products of at most 3 * 128 each: an i16 holds their sum.
            let pairs = _mm256_maddubs_epi16(self, other);
            return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
        }
        // 255 * 128 + 255 * 128 passes an i16, so both operands are widened, even and odd bytes apart.
        let (even, odd) = (_mm256_and_si256(self, _mm256_set1_epi16(255)), _mm256_srli_epi16::<8>(self));
        let other_even = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(other));
        let products = _mm256_madd_epi16(even, other_even);
        let products = _mm256_add_epi32(products, _mm256_madd_epi16(odd, _mm256_srai_epi16::<8>(other)));
        _mm256_add_epi32(sums, products)
    }

    #[inline(always)]
    unsafe fn total(sums: __m256i) -> i32 {
        let half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
        let half = _mm_add_epi32(half, _mm_shuffle_epi32::<0b1110>(half));
        _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32::<1>(half)))
    }

    #[inline(always)]
    unsafe fn totals([a, b, c, d]: [__m256i; 4]) -> [i32; 4] {
        let fours = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
        array(_mm_add_epi32(_mm256_castsi256_si128(fours), _mm256_extracti128_si256::<1>(fours)))
    }

    #[inline(always)]
    unsafe fn add_sums(sums: __m256i, other: __m256i) -> __m256i {
        _mm256_add_epi32(sums, other)
    }

    /// Sums of pairs in 16 bits.
    type Fields = __m256i;
    /// Four times two products of at most 3 * 128 each: 10 of them stay below 2^15.
    const FIELD_TERMS: usize = 10;

    #[inline(always)]
    unsafe fn no_fields() -> __m256i {
        _mm256_setzero_si256()
    }

    #[inline(always)]
    unsafe fn add_fields(self, planes: *const u8, fields: __m256i) -> __m256i {
        let plane = |plane: usize| _mm256_loadu_si256(planes.add(32 * plane).cast());
        let three = _mm256_set1_epi8(3);
        let low = _mm256_maddubs_epi16(_mm256_and_si256(self, three), plane(0));
        let code = _mm256_and_si256(_mm256_srli_epi16::<2>(self), three);
        let low = _mm256_add_epi16(low, _mm256_maddubs_epi16(code, plane(1)));
        let code = _mm256_and_si256(_mm256_srli_epi16::<4>(self), three);
        let high = _mm256_maddubs_epi16(code, plane(2));
        let code = _mm256_and_si256(_mm256_srli_epi16::<6>(self), three);
        let high = _mm256_add_epi16(high, _mm256_maddubs_epi16(code, plane(3)));
        _mm256_add_epi16(fields, _mm256_add_epi16(low, high))
    }

    #[inline(always)]
    unsafe fn sum_fields(fields: __m256i) -> __m256i {
        _mm256_madd_epi16(fields, _mm256_set1_epi16(1))
    }
}

impl FloatLanes for __m512 {
    const LANES: usize = 16;

    #[inline(always)]
    unsafe fn splat(value: f32) -> __m512 {
        _mm512_set1_ps(value)
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        _mm512_loadu_ps(from)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        _mm512_storeu_ps(to, self)
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const f32, lanes: u32) -> __m512 {
        _mm512_mask_loadu_ps(self, lanes as __mmask16, from)
    }

    #[inline(always)]
    unsafe fn store_lanes(self, to: *mut f32, lanes: u32) {
        _mm512_mask_storeu_ps(to, lanes as __mmask16, self);
    }

    #[inline(always)]
    unsafe fn trits(from: *const i8) -> __m512 {
        _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.cast())))
    }

    #[inline(always)]
    unsafe fn integers(from: *const i32) -> __m512 {
        _mm512_cvtepi32_ps(_mm512_loadu_si512(from.cast()))
    }

    #[inline(always)]
    unsafe fn add(self, other: __m512) -> __m512 {
        _mm512_add_ps(self, other)
    }

    #[inline(always)]
    unsafe fn mul(self, factor: __m512) -> __m512 {
        _mm512_mul_ps(self, factor)
    }

    #[inline(always)]
    unsafe fn larger_magnitude(self, other: __m512) -> __m512 {
        let magnitude = _mm512_castps_si512(_mm512_abs_ps(self));
        _mm512_castsi512_ps(_mm512_max_epu32(magnitude, _mm512_castps_si512(other)))
    }

    #[inline(always)]
    unsafe fn larger(self, other: __m512) -> __m512 {
        // The instruction ranks zeros by their signs, but leaves out NaN.
        let larger = _mm512_range_ps::<0b0101>(self, other);
        let unordered = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self, other);
        _mm512_mask_add_ps(larger, unordered, self, other)
    }

    #[inline(always)]
    unsafe fn distance_to_integer(self) -> __m512 {
        _mm512_abs_ps(_mm512_sub_ps(self, _mm512_roundscale_ps::<NEAREST>(self)))
    }

    #[inline(always)]
    unsafe fn round_to_bytes(self, to: *mut i8) {
        _mm_storeu_si128(to.cast(), _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(self)));
    }

    #[inline(always)]
    unsafe fn round_four_to_bytes(four: [__m512; 4], to: *mut i8) {
        let [a, b, c, d] = four.map(|lanes| _mm512_cvtps_epi32(lanes));
        let bytes = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
        // Each quarter has four bytes of each vector.
        let order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
        _mm512_storeu_si512(to.cast(), _mm512_permutexvar_epi32(order, bytes));
    }

    #[inline(always)]
    unsafe fn fma(self, factor: __m512, sum: __m512) -> __m512 {
        _mm512_fmadd_ps(self, factor, sum)
    }

    #[inline(always)]
    unsafe fn add_trit(self, trit: __m512, sum: __m512) -> __m512 {
        let nonzero = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(trit, _mm512_setzero_ps());
        _mm512_mask3_fmadd_ps(self, trit, sum, nonzero)
    }

    #[inline(always)]
    unsafe fn trit_table(value: f32) -> __m512 {
        let signs = _mm512_castsi512_ps(_mm512_set4_epi32(0, 0, 0, i32::MIN));
        _mm512_maskz_xor_ps(0b0101_0101_0101_0101, _mm512_set1_ps(value), signs)
    }

    #[inline(always)]
    unsafe fn choose(self, words: __m512) -> __m512 {
        // The instruction reads four bits: four numbers stand four times.
        _mm512_permutexvar_ps(_mm512_castps_si512(words), self)
    }

    #[inline(always)]
    unsafe fn next_trits(self) -> __m512 {
        _mm512_castsi512_ps(_mm512_srli_epi32::<2>(_mm512_castps_si512(self)))
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, stride: isize, to: *mut f32, to_stride: usize, flip: u32) {
        // As for eight lanes, with quarters in place of halves.
        let flip = _mm512_castsi512_ps(_mm512_set1_epi32(flip as i32));
        let a = fours_512(from, stride, flip);
        let b = fours_512(from.byte_offset(4 * stride), stride, flip);
        let c = fours_512(from.byte_offset(8 * stride), stride, flip);
        let d = fours_512(from.byte_offset(12 * stride), stride, flip);
        for i in 0..4 {
            let even = _mm512_shuffle_f32x4::<0x88>(a[i], b[i]);
            let even_after = _mm512_shuffle_f32x4::<0x88>(c[i], d[i]);
            let odd = _mm512_shuffle_f32x4::<0xdd>(a[i], b[i]);
            let odd_after = _mm512_shuffle_f32x4::<0xdd>(c[i], d[i]);
            let to = to.add(i * to_stride);
            _mm512_storeu_ps(to, _mm512_shuffle_f32x4::<0x88>(even, even_after));
            _mm512_storeu_ps(to.add(4 * to_stride), _mm512_shuffle_f32x4::<0x88>(odd, odd_after));
            _mm512_storeu_ps(to.add(8 * to_stride), _mm512_shuffle_f32x4::<0xdd>(even, even_after));
            _mm512_storeu_ps(to.add(12 * to_stride), _mm512_shuffle_f32x4::<0xdd>(odd, odd_after));
        }
    }

    #[inline(always)]
    unsafe fn trit_codes(self, threshold: __m512) -> u32 {
        let least = _mm512_xor_ps(threshold, _mm512_set1_ps(-0.0));
        let above = u32::from(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(self, threshold));
        let below = u32::from(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(self, least));
        _pdep_u32(above, 0xaaaa_aaaa) | _pdep_u32(!(above | below), 0x5555_5555)
    }

    #[inline(always)]
    unsafe fn where_mask(self, mask: __m512, other: __m512) -> __m512 {
        _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(mask)), other, self)
    }
}

impl ByteLanes for __m512i {
    const BYTES: usize = 64;
    type Sums = __m512i;

    #[inline(always)]
    unsafe fn zero() -> __m512i {
        _mm512_setzero_si512()
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> __m512i {
        _mm512_loadu_si512(from.cast())
    }

    #[inline(always)]
    unsafe fn codes(self, plane: usize) -> __m512i {
        let shifted = _mm512_srl_epi16(self, _mm_cvtsi32_si128(2 * plane as i32));
        _mm512_and_si512(shifted, _mm512_set1_epi8(3))
    }

    #[inline(always)]
    unsafe fn trit_codes(self) -> __m512i {
        _mm512_add_epi8(self, _mm512_set1_epi8(1))
    }

    #[inline(always)]
    unsafe fn split(from: *const u8, to: *mut u8) {
        // In each 128 bits, the bytes of each plane together; then, of two vectors, two planes in a half each; then whole planes.
        let bytes = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        let bytes = _mm512_broadcast_i32x4(bytes);
        let load = |i: usize| _mm512_shuffle_epi8(_mm512_loadu_si512(from.add(64 * i).cast()), bytes);
        let (a, b, c, d) = (load(0), load(1), load(2), load(3));
        let first = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
        let last = _mm512_add_epi32(first, _mm512_set1_epi32(2));
        for (planes, words) in [(0, first), (2, last)] {
            let low = _mm512_permutex2var_epi32(a, words, b);
            let high = _mm512_permutex2var_epi32(c, words, d);
            let (even, odd) =
                (_mm512_shuffle_i64x2::<0x44>(low, high), _mm512_shuffle_i64x2::<0xee>(low, high));
            _mm512_storeu_si512(to.add(64 * planes).cast(), even);
            _mm512_storeu_si512(to.add(64 * (planes + 1)).cast(), odd);
        }
    }

    #[inline(always)]
    unsafe fn dot<const CODES: bool>(self, other: __m512i, sums: __m512i) -> __m512i {
        _mm512_dpbusd_epi32(sums, self, other)
    }

    #[inline(always)]
    unsafe fn total(sums: __m512i) -> i32 {
        _mm512_reduce_add_epi32(sums)
    }

    #[inline(always)]
    unsafe fn totals([a, b, c, d]: [__m512i; 4]) -> [i32; 4] {
        let pair = |a, b| _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let (ab, cd) = (pair(a, b), pair(c, d));
        let fours = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
        let half = _mm256_add_epi32(_mm512_castsi512_si256(fours), _mm512_extracti64x4_epi64::<1>(fours));
        array(_mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half)))
    }

    #[inline(always)]
    unsafe fn add_sums(sums: __m512i, other: __m512i) -> __m512i {
        _mm512_add_epi32(sums, other)
    }

    /// Sums of each field in its place: times 1, 4, 16 and 64.
    type Fields = [__m512i; 4];
    /// Four products of at most 192 * 128 each: 2^14 of them stay below 2^31.
    const FIELD_TERMS: usize = 1 << 14;

    #[inline(always)]
    unsafe fn no_fields() -> [__m512i; 4] {
        [_mm512_setzero_si512(); 4]
    }

    #[inline(always)]
    unsafe fn add_fields(self, planes: *const u8, [a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
        let plane = |plane: usize| _mm512_loadu_si512(planes.add(64 * plane).cast());
        let field = |mask: u8| _mm512_and_si512(self, _mm512_set1_epi8(mask.cast_signed()));
        [
            _mm512_dpbusd_epi32(a, field(0x03), plane(0)),
            _mm512_dpbusd_epi32(b, field(0x0c), plane(1)),
            _mm512_dpbusd_epi32(c, field(0x30), plane(2)),
            _mm512_dpbusd_epi32(d, field(0xc0), plane(3)),
        ]
    }

    #[inline(always)]
    unsafe fn sum_fields([a, b, c, d]: [__m512i; 4]) -> __m512i {
        let sum = _mm512_add_epi32(c, _mm512_srai_epi32::<2>(d));
        let sum = _mm512_add_epi32(b, _mm512_srai_epi32::<2>(sum));
        _mm512_add_epi32(a, _mm512_srai_epi32::<2>(sum))
    }
}

#[inline(always)]
unsafe fn array(lanes: __m128i) -> [i32; 4] {
    let mut array = [0; 4];
    _mm_storeu_si128(array.as_mut_ptr().cast(), lanes);
    array
}

/// Four rows, `stride` bytes apart and some bits flipped; in each 128 bits of result j, element j of that piece of each row.
#[inline(always)]
unsafe fn fours_256(from: *const f32, stride: isize, flip: __m256) -> [__m256; 4] {
    let a = _mm256_xor_ps(_mm256_loadu_ps(from), flip);
    let b = _mm256_xor_ps(_mm256_loadu_ps(from.byte_offset(stride)), flip);
    let c = _mm256_xor_ps(_mm256_loadu_ps(from.byte_offset(2 * stride)), flip);
    let d = _mm256_xor_ps(_mm256_loadu_ps(from.byte_offset(3 * stride)), flip);
    let (ab, cd) = (_mm256_castps_pd(_mm256_unpacklo_ps(a, b)), _mm256_castps_pd(_mm256_unpacklo_ps(c, d)));
    let low = [_mm256_unpacklo_pd(ab, cd), _mm256_unpackhi_pd(ab, cd)];
    let (ab, cd) = (_mm256_castps_pd(_mm256_unpackhi_ps(a, b)), _mm256_castps_pd(_mm256_unpackhi_ps(c, d)));
    let high = [_mm256_unpacklo_pd(ab, cd), _mm256_unpackhi_pd(ab, cd)];
    [_mm256_castpd_ps(low[0]), _mm256_castpd_ps(low[1]), _mm256_castpd_ps(high[0]), _mm256_castpd_ps(high[1])]
}

/// Four rows, `stride` bytes apart and some bits flipped; in each 128 bits of result j, element j of that piece of each row.
#[inline(always)]
unsafe fn fours_512(from: *const f32, stride: isize, flip: __m512) -> [__m512; 4] {
    let a = _mm512_xor_ps(_mm512_loadu_ps(from), flip);
    let b = _mm512_xor_ps(_mm512_loadu_ps(from.byte_offset(stride)), flip);
    let c = _mm512_xor_ps(_mm512_loadu_ps(from.byte_offset(2 * stride)), flip);
    let d = _mm512_xor_ps(_mm512_loadu_ps(from.byte_offset(3 * stride)), flip);
    let (ab, cd) = (_mm512_castps_pd(_mm512_unpacklo_ps(a, b)), _mm512_castps_pd(_mm512_unpacklo_ps(c, d)));
    let low = [_mm512_unpacklo_pd(ab, cd), _mm512_unpackhi_pd(ab, cd)];
    let (ab, cd) = (_mm512_castps_pd(_mm512_unpackhi_ps(a, b)), _mm512_castps_pd(_mm512_unpackhi_ps(c, d)));
    let high = [_mm512_unpacklo_pd(ab, cd), _mm512_unpackhi_pd(ab, cd)];
    [_mm512_castpd_ps(low[0]), _mm512_castpd_ps(low[1]), _mm512_castpd_ps(high[0]), _mm512_castpd_ps(high[1])]
}

/// All bits of the lanes whose bits `lanes` has.
#[inline(always)]
pub(crate) unsafe fn lanes_256(lanes: u32) -> __m256i {
    let bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(lanes.cast_signed()), bits), bits)
}
