//! Writes the type that a `let` has.

use tri_diagnostics::{Edit, Span, TextRange};
use tri_hir::hir::Type;
use tri_hir::show_type;
use tri_syntax::ast::{Node, PatternKind, Stmt, StmtKind};

use super::{Assist, AssistKind, At};
use crate::symbol::local_type;

pub(super) fn assist(at: &At<'_>) -> Option<Assist> {
    let (pattern, name) = at.path.nodes.iter().rev().find_map(|node| match node {
        Node::Stmt(Stmt { kind: StmtKind::Let { pattern, ty: None, .. }, .. }) => match &pattern.kind {
            PatternKind::Name(name) => Some((pattern, name)),
            _ => None,
        },
        _ => None,
    })?;
    let body = tri_hir::body(at.db, at.path.body_owner()?);
    let ty = local_type(&body, name.id).filter(|ty| can_be_written(ty))?;
    // A size that only elaboration knows is shown as `_`.
    let ty = show_type(at.db, ty);
    let has_name = |part: &str| part != "_";
    if !ty.split(|c: char| !c.is_alphanumeric() && c != '_').all(has_name) {
        return None;
    }
    let end = TextRange::empty(at.path.range(pattern.id).end);
    let edit = Edit { span: Span::new(at.file.id(at.db), end), text: format!(": {ty}") };
    Some(Assist {
        title: format!("write the type `{ty}`"),
        kind: AssistKind::Rewrite,
        edits: vec![edit],
        refused: None,
    })
}

/// Whether a type has a notation: a layer has none, and a size that has no name neither.
fn can_be_written(ty: &Type) -> bool {
    match ty {
        Type::Tensor(..) | Type::Int(_) | Type::Float | Type::Bool => true,
        Type::Tuple(parts) => parts.iter().all(can_be_written),
        _ => false,
    }
}
