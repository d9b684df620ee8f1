//! Makes a dense layer ternary, and a ternary one dense. The weights keep their names and shapes; the results differ.

use tri_diagnostics::{Edit, Span};
use tri_syntax::ast::{ExprKind, Node};

use super::{Assist, AssistKind, At};
use crate::imports::import_edit;

/// Layers of `std.nn` that have the same parameters, dense and ternary.
const PAIRS: [(&str, &str); 2] = [("Linear", "TernaryLinear"), ("Conv2d", "TernaryConv2d")];

pub(super) fn assist(at: &At<'_>) -> Option<Assist> {
    let Some(Node::Expr(expr)) = at.path.leaf() else { return None };
    let ExprKind::Name(name) = &expr.kind else { return None };
    let tri_hir::Named::Item(def) = tri_hir::lookup(at.db, at.file, name)? else { return None };
    let is_nn = at.db.module(&["std", "nn"]).is_ok_and(|module| module.id(at.db) == def.file);
    let own = tri_hir::def_name(at.db, def);
    let (other, word) = PAIRS.iter().find_map(|(dense, ternary)| match &*own {
        own if own == *dense => Some((*ternary, "ternary")),
        own if own == *ternary => Some((*dense, "dense")),
        _ => None,
    })?;
    if !is_nn {
        return None;
    }
    let span = Span::new(at.file.id(at.db), at.path.range(expr.id));
    let mut edits = vec![Edit { span, text: other.to_owned() }];
    match tri_hir::lookup(at.db, at.file, other) {
        None => edits.push(import_edit(at.db, at.file, "std.nn", other)),
        // The name means something else here.
        Some(tri_hir::Named::Item(known)) if known.file == def.file => {}
        Some(_) => return None,
    }
    Some(Assist {
        title: format!("make it {word}: `{other}`"),
        kind: AssistKind::Rewrite,
        edits,
        refused: None,
    })
}
