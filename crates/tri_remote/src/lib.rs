//! Remote caches: servers that keep compiled things for many machines, behind [`tri_cache::Objects`].
//!
//! The crate knows addresses and how long a server may take, and leaves the protocols to `opendal`. It does not know what an object
//! holds, nor whether it is to be believed.

mod address;
mod server;

pub use address::{Address, AddressError, Credentials};
pub use server::Server;
