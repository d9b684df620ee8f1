//! Things that callers name by handles: numbers from 1 on, since a null handle is none.

use std::collections::BTreeMap;

/// Things of one kind.
#[derive(Debug)]
pub(crate) struct Handles<T> {
    things: BTreeMap<usize, T>,
    last: usize,
}

impl<T> Default for Handles<T> {
    fn default() -> Self {
        Handles { things: BTreeMap::new(), last: 0 }
    }
}

impl<T> Handles<T> {
    pub(crate) fn add(&mut self, thing: T) -> usize {
        self.last += 1;
        self.things.insert(self.last, thing);
        self.last
    }

    pub(crate) fn get(&self, handle: usize) -> Option<&T> {
        self.things.get(&handle)
    }

    pub(crate) fn get_mut(&mut self, handle: usize) -> Option<&mut T> {
        self.things.get_mut(&handle)
    }

    pub(crate) fn remove(&mut self, handle: usize) -> Option<T> {
        self.things.remove(&handle)
    }

    pub(crate) fn handles(&self) -> Vec<usize> {
        self.things.keys().copied().collect()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.things.values_mut()
    }
}
