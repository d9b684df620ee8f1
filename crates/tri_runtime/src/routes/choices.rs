//! From what a probe recorded to the choices of the rows.

use std::cmp::Ordering;

use tri_ir::DType;
use tri_routing::Layer;

use super::instrument::{Kind, Probe};
use crate::Tensor;

/// The layer of a probe whose results are these.
pub(crate) fn layer_of(probe: &Probe, results: &[Tensor]) -> Layer {
    let mut layer =
        Layer { name: probe.layer.clone(), tiles: probe.tiles, top: probe.top, ..Layer::default() };
    match (probe.kind, results) {
        (Kind::Scores, [scores]) => by_scores(&mut layer, scores),
        (Kind::Signatures { by_column }, [scores, signatures]) => {
            by_scores(&mut layer, scores);
            let signs = trits(signatures);
            let width = signs.len() / layer.tiles.max(1);
            layer.signatures = (0..layer.tiles)
                .map(|tile| {
                    let at =
                        |place| if by_column { place * probe.tiles + tile } else { tile * width + place };
                    (0..width).map(|place| sign(signs[at(place)])).collect()
                })
                .collect();
        }
        (Kind::Clusters, [chosen, on, clusters, tiles]) => {
            given(&mut layer, chosen);
            by_clusters(&mut layer, on, clusters, tiles);
        }
        (Kind::Given, [chosen]) => given(&mut layer, chosen),
        _ => {}
    }
    layer
}

/// Tiles that are named to the route; like it, takes what lies outside for the nearest tile.
fn given(layer: &mut Layer, chosen: &Tensor) {
    let last = i32::try_from(layer.tiles).unwrap_or(i32::MAX) - 1;
    let chosen = chosen.to_i32().unwrap_or_default();
    layer.chosen = chosen.into_iter().map(|tile| tile.min(last).max(0) as u32).collect();
    layer.rows = layer.chosen.len();
}

fn by_scores(layer: &mut Layer, scores: &Tensor) {
    let scores = scores.to_f32().unwrap_or_default();
    let mut order = Vec::with_capacity(layer.tiles);
    for scores in scores.chunks(layer.tiles.max(1)) {
        order.clear();
        order.extend(0..layer.tiles as u32);
        order.sort_by(|a, b| rank(scores[*a as usize], scores[*b as usize]));
        layer.chosen.extend(order.iter().take(layer.top));
        let of = |at: usize| order.get(at).map(|tile| f64::from(scores[*tile as usize]));
        layer.margins.push(of(0).zip(of(1)).and_then(|(best, second)| margin(best, second)));
        layer.rows += 1;
    }
}

/// Descending; NaN below every number.
fn rank(a: f32, b: f32) -> Ordering {
    b.partial_cmp(&a).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

fn margin(best: f64, second: f64) -> Option<f32> {
    Some((best - second) as f32).filter(|margin| margin.is_finite())
}

/// Signatures of `trit[C, M, D]`, and how far the least clear of its two choices was ahead, for each row.
fn by_clusters(layer: &mut Layer, on: &Tensor, clusters: &Tensor, tiles: &Tensor) {
    let &[count, members, width] = tiles.shape() else { return };
    let (clusters, tiles) = (trits(clusters), trits(tiles));
    // A choice in one cluster is one among all tiles.
    layer.clusters = Some(count).filter(|count| *count > 1);
    let signature = |tile: usize| (0..width).map(|at| sign(tiles[tile * width + at])).collect();
    layer.signatures = (0..count * members).map(signature).collect();
    let rows = on.to_f32().unwrap_or_default();
    let dot = |row: &[f32], trit: &dyn Fn(usize) -> i8| -> f64 {
        row.iter()
            .enumerate()
            .filter(|(at, _)| trit(*at) != 0)
            .map(|(at, x)| f64::from(*x) * f64::from(trit(at)))
            .sum()
    };
    for (at, &chosen) in layer.chosen.iter().enumerate() {
        let (row, cluster) = (&rows[at * width..(at + 1) * width], chosen as usize / members);
        let among = (0..count).map(|c| dot(row, &|at| clusters[c * width + at]));
        let within =
            (cluster * members..(cluster + 1) * members).map(|tile| dot(row, &|at| tiles[tile * width + at]));
        let of_clusters = (count > 1).then(|| lead(among));
        let of_tiles = (members > 1).then(|| lead(within));
        let least = [of_clusters, of_tiles].into_iter().flatten().reduce(|a, b| Some(a?.min(b?)));
        layer.margins.push(least.flatten());
    }
}

/// The best of at least two scores less the second.
fn lead(scores: impl Iterator<Item = f64>) -> Option<f32> {
    let (mut best, mut second) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for score in scores {
        if score > best {
            (best, second) = (score, best);
        } else {
            second = second.max(score);
        }
    }
    margin(best, second)
}

/// The elements of a plain tensor of trits.
fn trits(tensor: &Tensor) -> Vec<i8> {
    debug_assert_eq!(tensor.dtype(), DType::Trit);
    tensor.bytes().iter().map(|byte| byte.cast_signed()).collect()
}

fn sign(trit: i8) -> char {
    match trit {
        1.. => '+',
        0 => '0',
        ..0 => '-',
    }
}
