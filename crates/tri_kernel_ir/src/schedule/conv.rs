//! Two-dimensional convolution over contiguous operands.

use tri_ir::{Conv2d, DType, Dim, Inst};

use super::{Failure, Scheduler};
use crate::{ContractionKind, Convolution, Product, StepKind};

/// How many axes a plane has.
const PLANE: usize = 2;

impl<'m> Scheduler<'m> {
    pub(super) fn conv2d(&mut self, inst: &'m Inst, attributes: Conv2d) -> Result<(), Failure> {
        let kind = match (self.dtype(inst.args[0]), self.dtype(inst.args[1])) {
            (DType::F32, DType::F32) => ContractionKind::F32,
            (DType::I8, DType::I8 | DType::Trit) => ContractionKind::I8,
            (DType::F32, DType::Trit) => ContractionKind::F32Trit,
            _ => return Err(Failure::Unsupported("these element types have no convolution")),
        };
        let channels = self.shape(inst.args[0]).get(1).and_then(Dim::as_constant);
        let groups = attributes.groups;
        let depthwise = kind == ContractionKind::F32 && groups > 1 && channels == Some(groups.into());
        self.plain(inst.args[1])?;
        let input = self.store(inst.args[0])?;
        let weight = self.store(inst.args[1])?;
        let sums = inst.results[0];
        let behind = self.behind(sums, PLANE);
        let out = match behind {
            Some(behind) => self.place_of_product(behind),
            None => self.target(sums),
        };
        let step = Convolution { kind, depthwise, attributes, input, weight, out };
        match behind {
            Some(behind) => self.epilogue(behind, Product::Convolution(step), PLANE),
            None => {
                self.step(StepKind::Convolution(step));
                Ok(())
            }
        }
    }
}
