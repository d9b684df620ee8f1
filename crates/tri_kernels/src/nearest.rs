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
use crate::quantize::largest;
use crate::route::ranks_above;

/// Largest magnitudes for which no sum overflows, and what is rounded away is no subnormal number.
const ORDINARY: std::ops::Range<f32> = 1e-30..1e30;
/// Rows up to this width have sums of distances that are off by less than a thousandth.
const MOST_WIDTH: usize = 1 << 15;
/// Half the distance from 1 to the next f32.
const UNIT: f64 = 1.0 / (1u64 << 24) as f64;
/// The most lanes of any level.
const MOST_LANES: usize = 16;
/// Signatures that are scored together by the definition.
const TOGETHER: usize = 8;

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
        let distance = f64::from(round::<L>(x, width, 127.0 / largest, digits));
        let width = width as f64;
        // Both the sum of distances and the products it is made from are rounded.
        let rounding = distance * 1.001 + width * 4e-5;
        let adding = 127.0 * 1.01 * width * width * UNIT;
        Row::Ordinary { margin: (2.0 * (rounding + adding) + 2.0).ceil() as i32, largest }
    }
}

/// Rounds `x * factor` to bytes, and gives the sum of how far they are from it.
#[inline(always)]
unsafe fn round<L: Level>(x: *const f32, width: usize, factor: f32, digits: *mut i8) -> f32 {
    let (lanes, factor) = (L::Floats::LANES, L::Floats::splat(factor));
    let mut sum = L::Floats::splat(0.0);
    let whole = width / lanes * lanes;
    for at in (0..whole).step_by(lanes) {
        let scaled = L::Floats::load(x.add(at)).mul(factor);
        scaled.round_to_bytes(digits.add(at));
        sum = scaled.distance_to_integer().add(sum);
    }
    if whole < width {
        let (mut rest, mut last) = ([0f32; MOST_LANES], [0i8; MOST_LANES]);
        rest.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(x.add(whole).cast(), 4 * (width - whole));
        let scaled = L::Floats::load(rest.as_ptr()).mul(factor);
        scaled.round_to_bytes(last.as_mut_ptr());
        digits.add(whole).copy_from_nonoverlapping(last.as_ptr(), width - whole);
        sum = scaled.distance_to_integer().add(sum);
    }
    total::<L>(sum)
}

/// The sum over lanes, in any order.
#[inline(always)]
unsafe fn total<L: Level>(lanes: L::Floats) -> f32 {
    let mut values = [0f32; MOST_LANES];
    lanes.store(values.as_mut_ptr());
    let mut half = MOST_LANES / 2;
    while half > 0 {
        for at in 0..half {
            values[at] += values[at + half];
        }
        half /= 2;
    }
    values[0]
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
    let near: usize = scores.iter().map(|score| usize::from(*score >= least)).sum();
    if near == 1 {
        return scores
            .iter()
            .enumerate()
            .map(|(at, score)| if *score == best { at } else { 0 })
            .max()
            .unwrap_or(0);
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
    // Both a score and that of the definition are this close to the exact one.
    let least = best - 4.0 * 1.02 * width * UNIT * width * f64::from(largest);
    let near = &near[..count];
    let mut open = near.iter().filter(|(_, score)| *score >= least);
    match (open.next(), open.next()) {
        (Some((at, _)), None) => *at,
        _ => {
            let open = near.iter().filter(|(_, score)| *score >= least).map(|(at, _)| *at);
            by_definition(scored, row, open, base)
        }
    }
}

/// A score, added up in lanes.
#[inline(always)]
unsafe fn in_any_order<L: Level>(x: *const f32, trits: *const i8, width: usize) -> f32 {
    let lanes = L::Floats::LANES;
    let mut sum = L::Floats::splat(0.0);
    let whole = width / lanes * lanes;
    for at in (0..whole).step_by(lanes) {
        sum = L::Floats::load(x.add(at)).add_trit(L::Floats::trits(trits.add(at)), sum);
    }
    let mut rest = 0.0;
    for at in whole..width {
        rest += x.add(at).read_unaligned() * f32::from(trits.add(at).read());
    }
    total::<L>(sum) + rest
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
        let (mut at, mut count) = ([0; TOGETHER], 0);
        for (to, next) in at.iter_mut().zip(open.by_ref()) {
            *to = next;
            count += 1;
        }
        if count == 0 {
            return best.map_or(0, |(at, _)| at);
        }
        let mut sums = [0f32; TOGETHER];
        for k in 0..scored.width {
            let x = x.add(k).read_unaligned();
            for (sum, at) in sums.iter_mut().zip(at) {
                *sum = match base.add(at * scored.width + k).read() {
                    0 => *sum,
                    1.. => *sum + x,
                    _ => *sum - x,
                };
            }
        }
        for (at, sum) in at.into_iter().zip(sums).take(count) {
            if best.is_none_or(|(_, best)| ranks_above(sum, best)) {
                best = Some((at, sum));
            }
        }
    }
}
