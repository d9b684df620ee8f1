//! Index expressions: an offset plus a factor of each loop variable.

use tri_dims::DimError;
use tri_ir::Dim;

use crate::Index;

/// `offset + sum of index * stride`, strides ascending by index and not zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Affine {
    pub(super) offset: Dim,
    pub(super) strides: Vec<(Index, Dim)>,
}

impl Affine {
    pub(super) fn constant(offset: Dim) -> Self {
        Affine { offset, strides: Vec::new() }
    }

    pub(super) fn zero() -> Self {
        Affine::constant(Dim::constant(0))
    }

    /// The loop variable `index`.
    pub(super) fn index(index: usize) -> Self {
        Affine { offset: Dim::constant(0), strides: vec![(Index(index as u32), Dim::constant(1))] }
    }

    /// The loop variables `first..first + count`.
    pub(super) fn indices(first: usize, count: usize) -> Vec<Self> {
        (first..first + count).map(Affine::index).collect()
    }

    pub(super) fn add(&self, other: &Affine) -> Result<Self, DimError> {
        let mut sum = Affine { offset: self.offset.add(&other.offset)?, strides: self.strides.clone() };
        for (index, stride) in &other.strides {
            match sum.strides.binary_search_by_key(index, |(index, _)| *index) {
                Ok(at) => sum.strides[at].1 = sum.strides[at].1.add(stride)?,
                Err(at) => sum.strides.insert(at, (*index, stride.clone())),
            }
        }
        sum.strides.retain(|(_, stride)| stride.as_constant() != Some(0));
        Ok(sum)
    }

    pub(super) fn offset_by(&self, offset: &Dim) -> Result<Self, DimError> {
        Ok(Affine { offset: self.offset.add(offset)?, strides: self.strides.clone() })
    }

    pub(super) fn scale(&self, by: &Dim) -> Result<Self, DimError> {
        if by.as_constant() == Some(0) {
            return Ok(Affine::zero());
        }
        let strides = self.strides.iter().map(|(index, stride)| Ok((*index, stride.mul(by)?)));
        Ok(Affine { offset: self.offset.mul(by)?, strides: strides.collect::<Result<_, DimError>>()? })
    }

    /// The position, in a row-major tensor of `shape`, of the element at `at`.
    pub(super) fn row_major(shape: &[Dim], at: &[Affine]) -> Result<Self, DimError> {
        let strides = contiguous(shape)?;
        at.iter().zip(&strides).try_fold(Affine::zero(), |sum, (at, stride)| sum.add(&at.scale(stride)?))
    }
}

/// Strides of a row-major tensor.
pub(super) fn contiguous(shape: &[Dim]) -> Result<Vec<Dim>, DimError> {
    let mut strides = vec![Dim::constant(1); shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].mul(&shape[axis])?;
    }
    Ok(strides)
}
