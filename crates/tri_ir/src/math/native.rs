//! The machine's own numbers.

use super::{Arith, WideArith};

/// Evaluates functions of this module on plain values.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

macro_rules! methods {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $result:ty { $value:expr })*) => {
        $(#[inline(always)]
        fn $name(&mut self, $($arg: $ty),*) -> $result {
            $value
        })*
    };
}

impl Arith for Native {
    type F32 = f32;
    type I32 = i32;
    type Bool = bool;

    methods! {
        f32(value: f32) -> f32 { value }
        i32(value: i32) -> i32 { value }
        add(a: f32, b: f32) -> f32 { a + b }
        sub(a: f32, b: f32) -> f32 { a - b }
        mul(a: f32, b: f32) -> f32 { a * b }
        div(a: f32, b: f32) -> f32 { a / b }
        fma(a: f32, b: f32, c: f32) -> f32 { super::fma(a, b, c) }
        sqrt(a: f32) -> f32 { a.sqrt() }
        lt(a: f32, b: f32) -> bool { a < b }
        eq(a: f32, b: f32) -> bool { a == b }
        select(condition: bool, a: f32, b: f32) -> f32 { if condition { a } else { b } }
        bool_and(a: bool, b: bool) -> bool { a & b }
        bool_or(a: bool, b: bool) -> bool { a | b }
        bool_not(a: bool) -> bool { !a }
        to_bits(a: f32) -> i32 { a.to_bits() as i32 }
        bits_to_f32(a: i32) -> f32 { f32::from_bits(a as u32) }
        i32_to_f32(a: i32) -> f32 { a as f32 }
        f32_to_i32(a: f32) -> i32 { a as i32 }
        i32_add(a: i32, b: i32) -> i32 { a.wrapping_add(b) }
        i32_sub(a: i32, b: i32) -> i32 { a.wrapping_sub(b) }
        i32_and(a: i32, b: i32) -> i32 { a & b }
        i32_or(a: i32, b: i32) -> i32 { a | b }
        i32_xor(a: i32, b: i32) -> i32 { a ^ b }
        i32_shl(a: i32, by: u32) -> i32 { a.wrapping_shl(by) }
        i32_shr(a: i32, by: u32) -> i32 { a.wrapping_shr(by) }
        i32_eq(a: i32, b: i32) -> bool { a == b }
    }
}

impl WideArith for Native {
    type F64 = f64;
    type I64 = i64;

    methods! {
        f64(value: f64) -> f64 { value }
        i64(value: i64) -> i64 { value }
        widen(a: f32) -> f64 { f64::from(a) }
        narrow(a: f64) -> f32 { a as f32 }
        f64_add(a: f64, b: f64) -> f64 { a + b }
        f64_sub(a: f64, b: f64) -> f64 { a - b }
        f64_mul(a: f64, b: f64) -> f64 { a * b }
        f64_div(a: f64, b: f64) -> f64 { a / b }
        f64_select(condition: bool, a: f64, b: f64) -> f64 { if condition { a } else { b } }
        f64_lt(a: f64, b: f64) -> bool { a < b }
        f64_to_bits(a: f64) -> i64 { a.to_bits() as i64 }
        f64_from_bits(a: i64) -> f64 { f64::from_bits(a as u64) }
        i64_to_f64(a: i64) -> f64 { a as f64 }
        i64_add(a: i64, b: i64) -> i64 { a.wrapping_add(b) }
        i64_sub(a: i64, b: i64) -> i64 { a.wrapping_sub(b) }
        i64_mul(a: i64, b: i64) -> i64 { a.wrapping_mul(b) }
        i64_and(a: i64, b: i64) -> i64 { a & b }
        i64_or(a: i64, b: i64) -> i64 { a | b }
        i64_xor(a: i64, b: i64) -> i64 { a ^ b }
        i64_shl(a: i64, by: u32) -> i64 { a.wrapping_shl(by) }
        i64_shr(a: i64, by: u32) -> i64 { (a as u64).wrapping_shr(by) as i64 }
        i64_select(condition: bool, a: i64, b: i64) -> i64 { if condition { a } else { b } }
        u32_to_i64(a: i32) -> i64 { i64::from(a as u32) }
        i64_to_i32(a: i64) -> i32 { a as i32 }
        table(table: &'static [u64; 16], index: i32) -> i64 { table[(index & 15) as usize] as i64 }
    }
}
