//! Routed layers, whose tiles run together: the host looks at nothing, and calls that repeat are a graph.

use tri_cuda_sim::Settings;
use tri_ir::{BinaryOp, DType, Dim, FunctionBuilder, Op, TensorData, Tile, Verified};
use tri_runtime::{Device, TensorView};

use crate::calls::i32s;
use crate::machine::{both, call_both, model, on_gpu};
use crate::models::{ModelBuilder, info, ty};

/// Rows of the widest call: more than a chunk of a tile.
const ROWS: usize = 100;

/// `route(x: f32[N, 4], scores: f32[N, 3] or i32[N], gates: f32[N, 3], gain: f32[4])` multiplies each row with the gain, once for each tile that it
/// goes to.
fn routed(top: u32, weighted: bool, by_index: bool) -> Verified {
    let mut all = ModelBuilder::default();
    let mut tile = FunctionBuilder::new("tile");
    let n = Dim::var(tile.symbol(info("n", 0, None, false)));
    let rows = ty(DType::F32, &[n, 4.into()]);
    let (x, gain) = (tile.param(rows.clone()), tile.param(ty(DType::F32, &[4.into()])));
    let gain = tile.push1(Op::Broadcast, vec![gain], rows.clone());
    let scaled = tile.push1(Op::Binary(BinaryOp::Mul), vec![x, gain], rows);
    let tile = all.function(tile.finish(vec![scaled]));

    let mut f = FunctionBuilder::new("route");
    let n = Dim::var(f.symbol(info("N", 0, None, false)));
    let rows = ty(DType::F32, &[n.clone(), 4.into()]);
    let three = ty(DType::F32, &[n.clone(), 3.into()]);
    let x = f.param(rows.clone());
    let scores = f.param(if by_index { ty(DType::I32, &[n]) } else { three.clone() });
    let (gates, gain) = (f.param(three), f.param(ty(DType::F32, &[4.into()])));
    let tiles = vec![Tile { function: tile, symbols: Vec::new(), captures: 1 }; 3];
    let mut arguments = vec![x, scores];
    arguments.extend(weighted.then_some(gates));
    arguments.extend([gain; 3]);
    let routed = f.push1(Op::Route { top, weighted, tiles }, arguments, rows);
    all.entry(f.finish(vec![routed]), &["x", "scores", "gates", "gain"], Vec::new(), Vec::new());
    all.finish("Routed")
}

/// Numbers that look like nothing.
fn noise(shape: &[usize], seed: u32) -> TensorData {
    let count = shape.iter().product::<usize>() as u32;
    let number = |i: u32| (i.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0 - 0.5;
    let elements: Vec<f32> = (0..count).map(number).collect();
    TensorData::from_f32(shape.to_vec(), &elements).unwrap()
}

#[test]
fn rows_go_to_the_tiles_that_they_go_to_on_the_cpu() {
    on_gpu(Settings::default(), || {
        for (top, weighted, by_index) in
            [(1, false, false), (2, true, false), (3, false, false), (1, true, true)]
        {
            let mut sessions = both(&model(routed(top, weighted, by_index), &[]));
            // Twice each, as a graph; with memory that moves, and tables that are there already.
            for rows in [0, 1, 1, 7, ROWS, ROWS, 7, 7, ROWS, 3 * ROWS, 3 * ROWS, 1] {
                let scores = match by_index {
                    // Too small and too large ones go to the first and last tile.
                    true => i32s(&[rows], &(0..rows as i32).map(|i| i % 5 - 1).collect::<Vec<_>>()),
                    false => noise(&[rows, 3], 7),
                };
                let inputs = [noise(&[rows, 4], 1), scores, noise(&[rows, 3], 3), noise(&[4], 5)];
                call_both(&mut sessions, "route", &inputs).unwrap();
            }
        }
    });
}

/// Calls with so many rows, on the GPU alone.
fn repeat(rows: usize, calls: usize) -> Result<(), String> {
    let mut session = model(routed(2, true, false), &[]).session(Device::cuda(0)).unwrap();
    let inputs = [noise(&[rows, 4], 1), noise(&[rows, 3], 7), noise(&[rows, 3], 3), noise(&[4], 5)];
    let views: Vec<TensorView<'_>> = inputs.iter().map(|input| TensorView::of(input).unwrap()).collect();
    (0..calls).try_for_each(|_| session.call("route", &views).map(drop).map_err(|error| error.to_string()))
}

#[test]
fn a_route_of_many_rows_is_part_of_a_graph() {
    // Choose, order, gather, the tiles' only step, add: once for the first call and once for the graph.
    on_gpu(Settings { refused_launch: 11, ..Settings::default() }, || repeat(ROWS, 5).unwrap());
}

#[test]
fn a_route_of_few_rows_needs_no_order_and_is_part_of_a_graph() {
    on_gpu(Settings { refused_launch: 9, ..Settings::default() }, || repeat(1, 5).unwrap());
}

#[test]
fn a_launch_of_tiles_that_is_refused_names_its_kernel() {
    on_gpu(Settings { refused_launch: 4, ..Settings::default() }, || {
        let error = repeat(ROWS, 1).unwrap_err();
        assert!(error.contains("_map_tile_") && error.contains("`tile`"), "{error}");
    });
}

#[test]
fn too_little_memory_for_the_rows_of_tiles_is_told() {
    on_gpu(Settings { memory: 1 << 17, ..Settings::default() }, || {
        let error = repeat(400, 1).unwrap_err();
        assert!(error.contains("for the rows of a route's tiles"), "{error}");
    });
}

#[test]
fn a_device_measures_routed_calls_as_a_graph() {
    on_gpu(Settings::default(), || {
        let mut session = model(routed(1, false, false), &[]).session(Device::cuda(0)).unwrap();
        let inputs = [noise(&[ROWS, 4], 1), noise(&[ROWS, 3], 7), noise(&[ROWS, 3], 3), noise(&[4], 5)];
        let views: Vec<TensorView<'_>> = inputs.iter().map(|input| TensorView::of(input).unwrap()).collect();
        let time = session.time_on_device("route", &views, 3).unwrap();
        assert!(time > 0.0, "{time}");
    });
}
