//! The mixtures of `std.moe` against their formulas, computed here in doubles from what router and experts give alone; and packed, native
//! execution against latent weights in the interpreter, bit for bit.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeMap;

use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_interp::Interpreter;
use tri_ir::{TensorData, Verified};

const WIDTH: usize = 32;
const EXPERTS: usize = 6;

const MODELS: &str = "
use std.moe.{DeepSeekMoe, MixtralMoe}

dim Top = 2

model Mixtral() {
    moe = MixtralMoe[32, 16, 6](top = Top)
    fn forward[B](x: f32[B, 32]) -> f32[B, 32] { moe(x) }
    fn logits[B](x: f32[B, 32]) -> f32[B, 6] { moe.router(x) }
    fn experts[B](x: f32[B, 32]) -> f32[6, B, 32] { stack([expert(x) for expert in moe.experts], axis = 0) }
    fn balance[B](x: f32[B, 32]) -> f32 { moe.balance(x) }
}
model DeepSeek() {
    moe = DeepSeekMoe[32, 16, 6, 24](top = Top)
    fn forward[B](x: f32[B, 32]) -> f32[B, 32] { moe(x) }
    fn logits[B](x: f32[B, 32]) -> f32[B, 6] { moe.router(x) }
    fn experts[B](x: f32[B, 32]) -> f32[6, B, 32] { stack([expert(x) for expert in moe.experts], axis = 0) }
    fn shared[B](x: f32[B, 32]) -> f32[B, 32] { moe.shared(x) }
    fn balance[B](x: f32[B, 32]) -> f32 { moe.balance(x) }
}
";

fn module(model: &str, top: usize, level: u8) -> Verified {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("main.tri");
    std::fs::write(&file, MODELS).unwrap();
    let dims = BTreeMap::from([("Top".to_owned(), top as i64)]);
    let options = SourceOptions { dims, model: Some(model.to_owned()), ..SourceOptions::default() };
    let program = Program::open(&file, &options).unwrap();
    program.optimized(level_of(level), &mut Timing::default()).unwrap().clone()
}

fn native(module: &Verified, level: u8, threads: usize) -> Engine {
    let timing = &mut Timing::default();
    Engine::compile(module.clone(), level_of(level), Parameters::Initial, Some(threads), timing).unwrap()
}

fn rows(count: usize) -> TensorData {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = (0..count * WIDTH).map(|_| 2.0 * next()).collect();
    TensorData::from_f32(vec![count, WIDTH], &values).unwrap()
}

fn doubles(engine: &mut Engine, entry: &str, x: &TensorData) -> Vec<f64> {
    let result = engine.call(entry, std::slice::from_ref(x)).unwrap().remove(0);
    result.to_f32().unwrap().into_iter().map(f64::from).collect()
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The experts of a row, best first.
fn best(logits: &[f64], top: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
    order.truncate(top);
    order
}

#[test]
fn chosen_experts_are_weighted_as_the_papers_have_it() {
    let x = rows(24);
    for top in [1, 2, EXPERTS] {
        for model in ["Mixtral", "DeepSeek"] {
            let mut engine = native(&module(model, top, 2), 2, 2);
            let [found, logits, experts] =
                ["forward", "logits", "experts"].map(|entry| doubles(&mut engine, entry, &x));
            let shared = (model == "DeepSeek").then(|| doubles(&mut engine, "shared", &x));
            for row in 0..24 {
                let logits = &logits[row * EXPERTS..][..EXPERTS];
                let chosen = best(logits, top);
                let weights = match shared {
                    // Over the logits of the chosen ones alone, which add up to 1; over all, which does not.
                    None => softmax(&chosen.iter().map(|at| logits[*at]).collect::<Vec<_>>()),
                    Some(_) => {
                        let all = softmax(logits);
                        chosen.iter().map(|at| all[*at]).collect()
                    }
                };
                for column in 0..WIDTH {
                    let at = row * WIDTH + column;
                    let parts = chosen.iter().zip(&weights);
                    let parts = parts.map(|(expert, weight)| weight * experts[expert * 24 * WIDTH + at]);
                    let expected = parts.sum::<f64>() + shared.as_ref().map_or(0.0, |shared| shared[at]);
                    let apart = (found[at] - expected).abs();
                    assert!(
                        apart < 1e-5 * (1.0 + expected.abs()),
                        "{model}, top {top}, row {row}: off by {apart}"
                    );
                }
            }
        }
    }
}

#[test]
fn packed_experts_have_the_bits_of_latent_weights_for_every_number_of_rows() {
    for model in ["Mixtral", "DeepSeek"] {
        let (latent, packed) = (module(model, 2, 0), module(model, 2, 2));
        let is_packed =
            |module: &Verified| module.bound.iter().any(|bound| bound.ty.encoding != tri_ir::Encoding::Plain);
        assert!(is_packed(&packed) && !is_packed(&latent), "{model}");
        let interpreter = Interpreter::new(&latent);
        let weights = interpreter.bind(&interpreter.initial_parameters().unwrap()).unwrap();
        let mut engines = [1, 2].map(|threads| native(&packed, 2, threads));
        for count in [0, 1, 2, 9, 16, 32, 100] {
            let mut x = rows(count);
            if count > 2 {
                // A row with NaN, whose experts are the first ones, and one of zeros, all of whose logits are equal.
                x.bytes[..4].copy_from_slice(&f32::NAN.to_le_bytes());
                x.bytes[4 * WIDTH..8 * WIDTH].fill(0);
            }
            let inputs = std::slice::from_ref(&x);
            let expected = interpreter.call("forward", inputs, &weights, &mut []).unwrap().remove(0);
            let expected = expected.to_f32().unwrap();
            for engine in &mut engines {
                let found = engine.call("forward", inputs).unwrap().remove(0).to_f32().unwrap();
                assert_eq!(found.len(), expected.len());
                let mut pairs = found.iter().zip(&expected);
                let is_same = pairs.all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan());
                assert!(is_same, "{model} on {count} rows");
            }
        }
    }
}

#[test]
fn balance_is_that_of_the_first_choices() {
    let x = rows(200);
    for model in ["Mixtral", "DeepSeek"] {
        let mut engine = native(&module(model, 2, 2), 2, 1);
        let logits = doubles(&mut engine, "logits", &x);
        let (mut fractions, mut mean) = ([0.0; EXPERTS], [0.0; EXPERTS]);
        for logits in logits.chunks(EXPERTS) {
            fractions[best(logits, 1)[0]] += 1.0 / 200.0;
            mean.iter_mut().zip(softmax(logits)).for_each(|(mean, p)| *mean += p / 200.0);
        }
        let expected: f64 = fractions.iter().zip(mean).map(|(f, p)| f * p).sum::<f64>() * EXPERTS as f64;
        let found = doubles(&mut engine, "balance", &x)[0];
        assert!((found - expected).abs() < 1e-4, "{model}: {found} for {expected}");
    }
}
