//! Dimensions in files. Decoding bounds how large they are and how deeply divisions nest: hostile bytes must exhaust neither
//! stack nor time.

use std::cell::Cell;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::limits::MAX_DEPTH;
use crate::{Dim, Terms};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// One level of nesting, left when dropped.
struct Level;

impl Level {
    fn enter() -> Option<Level> {
        let depth = DEPTH.get();
        (depth < MAX_DEPTH).then(|| {
            DEPTH.set(depth + 1);
            Level
        })
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// The terms of a dimension, written as the list that [`terms`] reads.
pub(crate) fn as_list<V: Serialize, S: Serializer>(
    terms: &Terms<V>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    terms.as_slice().serialize(serializer)
}

/// The terms of a dimension.
pub(crate) fn terms<'de, V, D>(deserializer: D) -> Result<Terms<V>, D::Error>
where
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let _level = Level::enter().ok_or_else(|| D::Error::custom("a size is nested too deeply"))?;
    let dim = Dim { terms: Vec::deserialize(deserializer)?.into() };
    dim.within_limits().map(|dim| dim.terms).map_err(D::Error::custom)
}
