//! What becomes an epilogue and what does not, and what it costs. The bits are held by `tri_cranelift` and `tri_llvm`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tri_ir::FunctionId;
use tri_kernel_ir::{
    Epilogue, Fusion, Module, Product, ScheduleId, Stage, StepKind, cost, explain, schedule, verify,
    workspace_bytes,
};

const TEXT: &str = include_str!("modules/epilogue.tir");

fn scheduled(fusion: Fusion) -> Module {
    let module = tri_ir::verify(tri_ir::parse(TEXT).unwrap()).unwrap();
    verify(schedule(&module, fusion).unwrap()).unwrap().into_inner()
}

fn of<'m>(module: &'m Module, name: &str) -> (ScheduleId, Vec<&'m StepKind>) {
    let id = module.schedules.iter().position(|schedule| schedule.name == name).unwrap();
    let steps = module.schedules[id].steps.iter().map(|step| &step.kind).collect();
    (ScheduleId(id as u32), steps)
}

fn epilogues(module: &Module, name: &str) -> usize {
    of(module, name).1.into_iter().filter(|step| matches!(step, StepKind::Epilogue(_))).count()
}

#[test]
fn elementwise_work_behind_a_product_is_one_step_with_it() {
    let mut module = scheduled(Fusion::Full);
    module.schedules.truncate(5);
    insta::assert_snapshot!(module);
}

#[test]
fn each_product_has_its_own_and_without_fusion_none_has() {
    let (full, none) = (scheduled(Fusion::Full), scheduled(Fusion::None));
    for name in [
        "linear", "ternary", "bytes", "gated", "pixels", "channels", "digits", "points", "swish", "row",
        "shifted",
    ] {
        assert_eq!((epilogues(&full, name), epilogues(&none, name)), (1, 0), "{name}");
    }
}

#[test]
fn values_that_others_use_other_layouts_and_operands_of_later_stay_apart() {
    let module = scheduled(Fusion::Full);
    for name in ["kept", "turned", "narrow", "later", "heads"] {
        assert_eq!(epilogues(&module, name), 0, "{name}");
    }
}

#[test]
fn a_number_for_all_is_a_scale_of_a_product_if_it_is_there_before() {
    let module = scheduled(Fusion::Full);
    for (name, is_scale) in [("ternary", false), ("whole", true), ("shifted", true), ("afterwards", false)] {
        let steps = of(&module, name).1;
        let product = steps.iter().find_map(|step| match step {
            StepKind::Contraction(product) => Some(&**product),
            StepKind::Epilogue(step) => step.contraction(),
            _ => None,
        });
        let scales = product.and_then(|product| product.scales).unwrap();
        assert_eq!(scales.all.is_some(), is_scale, "{name}");
    }
    assert_eq!(epilogues(&module, "whole"), 0, "nothing is left for one");
}

#[test]
fn sums_have_no_memory() {
    let bytes = |fusion, name| {
        let module = scheduled(fusion);
        workspace_bytes(&module, of(&module, name).0, &[64]).unwrap()
    };
    // Everything is made in the result, but for weights in two bits, and the product that waits for the other.
    assert_eq!(bytes(Fusion::Full, "pixels"), 0);
    assert_eq!(bytes(Fusion::Full, "linear"), 0);
    assert_eq!(bytes(Fusion::Full, "ternary"), (21_u64 * 18).next_multiple_of(64));
    assert_eq!(bytes(Fusion::Full, "gated"), 64 * 260 * 4);
    assert!(bytes(Fusion::None, "pixels") >= 64 * 6 * 9 * 7 * 4);
}

#[test]
fn what_became_an_epilogue_is_said() {
    let module = tri_ir::verify(tri_ir::parse(TEXT).unwrap()).unwrap();
    let choices = explain(&module, FunctionId(0), Fusion::Full).unwrap();
    let kernels: Vec<(&str, &str)> =
        choices.iter().map(|choice| (choice.op.split(' ').next().unwrap(), choice.kernel.as_str())).collect();
    let inside = "in the epilogue of f32_gemm";
    let expected = [
        ("contract", "f32_gemm"),
        ("broadcast", inside),
        ("add", inside),
        ("constant", inside),
        ("max", "f32_gemm+max+add"),
    ];
    assert_eq!(kernels, expected);
}

#[test]
fn sums_cost_operations_and_no_bytes() {
    let module = scheduled(Fusion::Full);
    let (id, steps) = of(&module, "linear");
    let found = cost(&module.schedules[id.index()], steps[0], &[10]).unwrap();
    let (rows, columns, sum) = (30.0, 300.0, 20.0);
    assert_eq!(found.operations, 2.0 * rows * columns * sum + 2.0 * rows * columns);
    assert_eq!(found.bytes, 4.0 * (rows * sum + columns * sum + columns + rows * columns));
}

#[test]
fn damaged_epilogues_are_refused() {
    type Damage = fn(&mut Epilogue);
    let damages: [(&str, Damage); 5] = [
        ("an epilogue is not one map", |step| step.nest.stages.clear()),
        ("an epilogue stores several results", |step| {
            if let Stage::Map { stores, .. } = &mut step.nest.stages[0] {
                stores.push(stores[0].clone());
            }
        }),
        ("an epilogue reads other elements of the product, or looks rows up", |step| {
            let out = step.product.out();
            for expr in &mut step.nest.exprs {
                if let tri_kernel_ir::Expr::Load(access) = expr
                    && access.buffer == out
                {
                    access.offset = 1.into();
                }
            }
        }),
        ("an epilogue runs over other elements than the product has", |step| {
            if let Product::Contraction(contraction) = &mut step.product {
                contraction.m = 3.into();
            }
        }),
        ("an epilogue runs over other elements than the product has", |step| {
            if let Stage::Map { axes, .. } = &mut step.nest.stages[0] {
                axes[0] = 3.into();
            }
        }),
    ];
    for (expected, damage) in damages {
        let mut module = scheduled(Fusion::Full);
        let id = of(&module, "linear").0;
        for step in &mut module.schedules[id.index()].steps {
            if let StepKind::Epilogue(step) = &mut step.kind {
                damage(step);
            }
        }
        assert_eq!(verify(module).unwrap_err().problem, expected);
    }
}
