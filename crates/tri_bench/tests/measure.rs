//! Measurements of small cases: their figures agree with one another, and what cannot be measured says why.

use std::time::Duration;

use tri_bench::{Bound, Memory, Suite, machine, measure};
use tri_kernels::{CpuLevel, Product};
use tri_runtime::Pool;

fn suite(products: &[Product], shape: [usize; 2], batches: &[usize]) -> Suite {
    let level = CpuLevel::of_machine();
    Suite { level, products: products.to_vec(), shapes: vec![shape], batches: batches.to_vec() }
}

#[test]
fn figures_agree_with_one_another() {
    let pool = Pool::new(2).unwrap();
    for case in suite(&Product::ALL, [100, 333], &[1, 3]).cases() {
        let row = measure(case, &pool, Duration::ZERO).unwrap();
        let work = 2.0 * 100.0 * 333.0 * case.batch as f64;
        assert!((row.operations[0] * row.seconds[0] / work - 1.0).abs() < 1e-9, "{row:?}");
        assert!(row.seconds[1] <= row.seconds[0] && row.operations[1] >= row.operations[0], "{row:?}");
        assert_eq!(row.bound == Bound::Read, case.batch == 1 && case.memory == Memory::Cold);
        let reached = if row.bound == Bound::Read { row.bytes } else { row.operations[0] };
        assert!((row.share * row.limit / reached - 1.0).abs() < 1e-9, "{row:?}");
    }
}

#[test]
fn a_machine_does_something() {
    let machine = machine(CpuLevel::Portable, &[Pool::new(1).unwrap()], Duration::ZERO).unwrap();
    assert!(machine[0].read > 0.0 && machine[0].multiply_add > 0.0 && machine[0].dot_product > 0.0);
}

#[test]
fn sizes_out_of_reach_are_refused() {
    let pool = Pool::new(1).unwrap();
    for (shape, batch) in [([0, 4], 1), ([4, 0], 1), ([4, 4], 0), ([1 << 40, 1 << 40], 1), ([4, 4], 1 << 40)]
    {
        for case in suite(&[Product::F32], shape, &[batch]).cases() {
            assert!(measure(case, &pool, Duration::ZERO).unwrap_err().to_string().contains("too much"));
        }
    }
}
