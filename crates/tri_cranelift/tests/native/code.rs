//! The machine code itself: no reference to anything outside, the same every time, whole or refused.

use tri_cranelift::{Code, Executable, Options, compile, emit_asm, emit_clif};
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
        let text = emit_asm(&demanding(), &Options { level }).unwrap();
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
    let asm = |level| emit_asm(&demanding(), &Options { level }).unwrap();
    assert!(!asm(CpuLevel::Portable).contains("vfmadd"));
    assert!(asm(CpuLevel::Avx2).contains("vfmadd"));
}

#[test]
fn compiling_twice_gives_the_same_bytes() {
    for level in CpuLevel::ALL {
        let options = Options { level };
        assert_eq!(compile(&demanding(), &options).unwrap(), compile(&demanding(), &options).unwrap());
    }
}

#[test]
fn intermediate_code_names_each_function() {
    let text = emit_clif(&demanding(), &Options { level: CpuLevel::Portable }).unwrap();
    for name in ["; u0:0: workspace size of test", "; u0:1: step 0 of test", "; u0:2: test"] {
        assert!(text.contains(name), "{name} is missing:\n{text}");
    }
}

#[test]
fn a_function_outside_the_code_is_refused() {
    let code = compile(&demanding(), &Options { level: CpuLevel::Portable }).unwrap();
    assert!(Executable::map(&code).is_ok());
    let cut = Code { bytes: Vec::new(), ..code };
    assert!(Executable::map(&cut).is_err());
}
