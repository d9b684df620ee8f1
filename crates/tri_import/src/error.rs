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
    /// No tensor of this name.
    #[error("{file} has no tensor `{tensor}`; it has {}", list(known))]
    Missing {
        /// Which file.
        file: String,
        /// Which tensor.
        tensor: String,
        /// Those it has.
        known: Vec<String>,
    },
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
