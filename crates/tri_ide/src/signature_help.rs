//! The parameters of the call around the cursor.

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::TextRange;
use tri_hir::hir::{Def, Owner};
use tri_syntax::TokenKind;
use tri_syntax::ast::{Expr, ExprKind, Node};

use crate::occurrences::occurrences;
use crate::path::{NodePath, path_to};
use crate::symbol::{Symbol, forward_of, owner_def, params_of, span, type_at};

/// The head of what is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHelp {
    /// The head, on one line.
    pub label: String,
    /// The bytes of the label that each parameter takes.
    pub params: Vec<TextRange>,
    /// Which parameter the cursor is at.
    pub active: Option<usize>,
    /// Markdown.
    pub docs: String,
}

/// Whose parameters a call fills, and how many are filled from before the parentheses (`x.relu()`).
pub(crate) fn called_at(db: &dyn Db, file: SourceFile, def: Def, call: &Expr) -> Option<(Owner, usize)> {
    let ExprKind::Call { callee, .. } = &call.kind else { return None };
    let head = match &callee.kind {
        ExprKind::Index { base, .. } => base,
        _ => callee,
    };
    let named = match &head.kind {
        ExprKind::Name(_) => Some(head.id),
        ExprKind::Field { name, .. } => Some(name.id),
        _ => None,
    };
    let found = occurrences(db, file, def);
    let at = |node| found.iter().find(|occurrence| occurrence.node == node);
    if let Some(symbol) = named.and_then(at).map(|occurrence| occurrence.symbol)
        && let Some(owner) = symbol.called(db)
    {
        let is_module = match &head.kind {
            ExprKind::Field { base, .. } => {
                at(base.id).is_some_and(|base| matches!(base.symbol, Symbol::Module(_)))
            }
            _ => true,
        };
        let given = usize::from(matches!(symbol, Symbol::Item(_)) && !is_module);
        return Some((owner, given));
    }
    let path = path_to(db, file, span(db, def, callee.id).range)?;
    let body = tri_hir::body(db, path.body_owner()?);
    let ty = [callee, head].into_iter().find_map(|expr| type_at(&body, expr.id))?;
    Some((forward_of(db, ty)?, 0))
}

/// The innermost call on a path.
pub(crate) fn innermost_call<'a>(path: &NodePath<'a>) -> Option<&'a Expr> {
    path.nodes.iter().rev().find_map(|node| match node {
        Node::Expr(call @ Expr { kind: ExprKind::Call { .. }, .. }) => Some(*call),
        _ => None,
    })
}

/// The call whose parentheses are around an offset.
pub(crate) fn call_around<'a>(path: &NodePath<'a>, offset: u32) -> Option<&'a Expr> {
    path.nodes.iter().rev().find_map(|node| match node {
        Node::Expr(expr) => match &expr.kind {
            ExprKind::Call { callee, .. }
                if path.range(callee.id).end < offset && offset < path.range(expr.id).end =>
            {
                Some(*expr)
            }
            _ => None,
        },
        _ => None,
    })
}

/// The help at an offset.
pub(crate) fn help(db: &dyn Db, file: SourceFile, offset: u32) -> Option<SignatureHelp> {
    let path = path_to(db, file, TextRange::empty(offset))?;
    let call = call_around(&path, offset)?;
    let ExprKind::Call { callee, args } = &call.kind else { return None };
    let (owner, given) = called_at(db, file, path.def, call)?;
    let item = tri_hir::item_of(db, owner_def(owner))?;
    let params = params_of(&item, owner);
    let of = db.file(owner_def(owner).file)?;
    let text = tri_db::text(db, of).ok()?;
    let written = |node| span(db, owner_def(owner), node).range.of(text);
    let mut label = name(db, owner);
    label.push('(');
    let mut ranges = Vec::new();
    for (at, param) in params.iter().enumerate().skip(given) {
        if at > given {
            label.push_str(", ");
        }
        let start = label.len() as u32;
        label.push_str(&crate::symbols::one_line(written(param.id)));
        ranges.push(TextRange::new(start, label.len() as u32));
    }
    label.push(')');
    let result = tri_hir::function_of(&item, owner).and_then(|function| function.result.as_ref());
    if let Some(result) = result {
        label.push_str(&format!(" -> {}", crate::symbols::one_line(written(result.id))));
    }
    // Which argument: by its name, or by the commas before the cursor.
    let after = path.range(callee.id).end;
    let commas = commas_between(db, file, after, offset);
    let arg = args.iter().find(|arg| {
        let start = arg.name.as_ref().map_or(path.range(arg.value.id), |name| path.range(name.id)).start;
        start <= offset && offset <= path.range(arg.value.id).end
    });
    let active = match arg.and_then(|arg| arg.name.as_ref()) {
        Some(name) => params.iter().skip(given).position(|param| param.name.text == name.text),
        None => Some(commas).filter(|at| *at < ranges.len()),
    };
    let symbol = match owner {
        Owner::Layer(def) | Owner::Function(def) | Owner::Test(def) => Symbol::Item(def),
        Owner::Method(def, at) => Symbol::Member(def, at),
    };
    Some(SignatureHelp { label, params: ranges, active, docs: symbol.docs(db).to_string() })
}

fn name(db: &dyn Db, owner: Owner) -> String {
    let def = tri_hir::def_name(db, owner_def(owner));
    match owner {
        Owner::Method(layer, at) => {
            let name = tri_hir::layer(db, layer).members.get(at as usize).map(|member| member.name.clone());
            format!("{def}.{}", name.unwrap_or_default())
        }
        _ => def.to_string(),
    }
}

/// The commas between two offsets that stand in no further brackets.
fn commas_between(db: &dyn Db, file: SourceFile, from: u32, to: u32) -> usize {
    let tokens = &parse(db, file).tokens;
    let (mut depth, mut commas) = (0_i32, 0);
    for token in tokens.iter().filter(|token| from <= token.range.start && token.range.end <= to) {
        match token.kind {
            TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace => depth += 1,
            TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace => depth -= 1,
            TokenKind::Comma if depth == 1 => commas += 1,
            _ => {}
        }
    }
    commas
}
