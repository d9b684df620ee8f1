//! Which signature has the largest product with a row, told by approximate scores as far as they can tell.
//!
//! With `a` the largest magnitude of a row of `n` elements, `c = a / 127`, and `q` the row in bytes, a score in units of `c` is within
//! `sum |x / c - q|` of the integer `q` gives, and adding in f32 in any order moves it by `n u * 127 n` at most, `u = 2^-24` (Higham,
//! Accuracy and Stability of Numerical Algorithms, 2002, 4.2). Two scores further apart than twice both have the order of the integers.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::lanes::{FloatLanes, Level};
use crate::quantize::{TOGETHER, largest, round, total};
use crate::route::ranks_above;

/// Largest magnitudes for which no sum overflows, and what is rounded away is no subnormal number.
const ORDINARY: std::ops::Range<f32> = 1e-30..1e30;
/// Rows up to this width have sums of distances that are off by less than a thousandth.
const MOST_WIDTH: usize = 1 << 15;
/// Half the distance from 1 to the next f32.
const UNIT: f64 = 1.0 / (1u64 << 24) as f64;
/// Signatures that are scored together by the definition.
const CHAINS: usize = 8;

/// What is known of a row beside its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Row {
    /// All zero: all scores are equal.
    Zero,
    /// Scores in bytes further apart than `margin` have the right order; `largest` is the largest magnitude.
    Ordinary { margin: i32, largest: f32 },
    /// Not a row for approximate scores: it holds NaN or what is as large or small as hardly any number.
    Other,
}

impl Row {
    /// Rounds a row to bytes.
    #[inline(always)]
    pub(crate) unsafe fn of<L: Level>(x: *const f32, width: usize, digits: *mut i8) -> Row {
        let largest = f32::from_bits(largest::<L>(x, width));
        if largest == 0.0 || !ORDINARY.contains(&largest) || width > MOST_WIDTH {
            digits.write_bytes(0, width);
            return if largest == 0.0 { Row::Zero } else { Row::Other };
        }
        let distance = f64::from(round::<L, true>(x, width, 127.0 / largest, digits));
        let width = width as f64;
        // Both the sum of distances and the products it is made from are rounded.
        let rounding = distance * 1.001 + width * 4e-5;
        let adding = 127.0 * 1.01 * width * width * UNIT;
        Row::Ordinary { margin: (2.0 * (rounding + adding) + 2.0).ceil() as i32, largest }
    }
}

/// Rows that were scored in bytes.
pub(crate) struct Scored<'a> {
    /// The rows, one after another.
    pub(crate) x: *const f32,
    /// Elements of a row.
    pub(crate) width: usize,
    /// What is known of each.
    pub(crate) rows: &'a [Row],
}

/// The first signature from `base` with the largest product with row `row`, whose scores in bytes are `scores`.
#[inline(always)]
pub(crate) unsafe fn choose<L: Level>(
    scored: &Scored<'_>,
    row: usize,
    scores: &[i32],
    base: *const i8,
) -> usize {
    let Row::Ordinary { margin, largest } = scored.rows[row] else {
        let all = 0..scores.len();
        let is_zero = matches!(scored.rows[row], Row::Zero);
        return if is_zero { 0 } else { by_definition(scored, row, all, base) };
    };
    let best = scores.iter().fold(i32::MIN, |best, score| best.max(*score));
    let least = best.saturating_sub(margin);
    // Without branches, so that a vector of scores is looked at together.
    let near: i32 = scores.iter().map(|score| i32::from(*score >= least)).sum();
    if near == 1 {
        let at = (0..).zip(scores).map(|(at, score)| if *score == best { at } else { 0i32 });
        return at.fold(0, i32::max) as usize;
    }
    among_near::<L>(scored, row, scores, least, largest, base)
}

/// The best of those whose score in bytes is at least `least`.
#[inline(always)]
unsafe fn among_near<L: Level>(
    scored: &Scored<'_>,
    row: usize,
    scores: &[i32],
    least: i32,
    largest: f32,
    base: *const i8,
) -> usize {
    let x = scored.x.add(row * scored.width);
    let width = scored.width as f64;
    let mut near: [(usize, f64); 16] = [(0, 0.0); 16];
    let mut count = 0;
    let mut best = f64::NEG_INFINITY;
    for (at, _) in scores.iter().enumerate().filter(|(_, score)| **score >= least) {
        if count == near.len() {
            let open = scores.iter().enumerate().filter(|(_, score)| **score >= least).map(|(at, _)| at);
            return by_definition(scored, row, open, base);
        }
        let score = f64::from(in_any_order::<L>(x, base.add(at * scored.width), scored.width));
        best = best.max(score);
        near[count] = (at, score);
        count += 1;
    }
    // A score and that of the definition are off from the exact one by at most the length of their longest chain of additions, times the
    // unit, times the sum of magnitudes. That sum is made only where its own bound leaves several.
    let off = 2.0 * 1.02 * (width + width / 4.0 + 80.0) * UNIT;
    let near = &near[..count];
    let is_open = |least: f64| move |(_, score): &&(usize, f64)| *score >= least;
    let mut least = best - off * width * f64::from(largest);
    if near.iter().filter(is_open(least)).count() > 1 {
        least = best - off * f64::from(magnitudes::<L>(x, scored.width));
    }
    let mut open = near.iter().filter(is_open(least));
    match (open.next(), open.next()) {
        (Some((at, _)), None) => *at,
        _ => by_definition(scored, row, near.iter().filter(is_open(least)).map(|(at, _)| *at), base),
    }
}

/// A score of a row of finite numbers, added up in lanes: no chain of additions is longer than a quarter of the width and 80.
#[inline(always)]
unsafe fn in_any_order<L: Level>(x: *const f32, trits: *const i8, width: usize) -> f32 {
    let lanes = L::Floats::LANES;
    let block = TOGETHER * lanes;
    let whole = width / block * block;
    let mut sums = [L::Floats::splat(0.0); TOGETHER];
    for at in (0..whole).step_by(block) {
        for (vector, sum) in sums.iter_mut().enumerate() {
            let at = at + vector * lanes;
            *sum = L::Floats::load(x.add(at)).fma(L::Floats::trits(trits.add(at)), *sum);
        }
    }
    let mut rest = 0.0;
    for at in whole..width {
        rest += x.add(at).read_unaligned() * f32::from(trits.add(at).read());
    }
    total::<L>(sums) + rest
}

/// The sum of magnitudes of a row, in any order.
#[inline(always)]
unsafe fn magnitudes<L: Level>(x: *const f32, width: usize) -> f32 {
    let (lanes, zero) = (L::Floats::LANES, L::Floats::splat(0.0));
    let block = TOGETHER * lanes;
    let whole = width / block * block;
    let mut sums = [zero; TOGETHER];
    for at in (0..whole).step_by(block) {
        for (vector, sum) in sums.iter_mut().enumerate() {
            *sum = L::Floats::load(x.add(at + vector * lanes)).larger_magnitude(zero).add(*sum);
        }
    }
    let mut rest = 0.0;
    for at in whole..width {
        rest += x.add(at).read_unaligned().abs();
    }
    total::<L>(sums) + rest
}

/// The first of `open`, which ascend, with the largest score by rule 3 of numerics.md.
#[inline(never)]
unsafe fn by_definition(
    scored: &Scored<'_>,
    row: usize,
    mut open: impl Iterator<Item = usize>,
    base: *const i8,
) -> usize {
    let x = scored.x.add(row * scored.width);
    let mut best: Option<(usize, f32)> = None;
    loop {
        let (mut at, mut count) = ([0; CHAINS], 0);
        for (to, next) in at.iter_mut().zip(open.by_ref()) {
            *to = next;
            count += 1;
        }
        let signature = |at: usize| base.add(at * scored.width);
        let mut sums = [0f32; CHAINS];
        match count {
            0 => return best.map_or(0, |(at, _)| at),
            1 | 2 => sums[..2].copy_from_slice(&chains([at[0], at[1]].map(signature), x, scored.width)),
            _ => sums = chains(at.map(signature), x, scored.width),
        }
        for (at, sum) in at.into_iter().zip(sums).take(count) {
            if best.is_none_or(|(_, best)| ranks_above(sum, best)) {
                best = Some((at, sum));
            }
        }
    }
}

/// Scores by the definition: one chain of additions each.
#[inline(always)]
unsafe fn chains<const N: usize>(signatures: [*const i8; N], x: *const f32, width: usize) -> [f32; N] {
    let mut sums = [0f32; N];
    for k in 0..width {
        let x = x.add(k).read_unaligned();
        for (sum, signature) in sums.iter_mut().zip(signatures) {
            let trit = signature.add(k).read();
            // Without a branch, which nobody could foresee.
            let moved = *sum + x * f32::from(trit);
            *sum = if trit == 0 { *sum } else { moved };
        }
    }
    sums
}
