//! Why a command ends without success, and the exit code that tells it.

use std::process::ExitCode;

use serde_json::json;
use tri_driver::DriverError;

use crate::args::Format;
use crate::next_step::next_step;
use crate::output;

/// The end of a command that did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The reason was printed already: diagnostics, failed tests, results that differ.
    Told,
    /// A program, file or call is wrong.
    Error {
        /// The stable code, if it has one.
        code: Option<&'static str>,
        /// What is wrong.
        message: String,
    },
    /// The command line is wrong.
    Usage(String),
    /// The toolchain is wrong.
    Internal(String),
}

impl Failure {
    /// Something is wrong that has no code.
    pub(crate) fn error(message: impl Into<String>) -> Failure {
        Failure::Error { code: None, message: message.into() }
    }

    /// Something is wrong with a file or a call.
    pub(crate) fn coded(code: &'static str, message: impl Into<String>) -> Failure {
        Failure::Error { code: Some(code), message: message.into() }
    }

    /// Prints it to stderr.
    pub(crate) fn print(&self, format: Format) {
        let (kind, code, message) = match self {
            Failure::Told => return,
            Failure::Error { code, message } => ("error", *code, message),
            Failure::Usage(message) => ("error", None, message),
            Failure::Internal(message) => ("internal error", None, message),
        };
        let help = code.and_then(next_step);
        if format == Format::Json {
            output::note(json!({ "severity": kind, "code": code, "message": message, "help": help }));
            return;
        }
        let code = code.map_or_else(String::new, |code| format!("[{code}]"));
        output::note(format_args!("{kind}{code}: {message}"));
        if let Some(help) = help.filter(|_| format == Format::Text) {
            output::note(format_args!("  = help: {help}"));
        }
        if matches!(self, Failure::Internal(_)) {
            output::note(
                "This is a defect of the toolchain: please report it with the program that shows it.",
            );
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Told | Failure::Error { .. } => 1,
            Failure::Usage(_) => 2,
            Failure::Internal(_) => 3,
        })
    }
}

impl From<DriverError> for Failure {
    fn from(error: DriverError) -> Failure {
        if error.is_internal() {
            return Failure::Internal(error.to_string());
        }
        Failure::Error { code: error.code(), message: error.to_string() }
    }
}

impl From<tri_import::ImportError> for Failure {
    fn from(error: tri_import::ImportError) -> Failure {
        DriverError::from(error).into()
    }
}
