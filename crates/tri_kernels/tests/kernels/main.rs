//! Every kernel at every level of this machine, against the definition written out, to the bit.

#![expect(unsafe_code, reason = "kernels are called through the C ABI")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod convolutions;
mod functions;
mod pools;
mod products;
mod rows;
mod softmax;
mod support;
mod table;
mod ternarize;
