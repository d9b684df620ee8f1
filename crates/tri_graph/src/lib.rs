//! A model as a picture: the calls of an entry point as layers in layers, what flows between them, and what each costs.
//!
//! [`build()`] makes a [`Graph`] of tensor IR before the passes, since that is what the source says: a node a layer, function or operation,
//! an edge a tensor. What depends on weights alone happens once, when they are bound, so it is no node; the weights
//! are written on the nodes that use them. [`svg`] and [`html`] draw it. In a browser both can be
//! moved and zoomed, and layers open and close; elsewhere the SVG is the picture of the outermost layers.

mod build;
mod cost;
mod flow;
mod formula;
mod graph;
mod layout;
mod place;
mod region;
mod render;
mod weights;

pub use build::{GraphError, build, entry_of};
pub use cost::{Cost, Measure, entry_cost, function_cost};
pub use formula::{Formula, amount, bytes};
pub use graph::{Edge, Graph, Inside, Kind, Node, NodeId};
pub use render::{html, svg};
pub use weights::{Held, Weights, parameter_of, stored_bytes};
