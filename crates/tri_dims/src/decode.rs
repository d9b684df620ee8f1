//! Decoding of dimensions from files, which bounds how large they are and how deeply divisions nest: hostile bytes must exhaust neither
//! stack nor time.

use std::cell::Cell;

use serde::{Deserialize, Deserializer, de::Error};

use crate::limits::MAX_DEPTH;
use crate::{Dim, Monomial};

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

/// The terms of a dimension.
pub(crate) fn terms<'de, V, D>(deserializer: D) -> Result<Vec<(Monomial<V>, i64)>, D::Error>
where
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let _level = Level::enter().ok_or_else(|| D::Error::custom("a size is nested too deeply"))?;
    let dim = Dim { terms: Vec::deserialize(deserializer)? };
    dim.within_limits().map(|dim| dim.terms).map_err(D::Error::custom)
}
