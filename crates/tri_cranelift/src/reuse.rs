//! Compiled functions, kept for other compilations under a [key](crate::key) of what they were compiled from. It depends on the build of
//! the compiler: pools of another build must not be offered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::link::Object;

/// What a function was compiled from: blake3, 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Fingerprint {
        Fingerprint(bytes)
    }
}

/// Compiled functions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionPool(BTreeMap<Fingerprint, Arc<Object>>);

impl FunctionPool {
    /// Number of functions.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of machine code.
    pub fn bytes(&self) -> usize {
        self.0.values().map(|object| object.bytes()).sum()
    }

    /// The functions that another pool lacks.
    pub fn beyond(&self, other: &FunctionPool) -> FunctionPool {
        let lacking = self.0.iter().filter(|(key, _)| !other.0.contains_key(key));
        FunctionPool(lacking.map(|(key, object)| (*key, object.clone())).collect())
    }

    /// The functions of both pools.
    pub fn and(&self, other: &FunctionPool) -> FunctionPool {
        let mut both = self.clone();
        both.0.extend(other.0.iter().map(|(key, object)| (*key, object.clone())));
        both
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
    /// How long it took to find it or to compile it.
    pub time: Duration,
    /// The thread, counted from zero.
    pub thread: usize,
    /// Whether its code came from the pool.
    pub is_reused: bool,
}
