//! The header of a safetensors file, held to what the `safetensors` crate leaves open.
//!
//! That crate keeps one of two tensors of a name, adds up offsets before it compares them with the file's size, and makes room for
//! whatever a tensor's entry holds, many times the header's size. Everything else it checks itself, after this.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Longest header that is read.
const MAX_LENGTH: u64 = 100_000_000;
/// Most axes of a tensor.
const MAX_RANK: usize = 64;

/// Checks the header of a file's bytes.
///
/// # Errors
/// What is wrong with it, and the tensor if it is one.
pub(crate) fn check(bytes: &[u8]) -> Result<(), (Option<String>, String)> {
    let whole = |reason: String| (None, reason);
    let (length, rest) = bytes
        .split_first_chunk::<8>()
        .ok_or_else(|| whole(format!("{} bytes are too few for a safetensors file", bytes.len())))?;
    let length = u64::from_le_bytes(*length);
    if length > MAX_LENGTH || length > rest.len() as u64 {
        return Err(whole(format!(
            "the header would be {length} bytes long, but {} bytes follow",
            rest.len()
        )));
    }
    let (header, data) = rest.split_at(length as usize);
    let entries: Entries =
        serde_json::from_slice(header).map_err(|error| whole(format!("the header is malformed: {error}")))?;
    let mut seen = HashSet::new();
    for (name, end) in &entries.0 {
        if !seen.insert(name.as_str()) {
            return Err((Some(name.clone()), "the header has two tensors of this name".to_owned()));
        }
        if *end > data.len() as u64 {
            let reason = format!("ends at byte {end} of the data, which is {} bytes long", data.len());
            return Err((Some(name.clone()), reason));
        }
    }
    Ok(())
}

/// The names of the header, as often as they occur, each with the end of its data.
struct Entries(Vec<(String, u64)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    let end = if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                        0
                    } else {
                        map.next_value::<Entry>()?.data_offsets.1
                    };
                    entries.push((name, end));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// What the header says of a tensor.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(rename = "dtype")]
    _dtype: String,
    #[serde(rename = "shape")]
    _shape: Shape,
    data_offsets: (u64, u64),
}

/// A shape of which nothing is kept.
struct Shape;

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Sizes;
        impl<'de> Visitor<'de> for Sizes {
            type Value = Shape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of sizes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sizes: A) -> Result<Shape, A::Error> {
                let mut rank = 0;
                while sizes.next_element::<u64>()?.is_some() {
                    rank += 1;
                    if rank > MAX_RANK {
                        return Err(A::Error::custom(format!("a tensor has more than {MAX_RANK} axes")));
                    }
                }
                Ok(Shape)
            }
        }
        deserializer.deserialize_seq(Sizes)
    }
}
