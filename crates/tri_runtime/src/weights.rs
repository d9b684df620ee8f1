//! Weights: what the prologue made of a checkpoint's parameters, in the encodings that kernels read.

#![expect(unsafe_code, reason = "the prologue is run on the caller's tensors")]

use std::sync::{Arc, OnceLock};

use tri_artifact::{Artifact, encoded_bytes};
use tri_ir::{Capture, Module, Parameter, TensorData, TensorType};
use tri_names::nearest;

use crate::buffer::Buffer;
use crate::call::{Arena, Operands};
use crate::cuda::Uploads;
use crate::pool::Pool;
use crate::program::Program;
use crate::signature::found_type;
use crate::{RuntimeError, TensorView};

/// Where the bytes of a bound value are.
#[derive(Clone, Debug)]
enum Bytes {
    Owned(Buffer),
    /// Address in the mapped file.
    Mapped(usize),
}

/// Where a captured value is, which a layer of hundreds of tiles is told in every call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address(pub(crate) *const u8);

// SAFETY: it points into buffers or a mapped file that its `Weights` keep and nobody writes.
unsafe impl Send for Address {}
// SAFETY: as above.
unsafe impl Sync for Address {}

/// Bound values, and parameters where something reads them directly.
#[derive(Debug, Default)]
pub(crate) struct Weights {
    bound: Vec<Bytes>,
    parameters: Vec<Buffer>,
    /// Keeps mapped bytes alive.
    artifact: Option<Arc<Artifact>>,
    /// For each entry, where what it captures is; found at the first call.
    captured: OnceLock<Vec<Option<Vec<Address>>>>,
    /// GPUs that have them.
    pub(crate) uploads: Uploads,
}

impl Weights {
    /// The weights in an artifact, still in the mapped file.
    pub(crate) fn of_artifact(artifact: Arc<Artifact>) -> Option<Weights> {
        let bound = artifact.weights()?.map(|(_, bytes)| mapped(bytes)).collect();
        Some(Weights { bound, artifact: Some(artifact), ..Weights::default() })
    }

    /// Runs the prologue on parameters in checkpoint order.
    pub(crate) fn bind(
        program: &Program,
        parameters: &[TensorView<'_>],
        pool: &Pool,
    ) -> Result<Weights, RuntimeError> {
        let module = &program.module;
        let sizes: Vec<usize> =
            module.bound.iter().map(|bound| bytes_of(&bound.ty)).collect::<Result<_, _>>()?;
        let mut bound: Vec<Buffer> = sizes.into_iter().map(Buffer::zeroed).collect::<Result<_, _>>()?;
        run_prologue(program, parameters, bound.iter_mut().map(Buffer::as_mut_ptr).collect(), pool)?;
        let copy = |(at, view): (usize, &TensorView<'_>)| {
            if is_read(module, at) { Buffer::copy_of(view.bytes) } else { Ok(Buffer::default()) }
        };
        let parameters = parameters.iter().enumerate().map(copy).collect::<Result<_, _>>()?;
        let bound = bound.into_iter().map(Bytes::Owned).collect();
        Ok(Weights { bound, parameters, ..Weights::default() })
    }

    /// The bytes of each bound value, in the module's order.
    pub(crate) fn bound(&self) -> Vec<&[u8]> {
        let from_artifact: Vec<&[u8]> = match &self.artifact {
            Some(artifact) => artifact.weights().into_iter().flatten().map(|(_, bytes)| bytes).collect(),
            None => Vec::new(),
        };
        let mut all = Vec::with_capacity(self.bound.len());
        for (at, value) in self.bound.iter().enumerate() {
            all.push(match value {
                Bytes::Owned(buffer) => buffer.as_slice(),
                Bytes::Mapped(_) => from_artifact.get(at).copied().unwrap_or_default(),
            });
        }
        all
    }

    /// The bytes of each parameter that is read as it is, in the module's order; of the others none.
    pub(crate) fn parameters(&self) -> Vec<&[u8]> {
        self.parameters.iter().map(Buffer::as_slice).collect()
    }

    /// Where the values are that entry number `position` captures; none if one is missing.
    pub(crate) fn captured(&self, module: &Module, position: usize) -> Option<&[Address]> {
        let all = self.captured.get_or_init(|| {
            let of = |captures: &[Capture]| {
                captures.iter().map(|capture| self.address(*capture).map(Address)).collect()
            };
            module.entries.iter().map(|entry| of(&entry.captures)).collect()
        });
        all.get(position)?.as_deref()
    }

    /// Where a captured value is.
    pub(crate) fn address(&self, capture: Capture) -> Option<*const u8> {
        match capture {
            Capture::Parameter(id) => self.parameters.get(id.index()).map(Buffer::as_ptr),
            Capture::Bound(id) => self.bound.get(id.index()).map(|bytes| match bytes {
                Bytes::Owned(buffer) => buffer.as_ptr(),
                Bytes::Mapped(address) => std::ptr::with_exposed_provenance(*address),
            }),
        }
    }
}

/// Runs the prologue, which writes each bound value to its place. Further places are left as they are.
pub(crate) fn bind_into(
    program: &Program,
    parameters: &[TensorView<'_>],
    places: &mut [&mut [u8]],
    pool: &Pool,
) -> Result<(), RuntimeError> {
    let bound = &program.module.bound;
    let mut results = Vec::with_capacity(bound.len());
    let mut places = places.iter_mut();
    for value in bound {
        let place = places.next().map(|place| &mut **place).unwrap_or_default();
        if place.len() != bytes_of(&value.ty)? {
            let shape =
                value.ty.shape.iter().filter_map(|size| usize::try_from(size.as_constant()?).ok()).collect();
            return Err(RuntimeError::Bytes { dtype: value.ty.dtype, shape, found: place.len() });
        }
        results.push(place.as_mut_ptr());
    }
    run_prologue(program, parameters, results, pool)
}

/// `results` are as large as the bound values, in their order.
fn run_prologue(
    program: &Program,
    parameters: &[TensorView<'_>],
    results: Vec<*mut u8>,
    pool: &Pool,
) -> Result<(), RuntimeError> {
    let Some(prologue) = program.module.prologue else { return Ok(()) };
    // Where a tensor lies in its file follows from the lengths of those before it.
    let stage = |view: &TensorView<'_>| {
        let is_aligned = view.bytes.as_ptr().addr().is_multiple_of(view.dtype.bytes());
        if is_aligned { Ok(Buffer::default()) } else { Buffer::copy_of(view.bytes) }
    };
    let staged: Vec<Buffer> = parameters.iter().map(stage).collect::<Result<_, _>>()?;
    let address = |(view, staged): (&TensorView<'_>, &Buffer)| {
        if staged.as_slice().is_empty() { view.bytes.as_ptr() } else { staged.as_ptr() }
    };
    let params = parameters.iter().zip(&staged).map(address).collect();
    let operands = Operands { params, results, states: Vec::new() };
    // SAFETY: parameters were checked against their types, and the caller's results have the sizes of theirs.
    unsafe { program.run("prologue", prologue, &[], &operands, &mut Arena::default(), pool) }
}

/// Whether an entry or test takes the parameter as it is.
fn is_read(module: &Module, parameter: usize) -> bool {
    let reads = |captures: &[Capture]| {
        captures.iter().any(|capture| matches!(capture, Capture::Parameter(id) if id.index() == parameter))
    };
    module.entries.iter().any(|entry| reads(&entry.captures))
        || module.tests.iter().any(|test| reads(&test.captures))
}

fn mapped(bytes: &[u8]) -> Bytes {
    Bytes::Mapped(bytes.as_ptr().expose_provenance())
}

/// Bytes of a tensor whose sizes are numbers.
fn bytes_of(ty: &TensorType) -> Result<usize, RuntimeError> {
    let too_large = || RuntimeError::TooLarge { entry: "prologue".to_owned() };
    let shape: Option<Vec<u64>> =
        ty.shape.iter().map(|size| size.as_constant().and_then(|n| u64::try_from(n).ok())).collect();
    let bytes = encoded_bytes(ty.dtype, ty.encoding, &shape.ok_or_else(too_large)?).ok_or_else(too_large)?;
    usize::try_from(bytes).ok().filter(|bytes| *bytes <= isize::MAX as usize).ok_or_else(too_large)
}

/// Tensors by name, put in checkpoint order and checked against the parameters' types.
pub(crate) fn arrange<'a>(
    module: &Module,
    tensors: &'a [(String, TensorData)],
) -> Result<Vec<TensorView<'a>>, RuntimeError> {
    let mut arranged = Vec::with_capacity(module.parameters.len());
    for parameter in &module.parameters {
        let Some((_, tensor)) = tensors.iter().find(|(name, _)| *name == parameter.name) else {
            let near = nearest(&parameter.name, tensors.iter().map(|(name, _)| name.as_str()));
            let nearest = near.map(str::to_owned);
            return Err(RuntimeError::MissingWeight { name: parameter.name.clone(), nearest });
        };
        // Also holds the bytes to the shape.
        let view = TensorView::of(tensor)?;
        hold(parameter, &view)?;
        arranged.push(view);
    }
    for (name, _) in tensors {
        if !module.parameters.iter().any(|parameter| parameter.name == *name) {
            let near = nearest(name, module.parameters.iter().map(|parameter| parameter.name.as_str()));
            let nearest = near.map(str::to_owned);
            return Err(RuntimeError::UnexpectedWeight { name: name.clone(), nearest });
        }
    }
    Ok(arranged)
}

/// A tensor is of its parameter's type.
pub(crate) fn hold(parameter: &Parameter, tensor: &TensorView<'_>) -> Result<(), RuntimeError> {
    let shape: Option<Vec<usize>> = parameter
        .ty
        .shape
        .iter()
        .map(|size| size.as_constant().and_then(|n| usize::try_from(n).ok()))
        .collect();
    if parameter.ty.dtype == tensor.dtype && shape.as_deref() == Some(tensor.shape) {
        return Ok(());
    }
    let expected = found_type(parameter.ty.dtype, &shape.unwrap_or_default());
    let found = found_type(tensor.dtype, tensor.shape);
    let name = parameter.name.clone();
    Err(if parameter.ty.dtype == tensor.dtype {
        RuntimeError::WeightShape { name, expected, found }
    } else {
        RuntimeError::WeightDtype { name, expected, found }
    })
}
