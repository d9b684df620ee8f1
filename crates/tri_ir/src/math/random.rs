//! Random numbers as a pure function of stream and index.

use super::WideArith;

/// Element `index` of a stream, uniform over the multiples of 2^-24 in [0, 1): the upper 24 bits of splitmix64's output
/// (Steele, Lea and Flood, OOPSLA 2014) number `index + 1` from seed `stream`, times 2^-24.
pub fn random<A: WideArith>(a: &mut A, stream: A::I64, index: A::I64) -> A::F32 {
    let (one, golden) = (a.i64(1), a.i64(0x9e37_79b9_7f4a_7c15_u64 as i64));
    let count = a.i64_add(index, one);
    let steps = a.i64_mul(count, golden);
    let mut z = a.i64_add(stream, steps);
    for (shift, factor) in [(30, 0xbf58_476d_1ce4_e5b9_u64), (27, 0x94d0_49bb_1331_11eb)] {
        let high = a.i64_shr(z, shift);
        z = a.i64_xor(z, high);
        let factor = a.i64(factor as i64);
        z = a.i64_mul(z, factor);
    }
    let high = a.i64_shr(z, 31);
    z = a.i64_xor(z, high);
    let top = a.i64_shr(z, 40);
    let top = a.i64_to_i32(top);
    let top = a.i32_to_f32(top);
    let unit = a.f32(1.0 / 16_777_216.0);
    a.mul(top, unit)
}
