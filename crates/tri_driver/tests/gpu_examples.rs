//! Examples on a GPU at small sizes: every entry point gives the bits of the interpreter. In CI the GPU is a simulated one, which takes
//! those that are small enough for it; `cargo xtask gpu-test` runs all of them on that of the machine (`TRI_GPU=real`).

#![cfg(feature = "ptx")]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::process::Command;

use tri_driver::{Engine, OptLevel, Parameters, Program, SourceOptions, Timing};
use tri_interp::Interpreter;
use tri_ir::{DType, TensorData};
use tri_testkit::small_call;

/// A program, its model, its sizes, and whether a simulated GPU takes it.
type Example = (&'static str, Option<&'static str>, &'static [(&'static str, i64)], bool);

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

const EXAMPLES: [Example; 18] = [
    ("digits.tri", None, &[], true),
    ("mnist_cnn.tri", None, &[("Narrow", 4), ("Wide", 6), ("Hidden", 16)], true),
    ("tiny_llama.tri", None, &[("Vocab", 16), ("Layers", 1), ("MaxLen", 16)], true),
    ("char_lm.tri", Some("Dense"), LAYERS, true),
    ("char_lm.tri", Some("Ternary"), LAYERS, true),
    ("char_lm.tri", Some("Sparse"), LAYERS, true),
    ("char_lm.tri", Some("Hierarchical"), LAYERS, true),
    ("char_lm.tri", Some("Lookup"), LAYERS, true),
    ("zoo/bitnet_2b_4t.tri", None, LANGUAGE, true),
    ("zoo/llama_3_2_1b.tri", None, LANGUAGE, true),
    ("zoo/diffucoder.tri", None, WITHOUT_CACHE, true),
    (
        "zoo/minilm.tri",
        None,
        &[("Layers", 1), ("Model", 24), ("Ffn", 32), ("Heads", 2), ("Vocab", 20), ("MaxLen", 16)],
        true,
    ),
    ("zoo/mobilenet_v2.tri", None, &[("Class", 5), ("Image", 32)], false),
    ("zoo/efficientnet_b0.tri", None, &[("Class", 5), ("Image", 32)], false),
    ("zoo/resnet18.tri", None, &[("Class", 5), ("Image", 32)], false),
    ("zoo/resnet34.tri", None, &[("Class", 5), ("Image", 32)], false),
    ("zoo/resnet50.tri", None, &[("Class", 5), ("Image", 32)], false),
    ("zoo/vgg16.tri", None, &[("Class", 5), ("Image", 32), ("Hidden", 64)], false),
];

/// The bits of a tensor, any NaN as one.
fn bits(data: &TensorData) -> Vec<u8> {
    if data.dtype != DType::F32 {
        return data.bytes.clone();
    }
    let words = data.bytes.chunks_exact(4).map(|word| f32::from_le_bytes(word.try_into().unwrap()));
    words.flat_map(|word| if word.is_nan() { f32::NAN.to_le_bytes() } else { word.to_le_bytes() }).collect()
}

/// Holds the entry points of an example to the interpreter.
fn hold((file, model, dims, _): Example) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(file);
    let dims = dims.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect();
    let options = SourceOptions { dims, model: model.map(str::to_owned), ..SourceOptions::default() };
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

#[test]
fn examples_give_on_a_gpu_the_bits_of_the_interpreter() {
    if std::env::var_os("TRI_GPU").is_some_and(|gpu| gpu == "real") {
        return EXAMPLES.into_iter().for_each(hold);
    }
    if std::env::var_os(SIMULATED).is_some() {
        return EXAMPLES.into_iter().filter(|example| example.3).for_each(hold);
    }
    let folder = tempfile::tempdir().unwrap();
    tri_cuda_sim::install(folder.path()).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "examples_give_on_a_gpu_the_bits_of_the_interpreter", "--nocapture"]);
    let output = command.env(SIMULATED, "1").env("LD_LIBRARY_PATH", folder.path()).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}
