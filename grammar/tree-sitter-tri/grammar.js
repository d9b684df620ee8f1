/**
 * @file The grammar of Tri for editors. The compiler reads `../tri.lalrpop`; a test holds that every program which the
 * compiler can read has no ERROR node here. This one never repairs brackets and says nothing of what is wrong.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

// From loose to tight.
const PRECEDENCE = {
  or: 1,
  and: 2,
  compare: 3,
  range: 4,
  sum: 5,
  product: 6,
  cast: 7,
  unary: 8,
  postfix: 9,
};

module.exports = grammar({
  name: 'tri',

  // src/scanner.c: a newline that ends a statement, nothing more after a comma, the text of a string, and of a comment,
  // which may hold comments.
  externals: $ => [$._newline, $._last_comma, $.string_content, $._comment_text, $._error],

  extras: $ => [
    /[ \t\f\r\n]/,
    $.file_doc_comment,
    $.doc_comment,
    $.line_comment,
    $.block_comment,
  ],

  word: $ => $.identifier,

  supertypes: $ => [$._item, $._member, $._statement, $._expression, $._type, $._pattern],

  rules: {
    source_file: $ => lines($, $._item),

    // Of comments of one length the first rule wins; a line of four slashes is longer as a plain comment.
    file_doc_comment: _ => token(/\/\/![^\r\n]*/),
    doc_comment: _ => token(/\/\/\/([^\/\r\n][^\r\n]*)?/),
    line_comment: _ => token(/\/\/[^\r\n]*/),
    block_comment: $ => seq('/*', optional($._comment_text), '*/'),

    _terminator: $ => choice($._newline, repeat1(';')),

    // Items

    _item: $ => choice(
      $.use_declaration,
      $.dim_item,
      $.const_item,
      $.function_item,
      $.intrinsic_item,
      $.layer_item,
      $.model_item,
      $.test_item,
    ),

    attribute: $ => seq('@', field('name', $.identifier), optional(field('arguments', $.arguments))),

    use_declaration: $ => seq(attributes($), 'use', field('path', choice($.use_path, $.use_list))),
    use_path: $ => seq(path($), optional(seq('as', field('alias', $.identifier)))),
    use_list: $ => seq(path($), '.', '{', commaSep($.use_name), '}'),
    use_name: $ => seq(field('name', $.identifier), optional(seq('as', field('alias', $.identifier)))),

    dim_item: $ => seq(attributes($), 'dim', field('name', $.identifier), '=', field('value', $._expression)),

    const_item: $ => seq(
      attributes($),
      'const',
      field('name', $.identifier),
      optional(seq(':', field('type', $._type))),
      '=',
      field('value', $._expression),
    ),

    function_item: $ => seq(
      attributes($),
      signature($),
      optional(field('where', $.where_clause)),
      field('body', $.block),
      // Only as a member of a layer.
      optional(field('condition', $.member_condition)),
    ),

    intrinsic_item: $ => seq(
      attributes($),
      'intrinsic',
      signature($),
      optional(field('where', $.where_clause)),
    ),

    layer_item: $ => layer($, 'layer'),
    model_item: $ => layer($, 'model'),

    test_item: $ => seq(attributes($), 'test', field('name', $.string), field('body', $.block)),

    generic_parameters: $ => seq(
      '[',
      commaSep(choice($.dim_parameter, $.pack_parameter, $.element_parameter)),
      ']',
    ),
    dim_parameter: $ => seq(
      field('name', $.identifier),
      optional(seq('in', field('bounds', $.range_expression))),
    ),
    pack_parameter: $ => seq('..', field('name', $.identifier)),
    element_parameter: $ => seq(field('name', $.identifier), ':', field('class', $.type_identifier)),

    parameters: $ => seq('(', commaSep($.parameter), ')'),
    parameter: $ => seq(
      field('name', $.identifier),
      ':',
      field('type', $._type),
      optional(seq('=', field('default', $._expression))),
    ),

    // A comma at the end of a line does not end the statement.
    where_clause: $ => seq('where', commaSep1($._expression), optional(seq(',', $._last_comma))),

    // Members

    member_list: $ => seq('{', lines($, $._member), '}'),

    _member: $ => choice($.tensor_member, $.instance_member, $.function_item),

    tensor_member: $ => seq(
      attributes($),
      field('lifetime', choice('param', 'buffer', 'state')),
      field('name', $.identifier),
      ':',
      field('type', $._type),
      optional(seq('=', field('value', $._expression))),
      optional(field('condition', $.member_condition)),
    ),

    instance_member: $ => seq(
      attributes($),
      field('name', $.identifier),
      '=',
      field('value', $._expression),
      optional(field('condition', $.member_condition)),
    ),

    member_condition: $ => seq('if', $._expression),

    // Types

    _type: $ => choice($.named_type, $.parenthesized_type, $.tuple_type, $.function_type),

    named_type: $ => seq(field('name', $._type_name), optional(field('shape', $.shape))),
    shape: $ => seq('[', commaSep(choice($._expression, $.pack)), ']'),
    parenthesized_type: $ => seq('(', $._type, ')'),
    tuple_type: $ => tuple($._type),
    function_type: $ => seq('fn', '(', commaSep($._type), ')', '->', field('result', $._type)),

    _type_name: $ => choice($.primitive_type, $.type_identifier),
    primitive_type: _ => choice(
      'bool', 'trit', 'i8', 'i32', 'i64', 'u8', 'f16', 'bf16', 'f32', 'int', 'float', 'str', 'axis',
    ),
    type_identifier: $ => $.identifier,

    pack: $ => seq('..', field('name', $.identifier)),

    // Statements

    block: $ => seq('{', lines($, $._statement), '}'),

    _statement: $ => choice(
      $.let_statement,
      $.let_dim_statement,
      $.assignment,
      $.assert_statement,
      $.for_statement,
      $.expression_statement,
    ),

    let_statement: $ => seq(
      choice('let', 'var'),
      field('pattern', $._pattern),
      optional(seq(':', field('type', $._type))),
      '=',
      field('value', $._expression),
    ),

    let_dim_statement: $ => seq(
      'let',
      'dim',
      field('name', $.identifier),
      '=',
      field('value', $._expression),
      optional(field('where', $.where_clause)),
    ),

    assignment: $ => seq(field('target', $._expression), '=', field('value', $._expression)),
    assert_statement: $ => seq('assert', field('condition', $._expression)),
    for_statement: $ => seq(
      'for',
      field('pattern', $._pattern),
      'in',
      field('iterable', $._expression),
      field('body', $.block),
    ),
    expression_statement: $ => $._expression,

    _pattern: $ => choice($.identifier, $.wildcard, $.parenthesized_pattern, $.tuple_pattern),
    wildcard: _ => '_',
    parenthesized_pattern: $ => seq('(', $._pattern, ')'),
    tuple_pattern: $ => tuple($._pattern),

    // Expressions

    _expression: $ => choice(
      $.binary_expression,
      $.range_expression,
      $.cast_expression,
      $.unary_expression,
      $.field_expression,
      $.index_expression,
      $.call_expression,
      $.identifier,
      $.integer,
      $.float,
      $.string,
      $.boolean,
      $.parenthesized_expression,
      $.tuple_expression,
      $.list_expression,
      $.repeat_expression,
      $.list_comprehension,
      $.if_expression,
    ),

    binary_expression: $ => choice(
      ...[
        [PRECEDENCE.or, '||'],
        [PRECEDENCE.and, '&&'],
        [PRECEDENCE.compare, choice('==', '!=', '<', '<=', '>', '>=')],
        [PRECEDENCE.sum, choice('+', '-')],
        [PRECEDENCE.product, choice('@', '*', '/', '%')],
      ].map(([precedence, operator]) => prec.left(precedence, seq(
        field('left', $._expression),
        field('operator', operator),
        field('right', $._expression),
      ))),
    ),

    range_expression: $ => prec.left(PRECEDENCE.range, seq(
      field('start', $._expression),
      '..',
      field('end', $._expression),
    )),

    cast_expression: $ => prec.left(PRECEDENCE.cast, seq(
      field('value', $._expression),
      'as',
      field('type', $._type_name),
    )),

    unary_expression: $ => prec(PRECEDENCE.unary, seq(
      field('operator', choice('-', '!')),
      field('operand', $._expression),
    )),

    field_expression: $ => prec(PRECEDENCE.postfix, seq(
      field('value', $._expression),
      '.',
      field('field', alias($.identifier, $.field_identifier)),
    )),

    index_expression: $ => prec(PRECEDENCE.postfix, seq(
      field('value', $._expression),
      '[',
      commaSep(choice($._expression, $.slice, $.rest, $.pack, $.new_axis)),
      ']',
    )),
    slice: $ => seq(optional(field('start', $._expression)), ':', optional(field('end', $._expression))),
    rest: _ => '..',
    new_axis: _ => '_',

    call_expression: $ => prec(PRECEDENCE.postfix, seq(
      field('function', $._expression),
      field('arguments', $.arguments),
    )),
    arguments: $ => seq('(', commaSep(choice($._expression, $.named_argument)), ')'),
    named_argument: $ => seq(field('name', $.identifier), '=', field('value', $._expression)),

    parenthesized_expression: $ => seq('(', $._expression, ')'),
    tuple_expression: $ => tuple($._expression),
    list_expression: $ => seq('[', commaSep(choice($._expression, $.pack)), ']'),
    repeat_expression: $ => seq('[', field('value', $._expression), ';', field('count', $._expression), ']'),
    list_comprehension: $ => seq(
      '[',
      field('body', $._expression),
      'for',
      field('pattern', $._pattern),
      'in',
      field('iterable', $._expression),
      ']',
    ),

    if_expression: $ => seq(
      'if',
      field('condition', $._expression),
      field('consequence', $.block),
      optional(field('alternative', $.else_clause)),
    ),
    else_clause: $ => seq('else', choice($.block, $.if_expression)),

    // Words

    identifier: _ => /[A-Za-z][A-Za-z0-9_]*|_[A-Za-z0-9_]+/,
    integer: _ => /[0-9][0-9_]*|0[xX][0-9A-Fa-f_]+/,
    float: _ => /[0-9][0-9_]*\.[0-9][0-9_]*([eE][+-]?[0-9_]+)?|[0-9][0-9_]*[eE][+-]?[0-9_]+/,
    boolean: _ => choice('true', 'false'),
    string: $ => seq('"', repeat(choice($.string_content, $.escape_sequence)), token.immediate('"')),
    escape_sequence: _ => token.immediate(/\\([nt\\"']|u\{[0-9A-Fa-f]{1,6}\})/),
  },
});

/** Elements with commas between them and perhaps after the last. */
function commaSep(rule) {
  return optional(seq(commaSep1(rule), optional(',')));
}

/** Elements with commas between them. */
function commaSep1(rule) {
  return seq(rule, repeat(seq(',', rule)));
}

/** No element, or at least one comma. */
function tuple(rule) {
  return seq('(', optional(seq(rule, ',', commaSep(rule))), ')');
}

/** Elements on lines of their own. */
function lines($, rule) {
  return seq(
    repeat(';'),
    optional(seq(rule, repeat(seq($._terminator, rule)), optional($._terminator))),
  );
}

/** Attributes may stand on lines of their own. */
function attributes($) {
  return repeat(seq($.attribute, optional($._terminator)));
}

/** A name after others: `a.b.c`. */
function path($) {
  return seq($.identifier, repeat(seq('.', $.identifier)));
}

function signature($) {
  return seq(
    'fn',
    field('name', $.identifier),
    optional(field('generics', $.generic_parameters)),
    field('parameters', $.parameters),
    optional(seq('->', field('result', $._type))),
  );
}

function layer($, keyword) {
  return seq(
    attributes($),
    keyword,
    field('name', $.identifier),
    optional(field('generics', $.generic_parameters)),
    field('parameters', $.parameters),
    optional(field('where', $.where_clause)),
    field('body', $.member_list),
  );
}
