//! Sections: what a file is made of.

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SectionKind {
    /// What the model looks like from outside.
    Manifest,
    /// The portable program.
    TensorIr,
    /// Bound values in their encodings.
    Weights,
    /// Machine code for one target.
    Code,
    /// Kernels for one family of GPUs.
    Gpu,
    /// Calls with the results that the reference interpreter gives.
    Golden,
    /// Who vouches for the table.
    Signature,
}

impl SectionKind {
    /// All of them, in the order in which they stand in a file.
    pub const ALL: [SectionKind; 7] = [
        SectionKind::Manifest,
        SectionKind::TensorIr,
        SectionKind::Weights,
        SectionKind::Code,
        SectionKind::Gpu,
        SectionKind::Golden,
        SectionKind::Signature,
    ];

    /// The number in the table.
    pub fn number(self) -> u32 {
        match self {
            SectionKind::Manifest => 1,
            SectionKind::TensorIr => 2,
            SectionKind::Weights => 3,
            SectionKind::Code => 4,
            SectionKind::Golden => 5,
            SectionKind::Signature => 6,
            SectionKind::Gpu => 7,
        }
    }

    /// The kind with this number.
    pub fn from_number(number: u32) -> Option<SectionKind> {
        SectionKind::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            SectionKind::Manifest => "manifest",
            SectionKind::TensorIr => "tensor-ir",
            SectionKind::Weights => "weights",
            SectionKind::Code => "code",
            SectionKind::Gpu => "ptx",
            SectionKind::Golden => "golden",
            SectionKind::Signature => "signature",
        }
    }

    /// What the section's offset is a multiple of.
    pub fn alignment(self) -> u64 {
        if self == SectionKind::Weights { 4096 } else { 64 }
    }
}

/// A section of a file whose layout is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it holds; `None` if a later minor version added it and a reader may skip it.
    pub kind: Option<SectionKind>,
    /// Number of the kind.
    pub number: u32,
    /// Whether a reader that does not know the kind must refuse the file.
    pub mandatory: bool,
    /// The machine it is for; empty if for all.
    pub target: String,
    /// First byte in the file.
    pub offset: u64,
    /// Number of bytes.
    pub length: u64,
    /// What the offset is a multiple of.
    pub alignment: u64,
    /// blake3 of the bytes.
    pub hash: [u8; 32],
}

impl Section {
    /// The name in messages: `weights`, `code/x86_64-avx2`.
    pub fn name(&self) -> String {
        let kind = self.kind.map_or_else(|| format!("kind {}", self.number), |kind| kind.name().to_owned());
        if self.target.is_empty() { kind } else { format!("{kind}/{}", self.target) }
    }
}
