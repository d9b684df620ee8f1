//! The `triton` command.
fn main() {}
