//! How generated code reports that a call cannot go on.
//!
//! Generated code stores one word in [`Context::error`](tri_kernels::Context::error): the kind in its low eight bits, the
//! site above them. The value that caused it goes to `error_value`. The first failure of a call wins.

use serde::{Deserialize, Serialize};
use tri_ir::Origin;

use crate::Code;

/// Why a call stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// A gather met the row `value`, which its table does not have.
    RowOutOfRange,
    /// A size computed at run time is `value`, which is negative.
    NegativeSize,
    /// A size computed at run time is `value`, which is larger than there is room for.
    SizeTooLarge,
}

impl FailureKind {
    const ALL: [FailureKind; 3] =
        [FailureKind::RowOutOfRange, FailureKind::NegativeSize, FailureKind::SizeTooLarge];

    /// The word that generated code stores for this failure at site number `site`.
    pub(crate) fn word(self, site: usize) -> i64 {
        (site as i64) << 8 | (self as i64 + 1)
    }
}

/// A step that can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Index of the schedule.
    pub schedule: u32,
    /// Index of the step in the schedule.
    pub step: u32,
    /// The source expression, if the step has one.
    pub origin: Option<Origin>,
}

/// A failure that generated code met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub kind: FailureKind,
    /// The offending value.
    pub value: i64,
    /// Where.
    pub site: Site,
}

impl Failure {
    /// Reads `error` and `error_value` of a context after a call of `code`: `Ok(None)` if there was no failure.
    ///
    /// # Errors
    /// The word, if no function of `code` can have stored it.
    pub fn decode(code: &Code, error: i64, value: i64) -> Result<Option<Failure>, i64> {
        if error == 0 {
            return Ok(None);
        }
        let kind = FailureKind::ALL.into_iter().find(|kind| *kind as i64 + 1 == error & 0xff).ok_or(error)?;
        let site = usize::try_from(error >> 8).ok().and_then(|site| code.sites.get(site)).ok_or(error)?;
        Ok(Some(Failure { kind, value, site: *site }))
    }
}
