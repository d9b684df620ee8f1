//! Words grouped by brackets, statements and elements. It is not the syntax tree: it keeps every word, parentheses and
//! all, and knows of the grammar only what spacing and line breaks depend on.

use tri_syntax::TokenKind;

use crate::words::{Word, Words, after_attribute};

/// An item, a member, a statement, or an attribute before one.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) pieces: Vec<Piece>,
    /// Whether it is an attribute, which the next one belongs to.
    pub(crate) is_attribute: bool,
}

/// A part of a statement. Numbers are indices of words.
#[derive(Debug)]
pub(crate) enum Piece {
    Word(usize),
    List(List),
    Block(Block),
    If(Box<If>),
}

/// `( )`, `[ ]`, or the braces of an import, with elements between commas.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) open: usize,
    pub(crate) elements: Vec<Element>,
    pub(crate) close: usize,
}

/// One element of a list.
#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) pieces: Vec<Piece>,
    /// The comma after it; not after the last.
    pub(crate) comma: Option<usize>,
}

/// `{ }` with statements or members.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) open: usize,
    pub(crate) statements: Vec<Statement>,
    pub(crate) close: usize,
}

/// `if condition { } else { }`.
#[derive(Debug)]
pub(crate) struct If {
    /// The word `if`.
    pub(crate) word: usize,
    pub(crate) condition: Vec<Piece>,
    pub(crate) then: Block,
    /// The word `else` and what follows it.
    pub(crate) otherwise: Option<(usize, Else)>,
}

/// What follows `else`.
#[derive(Debug)]
pub(crate) enum Else {
    Block(Block),
    If(Box<If>),
}

impl Piece {
    /// The first word.
    pub(crate) fn first(&self) -> usize {
        match self {
            Piece::Word(word) => *word,
            Piece::List(list) => list.open,
            Piece::Block(block) => block.open,
            Piece::If(branches) => branches.word,
        }
    }

    /// Whether an operand may end with it, so that an operator, a call or an index may follow.
    pub(crate) fn ends_operand(&self, words: &[Word<'_>]) -> bool {
        match self {
            Piece::Word(word) => words[*word].kind.can_end(),
            _ => true,
        }
    }
}

/// The items of a file without syntax errors.
pub(crate) fn build(words: &Words<'_>) -> Vec<Statement> {
    Builder { words: &words.words, next: 0 }.statements()
}

struct Builder<'a> {
    words: &'a [Word<'a>],
    next: usize,
}

impl Builder<'_> {
    fn kind(&self) -> Option<TokenKind> {
        self.words.get(self.next).map(|word| word.kind)
    }

    fn starts(&self) -> bool {
        self.words.get(self.next).is_some_and(|word| word.starts)
    }

    fn take(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// Statements up to a closing brace or the end.
    fn statements(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        while !matches!(self.kind(), None | Some(TokenKind::RBrace)) {
            statements.push(self.statement());
        }
        statements
    }

    fn statement(&mut self) -> Statement {
        let is_attribute = self.kind() == Some(TokenKind::At);
        let end = if is_attribute { after_attribute(self.words, self.next) } else { usize::MAX };
        let mut pieces = Vec::new();
        loop {
            self.piece(&mut pieces);
            if self.next >= end || self.starts() || matches!(self.kind(), None | Some(TokenKind::RBrace)) {
                return Statement { pieces, is_attribute };
            }
        }
    }

    /// Reads one piece, which follows `pieces`.
    fn piece(&mut self, pieces: &mut Vec<Piece>) {
        use TokenKind::{Dot, If, LBrace, LBracket, LParen};
        let before = pieces.last();
        let import = matches!(before, Some(Piece::Word(word)) if self.words[*word].kind == Dot);
        let after_operand = before.is_some_and(|piece| piece.ends_operand(self.words));
        let piece = match self.kind() {
            Some(LParen | LBracket) => Piece::List(self.list()),
            Some(LBrace) if import => Piece::List(self.list()),
            Some(LBrace) => Piece::Block(self.block()),
            Some(If) if !after_operand => Piece::If(Box::new(self.branches())),
            _ => Piece::Word(self.take()),
        };
        pieces.push(piece);
    }

    fn list(&mut self) -> List {
        use TokenKind::{Comma, RBrace, RBracket, RParen};
        let open = self.take();
        let mut elements = Vec::new();
        let mut pieces = Vec::new();
        loop {
            match self.kind() {
                None | Some(RParen | RBracket | RBrace) => break,
                Some(Comma) => {
                    let comma = Some(self.take());
                    elements.push(Element { pieces: std::mem::take(&mut pieces), comma });
                }
                Some(_) => self.piece(&mut pieces),
            }
        }
        if !pieces.is_empty() {
            elements.push(Element { pieces, comma: None });
        }
        List { open, elements, close: self.take() }
    }

    fn block(&mut self) -> Block {
        let open = self.take();
        Block { open, statements: self.statements(), close: self.take() }
    }

    /// An `if`, whose block is the first brace that does not belong to its condition.
    fn branches(&mut self) -> If {
        let word = self.take();
        let mut condition = Vec::new();
        while !matches!(self.kind(), None | Some(TokenKind::LBrace)) {
            self.piece(&mut condition);
        }
        let then = self.block();
        let otherwise = (self.kind() == Some(TokenKind::Else)).then(|| {
            let word = self.take();
            match self.kind() {
                Some(TokenKind::If) => (word, Else::If(Box::new(self.branches()))),
                _ => (word, Else::Block(self.block())),
            }
        });
        If { word, condition, then, otherwise }
    }
}
