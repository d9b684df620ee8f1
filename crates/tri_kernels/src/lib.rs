//! Micro-kernels, CPU levels, and the C ABI table that generated code calls.
