//! What may stand at the cursor, from the tokens before it and the nodes around it.

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::TextRange;
use tri_hir::hir::Type;
use tri_syntax::ast::{ExprKind, Node};
use tri_syntax::{Token, TokenKind};

use crate::path::path_to;
use crate::symbol::type_at;

/// What may stand somewhere.
pub(super) enum Context {
    /// A member of a value.
    AfterDot(Type),
    /// An item of a module.
    InModule(SourceFile),
    /// A part of the path of a `use`, after these.
    Import(Vec<String>),
    /// An item.
    Item,
    /// A member of a layer.
    Member,
    /// A type.
    Type,
    /// A size.
    Dim,
    /// An expression, perhaps a statement.
    Expression { starts_statement: bool },
}

/// The context of an offset, and the word there.
pub(super) fn at(db: &dyn Db, file: SourceFile, offset: u32) -> Option<(Context, TextRange)> {
    let tokens = &parse(db, file).tokens;
    let before = tokens.partition_point(|token| token.range.start < offset);
    let mut last = before.checked_sub(1);
    let mut range = TextRange::empty(offset);
    if let Some(token) = last.and_then(|at| tokens.get(at)) {
        let is_inside = offset < token.range.end;
        match token.kind {
            // A keyword may be the beginning of a name.
            kind if is_word(kind) && offset <= token.range.end => {
                range = token.range;
                last = last.and_then(|at| at.checked_sub(1));
            }
            TokenKind::Number | TokenKind::Comment | TokenKind::Doc | TokenKind::FileDoc
                if offset <= token.range.end =>
            {
                return None;
            }
            TokenKind::Str | TokenKind::BlockComment if is_inside => return None,
            _ => {}
        }
    }
    let earlier = tokens.get(..last.map_or(0, |at| at + 1)).unwrap_or_default();
    let mut significant = earlier.iter().rev().filter(|token| !token.kind.is_trivia());
    let previous = significant.next();
    if let Some(path) = import_path(db, file, earlier) {
        return Some((Context::Import(path), range));
    }
    if let Some(dot) = previous.filter(|token| token.kind == TokenKind::Dot) {
        return after_dot(db, file, dot.range, significant.next()).map(|context| (context, range));
    }
    let newline = earlier
        .iter()
        .rev()
        .take_while(|token| token.kind.is_trivia())
        .any(|token| token.kind == TokenKind::Newline);
    Some((around(db, file, range, previous, newline), range))
}

/// Whether a token is a name or a word of the language.
fn is_word(kind: TokenKind) -> bool {
    kind == TokenKind::Ident || kind.is_keyword()
}

/// The path before the cursor, in a `use`.
fn import_path(db: &dyn Db, file: SourceFile, earlier: &[Token]) -> Option<Vec<String>> {
    let text = tri_db::text(db, file).ok()?;
    let mut parts = Vec::new();
    let mut in_braces = false;
    for token in earlier.iter().rev() {
        match token.kind {
            TokenKind::Use => {
                parts.reverse();
                return Some(parts);
            }
            TokenKind::LBrace if !in_braces => {
                in_braces = true;
                parts.clear();
            }
            TokenKind::Comma | TokenKind::As if !in_braces => {}
            TokenKind::Dot => {}
            TokenKind::Ident => parts.push(token.text(text).to_owned()),
            kind if kind.is_trivia() => {}
            _ => return None,
        }
    }
    None
}

fn after_dot(db: &dyn Db, file: SourceFile, dot: TextRange, before: Option<&Token>) -> Option<Context> {
    let before = before?.range;
    let path = path_to(db, file, before)?;
    // All of what ends at the dot: `a.b(c)` and not `c`.
    let ends_here =
        |node: &&Node<'_>| matches!(node, Node::Expr(expr) if path.range(expr.id).end == before.end);
    let mut fields = path.nodes.iter().filter_map(|node| match node {
        Node::Expr(expr) => match &expr.kind {
            ExprKind::Field { base, name }
                if path.range(base.id).end <= dot.start && dot.end <= path.range(name.id).end =>
            {
                Some(&**base)
            }
            _ => None,
        },
        _ => None,
    });
    let outermost = path.nodes.iter().find(ends_here).and_then(|node| match node {
        Node::Expr(expr) => Some(*expr),
        _ => None,
    });
    let base = fields.next_back().or(outermost)?;
    if let ExprKind::Name(name) = &base.kind
        && let Some(tri_hir::Named::Module(module)) = tri_hir::lookup(db, file, name)
    {
        return Some(Context::InModule(module));
    }
    let body = tri_hir::body(db, path.body_owner()?);
    type_at(&body, base.id).cloned().map(Context::AfterDot)
}

fn around(
    db: &dyn Db,
    file: SourceFile,
    range: TextRange,
    previous: Option<&Token>,
    newline: bool,
) -> Context {
    let previous = previous.map(|token| token.kind);
    let path = path_to(db, file, range);
    let Some(path) = path else { return Context::Item };
    let in_block = path.nodes.iter().any(|node| matches!(node, Node::Block(_)));
    let in_type = path.nodes.iter().any(|node| matches!(node, Node::Type(_)));
    let in_param = path.nodes.iter().any(|node| matches!(node, Node::Param(_) | Node::Generic(_)));
    let begins = newline || matches!(previous, Some(TokenKind::LBrace | TokenKind::Semi));
    match (previous, path.leaf()) {
        (Some(TokenKind::Colon | TokenKind::Arrow | TokenKind::As), _) => Context::Type,
        _ if in_type
            && matches!(path.leaf(), Some(Node::Type(_)))
            && previous != Some(TokenKind::LBracket) =>
        {
            Context::Dim
        }
        _ if in_type => Context::Dim,
        (Some(TokenKind::Assign), _) | (_, Some(Node::Arg(_))) => {
            Context::Expression { starts_statement: false }
        }
        _ if in_param => Context::Dim,
        _ if in_block => Context::Expression { starts_statement: begins },
        (Some(TokenKind::LBrace), _) => Context::Member,
        _ if newline && path.nodes.iter().any(|node| matches!(node, Node::Layer(_))) => Context::Member,
        // Between the braces of a layer, or on the first word of a line there.
        (_, Some(Node::Item(_) | Node::Layer(_) | Node::Member(_) | Node::Name(_))) if begins => {
            Context::Member
        }
        _ => Context::Expression { starts_statement: false },
    }
}
