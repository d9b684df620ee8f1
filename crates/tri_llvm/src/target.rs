//! The families of GPUs that PTX is made for. LLVM ends the process at an instruction that its target lacks, so what a kernel
//! needs is known to be there before: every family in the table has all that this crate emits.

use std::fmt;
use std::str::FromStr;

/// A family of GPUs, by its compute capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    sm: u32,
    /// The oldest version of PTX that knows the family, so that old drivers take it.
    isa: u32,
}

/// A target that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no target `{name}`; there are {}", known())]
pub struct TargetError {
    /// As it was given.
    pub name: String,
}

fn known() -> String {
    Target::ALL.map(|target| target.to_string()).join(", ")
}

impl Target {
    /// All of them, ascending: Ampere, Ada, Hopper, Blackwell. Older ones have no `max` that keeps NaN.
    pub const ALL: [Target; 6] = [
        Target { sm: 80, isa: 70 },
        Target { sm: 86, isa: 71 },
        Target { sm: 89, isa: 78 },
        Target { sm: 90, isa: 78 },
        Target { sm: 100, isa: 86 },
        Target { sm: 120, isa: 87 },
    ];

    /// What LLVM and `ptxas` call it.
    pub fn cpu(self) -> String {
        format!("sm_{}", self.sm)
    }

    /// What LLVM calls its version of PTX.
    pub fn feature(self) -> String {
        format!("+ptx{}", self.isa)
    }
}

/// Hopper.
impl Default for Target {
    fn default() -> Target {
        Target { sm: 90, isa: 78 }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ptx:sm_{}", self.sm)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(name: &str) -> Result<Target, TargetError> {
        let found = Target::ALL.into_iter().find(|target| target.to_string() == name);
        found.ok_or_else(|| TargetError { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_target_has_one_name() {
        for target in Target::ALL {
            assert_eq!(target.to_string().parse(), Ok(target));
        }
        let error = "ptx:sm_75".parse::<Target>().map_err(|error| error.to_string());
        let expected = "there is no target `ptx:sm_75`; there are ptx:sm_80, ptx:sm_86, ptx:sm_89, ptx:sm_90, ptx:sm_100, ptx:sm_120";
        assert_eq!(error, Err(expected.to_owned()));
    }
}
