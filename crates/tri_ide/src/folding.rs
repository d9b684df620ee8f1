//! What can be folded away: items, blocks, lists over several lines, comments, imports.

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::{LineIndex, TextRange};
use tri_syntax::TokenKind;
use tri_syntax::ast::ItemKind;

/// What a fold hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldKind {
    /// Code between brackets.
    Code,
    /// Comments on lines of their own.
    Comment,
    /// A run of `use`.
    Imports,
}

/// A part that can be folded; it takes several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// From the end of what stays to the end of what goes.
    pub range: TextRange,
    /// What it hides.
    pub kind: FoldKind,
}

/// The folds of a file.
pub(crate) fn folds(db: &dyn Db, file: SourceFile) -> Vec<Fold> {
    let parsed = parse(db, file);
    let text = tri_db::text(db, file).map_or("", |text| text);
    let lines = LineIndex::new(text);
    let mut folds = Vec::new();
    let (mut open, mut comment): (Vec<u32>, Option<TextRange>) = (Vec::new(), None);
    for token in &parsed.tokens {
        match token.kind {
            TokenKind::LBrace | TokenKind::LParen | TokenKind::LBracket => open.push(token.range.end),
            TokenKind::RBrace | TokenKind::RParen | TokenKind::RBracket => {
                if let Some(start) = open.pop() {
                    folds
                        .push(Fold { range: TextRange::new(start, token.range.start), kind: FoldKind::Code });
                }
            }
            _ => {}
        }
        match token.kind {
            TokenKind::Comment | TokenKind::Doc | TokenKind::FileDoc | TokenKind::BlockComment => {
                comment = Some(comment.map_or(token.range, |range| range.cover(token.range)));
            }
            TokenKind::Space | TokenKind::Newline => {}
            _ => folds.extend(comment.take().map(|range| Fold { range, kind: FoldKind::Comment })),
        }
    }
    folds.extend(comment.map(|range| Fold { range, kind: FoldKind::Comment }));
    let mut imports: Option<TextRange> = None;
    for (id, item) in parsed.ast.items() {
        let range = parsed.ast.range(id, item.id);
        if matches!(item.kind, ItemKind::Use(_)) {
            imports = Some(imports.map_or(range, |all| all.cover(range)));
        } else {
            folds.extend(imports.take().map(|range| Fold { range, kind: FoldKind::Imports }));
        }
    }
    folds.extend(imports.map(|range| Fold { range, kind: FoldKind::Imports }));
    folds.retain(|fold| lines.line(fold.range.start) < lines.line(fold.range.end));
    folds.sort_by_key(|fold| fold.range);
    folds
}
