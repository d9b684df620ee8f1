//! W0007: types, layers, models and dims are `UpperCamel`; functions, members and values are `snake_case`; constants are
//! `UPPER_SNAKE`. Symbols of formulas, such as `W_Q` and `K`, may stay what they are. The fix renames what only its own item can name.

use tri_diagnostics::{Code, Diagnostic, Fix};
use tri_syntax::TokenKind;
use tri_syntax::ast::{ItemKind, Name};

use super::uses::{Binding, Kind};
use super::{Linted, LintedItem, exempt, words};

/// How a name is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Camel,
    Snake,
    Upper,
}

impl Case {
    fn words(self) -> &'static str {
        match self {
            Case::Camel => "`UpperCamel`",
            Case::Snake => "`snake_case`",
            Case::Upper => "`UPPER_SNAKE`",
        }
    }

    fn fits(self, name: &str) -> bool {
        match self {
            Case::Camel => name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains('_'),
            Case::Snake => !name.contains(|c: char| c.is_ascii_uppercase()) || is_symbol(name),
            Case::Upper => !name.contains(|c: char| c.is_ascii_lowercase()),
        }
    }

    /// The name in this case.
    fn of(self, name: &str) -> String {
        let parts = parts(name);
        let capital = |part: &String| part[..1].to_ascii_uppercase() + &part[1..];
        match self {
            Case::Camel => parts.iter().map(capital).collect(),
            Case::Snake => parts.join("_"),
            Case::Upper => parts.join("_").to_ascii_uppercase(),
        }
    }
}

/// Whether every word of a name is one letter, perhaps with a number.
fn is_symbol(name: &str) -> bool {
    let letter = |part: &str| {
        let mut characters = part.chars();
        characters.next().is_some_and(|c| c.is_ascii_alphabetic()) && characters.all(|c| c.is_ascii_digit())
    };
    name.split('_').all(letter)
}

/// The words of a name in lower case: `KvCache` and `kv_cache` have the same.
fn parts(name: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut before = '_';
    for c in name.chars() {
        let begins = c != '_' && (before == '_' || (c.is_ascii_uppercase() && !before.is_ascii_uppercase()));
        match parts.last_mut() {
            Some(part) if !begins && c != '_' => part.push(c.to_ascii_lowercase()),
            _ if begins => parts.push(c.to_ascii_lowercase().to_string()),
            _ => {}
        }
        before = c;
    }
    parts
}

pub(super) fn check(linted: &mut Linted<'_>, item: &LintedItem<'_>) {
    let declared = match &item.item.kind {
        ItemKind::Dim(dim) => Some((&dim.name, Case::Camel, "dims")),
        ItemKind::Layer(layer) if layer.is_model => Some((&layer.name, Case::Camel, "models")),
        ItemKind::Layer(layer) => Some((&layer.name, Case::Camel, "layers")),
        ItemKind::Const(item) => Some((&item.name, Case::Upper, "constants")),
        ItemKind::Function(function) => Some((&function.name, Case::Snake, "functions")),
        ItemKind::Use(_) | ItemKind::Test(_) | ItemKind::Error { .. } => None,
    };
    if let Some((name, case, things)) = declared {
        linted.found.extend(warning(linted, item, name, case, things));
    }
    for binding in &item.uses.bindings {
        let case = match binding.kind {
            Kind::Dim | Kind::Pack | Kind::Element | Kind::RunTimeDim => Case::Camel,
            _ => Case::Snake,
        };
        let things = format!("{}s", words(binding.kind));
        let Some(mut diagnostic) = warning(linted, item, &binding.name, case, &things) else { continue };
        if let Kind::Local | Kind::RunTimeDim = binding.kind {
            diagnostic.fix = rename(linted, item, binding, &case.of(&binding.name.text));
        }
        linted.found.push(diagnostic);
    }
}

fn warning(
    linted: &Linted<'_>,
    item: &LintedItem<'_>,
    name: &Name,
    case: Case,
    things: &str,
) -> Option<Diagnostic> {
    if exempt(&name.text) || case.fits(&name.text) {
        return None;
    }
    let message = format!("{things} are written in {}: `{}`", case.words(), case.of(&name.text));
    Some(Diagnostic::warning(Code::W0007, linted.span(item.id, name.id), message))
}

/// Renames a local everywhere, unless something else is called so.
fn rename(linted: &Linted<'_>, item: &LintedItem<'_>, binding: &Binding, ours: &str) -> Option<Fix> {
    let taken = item.uses.outer.contains_key(ours) || item.names.contains(ours);
    let is_name = matches!(tri_syntax::lex(ours).as_slice(), [token] if token.kind == TokenKind::Ident);
    if taken || !is_name {
        return None;
    }
    let declared = Fix::replace(format!("call it `{ours}`"), linted.span(item.id, binding.name.id), ours);
    let elsewhere = binding.reads.iter().chain(&binding.writes);
    Some(elsewhere.fold(declared, |fix, node| fix.and(linted.span(item.id, *node), ours)))
}

#[cfg(test)]
mod tests {
    use super::Case;

    #[test]
    fn names_keep_their_words() {
        for (name, camel, snake, upper) in [
            ("kv_cache", "KvCache", "kv_cache", "KV_CACHE"),
            ("KvCache", "KvCache", "kv_cache", "KV_CACHE"),
            ("KVCache", "Kvcache", "kvcache", "KVCACHE"),
            ("Q", "Q", "q", "Q"),
            ("hidden2", "Hidden2", "hidden2", "HIDDEN2"),
            ("a__b_", "AB", "a_b", "A_B"),
        ] {
            assert_eq!(
                [Case::Camel.of(name), Case::Snake.of(name), Case::Upper.of(name)],
                [camel, snake, upper]
            );
        }
        assert!(Case::Camel.fits("KH") && Case::Camel.fits("ResNet18") && !Case::Camel.fits("head_dim"));
        assert!(
            Case::Snake.fits("w1")
                && Case::Snake.fits("W_Q")
                && Case::Snake.fits("W1")
                && !Case::Snake.fits("headDim")
        );
    }
}
