//! Elaboration: typed HIR to tensor IR.
//!
//! Lowering evaluates bodies of the typed HIR. What is static (layers, arrays, loops, conditions, configuration, sizes with a
//! number) is worked out here; what is a tensor becomes instructions. The rules:
//!
//! - An *instance* is a layer with its generics and configuration; its members are made when first asked for. The tree of
//!   instances below the model gives parameters and states their names (`blocks.3.attn.query.weight`).
//! - A call of a layer's function, or of a function of the program, is a call of an IR function, shared by all calls that
//!   agree in everything static. Parameters and states that it reads are further operands, found by their place in the
//!   instance, so equal layers share one function. Inlined instead are functions of the standard library whose body is
//!   small and has no loop, calls whose result is not made of tensors, and calls in which instances overlap.
//! - A function of the model whose parameters are all tensors, without packs and element variables, is an entry point.
//!   The initial value of a parameter is a function of nothing. A test reads parameters as their initial values.
//!
//! What lowering does not support is a diagnostic that says so by name. Work and nesting are bounded ([`Limits`]).

mod block;
mod call;
mod callee;
mod chain;
mod contraction;
mod dims;
mod einsum;
mod entry;
mod error;
mod eval;
mod function;
mod hir_access;
mod instance;
mod intrinsics;
mod lowering;
mod model;
mod names;
mod route;
mod shared;
mod source_map;
mod static_eval;
mod tensor;
mod value;
mod view;

pub use lowering::{Limits, Lowered, Options, lower};
pub use source_map::{Callee, Calls, Place, SourceMap};
