//! Ops that make tensors of nothing, or of one number.

use tri_ir::math::{self, Native};
use tri_ir::{Scalar, TensorData};

use crate::tensor::{Elements, Tensor, strides};

pub(crate) fn constant(scalar: Scalar, shape: Vec<usize>) -> Tensor {
    let count = shape.iter().product();
    Tensor::new(shape, Elements::filled(scalar, count))
}

pub(crate) fn literal(data: &TensorData) -> Tensor {
    Tensor::from_data(data).expect("verified: the bytes fit")
}

pub(crate) fn scalar_i32(value: i32) -> Tensor {
    Tensor::new(Vec::new(), Elements::I32(vec![value]))
}

pub(crate) fn iota(axis: usize, shape: Vec<usize>) -> Tensor {
    let (count, stride, size): (usize, usize, usize) =
        (shape.iter().product(), strides(&shape)[axis], shape[axis]);
    // A size beyond i32 wraps like every i32.
    let elements = (0..count).map(|i| (i / stride % size) as i32).collect();
    Tensor::new(shape, Elements::I32(elements))
}

pub(crate) fn random(stream: &Tensor, shape: Vec<usize>) -> Tensor {
    let Elements::I64(stream) = stream.elements() else { unreachable!("verified: a stream is an i64") };
    let (count, stream): (usize, i64) = (shape.iter().product(), stream[0]);
    let elements = (0..count).map(|i| math::random(&mut Native, stream, i as i64)).collect();
    Tensor::f32(shape, elements)
}
