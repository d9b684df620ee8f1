//! Sizes and types of the HIR in the sizes of the function under construction.

use tri_dims::DimError;
use tri_hir::hir::{self, Axis, DimVar, Element, GenericArg, Owner, Type};
use tri_ir::{DType, Dim, TensorType};

use crate::error::{Result, Stop};
use crate::eval::Frame;
use crate::lowering::Lowering;
use crate::value::{GenericValue, Value};

impl Lowering<'_> {
    /// A size.
    pub(crate) fn dim(&self, frame: &Frame, dim: &hir::Dim) -> Result<Dim> {
        if let Some(n) = dim.as_constant() {
            return Ok(Dim::constant(n));
        }
        let mut missing = None;
        let value = dim.substitute(&mut |var| {
            self.dim_var(frame, var).ok_or_else(|| {
                missing = Some(*var);
                DimError::Unbound
            })
        });
        match (value, missing) {
            (Ok(dim), _) => Ok(dim),
            (Err(_), Some(DimVar::Nominal(_))) => Err(Stop::Reported),
            (Err(_), Some(_)) => Err(self.invalid("a size has no value here")),
            (Err(error), None) => Err(self.dim_error(error)),
        }
    }

    fn dim_var(&self, frame: &Frame, var: &DimVar) -> Option<Dim> {
        let int = |value: Option<&Value>| match value {
            Some(Value::Int(dim)) => Some(dim.clone()),
            _ => None,
        };
        match var {
            DimVar::Nominal(def) => self.hir.dim_value(*def).map(Dim::constant),
            DimVar::Generic(owner, index) => match self.generic(frame, *owner, *index)? {
                GenericValue::Dim(dim) => Some(dim.clone()),
                _ => None,
            },
            DimVar::Param(Owner::Layer(_), index) => {
                int(self.instances[frame.this?.index()].config.get(*index as usize))
            }
            DimVar::Param(_, index) => int(frame.args.get(*index as usize)),
            DimVar::Local(_, local) | DimVar::Runtime(_, local) => {
                int(frame.locals.get(local.0 as usize)?.as_ref())
            }
            DimVar::Length(_, node) => frame.lengths.get(node).cloned(),
        }
    }

    fn generic<'a>(&'a self, frame: &'a Frame, owner: Owner, index: u32) -> Option<&'a GenericValue> {
        match owner {
            Owner::Layer(_) => self.instances[frame.this?.index()].generics.get(index as usize),
            _ => frame.generics.get(index as usize),
        }
    }

    pub(crate) fn element(&self, frame: &Frame, element: Element) -> Result<DType> {
        match element {
            Element::Known(dtype) => Ok(ir_dtype(dtype)),
            Element::Generic(owner, index) => match self.generic(frame, owner, index) {
                Some(GenericValue::Element(dtype)) => Ok(*dtype),
                _ => Err(self.invalid("an element type has no value here")),
            },
        }
    }

    pub(crate) fn shape(&self, frame: &Frame, axes: &[Axis]) -> Result<Vec<Dim>> {
        let mut shape = Vec::with_capacity(axes.len());
        for axis in axes {
            match axis {
                Axis::Dim(dim) => shape.push(self.dim(frame, dim)?),
                Axis::Pack(owner, index) => match self.generic(frame, *owner, *index) {
                    Some(GenericValue::Pack(dims)) => shape.extend(dims.iter().cloned()),
                    _ => return Err(self.invalid("a pack of axes has no value here")),
                },
            }
        }
        Ok(shape)
    }

    /// A tensor type.
    pub(crate) fn tensor_type(&self, frame: &Frame, ty: &Type) -> Result<TensorType> {
        match ty {
            Type::Tensor(element, axes) => {
                Ok(TensorType::new(self.element(frame, *element)?, self.shape(frame, axes)?))
            }
            Type::Error => Err(Stop::Reported),
            _ => Err(self.invalid("a tensor type is needed here")),
        }
    }

    /// What generic parameters stand for.
    pub(crate) fn generics(&self, frame: &Frame, generics: &[GenericArg]) -> Result<Vec<GenericValue>> {
        let value = |generic: &GenericArg| match generic {
            GenericArg::Dim(dim) => Ok(GenericValue::Dim(self.dim(frame, dim)?)),
            GenericArg::Pack(axes) => Ok(GenericValue::Pack(self.shape(frame, axes)?)),
            GenericArg::Element(element) => Ok(GenericValue::Element(self.element(frame, *element)?)),
        };
        generics.iter().map(value).collect()
    }
}

/// The dtype of the IR.
pub(crate) fn ir_dtype(dtype: hir::DType) -> DType {
    match dtype {
        hir::DType::Bool => DType::Bool,
        hir::DType::Trit => DType::Trit,
        hir::DType::I8 => DType::I8,
        hir::DType::U8 => DType::U8,
        hir::DType::I32 => DType::I32,
        hir::DType::I64 => DType::I64,
        hir::DType::F16 => DType::F16,
        hir::DType::Bf16 => DType::Bf16,
        hir::DType::F32 => DType::F32,
    }
}
