//! The attention layers of the standard library, against a formulation in f64, head by head.

use crate::support::{Model, assert_close, numbers};
use tri_ir::TensorData;

fn f64s(elements: &[f32]) -> Vec<f64> {
    elements.iter().map(|x| f64::from(*x)).collect()
}

/// `x[t, d]` times the rows of `w[e, d]`.
fn project(x: &[Vec<f64>], w: &[f64]) -> Vec<Vec<f64>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    x.iter().map(|row| w.chunks(row.len()).map(|column| dot(row, column)).collect()).collect()
}

/// One head: `t` positions, queries, keys and values of one width.
fn head(q: &[Vec<f64>], k: &[Vec<f64>], v: &[Vec<f64>], causal: bool) -> Vec<Vec<f64>> {
    let width = q[0].len();
    let mut mixed = Vec::new();
    for (t, q) in q.iter().enumerate() {
        let seen = if causal { t + 1 } else { k.len() };
        let scores: Vec<f64> = k[..seen]
            .iter()
            .map(|k| q.iter().zip(k).map(|(a, b)| a * b).sum::<f64>() / (width as f64).sqrt())
            .map(f64::exp)
            .collect();
        let sum: f64 = scores.iter().sum();
        let mut row = vec![0.0; width];
        for (score, v) in scores.iter().zip(v) {
            row.iter_mut().zip(v).for_each(|(row, v)| *row += score / sum * v);
        }
        mixed.push(row);
    }
    mixed
}

/// Columns `from..from + width` of each row.
fn columns(x: &[Vec<f64>], from: usize, width: usize) -> Vec<Vec<f64>> {
    x.iter().map(|row| row[from..from + width].to_vec()).collect()
}

/// Rotates adjacent pairs by `t * 10000^(-2i / width)`.
fn rotated(x: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let rotate = |(t, row): (usize, Vec<f64>)| {
        let width = row.len() as f64;
        let pair = |(i, pair): (usize, &[f64])| {
            let (s, c) = (t as f64 * 10000f64.powf(-2.0 * i as f64 / width)).sin_cos();
            [pair[0] * c - pair[1] * s, pair[0] * s + pair[1] * c]
        };
        row.chunks(2).enumerate().flat_map(pair).collect()
    };
    x.into_iter().enumerate().map(rotate).collect()
}

/// Attention of one sequence `x[t, 8]` with 4 query heads of width 2 and `groups` heads of keys and values.
fn attention(x: &[Vec<f64>], w: [&[f64]; 4], groups: usize, rotary: bool, causal: bool) -> Vec<f64> {
    let [q, k, v] = [w[0], w[1], w[2]].map(|w| project(x, w));
    let turn = |x: Vec<Vec<f64>>| if rotary { rotated(x) } else { x };
    let mut joined = vec![Vec::new(); x.len()];
    for h in 0..4 {
        let g = h / (4 / groups);
        let mixed =
            head(&turn(columns(&q, h * 2, 2)), &turn(columns(&k, g * 2, 2)), &columns(&v, g * 2, 2), causal);
        joined.iter_mut().zip(mixed).for_each(|(row, part)| row.extend(part));
    }
    project(&joined, w[3]).concat()
}

fn check(layer: &str, groups: usize, rotary: bool, causal: bool) {
    let name = layer.split('[').next().unwrap();
    let model = Model::new(&format!(
        "use std.attention.{name}\n\
         model M() {{\n    a = {layer}\n    fn forward[B, T](x: f32[B, T, 8]) -> f32[B, T, 8] {{ a(x) }}\n}}"
    ));
    let x = numbers(1, 2 * 5 * 8);
    let weights = [numbers(2, 64), numbers(3, groups * 16), numbers(4, groups * 16), numbers(5, 64)];
    let names = ["a.query.weight", "a.key.weight", "a.value.weight", "a.out.weight"];
    let given: Vec<(&str, &[f32])> = names.into_iter().zip(weights.iter().map(Vec::as_slice)).collect();
    let input = TensorData::from_f32(vec![2, 5, 8], &x).unwrap();
    let found = model.call_with("forward", &[input], &given);
    let weights: Vec<Vec<f64>> = weights.iter().map(|w| f64s(w)).collect();
    let mut expected = Vec::new();
    for sequence in f64s(&x).chunks(40) {
        let rows: Vec<Vec<f64>> = sequence.chunks(8).map(<[f64]>::to_vec).collect();
        let w = [&weights[0], &weights[1], &weights[2], &weights[3]].map(Vec::as_slice);
        expected.extend(attention(&rows, w, groups, rotary, causal));
    }
    assert_close(&found, &expected, 1e-5);
}

#[test]
fn multi_head() {
    check("MultiHeadAttention[8, 4](bias = false)", 4, false, false);
    check("MultiHeadAttention[8, 4](causal = true, bias = false)", 4, false, true);
}

#[test]
fn grouped_query() {
    check("GroupedQueryAttention[8, 4, 2]()", 2, true, true);
    check("GroupedQueryAttention[8, 4, 1]()", 1, true, true);
}
