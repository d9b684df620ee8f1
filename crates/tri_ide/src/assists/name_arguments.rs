//! Names the arguments of a call that have no names.

use tri_diagnostics::{Edit, Span, TextRange};
use tri_syntax::ast::ExprKind;

use super::{Assist, AssistKind, At};
use crate::signature_help::{called_at, innermost_call};
use crate::symbol::{owner_def, params_of};

pub(super) fn assist(at: &At<'_>) -> Option<Assist> {
    let call = innermost_call(&at.path)?;
    let ExprKind::Call { args, .. } = &call.kind else { return None };
    let (owner, given) = called_at(at.db, at.file, at.path.def, call)?;
    let item = tri_hir::item_of(at.db, owner_def(owner))?;
    let params = params_of(&item, owner).iter().skip(given);
    let unnamed = params.zip(args).filter(|(_, arg)| arg.name.is_none());
    let edit = |(param, arg): (&tri_syntax::ast::Param, &tri_syntax::ast::Arg)| Edit {
        span: Span::new(at.file.id(at.db), TextRange::empty(at.path.range(arg.value.id).start)),
        text: format!("{} = ", param.name.text),
    };
    let edits: Vec<Edit> = unnamed.map(edit).collect();
    let title = "name the arguments".to_owned();
    (!edits.is_empty()).then_some(Assist { title, kind: AssistKind::Rewrite, edits, refused: None })
}
