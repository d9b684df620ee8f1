//! What steps cost at given sizes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tri_kernel_ir::{Fusion, StepCost, cost, schedule, verify};

/// The costs of the steps of the last function of a module, where its only size is `batch`.
fn costs(text: &str, batch: i64) -> Vec<StepCost> {
    let module = tri_ir::verify(tri_ir::parse(text).unwrap()).unwrap();
    let module = verify(schedule(&module, Fusion::Full).unwrap()).unwrap();
    let schedule = module.schedules.last().unwrap();
    schedule.steps.iter().map(|step| cost(schedule, &step.kind, &[batch]).unwrap()).collect()
}

#[test]
fn a_product_is_two_operations_a_term_and_its_three_operands() {
    let text = "module \"m\"\n\nfn @main<B: 0 up>(%0: f32[B, 64], %1: f32[64, 32]) -> (%2) {\n  \
                %2 = contract %0, %1 {batch [], contract [1:0]} : f32[B, 32]\n}\n";
    let found = costs(text, 8);
    let bytes = 4.0 * (8.0 * 64.0 + 64.0 * 32.0 + 8.0 * 32.0);
    assert_eq!(found, [StepCost { operations: 2.0 * 8.0 * 64.0 * 32.0, is_bytewise: false, bytes }]);
}

#[test]
fn a_chain_of_functions_is_one_step_that_touches_its_ends() {
    let text = "module \"m\"\n\nfn @main<B: 0 up>(%0: f32[B, 64]) -> (%2) {\n  \
                %1 = exp %0 : f32[B, 64]\n  %2 = mul %1, %0 : f32[B, 64]\n}\n";
    assert_eq!(
        costs(text, 4),
        [StepCost { operations: 2.0 * 256.0, is_bytewise: false, bytes: 4.0 * 512.0 }]
    );
    // No rows, no cost.
    assert_eq!(costs(text, 0), [StepCost::default()]);
}

#[test]
fn what_is_read_by_every_row_counts_once() {
    let text = "module \"m\"\n\nfn @main<B: 0 up>(%0: f32[B, 64], %1: f32[64]) -> (%3) {\n  \
                %2 = broadcast %1 : f32[B, 64]\n  %3 = add %0, %2 : f32[B, 64]\n}\n";
    assert_eq!(costs(text, 4)[0].bytes, 4.0 * (256.0 + 64.0 + 256.0));
}
