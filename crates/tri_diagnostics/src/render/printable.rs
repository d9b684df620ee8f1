//! Text that a terminal may show: what comes from a file must not move the cursor, change colours or reorder a line.

use std::borrow::Cow;

/// `text` with each control character, and each that changes the direction of writing, replaced by a visible one of as
/// many bytes: spans stay valid. Line ends and tabs stay.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(steers_terminal) {
        return Cow::Borrowed(text);
    }
    let visible = |c: char| match (steers_terminal(c), c.len_utf8()) {
        (false, _) => c,
        (true, 1) => '?',
        (true, 2) => '¿',
        (true, _) => char::REPLACEMENT_CHARACTER,
    };
    Cow::Owned(text.chars().map(visible).collect())
}

/// Control characters of ASCII and Latin-1, and the explicit directions of Unicode's bidirectional algorithm (UAX #9).
fn steers_terminal(c: char) -> bool {
    let direction = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    direction || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}
