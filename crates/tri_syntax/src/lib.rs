//! Lexer, newline layer, parser and syntax tree of Tri.
