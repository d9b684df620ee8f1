//! Tensors that come from outside, held against the types they should have.

use tri_ir::{Dim, Function, Symbol, TensorData, TensorType};

use crate::InterpError;
use crate::tensor::Tensor;

/// Sizes of a function's symbols, as far as arguments have determined them.
#[derive(Debug)]
pub(crate) struct Sizes<'f> {
    function: &'f Function,
    values: Vec<Option<i64>>,
}

/// Name of an argument in messages, and of its axes if the source names them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) kind: &'static str,
    pub(crate) name: &'a str,
    pub(crate) axes: &'a [String],
}

impl Named<'_> {
    fn text(self) -> String {
        format!("{} `{}`", self.kind, self.name)
    }

    fn axis(self, axis: usize, size: &Dim) -> String {
        let named = self.axes.get(axis).cloned();
        named.unwrap_or_else(|| size.as_constant().map_or_else(|| axis.to_string(), |n| n.to_string()))
    }
}

/// The tensor, if its element type and rank are those of the type.
pub(crate) fn tensor(named: Named<'_>, ty: &TensorType, data: &TensorData) -> Result<Tensor, InterpError> {
    if data.dtype != ty.dtype {
        return Err(InterpError::Dtype { argument: named.text(), expected: ty.dtype, found: data.dtype });
    }
    if data.shape.len() != ty.rank() {
        return Err(InterpError::Rank {
            argument: named.text(),
            expected: ty.rank(),
            found: data.shape.len(),
        });
    }
    Tensor::from_data(data)
        .ok_or_else(|| InterpError::Malformed { argument: named.text(), dtype: data.dtype })
}

/// The tensor of a weight or state, whose sizes are numbers.
pub(crate) fn fixed(named: Named<'_>, ty: &TensorType, data: &TensorData) -> Result<Tensor, InterpError> {
    let tensor = tensor(named, ty, data)?;
    for (axis, size) in ty.shape.iter().enumerate() {
        same_size(named, axis, size, size.as_constant().unwrap_or(-1), tensor.shape[axis])?;
    }
    Ok(tensor)
}

fn same_size(
    named: Named<'_>,
    axis: usize,
    size: &Dim,
    expected: i64,
    found: usize,
) -> Result<(), InterpError> {
    let found = i64::try_from(found).unwrap_or(i64::MAX);
    if expected == found {
        return Ok(());
    }
    Err(InterpError::Axis { argument: named.text(), axis, name: named.axis(axis, size), expected, found })
}

impl<'f> Sizes<'f> {
    pub(crate) fn new(function: &'f Function) -> Self {
        Sizes { function, values: vec![None; function.symbols.len()] }
    }

    /// Sizes that a caller states.
    pub(crate) fn given(function: &'f Function, sizes: &[i64]) -> Self {
        let mut values: Vec<Option<i64>> = sizes.iter().copied().map(Some).collect();
        values.resize(function.symbols.len(), None);
        Sizes { function, values }
    }

    /// Takes sizes that are a lone symbol from an argument's shape.
    pub(crate) fn learn(
        &mut self,
        named: Named<'_>,
        ty: &TensorType,
        shape: &[usize],
    ) -> Result<(), InterpError> {
        for (axis, (size, found)) in ty.shape.iter().zip(shape).enumerate() {
            let Some(symbol) = size.as_var() else { continue };
            match self.values[symbol.index()] {
                Some(expected) => same_size(named, axis, size, expected, *found)?,
                None => self.values[symbol.index()] = Some(i64::try_from(*found).unwrap_or(i64::MAX)),
            }
        }
        Ok(())
    }

    /// Whether an argument's other sizes have the values that the symbols give them.
    pub(crate) fn hold(&self, named: Named<'_>, ty: &TensorType, shape: &[usize]) -> Result<(), InterpError> {
        for (axis, (size, found)) in ty.shape.iter().zip(shape).enumerate() {
            let expected = size.evaluate(&mut |symbol: &Symbol| self.values[symbol.index()]).unwrap_or(-1);
            same_size(named, axis, size, expected, *found)?;
        }
        Ok(())
    }

    /// Sizes of the symbols that callers give.
    pub(crate) fn finish(self) -> Vec<i64> {
        let given = self.function.symbols.iter().filter(|info| !info.bound_inside).count();
        self.values.into_iter().take(given).map(|value| value.unwrap_or(-1)).collect()
    }
}
