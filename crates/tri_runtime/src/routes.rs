//! Recording of routed layers: which tiles the rows of a call choose, and how clearly.
//!
//! A model that records is compiled from tensor IR to which [`instrument`] added what routes decide by as further results of the
//! entries; a call takes them off again and makes a [`tri_routing::Layer`] of each. Other models are compiled as they are, so recording costs
//! them nothing, and by the rules of `docs/numerics.md` both give the same bits.

mod choices;
mod instrument;
mod layer_name;
mod signatures;

pub(crate) use choices::layer_of;
pub(crate) use instrument::{Probe, instrument};
