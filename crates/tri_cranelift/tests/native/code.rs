//! The machine code itself: no reference to anything outside, the same every time, whole or refused.

use tri_cranelift::{
    Code, Executable, FunctionPool, FunctionRun, Options, compile, compile_reusing, emit_asm, emit_clif,
};
use tri_ir::{DType, UnaryOp};
use tri_kernel_ir::{Expr, Place, Stage, Verified, verify};
use tri_kernels::CpuLevel;

use crate::build::{Exprs, access, buffer, dim, module, n, nest, schedule, store};

/// Uses what older CPUs lack: fma, floor, rounding.
fn demanding() -> Verified {
    let mut exprs = Exprs::default();
    let mut value = exprs.add(Expr::Load(access(0, &[(0, dim(1))])));
    for op in [
        UnaryOp::Exp,
        UnaryOp::Floor,
        UnaryOp::Ceil,
        UnaryOp::Round,
        UnaryOp::Sin,
        UnaryOp::Log,
        UnaryOp::Tanh,
    ] {
        value = exprs.add(Expr::Unary(op, value));
    }
    let stores = vec![store(access(1, &[(0, dim(1))]), value)];
    let step = nest(Vec::new(), exprs, vec![Stage::Map { axes: vec![n()], stores }]);
    let buffers =
        vec![buffer(DType::F32, vec![n()], Place::Param(0)), buffer(DType::F32, vec![n()], Place::Result(0))];
    verify(module(schedule(buffers, Vec::new(), vec![step]))).unwrap()
}

#[test]
fn code_calls_only_itself_and_what_the_context_holds() {
    for level in CpuLevel::ALL {
        let text = emit_asm(&demanding(), &Options::new(level)).unwrap();
        let calls: Vec<&str> = text.lines().filter(|line| line.contains("call")).collect();
        assert!(!calls.is_empty(), "a schedule calls its bodies");
        for line in calls {
            let inside = line.contains("User(userextname");
            let through_table = line.contains('%');
            assert!(inside || through_table, "{}: {line}", level.name());
        }
        assert!(!text.contains("libcall") && !text.contains("LibCall"), "{text}");
    }
}

#[test]
fn levels_use_their_instructions() {
    let asm = |level| emit_asm(&demanding(), &Options::new(level)).unwrap();
    assert!(!asm(CpuLevel::Portable).contains("vfmadd"));
    assert!(asm(CpuLevel::Avx2).contains("vfmadd"));
}

/// One step that computes `op` of every element.
fn elementwise(op: UnaryOp) -> tri_kernel_ir::Schedule {
    elementwise_on(op, n())
}

fn elementwise_on(op: UnaryOp, n: tri_ir::Dim) -> tri_kernel_ir::Schedule {
    let mut exprs = Exprs::default();
    let value = exprs.add(Expr::Load(access(0, &[(0, dim(1))])));
    let value = exprs.add(Expr::Unary(op, value));
    let stores = vec![store(access(1, &[(0, dim(1))]), value)];
    let step = nest(Vec::new(), exprs, vec![Stage::Map { axes: vec![n.clone()], stores }]);
    let buffers = vec![
        buffer(DType::F32, vec![n.clone()], Place::Param(0)),
        buffer(DType::F32, vec![n.clone()], Place::Result(0)),
    ];
    schedule(buffers, Vec::new(), vec![step])
}

#[test]
fn steps_that_differ_in_sizes_share_a_function() {
    let count = |ops: [(UnaryOp, i64); 2]| {
        let schedules = ops.map(|(op, size)| elementwise_on(op, dim(size)));
        let module = verify(tri_kernel_ir::Module { schedules: schedules.into() }).unwrap();
        let (_, _, runs) =
            compile_reusing(&module, &Options::new(CpuLevel::Avx2), &FunctionPool::default()).unwrap();
        runs.len()
    };
    assert_eq!(count([(UnaryOp::Exp, 100), (UnaryOp::Exp, 3000)]), 4);
    assert_eq!(count([(UnaryOp::Exp, 100), (UnaryOp::Neg, 3000)]), 6);
    // Few elements are not worth four lanes.
    assert_eq!(count([(UnaryOp::Exp, 100), (UnaryOp::Exp, 3)]), 6);
}

#[test]
fn only_functions_that_changed_are_compiled_again() {
    let with = |ops: &[UnaryOp]| {
        let schedules = ops.iter().enumerate().map(|(at, op)| {
            let schedule = elementwise(*op);
            tri_kernel_ir::Schedule { name: format!("f{at}"), ..schedule }
        });
        verify(tri_kernel_ir::Module { schedules: schedules.collect() }).unwrap()
    };
    // Functions compiled and reused.
    let count = |runs: &[FunctionRun]| {
        let reused = runs.iter().filter(|run| run.is_reused).count();
        (runs.len() - reused, reused)
    };
    let options = Options::new(CpuLevel::Avx2);
    let (none, before) = (FunctionPool::default(), with(&[UnaryOp::Exp, UnaryOp::Neg]));
    let (code, pool, runs) = compile_reusing(&before, &options, &none).unwrap();
    assert_eq!((code, count(&runs)), (compile(&before, &options).unwrap(), (6, 0)));
    assert_eq!(runs[0].name, "step 0 of f0");
    let bytes = postcard::to_stdvec(&pool).unwrap();
    let pool: FunctionPool = postcard::from_bytes(&bytes).unwrap();

    // The same, with a step in the middle that is another, and longer.
    for (ops, compiled) in [
        (&[UnaryOp::Exp, UnaryOp::Neg][..], 0),
        (&[UnaryOp::Exp, UnaryOp::Abs], 1),
        // A step that costs more is launched in other portions.
        (&[UnaryOp::Log, UnaryOp::Neg], 2),
        (&[UnaryOp::Neg, UnaryOp::Log, UnaryOp::Exp], 2),
    ] {
        let after = with(ops);
        let (code, _, runs) = compile_reusing(&after, &options, &pool).unwrap();
        assert_eq!(count(&runs), (compiled, 3 * ops.len() - compiled));
        assert_eq!(code, compile(&after, &options).unwrap());
    }
    // Code for another level is another function.
    let other = Options::new(CpuLevel::Portable);
    let (code, _, runs) = compile_reusing(&before, &other, &pool).unwrap();
    assert_eq!((code, count(&runs)), (compile(&before, &other).unwrap(), (6, 0)));
}

#[test]
fn compiling_twice_gives_the_same_bytes() {
    for level in CpuLevel::ALL {
        let options = Options::new(level);
        assert_eq!(compile(&demanding(), &options).unwrap(), compile(&demanding(), &options).unwrap());
    }
}

#[test]
fn intermediate_code_names_each_function() {
    let text = emit_clif(&demanding(), &Options::new(CpuLevel::Portable)).unwrap();
    for name in ["; u0:0: step 0 of test", "; u0:1: launch of step 0 of test", "; u0:2: test"] {
        assert!(text.contains(name), "{name} is missing:\n{text}");
    }
}

#[test]
fn a_function_outside_the_code_is_refused() {
    let code = compile(&demanding(), &Options::new(CpuLevel::Portable)).unwrap();
    assert!(Executable::map(&code).is_ok());
    let cut = Code { bytes: Vec::new(), ..code };
    assert!(Executable::map(&cut).is_err());
}
