//! A kernel: what it is made from, and how it is launched.

use tri_dims::DimError;
use tri_ir::Dim;
use tri_kernel_ir::{Body, Form, MaxPool};

use crate::emitter::{Emitter, Function};
use crate::expression::NestContext;
use crate::route::Fixed;
use crate::work::Work;
use crate::{contraction, convolution, nest, quantize};

/// Threads of a block.
pub(crate) const THREADS: u32 = 128;

/// Threads of a warp.
pub(crate) const WARP: i64 = 32;

/// What serves the steps of one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its name in LLVM IR and PTX.
    pub name: String,
    /// Threads of a block.
    pub threads: u32,
    /// Units of work are the points of these axes, in the symbols of the form.
    axes: Vec<Dim>,
    /// Threads of a unit.
    lanes: i64,
}

/// What no kernel serves.
pub(crate) type Unserved = &'static str;

impl Kernel {
    /// The kernel of a form, with its text.
    pub(crate) fn of(form: &Form, name: String) -> Result<(Kernel, Function), Unserved> {
        let mut e = Emitter::new(form.buffers.len() as u32, form.symbols);
        let (axes, lanes) = match &form.body {
            Body::Nest { nest, failure } | Body::MaxPool { step: MaxPool { nest, .. }, failure } => {
                let work = Work::of(&form.buffers, nest);
                nest::emit(&mut e, &NestContext::new(&form.buffers, nest, *failure), work, THREADS);
                (work.axes(nest), work.lanes())
            }
            Body::Contraction(step) => {
                contraction::emit(&mut e, step, THREADS);
                contraction::units(step).map_err(|_| "a contraction of so many columns")?
            }
            Body::QuantizeRows(step) => {
                quantize::emit(&mut e, step, THREADS);
                (vec![step.rows.clone()], WARP)
            }
            Body::Convolution(step) => {
                convolution::emit(&mut e, &form.buffers, step, THREADS);
                (convolution::axes(&form.buffers, step), 1)
            }
            // It is there already.
            Body::Clusters(_) => return Err("a choice of tiles by a form"),
        };
        let kernel = Kernel { name, threads: THREADS, axes, lanes };
        let function = e.finish(&kernel.name, THREADS);
        Ok((kernel, function))
    }

    /// A kernel that is there already, of a thread a unit.
    pub(crate) fn fixed(fixed: Fixed) -> (Kernel, Function) {
        let function = fixed.emitter.finish(&fixed.name, THREADS);
        (Kernel { name: fixed.name, threads: THREADS, axes: fixed.axes, lanes: 1 }, function)
    }

    /// How many blocks do all the work, for the values of the form's symbols; 0 if there is none.
    ///
    /// # Errors
    /// The number of threads does not fit in 64 bits.
    pub fn blocks(&self, symbols: &[i64]) -> Result<u64, DimError> {
        let mut threads = self.lanes;
        for axis in &self.axes {
            let size = axis.evaluate(&mut |symbol| symbols.get(symbol.index()).copied())?;
            threads = threads.checked_mul(size.max(0)).ok_or(DimError::Overflow)?;
        }
        Ok(threads.unsigned_abs().div_ceil(self.threads.into()))
    }
}
