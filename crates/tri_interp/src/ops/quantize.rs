//! The quantisers of numerics.md. Rows are the last axis.

use tri_ir::Quantizer;
use tri_ir::math::{float_to_int, max_f32};

use super::reduction::sum;
use crate::tensor::{Elements, Tensor};

/// Rows quieter than this quantise to zero.
const QUIET: f32 = f32::from_bits((127 - 119) << 23);

pub(crate) fn quantize(quantizer: Quantizer, x: &Tensor) -> Vec<Tensor> {
    let row = x.shape.last().copied().unwrap_or(1);
    let rows = x.shape[..x.shape.len().saturating_sub(1)].to_vec();
    let scaled = |row: usize, scales: Vec<usize>, ternarize: fn(&[f32], &mut Vec<i8>) -> f32| {
        let (digits, scale) = by_row(x.as_f32(), row, scales.iter().product(), ternarize);
        vec![Tensor::new(x.shape.clone(), Elements::Trit(digits)), Tensor::f32(scales, scale)]
    };
    match quantizer {
        Quantizer::QuantizeRows => {
            let (digits, scale) = by_row(x.as_f32(), row, rows.iter().product(), quantize_row);
            vec![Tensor::new(x.shape.clone(), Elements::I8(digits)), Tensor::f32(rows, scale)]
        }
        Quantizer::TernarizeRows => scaled(row, rows, ternarize_row),
        Quantizer::TernarizeTwn => scaled(row, rows, ternarize_twn_row),
        Quantizer::TernarizeTensor => scaled(x.count(), Vec::new(), ternarize_tensor),
        Quantizer::TernarizeGroups { group } => {
            let mut scales = rows;
            scales.push(row / group as usize);
            scaled(group as usize, scales, ternarize_row)
        }
        Quantizer::TernarizeAt { threshold } => {
            let threshold = threshold.as_f32().expect("verified: an f32");
            let trits = x.as_f32().iter().map(|w| if w.abs() > threshold { sign(*w) } else { 0 }).collect();
            vec![Tensor::new(x.shape.clone(), Elements::Trit(trits))]
        }
    }
}

/// Digits of all rows, and each row's scale.
fn by_row(
    x: &[f32],
    row: usize,
    count: usize,
    quantize: fn(&[f32], &mut Vec<i8>) -> f32,
) -> (Vec<i8>, Vec<f32>) {
    let mut digits = Vec::with_capacity(x.len());
    let scales = (0..count).map(|i| quantize(&x[i * row..(i + 1) * row], &mut digits)).collect();
    (digits, scales)
}

fn sign(w: f32) -> i8 {
    if w > 0.0 { 1 } else { -1 }
}

fn mean_magnitude(row: &[f32]) -> f32 {
    sum(row.iter().map(|w| w.abs())) / row.len() as f32
}

fn quantize_row(row: &[f32], digits: &mut Vec<i8>) -> f32 {
    let largest = row.iter().map(|x| x.abs()).fold(0.0, max_f32);
    if !row.iter().all(|x| x.is_finite()) {
        digits.extend(row.iter().map(|_| 0));
        return f32::NAN;
    }
    if largest < QUIET {
        digits.extend(row.iter().map(|_| 0));
        return 0.0;
    }
    let factor = 127.0 / largest;
    digits.extend(row.iter().map(|x| float_to_int(x * factor, -127, 127) as i8));
    largest / 127.0
}

/// `clamp(rne(w / scale), -1, 1)`; a ratio that is NaN gives 0, a scale of 0 gives zeros.
fn ternarize_by(scale: f32, row: &[f32], digits: &mut Vec<i8>) {
    digits.extend(row.iter().map(|w| if scale == 0.0 { 0 } else { float_to_int(w / scale, -1, 1) as i8 }));
}

fn ternarize_row(row: &[f32], digits: &mut Vec<i8>) -> f32 {
    let scale = mean_magnitude(row);
    ternarize_by(scale, row, digits);
    scale
}

fn ternarize_tensor(tensor: &[f32], digits: &mut Vec<i8>) -> f32 {
    let scale = max_f32(mean_magnitude(tensor), 1e-5);
    ternarize_by(scale, tensor, digits);
    scale
}

fn ternarize_twn_row(row: &[f32], digits: &mut Vec<i8>) -> f32 {
    let threshold = 0.7 * mean_magnitude(row);
    let chosen = |w: &f32| w.abs() > threshold;
    digits.extend(row.iter().map(|w| if chosen(w) { sign(*w) } else { 0 }));
    match row.iter().filter(|w| chosen(w)).count() {
        0 => 0.0,
        count => sum(row.iter().map(|w| if chosen(w) { w.abs() } else { 0.0 })) / count as f32,
    }
}
