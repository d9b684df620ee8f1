//! The arithmetic of [`tri_ir::math`] on vectors, so that kernels compute elementary functions by the definition that every backend has.
//!
//! The functions are inlined into a kernel's entry as everything else is. An instance exists only where a level's instructions do.

use tri_ir::math::{self, Arith};

use super::portable::{Floats, LANES};

/// On arrays.
#[derive(Debug, Default)]
pub(crate) struct Arrays;

/// Lane by lane.
#[inline(always)]
fn each<A: Copy, B>(a: [A; LANES], of: impl Fn(A) -> B) -> [B; LANES] {
    std::array::from_fn(|lane| of(a[lane]))
}

/// The same of two vectors.
#[inline(always)]
fn both<A: Copy, B>(a: [A; LANES], b: [A; LANES], of: impl Fn(A, A) -> B) -> [B; LANES] {
    std::array::from_fn(|lane| of(a[lane], b[lane]))
}

macro_rules! methods {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $result:ty { $value:expr })*) => {
        $(#[inline(always)]
        fn $name(&mut self, $($arg: $ty),*) -> $result {
            $value
        })*
    };
}

impl Arith for Arrays {
    type F32 = Floats;
    type I32 = [i32; LANES];
    type Bool = [bool; LANES];

    methods! {
        f32(value: f32) -> Floats { Floats([value; LANES]) }
        i32(value: i32) -> [i32; LANES] { [value; LANES] }
        add(a: Floats, b: Floats) -> Floats { Floats(both(a.0, b.0, |a, b| a + b)) }
        sub(a: Floats, b: Floats) -> Floats { Floats(both(a.0, b.0, |a, b| a - b)) }
        mul(a: Floats, b: Floats) -> Floats { Floats(both(a.0, b.0, |a, b| a * b)) }
        div(a: Floats, b: Floats) -> Floats { Floats(both(a.0, b.0, |a, b| a / b)) }
        fma(a: Floats, b: Floats, c: Floats) -> Floats {
            Floats(std::array::from_fn(|lane| math::fma(a.0[lane], b.0[lane], c.0[lane])))
        }
        sqrt(a: Floats) -> Floats { Floats(each(a.0, f32::sqrt)) }
        lt(a: Floats, b: Floats) -> [bool; LANES] { both(a.0, b.0, |a, b| a < b) }
        eq(a: Floats, b: Floats) -> [bool; LANES] { both(a.0, b.0, |a, b| a == b) }
        select(condition: [bool; LANES], a: Floats, b: Floats) -> Floats {
            Floats(std::array::from_fn(|lane| if condition[lane] { a.0[lane] } else { b.0[lane] }))
        }
        bool_and(a: [bool; LANES], b: [bool; LANES]) -> [bool; LANES] { both(a, b, |a, b| a & b) }
        bool_or(a: [bool; LANES], b: [bool; LANES]) -> [bool; LANES] { both(a, b, |a, b| a | b) }
        bool_not(a: [bool; LANES]) -> [bool; LANES] { each(a, |a| !a) }
        to_bits(a: Floats) -> [i32; LANES] { each(a.0, |a| a.to_bits().cast_signed()) }
        bits_to_f32(a: [i32; LANES]) -> Floats { Floats(each(a, |a| f32::from_bits(a.cast_unsigned()))) }
        i32_to_f32(a: [i32; LANES]) -> Floats { Floats(each(a, |a| a as f32)) }
        f32_to_i32(a: Floats) -> [i32; LANES] { each(a.0, |a| a as i32) }
        i32_add(a: [i32; LANES], b: [i32; LANES]) -> [i32; LANES] { both(a, b, i32::wrapping_add) }
        i32_sub(a: [i32; LANES], b: [i32; LANES]) -> [i32; LANES] { both(a, b, i32::wrapping_sub) }
        i32_and(a: [i32; LANES], b: [i32; LANES]) -> [i32; LANES] { both(a, b, |a, b| a & b) }
        i32_or(a: [i32; LANES], b: [i32; LANES]) -> [i32; LANES] { both(a, b, |a, b| a | b) }
        i32_xor(a: [i32; LANES], b: [i32; LANES]) -> [i32; LANES] { both(a, b, |a, b| a ^ b) }
        i32_shl(a: [i32; LANES], by: u32) -> [i32; LANES] { each(a, |a| a << by) }
        i32_shr(a: [i32; LANES], by: u32) -> [i32; LANES] { each(a, |a| a >> by) }
        i32_eq(a: [i32; LANES], b: [i32; LANES]) -> [bool; LANES] { both(a, b, |a, b| a == b) }
    }
}

#[cfg(test)]
mod tests {
    use tri_ir::math::{Native, erf, exp, rsqrt, sigmoid, tanh};

    use super::*;
    use crate::CpuLevel;
    use crate::lanes::{FloatLanes, Level, Portable};

    /// Where functions behave differently, and numbers at which they are hard.
    fn inputs() -> Vec<f32> {
        let powers = (-149..128).map(|power| 1.37 * 2f32.powi(power));
        let near = (-800..800).map(|step| step as f32 * 0.13);
        let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1e-45, f32::MAX, f32::MIN];
        let mut inputs: Vec<f32> = powers.flat_map(|x| [x, -x]).chain(near).chain(special).collect();
        inputs.resize(inputs.len().next_multiple_of(16), 1.0);
        inputs
    }

    /// Integer methods that no function above calls.
    fn integers<A: Arith>(a: &mut A, x: A::F32) -> A::F32 {
        let (three, scale) = (a.i32(3), a.f32(1e-3));
        let bits = a.to_bits(x);
        let (low, high) = (a.i32_and(bits, three), a.i32_shr(bits, 9));
        let mixed = a.i32_xor(high, low);
        let mixed = a.i32_or(mixed, three);
        let number = a.i32_to_f32(mixed);
        let number = a.mul(number, scale);
        let whole = a.f32_to_i32(number);
        let (sum, back) = (a.i32_add(whole, low), a.i32_to_f32(whole));
        let (odd, same) = (a.i32_eq(low, three), a.eq(back, number));
        let differs = a.bool_not(same);
        let (both, either) = (a.bool_and(odd, differs), a.bool_or(odd, same));
        let sum = a.i32_to_f32(sum);
        let chosen = a.select(both, sum, back);
        let root = a.abs(number);
        let root = a.sqrt(root);
        a.select(either, chosen, root)
    }

    fn assert_native<L: Level>(level: CpuLevel) {
        let (mut a, inputs) = (L::Arithmetic::default(), inputs());
        for chunk in inputs.chunks(L::Floats::LANES) {
            // SAFETY: the level was asked for, and chunks are vectors.
            let x = unsafe { L::Floats::load(chunk.as_ptr()) };
            let got = [
                exp(&mut a, x),
                sigmoid(&mut a, x),
                tanh(&mut a, x),
                erf(&mut a, x),
                rsqrt(&mut a, x),
                integers(&mut a, x),
            ];
            for (lane, x) in chunk.iter().enumerate() {
                let n = &mut Native;
                let want =
                    [exp(n, *x), sigmoid(n, *x), tanh(n, *x), erf(n, *x), rsqrt(n, *x), integers(n, *x)];
                for (function, (got, want)) in got.iter().zip(want).enumerate() {
                    let mut values = [0f32; 16];
                    // SAFETY: no vector has more lanes.
                    unsafe { got.store(values.as_mut_ptr()) };
                    let same =
                        values[lane].to_bits() == want.to_bits() || (values[lane].is_nan() && want.is_nan());
                    assert!(same, "{level:?} function {function} of {x:e}: {:e}, not {want:e}", values[lane]);
                }
            }
        }
    }

    #[test]
    fn functions_of_vectors_are_those_of_numbers() {
        assert_native::<Portable>(CpuLevel::Portable);
        #[cfg(target_arch = "x86_64")]
        for level in [CpuLevel::Avx2, CpuLevel::Avx512Vnni] {
            match level {
                _ if !level.is_supported() => {}
                CpuLevel::Avx2 => assert_native::<crate::lanes::Avx2>(level),
                _ => assert_native::<crate::lanes::Avx512Vnni>(level),
            }
        }
    }
}
