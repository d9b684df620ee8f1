//! blake3 of values by their `Hash`. Such a hash belongs to one build of the compiler; it is not a format.

use std::hash::{Hash, Hasher};

/// Bytes collected before they are hashed: blake3 is fast on many at once.
const BLOCK: usize = 16 << 10;

/// Collects what is hashed.
pub(crate) struct Digest {
    hasher: blake3::Hasher,
    bytes: Vec<u8>,
}

impl Digest {
    pub(crate) fn new() -> Digest {
        Digest { hasher: blake3::Hasher::new(), bytes: Vec::with_capacity(BLOCK) }
    }

    /// Adds a value.
    pub(crate) fn add(&mut self, value: &(impl Hash + ?Sized)) -> &mut Digest {
        value.hash(self);
        self
    }

    /// The hash of all values.
    pub(crate) fn finish(mut self) -> [u8; 32] {
        self.hasher.update(&self.bytes);
        *self.hasher.finalize().as_bytes()
    }
}

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        if self.bytes.len() + bytes.len() > BLOCK {
            self.hasher.update(&self.bytes);
            self.bytes.clear();
        }
        self.bytes.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("whoever hashes takes all of it")
    }
}
