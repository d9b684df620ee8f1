//! Compiled functions, kept for other compilations under a fingerprint of what they were compiled from.
//!
//! The fingerprint is that of the function's Cranelift IR as it goes into the compiler, with the target's settings. It leaves out
//! only which functions its calls lead to, which the linker fills in, so a function whose fingerprint is known has the same code. It
//! depends on the build of the compiler: pools of another build must not be offered.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// A function of a compilation.
#[derive(Clone, Debug)]
pub struct FunctionRun {
    /// The schedule, and which part of it.
    pub name: String,
    /// When its turn came.
    pub start: Instant,
    /// How long it took to build its Cranelift IR and, unless reused, its code.
    pub time: Duration,
    /// The thread, counted from zero.
    pub thread: usize,
    /// Whether its code came from the pool.
    pub is_reused: bool,
}
