//! Siblings: several contractions as one region.

use tri_interp::Interpreter;
use tri_ir::{DType, FunctionId, TensorData, verify};
use tri_kernel_ir::{Fusion, schedule};

use crate::build::{Noise, assert_same_f32, to_f32};
use crate::machine::{Call, compile_all, run_all};

const TEXT: &str = include_str!("../../../tri_kernel_ir/tests/modules/siblings.tir");

/// Arguments of a function where its symbol is `t`: numbers near 1, or any at all.
fn arguments(module: &tri_ir::Module, id: usize, t: usize, is_any: bool) -> Vec<TensorData> {
    let function = &module.functions[id];
    let mut noise = Noise(10 * t as u64 + u64::from(is_any));
    let argument = |value: &tri_ir::Value| {
        let ty = function.ty(*value);
        let shape: Vec<usize> =
            ty.shape.iter().map(|dim| dim.evaluate(&mut |_| Some(t as i64)).unwrap() as usize).collect();
        let count = shape.iter().product();
        let bytes = match ty.dtype {
            DType::I8 => (0..count).map(|_| (noise.next() >> 40) as u8).collect(),
            DType::Trit => (0..count).map(|_| [0, 1, 0xff][(noise.next() >> 40) as usize % 3]).collect(),
            _ if is_any => noise.any_f32s(count).iter().flat_map(|x| x.to_le_bytes()).collect(),
            _ => noise.f32s(count).iter().flat_map(|x| (x / 64.0).to_le_bytes()).collect(),
        };
        TensorData::new(ty.dtype, shape, bytes).unwrap()
    };
    function.params.iter().map(argument).collect()
}

#[test]
fn siblings_have_the_bits_of_the_interpreter() {
    let module = verify(tri_ir::parse(TEXT).unwrap()).unwrap();
    let interpreter = Interpreter::new(&module);
    let kernels = schedule(&module, Fusion::Siblings).unwrap();
    let codes = compile_all(&kernels);
    for (t, threads) in [(0, 1), (1, 2), (3, 1), (22, 3), (65, 2)] {
        for (id, function) in module.functions.iter().enumerate() {
            for is_any in [false, true] {
                let sizes = vec![t as i64; function.symbols.len()];
                let data = arguments(&module, id, t, is_any);
                let expected =
                    interpreter.run_function(FunctionId(id as u32), &sizes, &data, &mut []).unwrap();
                let params: Vec<&[u8]> = data.iter().map(|data| data.bytes.as_slice()).collect();
                let call = Call { symbols: &sizes, params: &params, states: Vec::new(), threads };
                let outcome = run_all(&kernels, &codes, id as u32, &call);
                assert_eq!(outcome.failure, None);
                assert_eq!(outcome.results.len(), expected.len());
                for (found, expected) in outcome.results.iter().zip(&expected) {
                    let what = format!("{}, t = {t}", function.name);
                    if expected.dtype == DType::F32 {
                        assert_same_f32(&to_f32(found), &expected.to_f32().unwrap(), &what);
                    } else {
                        assert_eq!(*found, expected.bytes, "{what}");
                    }
                }
            }
        }
    }
}
