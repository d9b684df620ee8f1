//! What is wrong with files, artifacts and calls, as users of the binary meet it: each code is provoked by real files, and the
//! transcripts of its page are repeated.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod artifacts;
mod errors;
mod folder;
mod routing;
mod transcripts;
