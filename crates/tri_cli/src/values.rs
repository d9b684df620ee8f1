//! Tensors as text: their type in the language's notation and their elements, shortened in the middle when there are many.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use tri_ir::{DType, TensorData};

/// Elements of an axis that are shown at each end when there are more.
const EDGE: usize = 8;

/// `f32[2, 10]`.
pub(crate) fn type_text(tensor: &TensorData) -> String {
    if tensor.shape.is_empty() {
        return tensor.dtype.name().to_owned();
    }
    let sizes: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
    format!("{}[{}]", tensor.dtype.name(), sizes.join(", "))
}

/// The elements in nested brackets.
pub(crate) fn elements_text(tensor: &TensorData) -> String {
    let mut text = String::new();
    write_axis(tensor, 0, 0, tensor.len(), &mut text);
    text
}

fn write_axis(tensor: &TensorData, axis: usize, first: usize, count: usize, text: &mut String) {
    let Some(size) = tensor.shape.get(axis) else {
        let _ = write!(text, "{}", element(tensor, first));
        return;
    };
    text.push('[');
    let each = if *size == 0 { 0 } else { count / size };
    let last = axis + 1 == tensor.shape.len();
    let separator = if last { ", ".to_owned() } else { format!(",\n{}", " ".repeat(axis + 1)) };
    let mut skipped = false;
    for i in 0..*size {
        if *size > 2 * EDGE && (EDGE..size - EDGE).contains(&i) {
            if !skipped {
                let _ = write!(text, "{separator}…");
            }
            skipped = true;
            continue;
        }
        if i > 0 {
            text.push_str(&separator);
        }
        write_axis(tensor, axis + 1, first + i * each, each, text);
    }
    text.push(']');
}

/// All elements in row-major order, for JSON. Numbers that JSON lacks are the strings "NaN", "inf" and "-inf".
pub(crate) fn elements_json(tensor: &TensorData) -> Json {
    Json::Array((0..tensor.len()).map(|at| element_json(tensor, at)).collect())
}

fn element_json(tensor: &TensorData, at: usize) -> Json {
    match tensor.dtype {
        DType::Bool => json!(element_bits(tensor, at) != 0),
        DType::F16 | DType::Bf16 | DType::F32 => {
            let value = float(tensor, at);
            if value.is_finite() { json!(value) } else { json!(element(tensor, at)) }
        }
        _ => json!(integer(tensor, at)),
    }
}

fn element(tensor: &TensorData, at: usize) -> String {
    match tensor.dtype {
        DType::Bool => (element_bits(tensor, at) != 0).to_string(),
        DType::F16 | DType::Bf16 | DType::F32 => float(tensor, at).to_string(),
        _ => integer(tensor, at).to_string(),
    }
}

fn element_bits(tensor: &TensorData, at: usize) -> u64 {
    let width = tensor.dtype.bytes();
    let bytes = &tensor.bytes[at * width..][..width];
    bytes.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

fn integer(tensor: &TensorData, at: usize) -> i64 {
    let bits = element_bits(tensor, at);
    match tensor.dtype {
        DType::Trit | DType::I8 => (bits as i8).into(),
        DType::I32 => (bits as i32).into(),
        _ => bits as i64,
    }
}

/// The value of a float element; exact, since every float type fits in f32.
fn float(tensor: &TensorData, at: usize) -> f32 {
    let bits = element_bits(tensor, at);
    match tensor.dtype {
        DType::F16 => half::f16::from_bits(bits as u16).to_f32(),
        DType::Bf16 => half::bf16::from_bits(bits as u16).to_f32(),
        _ => f32::from_bits(bits as u32),
    }
}

/// How a result compares with what was expected.
pub(crate) struct Comparison {
    /// Elements that are equal: the same bits, or both NaN.
    pub(crate) equal: usize,
    /// Elements in all.
    pub(crate) of: usize,
    /// Largest absolute difference of two elements; infinite where only one of them is a number.
    pub(crate) max_difference: f64,
}

impl Comparison {
    /// Compares two tensors of one type and shape.
    pub(crate) fn of(found: &TensorData, expected: &TensorData) -> Comparison {
        let is_float = found.dtype.is_float();
        let mut comparison = Comparison { equal: 0, of: found.len(), max_difference: 0.0 };
        for at in 0..found.len() {
            let same_bits = element_bits(found, at) == element_bits(expected, at);
            let (a, b) = if is_float {
                (f64::from(float(found, at)), f64::from(float(expected, at)))
            } else {
                (integer(found, at) as f64, integer(expected, at) as f64)
            };
            if same_bits || (a.is_nan() && b.is_nan()) {
                comparison.equal += 1;
                continue;
            }
            let difference = if (a - b).is_nan() { f64::INFINITY } else { (a - b).abs() };
            comparison.max_difference = comparison.max_difference.max(difference);
        }
        comparison
    }

    /// For JSON, which has no infinity: the string "inf" then.
    pub(crate) fn max_difference_json(&self) -> Json {
        if self.max_difference.is_finite() { json!(self.max_difference) } else { json!("inf") }
    }
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = if self.of == 0 { 100.0 } else { 100.0 * self.equal as f64 / self.of as f64 };
        write!(f, "{} of {} equal ({share:.1} %)", self.equal, self.of)?;
        if self.equal < self.of {
            write!(f, ", largest difference {}", self.max_difference)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_axis_is_shortened_in_the_middle() {
        let tensor = TensorData::from_i32(vec![20], &(0..20).collect::<Vec<_>>()).unwrap();
        assert_eq!(elements_text(&tensor), "[0, 1, 2, 3, 4, 5, 6, 7, …, 12, 13, 14, 15, 16, 17, 18, 19]");
    }

    #[test]
    fn axes_nest_and_scalars_stand_alone() {
        let tensor = TensorData::from_f32(vec![2, 2], &[1.0, -0.0, f32::NAN, 0.5]).unwrap();
        assert_eq!(elements_text(&tensor), "[[1, -0],\n [NaN, 0.5]]");
        assert_eq!(elements_text(&TensorData::from_i32(vec![], &[7]).unwrap()), "7");
        assert_eq!(elements_text(&TensorData::from_i32(vec![0, 3], &[]).unwrap()), "[]");
    }

    #[test]
    fn equal_means_the_same_bits_or_both_nan() {
        let a = TensorData::from_f32(vec![3], &[1.0, f32::NAN, 0.0]).unwrap();
        let b = TensorData::from_f32(vec![3], &[1.5, f32::NAN, -0.0]).unwrap();
        let comparison = Comparison::of(&a, &b);
        assert_eq!((comparison.equal, comparison.of, comparison.max_difference), (1, 3, 0.5));
    }
}
