//! Values of number and string literals, and what can be wrong with them. No positions: callers know where they stand.

/// The value of a number.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Number {
    Int(u64),
    Float(f64),
}

/// The value of `text`, or what is wrong with it.
pub(crate) fn number(text: &str) -> Result<Number, &'static str> {
    if text.starts_with('.') {
        return Err("a number begins with a digit");
    }
    let digits: String = text.chars().filter(|&c| c != '_').collect();
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        if hex.is_empty() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("a hexadecimal number is `0x` and hexadecimal digits");
        }
        return u64::from_str_radix(hex, 16).map(Number::Int).map_err(|_| "this number does not fit 64 bits");
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse().map(Number::Int).map_err(|_| "this number does not fit 64 bits");
    }
    let suffix = digits.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E'));
    match digits.parse::<f64>() {
        Ok(value) if !suffix && value.is_finite() => Ok(Number::Float(value)),
        Ok(_) if !suffix => Err("this number is too large for a float"),
        _ => Err("a number is digits, with a fraction or an exponent, and no suffix"),
    }
}

/// The part of a string token between its quotes, and whether the closing quote is there.
pub(crate) fn string_body(text: &str) -> (&str, bool) {
    let quote = text.chars().next().unwrap_or('"');
    let rest = text.get(1..).unwrap_or("");
    let mut escaped = false;
    let mut end = None;
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => end = Some(at),
            _ => {}
        }
    }
    match end {
        Some(at) if at + 1 == rest.len() => (&rest[..at], true),
        _ => (rest, false),
    }
}

/// Resolves the escapes of `body`; calls `wrong` with the byte range in `body` of each that is unknown, which stands
/// for itself.
pub(crate) fn unescape(body: &str, mut wrong: impl FnMut(usize, usize)) -> String {
    let mut value = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        value.push_str(&rest[..at]);
        rest = &rest[at..];
        let start = body.len() - rest.len();
        let (c, length) = escape(rest);
        match c {
            Some(c) => value.push(c),
            None => {
                wrong(start, start + length);
                value.push_str(&rest[..length]);
            }
        }
        rest = &rest[length..];
    }
    value.push_str(rest);
    value
}

/// The character that the escape at the start of `text` stands for, and the escape's length.
fn escape(text: &str) -> (Option<char>, usize) {
    let Some(kind) = text.chars().nth(1) else { return (None, text.len()) };
    let simple = match kind {
        'n' => Some('\n'),
        't' => Some('\t'),
        '\\' => Some('\\'),
        '"' => Some('"'),
        '\'' => Some('\''),
        _ => None,
    };
    if simple.is_some() || kind != 'u' {
        return (simple, 1 + kind.len_utf8());
    }
    let code = text.get(2..).and_then(|rest| rest.strip_prefix('{')).and_then(|rest| rest.split_once('}'));
    match code {
        Some((hex, _)) if hex.len() <= 6 => {
            let value = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
            (value, 4 + hex.len())
        }
        _ => (None, 2),
    }
}
