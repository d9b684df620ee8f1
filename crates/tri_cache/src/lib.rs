//! A store of compiled things on disk, by the hash of what they were made from.
//!
//! A cache only ever saves time. An entry is believed if its hash fits its contents, and dropped otherwise; what cannot be
//! read is missing, what cannot be written is not kept, and neither is an error. Any number of processes may use one cache at once:
//! an entry appears whole or not at all, and whoever reads one that another removes has it or misses it.
//!
//! Below the disk there may be a [`Remote`], which other machines share.
//!
//! The crate knows nothing of what it stores.

mod entry;
mod gc;
mod key;
mod location;
mod remote;
mod store;

pub use gc::Collected;
pub use key::{Key, KeyBuilder};
pub use location::default_folder;
pub use remote::{Fetched, LARGEST_SHARED, Mode, Objects, Remote};
pub use store::{Cache, DEFAULT_LIMIT, Dropped, Found, Kind, Stat};
