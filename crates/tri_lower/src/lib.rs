//! Typed HIR to tensor IR.
