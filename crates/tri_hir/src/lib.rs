//! Names, dims, shape and dtype checking, static evaluation.

pub mod hir;
