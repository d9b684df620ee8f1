//! Models on a GPU: the executor as it is, over a simulated driver. Each test runs in a process of its own, whose driver it is.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod calls;
mod failures;
mod machine;
#[path = "../runtime/models.rs"]
mod models;
mod routes;
