//! Short ways to write kernel IR down.

use tri_ir::{DType, Dim, Encoding, Symbol, SymbolInfo};
use tri_kernel_ir::{
    Access, Buffer, BufferId, Expr, ExprId, Index, Module, Nest, Place, Schedule, Slot, Stage, Step,
    StepKind, Store,
};

use crate::machine::{Call, Outcome, run};

pub(crate) fn n() -> Dim {
    Dim::var(Symbol(0))
}

pub(crate) fn dim(n: i64) -> Dim {
    Dim::constant(n)
}

pub(crate) fn symbol(name: &str) -> SymbolInfo {
    SymbolInfo { name: name.to_owned(), min: 0, max: None, bound_inside: false }
}

pub(crate) fn buffer(dtype: DType, shape: Vec<Dim>, place: Place) -> Buffer {
    Buffer { dtype, shape: shape.into(), encoding: Encoding::Plain, place }
}

/// `buffer[sum of index * stride]`.
pub(crate) fn access(buffer: u32, strides: &[(u32, Dim)]) -> Access {
    let strides = strides.iter().map(|(index, stride)| (Index(*index), stride.clone())).collect();
    Access { buffer: BufferId(buffer), offset: dim(0), strides }
}

/// Expressions in order.
#[derive(Default)]
pub(crate) struct Exprs(pub Vec<Expr>);

impl Exprs {
    pub(crate) fn add(&mut self, expr: Expr) -> ExprId {
        self.0.push(expr);
        ExprId(self.0.len() as u32 - 1)
    }
}

pub(crate) fn store(to: Access, value: ExprId) -> Store {
    Store { to, value }
}

pub(crate) fn nest(axes: Vec<Dim>, exprs: Exprs, stages: Vec<Stage>) -> StepKind {
    StepKind::Nest(Nest { name: "test".to_owned(), axes, exprs: exprs.0, stages })
}

/// A schedule of one symbol whose buffers say by their places what they are.
pub(crate) fn schedule(buffers: Vec<Buffer>, slots: Vec<Slot>, steps: Vec<StepKind>) -> Schedule {
    let of = |is: fn(Place) -> bool| -> Vec<BufferId> {
        let ids = buffers.iter().enumerate().filter(|(_, buffer)| is(buffer.place));
        ids.map(|(id, _)| BufferId(id as u32)).collect()
    };
    Schedule {
        name: "test".to_owned(),
        symbols: vec![symbol("n")],
        params: of(|place| matches!(place, Place::Param(_))),
        results: of(|place| matches!(place, Place::Result(_))),
        states: of(|place| matches!(place, Place::State(_))),
        slots,
        steps: steps.into_iter().map(|kind| Step { kind, origin: None }).collect(),
        repeats: Vec::new(),
        siblings: Vec::new(),
        buffers,
    }
}

pub(crate) fn module(schedule: Schedule) -> Module {
    Module { schedules: vec![schedule] }
}

/// Applies an expression of `E[n]` parameters to each element, in a nest that is one map over `n`.
pub(crate) fn elementwise(
    params: &[(DType, &[u8])],
    count: usize,
    result: DType,
    build: impl FnOnce(&mut Exprs, &[ExprId]) -> ExprId,
) -> Vec<u8> {
    let mut exprs = Exprs::default();
    let mut buffers = Vec::new();
    let mut loads = Vec::new();
    for (index, (dtype, _)) in params.iter().enumerate() {
        buffers.push(buffer(*dtype, vec![n()], Place::Param(index as u32)));
        loads.push(exprs.add(Expr::Load(access(index as u32, &[(0, dim(1))]))));
    }
    buffers.push(buffer(result, vec![n()], Place::Result(0)));
    let value = build(&mut exprs, &loads);
    let stores = vec![store(access(params.len() as u32, &[(0, dim(1))]), value)];
    let step = nest(Vec::new(), exprs, vec![Stage::Map { axes: vec![n()], stores }]);
    let params: Vec<&[u8]> = params.iter().map(|(_, bytes)| *bytes).collect();
    one_result(&module(schedule(buffers, Vec::new(), vec![step])), count as i64, &params)
}

/// Calls schedule 0 without states and gives its result.
pub(crate) fn one_result(module: &Module, n: i64, params: &[&[u8]]) -> Vec<u8> {
    let mut outcome = call(module, n, params);
    assert_eq!(outcome.failure, None);
    outcome.results.remove(0)
}

pub(crate) fn call(module: &Module, n: i64, params: &[&[u8]]) -> Outcome {
    run(module, 0, &Call { symbols: &[n], params, states: Vec::new(), threads: 2 })
}

pub(crate) fn bytes_of<T: Copy, const N: usize>(values: &[T], to: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|value| to(*value)).collect()
}

pub(crate) fn f32_bytes(values: &[f32]) -> Vec<u8> {
    bytes_of(values, f32::to_le_bytes)
}

pub(crate) fn i32_bytes(values: &[i32]) -> Vec<u8> {
    bytes_of(values, i32::to_le_bytes)
}

pub(crate) fn to_f32(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

pub(crate) fn to_i32(bytes: &[u8]) -> Vec<i32> {
    bytes.as_chunks::<4>().0.iter().map(|b| i32::from_le_bytes(*b)).collect()
}

/// Equal bits, or both NaN.
#[track_caller]
pub(crate) fn assert_same_f32(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let same = found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan());
        assert!(same, "{what}, element {i}: {found:e} instead of {expected:e}");
    }
}

/// Numbers that look random.
pub(crate) struct Noise(pub u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Small numbers of either sign.
    pub(crate) fn f32s(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| (self.next() >> 40) as f32 / 65536.0 - 128.0).collect()
    }

    /// Every exponent and sign, infinities and NaN.
    pub(crate) fn any_f32s(&mut self, count: usize) -> Vec<f32> {
        let special = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            1.5,
            2.5,
            -0.5,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
            f32::MAX,
            f32::MIN,
            f32::MIN_POSITIVE,
            1e-45,
            -1e-45,
            16_777_216.0,
            2_147_483_648.0,
            -2_147_483_648.0,
            9.3e18,
            127.5,
            -128.5,
            255.5,
            65504.0,
            65519.9,
            65520.0,
            5.96e-8,
            2.98e-8,
            88.7,
            -103.9,
            3.0,
            -3.0,
        ];
        let mut values = special.to_vec();
        while values.len() < count {
            let bits = self.next();
            values.push(if bits >> 63 == 0 {
                f32::from_bits(bits as u32)
            } else {
                (bits as i32) as f32 / 1e8
            });
        }
        values.truncate(count);
        values
    }
}
