//! Nothing is dead at initialisation: random rows reach every tile, and every parameter tensor of every feed-forward layer has a derivative
//! that is not zero, by finite differences on latent weights with quantisers replaced by their straight-through surrogates.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::{Path, PathBuf};

use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_interp::Interpreter;
use tri_ir::{TensorData, Verified};
use tri_runtime::Instrument;

const WIDTH: usize = 64;

/// Each layer of `std.trix` and `std.moe` as a model of its own; f32 in and out.
const LAYERS: &str = "
use std.moe.{DeepSeekMoe, MixtralMoe}
use std.trix.{DenseFfn, HierarchicalTrixFfn, SparseLookupFfn, SparseTrixFfn, TernaryFfn}

model Dense() {
    ffn = DenseFfn[64, 128]()
    fn forward[B](x: f32[B, 64]) -> f32[B, 64] { ffn(x) }
}
model Ternary() {
    ffn = TernaryFfn[64, 128]()
    fn forward[B](x: f32[B, 64]) -> f32[B, 64] { ffn(x) }
}
model Sparse() {
    ffn = SparseTrixFfn[64, 128, 8]()
    fn forward[B](x: f32[B, 64]) -> f32[B, 64] { ffn(x) }
}
model Hierarchical() {
    ffn = HierarchicalTrixFfn[64, 256, 16, 4]()
    fn forward[B](x: f32[B, 64]) -> f32[B, 64] { ffn(x) }
}
model Lookup() {
    ffn = SparseLookupFfn[64](tiles = 16)
    fn forward[B](x: f32[B, 64]) -> f32[B, 64] { ffn(x) }
}
model Mixtral() {
    ffn = MixtralMoe[64, 32, 8](top = 2)
    fn forward[B](x: f32[B, 64]) -> f32[B, 64] { ffn(x) }
}
model DeepSeek() {
    ffn = DeepSeekMoe[64, 16, 8, 32](top = 2)
    fn forward[B](x: f32[B, 64]) -> f32[B, 64] { ffn(x) }
}
";

/// The models, and the number of their tiles.
const MODELS: [(&str, usize); 7] = [
    ("Dense", 0),
    ("Ternary", 0),
    ("Sparse", 8),
    ("Hierarchical", 16),
    ("Lookup", 16),
    ("Mixtral", 8),
    ("DeepSeek", 8),
];

fn module(model: &str) -> Verified {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("layers.tri");
    std::fs::write(&file, LAYERS).unwrap();
    optimized(&file, Some(model))
}

fn optimized(file: &Path, model: Option<&str>) -> Verified {
    let options = SourceOptions { model: model.map(str::to_owned), ..SourceOptions::default() };
    let mut timing = Timing::default();
    let program = Program::open(file, &options).unwrap();
    program.optimized(level_of(2), &mut timing).unwrap().clone()
}

/// Numbers in -1..1 that look random.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

fn random_rows(rows: usize) -> TensorData {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let values: Vec<f32> =
        (0..rows * WIDTH).map(|_| (0..6).map(|_| numbers.next()).sum::<f32>() * 0.7).collect();
    TensorData::from_f32(vec![rows, WIDTH], &values).unwrap()
}

/// Of 1,000 random rows the one that goes to each tile most clearly; some rows for a layer without tiles.
fn clear_rows(model: &str, module: &Verified, tiles: usize) -> TensorData {
    let x = random_rows(1000);
    let timing = &mut Timing::default();
    let (level, initial) = (level_of(2), Parameters::Initial);
    let mut engine =
        Engine::instrumented(module.clone(), level, Instrument::Routes, initial, Some(1), timing).unwrap();
    let (_, layers) = engine.call_recorded("forward", std::slice::from_ref(&x)).unwrap();
    let rows: Vec<usize> = match layers.as_slice() {
        [] => (0..4).collect(),
        [layer] => {
            assert_eq!((layer.tiles, layer.rows), (tiles, 1000), "{model}");
            assert_eq!(layer.empty(), 0, "{model}: of 1,000 rows {:?} reach the tiles", layer.histogram());
            let firsts = |tile| (0..1000usize).filter(move |row| layer.chosen[row * layer.top] == tile);
            let clearest = |tile| {
                firsts(tile).max_by(|a, b| layer.margins[*a].unwrap().total_cmp(&layer.margins[*b].unwrap()))
            };
            let of_tile = |tile| {
                clearest(tile).unwrap_or_else(|| panic!("{model}: tile {tile} is no row's first choice"))
            };
            (0..tiles as u32).map(of_tile).collect()
        }
        more => panic!("{model}: {more:?}"),
    };
    let row = 4 * WIDTH;
    let bytes = rows.iter().flat_map(|at| x.bytes[at * row..(at + 1) * row].iter().copied()).collect();
    TensorData::new(x.dtype, vec![rows.len(), WIDTH], bytes).unwrap()
}

fn output(interpreter: &Interpreter<'_>, parameters: &[TensorData], x: &TensorData) -> Vec<f64> {
    let weights = interpreter.bind(parameters).unwrap();
    let results = interpreter.call("forward", std::slice::from_ref(x), &weights, &mut []).unwrap();
    results[0].to_f32().unwrap().into_iter().map(f64::from).collect()
}

/// The parameter moved along a direction of its own size.
fn moved(parameter: &TensorData, step: f32) -> TensorData {
    let values = parameter.to_f32().unwrap();
    let size = values.iter().map(|w| w.abs()).sum::<f32>() / values.len() as f32;
    let mut numbers = Numbers(0x2545_f491_4f6c_dd1d);
    let other: Vec<f32> = values.iter().map(|w| w + step * size.max(0.05) * numbers.next()).collect();
    TensorData::from_f32(parameter.shape.clone(), &other).unwrap()
}

/// The derivative of the output along that direction, by a central difference.
fn derivative(
    interpreter: &Interpreter<'_>,
    parameters: &mut [TensorData],
    at: usize,
    x: &TensorData,
    step: f32,
) -> Vec<f64> {
    let kept = parameters[at].clone();
    let [above, below] = [step, -step].map(|step| {
        parameters[at] = moved(&kept, step);
        output(interpreter, parameters, x)
    });
    parameters[at] = kept;
    above.iter().zip(&below).map(|(a, b)| (a - b) / (2.0 * f64::from(step))).collect()
}

fn norm(x: impl IntoIterator<Item = f64>) -> f64 {
    x.into_iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[test]
fn every_tile_is_chosen_and_every_parameter_tensor_has_a_derivative() {
    for (model, tiles) in MODELS {
        let module = module(model);
        let x = clear_rows(model, &module, tiles);
        let interpreter = Interpreter::new(&module).with_surrogates();
        let mut parameters = interpreter.initial_parameters().unwrap();
        for at in 0..parameters.len() {
            let name = &module.parameters[at].name;
            let [wide, narrow] =
                [4e-3, 1e-3].map(|step| derivative(&interpreter, &mut parameters, at, &x, step));
            let size = norm(narrow.iter().copied());
            // Two steps agree on a derivative; they would not on a jump or on rounding.
            let apart = norm(wide.iter().zip(&narrow).map(|(a, b)| a - b));
            assert!(size > 1e-4 && apart < 0.1 * size, "{model}: {name} has {size}, off by {apart}");
        }
    }
}

#[test]
fn the_test_would_find_a_dead_parameter() {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("main.tri");
    let dead = "
model M() {
    param seen: f32[64] = init.normal(std = 0.5)
    param quiet: f32[64] = init.normal(std = 0.5)
    param hidden: f32[64] = init.normal(std = 0.5)
    fn forward[B](x: f32[B, 64]) -> f32[B, 64] {
        // Signs have no gradient, and neither has what relu cuts off.
        x * ternarize_at(seen, 0.3) as f32 + sign(quiet) * x + relu(hidden - 100.0)
    }
}
";
    std::fs::write(&file, dead).unwrap();
    let module = optimized(&file, None);
    let interpreter = Interpreter::new(&module).with_surrogates();
    let mut parameters = interpreter.initial_parameters().unwrap();
    let sizes: Vec<(&str, f64)> = (0..parameters.len())
        .map(|at| {
            let slope = derivative(&interpreter, &mut parameters, at, &random_rows(4), 1e-3);
            (module.parameters[at].name.as_str(), norm(slope))
        })
        .collect();
    assert!(sizes.iter().all(|(name, size)| (*name == "seen") == (*size > 1e-4)), "{sizes:?}");
}
