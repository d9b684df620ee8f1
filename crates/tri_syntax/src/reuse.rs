//! Items of an earlier parse of a file, taken over where their text stands in the file still.
//!
//! An item is a function of its text and the documentation before it, as long as nothing is wrong with it, so the tree of a file is
//! the same with and without what was parsed earlier.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::Parsed;
use crate::ast::{Docs, Item, ItemSpans};

/// The items of an earlier parse by their texts; none of a file that had errors.
#[derive(Debug, Default)]
pub(crate) struct Known<'a>(FxHashMap<&'a str, (&'a Arc<Item>, &'a ItemSpans)>);

impl<'a> Known<'a> {
    /// What parsing `text` gave.
    pub(crate) fn of(text: &'a str, parsed: &'a Parsed) -> Known<'a> {
        if !parsed.errors.is_empty() {
            return Known::default();
        }
        let items = parsed.ast.items.iter().zip(&parsed.ast.spans);
        Known(items.map(|(item, spans)| (spans.range(item.id).of(text), (item, spans))).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The item that is written as `text` with `docs` before it, where it begins at `base`.
    pub(crate) fn get(&self, text: &str, docs: &Docs, base: u32) -> Option<(Arc<Item>, ItemSpans)> {
        let (item, spans) = self.0.get(text).filter(|(item, _)| item.docs == *docs)?;
        Some(((*item).clone(), ItemSpans { base, ranges: spans.ranges.clone() }))
    }
}
