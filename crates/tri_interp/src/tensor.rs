//! Tensors as the interpreter holds them: typed elements, shared between values.

use std::sync::Arc;

use half::{bf16, f16};
use tri_ir::{DType, Scalar, TensorData};

/// Most elements of a tensor: a size that a model or a caller asks for by mistake must not exhaust the machine.
pub(crate) const MAX_ELEMENTS: usize = 1 << 30;

/// Elements, row major. Trits are -1, 0, 1 in a byte.
#[derive(Clone, Debug)]
pub(crate) enum Elements {
    Bool(Vec<bool>),
    Trit(Vec<i8>),
    I8(Vec<i8>),
    U8(Vec<u8>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F16(Vec<f16>),
    Bf16(Vec<bf16>),
    F32(Vec<f32>),
}

/// Applies one expression to the vector of elements, whatever their type; the result has the same type.
macro_rules! map_elements {
    ($elements:expr, $vector:ident => $result:expr) => {
        match $elements {
            $crate::tensor::Elements::Bool($vector) => $crate::tensor::Elements::Bool($result),
            $crate::tensor::Elements::Trit($vector) => $crate::tensor::Elements::Trit($result),
            $crate::tensor::Elements::I8($vector) => $crate::tensor::Elements::I8($result),
            $crate::tensor::Elements::U8($vector) => $crate::tensor::Elements::U8($result),
            $crate::tensor::Elements::I32($vector) => $crate::tensor::Elements::I32($result),
            $crate::tensor::Elements::I64($vector) => $crate::tensor::Elements::I64($result),
            $crate::tensor::Elements::F16($vector) => $crate::tensor::Elements::F16($result),
            $crate::tensor::Elements::Bf16($vector) => $crate::tensor::Elements::Bf16($result),
            $crate::tensor::Elements::F32($vector) => $crate::tensor::Elements::F32($result),
        }
    };
}

/// Applies one expression to two vectors of elements of one type. The verifier has seen that the types agree.
macro_rules! zip_elements {
    ($left:expr, $right:expr, ($a:ident, $b:ident) => $result:expr) => {{
        use $crate::tensor::Elements;
        match ($left, $right) {
            (Elements::Bool($a), Elements::Bool($b)) => Elements::Bool($result),
            (Elements::Trit($a), Elements::Trit($b)) => Elements::Trit($result),
            (Elements::I8($a), Elements::I8($b)) => Elements::I8($result),
            (Elements::U8($a), Elements::U8($b)) => Elements::U8($result),
            (Elements::I32($a), Elements::I32($b)) => Elements::I32($result),
            (Elements::I64($a), Elements::I64($b)) => Elements::I64($result),
            (Elements::F16($a), Elements::F16($b)) => Elements::F16($result),
            (Elements::Bf16($a), Elements::Bf16($b)) => Elements::Bf16($result),
            (Elements::F32($a), Elements::F32($b)) => Elements::F32($result),
            (left, right) => unreachable!("verified: {:?} meets {:?}", left.dtype(), right.dtype()),
        }
    }};
}

pub(crate) use {map_elements, zip_elements};

impl Elements {
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Elements::Bool(_) => DType::Bool,
            Elements::Trit(_) => DType::Trit,
            Elements::I8(_) => DType::I8,
            Elements::U8(_) => DType::U8,
            Elements::I32(_) => DType::I32,
            Elements::I64(_) => DType::I64,
            Elements::F16(_) => DType::F16,
            Elements::Bf16(_) => DType::Bf16,
            Elements::F32(_) => DType::F32,
        }
    }

    /// `count` times the scalar.
    pub(crate) fn filled(scalar: Scalar, count: usize) -> Elements {
        let bits = scalar.bits();
        match scalar.dtype() {
            DType::Bool => Elements::Bool(vec![bits != 0; count]),
            DType::Trit => Elements::Trit(vec![bits as i8; count]),
            DType::I8 => Elements::I8(vec![bits as i8; count]),
            DType::U8 => Elements::U8(vec![bits as u8; count]),
            DType::I32 => Elements::I32(vec![bits as i32; count]),
            DType::I64 => Elements::I64(vec![bits as i64; count]),
            DType::F16 => Elements::F16(vec![f16::from_bits(bits as u16); count]),
            DType::Bf16 => Elements::Bf16(vec![bf16::from_bits(bits as u16); count]),
            DType::F32 => Elements::F32(vec![f32::from_bits(bits as u32); count]),
        }
    }

    fn from_bytes(dtype: DType, bytes: &[u8]) -> Option<Elements> {
        let two = || bytes.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b));
        let four = || bytes.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b));
        let signed = || bytes.iter().map(|b| *b as i8).collect();
        Some(match dtype {
            DType::Bool if bytes.iter().all(|b| *b <= 1) => {
                Elements::Bool(bytes.iter().map(|b| *b == 1).collect())
            }
            DType::Trit if bytes.iter().all(|b| matches!(b, 0 | 1 | 0xff)) => Elements::Trit(signed()),
            DType::Bool | DType::Trit => return None,
            DType::I8 => Elements::I8(signed()),
            DType::U8 => Elements::U8(bytes.to_vec()),
            DType::I32 => Elements::I32(four().map(|bits| bits as i32).collect()),
            DType::I64 => {
                Elements::I64(bytes.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b)).collect())
            }
            DType::F16 => Elements::F16(two().map(f16::from_bits).collect()),
            DType::Bf16 => Elements::Bf16(two().map(bf16::from_bits).collect()),
            DType::F32 => Elements::F32(four().map(f32::from_bits).collect()),
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Elements::Bool(v) => v.iter().map(|x| u8::from(*x)).collect(),
            Elements::Trit(v) | Elements::I8(v) => v.iter().map(|x| *x as u8).collect(),
            Elements::U8(v) => v.clone(),
            Elements::I32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Elements::I64(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Elements::F16(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Elements::Bf16(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            Elements::F32(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    }
}

/// A tensor; clones share the elements.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    elements: Arc<Elements>,
}

/// Typed access where the verifier has seen the type.
macro_rules! accessor {
    ($name:ident, $variant:ident, $ty:ty) => {
        pub(crate) fn $name(&self) -> &[$ty] {
            match &*self.elements {
                Elements::$variant(v) => v,
                other => unreachable!("verified to be {}: {:?}", stringify!($variant), other.dtype()),
            }
        }
    };
}

impl Tensor {
    pub(crate) fn new(shape: Vec<usize>, elements: Elements) -> Tensor {
        Tensor { shape, elements: Arc::new(elements) }
    }

    pub(crate) fn f32(shape: Vec<usize>, elements: Vec<f32>) -> Tensor {
        Tensor::new(shape, Elements::F32(elements))
    }

    /// The same elements in another shape.
    pub(crate) fn reshaped(&self, shape: Vec<usize>) -> Tensor {
        Tensor { shape, elements: Arc::clone(&self.elements) }
    }

    /// `None` if the bytes do not fit the shape or are no elements.
    pub(crate) fn from_data(data: &TensorData) -> Option<Tensor> {
        let count = data.shape.iter().try_fold(1usize, |n, size| n.checked_mul(*size))?;
        if count.checked_mul(data.dtype.bytes())? != data.bytes.len() {
            return None;
        }
        Some(Tensor::new(data.shape.clone(), Elements::from_bytes(data.dtype, &data.bytes)?))
    }

    pub(crate) fn to_data(&self) -> TensorData {
        TensorData { dtype: self.dtype(), shape: self.shape.clone(), bytes: self.elements.to_bytes() }
    }

    pub(crate) fn elements(&self) -> &Elements {
        &self.elements
    }

    /// The elements, copied if another value shares them.
    pub(crate) fn into_elements(self) -> Elements {
        Arc::unwrap_or_clone(self.elements)
    }

    pub(crate) fn dtype(&self) -> DType {
        self.elements.dtype()
    }

    /// Number of elements.
    pub(crate) fn count(&self) -> usize {
        self.shape.iter().product()
    }

    accessor!(as_f32, F32, f32);
    accessor!(as_i32, I32, i32);
    accessor!(as_bool, Bool, bool);
    accessor!(as_trit, Trit, i8);
}

/// Distance between neighbours on each axis of a row-major tensor.
pub(crate) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// The elements of a strided view, row major: element `i` is at `offset + sum(i[axis] * strides[axis])`.
pub(crate) fn view<T: Copy>(source: &[T], shape: &[usize], strides: &[usize], offset: usize) -> Vec<T> {
    let count: usize = shape.iter().product();
    let mut result = Vec::with_capacity(count);
    if count == 0 {
        return result;
    }
    let Some((&inner, outer)) = shape.split_last() else {
        result.push(source[offset]);
        return result;
    };
    let step = strides[outer.len()];
    let mut index = vec![0; outer.len()];
    loop {
        let start = offset + index.iter().zip(strides).map(|(i, stride)| i * stride).sum::<usize>();
        match step {
            1 => result.extend_from_slice(&source[start..start + inner]),
            _ => result.extend((0..inner).map(|i| source[start + i * step])),
        }
        // The next row: count up from the last axis.
        let mut axis = outer.len();
        loop {
            let Some(previous) = axis.checked_sub(1) else { return result };
            axis = previous;
            index[axis] += 1;
            if index[axis] < outer[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}

/// The tensor with its axes in another order.
pub(crate) fn permuted(tensor: &Tensor, perm: &[usize]) -> Tensor {
    if perm.iter().copied().eq(0..tensor.shape.len()) {
        return tensor.clone();
    }
    let from = strides(&tensor.shape);
    let shape: Vec<usize> = perm.iter().map(|axis| tensor.shape[*axis]).collect();
    let to: Vec<usize> = perm.iter().map(|axis| from[*axis]).collect();
    let elements = map_elements!(tensor.elements(), v => view(v, &shape, &to, 0));
    Tensor::new(shape, elements)
}

/// Axes `last` moved behind the others, in the order given; the others keep theirs.
pub(crate) fn axes_last(rank: usize, last: &[usize]) -> Vec<usize> {
    (0..rank).filter(|axis| !last.contains(axis)).chain(last.iter().copied()).collect()
}
