//! Functions that IEEE operations give directly.

use super::Arith;

/// `1 / sqrt(x)`, by an IEEE square root and an IEEE division; of -0: -inf (IEEE 754 `rSqrt`).
pub fn rsqrt<A: Arith>(a: &mut A, x: A::F32) -> A::F32 {
    let root = a.sqrt(x);
    let one = a.f32(1.0);
    a.div(one, root)
}
