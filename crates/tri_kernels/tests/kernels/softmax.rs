//! Softmax, and the arithmetic that it shares with every backend.

use tri_ir::math::{Native, exp, max_f32};
use tri_kernels::RowArgs;

use crate::support::{Bytes, Random, levels, same};

/// Rule 8 of numerics.md, with sums by rule 5.
fn softmax(row: &[f32]) -> Vec<f32> {
    let largest = row.iter().fold(f32::NEG_INFINITY, |largest, x| max_f32(largest, *x));
    if largest == f32::NEG_INFINITY {
        return vec![0.0; row.len()];
    }
    let e: Vec<f32> = row.iter().map(|x| exp(&mut Native, x - largest)).collect();
    let mut sums = [0.0f32; 16];
    e.iter().enumerate().for_each(|(i, e)| sums[i % 16] += e);
    for half in [8, 4, 2, 1] {
        (0..half).for_each(|i| sums[i] += sums[i + half]);
    }
    e.iter().map(|e| e / sums[0]).collect()
}

fn assert_softmax(row: &[f32], what: &str) {
    let want = softmax(row);
    for (level, table) in levels() {
        let mut memory = Bytes::new(row.iter().flat_map(|x| x.to_le_bytes()).chain([0xa5; 4]));
        // SAFETY: the row has this width.
        unsafe { (table.softmax_row)(&RowArgs { x: memory.ptr_mut(), width: row.len() as i64 }) };
        for (i, want) in want.iter().enumerate() {
            let got = f32::from_bits(memory.word(i));
            assert!(
                same(got, *want),
                "{level:?} {what} of {}, element {i}: {got:e}, not {want:e}",
                row.len()
            );
        }
        assert_eq!(memory.word(row.len()), 0xa5a5_a5a5, "{level:?} {what} of {}: wrote behind", row.len());
    }
}

/// Widths around those of vectors, of partial sums and of vectors taken together.
fn widths() -> impl Iterator<Item = usize> {
    (0..70).chain([127, 128, 129, 255, 257, 512, 1000, 2051])
}

#[test]
fn rows_become_their_softmax() {
    let mut random = Random(11);
    for width in widths() {
        for size in [1.0, 1e-3, 1e-40, 30.0, 100.0, 1e38] {
            let row: Vec<f32> = (0..width).map(|_| random.f32() * size).collect();
            assert_softmax(&row, &format!("a row of {size:e}"));
        }
        let hard: Vec<f32> = (0..width).map(|_| random.hard_f32()).collect();
        assert_softmax(&hard, "a row with what breaks kernels");
    }
}

#[test]
fn one_hard_element_among_others_is_where_it_is() {
    const HARD: [f32; 12] = [
        f32::NAN,
        -f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        0.0,
        -0.0,
        1e-45,
        -1e-45,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::MIN,
        1.0,
    ];
    for width in [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100] {
        for hard in HARD {
            for among in [0.0, -0.0, 0.5, f32::NEG_INFINITY, -80.0, -104.5, f32::MIN] {
                for at in [0, width / 2, width - 1] {
                    let mut row = vec![among; width];
                    row[at] = hard;
                    assert_softmax(&row, &format!("{hard:e} at {at} among {among:e}"));
                }
            }
        }
    }
}

#[test]
fn a_masked_row_is_zeros_and_masked_elements_change_no_other() {
    let mut random = Random(12);
    for width in widths() {
        assert_softmax(&vec![f32::NEG_INFINITY; width], "a masked row");
        for seen in [1, width / 3, width.saturating_sub(1)] {
            let mut row: Vec<f32> = (0..width).map(|_| random.f32()).collect();
            row.iter_mut().skip(seen).for_each(|x| *x = f32::NEG_INFINITY);
            assert_softmax(&row, "a causal row");
        }
    }
}

#[test]
fn exponentials_are_those_of_the_definition() {
    // The largest is 0, so an element is the exponential of what stands there, over the sum.
    let step = if cfg!(debug_assertions) { 40_009 } else { 1_009 };
    let elements: Vec<f32> = (0x8000_0000..=0xc300_0000u32).step_by(step).map(f32::from_bits).collect();
    for elements in elements.chunks(61) {
        let row: Vec<f32> = elements.iter().copied().chain([0.0]).collect();
        assert_softmax(&row, "a row of exponents");
    }
}
