//! What compiling gives: machine code as data.

use serde::{Deserialize, Serialize};
use tri_kernel_ir::Module;
use tri_kernels::CpuLevel;

use crate::Site;
use crate::digest::Digest;

/// How to compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Instructions that the code may use.
    pub level: CpuLevel,
    /// What loops over elements are worth.
    pub effort: Effort,
    /// Whether schedules tell when their steps begin and end ([`Context::mark`](tri_kernels::Context)).
    pub marks: bool,
}

impl Options {
    /// For a level, with fast loops.
    pub fn new(level: CpuLevel) -> Options {
        Options { level, effort: Effort::Thorough, marks: false }
    }
}

/// What a function is worth. Both give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Compiled fast.
    Quick,
    /// Made fast.
    Thorough,
}

/// The machine code of a module. It holds no address and needs no relocation, wherever it is mapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Instructions that the code uses; the kernel table of a call must be of this level.
    #[serde(with = "level_name")]
    pub level: CpuLevel,
    /// The kernel IR that it was made from, which says what callers must hand to it; as [`Code::fingerprint`] gives it.
    pub kernels: [u8; 32],
    /// Functions with their constants, to be mapped at an address divisible by 64.
    #[serde(with = "crate::bytes")]
    pub bytes: Vec<u8>,
    /// Offset in `bytes` of the function of each schedule.
    pub schedules: Vec<u32>,
    /// Steps that can fail, as [`Failure`](crate::Failure) names them.
    pub sites: Vec<Site>,
}

impl Code {
    /// What [`Code::kernels`] is for this kernel IR: blake3. It belongs to one version of the compiler.
    pub fn fingerprint(kernels: &Module) -> [u8; 32] {
        let mut digest = Digest::new();
        digest.add(kernels);
        digest.finish()
    }
}

/// Levels by name, so that a file does not depend on their order.
mod level_name {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use tri_kernels::CpuLevel;

    pub(super) fn serialize<S: Serializer>(level: &CpuLevel, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(level.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CpuLevel, D::Error> {
        let name = String::deserialize(deserializer)?;
        CpuLevel::from_name(&name).ok_or_else(|| D::Error::custom(format!("no CPU level is called `{name}`")))
    }
}
