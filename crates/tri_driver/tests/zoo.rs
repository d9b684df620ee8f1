//! The models of `examples/zoo` at a small size with random weights, in trits and in floats: native code against the interpreter, at
//! every level, on one thread and two.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;

use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_interp::Interpreter;
use tri_ir::{Module, TensorData, Verified};

/// Numbers in -1..1, the same on every machine.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn random_parameters(module: &Module) -> Vec<TensorData> {
    let parameters = module.parameters.iter().enumerate();
    let parameters = parameters.map(|(seed, parameter)| {
        let dims = parameter.ty.shape.iter();
        let shape: Vec<usize> = dims.map(|dim| dim.as_constant().unwrap() as usize).collect();
        let mut values = numbers(shape.iter().product(), seed as u32);
        if parameter.name.ends_with("running_var") {
            values.iter_mut().for_each(|x| *x = x.abs() + 0.5);
        }
        TensorData::from_f32(shape, &values).unwrap()
    });
    parameters.collect()
}

/// A model at a small size.
struct Small {
    name: &'static str,
    dims: &'static [(&'static str, i64)],
    configuration: &'static str,
    entry: &'static str,
    inputs: Vec<TensorData>,
}

impl Small {
    fn program(&self) -> Program {
        let name = format!("{}.tri", self.name);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/zoo").join(name);
        let dims = self.dims.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect();
        let configuration = [("ternary".to_owned(), self.configuration.to_owned())].into();
        let options = SourceOptions { dims, configuration, ..SourceOptions::default() };
        Program::open(&path, &options).unwrap()
    }

    /// The results of random weights are the same to the bit however they are computed.
    fn agrees_with_the_interpreter(&self) {
        let mut expected = None;
        for level in [0, 1, 2, 3] {
            let mut timing = Timing::default();
            let program = self.program();
            let (elaborated, warnings) = program.elaborate(&mut timing).unwrap();
            assert!(warnings.is_empty(), "{warnings:?}");
            let parameters = random_parameters(elaborated);
            let expected = expected.get_or_insert_with(|| self.interpreted(elaborated, &parameters));
            let module = program.optimized(level_of(level), &mut timing).unwrap().clone();
            // One thread and two, at each level one of them.
            let threads = 1 + usize::from(level % 2 == 0);
            let given = Parameters::Given(&parameters);
            let mut engine =
                Engine::compile(module, level_of(level), given, Some(threads), &mut timing).unwrap();
            let found = engine.call(self.entry, &self.inputs).unwrap();
            assert!(found == *expected, "{} -O{level} on {threads} threads", self.name);
        }
    }

    fn interpreted(&self, module: &Verified, parameters: &[TensorData]) -> Vec<TensorData> {
        let interpreter = Interpreter::new(module);
        let weights = interpreter.bind(parameters).unwrap();
        let mut states = interpreter.initial_states().unwrap();
        let results = interpreter.call(self.entry, &self.inputs, &weights, &mut states).unwrap();
        let scores = results.last().unwrap().to_f32().unwrap();
        let is_alive = scores.iter().all(|x| x.is_finite()) && scores.iter().any(|x| *x != scores[0]);
        assert!(is_alive, "{}: {scores:?}", self.name);
        results
    }
}

/// A network for images, in trits and in floats.
fn images(name: &'static str, dims: &'static [(&'static str, i64)]) {
    let image = TensorData::from_f32(vec![1, 3, 32, 32], &numbers(3 * 32 * 32, 7)).unwrap();
    for configuration in ["true", "false"] {
        let inputs = vec![image.clone()];
        Small { name, dims, configuration, entry: "forward", inputs }.agrees_with_the_interpreter();
    }
}

const IMAGE: &[(&str, i64)] = &[("Image", 32), ("Class", 10)];

#[test]
fn resnet18() {
    images("resnet18", IMAGE);
}

#[test]
fn resnet34() {
    images("resnet34", IMAGE);
}

#[test]
fn resnet50() {
    images("resnet50", IMAGE);
}

#[test]
fn mobilenet_v2() {
    images("mobilenet_v2", IMAGE);
}

#[test]
fn efficientnet_b0() {
    images("efficientnet_b0", IMAGE);
}

#[test]
fn vgg16() {
    images("vgg16", &[("Image", 32), ("Class", 10), ("Hidden", 48)]);
}

/// A language model, in trits and in floats: two texts of five tokens.
fn language(name: &'static str, entry: &'static str, dims: &'static [(&'static str, i64)]) {
    let tokens = TensorData::from_i32(vec![2, 5], &[3, 1, 4, 1, 5, 9, 2, 6, 5, 3]).unwrap();
    for configuration in ["true", "false"] {
        let mut inputs = vec![tokens.clone()];
        if name == "minilm" {
            inputs.push(TensorData::from_i32(vec![2, 5], &[1, 1, 1, 1, 1, 1, 1, 1, 0, 0]).unwrap());
        }
        Small { name, dims, configuration, entry, inputs }.agrees_with_the_interpreter();
    }
}

const DECODER: &[(&str, i64)] =
    &[("Vocab", 50), ("Model", 32), ("Ffn", 48), ("Heads", 4), ("KvHeads", 2), ("HeadDim", 8), ("Layers", 2)];

#[test]
fn llama() {
    language("llama_3_2_1b", "forward", DECODER);
}

#[test]
fn bitnet() {
    language("bitnet_2b_4t", "forward", DECODER);
}

#[test]
fn diffucoder() {
    language("diffucoder", "denoise", DECODER);
}

#[test]
fn minilm() {
    language("minilm", "forward", &[("Vocab", 50), ("Model", 48), ("Ffn", 64), ("Layers", 2)]);
}

/// A sequence given piece by piece has the bits of the whole, at the last position.
#[test]
fn decoding_step_by_step_gives_the_scores_of_the_whole() {
    let tokens = [3, 1, 4, 1, 5, 9, 2];
    for name in ["llama_3_2_1b", "bitnet_2b_4t"] {
        let small = Small { name, dims: DECODER, configuration: "true", entry: "step", inputs: Vec::new() };
        let mut timing = Timing::default();
        let program = small.program();
        let (elaborated, _) = program.elaborate(&mut timing).unwrap();
        let parameters = random_parameters(elaborated);
        let module = program.optimized(level_of(2), &mut timing).unwrap().clone();
        let given = Parameters::Given(&parameters);
        let mut engine = Engine::compile(module, level_of(2), given, Some(2), &mut timing).unwrap();
        let whole = TensorData::from_i32(vec![1, tokens.len()], &tokens).unwrap();
        let whole = engine.call("forward", &[whole]).unwrap()[0].to_f32().unwrap();
        let mut last = Vec::new();
        for piece in [&tokens[..4], &tokens[4..5], &tokens[5..]] {
            let piece = TensorData::from_i32(vec![piece.len()], piece).unwrap();
            last = engine.call("step", &[piece]).unwrap()[0].to_f32().unwrap();
        }
        assert_eq!(last, whole[whole.len() - last.len()..], "{name}");
    }
}

/// A layer is called with a batch of sequences by one entry, and with the next tokens of one by another.
#[test]
fn entries_that_call_layers_with_other_shapes_hold_one_set_of_weights() {
    for name in ["llama_3_2_1b", "bitnet_2b_4t", "minilm"] {
        let dims: &[(&str, i64)] = if name == "minilm" { &[("Layers", 2)] } else { DECODER };
        let small = Small { name, dims, configuration: "true", entry: "forward", inputs: Vec::new() };
        let program = small.program();
        let module = program.optimized(level_of(2), &mut Timing::default()).unwrap();
        let again = module.bound.iter().filter(|bound| bound.name.ends_with(".2"));
        assert_eq!(again.map(|bound| &bound.name).collect::<Vec<_>>(), [""; 0], "{name}");
    }
}
