//! Random programs in tensor IR: scheduled, compiled and run, against the interpreter, bit for bit.
//!
//! A program keeps a pool of `f32[n, 6]` values and adds one in each step, through any op that leads back to that type.

use tri_interp::Interpreter;
use tri_ir::{
    BinaryOp, DType, Dim, Function, FunctionBuilder, FunctionId, Module, Op, Quantizer, ReduceOp, Scalar,
    TensorData, TensorType, UnaryOp, Value, verify,
};
use tri_kernel_ir::{Fusion, schedule};

use crate::build::{Noise, assert_same_f32, dim, n, symbol, to_f32};
use crate::machine::{Call, compile_all, run_all};

const COLUMNS: i64 = 6;

/// A function under construction and the values to choose operands from.
struct Program {
    f: FunctionBuilder,
    noise: Noise,
    pool: Vec<Value>,
    weight: Value,
}

impl Program {
    fn new(seed: u64) -> Program {
        let mut f = FunctionBuilder::new("random");
        f.symbol(symbol("n"));
        let pool = vec![f.param(rows(DType::F32)), f.param(rows(DType::F32))];
        let weight = f.param(TensorType::new(DType::F32, vec![dim(COLUMNS), dim(COLUMNS)]));
        Program { f, noise: Noise(seed), pool, weight }
    }

    fn below(&mut self, count: usize) -> usize {
        (self.noise.next() >> 33) as usize % count
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn operand(&mut self) -> Value {
        // Mostly a late value, so that programs become deep.
        let back = self.below(self.pool.len()).min(self.below(self.pool.len()));
        self.pool[self.pool.len() - 1 - back]
    }

    fn infer(&mut self, op: Op, args: Vec<Value>) -> Value {
        self.f.infer_push1(op, args).unwrap()
    }

    fn cast(&mut self, x: Value, to: DType) -> Value {
        let ty = self.f.ty(x).with_dtype(to);
        self.f.push1(Op::Cast, vec![x], ty)
    }

    /// A value of `f32[n]` or `f32[n, 1]`, repeated over columns.
    fn over_columns(&mut self, x: Value) -> Value {
        let x = self.cast(x, DType::F32);
        let column = TensorType::new(DType::F32, vec![n(), dim(1)]);
        let x = self.f.push1(Op::Reshape, vec![x], column);
        self.f.push1(Op::Broadcast, vec![x], rows(DType::F32))
    }

    fn slice(&mut self, x: Value, starts: [i64; 2], steps: [u32; 2], shape: [Dim; 2]) -> Value {
        let ty = self.f.ty(x).with_shape(shape.to_vec());
        let op = Op::Slice { starts: starts.map(Dim::constant).to_vec(), steps: steps.to_vec() };
        self.f.push1(op, vec![x], ty)
    }

    fn step(&mut self) {
        let (a, b) = (self.operand(), self.operand());
        let value = match self.below(16) {
            0 | 1 => self.unary(a),
            2 | 3 => {
                let op = self.pick(&[
                    BinaryOp::Add,
                    BinaryOp::Sub,
                    BinaryOp::Mul,
                    BinaryOp::Div,
                    BinaryOp::Min,
                    BinaryOp::Max,
                    BinaryOp::Pow,
                ]);
                self.infer(Op::Binary(op), vec![a, b])
            }
            4 => {
                let op = self.pick(&[
                    BinaryOp::Eq,
                    BinaryOp::Ne,
                    BinaryOp::Lt,
                    BinaryOp::Le,
                    BinaryOp::Gt,
                    BinaryOp::Ge,
                ]);
                let holds = self.infer(Op::Binary(op), vec![a, b]);
                self.infer(Op::Select, vec![holds, b, a])
            }
            5 => {
                let axis = self.below(2) as u32;
                self.infer(Op::Softmax { axis }, vec![a])
            }
            6 => self.reduction(a),
            7 => self.movement(a, b),
            8 => self.integers(a, b),
            9 => {
                let contract = vec![(1, self.below(2) as u32)];
                self.infer(Op::Contract { batch: Vec::new(), contract }, vec![a, self.weight])
            }
            10 => {
                // Attention: a bT, softmax, b.
                let scores =
                    self.infer(Op::Contract { batch: Vec::new(), contract: vec![(1, 1)] }, vec![a, b]);
                let scores = self.infer(Op::Softmax { axis: 1 }, vec![scores]);
                self.infer(Op::Contract { batch: Vec::new(), contract: vec![(1, 0)] }, vec![scores, b])
            }
            11 => self.quantized(a),
            12 => {
                let best = self.infer(Op::ArgMax { axis: 1 }, vec![a]);
                if self.below(2) == 0 {
                    self.over_columns(best)
                } else {
                    self.infer(Op::Gather, vec![self.weight, best])
                }
            }
            13 => {
                let index = self.f.push1(Op::Iota { axis: 1 }, Vec::new(), rows(DType::I32));
                let index = self.cast(index, DType::F32);
                self.infer(Op::Binary(BinaryOp::Mul), vec![a, index])
            }
            14 => {
                let stream = self.noise.next();
                let stream = Scalar::from_bits(DType::I64, stream);
                let stream = self.f.push1(Op::Constant(stream), Vec::new(), TensorType::scalar(DType::I64));
                let random = self.f.push1(Op::Random, vec![stream], rows(DType::F32));
                self.infer(Op::Binary(BinaryOp::Add), vec![a, random])
            }
            _ => {
                let scalar = Scalar::f32(self.pick(&[0.5, -1.0, f32::INFINITY, f32::NAN, -0.0]));
                let constant = self.f.push1(Op::Constant(scalar), Vec::new(), rows(DType::F32));
                self.infer(Op::Binary(BinaryOp::Mul), vec![a, constant])
            }
        };
        assert_eq!(*self.f.ty(value), rows(DType::F32));
        self.pool.push(value);
    }

    fn unary(&mut self, a: Value) -> Value {
        let op = self.pick(&[
            UnaryOp::Neg,
            UnaryOp::Abs,
            UnaryOp::Sign,
            UnaryOp::Sqrt,
            UnaryOp::Rsqrt,
            UnaryOp::Floor,
            UnaryOp::Ceil,
            UnaryOp::Round,
            UnaryOp::Exp,
            UnaryOp::Log,
            UnaryOp::Tanh,
            UnaryOp::Sigmoid,
            UnaryOp::Erf,
            UnaryOp::Sin,
            UnaryOp::Cos,
        ]);
        self.infer(Op::Unary(op), vec![a])
    }

    fn reduction(&mut self, a: Value) -> Value {
        let op = self.pick(&[ReduceOp::Sum, ReduceOp::Max, ReduceOp::Min]);
        match self.below(3) {
            0 => {
                let x = self.infer(Op::Reduce { op, axes: vec![1] }, vec![a]);
                self.over_columns(x)
            }
            1 => {
                let x = self.infer(Op::Reduce { op, axes: vec![0] }, vec![a]);
                self.f.push1(Op::Broadcast, vec![x], rows(DType::F32))
            }
            _ => {
                let x = self.infer(Op::Reduce { op, axes: vec![0, 1] }, vec![a]);
                self.f.push1(Op::Broadcast, vec![x], rows(DType::F32))
            }
        }
    }

    fn movement(&mut self, a: Value, b: Value) -> Value {
        match self.below(4) {
            0 => {
                let turned = self.infer(Op::Permute { perm: vec![1, 0] }, vec![a]);
                let turned = self.infer(Op::Unary(UnaryOp::Neg), vec![turned]);
                self.infer(Op::Permute { perm: vec![1, 0] }, vec![turned])
            }
            1 => {
                let left = self.slice(a, [0, 2], [1, 1], [n(), dim(4)]);
                let right = self.slice(b, [0, 1], [1, 3], [n(), dim(2)]);
                self.infer(Op::Concat { axis: 1 }, vec![left, right])
            }
            2 => {
                let padded = TensorType::new(DType::F32, vec![n().add(&dim(3)).unwrap(), dim(COLUMNS + 5)]);
                let op = Op::Pad { low: vec![dim(1), dim(2)], value: Scalar::f32(2.5) };
                let padded = self.f.push1(op, vec![a], padded);
                self.slice(padded, [2, 1], [1, 1], [n(), dim(COLUMNS)])
            }
            _ => {
                let flat = TensorType::new(DType::F32, vec![n().mul(&dim(COLUMNS)).unwrap()]);
                let flat = self.f.push1(Op::Reshape, vec![a], flat);
                self.f.push1(Op::Reshape, vec![flat], rows(DType::F32))
            }
        }
    }

    fn integers(&mut self, a: Value, b: Value) -> Value {
        let to = self.pick(&[
            DType::I8,
            DType::U8,
            DType::I32,
            DType::I64,
            DType::F16,
            DType::Bf16,
            DType::Trit,
            DType::Bool,
        ]);
        let x = self.cast(a, to);
        if matches!(to, DType::Trit | DType::Bool) {
            return self.cast(x, DType::F32);
        }
        let y = self.cast(b, to);
        let op = self.pick(&[BinaryOp::Add, BinaryOp::Mul, BinaryOp::Div, BinaryOp::Min]);
        let z = self.infer(Op::Binary(op), vec![x, y]);
        self.cast(z, DType::F32)
    }

    fn quantized(&mut self, a: Value) -> Value {
        let quantizer = self.pick(&[
            Quantizer::QuantizeRows,
            Quantizer::TernarizeRows,
            Quantizer::TernarizeTwn,
            Quantizer::TernarizeGroups { group: 3 },
            Quantizer::TernarizeTensor,
        ]);
        let results = self.f.infer_push(Op::Quantize(quantizer), vec![a]).unwrap();
        let digits = self.cast(results[0], DType::F32);
        let scale = match quantizer {
            Quantizer::TernarizeTensor => self.f.push1(Op::Broadcast, vec![results[1]], rows(DType::F32)),
            Quantizer::TernarizeGroups { .. } => {
                let groups = vec![results[1], results[1], results[1]];
                self.infer(Op::Concat { axis: 1 }, groups)
            }
            _ => self.over_columns(results[1]),
        };
        self.infer(Op::Binary(BinaryOp::Mul), vec![digits, scale])
    }
}

fn rows(dtype: DType) -> TensorType {
    TensorType::new(dtype, vec![n(), dim(COLUMNS)])
}

fn random_function(seed: u64) -> Function {
    let mut program = Program::new(seed);
    for _ in 0..12 {
        program.step();
    }
    // The last values, among them one that others use.
    let results = program.pool[program.pool.len() - 3..].to_vec();
    program.f.finish(results)
}

/// Arguments of a program: numbers of ordinary size, and for every other seed any numbers at all.
fn arguments(seed: u64, count: usize) -> Vec<TensorData> {
    let mut noise = Noise(seed + 1000);
    let cells = count * COLUMNS as usize;
    let a = noise.f32s(cells);
    let b = if seed.is_multiple_of(2) { noise.f32s(cells) } else { noise.any_f32s(cells) };
    let weight = noise.f32s((COLUMNS * COLUMNS) as usize);
    let shapes = [vec![count, 6], vec![count, 6], vec![6, 6]];
    [a, b, weight].iter().zip(shapes).map(|(x, shape)| TensorData::from_f32(shape, x).unwrap()).collect()
}

#[test]
fn random_programs_have_the_bits_of_the_interpreter() {
    let (mut numbers, mut elements) = (0, 0);
    for seed in 0..60 {
        let module = Module { functions: vec![random_function(seed)], ..Module::default() };
        let module = verify(module).unwrap();
        let interpreter = Interpreter::new(&module);
        let kernels = [Fusion::None, Fusion::Full].map(|fusion| schedule(&module, fusion).unwrap());
        let kernels = kernels.map(|kernels| (compile_all(&kernels), kernels));
        for count in [0usize, 1, 3, 17, 70] {
            let data = arguments(seed, count);
            let expected = interpreter.run_function(FunctionId(0), &[count as i64], &data, &mut []).unwrap();
            let expected: Vec<Vec<f32>> = expected.iter().map(|data| data.to_f32().unwrap()).collect();
            numbers += expected.iter().flatten().filter(|x| x.is_finite() && **x != 0.0).count();
            elements += expected.iter().flatten().count();
            let params: Vec<&[u8]> = data.iter().map(|data| data.bytes.as_slice()).collect();
            for (codes, kernels) in &kernels {
                let call = Call { symbols: &[count as i64], params: &params, states: Vec::new(), threads: 2 };
                let outcome = run_all(kernels, codes, 0, &call);
                assert_eq!(outcome.failure, None);
                for (found, expected) in outcome.results.iter().zip(&expected) {
                    assert_same_f32(&to_f32(found), expected, &format!("program {seed}, n = {count}"));
                }
            }
        }
    }
    assert!(
        2 * numbers > elements,
        "most results are zero, infinite or NaN: {numbers} of {elements} are not"
    );
}
