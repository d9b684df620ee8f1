//! The elementary functions against values computed with mpmath, and against std's f64 functions over the whole range.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at what it did not expect, and prints what it measured"
)]

use std::path::Path;

use safetensors::SafeTensors;
use tri_ir::math::{self, Native};

/// Distance from the exact value in units of the last place of an f32 there.
fn ulps(got: f32, exact: f64) -> f64 {
    if exact.is_nan() || got.is_nan() {
        return if exact.is_nan() && got.is_nan() { 0.0 } else { f64::INFINITY };
    }
    let nearest = exact as f32;
    if nearest.is_infinite() || got.is_infinite() {
        return if nearest == got { 0.0 } else { f64::INFINITY };
    }
    let exponent = ((exact.abs().to_bits() >> 52) as i32 - 1023).max(-126);
    (f64::from(got) - exact).abs() / 2f64.powi(exponent - 23)
}

/// A function, its name in the packs, its f64 form, and the most ulp it may be off, as docs/numerics.md lists.
type Case = (&'static str, fn(f32) -> f32, fn(f64) -> f64, f64);

/// Error function in f64: Taylor's series near 0, Lentz's continued fraction of erfc beyond.
fn erf_f64(x: f64) -> f64 {
    let a = x.abs();
    if a < 2.5 {
        let (mut term, mut sum) = (x, x);
        for n in 1..80 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        return sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    let fraction = (1..120).rev().fold(a, |tail, n| a + f64::from(n) / 2.0 / tail);
    (1.0 - (-a * a).exp() / (fraction * std::f64::consts::PI.sqrt())).copysign(x)
}

const CASES: [Case; 8] = [
    ("exp", |x| math::exp(&mut Native, x), f64::exp, 1.02),
    ("log", |x| math::log(&mut Native, x), f64::ln, 0.51),
    ("tanh", |x| math::tanh(&mut Native, x), f64::tanh, 1.34),
    ("sigmoid", |x| math::sigmoid(&mut Native, x), |x| 1.0 / (1.0 + (-x).exp()), 1.97),
    ("erf", |x| math::erf(&mut Native, x), erf_f64, 1.03),
    ("sin", |x| math::sin(&mut Native, x), f64::sin, 0.51),
    ("cos", |x| math::cos(&mut Native, x), f64::cos, 0.51),
    ("rsqrt", |x| math::rsqrt(&mut Native, x), |x| 1.0 / x.sqrt(), 1.51),
];

fn pack() -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/extra/numerics/cases.safetensors");
    std::fs::read(path).unwrap()
}

fn f32_bits(pack: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let data = pack.tensor(name).unwrap();
    data.data().as_chunks::<4>().0.iter().map(|b| f32::from_bits(u32::from_le_bytes(*b))).collect()
}

fn f64s(pack: &SafeTensors<'_>, name: &str) -> Vec<f64> {
    pack.tensor(name).unwrap().data().as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
}

#[test]
fn reference_values_are_met_within_two_ulps() {
    let bytes = pack();
    let pack = SafeTensors::deserialize(&bytes).unwrap();
    for (name, function, _, _) in CASES {
        let (x, y) = (f32_bits(&pack, &format!("{name}.x")), f64s(&pack, &format!("{name}.y")));
        assert!(x.len() >= 400 && x.len() == y.len());
        for (x, y) in x.into_iter().zip(y) {
            let got = function(x);
            assert!(ulps(got, y) <= 2.0, "{name}({x:?}) = {got:?}, exactly {y:?}");
        }
    }
    let (x, p, y) = (f32_bits(&pack, "pow.x"), f32_bits(&pack, "pow.p"), f64s(&pack, "pow.y"));
    for ((x, p), y) in x.into_iter().zip(p).zip(y) {
        let got = math::pow(&mut Native, x, p);
        assert!(ulps(got, y) <= 2.0, "pow({x:?}, {p:?}) = {got:?}, exactly {y:?}");
    }
}

fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[test]
fn special_values_are_exact() {
    let bytes = pack();
    let pack = SafeTensors::deserialize(&bytes).unwrap();
    for (name, function, _, _) in CASES {
        let x = f32_bits(&pack, &format!("{name}_special.x"));
        let y = f32_bits(&pack, &format!("{name}_special.y"));
        for (x, y) in x.into_iter().zip(y) {
            assert!(same(function(x), y), "{name}({x:?}) = {:?}, not {y:?}", function(x));
        }
    }
    let (x, p) = (f32_bits(&pack, "pow_special.x"), f32_bits(&pack, "pow_special.p"));
    for ((x, p), y) in x.into_iter().zip(p).zip(f32_bits(&pack, "pow_special.y")) {
        let got = math::pow(&mut Native, x, p);
        assert!(same(got, y), "pow({x:?}, {p:?}) = {got:?}, not {y:?}");
    }
}

/// Worst error over every `step`-th bit pattern.
fn sweep((name, function, exact, limit): Case, step: usize) {
    let (mut worst, mut at) = (0.0, 0.0);
    for bits in (0..=u32::MAX).step_by(step) {
        let x = f32::from_bits(bits);
        let error = ulps(function(x), exact(f64::from(x)));
        if error > worst {
            (worst, at) = (error, x);
        }
    }
    println!("{name}: {worst:.3} ulp at {at:?}");
    assert!(worst <= limit, "{name} is {worst} ulp off at {at:?}, {:?}", function(at));
}

#[test]
fn every_function_keeps_its_bound_over_the_whole_range() {
    // TRI_MATH_STEP=1 visits every f32.
    let step = std::env::var("TRI_MATH_STEP").ok().and_then(|n| n.parse().ok()).unwrap_or(4_099);
    for case in CASES {
        sweep(case, step);
    }
}

#[test]
fn powers_agree_with_f64_over_the_whole_range() {
    let (mut worst, mut at) = (0.0, (0.0, 0.0));
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32
    };
    for i in 0..2_000_000 {
        let x = f32::from_bits(next());
        // Half of the powers are small, so that not everything overflows.
        let y = if i % 2 == 0 { f32::from_bits(next()) } else { (next() % 8_192) as f32 / 64.0 - 64.0 };
        let error = ulps(math::pow(&mut Native, x, y), f64::from(x).powf(f64::from(y)));
        if error > worst {
            (worst, at) = (error, (x, y));
        }
    }
    println!("pow: {worst:.3} ulp at {at:?}");
    assert!(worst <= 0.51, "pow is {worst} ulp off at {at:?}");
}

#[test]
fn powers_of_special_values_are_those_of_ieee_754() {
    let values = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        2.0,
        -2.0,
        3.0,
        -3.0,
        1e-40,
        -1e-40,
        3e38,
        -3e38,
        16_777_215.0,
        16_777_216.0,
        -16_777_215.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    for x in values {
        for y in values {
            let (got, expected) = (math::pow(&mut Native, x, y), f64::from(x).powf(f64::from(y)) as f32);
            assert!(same(got, expected), "pow({x:?}, {y:?}) = {got:?}, not {expected:?}");
        }
    }
}

#[test]
fn fused_multiply_add_rounds_once() {
    let edges = [
        0.0f32,
        -0.0,
        1.0,
        -1.0,
        f32::MIN_POSITIVE,
        1e-45,
        -1e-45,
        f32::MAX,
        f32::MIN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        1.0 + f32::EPSILON,
        1.0 - f32::EPSILON / 2.0,
        3e-39,
        16_777_217.0,
    ];
    for a in edges {
        for b in edges {
            for c in edges {
                let (got, expected) = (math::fma(a, b, c), a.mul_add(b, c));
                assert!(same(got, expected), "fma({a:?}, {b:?}, {c:?}) = {got:?}, not {expected:?}");
            }
        }
    }
    let mut state = 7u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32
    };
    for i in 0..3_000_000u32 {
        let (a, b) = (f32::from_bits(next()), f32::from_bits(next()));
        // Addends near the product, and near half an ulp of it, are where rounding twice would show.
        let c = match i % 3 {
            0 => f32::from_bits(next()),
            1 => -(a * b),
            _ => a * b * 2f32.powi(23 + (i % 5) as i32),
        };
        assert!(same(math::fma(a, b, c), a.mul_add(b, c)), "fma({a:?}, {b:?}, {c:?})");
    }
}

#[test]
fn random_numbers_are_those_of_splitmix64() {
    // The first outputs of the published generator (https://prng.di.unimi.it/splitmix64.c) from seed 1234567.
    let published = [6_457_827_717_110_365_317u64, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
    for (i, z) in published.into_iter().enumerate() {
        let got = math::random(&mut Native, 1_234_567, i as i64);
        assert_eq!(got, (z >> 40) as f32 / 16_777_216.0);
    }
}

#[test]
fn integer_division_rounds_down() {
    for (a, b, quotient, remainder) in
        [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (5, 0, 0, 0)]
    {
        assert_eq!((math::div_floor_i32(a, b), math::rem_floor_i32(a, b)), (quotient, remainder));
        assert_eq!(
            (math::div_floor_i64(a.into(), b.into()), math::rem_floor_i64(a.into(), b.into())),
            (quotient.into(), remainder.into())
        );
    }
    assert_eq!((math::div_floor_i32(i32::MIN, -1), math::rem_floor_i32(i32::MIN, -1)), (i32::MIN, 0));
}

#[test]
fn ordering_follows_rule_6() {
    assert!(same(math::max_f32(-0.0, 0.0), 0.0) && same(math::min_f32(0.0, -0.0), -0.0));
    assert!(math::max_f32(f32::NAN, 1.0).is_nan() && math::min_f32(1.0, f32::NAN).is_nan());
    assert!(math::rank_above(f32::NEG_INFINITY, f32::NAN) && !math::rank_above(0.0, -0.0));
    assert!(
        same(math::sign_f32(-0.0), -0.0) && math::sign_f32(-3.0) == -1.0 && math::sign_f32(f32::NAN).is_nan()
    );
}
