//! Writes the arguments that a call does not give: defaults that are plain values, and the names of parameters that have none, for
//! the author to replace.

use tri_diagnostics::{Edit, Span, TextRange};
use tri_syntax::ast::{Expr, ExprKind, Param};

use super::{Assist, AssistKind, At};
use crate::signature_help::{called_at, innermost_call};
use crate::symbol::{owner_def, params_of, span};

pub(super) fn assist(at: &At<'_>) -> Option<Assist> {
    let call = innermost_call(&at.path)?;
    let ExprKind::Call { args, .. } = &call.kind else { return None };
    let (owner, given) = called_at(at.db, at.file, at.path.def, call)?;
    let def = owner_def(owner);
    let item = tri_hir::item_of(at.db, def)?;
    let positional = args.iter().filter(|arg| arg.name.is_none()).count();
    let is_given = |param: &&Param| {
        let mut names = args.iter().filter_map(|arg| arg.name.as_ref());
        names.any(|name| name.text == param.name.text)
    };
    let missing = params_of(&item, owner).iter().skip(given + positional).filter(|param| !is_given(param));
    let library = at.db.file(def.file)?;
    let written = tri_db::text(at.db, library).ok()?;
    let argument = |param: &Param| {
        let name = &param.name.text;
        match &param.default {
            None => Some(format!("{name} = {name}")),
            Some(value) if is_plain(value) => {
                Some(format!("{name} = {}", span(at.db, def, value.id).range.of(written)))
            }
            // What it names may mean something else here.
            Some(_) => None,
        }
    };
    let filled: Vec<String> = missing.filter_map(argument).collect();
    if filled.is_empty() {
        return None;
    }
    let (place, before) = end_of_arguments(at, call)?;
    let span = Span::new(at.file.id(at.db), TextRange::empty(place));
    let edits = vec![Edit { span, text: format!("{before}{}", filled.join(", ")) }];
    Some(Assist {
        title: "fill in the arguments".to_owned(),
        kind: AssistKind::Rewrite,
        edits,
        refused: None,
    })
}

fn is_plain(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) | ExprKind::Str(_) => true,
        ExprKind::Unary { operand, .. } => is_plain(operand),
        _ => false,
    }
}

/// Where arguments are added, and what goes before them; none where a comment stands there.
fn end_of_arguments(at: &At<'_>, call: &Expr) -> Option<(u32, &'static str)> {
    let ExprKind::Call { args, .. } = &call.kind else { return None };
    let close = at.path.range(call.id).end.checked_sub(1)?;
    let Some(last) = args.last() else { return Some((close, "")) };
    let last = at.path.range(last.value.id).end;
    let rest = TextRange::new(last, close).of(tri_db::text(at.db, at.file).ok()?);
    if rest.contains('/') {
        return None;
    }
    // Parentheses leave no node.
    let closed = rest.rfind(')').map_or(0, |at| at + 1);
    Some(match rest.rfind(',') {
        Some(comma) => (last + comma as u32 + 1, " "),
        None => (last + closed as u32, ", "),
    })
}
