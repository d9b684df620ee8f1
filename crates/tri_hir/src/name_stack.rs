//! Names in scope, the innermost last, found by name without a search.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// A stack of names with what they stand for.
#[derive(Clone, Debug)]
pub(crate) struct NameStack<T> {
    entries: Vec<(Arc<str>, T)>,
    /// Where each name stands in the stack, the innermost last.
    places: FxHashMap<Arc<str>, Vec<usize>>,
}

impl<T> Default for NameStack<T> {
    fn default() -> Self {
        NameStack { entries: Vec::new(), places: FxHashMap::default() }
    }
}

impl<T> NameStack<T> {
    /// Puts a name in scope; it hides those of its spelling.
    pub(crate) fn push(&mut self, name: Arc<str>, value: T) {
        self.places.entry(name.clone()).or_default().push(self.entries.len());
        self.entries.push((name, value));
    }

    /// What the innermost `name` stands for.
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        let place = self.places.get(name)?.last()?;
        self.entries.get(*place).map(|(_, value)| value)
    }

    /// Number of names.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Forgets all but the first `length` names.
    pub(crate) fn truncate(&mut self, length: usize) {
        for (name, _) in self.entries.drain(length.min(self.entries.len())..) {
            if let Some(places) = self.places.get_mut(&name) {
                places.pop();
            }
        }
    }

    /// The names with what they stand for, the outermost first.
    pub(crate) fn as_slice(&self) -> &[(Arc<str>, T)] {
        &self.entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_names_hide_outer_ones_until_they_are_forgotten() {
        let mut names = NameStack::default();
        names.push("a".into(), 1);
        names.push("b".into(), 2);
        names.push("a".into(), 3);
        assert_eq!(
            (names.get("a"), names.get("b"), names.get("c"), names.len()),
            (Some(&3), Some(&2), None, 3)
        );
        names.truncate(1);
        assert_eq!((names.get("a"), names.get("b"), names.as_slice().len()), (Some(&1), None, 1));
        names.truncate(7);
        assert_eq!(names.len(), 1);
    }
}
