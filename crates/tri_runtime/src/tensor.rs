//! Tensors that callers pass in and get back.

use tri_ir::{DType, TensorData};

use crate::RuntimeError;
use crate::buffer::Buffer;

/// A tensor in the caller's memory: row major, elements in the plain encoding, of any alignment.
#[derive(Clone, Copy, Debug)]
pub struct TensorView<'a> {
    pub(crate) dtype: DType,
    pub(crate) shape: &'a [usize],
    pub(crate) bytes: &'a [u8],
}

macro_rules! views {
    ($($name:ident, $ty:ty, $dtype:ident;)*) => {
        $(
            #[doc = concat!("A tensor of `", stringify!($ty), "`.")]
            ///
            /// # Errors
            /// The number of elements does not fit the shape.
            pub fn $name(shape: &'a [usize], elements: &'a [$ty]) -> Result<Self, RuntimeError> {
                TensorView::new(DType::$dtype, shape, bytes_of(elements))
            }
        )*
    };
}

impl<'a> TensorView<'a> {
    /// A tensor of raw little-endian bytes.
    ///
    /// # Errors
    /// The number of bytes does not fit the shape, a `bool` is neither 0 nor 1, or a `trit` none of -1, 0 and 1.
    pub fn new(dtype: DType, shape: &'a [usize], bytes: &'a [u8]) -> Result<Self, RuntimeError> {
        let elements = shape.iter().try_fold(1usize, |n, size| n.checked_mul(*size));
        let expected = elements.and_then(|n| n.checked_mul(dtype.bytes()));
        if expected != Some(bytes.len()) {
            return Err(RuntimeError::Bytes { dtype, shape: shape.to_vec(), found: bytes.len() });
        }
        let stray = match dtype {
            DType::Bool => first(bytes, |byte| byte > 1),
            DType::Trit => first(bytes, |byte| byte.wrapping_add(1) > 2),
            _ => None,
        };
        if let Some(found) = stray {
            return Err(RuntimeError::NotElement { dtype, found });
        }
        Ok(TensorView { dtype, shape, bytes })
    }

    views! {
        from_f32, f32, F32;
        from_i8, i8, I8;
        from_u8, u8, U8;
        from_i32, i32, I32;
        from_i64, i64, I64;
    }

    /// A tensor that owns its elements, as seen from here.
    ///
    /// # Errors
    /// As [`TensorView::new`].
    pub fn of(data: &'a TensorData) -> Result<Self, RuntimeError> {
        TensorView::new(data.dtype, &data.shape, &data.bytes)
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Sizes, outermost first.
    pub fn shape(&self) -> &[usize] {
        self.shape
    }
}

/// The first byte that is wrong. Whole blocks are looked at without asking where in them, which takes as long as reading them.
fn first(bytes: &[u8], is_wrong: impl Fn(u8) -> bool) -> Option<u8> {
    let mut blocks = bytes.chunks(4096);
    let block = blocks.find(|block| block.iter().fold(false, |wrong, byte| wrong | is_wrong(*byte)))?;
    block.iter().copied().find(|byte| is_wrong(*byte))
}

/// Numbers as their bytes.
fn bytes_of<T: Plain>(elements: &[T]) -> &[u8] {
    #[expect(unsafe_code, reason = "numbers are seen as bytes")]
    // SAFETY: `T` is a number without padding, so all its bytes are initialised.
    unsafe {
        std::slice::from_raw_parts(elements.as_ptr().cast(), size_of_val(elements))
    }
}

/// Numbers without padding.
trait Plain: Copy {}
impl Plain for f32 {}
impl Plain for i8 {}
impl Plain for u8 {}
impl Plain for i32 {}
impl Plain for i64 {}

/// A tensor with its own memory: a result, which can be used again for the next call.
#[derive(Clone, Debug)]
pub struct Tensor {
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<usize>,
    pub(crate) buffer: Buffer,
}

impl Default for Tensor {
    fn default() -> Self {
        Tensor { dtype: DType::F32, shape: vec![0], buffer: Buffer::default() }
    }
}

impl Tensor {
    /// Element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Sizes, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements as little-endian bytes, row major.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.as_slice()
    }

    /// The tensor as an argument of another call.
    pub fn view(&self) -> TensorView<'_> {
        TensorView { dtype: self.dtype, shape: &self.shape, bytes: self.bytes() }
    }

    /// The elements of an f32 tensor.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        self.to_data().to_f32()
    }

    /// The elements of an i32 tensor.
    pub fn to_i32(&self) -> Option<Vec<i32>> {
        self.to_data().to_i32()
    }

    /// A plain copy.
    pub fn to_data(&self) -> TensorData {
        TensorData { dtype: self.dtype, shape: self.shape.clone(), bytes: self.bytes().to_vec() }
    }
}
