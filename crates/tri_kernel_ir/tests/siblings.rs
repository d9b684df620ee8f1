//! Which contractions are one region and which are not. The bits are held by `tri_cranelift`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tri_ir::FunctionId;
use tri_kernel_ir::{Fusion, Module, Siblings, explain, schedule, verify};

const TEXT: &str = include_str!("modules/siblings.tir");

fn scheduled(fusion: Fusion) -> Module {
    let module = tri_ir::verify(tri_ir::parse(TEXT).unwrap()).unwrap();
    verify(schedule(&module, fusion).unwrap()).unwrap().into_inner()
}

fn siblings(module: &Module, name: &str) -> Vec<(std::ops::Range<u32>, bool)> {
    let schedule = module.schedules.iter().find(|schedule| schedule.name == name).unwrap();
    schedule.siblings.iter().map(|it| (it.steps.clone(), it.is_chain)).collect()
}

#[test]
fn contractions_of_one_operand_are_one_region() {
    let mut module = scheduled(Fusion::Siblings);
    for name in ["projected", "ternary"] {
        let steps = if name == "projected" { 0..3 } else { 2..4 };
        assert_eq!(siblings(&module, name), [(steps, false)], "{name}");
    }
    module.schedules.truncate(2);
    insta::assert_snapshot!(module);
}

#[test]
fn one_whose_epilogue_reads_another_is_done_block_by_block() {
    let module = scheduled(Fusion::Siblings);
    assert_eq!(siblings(&module, "gated"), [(0..2, true)]);
    assert_eq!(siblings(&module, "long"), [(0..3, true)]);
}

#[test]
fn what_needs_more_of_another_than_its_own_element_waits_for_it() {
    let module = scheduled(Fusion::Siblings);
    for name in ["after_each_other", "of_a_result", "turned", "heads"] {
        assert_eq!(siblings(&module, name), [], "{name}");
    }
}

#[test]
fn regions_have_eight_steps_at_most() {
    assert_eq!(siblings(&scheduled(Fusion::Siblings), "many"), [(0..8, false), (8..10, false)]);
}

#[test]
fn without_the_level_each_step_is_a_region() {
    for fusion in [Fusion::None, Fusion::Full] {
        assert!(scheduled(fusion).schedules.iter().all(|schedule| schedule.siblings.is_empty()));
    }
}

#[test]
fn what_shares_a_region_is_said() {
    let module = tri_ir::verify(tri_ir::parse(TEXT).unwrap()).unwrap();
    let choices = explain(&module, FunctionId(0), Fusion::Siblings).unwrap();
    let found: Vec<_> = choices.iter().map(|choice| (choice.step, choice.siblings.clone())).collect();
    let (with, inside) = (Some(0..3), None);
    let expected = [
        (Some(0), with.clone()),
        (Some(0), inside.clone()),
        (Some(0), with.clone()),
        (Some(1), with.clone()),
        (Some(2), with.clone()),
        (Some(2), inside),
        (Some(2), with),
    ];
    assert_eq!(found, expected);
}

#[test]
fn siblings_that_cannot_be_are_refused() {
    let refused = |name: &str, siblings: &[(std::ops::Range<u32>, bool)]| {
        let mut module = scheduled(Fusion::Siblings);
        let schedule = module.schedules.iter_mut().find(|schedule| schedule.name == name).unwrap();
        let made =
            siblings.iter().map(|(steps, is_chain)| Siblings { steps: steps.clone(), is_chain: *is_chain });
        schedule.siblings = made.collect();
        verify(module).unwrap_err().problem
    };
    let apart = "siblings cannot run together, or in another order";
    assert_eq!(refused("gated", &[(0..2, false)]), apart);
    assert_eq!(refused("projected", &[(0..3, true)]), apart);
    assert_eq!(refused("projected", &[(0..9, false)]), apart);
    assert_eq!(refused("projected", &[(0..1, false)]), apart);
    assert_eq!(refused("turned", &[(0..2, false)]), apart);
    assert_eq!(refused("after_each_other", &[(0..2, false)]), apart);
    assert_eq!(refused("projected", &[(0..2, false), (1..3, false)]), "siblings overlap or are empty");
}
