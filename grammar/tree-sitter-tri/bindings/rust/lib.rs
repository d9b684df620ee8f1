//! The tree-sitter grammar of Tri: a tolerant, incremental parser for editors, and the queries that colour, fold and
//! indent. The compiler does not use it.

#![expect(unsafe_code, reason = "the generated parser is C")]

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_tri() -> *const ();
}

/// The grammar.
// SAFETY: the function is `tree_sitter_tri` of src/parser.c, which returns a pointer to a static language.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_tri) };

/// The kinds of nodes with their fields, as JSON.
pub const NODE_TYPES: &str = include_str!("../../src/node-types.json");
/// Colours.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");
/// Definitions and references of names within a file.
pub const LOCALS_QUERY: &str = include_str!("../../queries/locals.scm");
/// Text in other languages.
pub const INJECTIONS_QUERY: &str = include_str!("../../queries/injections.scm");
/// What can be folded.
pub const FOLDS_QUERY: &str = include_str!("../../queries/folds.scm");
/// Where a line begins further in than the one before.
pub const INDENTS_QUERY: &str = include_str!("../../queries/indents.scm");
/// Definitions for a list of symbols.
pub const TAGS_QUERY: &str = include_str!("../../queries/tags.scm");
