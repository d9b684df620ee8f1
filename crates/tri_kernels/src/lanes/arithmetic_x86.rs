//! As [`arithmetic`](super::arithmetic), on AVX2 and AVX-512 vectors.

use std::arch::x86_64::*;

use tri_ir::math::Arith;

/// On eight lanes; truth is a lane of ones.
#[derive(Debug, Default)]
pub(crate) struct Eight;

/// On sixteen lanes; truth is a bit.
#[derive(Debug, Default)]
pub(crate) struct Sixteen;

macro_rules! methods {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $result:ty { $value:expr })*) => {
        $(#[inline(always)]
        fn $name(&mut self, $($arg: $ty),*) -> $result {
            // SAFETY: only kernels of a level make one, and these run where the level's instructions are.
            unsafe { $value }
        })*
    };
}

impl Arith for Eight {
    type F32 = __m256;
    type I32 = __m256i;
    type Bool = __m256;

    methods! {
        f32(value: f32) -> __m256 { _mm256_set1_ps(value) }
        i32(value: i32) -> __m256i { _mm256_set1_epi32(value) }
        add(a: __m256, b: __m256) -> __m256 { _mm256_add_ps(a, b) }
        sub(a: __m256, b: __m256) -> __m256 { _mm256_sub_ps(a, b) }
        mul(a: __m256, b: __m256) -> __m256 { _mm256_mul_ps(a, b) }
        div(a: __m256, b: __m256) -> __m256 { _mm256_div_ps(a, b) }
        fma(a: __m256, b: __m256, c: __m256) -> __m256 { _mm256_fmadd_ps(a, b, c) }
        sqrt(a: __m256) -> __m256 { _mm256_sqrt_ps(a) }
        lt(a: __m256, b: __m256) -> __m256 { _mm256_cmp_ps::<_CMP_LT_OQ>(a, b) }
        eq(a: __m256, b: __m256) -> __m256 { _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b) }
        select(condition: __m256, a: __m256, b: __m256) -> __m256 { _mm256_blendv_ps(b, a, condition) }
        bool_and(a: __m256, b: __m256) -> __m256 { _mm256_and_ps(a, b) }
        bool_or(a: __m256, b: __m256) -> __m256 { _mm256_or_ps(a, b) }
        bool_not(a: __m256) -> __m256 { _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1))) }
        to_bits(a: __m256) -> __m256i { _mm256_castps_si256(a) }
        bits_to_f32(a: __m256i) -> __m256 { _mm256_castsi256_ps(a) }
        i32_to_f32(a: __m256i) -> __m256 { _mm256_cvtepi32_ps(a) }
        f32_to_i32(a: __m256) -> __m256i { _mm256_cvttps_epi32(a) }
        i32_add(a: __m256i, b: __m256i) -> __m256i { _mm256_add_epi32(a, b) }
        i32_sub(a: __m256i, b: __m256i) -> __m256i { _mm256_sub_epi32(a, b) }
        i32_and(a: __m256i, b: __m256i) -> __m256i { _mm256_and_si256(a, b) }
        i32_or(a: __m256i, b: __m256i) -> __m256i { _mm256_or_si256(a, b) }
        i32_xor(a: __m256i, b: __m256i) -> __m256i { _mm256_xor_si256(a, b) }
        i32_shl(a: __m256i, by: u32) -> __m256i { _mm256_sll_epi32(a, _mm_cvtsi32_si128(by.cast_signed())) }
        i32_shr(a: __m256i, by: u32) -> __m256i { _mm256_sra_epi32(a, _mm_cvtsi32_si128(by.cast_signed())) }
        i32_eq(a: __m256i, b: __m256i) -> __m256 { _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b)) }
    }
}

impl Arith for Sixteen {
    type F32 = __m512;
    type I32 = __m512i;
    type Bool = __mmask16;

    methods! {
        f32(value: f32) -> __m512 { _mm512_set1_ps(value) }
        i32(value: i32) -> __m512i { _mm512_set1_epi32(value) }
        add(a: __m512, b: __m512) -> __m512 { _mm512_add_ps(a, b) }
        sub(a: __m512, b: __m512) -> __m512 { _mm512_sub_ps(a, b) }
        mul(a: __m512, b: __m512) -> __m512 { _mm512_mul_ps(a, b) }
        div(a: __m512, b: __m512) -> __m512 { _mm512_div_ps(a, b) }
        fma(a: __m512, b: __m512, c: __m512) -> __m512 { _mm512_fmadd_ps(a, b, c) }
        sqrt(a: __m512) -> __m512 { _mm512_sqrt_ps(a) }
        lt(a: __m512, b: __m512) -> __mmask16 { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) }
        eq(a: __m512, b: __m512) -> __mmask16 { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b) }
        select(condition: __mmask16, a: __m512, b: __m512) -> __m512 { _mm512_mask_blend_ps(condition, b, a) }
        bool_and(a: __mmask16, b: __mmask16) -> __mmask16 { _kand_mask16(a, b) }
        bool_or(a: __mmask16, b: __mmask16) -> __mmask16 { _kor_mask16(a, b) }
        bool_not(a: __mmask16) -> __mmask16 { _knot_mask16(a) }
        to_bits(a: __m512) -> __m512i { _mm512_castps_si512(a) }
        bits_to_f32(a: __m512i) -> __m512 { _mm512_castsi512_ps(a) }
        i32_to_f32(a: __m512i) -> __m512 { _mm512_cvtepi32_ps(a) }
        f32_to_i32(a: __m512) -> __m512i { _mm512_cvttps_epi32(a) }
        i32_add(a: __m512i, b: __m512i) -> __m512i { _mm512_add_epi32(a, b) }
        i32_sub(a: __m512i, b: __m512i) -> __m512i { _mm512_sub_epi32(a, b) }
        i32_and(a: __m512i, b: __m512i) -> __m512i { _mm512_and_si512(a, b) }
        i32_or(a: __m512i, b: __m512i) -> __m512i { _mm512_or_si512(a, b) }
        i32_xor(a: __m512i, b: __m512i) -> __m512i { _mm512_xor_si512(a, b) }
        i32_shl(a: __m512i, by: u32) -> __m512i { _mm512_sll_epi32(a, _mm_cvtsi32_si128(by.cast_signed())) }
        i32_shr(a: __m512i, by: u32) -> __m512i { _mm512_sra_epi32(a, _mm_cvtsi32_si128(by.cast_signed())) }
        i32_eq(a: __m512i, b: __m512i) -> __mmask16 { _mm512_cmpeq_epi32_mask(a, b) }
    }
}
