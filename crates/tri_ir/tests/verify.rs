//! Rules that the verifier holds: each case breaks one in a module that is otherwise sound.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use tri_ir::{parse, verify};

const SOUND: &str = include_str!("modules/every_op.tir");

/// The error for the sound module with one piece of text replaced.
#[track_caller]
fn refused(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "the module has no `{from}`");
    let module = parse(&SOUND.replacen(from, to, 1)).unwrap_or_else(|error| panic!("{error}"));
    verify(module).unwrap_err().to_string()
}

#[test]
fn every_broken_rule_is_named() {
    let cases = [
        // Values and order.
        ("%17 = cast %16 : f32[B, 4]", "%17 = cast %18 : f32[B, 4]", "%18 is used before it is defined"),
        (
            "%17 = cast %16 : f32[B, 4]",
            "%16 = cast %16 : i32[B, 4]\n  %17 = cast %16 : f32[B, 4]",
            "%16 is defined twice",
        ),
        (
            "{@remember, symbols [2], states [0]}",
            "{#5, symbols [2], states [0]}",
            "function 5 does not come before",
        ),
        // Types.
        (
            "%18 = mul %17, %17 : f32[B, 4]",
            "%18 = mul %17, %17 : f32[B, 5]",
            "result 0 is f32[$0, 4], not f32[$0, 5]",
        ),
        ("%18 = mul %17, %17", "%18 = and %17, %17", "does not take f32 as operand 0"),
        ("%19 = neg %18", "%19 = neg %18, %18", "takes 1 operands, not 2"),
        (
            "batch [], contract [1:1]} : i32",
            "batch [], contract [0:1]} : i32",
            "does not fit the operands before it",
        ),
        ("%24 = permute %23 {[1, 0]}", "%24 = permute %23 {[1, 1]}", "names an axis twice"),
        ("f32[2, 2 * B]", "f32[3, 2 * B]", "keeps the number of elements"),
        ("starts [0, 1], steps [1, 2]", "starts [0, 3], steps [1, 2]", "leaves its operand"),
        ("{axis 1} : f32[B, 6]\n  %35", "{axis 2} : f32[B, 6]\n  %35", "axis 2 is not below the rank, 2"),
        ("stride [1, 2], padding [1, 0]", "stride [0, 2], padding [1, 0]", "at least 1"),
        (", kernel [3, 1]", "", "names its kernel's sizes where its weight is packed"),
        ("groups 1} : i32", "groups 1, kernel [3, 3]} : i32", "names its kernel's sizes where"),
        ("kernel [3, 1]", "kernel [0, 1]", "at least one row and column"),
        ("kernel [3, 1]", "kernel [3, 3]", "does not fit the operands before it"),
        ("groups 1, kernel [3, 1]", "groups 4, kernel [3, 1]", "does not fit the operands before it"),
        ("conv2d %3, %5", "conv2d %5, %3", "operand 0 is in t2"),
        ("{group 3}", "{group 4}", "not divisible"),
        ("(-1, 0, 1)} : trit[3]", "(-1, 0, 0x2)} : trit[3]", "do not fit its shape or element type"),
        // Encodings.
        (
            "%3 = encode %1 : trit[4, 6] in t2",
            "%3 = encode %1 : trit[4, 6] in planes",
            "does not have the type",
        ),
        (
            "%48 = ternarize_at %4 {threshold f32 0.3} : trit[4, 6]",
            "%48 = ternarize_at %4 {threshold f32 0.3} : trit[4, 6] in t2",
            "not trit[4, 6] in t2",
        ),
        (
            "%11 = literal {f32 [2, 2]",
            "%63 = neg %5 : trit[4, 6]\n  %11 = literal {f32 [2, 2]",
            "only plain tensors",
        ),
        // Sizes.
        (
            "bind_dim %2 {symbol N, at_most [B + N <= 64, 2 * N <= 3 * B * $1 + 16]} !3\n",
            "",
            "symbol $2 has no value here",
        ),
        (
            "%10 = iota {axis 1} : i32[B, N] !4",
            "bind_dim %2 {symbol N, at_most []}\n  %10 = iota {axis 1} : i32[B, N]",
            "symbol $2 is not bound exactly once",
        ),
        ("n: 0 up", "n: 5 to 4", "limits of symbol $0 are empty"),
        (
            "{@remember, symbols [2], states [0]}",
            "{@remember, symbols [9], states [0]}",
            "does not admit this size",
        ),
        ("input \"x\" : f32[B, 6] axes", "input \"x\" : f32[B, 7] axes", "operands 0 does not have the type"),
        // Routes and states.
        ("top 2, weighted", "top 3, weighted", "at most to all"),
        ("captures 1, @tile", "captures 0, @tile", "operands of a tile"),
        (
            "state_write %7 {state 0, starts [3, 0]}",
            "state_write %7 {state 0, starts [7, 0]}",
            "does not have the type",
        ),
        ("state_write %7 {state 0", "state_write %7 {state 1", "there is no state 1"),
        // The surroundings.
        ("\"head.table.scale\"", "\"head.table.trits\"", "the name `head.table.trits` is taken"),
        ("capture bound 1", "capture bound 2", "capture 1 is not in the module"),
        ("prologue @prepare\n", "", "bound values but no prologue"),
        ("\"Class\"]", "\"Class\", \"D\"]", "axis names: 3 where 2 belong"),
        ("check \"all(is_finite(table))\" !9", "", "results: 1 where 0 belong"),
    ];
    for (from, to, expected) in cases {
        let error = refused(from, to);
        assert!(error.contains(expected), "`{to}`: {error}, not {expected}");
    }
}

#[test]
fn integer_contractions_that_could_wrap_are_refused() {
    let module = |k: i64, right: &str| {
        let text = format!(
            "module \"m\"\nfn @f(%0: i8[1, {k}], %1: {right}[1, {k}]) -> (%2) {{\n  %2 = contract %0, %1 {{batch [], contract [1:1]}} : i32[1, 1]\n}}"
        );
        verify(parse(&text).unwrap())
    };
    // 2^31 - 1 = 16,777,215 * 128 + 127.
    assert!(module(16_777_215, "trit").is_ok());
    assert!(module(16_777_216, "trit").unwrap_err().to_string().contains("can leave i32"));
    assert!(module(131_071, "i8").is_ok());
    assert!(module(131_072, "i8").is_err());
    // A length known at run time only is accepted.
    let text = "module \"m\"\nfn @f<K: 0 up>(%0: i8[1, K], %1: trit[1, K]) -> (%2) {\n  %2 = contract %0, %1 {batch [], contract [1:1]} : i32[1, 1]\n}";
    assert!(verify(parse(text).unwrap()).is_ok());
}

#[test]
fn calls_nest_to_a_limit() {
    let chain = |length: usize| {
        let mut text = "module \"m\"\nfn @f0() -> () {}\n".to_owned();
        for i in 1..length {
            text += &format!("fn @f{i}() -> () {{ call () {{#{}, symbols [], states []}} }}\n", i - 1);
        }
        verify(parse(&text).unwrap())
    };
    assert!(chain(tri_ir::MAX_CALL_DEPTH).is_ok());
    assert!(chain(tri_ir::MAX_CALL_DEPTH + 2).unwrap_err().to_string().contains("calls nest more than"));
}

#[test]
fn sizes_that_explode_when_put_together_are_refused() {
    let sum: String = (0..12).map(|i| format!("${i}")).collect::<Vec<_>>().join(" + ");
    let symbols: String = (0..12).map(|i| format!("s{i}: 0 up")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "module \"m\"\nfn @power<n: 0 up>(%0: f32[n * n * n * n * n * n * n * n]) -> () {{}}\n\
         fn @f<{symbols}>(%0: f32[1]) -> () {{ call %0 {{#0, symbols [{sum}], states []}} }}"
    );
    assert!(verify(parse(&text).unwrap()).unwrap_err().to_string().contains("too many terms"));
}
