//! A key-value cache in states: a sequence given piece by piece has the bits of the whole, and sessions keep to themselves.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::{Path, PathBuf};

use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of, read_weights};
use tri_interp::Interpreter;
use tri_ir::{DType, TensorData, Verified};

const DATA: &str = "examples/data/tiny_llama";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The example with its trained weights.
struct Llama {
    module: Verified,
    level: u8,
    parameters: Vec<TensorData>,
    tokens: Vec<i32>,
}

impl Llama {
    fn new(level: u8) -> Llama {
        let timing = &mut Timing::default();
        let path = repository().join("examples/tiny_llama.tri");
        let program = Program::open(&path, &SourceOptions::default()).unwrap();
        let (_, warnings) = program.elaborate(timing).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        let module = program.optimized(level_of(level), timing).unwrap().clone();
        let parameters = read_weights(&repository().join(DATA).join("weights.safetensors"), &module).unwrap();
        let tokens = repository().join(DATA).join("cases.safetensors:tokens.0");
        let tokens = tri_import::read_tensor(tokens.to_str().unwrap()).unwrap().to_i32().unwrap();
        // Enough positions, so that sums over keys pass the sixteen partial sums of the canonical order.
        let tokens = tokens.into_iter().cycle().take(19).collect();
        Llama { module, level, parameters, tokens }
    }

    fn native(&self, threads: usize) -> Engine {
        let (level, parameters) = (level_of(self.level), Parameters::Given(&self.parameters));
        Engine::compile(self.module.clone(), level, parameters, Some(threads), &mut Timing::default())
            .unwrap()
    }

    /// Logits of the whole sequence at once.
    fn whole(&self) -> Vec<u8> {
        let tokens = TensorData::from_i32(vec![1, self.tokens.len()], &self.tokens).unwrap();
        self.native(1).call("forward", &[tokens]).unwrap().remove(0).bytes
    }

    /// Logits of the sequence given in pieces of these lengths.
    fn in_pieces(&self, lengths: &[usize], mut step: impl FnMut(TensorData) -> TensorData) -> Vec<u8> {
        assert_eq!(lengths.iter().sum::<usize>(), self.tokens.len());
        let (mut rest, mut bytes) = (&self.tokens[..], Vec::new());
        for length in lengths {
            let (piece, after) = rest.split_at(*length);
            bytes.extend(step(sequence(piece)).bytes);
            rest = after;
        }
        bytes
    }
}

fn sequence(tokens: &[i32]) -> TensorData {
    TensorData::from_i32(vec![tokens.len()], tokens).unwrap()
}

fn step(engine: &mut Engine, tokens: &[i32]) -> Result<Vec<u8>, String> {
    let results = engine.call("step", &[sequence(tokens)]);
    results.map(|mut results| results.remove(0).bytes).map_err(|error| error.to_string())
}

const PIECES: [&[usize]; 4] = [&[1; 19], &[19], &[5, 1, 13], &[16, 1, 1, 1]];

#[test]
fn pieces_give_the_bits_of_the_whole_natively() {
    for level in [0, 2] {
        let llama = Llama::new(level);
        let whole = llama.whole();
        for threads in [1, 2] {
            let mut engine = llama.native(threads);
            for lengths in PIECES {
                engine.reset().unwrap();
                let found =
                    llama.in_pieces(lengths, |tokens| engine.call("step", &[tokens]).unwrap().remove(0));
                assert!(found == whole, "-O{level}, {threads} threads, pieces of {lengths:?}");
            }
        }
    }
}

#[test]
fn pieces_give_the_bits_of_the_whole_in_the_interpreter() {
    for level in [0, 2] {
        let llama = Llama::new(level);
        let interpreter = Interpreter::new(&llama.module);
        let weights = interpreter.bind(&llama.parameters).unwrap();
        let mut states = interpreter.initial_states().unwrap();
        let found = llama.in_pieces(&[1, 1, 15, 2], |tokens| {
            interpreter.call("step", &[tokens], &weights, &mut states).unwrap().remove(0)
        });
        assert!(found == llama.whole(), "-O{level}");
    }
}

#[test]
fn a_sequence_longer_than_the_cache_is_refused_by_name_and_changes_nothing() {
    let llama = Llama::new(2);
    let (mut engine, mut other) = (llama.native(2), llama.native(2));
    let tokens: Vec<i32> = llama.tokens.iter().copied().cycle().take(250).collect();
    step(&mut engine, &tokens).unwrap();
    step(&mut other, &tokens).unwrap();
    let error = step(&mut engine, &llama.tokens[..7]).unwrap_err();
    assert!(error.contains("`P` is 250") && error.contains("<= 256"), "{error}");
    // Of a piece longer than any cache the type already knows that.
    let error = step(&mut engine, &tokens.repeat(2)).unwrap_err();
    assert!(error.contains("`T`") && error.contains("500") && error.contains("256"), "{error}");
    // A token that is none stops the call before or after caches are written; they are as they were.
    let error = step(&mut engine, &[1, 1024]).unwrap_err();
    assert!(error.contains("1024"), "{error}");
    assert_eq!(step(&mut engine, &llama.tokens[..6]).unwrap(), step(&mut other, &llama.tokens[..6]).unwrap());
    assert!(step(&mut engine, &[1]).is_err(), "the cache is full");
    engine.reset().unwrap();
    assert_eq!(
        step(&mut engine, &llama.tokens[..3]).unwrap(),
        step(&mut llama.native(1), &llama.tokens[..3]).unwrap()
    );
}

#[test]
fn sessions_of_one_model_have_caches_of_their_own() {
    let llama = Llama::new(2);
    let whole = llama.whole();
    let engine = llama.native(2);
    let (mut a, mut b) = (engine.another_session().unwrap(), engine.another_session().unwrap());
    let row = whole.len() / llama.tokens.len();
    // The second goes through the same sequence, three tokens behind.
    let mut bytes = (Vec::new(), Vec::new());
    for at in 0..llama.tokens.len() + 3 {
        if let Some(token) = llama.tokens.get(at) {
            bytes.0.extend(step(&mut a, &[*token]).unwrap());
        }
        if let Some(token) = at.checked_sub(3).and_then(|at| llama.tokens.get(at)) {
            bytes.1.extend(step(&mut b, &[*token]).unwrap());
        }
    }
    assert!(bytes.0 == whole && bytes.1 == whole);
    assert_eq!(row, 1024 * DType::F32.bytes());
}

#[test]
fn a_size_from_an_input_binds_a_slice_of_a_state() {
    let text = "dim MaxLen = 8\nmodel Window() {\n    state seen: f32[MaxLen] = zeros\n    \
        fn put[T](x: f32[T], len: i32) -> f32 {\n        \
        let dim N = len + T where N <= MaxLen, T <= N\n        seen[N - T:N] = x\n        sum(seen[0:N], axis = 0)\n    }\n}\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window.tri");
    std::fs::write(&path, text).unwrap();
    let timing = &mut Timing::default();
    for level in [0, 2] {
        let program = Program::open(&path, &SourceOptions::default()).unwrap();
        program.elaborate(timing).unwrap();
        let module = program.optimized(level_of(level), timing).unwrap().clone();
        let mut engine =
            Engine::compile(module, level_of(level), Parameters::Initial, Some(1), timing).unwrap();
        let mut put = |x: &[f32], len: i32| {
            let x = TensorData::from_f32(vec![x.len()], x).unwrap();
            let len = TensorData::from_i32(vec![], &[len]).unwrap();
            let results = engine.call("put", &[x, len]);
            results.map(|r| r[0].to_f32().unwrap()[0]).map_err(|error| error.to_string())
        };
        assert_eq!(put(&[1.0, 2.0, 4.0], 0), Ok(7.0));
        assert_eq!(put(&[8.0], 3), Ok(15.0));
        let error = put(&[1.0, 1.0], 7).unwrap_err();
        assert!(error.contains("`N` is 9") && error.contains("`N <= 8`"), "{error}");
        let error = put(&[1.0, 1.0], -1).unwrap_err();
        assert!(error.contains("`N` is 1") && error.contains("`T <= N`"), "{error}");
        assert_eq!(put(&[16.0], 4), Ok(31.0));
    }
}
