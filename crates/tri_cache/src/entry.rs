//! The bytes of an entry: a header that tells whether the rest is whole, then the contents.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `TRICACHE` |
//! | 4 | format version, little endian |
//! | 32 | blake3 of key and contents |
//! | rest | contents |

use crate::Key;

const MAGIC: &[u8; 8] = b"TRICACHE";

/// Entries of another version are dropped.
pub(crate) const VERSION: u32 = 1;

const HEADER: usize = 8 + 4 + 32;

/// The header of an entry.
pub(crate) fn header(key: &Key, contents: &[u8]) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[12..].copy_from_slice(&hash(key, contents));
    header
}

/// The contents of an entry, or why they are not to be believed.
pub(crate) fn contents(key: &Key, mut bytes: Vec<u8>) -> Result<Vec<u8>, &'static str> {
    let Some((header, contents)) = bytes.split_at_checked(HEADER) else {
        return Err("is cut off");
    };
    if header[..8] != *MAGIC {
        return Err("is not an entry of this cache");
    }
    if header[8..12] != VERSION.to_le_bytes() {
        return Err("has the format of another version");
    }
    if header[12..] != hash(key, contents) {
        return Err("is damaged");
    }
    bytes.drain(..HEADER);
    Ok(bytes)
}

/// With the key, so that an entry under another's name is not believed.
fn hash(key: &Key, contents: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new_keyed(key.as_bytes()).update(contents).finalize().as_bytes()
}
