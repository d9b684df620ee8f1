//! AVX2 and AVX-512 vectors.

#![expect(unsafe_op_in_unsafe_fn, reason = "each function is a few intrinsics under the trait's promise")]

use std::arch::x86_64::*;

use super::{ByteLanes, FloatLanes, Level};

/// x86-64-v3.
pub(crate) struct Avx2;

impl Level for Avx2 {
    type Floats = __m256;
    type Bytes = __m256i;
    const FLOAT_ROWS: usize = 4;
    const BYTE_ROWS: usize = 2;
}

/// x86-64-v4 and VNNI.
pub(crate) struct Avx512Vnni;

impl Level for Avx512Vnni {
    type Floats = __m512;
    type Bytes = __m512i;
    const FLOAT_ROWS: usize = 8;
    const BYTE_ROWS: usize = 4;
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
    unsafe fn trits(from: *const i8) -> __m256 {
        _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast())))
    }

    #[inline(always)]
    unsafe fn add(self, other: __m256) -> __m256 {
        _mm256_add_ps(self, other)
    }

    #[inline(always)]
    unsafe fn fma(self, factor: __m256, sum: __m256) -> __m256 {
        _mm256_fmadd_ps(self, factor, sum)
    }

    #[inline(always)]
    unsafe fn times_trit(self, trit: __m256) -> __m256 {
        let nonzero = _mm256_cmp_ps::<_CMP_NEQ_UQ>(trit, _mm256_setzero_ps());
        let sign = _mm256_and_ps(trit, _mm256_set1_ps(-0.0));
        _mm256_and_ps(_mm256_xor_ps(self, sign), nonzero)
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
    unsafe fn trits(from: *const i8) -> __m512 {
        _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.cast())))
    }

    #[inline(always)]
    unsafe fn add(self, other: __m512) -> __m512 {
        _mm512_add_ps(self, other)
    }

    #[inline(always)]
    unsafe fn fma(self, factor: __m512, sum: __m512) -> __m512 {
        _mm512_fmadd_ps(self, factor, sum)
    }

    #[inline(always)]
    unsafe fn times_trit(self, trit: __m512) -> __m512 {
        let nonzero = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(trit, _mm512_setzero_ps());
        let sign = _mm512_and_ps(trit, _mm512_set1_ps(-0.0));
        _mm512_maskz_xor_ps(nonzero, self, sign)
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
    unsafe fn dot<const CODES: bool>(self, other: __m512i, sums: __m512i) -> __m512i {
        _mm512_dpbusd_epi32(sums, self, other)
    }

    #[inline(always)]
    unsafe fn total(sums: __m512i) -> i32 {
        _mm512_reduce_add_epi32(sums)
    }
}
