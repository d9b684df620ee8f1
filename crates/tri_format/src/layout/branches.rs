//! `if`: on one line where it has an `else` and all its blocks are single expressions, and it fits; else over lines.

use tri_syntax::TokenKind;

use crate::document::Document;
use crate::tree::{Block, Else, If};

use super::Layout;
use super::block::Place;
use super::expression::Context;
use super::gap::Separator;

impl<'a> Layout<'a> {
    /// An `if` after that word.
    pub(super) fn branches(self, branches: &If) -> Document<'a> {
        let compact = self.is_compact(branches);
        self.branch(branches, compact).group()
    }

    fn branch(self, branches: &If, compact: bool) -> Document<'a> {
        let mut parts = vec![
            self.after(Separator::Space, &branches.condition, Context::Other),
            self.word(branches.then.open, Separator::Space),
            self.branch_block(&branches.then, compact),
        ];
        match &branches.otherwise {
            None => {}
            Some((word, Else::Block(block))) => {
                parts.push(self.word(*word, Separator::Space));
                parts.push(self.word(block.open, Separator::Space));
                parts.push(self.branch_block(block, compact));
            }
            Some((word, Else::If(inner))) => {
                parts.push(self.word(*word, Separator::Space));
                parts.push(self.word(inner.word, Separator::Space));
                parts.push(self.branch(inner, compact));
            }
        }
        Document::concat(parts)
    }

    /// A block after its opening brace; a compact one has one statement.
    fn branch_block(self, block: &Block, compact: bool) -> Document<'a> {
        match &block.statements[..] {
            [only] if compact => {
                let line = || Document::Line { blank: false };
                let inside = Document::concat(vec![line(), self.flow(&only.pieces, Context::Other)]);
                let close = Document::Text(self.words[block.close].text);
                Document::concat(vec![inside.indent(), line(), close])
            }
            _ => self.block(block, Place::Body),
        }
    }

    /// Whether it may stand on one line.
    fn is_compact(self, branches: &If) -> bool {
        let otherwise = match &branches.otherwise {
            None => false,
            Some((_, Else::Block(block))) => self.is_expression(block),
            Some((_, Else::If(inner))) => self.is_compact(inner),
        };
        otherwise && self.is_expression(&branches.then)
    }

    /// Whether a block is one expression, without comments around it.
    fn is_expression(self, block: &Block) -> bool {
        use TokenKind::{Assert, Assign, For, Let, Var};
        let [only] = &block.statements[..] else { return false };
        let Some(first) = only.pieces.first().map(|first| &self.words[first.first()]) else { return false };
        first.gap.comments.is_empty()
            && self.words[block.close].gap.comments.is_empty()
            && !matches!(first.kind, Assert | For | Let | Var)
            && self.position(&only.pieces, Assign).is_none()
    }
}
