//! The sizes of a tensor, shared: most types are another's, and a type is copied far more often than it is made.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Dim;

/// Sizes, outermost first; empty for a scalar.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape(Arc<[Dim]>);

impl Shape {
    /// The sizes.
    pub fn as_slice(&self) -> &[Dim] {
        &self.0
    }
}

impl Deref for Shape {
    type Target = [Dim];

    fn deref(&self) -> &[Dim] {
        &self.0
    }
}

/// Copies the sizes unless they are this shape's alone.
impl DerefMut for Shape {
    fn deref_mut(&mut self) -> &mut [Dim] {
        Arc::make_mut(&mut self.0)
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromIterator<Dim> for Shape {
    fn from_iter<I: IntoIterator<Item = Dim>>(sizes: I) -> Shape {
        Shape(sizes.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Shape {
    type Item = &'a Dim;
    type IntoIter = std::slice::Iter<'a, Dim>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl From<Vec<Dim>> for Shape {
    fn from(sizes: Vec<Dim>) -> Shape {
        Shape(sizes.into())
    }
}

impl From<&[Dim]> for Shape {
    fn from(sizes: &[Dim]) -> Shape {
        Shape(sizes.into())
    }
}

impl PartialEq<Vec<Dim>> for Shape {
    fn eq(&self, other: &Vec<Dim>) -> bool {
        **self == **other
    }
}

impl<const N: usize> PartialEq<[Dim; N]> for Shape {
    fn eq(&self, other: &[Dim; N]) -> bool {
        **self == *other
    }
}
