//! The database: which files there are, what they hold, and which options the user gave. Everything that the front end works out is a
//! salsa query over these inputs.
//!
//! Only this crate reads source files, and only through [`System`]. It knows names of files and modules; what is in
//! them is parsed here once ([`parse`]) and understood elsewhere.

mod database;
mod editor;
mod folder;
mod library;
mod parses;
mod system;

pub use database::{Db, ModuleError, OnExecute, Options, PartTime, RootDatabase, SourceFile, parse, text};
pub use editor::EditorSystem;
pub use folder::programs_in;
pub use library::LIBRARY;
pub use system::{DiskSystem, MemorySystem, OverlaySystem, System};
