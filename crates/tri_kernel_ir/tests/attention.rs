//! What becomes attention and what does not, and the memory that it takes. The bits are held by `tri_cranelift` and `tri_llvm`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tri_ir::FunctionId;
use tri_kernel_ir::{
    Attention, Fusion, Module, ScheduleId, StepKind, cost, explain, schedule, verify, workspace_bytes,
};

const TEXT: &str = include_str!("modules/attention.tir");

fn scheduled(fusion: Fusion) -> Module {
    let module = tri_ir::verify(tri_ir::parse(TEXT).unwrap()).unwrap();
    verify(schedule(&module, fusion).unwrap()).unwrap().into_inner()
}

fn of<'m>(module: &'m Module, name: &str) -> (ScheduleId, Vec<&'m StepKind>) {
    let id = module.schedules.iter().position(|schedule| schedule.name == name).unwrap();
    let steps = module.schedules[id].steps.iter().map(|step| &step.kind).collect();
    (ScheduleId(id as u32), steps)
}

fn attention(module: &Module, name: &str) -> Option<Attention> {
    of(module, name).1.into_iter().find_map(|step| match step {
        StepKind::Attention(step) => Some((**step).clone()),
        _ => None,
    })
}

#[test]
fn attention_of_heads_is_one_step() {
    let mut module = scheduled(Fusion::Full);
    assert!(
        scheduled(Fusion::None)
            .schedules
            .iter()
            .all(|one| attention(&scheduled(Fusion::None), &one.name).is_none())
    );
    module.schedules.truncate(2);
    insta::assert_snapshot!(module);
}

#[test]
fn values_that_others_use_and_other_axes_stay_apart() {
    let module = scheduled(Fusion::Full);
    for name in ["one", "half"] {
        assert!(attention(&module, name).is_some(), "{name}");
    }
    for name in ["kept", "along_rows"] {
        assert!(attention(&module, name).is_none(), "{name}");
    }
}

#[test]
fn no_matrix_of_scores_is_in_the_memory_plan() {
    let bytes = |fusion, t| {
        let module = scheduled(fusion);
        let (id, _) = of(&module, "heads");
        workspace_bytes(&module, id, &[t]).unwrap()
    };
    // Scores and weights of six heads before, blocks of scores for each lane and the mixed values behind.
    let t = 4096;
    assert!(bytes(Fusion::None, t) >= 2 * 6 * 4 * (t * t) as u64);
    let blocks = 4 * (Attention::LANES * Attention::ROWS * t) as u64;
    assert_eq!(bytes(Fusion::Full, t), blocks + 4 * (2 * 3 * 20 * t) as u64);
    // The same for the mask of causal attention: nothing has as many elements as queries by keys.
    let module = scheduled(Fusion::Full);
    let scratch = attention(&module, "grouped").unwrap().scratch();
    let grouped = &module.schedules[of(&module, "grouped").0.index()];
    for (at, buffer) in grouped.buffers.iter().enumerate() {
        let many = tri_ir::Dim::product(&buffer.shape[..]).unwrap();
        let most = many.evaluate(&mut |_| Some(1_000_000)).unwrap();
        assert!(at == scratch.index() || most <= 520_000_000, "buffer {at} has {most} elements");
    }
}

#[test]
fn a_few_rows_take_memory_for_themselves() {
    let module = scheduled(Fusion::Full);
    let buffer = attention(&module, "one").unwrap().scratch();
    let shape = &module.schedules[of(&module, "one").0.index()].buffers[buffer.index()].shape;
    assert_eq!(shape[1].as_constant(), Some(1));
}

#[test]
fn what_became_attention_is_said() {
    let module = tri_ir::verify(tri_ir::parse(TEXT).unwrap()).unwrap();
    let choices = explain(&module, FunctionId(0), Fusion::Full).unwrap();
    let kernels: Vec<(&str, &str)> = choices
        .iter()
        .filter(|choice| choice.op.starts_with("contract") || choice.op.starts_with("softmax"))
        .map(|choice| (choice.op.split(' ').next().unwrap(), choice.kernel.as_str()))
        .collect();
    let expected =
        [("contract", "in attention"), ("softmax", "softmax_row in attention"), ("contract", "attention")];
    assert_eq!(kernels, expected);
}

#[test]
fn scores_cost_operations_and_no_bytes() {
    let module = scheduled(Fusion::Full);
    let (id, steps) = of(&module, "heads");
    let at = steps.iter().position(|step| matches!(step, StepKind::Attention(_))).unwrap();
    let found = cost(&module.schedules[id.index()], steps[at], &[100]).unwrap();
    assert!(found.operations >= 2.0 * 2.0 * 6.0 * 100.0 * 100.0 * 20.0);
    let operand = 4.0 * 2.0 * 3.0 * 20.0 * 100.0;
    assert_eq!(found.bytes, 4.0 * operand + 200.0);
}

#[test]
fn damaged_attention_is_refused() {
    type Damage = fn(&mut Attention);
    let damages: [(&str, Damage); 6] = [
        ("parts of attention run over other axes", |step| step.outer = 9),
        ("parts of attention have other rows or keys", |step| step.mix.k = 3.into()),
        ("scores of attention lie elsewhere", |step| step.scores.out_stride = 1.into()),
        ("scores of attention lie elsewhere", |step| step.mix.outer[0].strides[0] = 1.into()),
        ("rows of attention go elsewhere", |step| {
            for stage in &mut step.rows.stages {
                if let tri_kernel_ir::Stage::Map { stores, .. } = stage {
                    stores[0].to.buffer = step.mix.out;
                }
            }
        }),
        ("parts of attention have other rows or keys", |step| step.scores.m = 3.into()),
    ];
    for (expected, damage) in damages {
        let mut module = scheduled(Fusion::Full);
        let id = of(&module, "heads").0;
        for step in &mut module.schedules[id.index()].steps {
            if let StepKind::Attention(step) = &mut step.kind {
                damage(step);
            }
        }
        assert_eq!(verify(module).unwrap_err().problem, expected);
    }
}
