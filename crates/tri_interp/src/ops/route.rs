//! Routing: which rows go to which tiles, and what becomes of the outputs.

use tri_ir::DType;
use tri_ir::math::rank_above;

use crate::tensor::{Elements, Tensor, map_elements, zip_elements};

/// Rows of a route by tile.
pub(crate) struct Work {
    /// Operands before the captures.
    pub(crate) heads: usize,
    /// For each row, its tiles in descending order of score.
    choices: Vec<Vec<usize>>,
    /// For each tile, its rows, ascending.
    rows: Vec<Vec<usize>>,
    /// Gate of each row and tile.
    gates: Option<Vec<f32>>,
    tiles: usize,
}

impl Work {
    pub(crate) fn new(operands: &[&Tensor], top: usize, weighted: bool, tiles: usize) -> Work {
        let choices: Vec<Vec<usize>> = match operands[1].elements() {
            Elements::I32(chosen) => {
                let tile = |tile: &i32| vec![(*tile).clamp(0, tiles as i32 - 1) as usize];
                chosen.iter().map(tile).collect()
            }
            _ => operands[1].as_f32().chunks_exact(tiles).map(|scores| best(scores, top)).collect(),
        };
        let mut rows = vec![Vec::new(); tiles];
        for (row, tiles) in choices.iter().enumerate() {
            for tile in tiles {
                rows[*tile].push(row);
            }
        }
        let gates = weighted.then(|| operands[2].as_f32().to_vec());
        Work { heads: 2 + usize::from(weighted), choices, rows, gates, tiles }
    }

    /// The rows of `x` that go to a tile.
    pub(crate) fn rows_of(&self, tile: usize, x: &Tensor) -> Tensor {
        let (rows, width) = (&self.rows[tile], x.shape[1]);
        let elements = map_elements!(x.elements(), v => {
            rows.iter().flat_map(|row| v[row * width..(row + 1) * width].iter().copied()).collect()
        });
        Tensor::new(vec![rows.len(), width], elements)
    }

    /// The tiles' outputs, weighted and added in descending order of score.
    pub(crate) fn combine(&self, outputs: &[Option<Tensor>], dtype: DType, shape: Vec<usize>) -> Tensor {
        let width = shape[1];
        let mut result = Elements::filled(tri_ir::Scalar::from_bits(dtype, 0), shape.iter().product());
        for (tile, output) in outputs.iter().enumerate() {
            let Some(output) = output else { continue };
            // Only a first choice is copied; what is added needs the order of the choices, row by row.
            let first = |row: &usize| self.choices[*row].first() == Some(&tile);
            result = zip_elements!(result, output.elements(), (target, source) => {
                let mut target = target;
                for (from, row) in self.rows[tile].iter().enumerate().filter(|(_, row)| first(row)) {
                    target[row * width..(row + 1) * width].copy_from_slice(&source[from * width..(from + 1) * width]);
                }
                target
            });
        }
        if let Elements::F32(sums) = &mut result {
            self.weigh_and_add(sums, outputs, width);
        }
        Tensor::new(shape, result)
    }

    fn gate(&self, row: usize, tile: usize) -> Option<f32> {
        self.gates.as_ref().map(|gates| gates[row * self.tiles + tile])
    }

    fn weigh_and_add(&self, sums: &mut [f32], outputs: &[Option<Tensor>], width: usize) {
        for (row, choices) in self.choices.iter().enumerate() {
            let sums = &mut sums[row * width..(row + 1) * width];
            for (rank, tile) in choices.iter().enumerate() {
                let gate = self.gate(row, *tile);
                if rank == 0 {
                    if let Some(gate) = gate {
                        sums.iter_mut().for_each(|y| *y *= gate);
                    }
                    continue;
                }
                let Some(output) = &outputs[*tile] else { continue };
                let Ok(from) = self.rows[*tile].binary_search(&row) else { continue };
                let output = &output.as_f32()[from * width..(from + 1) * width];
                for (sum, y) in sums.iter_mut().zip(output) {
                    *sum += gate.map_or(*y, |gate| *y * gate);
                }
            }
        }
    }
}

/// The `top` best tiles, best first; ties go to the lower index, NaN ranks below every number (rule 6).
fn best(scores: &[f32], top: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (scores[*a], scores[*b]);
        rank_above(b, a).cmp(&rank_above(a, b))
    });
    order.truncate(top);
    order
}
