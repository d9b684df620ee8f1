//! What the canonical layout is, case by case: `docs/formatting.md` has the rules.

use tri_diagnostics::FileId;
use tri_format::FormatError;

fn format(source: &str) -> Result<String, FormatError> {
    tri_format::format(FileId(0), source)
}

/// Formats `source` and the result again, which must stay.
#[track_caller]
fn check(source: &str, expected: &str) {
    let formatted = format(source).unwrap_or_else(|error| panic!("{error:?}\n{source}"));
    assert!(formatted == expected, "expected:\n{expected}\nfound:\n{formatted}");
    let again = format(&formatted).unwrap_or_else(|error| panic!("{error:?}\n{formatted}"));
    assert!(again == formatted, "not stable:\n{formatted}\nthen:\n{again}");
}

/// The same for statements of a function.
#[track_caller]
fn check_body(body: &str, expected: &str) {
    let indented: Vec<String> =
        expected.lines().map(|line| format!("    {line}").trim_end().to_owned()).collect();
    check(&format!("fn f() {{\n{body}\n}}"), &format!("fn f() {{\n{}\n}}\n", indented.join("\n")));
}

#[test]
fn nothing_is_nothing() {
    check("", "");
    check(" \n\t\r\n;;\n", "");
    check("\u{feff}dim A = 1", "dim A = 1\n");
}

#[test]
fn words_have_one_space_or_none_between_them() {
    check("dim   A=4*B+ - 1", "dim A = 4 * B + -1\n");
    check("use a . b.{ C,D as E , }", "use a.b.{C, D as E}\n");
    check("const A:fn( f32[.. S] )->(i8,f32)=g", "const A: fn(f32[..S]) -> (i8, f32) = g\n");
    check_body(
        "x [ 1 :2,: , 3 :,..,- 1 , _ ]=y . z ( b,a=1 )as f32@! w",
        "x[1:2, :, 3:, .., -1, _] = y.z(b, a = 1) as f32 @ !w",
    );
    check_body("for  i in 0 .. N+1{x=(i ,)}", "for i in 0..N + 1 {\n    x = (i,)\n}");
    check_body("let ( a,_ ):(f32,f32)=[ p ;3 ]", "let (a, _): (f32, f32) = [p; 3]");
}

#[test]
fn generics_have_a_space_after_a_colon_and_slices_none() {
    check(
        "intrinsic fn f[E:Float,..S,B in 1 .. 64](x:E[.. S]=- 1)->E[..S]where B%2==0",
        "intrinsic fn f[E: Float, ..S, B in 1..64](x: E[..S] = -1) -> E[..S] where B % 2 == 0\n",
    );
}

#[test]
fn bodies_stand_on_lines_of_their_own() {
    check("layer L[D](){}", "layer L[D]() {}\n");
    check(
        "model M(){a=B();fn f(x:f32)->f32{x};param w:f32=1 if c}",
        "model M() {\n    a = B()\n\n    fn f(x: f32) -> f32 {\n        x\n    }\n\n    param w: f32 = 1 if c\n}\n",
    );
    check("test \"x\"{assert a}", "test \"x\" {\n    assert a\n}\n");
}

#[test]
fn attributes_have_lines_of_their_own() {
    check(
        "layer L() { @ name( \"a\" ) @b param w: f32; @c\n\nx = Y() }",
        "layer L() {\n    @name(\"a\")\n    @b\n    param w: f32\n    @c\n    x = Y()\n}\n",
    );
}

#[test]
fn empty_lines_are_kept_to_one_and_set_bodies_apart() {
    check("\n\ndim A = 1\n\n\n\ndim B = 2\ndim C = 3\n\n", "dim A = 1\n\ndim B = 2\ndim C = 3\n");
    check(
        "dim A = 1\n// about f\n@b\nfn f() {\n\n\nx\n\n\ny\n\n}\ndim B = 1",
        "dim A = 1\n\n// about f\n@b\nfn f() {\n    x\n\n    y\n}\n\ndim B = 1\n",
    );
    check("fn f() {} // f\n// apart\n\nfn g() {}", "fn f() {}  // f\n// apart\n\nfn g() {}\n");
}

#[test]
fn an_if_stands_on_one_line_where_it_is_an_expression() {
    check_body("let z=if a{b}else if c{d}else{e}", "let z = if a { b } else if c { d } else { e }");
    check_body("if a { b }", "if a {\n    b\n}");
    check_body("if a { x = b } else { c }", "if a {\n    x = b\n} else {\n    c\n}");
    check_body(
        "if a { b } // why\nelse { c }",
        "if a { b }  // why\nelse { c }"
            .replace(" { b }", " {\n    b\n}")
            .replace("{ c }", "{\n    c\n}")
            .as_str(),
    );
}

#[test]
fn long_lists_have_a_line_for_each_element() {
    let long = "a_very_long_name_of_a_function(with_an_argument_of_some_length, and_another_argument, and_yet_one_more)";
    check_body(
        &format!("let x = {long}"),
        "let x = a_very_long_name_of_a_function(\n    with_an_argument_of_some_length,\n    and_another_argument,\n    \
         and_yet_one_more,\n)",
    );
    check_body(
        "let parts = stack([first_of_the_rather_long_names, second_of_the_rather_long_names, third_of_the_long_names])",
        "let parts = stack([\n    first_of_the_rather_long_names,\n    second_of_the_rather_long_names,\n    \
         third_of_the_long_names,\n])",
    );
    check_body(
        "let parts = [some_function_with_a_long_name(tile.signature(), other) for (tile, other) in a_long_list_of_tiles(x)]",
        "let parts = [\n    some_function_with_a_long_name(tile.signature(), other)\n    \
         for (tile, other) in a_long_list_of_tiles(x)\n]",
    );
}

#[test]
fn long_expressions_break_after_their_loosest_operators() {
    check_body(
        "let x = first_operand_of_the_sum * its_factor - second_operand_of_the_sum * its_factor + third_operand_of_it @ w",
        "let x = first_operand_of_the_sum * its_factor -\n    second_operand_of_the_sum * its_factor +\n    \
         third_operand_of_it @ w",
    );
}

#[test]
fn long_rows_of_method_calls_have_a_line_for_each() {
    check_body("let y = x.linear(w).relu().norm()", "let y = x.linear(w).relu().norm()");
    check_body(
        "let y = x.linear(the_weight_of_the_first_layer).T.relu().linear(the_weight_of_the_second_layer, bias = true) as f32",
        "let y = x\n    .linear(the_weight_of_the_first_layer).T\n    .relu()\n    \
         .linear(the_weight_of_the_second_layer, bias = true) as f32",
    );
    check_body("x.a() // one\n.b().c()", "x\n    .a()  // one\n    .b()\n    .c()");
}

#[test]
fn long_heads_have_a_line_for_each_parameter_or_for_the_conditions() {
    check(
        "fn function[B, D](first_parameter: f32[B, D], second_parameter: f32[B, D], third_parameter: f32[B, D]) -> f32[B, D] { x }",
        "fn function[B, D](\n    first_parameter: f32[B, D],\n    second_parameter: f32[B, D],\n    \
         third_parameter: f32[B, D],\n) -> f32[B, D] {\n    x\n}\n",
    );
    check(
        "fn function[B, D](one: f32[B, D], two: f32[B, D]) -> f32[B, D] where D % 2 == 0, B % 2 == 0, D <= B * 1000, B < 64,{ x }",
        "fn function[B, D](one: f32[B, D], two: f32[B, D]) -> f32[B, D]\n    \
         where D % 2 == 0, B % 2 == 0, D <= B * 1000, B < 64\n{\n    x\n}\n",
    );
}

#[test]
fn comments_stay_with_their_words() {
    check("// a\n\n//! b\n/// c\ndim A = 1 // d\n// e", "// a\n\n//! b\n/// c\ndim A = 1  // d\n// e\n");
    check(
        "/* a */ dim A = /* b */ 1 /* c */\n/* d\n   e */\n",
        "/* a */ dim A = /* b */ 1  /* c */\n/* d\n   e */\n",
    );
    check_body("x // a\ny() // b\n\nz // c", "x    // a\ny()  // b\n\nz  // c");
    check_body("// only", "// only");
    check("fn f() { // a\n}", "fn f() {  // a\n}\n");
    check("fn f() { /* a */ }", "fn f() {\n    /* a */\n}\n");
    check_body(
        "f(a, // one\n// two\nb /* three */ // four\n)",
        "f(\n    a,  // one\n    // two\n    b /* three */,  // four\n)",
    );
    check_body(
        "f(// a\n/* b */ c\n// d\n, e\n\n// f\n)",
        "f(  // a\n    /* b */ c,  // d\n    e,\n\n    // f\n)",
    );
    check_body("f(/* a */); g( a, /* b */ )", "f(/* a */)\ng(a /* b */)");
    check_body("x = a + // one\nb", "x = a +  // one\n    b");
}

#[test]
fn line_ends_become_line_feeds() {
    check("dim A = 1\r\n/* a\r\nb */\r\n// c  \r\n", "dim A = 1\n/* a\nb */\n// c\n");
}

#[test]
fn semicolons_become_lines() {
    check_body("; a; ;b // c\n;-d", "a\nb  // c\n-d");
    check("dim A = 1 /// about B\n;dim B = 2", "dim A = 1  /// about B\ndim B = 2\n");
}

#[test]
fn a_file_with_syntax_errors_is_left_alone() {
    for source in ["dim = 1", "fn f( {", "dim A = 1 +", "layer", "\"", "/* a", "dim A = #1"] {
        match format(source) {
            Err(FormatError::Syntax(errors)) => assert!(!errors.is_empty()),
            other => panic!("{source}: {other:?}"),
        }
    }
}
