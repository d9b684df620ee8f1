//! The layers of `std.trix` against references made outside this project: interpreted and native, at several levels.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_interp::Interpreter;
use tri_ir::{DType, TensorData, Verified};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/trix")
}

/// A model of `layers.tri` with the weights of a pack, after the passes of a level.
struct Layer {
    module: Verified,
    level: u8,
    parameters: Vec<TensorData>,
}

impl Layer {
    fn new(model: &str, pack: &str, tiles: i64, level: u8) -> Layer {
        let mut layer = Layer::initial("layers.tri", Some(model), tiles, level);
        let weights = data().join(pack).join("weights.safetensors");
        let weights: BTreeMap<String, TensorData> =
            tri_import::read_safetensors(&weights).unwrap().into_iter().collect();
        let of_pack = |name: &str| weights[name.split_once('.').unwrap().1].clone();
        layer.parameters = layer.module.parameters.iter().map(|parameter| of_pack(&parameter.name)).collect();
        layer
    }

    /// With parameters at their initial values.
    fn initial(file: &str, model: Option<&str>, tiles: i64, level: u8) -> Layer {
        let dims = BTreeMap::from([("Tiles".to_owned(), tiles)]);
        let options = SourceOptions { dims, model: model.map(str::to_owned), ..SourceOptions::default() };
        let program = Program::open(&data().join(file), &options).unwrap();
        let mut timing = Timing::default();
        let (_, warnings) = program.elaborate(&mut timing).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        let module = program.optimized(level_of(level), &mut timing).unwrap().clone();
        let parameters = Interpreter::new(&module).initial_parameters().unwrap();
        Layer { module, level, parameters }
    }

    fn native(&self, threads: usize) -> Engine {
        let (parameters, timing) = (Parameters::Given(&self.parameters), &mut Timing::default());
        Engine::compile(self.module.clone(), level_of(self.level), parameters, Some(threads), timing).unwrap()
    }

    fn interpret(&self, entry: &str, inputs: &[TensorData]) -> TensorData {
        let interpreter = Interpreter::new(&self.module);
        let weights = interpreter.bind(&self.parameters).unwrap();
        let mut states = interpreter.initial_states().unwrap();
        interpreter.call(entry, inputs, &weights, &mut states).unwrap().remove(0)
    }

    /// The first result of an entry, which is the same interpreted, native on one thread and on two.
    fn call(&self, entry: &str, x: &TensorData) -> TensorData {
        self.call_with(entry, std::slice::from_ref(x))
    }

    fn call_with(&self, entry: &str, inputs: &[TensorData]) -> TensorData {
        let interpreted = self.interpret(entry, inputs);
        for threads in [1, 2] {
            let native = self.native(threads).call(entry, inputs).unwrap().remove(0);
            let differs = first_difference(&native, &interpreted);
            assert!(differs.is_none(), "-O{} {entry} on {threads} threads: {differs:?}", self.level);
        }
        interpreted
    }
}

/// The first element that is not equal bit for bit; any NaN equals any NaN.
fn first_difference(found: &TensorData, expected: &TensorData) -> Option<String> {
    if found.dtype != expected.dtype || found.shape != expected.shape {
        return Some(format!("{:?} {:?}", found.dtype, found.shape));
    }
    if found.dtype != DType::F32 {
        return (found.bytes != expected.bytes).then(|| "other elements".to_owned());
    }
    let (found, expected) = (found.to_f32().unwrap(), expected.to_f32().unwrap());
    let same = |a: f32, b: f32| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
    let mut pairs = found.iter().zip(&expected).enumerate();
    pairs.find(|(_, (a, b))| !same(**a, **b)).map(|(at, (a, b))| format!("{a} for {b} at {at}"))
}

fn case(pack: &str, name: &str) -> TensorData {
    let path = data().join(pack).join("cases.safetensors");
    tri_import::read_tensor(&format!("{}:{name}", path.to_str().unwrap())).unwrap()
}

fn doubles(pack: &str, name: &str) -> Vec<f64> {
    tri_import::read_safetensors_f64(&data().join(pack).join("cases.safetensors"), name).unwrap().1
}

/// Rows of the first axis.
fn rows(tensor: &TensorData, count: usize) -> TensorData {
    let row = tensor.bytes.len() / tensor.shape[0].max(1);
    let shape = [&[count], &tensor.shape[1..]].concat();
    TensorData::new(tensor.dtype, shape, tensor.bytes[..count * row].to_vec()).unwrap()
}

fn assert_bits(found: &TensorData, expected: &TensorData, what: &str) {
    let differs = first_difference(found, expected);
    assert!(differs.is_none(), "{what}: {differs:?}");
}

fn assert_close(found: &TensorData, expected: &[f64], tolerance: f64) {
    let found = found.to_f32().unwrap();
    assert_eq!(found.len(), expected.len());
    let worst = found.iter().zip(expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
    assert!(found.iter().all(|x| x.is_finite()) && worst <= tolerance, "off by {worst}");
}

#[test]
fn dense_is_close_to_doubles_and_equal_where_no_function_is_approximated() {
    for level in [0, 2] {
        let layer = Layer::new("Dense", "dense", 16, level);
        let x = case("dense", "x");
        assert_bits(&layer.call("with_relu", &x), &case("dense", "y_relu"), "dense with relu");
        assert_close(&layer.call("forward", &x), &doubles("dense", "y_gelu_f64"), 1e-5);
    }
}

#[test]
fn tiles_and_outputs_are_those_of_the_reference_for_every_number_of_rows() {
    for (model, pack, tiles) in
        [("Ternary", "ternary", 16), ("Sparse", "sparse", 16), ("Hierarchical", "hierarchical", 16)]
    {
        let x = case(pack, "x");
        for level in [0, 2] {
            let layer = Layer::new(model, pack, tiles, level);
            for count in [0, 1, 9, 16, 32, 64] {
                let what = format!("{pack} -O{level} {count} rows");
                assert_bits(&layer.call("forward", &rows(&x, count)), &rows(&case(pack, "y"), count), &what);
                if model != "Ternary" {
                    assert_bits(
                        &layer.call("tile", &rows(&x, count)),
                        &rows(&case(pack, "tile"), count),
                        &what,
                    );
                }
            }
        }
    }
}

#[test]
fn ties_nan_infinities_empty_tiles_and_batches_of_none_and_one_are_those_of_the_reference() {
    for (model, pack, tiles) in [("Sparse", "sparse_edges", 16), ("Hierarchical", "hierarchical_edges", 16)] {
        for level in [0, 2] {
            let layer = Layer::new(model, pack, tiles, level);
            for part in ["", "edge.", "skip.", "one.", "none."] {
                let [x, y, tile] = ["x", "y", "tile"].map(|name| case(pack, &format!("{part}{name}")));
                assert_bits(&layer.call("forward", &x), &y, &format!("{pack} {part} -O{level}"));
                assert_bits(&layer.call("tile", &x), &tile, &format!("{pack} {part} -O{level}"));
            }
        }
    }
}

#[test]
fn lookups_choose_the_tiles_of_the_reference_and_are_close_to_doubles() {
    let packs = [("lookup16", 16), ("lookup64", 64), ("lookup16_all_tiles", 16), ("lookup64_all_tiles", 64)];
    for (pack, tiles) in packs {
        let all_tiles = pack.ends_with("all_tiles");
        for level in [0, 2] {
            let layer = Layer::new("Lookup", pack, tiles, level);
            let x = case(pack, "x");
            assert_bits(&layer.call("tile", &x), &case(pack, "tile"), &format!("{pack} -O{level}"));
            let found = layer.call("forward", &x);
            let expected: Vec<f64> = match all_tiles {
                true => doubles(pack, "y_f64"),
                false => case(pack, "y").to_f32().unwrap().into_iter().map(f64::from).collect(),
            };
            let largest = expected.iter().fold(0.0, |largest, y| f64::max(largest, y.abs()));
            assert_close(&found, &expected, if all_tiles { 2e-6 } else { 2e-5 * (largest + 1.0) });
            for count in [0, 1] {
                assert_bits(&layer.call("forward", &rows(&x, count)), &rows(&found, count), pack);
            }
        }
    }
}

/// Numbers around 0, about normally distributed.
fn random_rows(rows: usize, width: usize) -> TensorData {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let values: Vec<f32> = (0..rows * width).map(|_| (0..6).map(|_| uniform()).sum::<f32>() * 1.4).collect();
    TensorData::from_f32(vec![rows, width], &values).unwrap()
}

#[test]
fn balance_is_1_at_its_best_and_diversity_is_not_negative() {
    for model in ["Sparse", "Hierarchical", "Lookup"] {
        let layer = Layer::initial("layers.tri", Some(model), 16, 2);
        let x = random_rows(256, 128);
        let results = layer.native(1).call("losses", std::slice::from_ref(&x)).unwrap();
        let [balance, diversity] = [0, 1].map(|at| results[at].to_f32().unwrap()[0]);
        assert!((0.9..2.0).contains(&balance), "{model}: balance {balance}");
        assert!((0.0..0.5).contains(&diversity), "{model}: diversity {diversity}");
    }
}

#[test]
fn eight_of_256_tiles_and_all_rows_to_the_same_tiles_are_as_interpreted() {
    let layer = Layer::initial("many.tri", None, 256, 2);
    let mut engines = [layer.native(1), layer.native(2)];
    for count in [0, 1, 9, 16, 32] {
        let x = random_rows(count, 16);
        let ties = TensorData::from_f32(vec![count, 256], &vec![0.25; count * 256]).unwrap();
        for scores in [random_rows(count, 256), ties] {
            for entry in ["forward", "weighted"] {
                let inputs = [x.clone(), scores.clone()];
                let expected = layer.interpret(entry, &inputs);
                for engine in &mut engines {
                    let found = engine.call(entry, &inputs).unwrap().remove(0);
                    assert_bits(&found, &expected, &format!("{entry} on {count} rows"));
                }
            }
        }
    }
}

/// Rows that are awkward, then `count` random ones: a NaN, an infinity, zeros of both signs, equal numbers.
fn awkward_rows(count: usize, width: usize) -> TensorData {
    let mut values = random_rows(count + 5, width).to_f32().unwrap();
    values[0] = f32::NAN;
    values[width] = f32::INFINITY;
    values[2 * width..3 * width].fill(0.0);
    values[3 * width..4 * width].fill(-0.0);
    values[4 * width..5 * width].fill(0.75);
    TensorData::from_f32(vec![count + 5, width], &values).unwrap()
}

/// Latent weights interpreted as the program was written, and packed weights run natively.
#[test]
fn packed_execution_has_the_bits_of_latent_weights_for_every_layer_and_number_of_rows() {
    for model in ["Dense", "Ternary", "Sparse", "Hierarchical", "Lookup"] {
        let latent = Layer::initial("layers.tri", Some(model), 16, 0);
        let packed = Layer::initial("layers.tri", Some(model), 16, 2);
        let is_packed = |ty: &tri_ir::TensorType| ty.encoding != tri_ir::Encoding::Plain;
        let has_packed = packed.module.bound.iter().any(|bound| is_packed(&bound.ty));
        assert_eq!(has_packed, !matches!(model, "Dense" | "Lookup"), "{model}");
        assert!(!latent.module.bound.iter().any(|bound| is_packed(&bound.ty)), "{model}");
        let mut engines = [packed.native(1), packed.native(2)];
        let all = awkward_rows(32, 128);
        let same_row = rows(&all, 6).bytes[5 * 512..].repeat(32);
        let one_tile = TensorData::new(DType::F32, vec![32, 128], same_row).unwrap();
        let batches = [0, 1, 2, 9, 16, 32, 37].map(|count| rows(&all, count));
        for x in batches.iter().chain([&one_tile]) {
            let inputs = std::slice::from_ref(x);
            let expected = latent.interpret("forward", inputs);
            for engine in &mut engines {
                let found = engine.call("forward", inputs).unwrap().remove(0);
                assert_bits(&found, &expected, &format!("{model} on {} rows", x.shape[0]));
            }
        }
    }
}

/// Rows enough for threads to share both the choice and the chunks.
#[test]
fn many_rows_have_the_bits_of_the_interpreter_however_many_threads_share_them() {
    for model in ["Sparse", "Hierarchical"] {
        let layer = Layer::initial("layers.tri", Some(model), 16, 2);
        let x = awkward_rows(700, 128);
        for entry in ["forward", "tile"] {
            let inputs = std::slice::from_ref(&x);
            let expected = layer.interpret(entry, inputs);
            for threads in [1, 2, 3, 8] {
                let found = layer.native(threads).call(entry, inputs).unwrap().remove(0);
                assert_bits(&found, &expected, &format!("{model} {entry} on {threads} threads"));
            }
        }
    }
}

/// Parameters of the character model with the layer, as docs/trix.md counts them.
#[test]
fn the_character_models_have_the_parameters_of_the_definition() {
    let counts = [
        ("Dense", 16, 818_048),
        ("Hierarchical", 16, 816_064),
        ("Hierarchical", 64, 816_256),
        ("Lookup", 16, 366_412),
        ("Lookup", 64, 538_636),
    ];
    for (model, tiles, expected) in counts {
        let layer = Layer::initial("../../../examples/char_lm.tri", Some(model), tiles, 0);
        let found: usize = layer.parameters.iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum();
        assert_eq!(found, expected, "{model} with {tiles} tiles");
    }
}
