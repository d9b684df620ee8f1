//! AVX2 and AVX-512 lanes.

#![expect(unsafe_op_in_unsafe_fn, reason = "each function is a few intrinsics under the trait's promise")]

use std::arch::x86_64::*;

use super::PanelLanes;
use crate::lanes::x86::lanes_256;

/// Within sixteen bytes: 0, 4, 8, 12, then 1, 5, 9, 13 and so on.
#[inline(always)]
unsafe fn fours_order() -> __m128i {
    _mm_set_epi8(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0)
}

impl PanelLanes for __m256i {
    const LANES: usize = 8;
    const WIDENS: bool = true;
    /// Each adds two products of at most 3 * 128 to an i16.
    const CODE_TERMS: usize = 42;

    #[inline(always)]
    unsafe fn zero() -> __m256i {
        _mm256_setzero_si256()
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> __m256i {
        _mm256_loadu_si256(from.cast())
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        _mm256_storeu_si256(to.cast(), self)
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const i32, lanes: u32) -> __m256i {
        let lanes = lanes_256(lanes);
        _mm256_blendv_epi8(self, _mm256_maskload_epi32(from, lanes), lanes)
    }

    #[inline(always)]
    unsafe fn store_lanes(self, to: *mut i32, lanes: u32) {
        if lanes == 0xff {
            _mm256_storeu_si256(to.cast(), self);
        } else {
            _mm256_maskstore_epi32(to, lanes_256(lanes), self);
        }
    }

    #[inline(always)]
    unsafe fn splat(from: *const u8) -> __m256i {
        _mm256_set1_epi32(from.cast::<i32>().read_unaligned())
    }

    #[inline(always)]
    unsafe fn add_products<const CODES: bool>(self, row: __m256i, sums: __m256i) -> __m256i {
        if CODES {
            _mm256_add_epi16(sums, _mm256_maddubs_epi16(self, row))
        } else {
            _mm256_add_epi32(sums, _mm256_madd_epi16(self, row))
        }
    }

    #[inline(always)]
    unsafe fn widen(self) -> __m256i {
        _mm256_madd_epi16(self, _mm256_set1_epi16(1))
    }

    #[inline(always)]
    unsafe fn add(self, other: __m256i) -> __m256i {
        _mm256_add_epi32(self, other)
    }

    #[inline(always)]
    unsafe fn codes(self, plane: usize) -> __m256i {
        let shifted = _mm256_srl_epi16(self, _mm_cvtsi32_si128(2 * plane as i32));
        _mm256_and_si256(shifted, _mm256_set1_epi8(3))
    }

    #[inline(always)]
    unsafe fn evens_and_odds(self, other: __m256i) -> (__m256i, __m256i) {
        let (a, b) = (_mm256_castsi256_ps(self), _mm256_castsi256_ps(other));
        let order = |pairs| _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_castps_si256(pairs));
        (order(_mm256_shuffle_ps::<0b10_00_10_00>(a, b)), order(_mm256_shuffle_ps::<0b11_01_11_01>(a, b)))
    }

    #[inline(always)]
    unsafe fn store_scaled(self, [row, all]: [f32; 2], columns: *const f32, to: *mut f32) {
        let scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(self), _mm256_set1_ps(row));
        let scaled = _mm256_mul_ps(scaled, _mm256_loadu_ps(columns));
        _mm256_storeu_ps(to, _mm256_mul_ps(scaled, _mm256_set1_ps(all)));
    }

    #[inline(always)]
    unsafe fn trit_codes(self) -> __m256i {
        _mm256_add_epi8(self, _mm256_set1_epi8(1))
    }

    #[inline(always)]
    unsafe fn biased(self) -> __m256i {
        _mm256_xor_si256(self, _mm256_set1_epi8(-128))
    }

    #[inline(always)]
    unsafe fn halves(self, odd: bool) -> __m256i {
        let high = if odd { self } else { _mm256_slli_epi16::<8>(self) };
        _mm256_srai_epi16::<8>(high)
    }

    #[inline(always)]
    unsafe fn fours(self) -> __m256i {
        _mm256_shuffle_epi8(self, _mm256_broadcastsi128_si256(fours_order()))
    }

    #[inline(always)]
    unsafe fn columns([a, b, c, d]: [*const u8; 4]) -> __m256i {
        let ab = _mm_unpacklo_epi8(_mm_loadl_epi64(a.cast()), _mm_loadl_epi64(b.cast()));
        let cd = _mm_unpacklo_epi8(_mm_loadl_epi64(c.cast()), _mm_loadl_epi64(d.cast()));
        _mm256_set_m128i(_mm_unpackhi_epi16(ab, cd), _mm_unpacklo_epi16(ab, cd))
    }
}

impl PanelLanes for __m512i {
    const LANES: usize = 16;
    const WIDENS: bool = false;
    const CODE_TERMS: usize = usize::MAX;

    #[inline(always)]
    unsafe fn zero() -> __m512i {
        _mm512_setzero_si512()
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> __m512i {
        _mm512_loadu_si512(from.cast())
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        _mm512_storeu_si512(to.cast(), self)
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const i32, lanes: u32) -> __m512i {
        _mm512_mask_loadu_epi32(self, lanes as __mmask16, from)
    }

    #[inline(always)]
    unsafe fn store_lanes(self, to: *mut i32, lanes: u32) {
        _mm512_mask_storeu_epi32(to, lanes as __mmask16, self);
    }

    #[inline(always)]
    unsafe fn splat(from: *const u8) -> __m512i {
        _mm512_set1_epi32(from.cast::<i32>().read_unaligned())
    }

    #[inline(always)]
    unsafe fn add_products<const CODES: bool>(self, row: __m512i, sums: __m512i) -> __m512i {
        _mm512_dpbusd_epi32(sums, self, row)
    }

    #[inline(always)]
    unsafe fn widen(self) -> __m512i {
        self
    }

    #[inline(always)]
    unsafe fn add(self, other: __m512i) -> __m512i {
        _mm512_add_epi32(self, other)
    }

    #[inline(always)]
    unsafe fn codes(self, plane: usize) -> __m512i {
        let shifted = _mm512_srl_epi16(self, _mm_cvtsi32_si128(2 * plane as i32));
        _mm512_and_si512(shifted, _mm512_set1_epi8(3))
    }

    #[inline(always)]
    unsafe fn evens_and_odds(self, other: __m512i) -> (__m512i, __m512i) {
        let even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
        let odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
        (_mm512_permutex2var_epi32(self, even, other), _mm512_permutex2var_epi32(self, odd, other))
    }

    #[inline(always)]
    unsafe fn store_scaled(self, [row, all]: [f32; 2], columns: *const f32, to: *mut f32) {
        let scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(self), _mm512_set1_ps(row));
        let scaled = _mm512_mul_ps(scaled, _mm512_loadu_ps(columns));
        _mm512_storeu_ps(to, _mm512_mul_ps(scaled, _mm512_set1_ps(all)));
    }

    #[inline(always)]
    unsafe fn trit_codes(self) -> __m512i {
        _mm512_add_epi8(self, _mm512_set1_epi8(1))
    }

    #[inline(always)]
    unsafe fn biased(self) -> __m512i {
        _mm512_xor_si512(self, _mm512_set1_epi8(-128))
    }

    #[inline(always)]
    unsafe fn halves(self, odd: bool) -> __m512i {
        let high = if odd { self } else { _mm512_slli_epi16::<8>(self) };
        _mm512_srai_epi16::<8>(high)
    }

    #[inline(always)]
    unsafe fn fours(self) -> __m512i {
        _mm512_shuffle_epi8(self, _mm512_broadcast_i32x4(fours_order()))
    }

    #[inline(always)]
    unsafe fn columns([a, b, c, d]: [*const u8; 4]) -> __m512i {
        let (a, b) = (_mm_loadu_si128(a.cast()), _mm_loadu_si128(b.cast()));
        let (c, d) = (_mm_loadu_si128(c.cast()), _mm_loadu_si128(d.cast()));
        let (ab, cd) = (_mm_unpacklo_epi8(a, b), _mm_unpacklo_epi8(c, d));
        let low = _mm256_set_m128i(_mm_unpackhi_epi16(ab, cd), _mm_unpacklo_epi16(ab, cd));
        let (ab, cd) = (_mm_unpackhi_epi8(a, b), _mm_unpackhi_epi8(c, d));
        let high = _mm256_set_m128i(_mm_unpackhi_epi16(ab, cd), _mm_unpacklo_epi16(ab, cd));
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
    }
}
