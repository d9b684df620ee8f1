//! Attention with the bits of the interpreter: at sizes around a block of rows, on one thread and several, with rows that see nothing.

use tri_interp::Interpreter;
use tri_ir::{DType, FunctionId, TensorData, verify};
use tri_kernel_ir::{Attention, Fusion, Module, StepKind, schedule};

use crate::build::{Noise, assert_same_f32, to_f32};
use crate::machine::{Call, compile_all, run_all};

const TEXT: &str = include_str!("../../../tri_kernel_ir/tests/modules/attention.tir");

/// Arguments of a function where its symbol is `t`: numbers near 1, or any at all; masks, and where a sequence begins.
fn arguments(module: &tri_ir::Module, id: usize, t: usize, case: u64) -> Vec<TensorData> {
    let function = &module.functions[id];
    let mut noise = Noise(100 * t as u64 + case);
    let argument = |value: &tri_ir::Value| {
        let ty = function.ty(*value);
        let shape: Vec<usize> =
            ty.shape.iter().map(|dim| dim.evaluate(&mut |_| Some(t as i64)).unwrap() as usize).collect();
        let count = shape.iter().product();
        let small = |noise: &mut Noise| noise.f32s(count).iter().map(|x| x / 64.0).collect::<Vec<f32>>();
        let bytes = match ty.dtype {
            // All, none, some.
            DType::Bool => {
                (0..count).map(|_| [1, 0, (noise.next() >> 40) as u8 & 1][case as usize % 3]).collect()
            }
            DType::I32 => [2i32, -1, -3, 1000][case as usize % 4].to_le_bytes().to_vec(),
            DType::Bf16 => {
                small(&mut noise).iter().flat_map(|x| ((x.to_bits() >> 16) as u16).to_le_bytes()).collect()
            }
            _ => {
                let numbers = if case == 3 { noise.any_f32s(count) } else { small(&mut noise) };
                numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
            }
        };
        TensorData::new(ty.dtype, shape, bytes).unwrap()
    };
    function.params.iter().map(argument).collect()
}

fn is_attention(kernels: &Module, id: usize) -> bool {
    kernels.schedules[id].steps.iter().any(|step| matches!(step.kind, StepKind::Attention(_)))
}

#[test]
fn attention_has_the_bits_of_the_interpreter() {
    let module = verify(tri_ir::parse(TEXT).unwrap()).unwrap();
    let interpreter = Interpreter::new(&module);
    let kernels = [Fusion::None, Fusion::Full].map(|fusion| schedule(&module, fusion).unwrap());
    assert_eq!((0..6).filter(|id| is_attention(&kernels[1], *id)).count(), 4);
    let kernels = kernels.map(|kernels| (compile_all(&kernels), kernels));
    for (t, threads) in [(0, 1), (1, 2), (2, 1), (17, 3), (63, 2), (64, 40), (65, 1), (130, 3), (200, 40)] {
        for (id, function) in module.functions.iter().enumerate() {
            for case in 0..4 {
                let data = arguments(&module, id, t, case);
                let expected =
                    interpreter.run_function(FunctionId(id as u32), &[t as i64], &data, &mut []).unwrap();
                let params: Vec<&[u8]> = data.iter().map(|data| data.bytes.as_slice()).collect();
                for (codes, kernels) in &kernels {
                    let call = Call { symbols: &[t as i64], params: &params, states: Vec::new(), threads };
                    let outcome = run_all(kernels, codes, id as u32, &call);
                    assert_eq!(outcome.failure, None);
                    for (found, expected) in outcome.results.iter().zip(&expected) {
                        let what = format!("{}, t = {t}, case {case}", function.name);
                        assert_same_f32(&to_f32(found), &expected.to_f32().unwrap(), &what);
                    }
                }
            }
        }
    }
}

#[test]
fn lanes_share_large_attention_and_one_has_what_is_small() {
    let module = verify(tri_ir::parse(TEXT).unwrap()).unwrap();
    let kernels = schedule(&module, Fusion::Full).unwrap();
    let codes = compile_all(&kernels);
    // Two batches of three heads, and blocks of rows; `backwards` runs a range for each unit that it is given.
    for (t, threads, is_shared) in [(8, 4, false), (300, 1, false), (300, 4, true), (300, 100, true)] {
        let data = arguments(&module, 0, t, 0);
        let params: Vec<&[u8]> = data.iter().map(|data| data.bytes.as_slice()).collect();
        let call = Call { symbols: &[t as i64], params: &params, states: Vec::new(), threads };
        let outcome = run_all(&kernels, &codes, 0, &call);
        assert!(outcome.ranges <= Attention::LANES as usize + 64, "{} ranges", outcome.ranges);
        assert_eq!(outcome.ranges > 1, is_shared, "t = {t}: {} ranges", outcome.ranges);
    }
}
