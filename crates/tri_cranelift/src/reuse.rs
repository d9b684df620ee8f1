//! Compiled functions, kept for other compilations under a fingerprint of what they were compiled from.
//!
//! The fingerprint is that of the function's Cranelift IR as it goes into the compiler, with the target's settings. It leaves out
//! only which functions its calls lead to, which the linker fills in, so a function whose fingerprint is known has the same code. It
//! depends on the build of the compiler: pools of another build must not be offered.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use cranelift_codegen::ir::Function;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::link::Object;

/// What a function was compiled from: blake3, 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a function for the target whose settings `target` describes.
    pub(crate) fn of(function: &Function, target: &str) -> Fingerprint {
        let mut bytes = Bytes(Vec::with_capacity(16 << 10));
        target.hash(&mut bytes);
        function.stencil.hash(&mut bytes);
        Fingerprint(*blake3::hash(&bytes.0).as_bytes())
    }
}

/// Collects what is hashed.
struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("whoever hashes takes the bytes")
    }
}

/// Compiled functions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FunctionPool(FxHashMap<Fingerprint, Arc<Object>>);

impl FunctionPool {
    /// Number of functions.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, fingerprint: &Fingerprint) -> Option<Arc<Object>> {
        self.0.get(fingerprint).cloned()
    }

    pub(crate) fn insert(&mut self, fingerprint: Fingerprint, object: Arc<Object>) {
        self.0.insert(fingerprint, object);
    }
}

/// How many functions were compiled, and how many were taken from a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reuse {
    /// Compiled.
    pub compiled: usize,
    /// Found in the pool.
    pub reused: usize,
}
