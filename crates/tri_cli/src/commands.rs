//! One file a subcommand.

pub(crate) mod bench_kernels;
pub(crate) mod cache;
pub(crate) mod check;
pub(crate) mod compile;
pub(crate) mod diff;
pub(crate) mod doc;
pub(crate) mod explain;
pub(crate) mod explain_kernels;
pub(crate) mod fmt;
pub(crate) mod graph;
pub(crate) mod inspect;
pub(crate) mod lsp;
pub(crate) mod new;
pub(crate) mod profile;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod test;
pub(crate) mod verify;
pub(crate) mod watch;
