//! Tokens: what the text is made of, white space and comments included. The texts of a file's tokens, joined, are the
//! file.

use logos::{Lexer, Logos};
use tri_diagnostics::TextRange;

/// One token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes.
    pub range: TextRange,
}

impl Token {
    /// The token's text in the file it came from.
    pub fn text(self, source: &str) -> &str {
        self.range.of(source)
    }
}

macro_rules! token_kinds {
    (fixed { $($fixed:ident $text:literal,)* } other { $($(#[$attribute:meta])* $other:ident $words:literal,)* }) => {
        /// The kinds of token.
        #[derive(Logos, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum TokenKind {
            $(#[doc = $text] #[token($text)] $fixed,)*
            $(#[doc = $words] $(#[$attribute])* $other,)*
        }

        impl TokenKind {
            /// The spelling, of keywords and punctuation.
            pub fn spelling(self) -> Option<&'static str> {
                match self {
                    $(TokenKind::$fixed => Some($text),)*
                    _ => None,
                }
            }

            /// What the token is called in a message.
            pub(crate) fn words(self) -> &'static str {
                match self {
                    $(TokenKind::$fixed => concat!("`", $text, "`"),)*
                    $(TokenKind::$other => $words,)*
                }
            }
        }
    };
}

token_kinds! {
    fixed {
        As "as", Assert "assert", Buffer "buffer", Const "const", Dim "dim", Else "else", False "false", Fn "fn",
        For "for", If "if", In "in", Intrinsic "intrinsic", Layer "layer", Let "let", Model "model", Param "param",
        State "state", Test "test", True "true", Use "use", Var "var", Where "where",
        Underscore "_", LParen "(", RParen ")", LBracket "[", RBracket "]", LBrace "{", RBrace "}",
        Comma ",", Semi ";", Colon ":", Dot ".", DotDot "..", Arrow "->", Assign "=", At "@",
        Star "*", Slash "/", Percent "%", Plus "+", Minus "-", Bang "!", Question "?",
        EqEq "==", NotEq "!=", Less "<", LessEq "<=", Greater ">", GreaterEq ">=", AndAnd "&&", OrOr "||",
    }
    other {
        #[regex("[A-Za-z][A-Za-z0-9_]*|_[A-Za-z0-9_]+")]
        Ident "a name",
        #[regex(r"[0-9][0-9A-Za-z_]*(\.[0-9][0-9A-Za-z_]*)?")]
        #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?[eE][+-][0-9A-Za-z_]*")]
        #[regex(r"\.[0-9][0-9A-Za-z_]*")]
        #[regex(r"\.[0-9][0-9_]*[eE][+-][0-9A-Za-z_]*")]
        Number "a number",
        #[token("\"", |lexer| quoted(lexer, b'"'))]
        #[token("'", |lexer| quoted(lexer, b'\''))]
        Str "a string",
        #[regex("[ \t\x0c]+")]
        Space "white space",
        #[regex("\r?\n|\r")]
        Newline "the end of the line",
        #[token("//", to_line_end)]
        #[token("#", to_line_end)]
        Comment "a comment",
        #[token("/*", block_comment)]
        BlockComment "a comment",
        Doc "a documentation comment",
        FileDoc "a documentation comment of the file",
        ByteOrderMark "a byte order mark",
        Error "something unreadable",
    }
}

impl TokenKind {
    /// Whether it is a word that cannot be a name.
    pub fn is_keyword(self) -> bool {
        self.spelling().is_some_and(|text| text.starts_with(|first: char| first.is_ascii_lowercase()))
    }

    /// Whether the grammar never sees it.
    pub fn is_trivia(self) -> bool {
        use TokenKind::{BlockComment, ByteOrderMark, Comment, Doc, FileDoc, Newline, Space};
        matches!(self, Space | Newline | Comment | BlockComment | Doc | FileDoc | ByteOrderMark)
    }
}

/// Takes the rest of a string, up to its closing quote or the end of the line.
fn quoted(lexer: &mut Lexer<'_, TokenKind>, quote: u8) {
    let rest = lexer.remainder().as_bytes();
    let mut length = 0;
    while let Some(&byte) = rest.get(length) {
        match byte {
            b'\n' | b'\r' => break,
            b'\\' if matches!(rest.get(length + 1), Some(b'\\' | b'"' | b'\'')) => length += 2,
            _ if byte == quote => {
                length += 1;
                break;
            }
            _ => length += 1,
        }
    }
    lexer.bump(length);
}

fn to_line_end(lexer: &mut Lexer<'_, TokenKind>) {
    let rest = lexer.remainder().as_bytes();
    let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
    lexer.bump(length);
}

/// Takes the rest of a block comment, which nests, or of the file.
fn block_comment(lexer: &mut Lexer<'_, TokenKind>) {
    let rest = lexer.remainder().as_bytes();
    let (mut depth, mut length) = (1_u32, 0);
    while depth > 0 && length < rest.len() {
        match rest.get(length..length + 2) {
            Some(b"/*") => (depth, length) = (depth + 1, length + 2),
            Some(b"*/") => (depth, length) = (depth - 1, length + 2),
            _ => length += 1,
        }
    }
    lexer.bump(length);
}
