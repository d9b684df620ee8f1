//! Reference interpreter of tensor IR, the oracle of every backend.
