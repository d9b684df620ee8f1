//! Operations, by family. Each adds at most a few lines to a body, or nothing where nothing fits.

mod einsum;
mod elementwise;
mod image;
mod layers;
mod library;
mod lookup;
mod movement;
mod product;
mod quantize;
mod reduction;
mod state;

use super::body::Body;
use crate::choices::Choices;

/// How often, and what.
type Family = (usize, fn(&mut Body<'_>, &mut Choices) -> Option<()>);

const FAMILIES: [Family; 16] = [
    (8, elementwise::unary),
    (8, elementwise::binary),
    (3, elementwise::cast),
    (4, reduction::reduction),
    (6, product::matrix),
    (6, movement::movement),
    (4, layers::instance),
    (3, quantize::quantize),
    (3, quantize::ternary_product),
    (3, image::convolution),
    (2, image::pooling),
    (2, lookup::gather),
    (1, lookup::positions),
    (3, einsum::einsum),
    (4, state::state),
    (3, library::library),
];

/// One operation.
pub(super) fn step(body: &mut Body<'_>, c: &mut Choices) {
    let weights: Vec<usize> = FAMILIES.iter().map(|(weight, _)| *weight).collect();
    let (_, family) = FAMILIES[c.weighted(&weights)];
    // An operation that fits nothing leaves at most an operand that nobody reads.
    let _ = family(body, c);
}
