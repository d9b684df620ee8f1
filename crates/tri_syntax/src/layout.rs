//! The newline layer: from all tokens to the significant ones that the grammar sees, item by item.
//!
//! A newline becomes a terminator (`;`) when the token before it can end a statement, the token after it cannot
//! continue one, and the innermost open bracket is not `(` or `[`; newlines within comments do not count. Brackets leave here balanced: a missing one is
//! reported and inserted, a stray one reported and dropped, and a line that can only begin an item, a member or a
//! statement closes whatever was left open before it. Terminators stand only between two statements, never doubled and
//! never beside a brace. Nesting is measured here, so that nothing later meets a tree that is too deep.

use tri_diagnostics::{Code, Diagnostic, FileId, Fix, Span, TextRange};

use crate::MAX_DEPTH;
use crate::token::{Token, TokenKind};

/// A token of the grammar: its kind, and the full tokens it covers, `start..end`; none for an inserted one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Significant {
    pub(crate) kind: TokenKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// The significant tokens of one item.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) tokens: Vec<Significant>,
    /// Reported as nested too deeply; not to be parsed.
    pub(crate) too_deep: bool,
}

/// Splits `tokens` into items.
pub(crate) fn layout(file: FileId, tokens: &[Token], errors: &mut Vec<Diagnostic>) -> Vec<Chunk> {
    let mut layout = Layout {
        file,
        tokens,
        errors,
        chunks: Vec::new(),
        chunk: Chunk::default(),
        open: Vec::new(),
        outermost: Level::default(),
    };
    let mut newline = false;
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Newline => newline = true,
            kind if kind.is_trivia() => {}
            kind => {
                if newline {
                    layout.line_start(index, kind);
                }
                newline = false;
                layout.token(index, kind);
            }
        }
    }
    layout.finish()
}

struct Layout<'a> {
    file: FileId,
    tokens: &'a [Token],
    errors: &'a mut Vec<Diagnostic>,
    chunks: Vec<Chunk>,
    chunk: Chunk,
    open: Vec<Open>,
    outermost: Level,
}

/// An open bracket.
struct Open {
    kind: TokenKind,
    index: usize,
    /// What stands inside.
    holds: Holds,
    level: Level,
}

/// What stands between a pair of brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// The members of a layer.
    Members,
    /// A branch of an `if`.
    Branch,
    /// Other statements, or imports.
    Statements,
    /// Elements of a list.
    Elements,
}

/// One statement or list element being read, directly within one pair of brackets.
///
/// Its tree may be as deep as it has operators, on top of the deepest bracket among its operands.
#[derive(Default)]
struct Level {
    operators: u32,
    inner: u32,
    /// The deepest of the statements before it.
    deepest: u32,
    /// Its first token.
    first: Option<TokenKind>,
    /// Its last token.
    last: Option<TokenKind>,
    /// Its first token that can begin an item.
    head: Option<TokenKind>,
    /// Whether it has an `if`.
    branches: bool,
    /// Blocks of `if` and `else` that have not come yet.
    branch_blocks: u32,
    /// Whether it has a head of a block, such as `if c`, whose block has not come yet.
    awaits_block: bool,
}

impl Level {
    fn depth(&self) -> u32 {
        self.deepest.max(self.operators.saturating_add(self.inner))
    }

    /// Begins another statement or element.
    fn separate(&mut self) {
        *self = Level { deepest: self.depth(), ..Level::default() };
    }

    /// Takes note of a token that stands directly in it.
    fn note(&mut self, kind: TokenKind) {
        use TokenKind::{Arrow, Colon, Else, Fn, For, Ident, If, LBrace, Layer, Let, Model, Str, Test, Var};
        let is_head = self.last == self.head && matches!(self.last, Some(Fn | Layer | Model | Test));
        // A type, or a keyword in the place of a name.
        let is_inside = matches!(self.last, Some(Colon | Arrow | For | Let | Var));
        self.first = self.first.or(Some(kind));
        if begins_item(kind) && !is_inside {
            self.head = self.head.or(Some(kind));
        }
        match kind {
            If if self.last == Some(Else) => {}
            If | Else => self.branch_blocks += 1,
            LBrace => self.branch_blocks = self.branch_blocks.saturating_sub(1),
            _ => {}
        }
        match kind {
            If | Else => (self.branches, self.awaits_block) = (true, true),
            For => self.awaits_block = true,
            // With its name, since a keyword alone may stand in the place of a value.
            Ident | Str if is_head => self.awaits_block = true,
            LBrace => self.awaits_block = false,
            _ => {}
        }
        self.last = Some(kind);
    }

    /// Whether it is only attributes so far.
    fn is_attribute(&self) -> bool {
        self.first == Some(TokenKind::At) && self.head.is_none()
    }
}

/// What one pair of brackets adds to the depth of the tree.
const BRACKET_DEPTH: u32 = 2;

impl Layout<'_> {
    fn line_start(&mut self, index: usize, kind: TokenKind) {
        self.close_before_line(index, kind);
        let grouped = self.open.last().is_some_and(|open| open.kind != TokenKind::LBrace);
        let ended = self
            .chunk
            .tokens
            .last()
            .is_some_and(|last| last.kind.can_end() || self.cut_short(last.kind, kind));
        if grouped || !ended || kind.continues() {
            return;
        }
        self.terminate();
    }

    /// Whether a statement that ends in `last` was left unfinished, because the next line begins another with `kind`.
    fn cut_short(&self, last: TokenKind, kind: TokenKind) -> bool {
        use TokenKind::{
            Assert, Assign, Buffer, Const, Dim, Intrinsic, LBrace, Layer, Let, Model, Param, Semi, State,
            Test, Use, Var,
        };
        match kind {
            Assert | Buffer | Const | Intrinsic | Layer | Let | Model | Param | State | Test | Use | Var => {
                !matches!(last, LBrace | Semi)
            }
            Dim => last == Assign,
            _ => false,
        }
    }

    /// Closes what must have been meant to be closed, if a line begins with `kind`.
    fn close_before_line(&mut self, index: usize, kind: TokenKind) {
        use TokenKind::{
            Assert, Buffer, Const, Dim, Fn, Ident, Intrinsic, Layer, Let, Model, Param, State, Test, Use, Var,
        };
        let after = self.chunk.tokens.last().map(|last| last.kind);
        let declares = kind == Fn && after != Some(Intrinsic) && self.next(index) == Some(Ident);
        let members = || self.open.iter().rposition(|open| open.holds == Holds::Members);
        let keep = match kind {
            // A keyword in the place of a name or value is not the head of an item.
            Use | Const | Layer | Model | Test | Intrinsic if !self.has_name(index, kind) => return,
            Use | Const | Layer | Model | Test | Intrinsic => 0,
            Dim if after != Some(Let) => 0,
            // What is too deep is not parsed, and searching its brackets again and again would take long.
            _ if self.chunk.too_deep => return,
            Param | Buffer | State => members().map_or(self.open.len(), |at| at + 1),
            Fn if declares => members().map_or(0, |at| at + 1),
            Let | Var | Assert => self.block(),
            Ident if after.is_some_and(TokenKind::can_end) && self.list_on_one_line() => self.block(),
            _ => return,
        };
        self.close_forgotten(keep, index);
    }

    /// Whether what an item that begins with `kind` is called may stand after `index`.
    fn has_name(&self, index: usize, kind: TokenKind) -> bool {
        use TokenKind::{Fn, Ident, Intrinsic, Str, Test};
        matches!((kind, self.next(index)), (Intrinsic, Some(Fn)) | (Test, Some(Str)) | (_, Some(Ident)))
    }

    /// Closes brackets down to `keep`, whose partners were missed at `index`, and reports the innermost.
    fn close_forgotten(&mut self, keep: usize, index: usize) {
        if keep < self.open.len() {
            self.report_unclosed(index);
            self.close_down_to(keep);
        }
    }

    /// Whether something follows on the line of the innermost bracket, so that the list was not meant to take lines.
    fn list_on_one_line(&self) -> bool {
        let Some(open) = self.open.last() else { return false };
        let rest = self.tokens.get(open.index + 1..).unwrap_or(&[]);
        let next =
            rest.iter().map(|token| token.kind).find(|&kind| kind == TokenKind::Newline || !kind.is_trivia());
        next != Some(TokenKind::Newline)
    }

    /// How many brackets are open around the innermost block, it included.
    fn block(&self) -> usize {
        self.open.iter().rposition(|open| open.kind == TokenKind::LBrace).map_or(0, |at| at + 1)
    }

    /// Closes what must have been meant to be closed before an arrow, an `else` or a block.
    fn close_before(&mut self, index: usize, kind: TokenKind) {
        let grouped = self.open.last().is_some_and(|open| open.holds == Holds::Elements);
        let after = self.chunk.tokens.last().map(|last| last.kind);
        match kind {
            TokenKind::Arrow if grouped && after != Some(TokenKind::RParen) => {
                self.close_forgotten(self.block(), index);
            }
            TokenKind::LBrace if grouped && !self.level().branches => {
                self.close_forgotten(self.block(), index);
            }
            TokenKind::Else if after != Some(TokenKind::RBrace) => {
                let branch = self.open.iter().rposition(|open| open.holds == Holds::Branch);
                self.close_forgotten(branch.unwrap_or(self.open.len()), index);
            }
            _ => {}
        }
    }

    /// What a block that opens here holds.
    fn holds(&mut self) -> Holds {
        use TokenKind::{For, Layer, Model};
        let outer = self.open.last().map(|open| open.holds);
        let level = self.level();
        match (outer, level.head) {
            _ if level.branch_blocks > 0 => Holds::Branch,
            (None, None | Some(Layer | Model)) => Holds::Members,
            (None | Some(Holds::Members), Some(_)) => Holds::Statements,
            _ if level.first != Some(For) => Holds::Branch,
            _ => Holds::Statements,
        }
    }

    /// The kind of the next significant token after `index`.
    fn next(&self, index: usize) -> Option<TokenKind> {
        let rest = self.tokens.get(index + 1..)?;
        rest.iter().map(|token| token.kind).find(|kind| !kind.is_trivia())
    }

    fn token(&mut self, index: usize, kind: TokenKind) {
        use TokenKind::{LBrace, LBracket, LParen, RBrace, RBracket, RParen, Semi};
        if !self.chunk.too_deep {
            self.close_before(index, kind);
        }
        match kind {
            LParen | LBracket | LBrace => self.open(index, kind),
            RParen | RBracket | RBrace => self.close(index, kind),
            Semi if self.open.last().is_none_or(|open| open.kind == LBrace) => {
                if self.chunk.tokens.last().is_some_and(|last| !matches!(last.kind, Semi | LBrace)) {
                    self.terminate();
                }
            }
            _ => {
                self.measure(index, kind);
                self.push(kind, index as u32, index as u32 + 1);
            }
        }
    }

    fn push(&mut self, kind: TokenKind, start: u32, end: u32) {
        self.chunk.tokens.push(Significant { kind, start, end });
    }

    /// Adds a token that is not in the text, right after the last one.
    fn insert(&mut self, kind: TokenKind) {
        let end = self.chunk.tokens.last().map_or(0, |last| last.end);
        self.push(kind, end, end);
    }

    fn level(&mut self) -> &mut Level {
        self.open.last_mut().map_or(&mut self.outermost, |open| &mut open.level)
    }

    /// Ends a statement, a member or an item.
    fn terminate(&mut self) {
        let optional = self.open.last().is_some_and(|open| open.holds == Holds::Members);
        let level = self.level();
        let attribute = level.is_attribute();
        // A trailing `if` of a member has no block.
        if level.awaits_block && !(optional && level.branches) {
            self.missing_brace();
        } else if self.open.is_empty() && !attribute {
            self.flush();
        } else {
            self.insert(TokenKind::Semi);
            self.level().separate();
        }
    }

    /// Opens the brace that the line just read should have ended with.
    fn missing_brace(&mut self) {
        let last = self.chunk.tokens.last().map_or(0, |last| last.end.saturating_sub(1) as usize);
        let end = Span::new(self.file, TextRange::empty(self.span(last).range.end));
        let fix = Fix::replace("add `{`", end, " {").ask();
        let message = "expected `{`, found the end of the line";
        self.errors.push(Diagnostic::error(Code::E0006, end, message).fix(fix));
        self.open(last, TokenKind::LBrace);
        let end = self.chunk.tokens.last().map_or(0, |opened| opened.end);
        if let Some(opened) = self.chunk.tokens.last_mut() {
            opened.start = end;
        }
    }

    fn flush(&mut self) {
        if !self.chunk.tokens.is_empty() {
            self.chunks.push(std::mem::take(&mut self.chunk));
        }
        self.outermost = Level::default();
    }

    fn open(&mut self, index: usize, kind: TokenKind) {
        let holds = if kind == TokenKind::LBrace { self.holds() } else { Holds::Elements };
        self.level().note(kind);
        self.push(kind, index as u32, index as u32 + 1);
        self.open.push(Open { kind, index, holds, level: Level::default() });
        if self.open.len() as u32 * BRACKET_DEPTH > MAX_DEPTH {
            self.too_deep(index);
        }
    }

    fn close(&mut self, index: usize, kind: TokenKind) {
        let found = self.partner(index, kind);
        match (found, self.open.last()) {
            (Some(at), _) => {
                self.close_forgotten(at + 1, index);
                self.pop(index);
                self.push(kind, index as u32, index as u32 + 1);
            }
            (None, Some(open)) if kind != TokenKind::RBrace && open.kind != TokenKind::LBrace => {
                let (wanted, opened) = (closer(open.kind), open.index);
                self.report_wrong(index, opened, wanted);
                self.pop(index);
                self.push(wanted, index as u32, index as u32 + 1);
            }
            (None, _) => {
                self.report_stray(index, kind);
                self.level().awaits_block = false;
            }
        }
    }

    /// The open bracket that `kind` at `index` closes.
    fn partner(&self, index: usize, kind: TokenKind) -> Option<usize> {
        let opener = opener(kind);
        let innermost = self.open.len().checked_sub(1);
        if self.chunk.too_deep {
            return innermost.filter(|&at| self.open.get(at).is_some_and(|open| open.kind == opener));
        }
        let mut candidates = self.open.iter().enumerate().rev();
        let found = if kind == TokenKind::RBrace {
            candidates.find(|(_, open)| open.kind == opener)
        } else {
            candidates.take_while(|(_, open)| open.kind != TokenKind::LBrace).find(|(_, o)| o.kind == opener)
        };
        let found = found.map(|(at, _)| at);
        found.filter(|_| kind != TokenKind::RBrace || !self.closes_unopened(index))
    }

    /// Whether the `}` at `index` belongs to a block whose `{` is missing.
    fn closes_unopened(&self, index: usize) -> bool {
        let Some(open) = self.open.last() else { return false };
        let awaited =
            open.holds != Holds::Members && open.kind == TokenKind::LBrace && open.level.awaits_block;
        let branches = self.open.iter().rev().any(|open| open.holds == Holds::Branch);
        awaited || (!branches && self.next(index) == Some(TokenKind::Else))
    }

    fn close_down_to(&mut self, keep: usize) {
        while self.open.len() > keep {
            let (kind, index) =
                self.open.last().map_or((TokenKind::LBrace, 0), |open| (open.kind, open.index));
            self.pop(index);
            self.insert(closer(kind));
        }
        if keep == 0 {
            self.flush();
        }
    }

    /// Leaves the innermost bracket, whose closing token stands at `index`.
    fn pop(&mut self, index: usize) {
        let Some(open) = self.open.pop() else { return };
        if open.kind == TokenKind::LBrace
            && self.chunk.tokens.last().is_some_and(|t| t.kind == TokenKind::Semi)
        {
            self.chunk.tokens.pop();
        }
        let depth = open.level.depth().saturating_add(BRACKET_DEPTH);
        let outer = self.level();
        outer.operators += 1;
        outer.inner = outer.inner.max(depth);
        if outer.depth() > MAX_DEPTH {
            self.too_deep(index);
        }
    }

    fn measure(&mut self, index: usize, kind: TokenKind) {
        let level = self.level();
        level.note(kind);
        match kind {
            TokenKind::Comma | TokenKind::Semi => level.separate(),
            TokenKind::Else => level.operators += 2,
            kind if adds_level(kind) => level.operators += 1,
            _ => return,
        }
        if level.depth() > MAX_DEPTH {
            self.too_deep(index);
        }
    }

    fn finish(mut self) -> Vec<Chunk> {
        if self.errors.iter().any(|error| error.code == Code::E0004) {
            // The rest of the file went into the open comment.
            self.close_down_to(0);
        }
        self.close_forgotten(0, self.tokens.len());
        self.flush();
        self.chunks
    }

    fn span(&self, index: usize) -> Span {
        let end = self.tokens.last().map_or(TextRange::default(), |last| TextRange::empty(last.range.end));
        Span::new(self.file, self.tokens.get(index).map_or(end, |token| token.range))
    }

    fn too_deep(&mut self, index: usize) {
        if !self.chunk.too_deep {
            let message = format!("this is nested more than {MAX_DEPTH} levels deep");
            let diagnostic = Diagnostic::error(Code::E0008, self.span(index), message);
            let advice =
                "give parts of it names with `let`; every bracket and every operator of a chain is a level";
            self.errors.push(diagnostic.help(advice));
        }
        self.chunk.too_deep = true;
    }

    /// Reports the innermost open bracket, whose partner was missed at `index`.
    fn report_unclosed(&mut self, index: usize) {
        let Some(open) = self.open.last() else { return };
        if self.chunk.too_deep {
            return;
        }
        let message = format!("this {} is never closed", open.kind.words());
        let mut diagnostic = Diagnostic::error(Code::E0007, self.span(open.index), message);
        if index < self.tokens.len() {
            diagnostic = diagnostic.secondary(self.span(index), "missing before this");
        }
        self.errors.push(diagnostic.help(format!("add {}", closer(open.kind).words())));
    }

    fn report_wrong(&mut self, index: usize, opened: usize, wanted: TokenKind) {
        if self.chunk.too_deep {
            return;
        }
        let (span, words) = (self.span(index), wanted.words());
        let fix = Fix::replace(format!("write {words}"), span, wanted.spelling().unwrap_or_default());
        let diagnostic = Diagnostic::error(Code::E0007, span, format!("expected {words} here"));
        self.errors.push(diagnostic.secondary(self.span(opened), "to close this").fix(fix.ask()));
    }

    fn report_stray(&mut self, index: usize, kind: TokenKind) {
        if self.chunk.too_deep {
            return;
        }
        let span = self.span(index);
        let message = format!("this {} closes nothing", kind.words());
        let fix = Fix::replace("remove it", span, "").ask();
        self.errors.push(Diagnostic::error(Code::E0007, span, message).fix(fix));
    }
}

fn opener(kind: TokenKind) -> TokenKind {
    match kind {
        TokenKind::RParen => TokenKind::LParen,
        TokenKind::RBracket => TokenKind::LBracket,
        _ => TokenKind::LBrace,
    }
}

fn closer(kind: TokenKind) -> TokenKind {
    match kind {
        TokenKind::LParen => TokenKind::RParen,
        TokenKind::LBracket => TokenKind::RBracket,
        _ => TokenKind::RBrace,
    }
}

/// Whether an item may begin with the token, attributes aside.
pub(crate) fn begins_item(kind: TokenKind) -> bool {
    use TokenKind::{Const, Dim, Fn, Intrinsic, Layer, Model, Test, Use};
    matches!(kind, Use | Dim | Const | Fn | Layer | Model | Test | Intrinsic)
}

impl TokenKind {
    /// Whether a statement or member may end with the token.
    pub fn can_end(self) -> bool {
        use TokenKind::{Error, False, Ident, Number, RBrace, RBracket, RParen, Str, True, Underscore};
        matches!(self, Ident | Number | Str | True | False | RParen | RBracket | RBrace | Underscore | Error)
    }

    /// Whether a line that begins with the token continues the line before. `-` and `@` begin a statement or attribute; a
    /// block belongs to the head before it.
    pub fn continues(self) -> bool {
        use TokenKind::{
            AndAnd, Arrow, As, Comma, Dot, DotDot, Else, EqEq, Greater, GreaterEq, LBrace, Less, LessEq,
            NotEq, OrOr, Percent, Plus, RBrace, RBracket, RParen, Slash, Star, Where,
        };
        matches!(
            self,
            LBrace | Star | Slash | Percent | Plus | EqEq | NotEq | Less | LessEq | Greater | GreaterEq
        ) || matches!(self, AndAnd | OrOr | DotDot | Dot | RParen | RBracket | RBrace | Comma | Else | Where)
            || matches!(self, Arrow | As)
    }
}

/// Whether the token makes a node around its operands.
fn adds_level(kind: TokenKind) -> bool {
    use TokenKind::{At, Bang, Dot, Fn, If, Minus};
    kind.continues() || matches!(kind, At | Bang | Dot | Fn | If | Minus)
}
