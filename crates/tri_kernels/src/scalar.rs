//! Scalar operations for CPUs that lack an instruction for them.

pub(crate) extern "C" fn fma_f32(a: f32, b: f32, c: f32) -> f32 {
    a.mul_add(b, c)
}

pub(crate) extern "C" fn fma_f64(a: f64, b: f64, c: f64) -> f64 {
    a.mul_add(b, c)
}

pub(crate) extern "C" fn floor_f32(x: f32) -> f32 {
    x.floor()
}

pub(crate) extern "C" fn floor_f64(x: f64) -> f64 {
    x.floor()
}

pub(crate) extern "C" fn ceil_f32(x: f32) -> f32 {
    x.ceil()
}

pub(crate) extern "C" fn ceil_f64(x: f64) -> f64 {
    x.ceil()
}

pub(crate) extern "C" fn trunc_f32(x: f32) -> f32 {
    x.trunc()
}

pub(crate) extern "C" fn trunc_f64(x: f64) -> f64 {
    x.trunc()
}

pub(crate) extern "C" fn nearest_f32(x: f32) -> f32 {
    x.round_ties_even()
}

pub(crate) extern "C" fn nearest_f64(x: f64) -> f64 {
    x.round_ties_even()
}
