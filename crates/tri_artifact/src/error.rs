//! Why a file is refused.

use crate::PublicKey;

/// Why an artifact cannot be written, opened or believed.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The file does not begin as an artifact does.
    #[error("this is no artifact: it does not begin as a .tria file does")]
    Magic,
    /// Made for a later format.
    #[error("the artifact has format {found}, but this program reads formats up to {known}")]
    Version {
        /// Major version in the file.
        found: u16,
        /// Major version of this reader.
        known: u16,
    },
    /// The file ends early or late.
    #[error("expected {expected} bytes, but there are {found}")]
    Length {
        /// As the header or the format asks.
        expected: u64,
        /// As it is.
        found: u64,
    },
    /// A header field that no writer makes.
    #[error("header field `{field}` at byte {offset} is {found}")]
    Header {
        /// Name of the field.
        field: &'static str,
        /// Its position.
        offset: u64,
        /// Its value.
        found: u64,
    },
    /// Header and table do not have the hash that the header states.
    #[error("header or section table are damaged: their hash does not match")]
    TableHash,
    /// A table entry that does not fit the format, the file or its neighbours.
    #[error("section {index} ({section}): {field} is {found}, but {expected} belongs there")]
    Layout {
        /// Position in the table.
        index: usize,
        /// Name of the section.
        section: String,
        /// Name of the field.
        field: &'static str,
        /// Its value.
        found: u64,
        /// What the format allows there.
        expected: u64,
    },
    /// A section that must be understood and is not.
    #[error("section {index} has kind {kind}, which a reader must know and this program does not")]
    UnknownSection {
        /// Position in the table.
        index: usize,
        /// Its kind.
        kind: u32,
    },
    /// The target of a section is no zero-padded name.
    #[error("section {index} has a malformed target name")]
    Target {
        /// Position in the table.
        index: usize,
    },
    /// Two sections of one kind and target.
    #[error("section {section} occurs twice")]
    Duplicate {
        /// Name of the section.
        section: String,
    },
    /// A section that must be there.
    #[error("section {section} is missing")]
    Missing {
        /// Name of the section.
        section: &'static str,
    },
    /// A section's bytes do not have the hash that the table states.
    #[error("section {section} at byte {offset} is damaged: its hash does not match")]
    SectionHash {
        /// Name of the section.
        section: String,
        /// Where it begins.
        offset: u64,
    },
    /// A byte between sections is not zero.
    #[error("byte {offset} is padding and must be zero")]
    Padding {
        /// Its position.
        offset: u64,
    },
    /// A section that does not decode.
    #[error("section {section} cannot be read: {reason}")]
    Malformed {
        /// Name of the section.
        section: &'static str,
        /// Why.
        reason: String,
    },
    /// Weights that do not fit what the manifest says of them.
    #[error("weight `{name}` has {found} bytes, but {expected} belong there")]
    Weight {
        /// Name of the tensor.
        name: String,
        /// By its type.
        expected: u64,
        /// As given.
        found: u64,
    },
    /// A number of weights that does not fit the module.
    #[error("{found} weights are given where {expected} belong")]
    WeightCount {
        /// By the module.
        expected: usize,
        /// As given.
        found: usize,
    },
    /// A tensor whose size does not fit in 64 bits or is negative.
    #[error("tensor `{name}` has a size that no file can hold")]
    Size {
        /// Name of the tensor.
        name: String,
    },
    /// Nobody signed it.
    #[error("the artifact is not signed")]
    NotSigned,
    /// A signature that does not hold.
    #[error("the signature does not match the contents")]
    Signature,
    /// A valid signature by somebody else.
    #[error("the artifact is signed by {signer}, which is not among the trusted keys")]
    Untrusted {
        /// Who signed.
        signer: PublicKey,
    },
    /// The system does not give the file.
    #[error("cannot open {path}: {source}")]
    Open {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system does not take the file.
    #[error("cannot {action} {path}: {source}")]
    Write {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl ArtifactError {
    /// The stable code, a page of `docs/diagnostics`.
    pub fn code(&self) -> &'static str {
        match self {
            ArtifactError::Magic => "E4010",
            ArtifactError::Version { .. } | ArtifactError::UnknownSection { .. } => "E4011",
            ArtifactError::Length { .. } => "E4012",
            ArtifactError::Header { .. }
            | ArtifactError::TableHash
            | ArtifactError::Layout { .. }
            | ArtifactError::Target { .. }
            | ArtifactError::Duplicate { .. }
            | ArtifactError::Missing { .. } => "E4013",
            ArtifactError::SectionHash { .. } | ArtifactError::Padding { .. } => "E4014",
            ArtifactError::Malformed { .. }
            | ArtifactError::Weight { .. }
            | ArtifactError::WeightCount { .. }
            | ArtifactError::Size { .. } => "E4015",
            ArtifactError::NotSigned => "E4016",
            ArtifactError::Signature => "E4017",
            ArtifactError::Untrusted { .. } => "E4018",
            ArtifactError::Open { .. } => "E4001",
            ArtifactError::Write { .. } => "E4002",
        }
    }
}
