//! Steps as loop nests: what machines run that lack the micro-kernel for rows.

use std::borrow::Cow;

use tri_dims::DimError;

use crate::schedule::packing_nest;
use crate::softmax::{has_softmax, nest_spelled_out};
use crate::{Attention, Digits, StepKind};

/// The step with loops in the place of each softmax, and of a quantiser that packs.
///
/// # Errors
/// A size is out of reach.
pub fn spelled_out(step: &StepKind) -> Result<Cow<'_, StepKind>, DimError> {
    Ok(match step {
        StepKind::Nest(nest) if has_softmax(nest) => Cow::Owned(StepKind::Nest(nest_spelled_out(nest))),
        StepKind::Attention(step) if has_softmax(&step.rows) => {
            let rows = nest_spelled_out(&step.rows);
            Cow::Owned(StepKind::Attention(Box::new(Attention { rows, ..(**step).clone() })))
        }
        StepKind::QuantizeRows(step) if step.to != Digits::Bytes => {
            Cow::Owned(StepKind::Nest(packing_nest(step)?))
        }
        _ => Cow::Borrowed(step),
    })
}
