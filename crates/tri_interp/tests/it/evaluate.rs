//! Evaluates a few ops on given tensors: builds the module, verifies it, interprets it.

use tri_interp::{InterpError, Interpreter};
use tri_ir::{
    DType, Dim, Function, FunctionBuilder, FunctionId, Module, Op, Scalar, TensorData, TensorType, Value,
    verify,
};

pub(crate) fn ty(dtype: DType, shape: &[usize]) -> TensorType {
    TensorType::new(dtype, shape.iter().map(|n| Dim::constant(*n as i64)).collect::<Vec<_>>())
}

pub(crate) fn module(functions: Vec<Function>) -> Module {
    Module { name: "test".to_owned(), functions, ..Module::default() }
}

/// Runs the last function, which has no symbols and no states.
pub(crate) fn run(functions: Vec<Function>, args: &[TensorData]) -> Result<Vec<TensorData>, InterpError> {
    let verified = verify(module(functions)).unwrap();
    let last = FunctionId(verified.functions.len() as u32 - 1);
    Interpreter::new(&verified).run_function(last, &[], args, &mut [])
}

/// Runs what `build` makes of the arguments.
pub(crate) fn try_evaluate(
    args: &[TensorData],
    build: impl FnOnce(&mut FunctionBuilder, &[Value]) -> Vec<Value>,
) -> Result<Vec<TensorData>, InterpError> {
    let mut builder = FunctionBuilder::new("main");
    let values: Vec<Value> = args.iter().map(|arg| builder.param(ty(arg.dtype, &arg.shape))).collect();
    let results = build(&mut builder, &values);
    run(vec![builder.finish(results)], args)
}

pub(crate) fn evaluate(
    args: &[TensorData],
    build: impl FnOnce(&mut FunctionBuilder, &[Value]) -> Vec<Value>,
) -> Vec<TensorData> {
    try_evaluate(args, build).unwrap()
}

/// Runs one op whose operands determine its results.
pub(crate) fn apply(op: Op, args: &[TensorData]) -> Vec<TensorData> {
    evaluate(args, |b, values| b.infer_push(op, values.to_vec()).unwrap())
}

/// Runs one op with a result of the type given.
pub(crate) fn apply_to(op: Op, args: &[TensorData], result: TensorType) -> TensorData {
    evaluate(args, |b, values| vec![b.push1(op, values.to_vec(), result)]).remove(0)
}

pub(crate) fn f32s(shape: &[usize], elements: &[f32]) -> TensorData {
    TensorData::from_f32(shape.to_vec(), elements).unwrap()
}

pub(crate) fn i32s(shape: &[usize], elements: &[i32]) -> TensorData {
    TensorData::from_i32(shape.to_vec(), elements).unwrap()
}

/// A tensor of an element type that has one byte.
pub(crate) fn bytes(dtype: DType, shape: &[usize], elements: &[i8]) -> TensorData {
    TensorData::new(dtype, shape.to_vec(), elements.iter().map(|x| *x as u8).collect()).unwrap()
}

pub(crate) fn f32_constant(b: &mut FunctionBuilder, value: f32, like: Value) -> Value {
    let ty = b.ty(like).with_dtype(DType::F32);
    b.push1(Op::Constant(Scalar::f32(value)), Vec::new(), ty)
}

pub(crate) fn same(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[track_caller]
pub(crate) fn assert_same(got: &TensorData, expected: &[f32]) {
    let got = got.to_f32().unwrap();
    assert_eq!(got.len(), expected.len());
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        assert!(same(*got, *expected), "element {i} is {got:?}, not {expected:?}");
    }
}

/// Pseudo-random numbers of tests.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    /// In -1..1.
    pub(crate) fn float(&mut self) -> f32 {
        self.next() as f32 / (1u32 << 30) as f32 - 1.0
    }

    pub(crate) fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.float()).collect()
    }

    pub(crate) fn trits(&mut self, count: usize) -> Vec<i8> {
        (0..count).map(|_| self.below(3) as i8 - 1).collect()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<i8> {
        (0..count).map(|_| self.next() as i8).collect()
    }
}
