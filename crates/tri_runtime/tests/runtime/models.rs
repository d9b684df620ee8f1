//! Small models, built by hand.

use tri_ir::{
    BinaryOp, Capture, DType, Dim, Entry, EntryInput, EntryOutput, Function, FunctionBuilder, FunctionId,
    Module, Op, Parameter, ParameterId, ParameterKind, Quantizer, Scalar, State, StateId, Symbol, SymbolInfo,
    TensorData, TensorType, UnaryOp, Value, Verified, verify,
};

/// Functions and entries of a module under construction.
#[derive(Default)]
pub(crate) struct ModelBuilder {
    module: Module,
}

pub(crate) fn ty(dtype: DType, shape: &[Dim]) -> TensorType {
    TensorType::new(dtype, shape.to_vec())
}

pub(crate) fn info(name: &str, min: i64, max: Option<i64>, bound_inside: bool) -> SymbolInfo {
    SymbolInfo { name: name.into(), min, max, bound_inside }
}

impl ModelBuilder {
    pub(crate) fn function(&mut self, function: Function) -> FunctionId {
        self.module.functions.push(function);
        FunctionId(self.module.functions.len() as u32 - 1)
    }

    /// A function of nothing that gives zeros.
    fn zeros(&mut self, name: &str, ty: &TensorType) -> FunctionId {
        let mut init = FunctionBuilder::new(format!("{name}.init"));
        let scalar = if ty.dtype.is_float() { Scalar::f32(0.0) } else { Scalar::int(ty.dtype, 0) };
        let value = init.push1(Op::Constant(scalar), vec![], ty.clone());
        let function = init.finish(vec![value]);
        self.function(function)
    }

    pub(crate) fn parameter(&mut self, name: &str, ty: TensorType) -> ParameterId {
        let init = self.zeros(name, &ty);
        self.module.parameters.push(Parameter {
            name: name.into(),
            ty,
            kind: ParameterKind::Trained,
            init: init.into(),
        });
        ParameterId(self.module.parameters.len() as u32 - 1)
    }

    pub(crate) fn state(&mut self, name: &str, ty: TensorType) -> StateId {
        let init = self.zeros(name, &ty);
        self.module.states.push(State { name: name.into(), ty, init: init.into() });
        StateId(self.module.states.len() as u32 - 1)
    }

    /// An entry whose inputs are the function's first parameters.
    pub(crate) fn entry(
        &mut self,
        function: Function,
        inputs: &[&str],
        captures: Vec<Capture>,
        states: Vec<StateId>,
    ) {
        let axes = |ty: &TensorType| {
            let axis = |dim: &Dim| match dim.as_var() {
                Some(symbol) => function.symbols[symbol.index()].name.clone(),
                None => dim.as_constant().map_or_else(|| "?".into(), |n| n.to_string()),
            };
            ty.shape.iter().map(axis).collect::<Vec<_>>()
        };
        let input = |(name, value): (&&str, &Value)| {
            let ty = function.ty(*value).clone();
            EntryInput { name: (*name).into(), axes: axes(&ty), ty }
        };
        let output = |value: &Value| {
            let ty = function.ty(*value).clone();
            EntryOutput { axes: axes(&ty), ty }
        };
        let entry = Entry {
            name: function.name.clone(),
            inputs: inputs.iter().zip(&function.params).map(input).collect(),
            outputs: function.results.iter().map(output).collect(),
            captures,
            states,
            function: FunctionId(0),
        };
        let id = self.function(function);
        self.module.entries.push(Entry { function: id, ..entry });
    }

    pub(crate) fn finish(self, name: &str) -> Verified {
        verify(Module { name: name.into(), ..self.module }).unwrap()
    }
}

/// Adds `y = dequantised(quantize_rows(x) @ ternarize_rows(w)^T)`.
fn ternary_linear(f: &mut FunctionBuilder, x: Value, w: Value) -> Value {
    let xq = f.infer_push(Op::Quantize(Quantizer::QuantizeRows), vec![x]).unwrap();
    let wq = f.infer_push(Op::Quantize(Quantizer::TernarizeRows), vec![w]).unwrap();
    let contract = Op::Contract { batch: vec![], contract: vec![(1, 1)] };
    let sums = f.infer_push1(contract, vec![xq[0], wq[0]]).unwrap();
    let shape = f.ty(sums).shape.clone();
    let full = ty(DType::F32, &shape);
    let sums = f.push1(Op::Cast, vec![sums], full.clone());
    let column = f.push1(Op::Reshape, vec![xq[1]], ty(DType::F32, &[shape[0].clone(), 1.into()]));
    let columns = f.push1(Op::Broadcast, vec![column], full.clone());
    let rows = f.push1(Op::Broadcast, vec![wq[1]], full.clone());
    let scaled = f.push1(Op::Binary(BinaryOp::Mul), vec![sums, columns], full.clone());
    f.push1(Op::Binary(BinaryOp::Mul), vec![scaled, rows], full)
}

/// A ternary MLP over the weights of the digits example: `forward(image: f32[B, 64]) -> f32[B, 10], i32[B]`.
pub(crate) fn digits() -> Verified {
    let mut model = ModelBuilder::default();
    let mut f = FunctionBuilder::new("forward");
    let b = f.symbol(info("B", 0, Some(4096), false));
    let mut x = f.param(ty(DType::F32, &[Dim::var(b), 64.into()]));
    let mut captures = Vec::new();
    let layers = [("stem.weight", 128, 64), ("mid.weight", 128, 128), ("head.weight", 10, 128)];
    let weights: Vec<Value> = layers
        .iter()
        .map(|(name, out, input)| {
            let ty = ty(DType::F32, &[(*out).into(), (*input).into()]);
            captures.push(Capture::Parameter(model.parameter(name, ty.clone())));
            f.param(ty)
        })
        .collect();
    for (at, weight) in weights.iter().enumerate() {
        x = ternary_linear(&mut f, x, *weight);
        if at < 2 {
            x = f.infer_push1(Op::Unary(UnaryOp::Tanh), vec![x]).unwrap();
        }
    }
    let class = f.infer_push1(Op::ArgMax { axis: 1 }, vec![x]).unwrap();
    model.entry(f.finish(vec![x, class]), &["image"], captures, vec![]);
    model.finish("Digits")
}

/// The digits model's weights.
pub(crate) fn digits_weights() -> Vec<(String, TensorData)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits/weights.safetensors");
    let mut all = tri_import::read_safetensors(path.as_ref()).unwrap();
    all.retain(|(name, _)| name.ends_with(".weight"));
    all
}

/// The first `count` images of the digits example.
pub(crate) fn images(count: usize) -> TensorData {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits/cases.safetensors:image");
    let all = tri_import::read_tensor(path).unwrap();
    TensorData::new(DType::F32, vec![count, 64], all.bytes[..count * 256].to_vec()).unwrap()
}

/// `add(x: i32[4]) -> i32[4]` sums what it was ever given; `window(x: f32[N]) -> f32[3]` gives elements 1 to 3;
/// `pick(rows: i32[N]) -> f32[N, 2]` looks up a table of three rows;
/// `append(x: f32[N], at: i32) -> f32[8]` writes into a state where `at + N <= 8`, then looks up row `at` of a table of six.
pub(crate) fn stateful() -> Verified {
    let mut model = ModelBuilder::default();
    let four = ty(DType::I32, &[4.into()]);
    let total = model.state("total", four.clone());
    let mut add = FunctionBuilder::new("add");
    let x = add.param(four.clone());
    add.function_mut().states.push(four.clone());
    let old = add.push1(Op::StateRead { state: StateId(0) }, vec![], four.clone());
    let sum = add.push1(Op::Binary(BinaryOp::Add), vec![old, x], four);
    add.push(Op::StateWrite { state: StateId(0), starts: vec![0.into()] }, vec![sum], vec![]);
    model.entry(add.finish(vec![sum]), &["x"], vec![], vec![total]);

    let mut window = FunctionBuilder::new("window");
    let n = window.symbol(info("N", 0, None, false));
    let x = window.param(ty(DType::F32, &[Dim::var(n)]));
    let slice = Op::Slice { starts: vec![1.into()], steps: vec![1] };
    let part = window.push1(slice, vec![x], ty(DType::F32, &[3.into()]));
    // A result is memory of its own.
    let part = window.infer_push1(Op::Unary(UnaryOp::Neg), vec![part]).unwrap();
    model.entry(window.finish(vec![part]), &["x"], vec![], vec![]);

    let mut pick = FunctionBuilder::new("pick");
    let n = pick.symbol(info("N", 1, Some(100), false));
    let rows = pick.param(ty(DType::I32, &[Dim::var(n)]));
    let table = TensorData::from_f32(vec![3, 2], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
    let table = pick.push1(Op::Literal(table.into()), vec![], ty(DType::F32, &[3.into(), 2.into()]));
    let found = pick.infer_push1(Op::Gather, vec![table, rows]).unwrap();
    model.entry(pick.finish(vec![found]), &["rows"], vec![], vec![]);

    append(&mut model);
    model.finish("Stateful")
}

fn append(model: &mut ModelBuilder) {
    let eight = ty(DType::F32, &[8.into()]);
    let cache = model.state("cache", eight.clone());
    let mut f = FunctionBuilder::new("append");
    let n: Symbol = f.symbol(info("N", 0, None, false));
    let p: Symbol = f.symbol(info("P", 0, Some(8), true));
    let x = f.param(ty(DType::F32, &[Dim::var(n)]));
    let at = f.param(TensorType::scalar(DType::I32));
    f.function_mut().states.push(eight.clone());
    let end = Dim::var(p).add(&Dim::var(n)).unwrap();
    f.push(Op::BindDim { symbol: p, at_most: vec![(end, 8.into())] }, vec![at], vec![]);
    f.push(Op::StateWrite { state: StateId(0), starts: vec![Dim::var(p)] }, vec![x], vec![]);
    let all = f.push1(Op::StateRead { state: StateId(0) }, vec![], eight.clone());
    let table = TensorData::from_f32(vec![6, 1], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    let table = f.push1(Op::Literal(table.into()), vec![], ty(DType::F32, &[6.into(), 1.into()]));
    let row = f.push1(Op::Reshape, vec![at], ty(DType::I32, &[1.into()]));
    let found = f.infer_push1(Op::Gather, vec![table, row]).unwrap();
    let found = f.push1(Op::Reshape, vec![found], ty(DType::F32, &[1.into()]));
    let found = f.push1(Op::Broadcast, vec![found], eight.clone());
    let sum = f.push1(Op::Binary(BinaryOp::Add), vec![all, found], eight);
    model.entry(f.finish(vec![sum]), &["x", "at"], vec![], vec![cache]);
}
