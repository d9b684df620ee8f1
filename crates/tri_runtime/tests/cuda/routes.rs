//! Routed layers: the host reads how many rows each tile has, and calls tiles between kernels.

use tri_cuda_sim::Settings;
use tri_ir::{BinaryOp, DType, Dim, FunctionBuilder, Op, TensorData, Tile, Verified};

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
            for rows in [0, 1, 7, ROWS, 7] {
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
