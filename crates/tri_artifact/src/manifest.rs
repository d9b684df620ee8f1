//! The manifest: what a model looks like from outside, and where its weights are.

use serde::{Deserialize, Serialize};
use tri_ir::{Capture, DType, Dim, Encoding, Function, Module, TensorType};

use crate::ArtifactError;

/// Weights begin at multiples of this within their section.
const WEIGHT_ALIGNMENT: u64 = 64;

/// Contents of the manifest section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// How the artifact was made.
    pub build: Build,
    /// What it offers.
    pub interface: Interface,
}

/// How an artifact was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Name, version and build of the compiler.
    pub compiler: String,
    /// Version of the rules of `docs/numerics.md`.
    pub numerics: u32,
    /// blake3 of the source.
    pub source_hash: [u8; 32],
    /// Options that change the result, by name.
    pub options: Vec<(String, String)>,
}

/// What an artifact offers; follows from its module alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Name of the model.
    pub name: String,
    /// Entry points, in source order.
    pub entries: Vec<EntryInfo>,
    /// States of a session.
    pub states: Vec<TensorInfo>,
    /// Parameters and buffers, in checkpoint order.
    pub parameters: Vec<TensorInfo>,
    /// What the weights section holds, if there is one: bound values, then parameters that entries take as they are.
    pub weights: Vec<WeightInfo>,
}

/// An entry point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryInfo {
    /// As the model calls it.
    pub name: String,
    /// Sizes that arguments determine.
    pub dims: Vec<DimInfo>,
    /// Arguments.
    pub inputs: Vec<TensorInfo>,
    /// Results; their names are their positions.
    pub outputs: Vec<TensorInfo>,
}

/// A size that is known at run time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DimInfo {
    /// As the source calls it.
    pub name: String,
    /// Smallest value.
    pub min: i64,
    /// Largest value, if bounded.
    pub max: Option<i64>,
}

/// A tensor from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Layout in memory.
    pub encoding: Encoding,
    /// Axes, outermost first.
    pub shape: Vec<Axis>,
}

/// An axis of a tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Axis {
    /// As the source writes it: `B`, `Pixel`, `28`.
    pub name: String,
    /// Its size, if that is always the same.
    pub size: Option<u64>,
}

/// A tensor of the weights section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightInfo {
    /// What it is.
    pub tensor: TensorInfo,
    /// First byte within the section.
    pub offset: u64,
    /// Number of bytes.
    pub length: u64,
}

/// Bytes of a tensor of these sizes in an encoding; `None` if 64 bits cannot hold the number, or the encoding is not for
/// such tensors.
pub fn encoded_bytes(dtype: DType, encoding: Encoding, shape: &[u64]) -> Option<u64> {
    let product = |sizes: &[u64]| sizes.iter().try_fold(1u64, |n, size| n.checked_mul(*size));
    if encoding == Encoding::Plain {
        return product(shape)?.checked_mul(dtype.bytes() as u64);
    }
    let (row, rows) = shape.split_last().filter(|_| dtype == DType::Trit)?;
    let row_bytes = match encoding {
        Encoding::Plain => *row,
        Encoding::T2 => row.div_ceil(4),
        Encoding::T160 => row.div_ceil(5),
        Encoding::Planes => row.div_ceil(64).checked_mul(16)?,
    };
    product(rows)?.checked_mul(row_bytes)
}

impl Interface {
    /// The interface of a module that [`tri_ir::verify`] accepts.
    ///
    /// # Errors
    /// A weight whose size no file can hold.
    pub fn of(module: &Module) -> Result<Interface, ArtifactError> {
        let fixed = |name: &str, ty: &TensorType| {
            let shape = ty.shape.iter().map(|dim| {
                let size = size_of(dim);
                Axis { name: size.map_or_else(|| "?".to_owned(), |n| n.to_string()), size }
            });
            TensorInfo {
                name: name.to_owned(),
                dtype: ty.dtype,
                encoding: ty.encoding,
                shape: shape.collect(),
            }
        };
        let mut weights = Vec::new();
        let mut end = 0u64;
        for (name, ty) in stored(module) {
            let tensor = fixed(name, ty);
            let error = || ArtifactError::Size { name: name.to_owned() };
            let shape: Option<Vec<u64>> = ty.shape.iter().map(size_of).collect();
            let length = shape.and_then(|shape| encoded_bytes(ty.dtype, ty.encoding, &shape));
            let length = length.ok_or_else(error)?;
            let offset = end.checked_next_multiple_of(WEIGHT_ALIGNMENT).ok_or_else(error)?;
            end = offset.checked_add(length).ok_or_else(error)?;
            weights.push(WeightInfo { tensor, offset, length });
        }
        Ok(Interface {
            name: module.name.clone(),
            entries: module.entries.iter().map(|entry| entry_info(module, entry)).collect(),
            states: module.states.iter().map(|state| fixed(&state.name, &state.ty)).collect(),
            parameters: module
                .parameters
                .iter()
                .map(|parameter| fixed(&parameter.name, &parameter.ty))
                .collect(),
            weights,
        })
    }
}

fn size_of(dim: &Dim) -> Option<u64> {
    dim.as_constant().and_then(|size| u64::try_from(size).ok())
}

/// What a weights section holds.
fn stored(module: &Module) -> impl Iterator<Item = (&str, &TensorType)> {
    let bound = module.bound.iter().map(|bound| (bound.name.as_str(), &bound.ty));
    let mut taken = vec![false; module.parameters.len()];
    for capture in module.entries.iter().flat_map(|entry| &entry.captures) {
        if let Capture::Parameter(id) = capture {
            taken[id.index()] = true;
        }
    }
    let parameters = module.parameters.iter().zip(taken).filter(|(_, taken)| *taken);
    bound.chain(parameters.map(|(parameter, _)| (parameter.name.as_str(), &parameter.ty)))
}

fn entry_info(module: &Module, entry: &tri_ir::Entry) -> EntryInfo {
    let function: Option<&Function> = module.functions.get(entry.function.index());
    let symbols = function.map_or(&[][..], |function| &function.symbols);
    let dims = symbols.iter().filter(|symbol| !symbol.bound_inside);
    let tensor = |name: String, ty: &TensorType, axes: &[String]| TensorInfo {
        name,
        dtype: ty.dtype,
        encoding: ty.encoding,
        shape: ty
            .shape
            .iter()
            .zip(axes)
            .map(|(dim, name)| Axis { name: name.clone(), size: size_of(dim) })
            .collect(),
    };
    EntryInfo {
        name: entry.name.clone(),
        dims: dims
            .map(|symbol| DimInfo { name: symbol.name.clone(), min: symbol.min, max: symbol.max })
            .collect(),
        inputs: entry.inputs.iter().map(|input| tensor(input.name.clone(), &input.ty, &input.axes)).collect(),
        outputs: entry
            .outputs
            .iter()
            .enumerate()
            .map(|(index, output)| tensor(index.to_string(), &output.ty, &output.axes))
            .collect(),
    }
}
