//! Every case of tests/data/numerics and tests/data/extra/numerics, by the compare rule that the case states.

use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use serde_json::Value as Json;
use tri_ir::{BinaryOp, DType, FunctionBuilder, Op, Quantizer, ReduceOp, Scalar, TensorData, UnaryOp, Value};

use crate::evaluate::{apply, apply_to, evaluate, f32_constant, f32s};

/// A file of tensors.
struct Pack(Vec<u8>);

impl Pack {
    fn open(name: &str) -> Pack {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
        Pack(std::fs::read(data.join(name)).unwrap())
    }

    /// The tensor as it is stored; U32 tensors are f32 bit patterns.
    fn get(&self, name: &str) -> Expected {
        let pack = SafeTensors::deserialize(&self.0).unwrap();
        let view = pack.tensor(name).unwrap_or_else(|_| panic!("no tensor {name}"));
        let bytes = view.data().to_vec();
        let dtype = match view.dtype() {
            Dtype::U32 | Dtype::F32 => DType::F32,
            Dtype::I8 => DType::I8,
            Dtype::U8 => DType::U8,
            Dtype::I32 => DType::I32,
            Dtype::I64 => DType::I64,
            Dtype::U16 if name.ends_with("bf16") => DType::Bf16,
            Dtype::U16 => DType::F16,
            Dtype::F64 => {
                return Expected::Exact(
                    bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
                );
            }
            other => panic!("{name} is {other:?}"),
        };
        Expected::Data(TensorData::new(dtype, view.shape().to_vec(), bytes).unwrap())
    }

    fn data(&self, name: &str) -> TensorData {
        match self.get(name) {
            Expected::Data(data) => data,
            Expected::Exact(_) => panic!("{name} is f64"),
        }
    }
}

enum Expected {
    Data(TensorData),
    /// f64 values that f32 results are near.
    Exact(Vec<f64>),
}

/// The same bytes as trits.
fn trits(data: TensorData) -> TensorData {
    TensorData::new(DType::Trit, data.shape, data.bytes).unwrap()
}

/// Trits as the packs store them.
fn as_i8(data: TensorData) -> TensorData {
    if data.dtype == DType::Trit { TensorData::new(DType::I8, data.shape, data.bytes).unwrap() } else { data }
}

/// Bit for bit; any NaN equals any NaN.
fn assert_bits(got: &TensorData, expected: &TensorData, what: &str) {
    assert_eq!((got.dtype, got.len()), (expected.dtype, expected.len()), "{what}");
    let width = got.dtype.bytes();
    for (i, (g, e)) in got.bytes.chunks(width).zip(expected.bytes.chunks(width)).enumerate() {
        assert!(
            g == e || (is_nan(got.dtype, g) && is_nan(got.dtype, e)),
            "{what}[{i}]: {g:02x?}, not {e:02x?}"
        );
    }
}

fn is_nan(dtype: DType, bytes: &[u8]) -> bool {
    let bits = bytes.iter().rev().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    match dtype {
        DType::F32 => f32::from_bits(bits as u32).is_nan(),
        DType::F16 => bits & 0x7fff > 0x7c00,
        DType::Bf16 => bits & 0x7fff > 0x7f80,
        _ => false,
    }
}

fn assert_ulps(got: &TensorData, exact: &[f64], limit: f64, what: &str) {
    let got = got.to_f32().unwrap();
    assert_eq!(got.len(), exact.len());
    for (got, exact) in got.into_iter().zip(exact) {
        if (*exact as f32).is_infinite() {
            assert_eq!(got, *exact as f32, "{what}");
            continue;
        }
        let exponent = ((exact.abs().to_bits() >> 52) as i32 - 1023).max(-126);
        let ulps = (f64::from(got) - exact).abs() / 2f64.powi(exponent - 23);
        assert!(ulps <= limit, "{what}: {got:?} is {ulps} ulp from {exact:?}");
    }
}

/// A softmax against f64. Rule 8 rounds `x - max` to f32, which alone moves an entry by up to `2^-24 |x - max|`; the case's
/// 1e-6 leaves that out, so it is added. Masked entries are exactly 0.
fn assert_softmax(got: &TensorData, x: &TensorData, exact: &[f64], what: &str) {
    let (got, x, row) = (got.to_f32().unwrap(), x.to_f32().unwrap(), x.shape[1]);
    for (i, (got, exact)) in got.iter().zip(exact).enumerate() {
        let max = x[i / row * row..(i / row + 1) * row].iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let distance = f64::from(max) - f64::from(x[i]);
        let limit = 1e-6 + if distance.is_finite() { distance * 2f64.powi(-24) } else { 0.0 };
        let error = (f64::from(*got) - exact).abs();
        assert!(error <= limit * exact.abs(), "{what}[{i}]: {got:?}, not {exact:?}");
        assert!(*exact != 0.0 || *got == 0.0, "{what}[{i}]: {got:?} where nothing may be");
    }
}

/// Sums, means and the like over the last axis.
fn reduced(x: &TensorData) -> Vec<(&'static str, TensorData)> {
    let axis = x.shape.len() as u32 - 1;
    let over = |op| Op::Reduce { op, axes: vec![axis] };
    let results = evaluate(std::slice::from_ref(x), |b, values| {
        let sum = b.infer_push1(over(ReduceOp::Sum), values.to_vec()).unwrap();
        let max = b.infer_push1(over(ReduceOp::Max), values.to_vec()).unwrap();
        let min = b.infer_push1(over(ReduceOp::Min), values.to_vec()).unwrap();
        let argmax = b.infer_push1(Op::ArgMax { axis }, values.to_vec()).unwrap();
        let (mean, variance) = moments(b, values[0], axis, *x.shape.last().unwrap() as f32);
        vec![sum, mean, variance, max, min, argmax]
    });
    ["sum", "mean", "variance", "max", "min", "argmax"].into_iter().zip(results).collect()
}

/// mean = sum / n; variance = mean of squared differences from the mean.
fn moments(b: &mut FunctionBuilder, x: Value, axis: u32, n: f32) -> (Value, Value) {
    let mean_of = |b: &mut FunctionBuilder, x: Value| {
        let sum = b.infer_push1(Op::Reduce { op: ReduceOp::Sum, axes: vec![axis] }, vec![x]).unwrap();
        let n = f32_constant(b, n, sum);
        b.infer_push1(Op::Binary(BinaryOp::Div), vec![sum, n]).unwrap()
    };
    let mean = mean_of(b, x);
    let column = b.ty(mean);
    let column = column.with_shape([&*column.shape, &[1.into()]].concat());
    let full = b.ty(x).clone();
    let column = b.push1(Op::Reshape, vec![mean], column);
    let repeated = b.push1(Op::Broadcast, vec![column], full);
    let difference = b.infer_push1(Op::Binary(BinaryOp::Sub), vec![x, repeated]).unwrap();
    let square = b.infer_push1(Op::Binary(BinaryOp::Mul), vec![difference, difference]).unwrap();
    (mean, mean_of(b, square))
}

/// Results for the prefixes of x that `lengths` names, as one tensor for each output.
fn prefixes(x: &TensorData, lengths: &TensorData) -> Vec<(&'static str, TensorData)> {
    let x = x.to_f32().unwrap();
    let mut outputs: Vec<(&'static str, Vec<f32>)> = Vec::new();
    for n in lengths.to_i32().unwrap() {
        let results = reduced(&f32s(&[n as usize], &x[..n as usize]));
        outputs.resize(5, ("", Vec::new()));
        for ((name, all), (of, one)) in outputs.iter_mut().zip(results.into_iter().take(5)) {
            *name = of;
            all.extend(one.to_f32().unwrap());
        }
    }
    outputs.into_iter().map(|(name, all)| (name, f32s(&[all.len()], &all))).collect()
}

fn quantized(quantizer: Quantizer, x: TensorData) -> Vec<TensorData> {
    apply(Op::Quantize(quantizer), &[x]).into_iter().map(as_i8).collect()
}

/// What the case asks for, under the names of its outputs.
fn results(name: &str, pack: &Pack) -> Vec<(&'static str, TensorData)> {
    let input = |input: &str| pack.data(&format!("{name}.{input}"));
    let digits = |quantizer, x: &str, outputs: &[&'static str]| {
        outputs.iter().copied().zip(quantized(quantizer, input(x))).collect::<Vec<_>>()
    };
    let (t, q) = (["t", "scale"], ["q", "scale"]);
    let base = name.strip_suffix("_special").unwrap_or(name);
    if base == "pow" {
        return vec![("y", apply(Op::Binary(BinaryOp::Pow), &[input("x"), input("p")]).remove(0))];
    }
    if let Some(op) = UnaryOp::from_name(base) {
        return vec![("y", apply(Op::Unary(op), &[input("x")]).remove(0))];
    }
    let cast = |to: DType| apply_to(Op::Cast, &[input("x")], crate::evaluate::ty(to, &input("x").shape));
    match name {
        "prefix" => prefixes(&input("x"), &input("lengths")),
        "odd_rows" | "argmax" => reduced(&input("x")),
        "softmax" | "softmax_exact" => vec![("y", apply(Op::Softmax { axis: 1 }, &[input("x")]).remove(0))],
        "ternarize_rows" => digits(Quantizer::TernarizeRows, "w", &t),
        "ternarize_groups8" => digits(Quantizer::TernarizeGroups { group: 8 }, "w", &t),
        "ternarize_twn" => digits(Quantizer::TernarizeTwn, "w", &t),
        "ternarize_at" => digits(Quantizer::TernarizeAt { threshold: Scalar::f32(0.3) }, "w", &t),
        "float_to_int" => [("i8", DType::I8), ("u8", DType::U8), ("i32", DType::I32), ("i64", DType::I64)]
            .map(|(name, to)| (name, cast(to)))
            .into(),
        "f32_to_small_floats" => vec![("bf16", cast(DType::Bf16)), ("f16", cast(DType::F16))],
        "i32_to_f32" => vec![("y", cast(DType::F32))],
        _ if name.starts_with("quantize_rows") => digits(Quantizer::QuantizeRows, "x", &q),
        _ if name.starts_with("ternarize_tensor_") => digits(Quantizer::TernarizeTensor, "w", &t),
        _ if name.starts_with("matmul_k") => {
            let by = |a: TensorData, b: TensorData| {
                apply(Op::Contract { batch: vec![], contract: vec![(1, 1)] }, &[a, b]).remove(0)
            };
            vec![
                ("f32_f32", by(input("a"), input("b"))),
                ("f32_trit", by(input("a"), trits(input("t")))),
                ("i8_trit", by(input("q"), trits(input("t")))),
                ("i8_i8", by(input("q"), input("r"))),
            ]
        }
        _ => panic!("no handler for case {name}"),
    }
}

#[test]
fn every_extra_case_holds() {
    let pack = Pack::open("extra/numerics/cases.safetensors");
    let text = Pack::open("extra/numerics/cases.json").0;
    let cases: Vec<Json> = serde_json::from_slice(&text).unwrap();
    assert!(cases.len() >= 46);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let got = results(name, &pack);
        for output in case["outputs"].as_array().unwrap() {
            let output = output.as_str().unwrap();
            let what = format!("{name}.{output}");
            let (_, got) =
                got.iter().find(|(name, _)| *name == output).unwrap_or_else(|| panic!("no {what}"));
            let compare = case["compare"].as_str().unwrap();
            match (compare, pack.get(&what)) {
                (rule, Expected::Data(expected)) if rule.starts_with("bits") || rule == "equal" => {
                    assert_bits(got, &expected, &what);
                }
                ("within 2 ulp of f32", Expected::Exact(exact)) => assert_ulps(got, &exact, 2.0, &what),
                (rule, Expected::Exact(exact)) if rule.starts_with("relative 1e-6 of y (f64); masked") => {
                    assert_softmax(got, &pack.data("softmax.x"), &exact, &what);
                }
                (rule, _) => panic!("{name}: no way to compare by `{rule}`"),
            }
        }
    }
}

#[test]
fn reductions_and_contractions_of_the_first_pack_hold() {
    let pack = Pack::open("numerics/cases.safetensors");
    for n in (1..=70).chain([1000, 65_537]) {
        let x = pack.data(&format!("reduce.{n}.x"));
        for (name, got) in reduced(&x).into_iter().take(2) {
            assert_bits(&got, &pack.data(&format!("reduce.{n}.{name}")), &format!("reduce.{n}.{name}"));
        }
    }
    let by =
        |contract, a, b| apply(Op::Contract { batch: vec![], contract: vec![contract] }, &[a, b]).remove(0);
    let got = by((1, 0), pack.data("matmul.a"), pack.data("matmul.b"));
    assert_bits(&got, &pack.data("matmul.y"), "matmul.y");
    let got = by((1, 1), pack.data("f32_trit.a"), trits(pack.data("f32_trit.t")));
    assert_bits(&got, &pack.data("f32_trit.y"), "f32_trit.y");
}

#[test]
fn quantisers_and_casts_of_the_first_pack_hold() {
    let pack = Pack::open("numerics/cases.safetensors");
    let check = |quantizer, x: &str, outputs: [&str; 2]| {
        for (got, output) in quantized(quantizer, pack.data(x)).iter().zip(outputs) {
            assert_bits(got, &pack.data(output), output);
        }
    };
    check(Quantizer::QuantizeRows, "quantize_rows.x", ["quantize_rows.q", "quantize_rows.scale"]);
    let w = "ternarize.w";
    check(Quantizer::TernarizeRows, w, ["ternarize.rows.t", "ternarize.rows.scale"]);
    check(Quantizer::TernarizeTensor, w, ["ternarize.tensor.t", "ternarize.tensor.scale"]);
    check(Quantizer::TernarizeTwn, w, ["ternarize.twn.t", "ternarize.twn.scale"]);
    check(Quantizer::TernarizeGroups { group: 8 }, w, ["ternarize.groups8.t", "ternarize.groups8.scale"]);
    let x = pack.data("cast.x");
    for (to, name) in [(DType::I8, "cast.i8"), (DType::I32, "cast.i32")] {
        let got = apply_to(Op::Cast, std::slice::from_ref(&x), crate::evaluate::ty(to, &x.shape));
        assert_bits(&got, &pack.data(name), name);
    }
}
