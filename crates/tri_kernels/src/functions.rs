//! Elementary functions of each element of a row of f32 in its place, as [`tri_ir::math`] defines them. Vectors are as wide as the level's,
//! where generated code has four lanes.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use tri_ir::math;

use crate::RowArgs;
use crate::lanes::{FloatLanes, Level};
use crate::partials::first_lanes;

/// Loops with a function written into each: a closure would be compiled without the level's instructions.
macro_rules! functions {
    ($($name:ident)*) => {$(
        /// Replaces each element by the function of it.
        ///
        /// # Safety
        /// `args` says what it must be.
        #[inline(always)]
        pub(crate) unsafe fn $name<L: Level>(args: &RowArgs) {
            let mut a = L::Arithmetic::default();
            let (x, width, lanes) = (args.x.cast::<f32>(), args.width.max(0) as usize, L::Floats::LANES);
            let whole = width / lanes * lanes;
            for at in (0..whole).step_by(lanes) {
                let value = math::$name(&mut a, L::Floats::load(x.add(at)));
                value.store(x.add(at));
            }
            if whole < width {
                let mask = first_lanes(width - whole);
                let value = math::$name(&mut a, L::Floats::splat(0.0).load_lanes(x.add(whole), mask));
                value.store_lanes(x.add(whole), mask);
            }
        }
    )*};
}

functions!(exp sigmoid tanh erf);
