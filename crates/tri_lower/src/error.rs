//! Why lowering stops: always something that the user is told.

use tri_diagnostics::{Code, Diagnostic};
use tri_dims::DimError;
use tri_ir::TypeError;

use crate::lowering::Lowering;

/// The end of an elaboration.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The checker reported the cause.
    Reported,
    /// The cause.
    Diagnostic(Box<Diagnostic>),
}

pub(crate) type Result<T> = std::result::Result<T, Stop>;

impl Lowering<'_> {
    /// An error at the expression being evaluated.
    pub(crate) fn error(&self, code: Code, message: impl Into<String>) -> Stop {
        let span = self.hir.span(self.here);
        Stop::Diagnostic(Box::new(Diagnostic::error(code, span, message)))
    }

    /// A construct that the language has and lowering does not.
    pub(crate) fn unsupported(&self, what: &str) -> Stop {
        self.error(Code::E2901, format!("{what} is not supported yet by lowering"))
    }

    /// More work or deeper nesting than lowering does.
    pub(crate) fn too_large(&self, what: &str) -> Stop {
        self.error(Code::E2902, what)
    }

    /// A static value that is wrong for where it stands.
    pub(crate) fn invalid(&self, what: impl Into<String>) -> Stop {
        self.error(Code::E2903, what)
    }

    pub(crate) fn dim_error(&self, error: DimError) -> Stop {
        self.invalid(format!("a size has no value here: {error}"))
    }

    pub(crate) fn type_error(&self, op: &str, error: &TypeError) -> Stop {
        // The checker tells of it where the length stands in the source; here it is known once generics are.
        if let TypeError::Wraps { terms, left, right } = error {
            let (left, right) = (left.name(), right.name());
            let message = format!("sums of {terms} products of {left} and {right} may leave i32");
            let help = "sum over parts, and add those as f32";
            let span = self.hir.span(self.here);
            return Stop::Diagnostic(Box::new(Diagnostic::error(Code::E3003, span, message).help(help)));
        }
        self.invalid(format!("`{op}`: {error}"))
    }
}
