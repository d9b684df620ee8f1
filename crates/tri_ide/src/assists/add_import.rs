//! Imports a name that nothing declares.

use tri_syntax::ast::{ExprKind, Node};

use super::{Assist, AssistKind, At};
use crate::imports::{import_edit, importable};

pub(super) fn assists(at: &At<'_>) -> Vec<Assist> {
    let Some(Node::Expr(expr)) = at.path.leaf() else { return Vec::new() };
    let ExprKind::Name(name) = &expr.kind else { return Vec::new() };
    let uses = tri_hir::item_uses(at.db, at.file, at.path.def.item);
    let is_unknown = uses.outer.get(name).is_some_and(|nodes| nodes.contains(&expr.id));
    if !is_unknown || tri_hir::lookup(at.db, at.file, name).is_some() {
        return Vec::new();
    }
    let found = importable(at.db, at.file, at.files, at.folder, |known| known == &**name);
    let assist = |item: crate::imports::Importable| Assist {
        title: format!("import `{}.{name}`", item.module),
        kind: AssistKind::Fix,
        edits: vec![import_edit(at.db, at.file, &item.module, name)],
        refused: None,
    };
    found.into_iter().map(assist).collect()
}
