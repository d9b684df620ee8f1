//! Elementary functions of rows.

use tri_ir::math::{self, Native};
use tri_kernels::{KernelTable, RowArgs, RowKernel};

use crate::support::{Bytes, Random, levels, same};

type Function = (&'static str, fn(&KernelTable) -> RowKernel, fn(f32) -> f32);

const FUNCTIONS: [Function; 4] = [
    ("exp", |table| table.exp_row, |x| math::exp(&mut Native, x)),
    ("sigmoid", |table| table.sigmoid_row, |x| math::sigmoid(&mut Native, x)),
    ("tanh", |table| table.tanh_row, |x| math::tanh(&mut Native, x)),
    ("erf", |table| table.erf_row, |x| math::erf(&mut Native, x)),
];

#[test]
fn each_element_becomes_the_function_of_it() {
    let mut random = Random(12);
    for width in (0..40).chain([63, 64, 65, 1000]) {
        let rows = [
            (0..width).map(|_| random.f32() * 10.0).collect::<Vec<f32>>(),
            (0..width).map(|_| random.hard_f32()).collect(),
        ];
        for (row, (name, kernel, function)) in
            rows.iter().flat_map(|row| FUNCTIONS.map(|function| (row, function)))
        {
            for (level, table) in levels() {
                let mut memory = Bytes::new(row.iter().flat_map(|x| x.to_le_bytes()).chain([0xa5; 4]));
                // SAFETY: the row has this width.
                unsafe { kernel(table)(&RowArgs { x: memory.ptr_mut(), width: width as i64 }) };
                for (i, x) in row.iter().enumerate() {
                    let (got, want) = (f32::from_bits(memory.word(i)), function(*x));
                    assert!(
                        same(got, want),
                        "{level:?} {name}({x:e}), {i} of {width}: {got:e}, not {want:e}"
                    );
                }
                assert_eq!(memory.word(width), 0xa5a5_a5a5, "{level:?} {name} of {width}: wrote behind");
            }
        }
    }
}
