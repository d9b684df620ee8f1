//! Golden calls: the interpreter's answers, asked of this machine again.

use tri_artifact::{Callee, Golden};
use tri_ir::{DType, TensorData};

use crate::session::Device;
use crate::{Model, RuntimeError, TensorView};

/// Repeats every call; gives their number.
pub(crate) fn verify(model: &Model, golden: &Golden) -> Result<usize, RuntimeError> {
    for call in &golden.calls {
        let (name, results) = match &call.callee {
            Callee::Entry(name) => {
                let mut session = model.session(Device::cpu().threads(1))?;
                let inputs: Vec<TensorView<'_>> =
                    call.inputs.iter().map(TensorView::of).collect::<Result<_, _>>()?;
                (name, session.call(name, &inputs)?.iter().map(crate::Tensor::to_data).collect::<Vec<_>>())
            }
            Callee::Test(name) => (name, vec![test_result(model, name)?]),
        };
        if results.len() != call.outputs.len() {
            return Err(RuntimeError::GoldenShape { callee: name.clone() });
        }
        for (output, (found, expected)) in results.iter().zip(&call.outputs).enumerate() {
            if found.dtype != expected.dtype || found.shape != expected.shape {
                return Err(RuntimeError::GoldenShape { callee: name.clone() });
            }
            if let Some(element) = first_difference(found, expected) {
                return Err(RuntimeError::Golden { callee: name.clone(), output, element });
            }
        }
    }
    Ok(golden.calls.len())
}

/// The checks of a test as one `bool` tensor.
fn test_result(model: &Model, name: &str) -> Result<TensorData, RuntimeError> {
    let at = model.module().tests.iter().position(|test| test.name == name);
    let at = at.ok_or_else(|| RuntimeError::GoldenShape { callee: name.to_owned() })?;
    let model = model.bind_initial()?;
    let checks = model.session(Device::cpu().threads(1))?.run_test(at)?;
    let bytes: Vec<u8> = checks.iter().map(|check| u8::from(*check)).collect();
    Ok(TensorData { dtype: DType::Bool, shape: vec![bytes.len()], bytes })
}

/// The first element whose bits differ, unless both are NaN.
fn first_difference(found: &TensorData, expected: &TensorData) -> Option<usize> {
    let width = found.dtype.bytes();
    let pairs = found.bytes.chunks(width).zip(expected.bytes.chunks(width));
    pairs
        .enumerate()
        .find(|(_, (a, b))| a != b && !(is_nan(found.dtype, a) && is_nan(found.dtype, b)))
        .map(|(at, _)| at)
}

fn is_nan(dtype: DType, bytes: &[u8]) -> bool {
    let bits = bytes.iter().rev().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
    match dtype {
        DType::F32 => f32::from_bits(bits).is_nan(),
        DType::Bf16 => bits & 0x7fff > 0x7f80,
        DType::F16 => bits & 0x7fff > 0x7c00,
        _ => false,
    }
}
