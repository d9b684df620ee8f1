//! Words for what the grammar expected and what it found. Knows the grammar's terminal names, nothing else.

use crate::layout::Significant;
use crate::token::TokenKind;

/// How many alternatives a message lists.
const MAX_WORDS: usize = 4;

/// What `token`, with this text, is called.
pub(crate) fn found(token: Significant, text: &str) -> String {
    match token.kind {
        TokenKind::Semi if text != ";" => TokenKind::Newline.words().to_owned(),
        TokenKind::Ident => format!("`{text}`"),
        kind => kind.words().to_owned(),
    }
}

/// The terminals that could have come, in words; none if they are too many to help.
pub(crate) fn words(expected: &[String]) -> Option<String> {
    let has = |terminal: &str| expected.iter().any(|e| e.trim_matches('"') == terminal);
    let mut words = Vec::new();
    let mut covered: Vec<&str> = vec!["ERROR", "?"];
    if has("NUMBER") && has("NAME") && has("-") {
        words.push("an expression".to_owned());
        covered.extend(["NAME", "NUMBER", "STRING", "(", "[", "-", "!", "if", "true", "false"]);
    } else if has("fn") && has("NAME") && has("(") {
        words.push("a type".to_owned());
        covered.extend(["fn", "NAME", "("]);
    } else if has("_") && has("NAME") && has("(") {
        words.push("a name or `(`".to_owned());
        covered.extend(["_", "NAME", "("]);
    }
    // After an operand every operator may come; the parser lists those it has not ruled out by then.
    let operators = has("||");
    if operators {
        covered.extend(["@", "*", "/", "%", "+", "-", "..", "==", "!=", "<", "<=", ">", ">=", "&&", "||"]);
        covered.extend(["as", ".", "[", "("]);
    }
    if has(";") && has("}") {
        covered.push("}");
    }
    let mut rest: Vec<&str> = expected.iter().map(|e| e.trim_matches('"')).collect();
    rest.retain(|terminal| !covered.contains(terminal));
    words.extend(rest.into_iter().map(terminal));
    if words.is_empty() && operators {
        words.push("an operator".to_owned());
    }
    if words.len() > MAX_WORDS || words.is_empty() {
        return None;
    }
    let last = words.pop()?;
    Some(if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) })
}

fn terminal(name: &str) -> String {
    match name {
        "NAME" => TokenKind::Ident.words().to_owned(),
        "NUMBER" => TokenKind::Number.words().to_owned(),
        "STRING" => TokenKind::Str.words().to_owned(),
        ";" => TokenKind::Newline.words().to_owned(),
        spelling => format!("`{spelling}`"),
    }
}
