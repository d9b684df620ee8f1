//! Items that begin with a word of another language, and layers written as functions.

use tri_diagnostics::{Code, Diagnostic, Fix};

use super::Source;
use crate::layout::Significant;
use crate::token::TokenKind;

/// How an item that begins with a foreign word can be read, once it is reported.
pub(crate) enum Reading {
    /// As the item that its tokens were turned into.
    Item,
    /// Not at all, and neither can what follows it up to the next item: its blocks have no braces.
    Garbage,
    /// As the names that it would have brought.
    Names(Vec<Significant>),
}

/// Packages of other languages, whose imports have no counterpart.
const PACKAGES: [&str; 16] = [
    "torch",
    "torchvision",
    "numpy",
    "np",
    "jax",
    "flax",
    "haiku",
    "optax",
    "tensorflow",
    "tf",
    "keras",
    "math",
    "typing",
    "os",
    "sys",
    "transformers",
];

/// Reports an item that begins with the word of another language, and turns it into one of Tri where that can be done.
pub(crate) fn item(tokens: &mut Vec<Significant>, source: Source<'_>) -> Option<(Reading, Diagnostic)> {
    let first = *tokens.first()?;
    let word = source.word(first);
    match word {
        "def" | "func" | "function" | "fun" | "proc" => {
            Some(keyword(tokens, source, TokenKind::Fn, "functions"))
        }
        "class" | "struct" | "module" => Some(keyword(tokens, source, TokenKind::Layer, "layers")),
        "import" => Some(import(tokens, source)),
        "from" => Some(from(tokens, source)),
        "let" | "var" | "static" | "final" => {
            Some((Reading::Garbage, error(first, source, "outside functions, values are `const NAME = ...`")))
        }
        "type" | "enum" | "trait" | "interface" => {
            Some((Reading::Garbage, error(first, source, "Tri has no user-defined types besides layers")))
        }
        _ => None,
    }
}

fn error(token: Significant, source: Source<'_>, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::E0013, source.span(token), message)
}

/// `def` and `class`, whose blocks may be indented instead of in braces.
fn keyword(
    tokens: &mut [Significant],
    source: Source<'_>,
    kind: TokenKind,
    things: &str,
) -> (Reading, Diagnostic) {
    let (first, ours) = (tokens[0], kind.spelling().unwrap_or_default());
    if indented(tokens) {
        let message = format!("{things} begin with `{ours}`, and their bodies stand in braces");
        let shape = match kind {
            TokenKind::Fn => "write `fn name(x: f32[B, D]) -> f32[B, D] { ... }`",
            _ => "write `layer Name[In, Out]() { ... }`, with a function `fn forward(...)` in it",
        };
        return (Reading::Garbage, error(first, source, message).help(shape));
    }
    tokens[0].kind = kind;
    let fix = Fix::replace(format!("write `{ours}`"), source.span(first), ours);
    let fix = if kind == TokenKind::Fn { fix } else { fix.ask() };
    (Reading::Item, error(first, source, format!("{things} begin with `{ours}`")).fix(fix))
}

/// Whether a `:` stands outside all brackets: the head of an indented block.
fn indented(tokens: &[Significant]) -> bool {
    use TokenKind::{Colon, LBrace, LBracket, LParen, RBrace, RBracket, RParen};
    let mut depth = 0_u32;
    for token in tokens {
        match token.kind {
            LBrace => return false,
            LParen | LBracket => depth += 1,
            RParen | RBracket | RBrace => depth = depth.saturating_sub(1),
            Colon if depth == 0 => return true,
            _ => {}
        }
    }
    false
}

/// `import a.b.Name`, which Tri writes with `use`, and `import torch`, which it does not write at all.
fn import(tokens: &mut [Significant], source: Source<'_>) -> (Reading, Diagnostic) {
    let first = tokens[0];
    let root = tokens.get(1).map_or("", |&root| source.word(root));
    let dotted = tokens.get(2).is_some_and(|token| token.kind == TokenKind::Dot);
    if PACKAGES.contains(&root) || !dotted {
        let names = tokens.iter().rev().find(|token| token.kind == TokenKind::Ident).copied();
        return (Reading::Names(names.into_iter().collect()), no_package(first, root, source));
    }
    tokens[0].kind = TokenKind::Use;
    let fix = Fix::replace("write `use`", source.span(first), "use");
    (Reading::Item, error(first, source, "imports are written `use module.Name`").fix(fix))
}

/// `from a.b import C, D`, which Tri writes `use a.b.{C, D}`.
fn from(tokens: &mut Vec<Significant>, source: Source<'_>) -> (Reading, Diagnostic) {
    let first = tokens[0];
    let root = tokens.get(1).map_or("", |&root| source.word(root));
    let is_import = |token: &Significant| token.kind == TokenKind::Ident && source.word(*token) == "import";
    let Some(at) = tokens.iter().position(is_import) else {
        return (Reading::Garbage, error(first, source, "imports are written `use module.{Name, Other}`"));
    };
    let (module, names) = (tokens[1..at].to_vec(), tokens[at + 1..].to_vec());
    let is = |index: usize, kind| names.get(index).map(|name: &Significant| name.kind) == Some(kind);
    let listed = !names.is_empty()
        && (0..names.len()).all(|i| is(i, if i % 2 == 0 { TokenKind::Ident } else { TokenKind::Comma }));
    let path = (0..module.len())
        .all(|i| module[i].kind == if i % 2 == 0 { TokenKind::Ident } else { TokenKind::Dot });
    if PACKAGES.contains(&root) || !listed || !path || module.is_empty() {
        let names = names.iter().filter(|name| name.kind == TokenKind::Ident).copied();
        return (Reading::Names(names.collect()), no_package(first, root, source));
    }
    let text = |tokens: &[Significant]| tokens.iter().map(|&token| source.word(token)).collect::<String>();
    let imported = match names.as_slice() {
        [name] => source.word(*name).to_owned(),
        names => format!("{{{}}}", text(names).replace(',', ", ")),
    };
    let ours = format!("use {}.{imported}", text(&module));
    let whole = source.cover(first, names.last().copied().unwrap_or(first));
    let fix = Fix::replace(format!("write `{ours}`"), whole, ours);
    let inserted = |kind, beside: Significant| Significant { kind, start: beside.end, end: beside.end };
    let import = tokens[at];
    *tokens = vec![Significant { kind: TokenKind::Use, ..first }];
    tokens.extend(module);
    tokens.push(Significant { kind: TokenKind::Dot, ..import });
    tokens.push(inserted(TokenKind::LBrace, import));
    tokens.extend(&names);
    tokens.push(inserted(TokenKind::RBrace, names.last().copied().unwrap_or(import)));
    (Reading::Item, error(first, source, "imports are written `use module.{Name, Other}`").fix(fix))
}

fn no_package(first: Significant, root: &str, source: Source<'_>) -> Diagnostic {
    let diagnostic = match PACKAGES.contains(&root) {
        true => error(first, source, format!("there is no `{root}` in Tri")),
        false => error(first, source, "imports are written `use module.Name`"),
    };
    diagnostic
        .help("layers are imported: `use std.nn.{Linear, RmsNorm}`; functions such as `relu` need no import")
}

/// `layer f(x: T) -> T { ... }`: a function called a layer, or a layer whose members stand beside its only function.
pub(super) fn layer_with_result(
    tokens: &mut [Significant],
    at: usize,
    source: Source<'_>,
) -> Option<Diagnostic> {
    use TokenKind::{Buffer, Fn, Layer, Model, Param, State};
    let head = tokens.iter().position(|token| matches!(token.kind, Layer | Model))?;
    let before = tokens.get(head + 1..at)?;
    if before.iter().any(|token| token.kind == TokenKind::LBrace) {
        return None;
    }
    let (word, arrow) = (tokens[head], tokens[at]);
    let members = tokens[at..].iter().any(|token| matches!(token.kind, Param | Buffer | State | Fn));
    if members {
        tokens[at].kind = TokenKind::Error;
        let message = "a layer has no result of its own; its functions have";
        let help = "write `layer Name[In, Out]() { ... }`, with `fn forward(x: ...) -> ... { ... }` after its members";
        return Some(error(arrow, source, message).help(help));
    }
    tokens[head].kind = Fn;
    let fix = Fix::replace("write `fn`", source.span(word), "fn");
    let diagnostic = error(word, source, "a function begins with `fn`; a layer has members");
    Some(diagnostic.secondary(source.span(arrow), "only a function has a result").fix(fix))
}
