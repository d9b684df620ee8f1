//! Random well-typed programs, run in every way that must give the same bits.
//!
//! [`generate`] makes a program, with calls of its entry points, from a list of decisions ([`Choices`]); [`examine`] holds it to
//! everything that must hold of a program: it is accepted, its layout is stable, and every -O level, CPU level, number of threads
//! and artifact gives the bits of the reference interpreter. [`search`] does so for many programs, and [`shrink`]s one for which it does not
//! hold to a small one, which `tests/regressions/` keeps.

mod artifact;
mod case;
mod choices;
mod examine;
mod fill;
mod finding;
mod generate;
mod isolated;
mod native;
mod noise;
mod outcome;
mod plan;
mod search;
mod shrink;
mod small;

pub use case::{Call, Case};
pub use choices::{Choices, Taken};
pub use examine::examine;
pub use fill::{Fill, Kind};
pub use finding::{Claim, Finding};
pub use generate::generate;
pub use isolated::{Examiner, run};
pub use plan::{Plan, Way};
pub use search::{Failure, generated, search};
pub use shrink::shrink;
pub use small::small_call;
