//! Names, dims, shape and dtype checking, static evaluation.
//!
//! Every function here is a salsa query over the inputs of `tri_db`; results carry their own reports. A layer or function is checked
//! once, where it is defined, with its dims as symbols; [`check`] gathers what all files of a program have to say.

mod ahead;
mod dims;
mod dump;
mod foreign;
pub mod hir;
mod infer;
mod lints;
mod name_stack;
mod outline;
mod queries;
mod report;
mod resolve;
mod scope;
mod show;

pub use ahead::check_library;
pub use dump::dump_body;
pub use lints::{Binding, Kind as BindingKind, Uses};
pub use queries::{
    CheckedBody, Roots, body, body_owners, check, check_file, check_together, checked_body, def_name,
    diagnose, dim_value, files, function_of, is_library, item_named, item_of, item_uses, items, layer,
    library_items, lint_file, roots, set_capacity, signature, visible,
};
pub use report::{Place, place_span};
pub use scope::{Named, lookup};
pub use show::{show_dim, show_fact, show_type};
