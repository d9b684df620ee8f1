//! Salsa inputs, the System trait, module lookup, the embedded standard library.
