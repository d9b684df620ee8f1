//! Why a tensor cannot be read or written.

/// Why a tensor cannot be read or written. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The system does not give the file.
    #[error("cannot read {file}: {source}")]
    Read {
        /// Which file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system does not take the file.
    #[error("cannot write {file}: {source}")]
    Write {
        /// Which file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The name does not say what the file is.
    #[error("{file}: expected a name that ends in .npy, .safetensors or .safetensors:TENSOR")]
    Extension {
        /// The name.
        file: String,
    },
    /// A colon without the name of a tensor.
    #[error("{file}: the name of a tensor is missing after the colon")]
    NoName {
        /// Which file.
        file: String,
    },
    /// Two tensors for one file that holds one.
    #[error("{file}: two tensors cannot be written to one .npy file")]
    Twice {
        /// Which file.
        file: String,
    },
    /// The file is not what its name says.
    #[error("{file}: {reason}")]
    Format {
        /// Which file.
        file: String,
        /// What was found and what was expected.
        reason: String,
    },
    /// A tensor that is not what the file says of it.
    #[error("{file}: tensor `{tensor}`: {reason}")]
    Tensor {
        /// Which file.
        file: String,
        /// Which tensor.
        tensor: String,
        /// What was found and what was expected.
        reason: String,
    },
    /// A file of several tensors, of which none is named, or an empty one.
    #[error("{file} holds {} tensors; say which, as in {file}:NAME; it has {}", known.len(), list(known))]
    Ambiguous {
        /// Which file.
        file: String,
        /// Those it has, sorted.
        known: Vec<String>,
    },
    /// Elements that Tri has not, or that the file format has not.
    #[error("{place}: the elements are {found}; expected one of {expected}")]
    Dtype {
        /// File, and tensor if it has a name.
        place: String,
        /// The elements' type, as the one side calls it.
        found: String,
        /// The types of the other side.
        expected: &'static str,
    },
    /// No tensor of this name.
    #[error("{file} has no tensor `{tensor}`; {}", instead(near.as_deref(), known))]
    Missing {
        /// Which file.
        file: String,
        /// Which tensor.
        tensor: String,
        /// One whose name is close.
        near: Option<String>,
        /// Those it has, sorted.
        known: Vec<String>,
    },
}

impl ImportError {
    /// The stable code, a page of `docs/diagnostics`.
    pub fn code(&self) -> &'static str {
        match self {
            ImportError::Read { .. } => "E4001",
            ImportError::Write { .. } => "E4002",
            ImportError::Extension { .. } => "E4003",
            ImportError::Format { .. } | ImportError::Tensor { .. } => "E4004",
            ImportError::Dtype { .. } => "E4005",
            ImportError::Missing { .. } | ImportError::Ambiguous { .. } | ImportError::NoName { .. } => {
                "E4006"
            }
            ImportError::Twice { .. } => "E4039",
        }
    }
}

/// What there is instead of a name: one that is close, else all.
fn instead(near: Option<&str>, known: &[String]) -> String {
    near.map_or_else(|| format!("it has {}", list(known)), |near| format!("did you mean `{near}`?"))
}

/// A few names.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => "none".to_owned(),
        n if n > SHOWN => format!("{} and {} more", shown.join(", "), n - SHOWN),
        _ => shown.join(", "),
    }
}
