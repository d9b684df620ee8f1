//! How large a type may be. Tuples of a value with itself double its type, lists nest it, and packs that a function repeats double its
//! axes, each in a line of source: without a bound, types grow exponentially with the program.

use tri_diagnostics::Code;
use tri_syntax::ast::NodeId;

use super::Infer;
use crate::hir::Type;
use crate::report::Report;

/// Most parts of a type: axes, parts of tuples, levels of arrays, generic arguments.
const MAX_PARTS: usize = 256;

impl Infer<'_> {
    /// The type, unless it is too large, which is reported.
    pub(super) fn weighed(&mut self, ty: Type, node: NodeId) -> Type {
        if takes(&ty, &mut { MAX_PARTS }) {
            return ty;
        }
        let message = format!("the type of this has more than {MAX_PARTS} parts");
        let report = Report::error(Code::E2902, self.names.place(node), message)
            .label("here it becomes too large")
            .help("a tuple, a list or a shape of this size is usually a mistake; keep many values of one kind in a tensor");
        self.names.report(report.once_an_item());
        Type::Error
    }
}

/// Whether `left` suffices for the parts of a type, which are taken from it.
fn takes(ty: &Type, left: &mut usize) -> bool {
    let own = match ty {
        Type::Tensor(_, shape) => shape.len(),
        Type::Layer(_, args) => args.len(),
        Type::Tuple(parts) => parts.len(),
        Type::Function(function) => function.params.len(),
        _ => 0,
    };
    let Some(rest) = left.checked_sub(1 + own) else { return false };
    *left = rest;
    match ty {
        Type::Tuple(parts) => parts.iter().all(|part| takes(part, left)),
        Type::Array(element, _) => takes(element, left),
        Type::Function(function) => {
            function.params.iter().all(|param| takes(param, left)) && takes(&function.result, left)
        }
        _ => true,
    }
}
