//! The language server of Tri, `triton lsp`: the Language Server Protocol around `tri_ide`, over stdin and stdout.
//!
//! One thread, the main loop ([`server`]), owns all state and applies changes in the order in which they arrive. Requests are answered
//! on a pool of threads from snapshots; a change cancels those that run. Nothing is written to disk. A request is always
//! answered, if only with an error, and no message ends the server but `exit`.

mod capabilities;
mod convert;
mod dispatch;
mod documents;
mod notifications;
mod pool;
mod position;
mod publish;
mod requests;
mod server;
mod session;
mod snapshot;
mod uri;
mod workspace;

pub use session::{Pages, SessionError, run, serve};
