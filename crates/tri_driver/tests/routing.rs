//! Recording of routed layers: what was chosen is what the layers say, and recording changes no bit.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_ir::{TensorData, Verified};
use tri_runtime::{Instrument, RoutedLayer, RuntimeError};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/trix")
}

fn module(file: &Path, model: Option<&str>, tiles: i64, level: u8) -> Verified {
    let dims = BTreeMap::from([("Tiles".to_owned(), tiles)]);
    let dims = if tiles == 0 { BTreeMap::new() } else { dims };
    let program = Program::open(
        file,
        &SourceOptions { dims, model: model.map(str::to_owned), ..SourceOptions::default() },
    )
    .unwrap();
    let mut timing = Timing::default();
    program.elaborate(&mut timing).unwrap();
    program.optimized(level_of(level), &mut timing).unwrap().clone()
}

fn text(source: &str, level: u8) -> Verified {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("main.tri");
    std::fs::write(&file, source).unwrap();
    module(&file, None, 0, level)
}

/// A model that records, and the same without.
fn engines(module: &Verified, level: u8, parameters: Parameters<'_>) -> [Engine; 2] {
    let timing = &mut Timing::default();
    let (level, routes) = (level_of(level), Instrument::Routes);
    let recording = Engine::instrumented(module.clone(), level, routes, parameters, Some(2), timing);
    let plain = Engine::compile(module.clone(), level, parameters, Some(2), timing);
    [recording, plain].map(Result::unwrap)
}

fn of_pack(module: &Verified, pack: &str) -> Vec<TensorData> {
    let weights = tri_import::read_safetensors(&data().join(pack).join("weights.safetensors")).unwrap();
    let weights: BTreeMap<String, TensorData> = weights.into_iter().collect();
    let names =
        module.parameters.iter().map(|parameter| parameter.name.split_once('.').unwrap().1.to_owned());
    names.map(|name| weights[&name].clone()).collect()
}

fn case(pack: &str, name: &str) -> TensorData {
    let path = data().join(pack).join("cases.safetensors");
    tri_import::read_tensor(&format!("{}:{name}", path.to_str().unwrap())).unwrap()
}

/// Calls both; results must have the same bits, whether the recording one is asked for its record or not.
fn recorded([recording, plain]: &mut [Engine; 2], entry: &str, inputs: &[TensorData]) -> Vec<RoutedLayer> {
    let (results, layers) = recording.call_recorded(entry, inputs).unwrap();
    let expected = plain.call(entry, inputs).unwrap();
    assert_eq!(results, expected, "{entry}");
    assert_eq!(recording.call(entry, inputs).unwrap(), expected, "{entry}");
    layers
}

fn one(mut layers: Vec<RoutedLayer>) -> RoutedLayer {
    assert_eq!(layers.len(), 1, "{layers:?}");
    layers.remove(0)
}

fn tiles_of(tensor: &TensorData) -> Vec<u32> {
    tensor.to_i32().unwrap().into_iter().map(|tile| tile as u32).collect()
}

fn f32s(shape: &[usize], values: &[f32]) -> TensorData {
    TensorData::from_f32(shape.to_vec(), values).unwrap()
}

#[test]
fn chosen_tiles_are_those_of_the_reference_with_ties_nan_and_batches_of_none_and_one() {
    let packs = [
        ("Sparse", "sparse", &[""][..]),
        ("Hierarchical", "hierarchical", &[""]),
        ("Lookup", "lookup16", &[""]),
        ("Sparse", "sparse_edges", &["", "edge.", "skip.", "one.", "none."]),
        ("Hierarchical", "hierarchical_edges", &["", "edge.", "skip.", "one.", "none."]),
    ];
    for (model, pack, parts) in packs {
        for level in [0, 2] {
            let module = module(&data().join("layers.tri"), Some(model), 16, level);
            let parameters = of_pack(&module, pack);
            let mut engines = engines(&module, level, Parameters::Given(&parameters));
            for part in parts {
                let layer = one(recorded(&mut engines, "forward", &[case(pack, &format!("{part}x"))]));
                let chosen = tiles_of(&case(pack, &format!("{part}tile")));
                assert_eq!(layer.chosen, chosen, "{pack} {part} -O{level}");
                assert_eq!((layer.name.as_str(), layer.top, layer.rows), ("ffn", 1, chosen.len()));
                assert_eq!(layer.clusters, (model != "Sparse").then_some(2));
                assert_eq!(layer.histogram().iter().sum::<usize>(), layer.rows);
                let widths: Vec<usize> = layer.signatures.iter().map(String::len).collect();
                assert_eq!(widths, vec![128; layer.tiles], "{pack}");
            }
        }
    }
}

/// How far the tile of a row is ahead of the second in its cluster, and that cluster ahead of the second; infinity where there is one.
fn choices(layer: &RoutedLayer, x: &[f32], chosen: usize) -> (f64, f64) {
    let trit = |sign: u8| i32::from(sign == b'+') - i32::from(sign == b'-');
    let score =
        |signature: &[i32]| x.iter().zip(signature).map(|(x, trit)| f64::from(*x) * f64::from(*trit)).sum();
    let ahead = |signatures: &[Vec<i32>]| {
        let mut scores: Vec<f64> = signatures.iter().map(|signature| score(signature)).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        scores.get(1).map_or(f64::INFINITY, |second| scores[0] - second)
    };
    let tiles: Vec<Vec<i32>> =
        layer.signatures.iter().map(|signature| signature.bytes().map(trit).collect()).collect();
    let each = tiles.len() / layer.clusters.unwrap_or(1);
    let cluster = |tiles: &[Vec<i32>]| {
        (0..x.len()).map(|at| tiles.iter().map(|tile| tile[at]).sum::<i32>().signum()).collect()
    };
    let clusters: Vec<Vec<i32>> = tiles.chunks(each).map(cluster).collect();
    (ahead(&tiles[chosen / each * each..][..each]), ahead(&clusters))
}

#[test]
fn statistics_of_the_packs_are_those_that_their_maker_noted() {
    for (model, pack, tiles) in [
        ("Sparse", "sparse", 16),
        ("Hierarchical", "hierarchical", 16),
        ("Lookup", "lookup16", 16),
        ("Lookup", "lookup64", 64),
    ] {
        let module = module(&data().join("layers.tri"), Some(model), tiles, 2);
        let parameters = of_pack(&module, pack);
        let noted = std::fs::read_to_string(data().join(pack).join("expected.json")).unwrap();
        let noted: serde_json::Value = serde_json::from_str(&noted).unwrap();
        let count: usize = parameters.iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum();
        assert_eq!(noted["parameters"], count, "{pack}");
        let mut engines = engines(&module, 2, Parameters::Given(&parameters));
        let layer = one(recorded(&mut engines, "forward", &[case(pack, "x")]));
        assert_eq!(noted["histogram"], serde_json::json!(layer.histogram()), "{pack}");
        let x = case(pack, "x");
        let chosen_by = match model {
            "Sparse" => x,
            _ => engines[0].call("normalised", &[x]).unwrap().remove(0),
        };
        // Theirs is that of the choice within a cluster; ours also that among clusters, which may be less clear.
        let mut least = f64::INFINITY;
        for (row, x) in chosen_by.to_f32().unwrap().chunks(128).enumerate() {
            let (within, among) = choices(&layer, x, layer.chosen[row] as usize);
            let found = f64::from(layer.margins[row].unwrap());
            assert!((found - within.min(among)).abs() < 1e-6 * found.max(1.0), "{pack} row {row}: {found}");
            least = least.min(within);
        }
        let margin = noted["margin"].as_f64().unwrap();
        assert!((least - margin).abs() < 2e-6 * margin.max(1.0), "{pack}: {least} for {margin}");
        let empty = layer.histogram().iter().filter(|rows| **rows == 0).count();
        assert_eq!(layer.empty(), empty);
    }
    for (model, pack) in [("Sparse", "sparse_edges"), ("Hierarchical", "hierarchical_edges")] {
        let module = module(&data().join("layers.tri"), Some(model), 16, 2);
        let parameters = of_pack(&module, pack);
        let mut engines = engines(&module, 2, Parameters::Given(&parameters));
        let layer = one(recorded(&mut engines, "forward", &[case(pack, "x")]));
        let signs = case(pack, "signatures").bytes;
        let signs: Vec<String> = signs
            .chunks(128)
            .map(|signs| signs.iter().map(|sign| ['0', '+', '-'][usize::from(*sign).min(2)]).collect())
            .collect();
        assert_eq!(layer.signatures, signs, "{pack}");
    }
}

#[test]
fn all_rows_to_one_tile_and_empty_tiles_are_counted() {
    let module = module(&data().join("layers.tri"), Some("Hierarchical"), 16, 2);
    let mut engines = engines(&module, 2, Parameters::Initial);
    let row: Vec<f32> = (0..128).map(|at| (at as f32 * 0.37).sin()).collect();
    for rows in [0, 1, 9, 16, 32] {
        let layer = one(recorded(&mut engines, "forward", &[f32s(&[rows, 128], &row.repeat(rows))]));
        assert_eq!(layer.histogram().iter().max(), Some(&rows));
        assert_eq!(layer.empty(), if rows == 0 { 16 } else { 15 });
        assert!(
            layer.entropy() == 0.0
                && (layer.gini() - if rows == 0 { 0.0 } else { 15.0 / 16.0 }).abs() < 1e-12
        );
    }
}

#[test]
fn margins_and_distances_are_those_that_the_library_computes() {
    let source = "
use std.trix.{SparseTrixFfn, distances, margin}
model M() {
    ffn = SparseTrixFfn[12, 16, 8]()
    fn forward[B](x: f32[B, 12]) -> f32[B, 12] { ffn(x) }
    fn margins[B](x: f32[B, 12]) -> f32[B] { margin(ffn.scores(x)) }
    fn apart() -> i32[8, 8] { distances(ffn.signatures()) }
}
";
    let module = text(source, 2);
    let mut engines = engines(&module, 2, Parameters::Initial);
    let values: Vec<f32> = (0..60).map(|at| ((at * 37 % 101) as f32 - 50.0) * 0.25).collect();
    let x = f32s(&[5, 12], &values);
    let layer = one(recorded(&mut engines, "forward", std::slice::from_ref(&x)));
    // Quarters add up without rounding, so doubles give what f32 does.
    let margins = engines[1].call("margins", &[x]).unwrap().remove(0).to_f32().unwrap();
    assert_eq!(layer.margins, margins.into_iter().map(Some).collect::<Vec<_>>());
    let apart = engines[1].call("apart", &[]).unwrap().remove(0).to_i32().unwrap();
    let pairs: Vec<i32> = (0..8).flat_map(|b| (0..b).map(move |a| a * 8 + b)).map(|at| apart[at]).collect();
    let distances = layer.distances().unwrap();
    assert_eq!(distances.min as i32, *pairs.iter().min().unwrap());
    assert_eq!(distances.max as i32, *pairs.iter().max().unwrap());
    let mean = f64::from(pairs.iter().sum::<i32>()) / pairs.len() as f64;
    assert!((distances.mean - mean).abs() < 1e-12);
    assert!(recorded(&mut engines, "apart", &[]).is_empty());
}

#[test]
fn a_margin_of_clusters_is_the_least_clear_of_both_choices() {
    let source = "
layer Tile[D]() { fn forward[..B](x: f32[..B, D]) -> f32[..B, D] { x } }
model M() {
    tiles = [Tile[2](); 4]
    fn forward[B](x: f32[B, 2], s: trit[4, 2], c: trit[2, 2]) -> f32[B, 2] {
        route_hierarchical(x, through = tiles, on = x, signatures = s, clusters = c)
    }
}
";
    let mut engines = engines(&text(source, 2), 2, Parameters::Initial);
    let trits = |values: &[i8]| {
        let bytes = values.iter().map(|trit| trit.cast_unsigned()).collect();
        TensorData::new(tri_ir::DType::Trit, vec![values.len() / 2, 2], bytes).unwrap()
    };
    // Cluster 0 looks at the first number, cluster 1 at the second; in both, one tile looks at the sum and one at the other.
    let (signatures, clusters) = (trits(&[1, 1, 1, 0, 1, 1, 0, 1]), trits(&[1, 0, 0, 1]));
    let x = f32s(&[4, 2], &[5.0, 3.0, 5.0, -1.0, f32::NAN, 0.0, f32::INFINITY, 1.0]);
    let layer = one(recorded(&mut engines, "forward", &[x, signatures, clusters]));
    assert_eq!(layer.chosen[..2], [0, 1]);
    // 5 and 3 between clusters, 8 and 5 within; 5 and -1, then 5 and 4.
    assert_eq!(layer.margins, [Some(2.0), Some(1.0), None, None]);
    assert_eq!(layer.signatures, ["++", "+0", "++", "0+"]);
}

#[test]
fn layers_that_share_a_function_are_told_apart_by_name() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/char_lm.tri");
    for (model, member) in [("Sparse", "sparse"), ("Hierarchical", "hierarchical"), ("Lookup", "lookup")] {
        let mut engines = engines(&module(&file, Some(model), 16, 2), 2, Parameters::Initial);
        let tokens: Vec<u8> = (0..24i32).flat_map(|at| (at * 7 % 65).to_le_bytes()).collect();
        let tokens = TensorData::new(tri_ir::DType::I32, vec![2, 12], tokens).unwrap();
        let layers = recorded(&mut engines, "forward", &[tokens]);
        let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, [0, 1, 2, 3].map(|at| format!("lm.blocks.{at}.{member}")));
        assert!(layers.iter().all(|layer| layer.rows == 24 && layer.tiles == 16));
        assert!(layers.windows(2).any(|pair| pair[0].chosen != pair[1].chosen), "{model}");
    }
}

#[test]
fn the_best_eight_of_256_tiles_are_in_order_of_score() {
    let mut engines = engines(&module(&data().join("many.tri"), None, 256, 2), 2, Parameters::Initial);
    let mut scores = vec![0.0f32; 2 * 256];
    (scores[9], scores[200], scores[3]) = (2.0, 5.0, 2.0);
    scores[256..].fill(f32::NAN);
    scores[256 + 40] = -7.0;
    let inputs = [f32s(&[2, 16], &[1.0; 32]), f32s(&[2, 256], &scores)];
    for entry in ["forward", "weighted"] {
        let layer = one(recorded(&mut engines, entry, &inputs));
        assert_eq!(layer.chosen, [200, 3, 9, 0, 1, 2, 4, 5, 40, 0, 1, 2, 3, 4, 5, 6]);
        assert_eq!((layer.name.as_str(), layer.top), ("tiles", 8));
        assert_eq!(layer.margins, [Some(3.0), None]);
        assert!(layer.signatures.is_empty() && layer.distances().is_none());
    }
}

#[test]
fn mixtures_are_recorded_by_their_routers_and_a_layer_called_twice_is_numbered() {
    let source = "
use std.moe.{DeepSeekMoe, MixtralMoe}
model M() {
    mixtral = MixtralMoe[16, 8, 4](top = 2)
    deep = [DeepSeekMoe[16, 8, 6, 8](top = 3); 2]
    fn forward[B](x: f32[B, 16]) -> f32[B, 16] { mixtral(deep[1](deep[0](mixtral(x)))) }
}
";
    for level in [0, 1, 2] {
        let mut engines = engines(&text(source, level), level, Parameters::Initial);
        let values: Vec<f32> = (0..112).map(|at| (at as f32 * 0.7).sin()).collect();
        let layers = recorded(&mut engines, "forward", &[f32s(&[7, 16], &values)]);
        let found: Vec<_> =
            layers.iter().map(|layer| (layer.name.as_str(), layer.tiles, layer.top)).collect();
        assert_eq!(found, [("mixtral", 4, 2), ("deep.0", 6, 3), ("deep.1", 6, 3), ("mixtral#2", 4, 2)]);
        assert!(layers.iter().all(|layer| layer.margins.len() == 7 && layer.signatures.is_empty()));
    }
}

#[test]
fn states_and_entries_without_routes_are_as_ever() {
    let source = "
use std.trix.SparseTrixFfn
model M() {
    ffn = SparseTrixFfn[4, 8, 2]()
    state seen: f32[4] = init.zeros
    fn forward(x: f32[1, 4]) -> (f32[1, 4], f32[4]) {
        seen = seen + x[0]
        (ffn(x), seen)
    }
    fn double[B](x: f32[B, 4]) -> f32[B, 4] { x * 2 }
}
";
    let mut engines = engines(&text(source, 2), 2, Parameters::Initial);
    let x = f32s(&[1, 4], &[1.0, -2.0, 0.5, 3.0]);
    let (results, layers) = engines[0].call_recorded("forward", std::slice::from_ref(&x)).unwrap();
    assert_eq!(results.len(), 2);
    assert_eq!(one(layers).rows, 1);
    let again = engines[0].call("forward", std::slice::from_ref(&x)).unwrap();
    assert_eq!(again[1].to_f32().unwrap(), [2.0, -4.0, 1.0, 6.0]);
    assert!(recorded(&mut engines, "double", &[x]).is_empty());
}

#[test]
fn only_a_model_that_records_can_be_asked() {
    let module = module(&data().join("many.tri"), None, 256, 2);
    let mut plain = engines(&module, 2, Parameters::Initial)[1].another_session().unwrap();
    let inputs = [f32s(&[0, 16], &[]), f32s(&[0, 256], &[])];
    let error = plain.call_recorded("forward", &inputs).unwrap_err();
    assert_eq!(error.code(), Some("E4042"));
    assert!(matches!(error, tri_driver::DriverError::Runtime(RuntimeError::NoRecord { .. })));
    let mut recording = engines(&module, 2, Parameters::Initial)[0].another_session().unwrap();
    assert_eq!(recording.call_recorded("backward", &inputs).unwrap_err().code(), Some("E4030"));
    let layer = one(recording.call_recorded("forward", &inputs).unwrap().1);
    assert_eq!((layer.rows, layer.entropy(), layer.gini()), (0, 0.0, 0.0));
}
