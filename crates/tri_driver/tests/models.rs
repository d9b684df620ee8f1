//! The example models against references made outside this project: interpreted and native, at every level, on one thread and two.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::{Path, PathBuf};

use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_interp::{Interpreter, Weights};
use tri_ir::{DType, TensorData, Verified};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A program after the passes of a level, with the weights beside it.
struct Subject {
    module: Verified,
    level: u8,
    parameters: Vec<TensorData>,
}

impl Subject {
    fn new(program: &str, weights: &str, level: u8) -> Subject {
        let mut timing = Timing::default();
        let path = repository().join(program);
        let program = Program::open(&path, &SourceOptions::default()).unwrap();
        let (_, warnings) = program.elaborate(&mut timing).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        let module = program.optimized(level_of(level), &mut timing).unwrap().clone();
        let parameters = tri_driver::read_weights(&repository().join(weights), &module).unwrap();
        Subject { module, level, parameters }
    }

    fn native(&self, threads: usize) -> Engine {
        let (level, timing) = (level_of(self.level), &mut Timing::default());
        Engine::compile(
            self.module.clone(),
            level,
            Parameters::Given(&self.parameters),
            Some(threads),
            timing,
        )
        .unwrap()
    }

    fn interpreted(&self) -> Weights {
        Interpreter::new(&self.module).bind(&self.parameters).unwrap()
    }

    fn interpret(&self, weights: &Weights, entry: &str, inputs: &[TensorData]) -> TensorData {
        let interpreter = Interpreter::new(&self.module);
        let mut states = interpreter.initial_states().unwrap();
        interpreter.call(entry, inputs, weights, &mut states).unwrap().remove(0)
    }

    /// The first result of an entry: interpreted, native on one thread and on two; all of them equal to the bit.
    fn call(&self, entry: &str, inputs: &[TensorData]) -> TensorData {
        let interpreted = self.interpret(&self.interpreted(), entry, inputs);
        for threads in [1, 2] {
            let native = self.native(threads).call(entry, inputs).unwrap().remove(0);
            assert!(
                native == interpreted,
                "-O{} {entry} on {threads} threads differs from the interpreter",
                self.level
            );
        }
        interpreted
    }
}

fn tensor(place: &str) -> TensorData {
    let path = repository().join(place);
    tri_import::read_tensor(path.to_str().unwrap()).unwrap()
}

/// Rows of the first axis.
fn rows(tensor: &TensorData, count: usize) -> TensorData {
    let row = tensor.bytes.len() / tensor.shape[0];
    let shape = [&[count], &tensor.shape[1..]].concat();
    TensorData::new(tensor.dtype, shape, tensor.bytes[..count * row].to_vec()).unwrap()
}

fn assert_close(found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    let worst = found.iter().zip(expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
    assert!(found.iter().all(|x| x.is_finite()) && worst <= tolerance, "off by {worst}");
}

#[test]
fn digits_gives_the_reference_bits_and_accuracy() {
    const CASES: &str = "examples/data/digits/cases.safetensors";
    let (image, logits) = (tensor(&format!("{CASES}:image")), tensor(&format!("{CASES}:logits")));
    let labels = tensor(&format!("{CASES}:label")).to_i32().unwrap();
    for level in [0, 1, 2, 3] {
        let subject = Subject::new("examples/digits.tri", "examples/data/digits/weights.safetensors", level);
        for batch in [1, 7, 360] {
            let found = subject.call("forward", &[rows(&image, batch)]);
            assert!(found == rows(&logits, batch), "-O{level} batch {batch} differs from the reference");
        }
        let found = subject.call("classify", std::slice::from_ref(&image)).to_i32().unwrap();
        assert_eq!(found.iter().zip(&labels).filter(|(a, b)| a == b).count(), 355);
    }
}

#[test]
fn mnist_cnn_gives_the_reference_bits_and_is_close_to_doubles() {
    const DATA: &str = "examples/data/mnist_cnn";
    let image = tensor(&format!("{DATA}/cases.safetensors:image"));
    let bits = tensor(&format!("{DATA}/logits_f32.safetensors"));
    let (_, doubles) =
        tri_import::read_safetensors_f64(&repository().join(DATA).join("cases.safetensors"), "logits")
            .unwrap();
    for level in [0, 2] {
        let subject = Subject::new("examples/mnist_cnn.tri", &format!("{DATA}/weights.safetensors"), level);
        let found = subject.call("forward", std::slice::from_ref(&image));
        assert!(found == bits, "-O{level} differs from the reference");
        assert_close(&found.to_f32().unwrap(), &doubles, 2e-4);
    }
}

#[test]
fn tiny_llama_is_close_to_doubles_at_every_position() {
    const DATA: &str = "examples/data/tiny_llama";
    for level in [0, 2] {
        let subject = Subject::new("examples/tiny_llama.tri", &format!("{DATA}/weights.safetensors"), level);
        for case in 0..4 {
            let tokens =
                sequence(&tensor(&format!("{DATA}/cases.safetensors:tokens.{case}")).to_i32().unwrap());
            let expected = tensor(&format!("{DATA}/cases.safetensors:logits.{case}")).to_f32().unwrap();
            let expected: Vec<f64> = expected.into_iter().map(f64::from).collect();
            let found = subject.call("forward", &[tokens]);
            assert_close(&found.to_f32().unwrap(), &expected, 2e-4);
        }
    }
}

/// One sequence of tokens.
fn sequence(tokens: &[i32]) -> TensorData {
    TensorData::from_i32(vec![1, tokens.len()], tokens).unwrap()
}

#[test]
fn tiny_llama_continues_texts_as_the_reference_does() {
    const DATA: &str = "examples/data/tiny_llama";
    let expected = std::fs::read_to_string(repository().join(DATA).join("expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let subject = Subject::new("examples/tiny_llama.tri", &format!("{DATA}/weights.safetensors"), 2);
    let mut engine = subject.native(2);
    let continuations = expected["greedy"].as_array().unwrap();
    assert_eq!(continuations.len(), 3);
    for continuation in continuations {
        let place = format!("{DATA}/cases.safetensors:tokens.{}", continuation["case"]);
        let mut tokens = tensor(&place).to_i32().unwrap();
        for token in continuation["tokens"].as_array().unwrap() {
            let logits = engine.call("forward", &[sequence(&tokens)]).unwrap().remove(0).to_f32().unwrap();
            let last = &logits[logits.len() - 1024..];
            let best = (0..1024).max_by(|a, b| last[*a].total_cmp(&last[*b]).then(b.cmp(a))).unwrap();
            assert_eq!(Some(best as i64), token.as_i64());
            tokens.push(best as i32);
        }
    }
}

#[test]
fn ternary_layers_and_routed_tiles_give_the_reference_bits() {
    for (pack, entries) in [("ternary", &["forward"][..]), ("sparse", &["forward", "tile"][..])] {
        let data = format!("tests/data/trix/{pack}");
        let x = tensor(&format!("{data}/cases.safetensors:x"));
        for level in [0, 1, 2] {
            let program = format!("{data}/{pack}.tri");
            let subject = Subject::new(&program, &format!("{data}/weights.safetensors"), level);
            for entry in entries {
                let output = if *entry == "tile" { "tile" } else { "y" };
                let expected = tensor(&format!("{data}/cases.safetensors:{output}"));
                for batch in [1, 64] {
                    let found = subject.call(entry, &[rows(&x, batch)]);
                    assert!(
                        found == rows(&expected, batch),
                        "{pack} -O{level} batch {batch}: {entry} differs"
                    );
                }
            }
        }
    }
}

#[test]
fn a_wrong_input_is_named_with_what_belongs_there() {
    let subject = Subject::new("examples/digits.tri", "examples/data/digits/weights.safetensors", 2);
    let mut engine = subject.native(1);
    let wrong = TensorData::from_f32(vec![1, 63], &[0.0; 63]).unwrap();
    let message = engine.call("forward", &[wrong]).unwrap_err().to_string();
    for part in ["forward", "image", "Pixel", "63", "64"] {
        assert!(message.contains(part), "{message}");
    }
    let wrong = TensorData::new(DType::I32, vec![1, 64], vec![0; 256]).unwrap();
    let message = engine.call("forward", &[wrong]).unwrap_err().to_string();
    assert!(message.contains("i32") && message.contains("f32"), "{message}");
}
