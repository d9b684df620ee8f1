//! Stacks of equal blocks: they cost the code of one, and compute what the interpreter computes.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::sync::Arc;

use tri_cranelift::FunctionPool;
use tri_db::MemorySystem;
use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_interp::Interpreter;
use tri_ir::TensorData;
use tri_kernels::CpuLevel;

/// Blocks with weights that become trits, a shortcut and a state of their own, and something between them.
fn program(depth: usize) -> Program {
    let text = format!(
        "use std.nn.{{RmsNorm, TernaryLinear}}

layer Block[D]() {{
    norm = RmsNorm[D]()
    up = TernaryLinear[D, 2 * D]()
    down = TernaryLinear[2 * D, D]()
    state seen: f32[D] = ones

    fn forward[..B](x: f32[..B, D]) -> f32[..B, D] {{
        x + down(relu(up(norm(x))))
    }}

    fn step(x: f32[1, D]) -> f32[1, D] {{
        seen[0:D] = seen * 0.5 + x[0]
        forward(x) + reshape[1, D](seen)
    }}
}}

model Deep() {{
    blocks = [Block[8](); {depth}]
    param bias: f32[8] = init.normal

    fn forward[B](x: f32[B, 8]) -> f32[B, 8] {{
        var y = x
        for block in blocks {{
            y = block(y) * 0.5 + bias
        }}
        y
    }}

    fn step(x: f32[1, 8]) -> f32[1, 8] {{
        var y = x
        for block in blocks {{
            y = block.step(y) * 0.5
        }}
        y
    }}
}}
"
    );
    let system = MemorySystem::new([("deep.tri", text.as_str())]);
    Program::open_in(Arc::new(system), Path::new("deep.tri"), &SourceOptions::default()).unwrap()
}

/// A tensor of rows that differ.
fn rows(count: usize) -> TensorData {
    let elements: Vec<f32> = (0..8 * count).map(|i| (i * 7 % 11) as f32 - 4.5).collect();
    TensorData::from_f32(vec![count, 8], &elements).unwrap()
}

#[test]
fn a_stack_computes_what_the_interpreter_computes() {
    let timing = &mut Timing::default();
    for depth in [1, 5, 50] {
        let program = program(depth);
        let (reference, _) = program.elaborate(timing).unwrap();
        let interpreter = Interpreter::new(reference);
        let weights = interpreter.bind_initial().unwrap();
        let mut states = interpreter.initial_states().unwrap();
        let calls = [("forward", rows(3)), ("step", rows(1)), ("step", rows(1)), ("forward", rows(0))];
        let mut call = |(entry, input): &(&str, TensorData)| {
            interpreter.call(entry, std::slice::from_ref(input), &weights, &mut states).unwrap()
        };
        let expected: Vec<Vec<TensorData>> = calls.iter().map(&mut call).collect();
        for level in 0..=3 {
            let module = program.optimized(level_of(level), timing).unwrap().clone();
            for threads in [1, 2] {
                let (module, level) = (module.clone(), level_of(level));
                let mut engine =
                    Engine::compile(module, level, Parameters::Initial, Some(threads), timing).unwrap();
                for ((entry, input), expected) in calls.iter().zip(&expected) {
                    let found = engine.call(entry, std::slice::from_ref(input)).unwrap();
                    assert!(found == *expected, "{depth} blocks, -{level:?}, {threads} threads: {entry}");
                }
            }
        }
    }
}

/// Bytes of machine code, and how many functions it is made of.
fn code(depth: usize, level: u8) -> (usize, usize) {
    let program = program(depth);
    let kernel = program.kernel_ir(level_of(level), &mut Timing::default()).unwrap();
    let options = tri_cranelift::Options::new(CpuLevel::Portable);
    let (code, _, functions) =
        tri_cranelift::compile_reusing(kernel, &options, &FunctionPool::default()).unwrap();
    (code.bytes.len(), functions.len())
}

/// A chain begins with its input and ends with its result, and turns of a repeat take two buffers in turn, so the fewest blocks
/// of which all code is there are more than one.
const FEW: usize = 8;

#[test]
fn the_code_of_a_stack_does_not_grow_with_its_depth() {
    for level in [0, 2] {
        let ((two, two_functions), (few, few_functions)) = (code(2, level), code(FEW, level));
        for depth in [FEW + 2, 1_000] {
            let (bytes, functions) = code(depth, level);
            assert_eq!((few_functions, two_functions), (functions, functions), "-O{level}, {depth} blocks");
            // Offsets into longer lists of addresses take four bytes in place of one.
            assert!(
                bytes.abs_diff(few) < 256,
                "-O{level}: {few} bytes for {FEW} blocks, {bytes} for {depth}"
            );
            assert!(bytes < two + 8192, "-O{level}: {two} bytes for 2 blocks, {bytes} for {depth}");
        }
    }
}
