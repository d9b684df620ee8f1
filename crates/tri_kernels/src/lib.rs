//! Micro-kernels, CPU levels, and the C ABI table that generated code calls.
//!
//! Generated code calls contractions, convolutions and the few scalar operations that old CPUs lack through a
//! [`KernelTable`]. There is one table a [`CpuLevel`]; all of them compute the same bits, as `docs/numerics.md` defines them:
//! floats are vectorised over results and never over the summed axis, and integers are exact.
//! Nothing here knows tensors, dtypes or schedules: a kernel sees pointers, sizes and strides.

#![expect(unsafe_code, reason = "kernels read and write through raw pointers and call vector intrinsics")]

mod abi;
mod byte;
mod byte_few;
mod byte_gemm;
mod byte_panel;
mod byte_scaled;
mod byte_short;
mod byte_sums;
mod byte_vector;
mod clusters;
mod conv;
mod conv_byte;
mod conv_float;
mod depthwise;
mod element;
mod float;
mod float_gemm;
mod float_trit;
mod functions;
mod lanes;
mod level;
pub mod limits;
mod nearest;
mod packed_rows;
mod partials;
mod pool;
mod product;
mod quantize;
pub mod route;
mod scalar;
mod scratch;
mod siblings;
mod softmax;
mod table;
mod ternarize;
mod windows;

pub use abi::{
    ClusterArgs, ClusterKernel, Context, ConvArgs, ConvKernel, EpilogueArgs, EpilogueFunction, GemmArgs,
    GemmKernel, KernelTable, Mark, ParallelBody, ParallelFor, PoolArgs, PoolKernel, QuantizeArgs,
    QuantizeKernel, RouteArgs, RouteKernel, RowArgs, RowKernel, ScalarF32, ScalarF64, ScaledGemmArgs,
    ScaledGemmKernel, SiblingArgs, SiblingPart, TernaryF32, TernaryF64, unread_mark,
};
pub use level::CpuLevel;
pub use product::{Product, ProductArgs};
pub use ternarize::ternarize_rows;
