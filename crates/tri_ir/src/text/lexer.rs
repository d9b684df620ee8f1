//! Tokens of the text form.

/// A token; every punctuation character is one of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word: `module`, `f32`, `stem.forward`.
    Word(String),
    /// A number as written: `12`, `1.5e-7`, `0x7fc00001`.
    Number(String),
    /// A string, its escapes resolved.
    Text(String),
    /// One character.
    Sign(char),
    /// End of the text.
    End,
}

/// A token and the byte where it begins.
pub(super) type Placed = (Token, usize);

/// Splits a text; the error says what is wrong and at which byte.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, (String, usize)> {
    let mut result = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some(&(start, c)) = chars.peek() {
        if c.is_ascii_alphabetic() || c == '_' {
            let word = take(&mut chars, |_, c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            result.push((Token::Word(word), start));
        } else if c.is_ascii_digit() {
            let signed = |before: &str, c: char| {
                matches!(c, '+' | '-') && before.ends_with('e') && !before.starts_with("0x")
            };
            let number =
                take(&mut chars, |before, c| c.is_ascii_alphanumeric() || c == '.' || signed(before, c));
            result.push((Token::Number(number), start));
        } else if c == '"' {
            chars.next();
            result.push((Token::Text(string(&mut chars, start)?), start));
        } else {
            chars.next();
            if !c.is_whitespace() {
                result.push((Token::Sign(c), start));
            }
        }
    }
    result.push((Token::End, text.len()));
    Ok(result)
}

type Chars<'a> = std::iter::Peekable<std::str::CharIndices<'a>>;

fn take(chars: &mut Chars<'_>, mut more: impl FnMut(&str, char) -> bool) -> String {
    let mut word = String::new();
    while let Some((_, c)) = chars.next_if(|(_, c)| more(&word, *c)) {
        word.push(c);
    }
    word
}

fn string(chars: &mut Chars<'_>, start: usize) -> Result<String, (String, usize)> {
    let mut result = String::new();
    loop {
        match chars.next() {
            None => return Err(("the string has no end".to_owned(), start)),
            Some((_, '"')) => return Ok(result),
            Some((at, '\\')) => result.push(escape(chars).ok_or_else(|| ("unknown escape".to_owned(), at))?),
            Some((_, c)) => result.push(c),
        }
    }
}

fn escape(chars: &mut Chars<'_>) -> Option<char> {
    match chars.next()?.1 {
        'n' => Some('\n'),
        't' => Some('\t'),
        'u' => {
            chars.next_if(|(_, c)| *c == '{')?;
            let digits = take(chars, |before, c| c.is_ascii_hexdigit() && before.len() < 6);
            chars.next_if(|(_, c)| *c == '}')?;
            char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
        }
        c @ ('"' | '\\') => Some(c),
        _ => None,
    }
}
