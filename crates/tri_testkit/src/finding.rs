//! What can be found wrong.

/// Something that must hold and does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{claim}: {details}")]
pub struct Finding {
    /// What should hold.
    pub claim: Claim,
    /// Where it does not, in words.
    pub details: String,
}

/// What holds of every program that the generator makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Claim {
    /// The process outlives it.
    #[error("the process survives")]
    Survives,
    /// It ends.
    #[error("everything ends")]
    Ends,
    /// Nothing panics.
    #[error("nothing panics")]
    NoPanic,
    /// The checker accepts it, and elaboration too.
    #[error("a well-typed program is accepted")]
    Accepted,
    /// The formatter changes nothing but layout, and nothing when run again.
    #[error("the layout is canonical")]
    Formatted,
    /// Printed tensor IR parses to the same module.
    #[error("printed tensor IR parses back")]
    RoundTrip,
    /// The interpreter runs the elaborated program.
    #[error("the reference can be asked")]
    Reference,
    /// The passes succeed.
    #[error("the passes succeed")]
    Passes,
    /// There is machine code for it.
    #[error("there is machine code for every program")]
    Compiled,
    /// Results are those of the interpreter.
    #[error("results have the bits of the reference")]
    SameBits,
    /// Compilations are the same, whatever the cache holds.
    #[error("artifacts are the same, cached or not")]
    SameArtifact,
    /// What was written is opened, and verifies.
    #[error("artifacts open and verify")]
    Artifact,
}

const CLAIMS: [Claim; 12] = [
    Claim::Survives,
    Claim::Ends,
    Claim::NoPanic,
    Claim::Accepted,
    Claim::Formatted,
    Claim::RoundTrip,
    Claim::Reference,
    Claim::Passes,
    Claim::Compiled,
    Claim::SameBits,
    Claim::SameArtifact,
    Claim::Artifact,
];

impl Claim {
    /// The claim that `Debug` writes so.
    pub(crate) fn of_name(name: &str) -> Option<Claim> {
        CLAIMS.into_iter().find(|claim| format!("{claim:?}") == name)
    }

    /// A finding of this claim.
    pub fn broken(self, details: impl ToString) -> Finding {
        Finding { claim: self, details: details.to_string() }
    }
}
