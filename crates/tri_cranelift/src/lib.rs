//! Kernel IR to machine code.
