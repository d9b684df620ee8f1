//! The table of kernels: which levels there are, scalar operations, calls from several threads.

use tri_kernels::{CpuLevel, KernelTable};

use crate::support::{Bytes, gemm, levels};

#[test]
fn kernels_run_on_several_threads_at_once() {
    let table = KernelTable::for_level(CpuLevel::of_machine()).unwrap();
    let a = Bytes::new((0..64 * 300).map(|i| (i % 251) as u8));
    let b = Bytes::new((0..40 * 300).map(|i| (i % 241) as u8));
    let alone: Vec<u32> = {
        let c = gemm(table.i8_gemm, [64, 40, 300], [300, 1, 1, 300, 40], &a, &b);
        (0..64 * 40).map(|i| c.word(i)).collect()
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let c = gemm(table.i8_gemm, [64, 40, 300], [300, 1, 1, 300, 40], &a, &b);
                    assert!((0..64 * 40).all(|i| c.word(i) == alone[i]));
                }
            });
        }
    });
}

#[test]
fn scalar_operations_round_as_ieee_says() {
    for (_, table) in levels() {
        assert_eq!(
            (table.fma_f32)(1.0 + f32::EPSILON, 1.0 - f32::EPSILON, -1.0),
            -f32::EPSILON * f32::EPSILON
        );
        assert_eq!(
            (table.fma_f64)(1.0 + f64::EPSILON, 1.0 - f64::EPSILON, -1.0),
            -f64::EPSILON * f64::EPSILON
        );
        for (x, nearest) in
            [(0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, -0.0), (-1.5, -2.0), (8_388_609.0, 8_388_609.0)]
        {
            assert_eq!((table.nearest_f32)(x).to_bits(), f32::to_bits(nearest));
            assert_eq!((table.nearest_f64)(x.into()).to_bits(), f64::from(nearest).to_bits());
        }
        assert_eq!(
            [(table.floor_f32)(-1.5), (table.ceil_f32)(-1.5), (table.trunc_f32)(-1.5)],
            [-2.0, -1.0, -1.0]
        );
        assert_eq!(
            [(table.floor_f64)(-1.5), (table.ceil_f64)(-1.5), (table.trunc_f64)(-1.5)],
            [-2.0, -1.0, -1.0]
        );
    }
}

#[test]
fn a_level_is_refused_where_the_machine_lacks_it() {
    for level in CpuLevel::ALL {
        assert_eq!(KernelTable::for_level(level).is_some(), level.is_supported());
        assert_eq!(CpuLevel::from_name(level.name()), Some(level));
    }
    assert!(CpuLevel::Portable.is_supported());
}
