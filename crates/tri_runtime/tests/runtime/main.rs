//! What a model loaded by the runtime does: the interpreter's bits at every level, thread count and batch; errors that name what
//! is wrong; sessions that do not see each other; files that cannot do harm.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod calls;
mod inputs;
mod models;
mod trust;
