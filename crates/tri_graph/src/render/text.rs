//! Text in pictures: escaped, and how much room it takes.

/// Text as XML holds it. Characters that XML cannot hold are left out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// Most characters of a line.
const LINE: usize = 44;

/// A line that is not too long for a box.
pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= LINE {
        return text.to_owned();
    }
    let mut line: String = text.chars().take(LINE - 1).collect();
    line.push('…');
    line
}

/// About the width of a line of letters of this size, in proportional type.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let units = text.chars().map(|c| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | '[' | ']' | '(' | ')' | ' ' | 'f' | 't' | 'r' => {
            0.36
        }
        'm' | 'w' | 'M' | 'W' | '×' | '→' | '…' => 0.88,
        'A'..='Z' => 0.7,
        _ => 0.58,
    });
    units.sum::<f64>() * size
}
