// The tokens of Tri that need more than a regular expression: a newline that ends a statement, the text of a string,
// and block comments, which nest. It keeps no state: which brackets are open, the parser knows.

#include "tree_sitter/parser.h"

#include <string.h>

enum Token { NEWLINE, LAST_COMMA, STRING_CONTENT, COMMENT_TEXT, ERROR };

static bool is_word(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_line_end(int32_t c) { return c == '\n' || c == '\r'; }

static bool is_space(int32_t c) { return c == ' ' || c == '\t' || c == '\f' || is_line_end(c); }

// Takes text up to a quote, a backslash or the end of the line.
static bool scan_string_content(TSLexer *lexer) {
  bool any = false;
  while (!lexer->eof(lexer) && !is_line_end(lexer->lookahead) && lexer->lookahead != '"' &&
         lexer->lookahead != '\\') {
    lexer->advance(lexer, false);
    any = true;
  }
  lexer->result_symbol = STRING_CONTENT;
  return any;
}

// Reads a block comment whose `/*` has been read, or the rest of the file. Where `marks`, the token ends before its `*/`.
// Says whether there is anything before it.
static bool read_comment(TSLexer *lexer, bool marks) {
  unsigned depth = 1;
  bool any = false;
  while (!lexer->eof(lexer)) {
    int32_t c = lexer->lookahead;
    if (marks) lexer->mark_end(lexer);
    lexer->advance(lexer, false);
    if (c == '*' && lexer->lookahead == '/') {
      depth--;
      lexer->advance(lexer, false);
      if (depth == 0) return any;
    } else if (c == '/' && lexer->lookahead == '*') {
      depth++;
      lexer->advance(lexer, false);
    }
    any = true;
  }
  if (marks) lexer->mark_end(lexer);
  return any;
}

// Reads white space and comments. Says in `newline` whether a line ended outside of block comments, and in `slash`
// whether a `/` that begins no comment has been read.
static void skip_trivia(TSLexer *lexer, bool *newline, bool *slash) {
  for (;;) {
    if (is_space(lexer->lookahead)) {
      *newline |= is_line_end(lexer->lookahead);
      lexer->advance(lexer, true);
      continue;
    }
    if (lexer->lookahead != '/') return;
    lexer->advance(lexer, true);
    if (lexer->lookahead == '/') {
      while (!lexer->eof(lexer) && !is_line_end(lexer->lookahead)) lexer->advance(lexer, true);
    } else if (lexer->lookahead == '*') {
      lexer->advance(lexer, true);
      read_comment(lexer, false);
    } else {
      *slash = true;
      return;
    }
  }
}

// Whether the token that begins here goes on with the statement of the line before: `TokenKind::continues` of
// crates/tri_syntax/src/layout.rs, and `;`, which ends the statement by itself. `}` and the end of the file do not, so
// that nobody asks again after each of many comments before them.
static bool continues(TSLexer *lexer) {
  int32_t c = lexer->lookahead;
  if (lexer->eof(lexer)) return false;
  if (is_word(c)) {
    char word[6] = {0};
    for (unsigned length = 0; is_word(lexer->lookahead); length++) {
      if (length >= sizeof word - 1) return false;
      word[length] = (char)lexer->lookahead;
      lexer->advance(lexer, true);
    }
    return !strcmp(word, "as") || !strcmp(word, "else") || !strcmp(word, "where");
  }
  if (c > 127) return false;
  if (strchr("{)],;*%+<>.", (int)c)) return true;
  if (!strchr("-!=&|", (int)c)) return false;
  lexer->advance(lexer, true);
  int32_t next = lexer->lookahead;
  switch (c) {
    case '-': return next == '>';
    case '&':
    case '|': return next == c;
    default: return next == '=';
  }
}

// An empty token where a newline ends a statement; what the parser asks for is where one may end.
static bool scan_newline(TSLexer *lexer) {
  bool newline = false, slash = false;
  lexer->mark_end(lexer);
  skip_trivia(lexer, &newline, &slash);
  lexer->result_symbol = NEWLINE;
  return newline && !slash && !continues(lexer);
}

// An empty token where a comma is the last of its list, which no bracket closes.
static bool scan_last_comma(TSLexer *lexer) {
  bool newline = false, slash = false;
  lexer->mark_end(lexer);
  skip_trivia(lexer, &newline, &slash);
  lexer->result_symbol = LAST_COMMA;
  int32_t c = lexer->lookahead;
  return !slash && (lexer->eof(lexer) || c == '{' || c == '}' || c == ';');
}

void *tree_sitter_tri_external_scanner_create(void) { return NULL; }

void tree_sitter_tri_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_tri_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload, (void)buffer;
  return 0;
}

void tree_sitter_tri_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload, (void)buffer, (void)length;
}

bool tree_sitter_tri_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  (void)payload;
  // While the parser recovers from an error it asks for everything.
  bool recovers = valid[ERROR];
  if (valid[STRING_CONTENT] && !recovers) return scan_string_content(lexer);
  if (valid[COMMENT_TEXT] && !recovers) {
    lexer->result_symbol = COMMENT_TEXT;
    return read_comment(lexer, true);
  }
  if (valid[LAST_COMMA] && !recovers) return scan_last_comma(lexer);
  return valid[NEWLINE] && scan_newline(lexer);
}
