//! Programs without syntax errors and without sense: every form of the grammar, nested at random.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A program of a few items.
pub(crate) fn program() -> impl Strategy<Value = String> {
    vec((trivia(), item()), 0..5).prop_map(|items| {
        let items: Vec<String> =
            items.into_iter().map(|(trivia, item)| format!("{trivia}{item}\n")).collect();
        items.concat()
    })
}

/// What an author may write before an item or a statement.
fn trivia() -> impl Strategy<Value = &'static str> {
    select(&["", "", "", "\n", "// c\n", "/// d\n", "/* e */ ", "\n\n// f\n\n", "//! g\n"][..])
}

fn name() -> impl Strategy<Value = &'static str> {
    select(&["a", "b", "x", "y", "Model", "hidden_size", "a_name_that_takes_a_while_to_read", "_unused"][..])
}

/// None to three of `part`, with commas between them.
fn list<S: Strategy<Value = String>>(part: S) -> impl Strategy<Value = String> {
    vec(part, 0..4).prop_map(|parts| parts.join(", "))
}

fn some_list<S: Strategy<Value = String>>(part: S) -> impl Strategy<Value = String> {
    vec(part, 1..4).prop_map(|parts| parts.join(", "))
}

fn expression() -> BoxedStrategy<String> {
    let literal = select(&["1", "0xff", "1.5e-3", "\"a // b\"", "true", "1_000"][..]);
    let leaf = prop_oneof![name().prop_map(str::to_owned), literal.prop_map(str::to_owned)];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let two = || (inner.clone(), inner.clone());
        let index = prop_oneof![
            4 => inner.clone(),
            1 => two().prop_map(|(a, b)| format!("{a}:{b}")),
            1 => inner.clone().prop_map(|a| format!("{a}:")),
            1 => select(&[":", "..", "_", "..S"][..]).prop_map(str::to_owned),
        ];
        let arithmetic = select(&["+", "-", "*", "/", "%", "@"][..]);
        let logic = select(&["&&", "||"][..]);
        let comparison = select(&["==", "!=", "<", "<=", ">", ">="][..]);
        prop_oneof![
            (arithmetic, two()).prop_map(|(op, (a, b))| format!("{a} {op} {b}")),
            (logic, two()).prop_map(|(op, (a, b))| format!("({a}) {op} ({b})")),
            (comparison, two()).prop_map(|(op, (a, b))| format!("(({a}) {op} ({b}))")),
            inner.clone().prop_map(|a| format!("-{a}")),
            inner.clone().prop_map(|a| format!("!{a}")),
            inner.clone().prop_map(|a| format!("({a}) as f32")),
            list(inner.clone()).prop_map(|a| format!("f({a})")),
            two().prop_map(|(a, b)| format!("f({a}, key = {b})")),
            (inner.clone(), list(inner.clone())).prop_map(|(a, b)| format!("({a}).method({b}).T")),
            (name(), some_list(index)).prop_map(|(a, b)| format!("{a}[{b}]")),
            list(inner.clone()).prop_map(|a| format!("[{a}]")),
            inner.clone().prop_map(|a| format!("({a},)")),
            two().prop_map(|(a, b)| format!("({a}, {b})")),
            two().prop_map(|(a, b)| format!("[{a}; {b}]")),
            (inner.clone(), pattern(), inner.clone()).prop_map(|(a, p, b)| format!("[{a} for {p} in {b}]")),
            (two(), inner.clone()).prop_map(|((c, a), b)| format!("if {c} {{ {a} }} else {{ {b} }}")),
            (two(), inner.clone()).prop_map(|((c, a), b)| format!("if {c} {{ let z = {a}; {b} }}")),
        ]
    })
    .boxed()
}

fn pattern() -> BoxedStrategy<String> {
    let leaf = prop_oneof![name().prop_map(str::to_owned), Just("_".to_owned())];
    leaf.prop_recursive(2, 6, 3, |inner| (inner.clone(), inner).prop_map(|(a, b)| format!("({a}, {b})")))
        .boxed()
}

fn ty() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        select(&["f32", "int", "trit[..S]"][..]).prop_map(str::to_owned),
        some_list(expression()).prop_map(|dims| format!("f32[{dims}]")),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}, {b})")),
            inner.clone().prop_map(|a| format!("({a},)")),
            (list(inner.clone()), inner).prop_map(|(a, b)| format!("fn({a}) -> {b}")),
        ]
    })
    .boxed()
}

fn statement() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (pattern(), expression()).prop_map(|(p, a)| format!("let {p} = {a}")),
        (name(), ty(), expression()).prop_map(|(n, t, a)| format!("var {n}: {t} = {a}")),
        (name(), expression(), some_list(expression()))
            .prop_map(|(n, a, c)| format!("let dim {n} = {a} where {c}")),
        (name(), expression(), expression()).prop_map(|(n, a, b)| format!("{n}[{a}] = {b}")),
        expression().prop_map(|a| format!("assert {a}")),
        expression(),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        (pattern(), expression(), block(inner)).prop_map(|(p, a, b)| format!("for {p} in {a} {b}"))
    })
    .boxed()
}

fn block<S: Strategy<Value = String>>(statement: S) -> impl Strategy<Value = String> {
    let end = select(&["\n", "; ", ";\n", " // e\n"][..]);
    vec((trivia(), statement, end), 0..4).prop_map(|lines| {
        let lines: Vec<String> =
            lines.into_iter().map(|(trivia, line, end)| format!("{trivia}{line}{end}")).collect();
        format!("{{ {} }}", lines.concat())
    })
}

fn generics() -> impl Strategy<Value = String> {
    let one = select(&["B", "..S", "E: Float", "N in 1..64", "Hidden in A..A + 2"][..]);
    prop_oneof![
        Just(String::new()),
        some_list(one.prop_map(str::to_owned)).prop_map(|list| format!("[{list}]"))
    ]
}

fn parameters() -> impl Strategy<Value = String> {
    let default = prop_oneof![Just(String::new()), expression().prop_map(|a| format!(" = {a}"))];
    list((name(), ty(), default).prop_map(|(n, t, d)| format!("{n}: {t}{d}")))
}

fn conditions() -> impl Strategy<Value = String> {
    prop_oneof![2 => Just(String::new()), 1 => some_list(expression()).prop_map(|list| format!(" where {list}"))]
}

fn head() -> impl Strategy<Value = String> {
    let result = prop_oneof![Just(String::new()), ty().prop_map(|ty| format!(" -> {ty}"))];
    (name(), generics(), parameters(), result, conditions())
        .prop_map(|(n, g, p, r, c)| format!("fn {n}{g}({p}){r}{c}"))
}

fn function() -> impl Strategy<Value = String> {
    (head(), block(statement())).prop_map(|(head, block)| format!("{head} {block}"))
}

fn attribute() -> impl Strategy<Value = &'static str> {
    select(&["", "", "@a ", "@name(\"h.{i}\")\n", "@a(2, b = 1)\n@c\n"][..])
}

fn member() -> impl Strategy<Value = String> {
    let condition = prop_oneof![Just(String::new()), expression().prop_map(|a| format!(" if {a}"))];
    let lifetime = select(&["param", "buffer", "state"][..]);
    let tensor =
        (lifetime, name(), ty(), expression()).prop_map(|(l, n, t, a)| format!("{l} {n}: {t} = {a}"));
    let instance = (name(), expression()).prop_map(|(n, a)| format!("{n} = {a}"));
    let value = (prop_oneof![tensor, instance], condition).prop_map(|(value, condition)| value + &condition);
    (attribute(), prop_oneof![3 => value, 1 => function()])
        .prop_map(|(attribute, member)| format!("{attribute}{member}"))
}

fn item() -> impl Strategy<Value = String> {
    let import = prop_oneof![Just("b".to_owned()), Just("C as d".to_owned())];
    let kind = select(&["layer", "model"][..]);
    let layer = (kind, name(), generics(), parameters(), conditions(), block(member()));
    let kind = prop_oneof![
        list(import).prop_map(|list| format!("use std.a.{{{list}}}")),
        expression().prop_map(|a| format!("dim A = {a}")),
        (ty(), expression()).prop_map(|(t, a)| format!("const A: {t} = {a}")),
        head().prop_map(|head| format!("intrinsic {head}")),
        function(),
        layer.prop_map(|(k, n, g, p, c, b)| format!("{k} {n}{g}({p}){c} {b}")),
        block(statement()).prop_map(|b| format!("test \"t\" {b}")),
    ];
    (attribute(), kind).prop_map(|(attribute, kind)| format!("{attribute}{kind}"))
}
