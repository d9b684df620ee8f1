//! The language server as a process, over stdin and stdout.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod basics;
mod client;
mod exchange;
mod hostile;
mod names;
mod soak;
mod views;
