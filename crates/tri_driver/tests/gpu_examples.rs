//! Examples on a GPU at small sizes: every entry point gives the bits of the interpreter. In CI the GPU is a simulated one;
//! `cargo xtask gpu-test` runs them on that of the machine (`TRI_GPU=real`).

#![cfg(feature = "ptx")]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::process::Command;

use tri_driver::{Engine, OptLevel, Parameters, Program, SourceOptions, Timing};
use tri_interp::Interpreter;
use tri_ir::{DType, TensorData};
use tri_testkit::small_call;

/// A program of `examples`.
struct Example {
    file: &'static str,
    model: Option<&'static str>,
    dims: &'static [(&'static str, i64)],
    /// Other defaults of the model's configuration.
    configuration: &'static [(&'static str, &'static str)],
}

const fn example(file: &'static str, dims: &'static [(&'static str, i64)]) -> Example {
    Example { file, model: None, dims, configuration: &[] }
}

const LAYERS: &[(&str, i64)] = &[("Model", 16), ("Layers", 1), ("Context", 8)];

const LANGUAGE: &[(&str, i64)] = &[
    ("MaxLen", 16),
    ("Layers", 1),
    ("Model", 64),
    ("Ffn", 96),
    ("HeadDim", 8),
    ("Heads", 8),
    ("KvHeads", 2),
    ("Vocab", 20),
];

/// Those of a model that remembers no positions.
const WITHOUT_CACHE: &[(&str, i64)] = LANGUAGE.split_at(1).1;

/// A language model with one of the feed-forward layers of `std.trix`.
const fn char_lm(model: &'static str) -> Example {
    Example { model: Some(model), ..example("char_lm.tri", LAYERS) }
}

const SEQUENCES: [Example; 12] = [
    example("digits.tri", &[]),
    example("mnist_cnn.tri", &[("Narrow", 4), ("Wide", 6), ("Hidden", 16)]),
    example("tiny_llama.tri", &[("Vocab", 16), ("Layers", 1), ("MaxLen", 16)]),
    char_lm("Dense"),
    char_lm("Ternary"),
    char_lm("Sparse"),
    char_lm("Hierarchical"),
    char_lm("Lookup"),
    example("zoo/bitnet_2b_4t.tri", LANGUAGE),
    example("zoo/llama_3_2_1b.tri", LANGUAGE),
    example("zoo/diffucoder.tri", WITHOUT_CACHE),
    example(
        "zoo/minilm.tri",
        &[("Layers", 1), ("Model", 24), ("Ffn", 32), ("Heads", 2), ("Vocab", 20), ("MaxLen", 16)],
    ),
];

/// The least image that the networks take.
const IMAGE: &[(&str, i64)] = &[("Class", 5), ("Image", 32)];

/// Convolutions of floats, where those of the others are of trits.
const FLOATS: &[(&str, &str)] = &[("ternary", "false")];

/// The bits of a tensor, any NaN as one.
fn bits(data: &TensorData) -> Vec<u8> {
    if data.dtype != DType::F32 {
        return data.bytes.clone();
    }
    let words = data.bytes.chunks_exact(4).map(|word| f32::from_le_bytes(word.try_into().unwrap()));
    words.flat_map(|word| if word.is_nan() { f32::NAN.to_le_bytes() } else { word.to_le_bytes() }).collect()
}

/// Holds the entry points of an example to the interpreter.
fn hold(Example { file, model, dims, configuration }: &Example) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(file);
    let dims = dims.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect();
    let configuration = configuration.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let options =
        SourceOptions { dims, model: model.map(str::to_owned), configuration: configuration.collect() };
    let (program, mut timing) = (Program::open(&path, &options).unwrap(), Timing::default());
    let module = program.optimized(OptLevel::O2, &mut timing).unwrap();
    let places = |kernel: &tri_kernel_ir::Module| program.places(kernel);
    let mut engine =
        Engine::compile_for_gpu(module.clone(), OptLevel::O2, Parameters::Initial, 0, places, &mut timing)
            .unwrap();
    let interpreter = Interpreter::new(module);
    let weights = interpreter.bind_initial().unwrap();
    for entry in &module.entries {
        let (_, inputs) = small_call(module, entry, 7).unwrap();
        let mut states = interpreter.initial_states().unwrap();
        engine.reset().unwrap();
        // By single launches, and by a graph.
        for _ in 0..2 {
            let expected = interpreter.call(&entry.name, &inputs, &weights, &mut states).unwrap();
            let found = engine.call(&entry.name, &inputs).unwrap();
            assert_eq!(found.len(), expected.len(), "{file} {model:?} {}", entry.name);
            for (found, expected) in found.iter().zip(&expected) {
                assert!(bits(found) == bits(expected), "{file} {model:?} {}", entry.name);
            }
        }
    }
}

/// Names the process that has the simulated driver.
const SIMULATED: &str = "TRI_GPU_EXAMPLES_SIMULATED";

/// Holds examples to the interpreter on the GPU of the machine, or for the test of that name in a process with the simulated driver.
fn hold_on_a_gpu(test: &str, examples: &[Example]) {
    let is_real = std::env::var_os("TRI_GPU").is_some_and(|gpu| gpu == "real");
    if is_real || std::env::var_os(SIMULATED).is_some() {
        return examples.iter().for_each(hold);
    }
    let folder = tempfile::tempdir().unwrap();
    tri_cuda_sim::install(folder.path()).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    let output = command.env(SIMULATED, "1").env("LD_LIBRARY_PATH", folder.path()).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

/// Tests of their own for examples, which share the cores.
macro_rules! tests {
    ($($name:ident: $examples:expr;)*) => {$(
        #[test]
        fn $name() {
            hold_on_a_gpu(stringify!($name), $examples);
        }
    )*};
}

tests! {
    digits_and_languages_give_the_bits_of_the_interpreter: &SEQUENCES;
    resnet18_gives_the_bits_of_the_interpreter: &[Example { configuration: FLOATS, ..example("zoo/resnet18.tri", IMAGE) }];
    resnet34_gives_the_bits_of_the_interpreter: &[example("zoo/resnet34.tri", IMAGE)];
    resnet50_gives_the_bits_of_the_interpreter: &[example("zoo/resnet50.tri", IMAGE)];
    mobilenet_v2_gives_the_bits_of_the_interpreter: &[example("zoo/mobilenet_v2.tri", IMAGE)];
    vgg16_gives_the_bits_of_the_interpreter: &[example("zoo/vgg16.tri", &[("Class", 5), ("Image", 32), ("Hidden", 64)])];
    efficientnet_b0_gives_the_bits_of_the_interpreter: &[Example { configuration: FLOATS, ..example("zoo/efficientnet_b0.tri", IMAGE) }];
}
