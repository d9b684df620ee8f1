//! Weights by name: the tensors of a checkpoint, put into the order in which a module lists its parameters.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use tri_import::TensorSlice;
use tri_ir::{DType, Module, Parameter, TensorData};

use crate::{Checkpoint, DriverError, nearest};

/// Most names that a message lists.
const LISTED: usize = 10;

/// How a checkpoint does not fit a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeightsError {
    /// The checkpoint.
    pub file: String,
    /// Parameters that it lacks, with a tensor that nobody asked for and whose name is close.
    pub missing: Vec<(String, Option<String>)>,
    /// Tensors that are no parameter of the model.
    pub unexpected: Vec<String>,
    /// Parameters of another dtype or shape.
    pub unfitting: Vec<Unfitting>,
}

/// A parameter whose tensor is of another type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfitting {
    /// The parameter.
    pub name: String,
    /// Its type.
    pub expected: String,
    /// The tensor's.
    pub found: String,
    /// In what they differ.
    pub differs: Differs,
}

/// In what the types of a parameter and its tensor differ first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differs {
    /// The element types.
    Dtype,
    /// The shapes.
    Shape,
    /// The elements are not all of the parameter's type.
    Elements,
}

impl WeightsError {
    /// The stable code of the first mistake listed, a page of `docs/diagnostics`.
    pub fn code(&self) -> &'static str {
        let differs = self.unfitting.first().map(|unfitting| unfitting.differs);
        match differs {
            Some(Differs::Dtype) => "E4022",
            Some(Differs::Shape) => "E4023",
            Some(Differs::Elements) => "E4025",
            None if !self.missing.is_empty() => "E4021",
            None => "E4024",
        }
    }

    fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.unfitting.is_empty()
    }
}

impl std::error::Error for WeightsError {}

impl fmt::Display for WeightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not fit the model:", self.file)?;
        for Unfitting { name, expected, found, .. } in self.unfitting.iter().take(LISTED) {
            write!(f, "\n  `{name}` is {found}, but the model has {expected}")?;
        }
        for (name, near) in self.missing.iter().take(LISTED) {
            write!(f, "\n  `{name}` is missing")?;
            if let Some(near) = near {
                write!(f, "; did you mean it by `{near}`?")?;
            }
        }
        for name in self.unexpected.iter().take(LISTED) {
            write!(f, "\n  `{name}` is no parameter of the model")?;
        }
        let lists = [self.unfitting.len(), self.missing.len(), self.unexpected.len()];
        let more: usize = lists.into_iter().map(|length| length.saturating_sub(LISTED)).sum();
        if more > 0 { write!(f, "\n  and {more} more") } else { Ok(()) }
    }
}

/// The parameters of `module`, in its order, out of a safetensors file.
///
/// # Errors
/// The file is not valid, or does not fit the model.
pub fn read_weights(file: &Path, module: &Module) -> Result<Vec<TensorData>, DriverError> {
    Ok(Checkpoint::open(file, module)?.to_data())
}

/// The parameters of `module` in its order, out of the tensors of `file`.
///
/// # Errors
/// All that is missing, left over or of another type.
pub(crate) fn arrange<'a>(
    file: &str,
    module: &Module,
    tensors: Vec<(String, TensorSlice<'a>)>,
) -> Result<Vec<TensorSlice<'a>>, WeightsError> {
    let mut given: BTreeMap<String, TensorSlice<'a>> = tensors.into_iter().collect();
    let mut error = WeightsError { file: file.to_owned(), ..WeightsError::default() };
    let mut arranged = Vec::with_capacity(module.parameters.len());
    let mut missing = Vec::new();
    for parameter in &module.parameters {
        leave_batch_count(&parameter.name, &mut given);
        match given.remove(&parameter.name) {
            None => missing.push(&parameter.name),
            Some(tensor) => match fitted(parameter, tensor) {
                Ok(tensor) => arranged.push(tensor),
                Err(unfitting) => error.unfitting.push(unfitting),
            },
        }
    }
    let near = |name: &str| nearest(name, given.keys().map(String::as_str)).map(str::to_owned);
    error.missing = missing.into_iter().map(|name| (name.clone(), near(name))).collect();
    error.unexpected = given.into_keys().collect();
    if error.is_empty() { Ok(arranged) } else { Err(error) }
}

/// Leaves out PyTorch's count of the batches that a batch norm was trained on, beside the `mean` of the same layer: every
/// checkpoint with batch norms has it, and nothing that computes with the layer reads it.
fn leave_batch_count(mean: &str, given: &mut BTreeMap<String, TensorSlice<'_>>) {
    let Some(layer) = mean.strip_suffix("running_mean") else { return };
    let count = format!("{layer}num_batches_tracked");
    if given.get(&count).is_some_and(|tensor| tensor.dtype == DType::I64 && tensor.shape.is_empty()) {
        given.remove(&count);
    }
}

/// The tensor as the parameter's type. Checkpoints hold trits as i8.
fn fitted<'a>(parameter: &Parameter, mut tensor: TensorSlice<'a>) -> Result<TensorSlice<'a>, Unfitting> {
    let expected = &parameter.ty;
    let sizes: Option<Vec<usize>> =
        expected.shape.iter().map(|size| usize::try_from(size.as_constant()?).ok()).collect();
    let names: Vec<String> = expected
        .shape
        .iter()
        .map(|size| size.as_constant().map_or("?".to_owned(), |n| n.to_string()))
        .collect();
    let unfitting = |found: String, differs: Differs| {
        let expected = text(expected.dtype, &names);
        Unfitting { name: parameter.name.clone(), expected, found, differs }
    };
    // Whole blocks are looked at without asking where in them, which takes as long as reading them.
    let block_is_trits =
        |block: &[u8]| block.iter().fold(true, |all, byte| all & (byte.wrapping_add(1) <= 2));
    let is_trits = || tensor.bytes.chunks(4096).all(block_is_trits);
    if expected.dtype == DType::Trit && tensor.dtype == DType::I8 {
        if !is_trits() {
            let found = "i8 with elements beyond -1, 0 and 1".to_owned();
            return Err(unfitting(found, Differs::Elements));
        }
        tensor.dtype = DType::Trit;
    }
    if tensor.dtype == expected.dtype && sizes.as_ref() == Some(&tensor.shape) {
        return Ok(tensor);
    }
    let differs = if tensor.dtype == expected.dtype { Differs::Shape } else { Differs::Dtype };
    Err(unfitting(text(tensor.dtype, &tensor.shape), differs))
}

fn text<T: fmt::Display>(dtype: DType, shape: &[T]) -> String {
    let sizes: Vec<String> = shape.iter().map(T::to_string).collect();
    if sizes.is_empty() { dtype.name().to_owned() } else { format!("{}[{}]", dtype.name(), sizes.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module() -> Module {
        let parameter = |name: &str, dtype: DType, shape: &[i64]| Parameter {
            name: name.to_owned(),
            ty: tri_ir::TensorType {
                dtype,
                shape: shape.iter().map(|size| tri_ir::Dim::constant(*size)).collect(),
                encoding: tri_ir::Encoding::Plain,
            },
            kind: tri_ir::ParameterKind::Trained,
            init: tri_ir::FunctionId(0).into(),
        };
        let parameters = vec![
            parameter("first.weight", DType::F32, &[2, 2]),
            parameter("second.trits", DType::Trit, &[2]),
        ];
        Module { parameters, ..Module::default() }
    }

    const HALVES: [u8; 16] = [0, 0, 0, 63, 0, 0, 0, 63, 0, 0, 0, 63, 0, 0, 0, 63];

    fn floats(shape: &[usize]) -> TensorSlice<'static> {
        TensorSlice { dtype: DType::F32, shape: shape.to_vec(), bytes: &HALVES }
    }

    fn bytes(elements: &'static [u8]) -> TensorSlice<'static> {
        TensorSlice { dtype: DType::I8, shape: vec![elements.len()], bytes: elements }
    }

    #[test]
    fn tensors_come_in_the_order_of_the_module() {
        let given =
            vec![("second.trits".to_owned(), bytes(&[255, 1])), ("first.weight".to_owned(), floats(&[2, 2]))];
        let arranged = arrange("w", &module(), given).unwrap();
        assert_eq!(arranged[0], floats(&[2, 2]));
        assert_eq!((arranged[1].dtype, arranged[1].bytes), (DType::Trit, &[255, 1][..]));
    }

    #[test]
    fn everything_that_does_not_fit_is_told_at_once() {
        let given =
            vec![("first.weigth".to_owned(), floats(&[2, 2])), ("second.trits".to_owned(), bytes(&[255, 2]))];
        let error = arrange("w.safetensors", &module(), given).unwrap_err();
        assert_eq!(
            error.to_string(),
            "w.safetensors does not fit the model:\n  \
             `second.trits` is i8 with elements beyond -1, 0 and 1, but the model has trit[2]\n  \
             `first.weight` is missing; did you mean it by `first.weigth`?\n  \
             `first.weigth` is no parameter of the model"
        );
    }

    #[test]
    fn another_shape_is_not_taken_though_the_elements_are_as_many() {
        let given =
            vec![("first.weight".to_owned(), floats(&[4])), ("second.trits".to_owned(), bytes(&[0, 0]))];
        let error = arrange("w", &module(), given).unwrap_err();
        let expected = Unfitting {
            name: "first.weight".to_owned(),
            expected: "f32[2, 2]".to_owned(),
            found: "f32[4]".to_owned(),
            differs: Differs::Shape,
        };
        assert_eq!(error.unfitting, [expected]);
    }

    #[test]
    fn only_the_batch_count_of_a_batch_norm_is_left_out() {
        let mut module = module();
        module.parameters[0].name = "norm.running_mean".to_owned();
        let count =
            |shape: &[usize]| TensorSlice { dtype: DType::I64, shape: shape.to_vec(), bytes: &[0; 8] };
        let given = |name: &str, shape: &[usize]| {
            vec![
                ("norm.running_mean".to_owned(), floats(&[2, 2])),
                ("second.trits".to_owned(), bytes(&[0, 0])),
                (name.to_owned(), count(shape)),
            ]
        };
        assert!(arrange("w", &module, given("norm.num_batches_tracked", &[])).is_ok());
        for (name, shape) in [("norm.num_batches_tracked", &[1][..]), ("other.num_batches_tracked", &[])] {
            let error = arrange("w", &module, given(name, shape)).unwrap_err();
            assert_eq!(error.unexpected, [name]);
        }
    }
}
