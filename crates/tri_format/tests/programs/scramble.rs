//! Another layout of a program: other spaces, line ends and semicolons, and perhaps comments, where the language admits
//! them.

use tri_syntax::{Token, TokenKind, lex};

/// A source of choices (SplitMix64).
pub(crate) struct Choices(pub(crate) u64);

impl Choices {
    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// `source`, which has no syntax errors, laid out otherwise. With `comments`, comments and empty lines are added;
/// without, what is left to the author stays: comments, empty lines, and what stands around them.
pub(crate) fn scramble(source: &str, choices: &mut Choices, comments: bool) -> String {
    let tokens = lex(source);
    let mut text = String::new();
    let mut open = Vec::new();
    let mut before = None;
    let mut at = 0;
    while at < tokens.len() {
        let length = tokens[at..].iter().take_while(|token| token.kind.is_trivia()).count();
        let gap = &tokens[at..at + length];
        let next = tokens.get(at + length);
        if let (Some(before), Some(next)) = (before, next) {
            let grouped = open.last().is_some_and(|&kind| kind != TokenKind::LBrace);
            text.push_str(&other_gap(
                source,
                gap,
                Around { before, after: next.kind, grouped },
                choices,
                comments,
            ));
        } else {
            gap.iter().for_each(|token| text.push_str(token.text(source)));
        }
        let Some(next) = next else { break };
        text.push_str(next.text(source));
        match next.kind {
            TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace => open.push(next.kind),
            TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace => {
                open.pop();
            }
            _ => {}
        }
        before = Some(next.kind);
        at += length + 1;
    }
    text
}

/// The tokens around a gap.
struct Around {
    before: TokenKind,
    after: TokenKind,
    grouped: bool,
}

fn other_gap(source: &str, gap: &[Token], around: Around, choices: &mut Choices, comments: bool) -> String {
    let written: String = gap.iter().map(|token| token.text(source)).collect();
    let newlines = gap.iter().filter(|token| token.kind == TokenKind::Newline).count();
    let commented = gap.iter().any(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Newline));
    if commented || newlines > 1 {
        return written;
    }
    let ends = !around.grouped && around.before.can_end() && !around.after.continues();
    let comments = comments && choices.below(6) == 0;
    if ends && newlines == 1 {
        return if comments {
            choices.one_of(&[
                "\n",
                " ;\n",
                ";",
                "; // x\n",
                " // x\n\n",
                "\n// x\n",
                " /* x */\n",
                "; /* x */ ",
                "\n/* x */",
            ])
        } else {
            choices.one_of(&["\n", "\r\n", ";", " ; ", "\n\t ; ", ";\n", "\n      "])
        }
        .to_owned();
    }
    // Two words need something between them, and `x. 5` is not `x.5`.
    let joined = around.before.spelling().is_some_and(|text| !text.ends_with(char::is_alphanumeric))
        && around.after.spelling().is_some_and(|text| !text.starts_with(char::is_alphanumeric));
    let tight = newlines == 0 && gap.is_empty();
    let mut choose = vec![" ", "  ", "\t"];
    if tight || (joined && matches!(around.after, TokenKind::LParen | TokenKind::RParen)) {
        choose.push("");
    }
    if !ends {
        choose.extend(["\n", "\r\n  ", "\n\t"]);
    }
    if comments {
        choose.extend([" /* y */ ", " /* y\n y */ "]);
        if !ends {
            choose.extend([" // y\n", "\n// y\n", "\n\n", "\n/* y */\n", "\n/* y */ /* z */", " /* y */\n"]);
        }
    }
    choices.one_of(&choose).to_owned()
}
