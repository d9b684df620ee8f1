//! Short ways to write a function and hold its kernels to the interpreter.

use tri_interp::Interpreter;
use tri_ir::{
    DType, Dim, Function, FunctionBuilder, FunctionId, Module, Op, Symbol, SymbolInfo, TensorData,
    TensorType, Value, verify,
};
use tri_kernel_ir::{Fusion, StepKind};
use tri_llvm::Target;

use crate::machine::{Machine, assert_same};

/// The only symbol.
pub(crate) fn n() -> Dim {
    Dim::var(Symbol(0))
}

pub(crate) fn dim(size: i64) -> Dim {
    Dim::constant(size)
}

/// `E[shape]`.
pub(crate) fn tensor(dtype: DType, shape: &[Dim]) -> TensorType {
    TensorType::new(dtype, shape.to_vec())
}

/// A function of `n` under construction.
pub(crate) fn function() -> FunctionBuilder {
    let mut f = FunctionBuilder::new("test");
    f.symbol(SymbolInfo { name: "n".to_owned(), min: 0, max: None, bound_inside: false });
    f
}

pub(crate) fn push(f: &mut FunctionBuilder, op: Op, args: &[Value]) -> Value {
    f.infer_push1(op, args.to_vec()).unwrap()
}

/// Numbers that look random: splitmix64.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Elements of a type: every kind of number there is, special ones among them.
    pub(crate) fn tensor(&mut self, dtype: DType, shape: &[usize]) -> TensorData {
        const SPECIAL: [u32; 12] = [
            0,
            0x8000_0000,
            0x7f80_0000,
            0xff80_0000,
            0x7fc0_0000,
            1,
            0x8000_0001,
            0x007f_ffff,
            0x3f80_0000,
            0xbf80_0000,
            0x3f00_0000,
            0x7f7f_ffff,
        ];
        let count: usize = shape.iter().product();
        let mut bytes = Vec::new();
        for _ in 0..count {
            let bits = self.next();
            let ordinary = ((bits >> 40) as f32 / 16_777_216.0 - 0.5) * 8.0;
            match dtype {
                DType::Bool => bytes.push((bits & 1) as u8),
                DType::Trit => bytes.push(((bits % 3) as i8 - 1) as u8),
                DType::F32 => {
                    let special = SPECIAL[(bits >> 8) as usize % SPECIAL.len()];
                    let number = match bits % 16 {
                        0 => special,
                        1 => (bits >> 32) as u32,
                        _ => ordinary.to_bits(),
                    };
                    bytes.extend(number.to_le_bytes());
                }
                // The upper half of a binary32; as a binary16 these bits are ordinary numbers too.
                DType::Bf16 | DType::F16 => bytes.extend(((ordinary.to_bits() >> 16) as u16).to_le_bytes()),
                other => {
                    // Mostly small, so that products differ.
                    let number = if bits.is_multiple_of(8) { bits as i64 } else { (bits >> 8) as i64 % 100 };
                    bytes.extend(&number.to_le_bytes()[..other.bytes()]);
                }
            }
        }
        TensorData::new(dtype, shape.to_vec(), bytes).unwrap()
    }

    /// Numbers of ordinary size.
    pub(crate) fn f32s(&mut self, shape: &[usize]) -> TensorData {
        let count: usize = shape.iter().product();
        let numbers: Vec<f32> =
            (0..count).map(|_| ((self.next() >> 40) as f32 / 16_777_216.0 - 0.5) * 4.0).collect();
        TensorData::from_f32(shape.to_vec(), &numbers).unwrap()
    }
}

/// A function's kernels, for one family of GPUs, fused and not.
pub(crate) struct Case {
    module: tri_ir::Verified,
    machines: Vec<Machine>,
}

impl Case {
    pub(crate) fn new(function: Function) -> Case {
        let module = verify(Module { functions: vec![function], ..Module::default() }).unwrap();
        let families = [(Fusion::None, Target::ALL[0]), (Fusion::Full, Target::ALL[3])];
        let machines = families.map(|(fusion, target)| Machine::new(&module, fusion, target).unwrap());
        Case { module, machines: machines.into() }
    }

    /// Holds one call to the interpreter.
    pub(crate) fn hold(&self, symbols: &[i64], arguments: &[TensorData], what: &str) {
        let interpreter = Interpreter::new(&self.module);
        let expected = interpreter.run_function(FunctionId(0), symbols, arguments, &mut []).unwrap();
        for machine in &self.machines {
            let found = machine.call(0, symbols, arguments, &mut []).unwrap();
            for (found, expected) in found.iter().zip(&expected) {
                assert_same(expected.dtype, found, &expected.bytes, what);
            }
        }
    }
}

/// How many steps of a kind the functions of a module have, each of which must be one launch.
pub(crate) fn single_launches(text: &str, is_wanted: impl Fn(&StepKind) -> bool) -> usize {
    let module = tri_ir::verify(tri_ir::parse(text).unwrap()).unwrap();
    let kernels = tri_kernel_ir::verify(tri_kernel_ir::schedule(&module, Fusion::Full).unwrap()).unwrap();
    let code = tri_llvm::lower(&kernels).unwrap();
    let steps = kernels.schedules.iter().flat_map(|schedule| &schedule.steps);
    let wanted = steps.zip(code.runs.iter().flatten()).filter(|(step, _)| is_wanted(&step.kind));
    wanted.inspect(|(_, runs)| assert_eq!(runs.len(), 1)).count()
}
