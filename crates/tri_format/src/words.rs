//! A file as words: its significant tokens, each with the comments and line ends before it. What the layout decides by
//! itself (spaces, semicolons at the end of a statement, commas before a closing bracket) is gone.

use std::borrow::Cow;

use tri_syntax::{Token, TokenKind};

/// A comment.
#[derive(Debug)]
pub(crate) struct Comment<'a> {
    /// As written, without white space at its end, its lines ended by `\n`.
    pub(crate) text: Cow<'a, str>,
    /// Whether it goes on to the end of its line.
    pub(crate) to_line_end: bool,
    /// Line ends before it, since the word or comment before; at most 2.
    pub(crate) newlines: u8,
}

/// What stands between two words.
#[derive(Debug, Default)]
pub(crate) struct Gap<'a> {
    /// The comments, in order.
    pub(crate) comments: Vec<Comment<'a>>,
    /// Line ends after the last of them; at most 2.
    pub(crate) newlines: u8,
}

/// A significant token.
#[derive(Debug)]
pub(crate) struct Word<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    /// What stands before it.
    pub(crate) gap: Gap<'a>,
    /// Whether it begins an item, a member or a statement.
    pub(crate) starts: bool,
    /// Whether a comma stood before it that the layout may leave out.
    pub(crate) after_comma: bool,
}

/// A file.
#[derive(Debug)]
pub(crate) struct Words<'a> {
    pub(crate) words: Vec<Word<'a>>,
    /// What stands after the last word.
    pub(crate) end: Gap<'a>,
}

impl Words<'_> {
    /// Whether both are the same program with the same comments.
    pub(crate) fn is_same(&self, other: &Words<'_>) -> bool {
        let words = |file: &Words<'_>| -> Vec<(TokenKind, String, bool)> {
            file.words.iter().map(|word| (word.kind, word.text.to_owned(), word.starts)).collect()
        };
        words(self) == words(other) && self.comments().eq(other.comments())
    }

    fn comments(&self) -> impl Iterator<Item = &str> {
        let gaps = self.words.iter().map(|word| &word.gap).chain([&self.end]);
        gaps.flat_map(|gap| &gap.comments).map(|comment| &*comment.text)
    }
}

/// The words of `source`, which has no syntax errors, from all of its tokens.
pub(crate) fn read<'a>(source: &'a str, tokens: &[Token]) -> Words<'a> {
    let mut reader = Reader { ended: true, ..Reader::default() };
    for token in tokens {
        let text = token.text(source);
        match token.kind {
            TokenKind::Newline => reader.newline(),
            TokenKind::Comment | TokenKind::Doc | TokenKind::FileDoc => reader.comment(text, true),
            TokenKind::BlockComment => reader.comment(text, false),
            kind if kind.is_trivia() => {}
            TokenKind::Semi if !reader.in_list() => reader.semicolon(),
            TokenKind::Comma => reader.comma(text),
            kind => reader.word(kind, text),
        }
    }
    reader.finish()
}

#[derive(Default)]
struct Reader<'a> {
    words: Vec<Word<'a>>,
    gap: Gap<'a>,
    open: Vec<TokenKind>,
    /// A comma that is kept only if an element follows.
    comma: Option<Word<'a>>,
    /// Whether a line ended since the last token.
    newline: bool,
    /// Whether the last statement has ended for sure: a semicolon, or the beginning of a block.
    ended: bool,
    /// Whether the last token was a semicolon that was left out.
    semicolon: bool,
}

impl<'a> Reader<'a> {
    fn newline(&mut self) {
        self.newline = true;
        self.gap.newlines = (self.gap.newlines + 1).min(2);
    }

    fn comment(&mut self, text: &'a str, to_line_end: bool) {
        let text = text.trim_end();
        let text = if text.contains('\r') {
            Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            Cow::Borrowed(text)
        };
        let newlines = self.take_newlines();
        self.gap.comments.push(Comment { text, to_line_end, newlines });
        self.semicolon = false;
    }

    /// The line ends since the last comment or word; nothing follows a comment to the line end on its line, even if what
    /// stood between is left out.
    fn take_newlines(&mut self) -> u8 {
        let after_line = self.gap.comments.last().is_some_and(|comment| comment.to_line_end);
        let newlines = std::mem::take(&mut self.gap.newlines);
        if after_line { newlines.max(1) } else { newlines }
    }

    fn take_gap(&mut self) -> Gap<'a> {
        let newlines = self.take_newlines();
        let newlines = if self.semicolon { newlines.max(1) } else { newlines };
        self.semicolon = false;
        Gap { comments: std::mem::take(&mut self.gap.comments), newlines }
    }

    fn in_list(&self) -> bool {
        self.open.last().is_some_and(|&open| open != TokenKind::LBrace)
    }

    fn semicolon(&mut self) {
        self.gap.newlines = 0;
        (self.ended, self.semicolon, self.newline) = (true, true, false);
    }

    fn comma(&mut self, text: &'a str) {
        let gap = self.take_gap();
        self.comma = Some(Word { kind: TokenKind::Comma, text, gap, starts: false, after_comma: false });
        self.newline = false;
    }

    /// Decides what becomes of the last comma, if something follows it that may (or may not) be an element.
    fn settle_comma(&mut self, element: bool) -> bool {
        let Some(comma) = self.comma.take() else { return false };
        if element {
            self.words.push(comma);
            return false;
        }
        let mut comments = comma.gap.comments;
        let after_line = comments.last().is_some_and(|comment| comment.to_line_end);
        if let (true, Some(first)) = (after_line, self.gap.comments.first_mut()) {
            first.newlines = first.newlines.max(1);
        }
        comments.append(&mut self.gap.comments);
        self.gap.comments = comments;
        true
    }

    fn word(&mut self, kind: TokenKind, text: &'a str) {
        use TokenKind::{LBrace, LBracket, LParen, RBrace, RBracket, RParen};
        let element = !matches!(kind, RParen | RBracket | RBrace | LBrace) && !self.ended;
        let separated = self.comma.is_some();
        let after_comma = self.settle_comma(element);
        let ends_line =
            self.newline && !separated && self.words.last().is_some_and(|last| last.kind.can_end());
        let starts = !self.in_list() && kind != RBrace && (self.ended || ends_line && !kind.continues());
        let gap = self.take_gap();
        match kind {
            LParen | LBracket | LBrace => self.open.push(kind),
            RParen | RBracket | RBrace => {
                self.open.pop();
            }
            _ => {}
        }
        self.words.push(Word { kind, text, gap, starts, after_comma });
        (self.newline, self.ended) = (false, kind == LBrace);
    }

    fn finish(mut self) -> Words<'a> {
        self.settle_comma(false);
        let end = self.take_gap();
        start_after_attributes(&mut self.words);
        Words { words: self.words, end }
    }
}

/// What follows an attribute begins a line, wherever it was written.
fn start_after_attributes(words: &mut [Word<'_>]) {
    let mut index = 0;
    while index < words.len() {
        let attribute = words[index].starts && words[index].kind == TokenKind::At;
        index = if attribute { after_attribute(words, index) } else { index + 1 };
        if let (true, Some(word)) = (attribute, words.get_mut(index)) {
            word.starts = true;
        }
    }
}

/// The word after the attribute that begins at `start`.
pub(crate) fn after_attribute(words: &[Word<'_>], start: usize) -> usize {
    let name_end = start + 2;
    if words.get(name_end).is_none_or(|word| word.starts || word.kind != TokenKind::LParen) {
        return name_end;
    }
    let mut depth = 0_u32;
    for (index, word) in words.iter().enumerate().skip(name_end) {
        match word.kind {
            TokenKind::LParen => depth += 1,
            TokenKind::RParen if depth == 1 => return index + 1,
            TokenKind::RParen => depth -= 1,
            _ => {}
        }
    }
    words.len()
}
