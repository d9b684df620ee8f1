//! Why a tensor cannot be read or written.

/// Why a tensor cannot be read or written. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The system refused.
    #[error("cannot {action} {file}: {source}")]
    Io {
        /// `read` or `write`.
        action: &'static str,
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
    /// A tensor that cannot be taken.
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
    /// No tensor of this name.
    #[error("{file} has no tensor `{tensor}`{}; it has {}", did_you_mean(near.as_deref()), list(known))]
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

fn did_you_mean(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
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
