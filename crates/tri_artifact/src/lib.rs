//! The `.tria` container: one file that holds a compiled model, written, mapped, checked and signed.
//!
//! An artifact is data from a stranger until it is proved to be more. [`Artifact::open`] maps the file and validates
//! header, table, layout and manifest before anything else is read; [`Artifact::verify_all`] covers every remaining byte.
//! Nothing here runs code, interprets tensor IR or knows what machine code means: the runtime decides what it trusts.
//! `docs/artifact.md` gives the bytes.

mod artifact;
mod error;
mod golden;
mod layout;
mod manifest;
mod mapping;
mod section;
mod signature;
mod writer;

pub use artifact::{Artifact, MAX_IR_BYTES};
pub use error::ArtifactError;
pub use golden::{Callee, Golden, GoldenCall};
pub use layout::{ENTRY_BYTES, HEADER_BYTES, MAGIC, MAJOR, MAX_SECTIONS, MINOR};
pub use manifest::{
    Axis, Build, DimInfo, EntryInfo, Interface, Manifest, TensorInfo, WeightInfo, encoded_bytes,
};
pub use mapping::MappedFile;
pub use section::{Section, SectionKind};
pub use signature::{PublicKey, SecretKey};
pub use writer::{ArtifactWriter, write_bytes};
