//! Two-dimensional convolution over contiguous operands.

use tri_ir::{Conv2d, DType, Dim, Encoding, Inst};

use super::{Failure, Scheduler};
use crate::{ContractionKind, Convolution, Product, StepKind};

/// How many axes a plane has.
const PLANE: usize = 2;

impl<'m> Scheduler<'m> {
    pub(super) fn conv2d(&mut self, inst: &'m Inst, attributes: Conv2d) -> Result<(), Failure> {
        let encoding = self.function.encoding(inst.args[1]);
        let kind = match (self.dtype(inst.args[0]), self.dtype(inst.args[1]), encoding) {
            (DType::F32, DType::F32, _) => ContractionKind::F32,
            (DType::I8, DType::I8, _) | (DType::I8, DType::Trit, Encoding::Plain) => ContractionKind::I8,
            (DType::I8, DType::Trit, Encoding::T2) => ContractionKind::I8T2,
            (DType::F32, DType::Trit, Encoding::Plain) => ContractionKind::F32Trit,
            _ => return Err(Failure::Unsupported("these element types have no convolution")),
        };
        let channels = self.shape(inst.args[0]).get(1).and_then(Dim::as_constant);
        let groups = attributes.groups;
        let depthwise = kind == ContractionKind::F32 && groups > 1 && channels == Some(groups.into());
        let window = self.window(inst, attributes)?;
        let input = self.store(inst.args[0])?;
        let weight = self.store(inst.args[1])?;
        let sums = inst.results[0];
        let behind = self.behind(sums, PLANE);
        let out = match behind {
            Some(behind) => self.place_of_product(behind),
            None => self.target(sums),
        };
        let step = Convolution { kind, depthwise, attributes, window, input, weight, out };
        match behind {
            Some(behind) => self.epilogue(behind, Product::Convolution(step), PLANE),
            None => {
                self.step(StepKind::Convolution(step));
                Ok(())
            }
        }
    }

    /// Channels, rows and columns that a result sees.
    fn window(&self, inst: &Inst, attributes: Conv2d) -> Result<[Dim; 3], Failure> {
        let (input, weight) = (self.shape(inst.args[0]), self.shape(inst.args[1]));
        match (attributes.kernel, input, weight) {
            (None, _, [_, channels, rows, columns]) => Ok([channels, rows, columns].map(Clone::clone)),
            (Some(kernel), [_, channels, ..], _) => {
                let [rows, columns] = kernel.map(|size| Dim::constant(size.into()));
                let groups = Dim::constant(attributes.groups.into());
                Ok([channels.exact_div(&groups)?, rows, columns])
            }
            _ => Err(Failure::Unsupported("its operands have not four axes")),
        }
    }
}
