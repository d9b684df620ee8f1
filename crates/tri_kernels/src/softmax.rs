//! Softmax of a row of f32 in its place: rule 8 of numerics.md.
//!
//! Three looks at a row that stays in the first cache: its largest element, exponentials with their sum, quotients. Lanes are neighbours, and
//! sixteen of them are the sixteen partial sums of rule 5.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use tri_ir::math::{self, Arith};

use crate::RowArgs;
use crate::lanes::{FloatLanes, Level};
use crate::partials::{self, MOST_PARTS, PARTIALS, first_lanes, fold};

/// Vectors at once.
const TOGETHER: usize = 4;

/// Replaces a row by its softmax.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn row<L: Level>(args: &RowArgs) {
    let (x, width) = (args.x.cast::<f32>(), args.width.max(0) as usize);
    let most = largest::<L>(x, width);
    if most == f32::NEG_INFINITY {
        x.cast::<u8>().write_bytes(0, 4 * width);
        return;
    }
    let sum = exponentials::<L>(x, width, most);
    divide::<L>(x, width, sum);
}

/// The largest element by rule 6; -inf of none.
#[inline(always)]
unsafe fn largest<L: Level>(x: *const f32, width: usize) -> f32 {
    let lanes = L::Floats::LANES;
    let nothing = L::Floats::splat(f32::NEG_INFINITY);
    // Several at once, since one would wait for itself.
    let mut several = [nothing; TOGETHER];
    let (blocks, whole) = (width / (TOGETHER * lanes) * (TOGETHER * lanes), width / lanes * lanes);
    for at in (0..blocks).step_by(TOGETHER * lanes) {
        for (vector, most) in several.iter_mut().enumerate() {
            *most = L::Floats::load(x.add(at + vector * lanes)).larger(*most);
        }
    }
    for at in (blocks..whole).step_by(lanes) {
        several[0] = L::Floats::load(x.add(at)).larger(several[0]);
    }
    if whole < width {
        several[1] = nothing.load_lanes(x.add(whole), first_lanes(width - whole)).larger(several[1]);
    }
    let [a, b, c, d] = several;
    let mut values = [f32::NEG_INFINITY; PARTIALS];
    a.larger(b).larger(c.larger(d)).store(values.as_mut_ptr());
    fold(values, math::max_f32)
}

/// Replaces each element by `exp(x - most)`, and gives the sum of these by rule 5.
#[inline(always)]
unsafe fn exponentials<L: Level>(x: *mut f32, width: usize, most: f32) -> f32 {
    let mut a = L::Arithmetic::default();
    let most = L::Floats::splat(most);
    let (lanes, parts) = (L::Floats::LANES, partials::parts::<L>());
    let mut sums = [L::Floats::splat(0.0); MOST_PARTS];
    let whole = width / PARTIALS * PARTIALS;
    for at in (0..whole).step_by(PARTIALS) {
        for (part, sum) in sums.iter_mut().enumerate().take(parts) {
            let at = x.add(at + part * lanes);
            let e = a.sub(L::Floats::load(at), most);
            let e = math::exp(&mut a, e);
            e.store(at);
            *sum = a.add(*sum, e);
        }
    }
    for (part, sum) in sums.iter_mut().enumerate().take(parts) {
        let at = whole + part * lanes;
        let mask = first_lanes(width.saturating_sub(at).min(lanes));
        // What lies behind the row becomes +0, which changes no sum.
        let e = L::Floats::splat(f32::NEG_INFINITY).load_lanes(x.wrapping_add(at), mask);
        let e = a.sub(e, most);
        let e = math::exp(&mut a, e);
        e.store_lanes(x.wrapping_add(at), mask);
        *sum = a.add(*sum, e);
    }
    partials::sum::<L>(sums)
}

/// Divides each element.
#[inline(always)]
unsafe fn divide<L: Level>(x: *mut f32, width: usize, by: f32) {
    let mut a = L::Arithmetic::default();
    let (lanes, by) = (L::Floats::LANES, L::Floats::splat(by));
    let whole = width / lanes * lanes;
    for at in (0..whole).step_by(lanes) {
        let e = L::Floats::load(x.add(at));
        a.div(e, by).store(x.add(at));
    }
    if whole < width {
        let mask = first_lanes(width - whole);
        let e = by.load_lanes(x.add(whole), mask);
        a.div(e, by).store_lanes(x.add(whole), mask);
    }
}
