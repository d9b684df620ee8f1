//! The tile of each row, found in two steps: the nearest cluster, then the nearest tile in it.

use super::reduction::first_of_largest;
use crate::tensor::{Elements, Tensor};
use tri_ir::math::rank_above;

/// `x` is [N, D], `clusters` [C, D], `tiles` [C, M, D].
pub(crate) fn argmax(x: &Tensor, clusters: &Tensor, tiles: &Tensor) -> Tensor {
    let (width, cluster_count, each) = (x.shape[1], clusters.shape[0], tiles.shape[1]);
    let (trits_of_clusters, trits_of_tiles) = (clusters.as_trit(), tiles.as_trit());
    let chosen = (0..x.shape[0]).map(|row| {
        let part = width * each;
        let row = &x.as_f32()[row * width..(row + 1) * width];
        let cluster = nearest(row, trits_of_clusters, cluster_count);
        let tile =
            nearest(row, trits_of_tiles.get(cluster * part..(cluster + 1) * part).unwrap_or_default(), each);
        (cluster * each + tile) as i32
    });
    Tensor::new(vec![x.shape[0]], Elements::I32(chosen.collect()))
}

/// The row of `trits[rows, D]` with the largest sum of +-x (rules 3 and 6).
fn nearest(row: &[f32], trits: &[i8], rows: usize) -> usize {
    let score = |at: usize| {
        let trits = trits.get(at * row.len()..).unwrap_or_default();
        row.iter().zip(trits).fold(0.0f32, |sum, (x, trit)| match trit {
            0 => sum,
            1.. => sum + x,
            _ => sum - x,
        })
    };
    let scores: Vec<f32> = (0..rows).map(score).collect();
    first_of_largest(&scores, rank_above)
}
