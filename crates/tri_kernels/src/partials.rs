//! The sixteen partial sums of rule 5 of numerics.md, in the lanes of one vector or two, and their tree.

#![expect(unsafe_op_in_unsafe_fn, reason = "vectors are used under the promise of their level")]

use crate::lanes::{FloatLanes, Level};

/// How many there are.
pub(crate) const PARTIALS: usize = 16;

/// Vectors that hold them at most; a level uses as many as it needs.
pub(crate) const MOST_PARTS: usize = 2;

/// Vectors of a level that hold them.
#[inline(always)]
pub(crate) fn parts<L: Level>() -> usize {
    PARTIALS / L::Floats::LANES
}

/// The sum of all.
#[inline(always)]
pub(crate) unsafe fn sum<L: Level>(sums: [L::Floats; MOST_PARTS]) -> f32 {
    let mut values = [0.0; PARTIALS];
    for (part, sum) in sums.into_iter().enumerate().take(parts::<L>()) {
        sum.store(values.as_mut_ptr().add(part * L::Floats::LANES));
    }
    fold(values, |a, b| a + b)
}

/// Eights, fours, twos, ones.
#[inline(always)]
pub(crate) fn fold(mut values: [f32; PARTIALS], of: impl Fn(f32, f32) -> f32) -> f32 {
    let mut half = PARTIALS / 2;
    while half > 0 {
        for at in 0..half {
            values[at] = of(values[at], values[at + half]);
        }
        half /= 2;
    }
    values[0]
}

/// The lanes of a vector that so many elements fill, a bit each.
#[inline(always)]
pub(crate) fn first_lanes(count: usize) -> u32 {
    u32::MAX.checked_shr(u32::BITS - count as u32).unwrap_or(0)
}
