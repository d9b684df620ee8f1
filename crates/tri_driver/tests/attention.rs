//! Attention over more positions than a block has, on several threads: native code has the bits of the interpreter at every level.

use std::path::Path;

use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_interp::{Interpreter, Weights};
use tri_ir::TensorData;

const PROGRAM: &str = "use std.attention.{GroupedQueryAttention, MultiHeadAttention}

model Seen() {
    all = MultiHeadAttention[24, 3]()
    before = GroupedQueryAttention[24, 4, 2]()
    fn forward[B, T](x: f32[B, T, 24]) -> f32[B, T, 24] {
        before(all(x))
    }
}
";

fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn threads_share_blocks_of_rows() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attention");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("seen.tri");
    std::fs::write(&path, PROGRAM).unwrap();
    for level in [0, 1, 2, 3] {
        let timing = &mut Timing::default();
        let program = Program::open(&path, &SourceOptions::default()).unwrap();
        program.elaborate(timing).unwrap();
        let module = program.optimized(level_of(level), timing).unwrap().clone();
        let interpreter = Interpreter::new(&module);
        let parameters = interpreter.initial_parameters().unwrap();
        let weights: Weights = interpreter.bind(&parameters).unwrap();
        for (batch, length) in [(2, 1), (1, 64), (2, 129)] {
            let x = TensorData::from_f32(vec![batch, length, 24], &noise(batch * length * 24, 9)).unwrap();
            let inputs = [x];
            let expected = interpreter.call("forward", &inputs, &weights, &mut []).unwrap().remove(0);
            for threads in [1, 2, 3, 20] {
                let given = Parameters::Given(&parameters);
                let mut engine =
                    Engine::compile(module.clone(), level_of(level), given, Some(threads), timing).unwrap();
                let found = engine.call("forward", &inputs).unwrap().remove(0);
                assert!(found == expected, "-O{level}, {length} positions on {threads} threads");
            }
        }
    }
}
