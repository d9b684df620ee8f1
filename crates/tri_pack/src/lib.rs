//! Ternary encodings: how matrices of -1, 0 and +1 lie in bytes, Tri's own ways and those of other programs.
//!
//! One module an [`Encoding`], written to be obviously its definition in `docs/numerics.md`; fast kernels are tested against these.
//! Decoding accepts only what an encoder could have written, apart from the exceptions that a module names, and an error says where.
//! Nothing here reads files or knows tensors.

#![forbid(unsafe_code)]

mod encoding;
mod error;
mod i2_s;
mod planes;
mod shape;
mod t160;
mod t2;
mod tq1_0;
mod tq2_0;
mod triton;
mod trix;

pub use encoding::{Encoding, Unpacked, checksum, pack, packed_len, scale_count, unpack};
pub use error::{PackError, PackErrorKind};
