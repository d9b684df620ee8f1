//! Names of entries: hashes of everything that an entry depends on.

use std::fmt;

/// The name of an entry: blake3, 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The key whose bytes these are.
    pub fn from_bytes(bytes: [u8; 32]) -> Key {
        Key(bytes)
    }

    /// The key that [`Display`](fmt::Display) gives as `hex`.
    pub fn from_hex(hex: &str) -> Option<Key> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(Key(bytes))
    }

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of one thing.
    pub fn of(bytes: &[u8]) -> Key {
        Key(*blake3::hash(bytes).as_bytes())
    }
}

/// In hexadecimal.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

/// Hashes parts, each with its name and length, so that no two lists of parts are the same bytes.
#[derive(Clone, Debug, Default)]
pub struct KeyBuilder(blake3::Hasher);

impl KeyBuilder {
    /// Without parts. `purpose` separates keys of different kinds of things.
    pub fn new(purpose: &str) -> KeyBuilder {
        KeyBuilder(blake3::Hasher::new_derive_key(purpose))
    }

    /// Adds a part.
    pub fn part(&mut self, name: &str, value: &[u8]) -> &mut KeyBuilder {
        for bytes in [name.as_bytes(), value] {
            self.0.update(&(bytes.len() as u64).to_le_bytes());
            self.0.update(bytes);
        }
        self
    }

    /// The key of all parts.
    pub fn finish(&self) -> Key {
        Key(*self.0.finalize().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_apart() {
        let key = |parts: &[(&str, &[u8])]| {
            let mut builder = KeyBuilder::new("test");
            for (name, value) in parts {
                builder.part(name, value);
            }
            builder.finish()
        };
        let keys = [key(&[("a", b"bc")]), key(&[("ab", b"c")]), key(&[("a", b"b"), ("", b"c")]), key(&[])];
        for (at, one) in keys.iter().enumerate() {
            assert!(keys[at + 1..].iter().all(|other| other != one));
        }
        assert_eq!(Key::from_hex(&keys[0].to_string()), Some(keys[0]));
        assert!(Key::from_hex("ab").is_none() && Key::from_hex(&"+f".repeat(32)).is_none());
        assert_ne!(KeyBuilder::new("one").finish(), KeyBuilder::new("two").finish());
    }
}
