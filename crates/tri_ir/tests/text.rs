//! The text form: printing and reading are inverse, and neither text nor module can bring the reader or the verifier down.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use tri_ir::{BinaryOp, Encoding, Op, Origin, Symbol, UnaryOp, parse, print_function, verify};

const EVERY_OP: &str = include_str!("modules/every_op.tir");

#[test]
fn a_module_with_every_op_reads_verifies_and_prints_as_written() {
    let module = parse(EVERY_OP).unwrap_or_else(|error| panic!("{error}"));
    verify(module.clone()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(module.to_string(), EVERY_OP);
    assert_eq!(parse(&module.to_string()).unwrap(), module);
}

#[test]
fn the_module_has_every_op() {
    let module = parse(EVERY_OP).unwrap();
    let insts = || module.functions.iter().flat_map(|function| &function.insts);
    let names: std::collections::BTreeSet<&str> = insts().map(|inst| inst.op.name()).collect();
    for name in [
        "constant",
        "literal",
        "dim",
        "iota",
        "random",
        "select",
        "cast",
        "broadcast",
        "reshape",
        "permute",
        "slice",
        "concat",
        "pad",
        "gather",
        "contract",
        "conv2d",
        "pool2d",
        "reduce",
        "argmax",
        "softmax",
        "quantize_rows",
        "ternarize_rows",
        "ternarize_tensor",
        "ternarize_groups",
        "ternarize_twn",
        "ternarize_at",
        "encode",
        "call",
        "route",
        "state_read",
        "state_write",
        "bind_dim",
    ] {
        assert!(names.contains(name), "no {name}");
    }
    assert!(
        insts().any(|inst| matches!(inst.op, Op::Unary(_)))
            && insts().any(|inst| matches!(inst.op, Op::Binary(_)))
    );
}

#[test]
fn every_elementwise_op_and_encoding_reads_back() {
    for op in UnaryOp::ALL {
        let text = format!("module \"m\"\n\nfn @f(%0: f32) -> (%1) {{\n  %1 = {} %0 : f32\n}}\n", op.name());
        let module = parse(&text).unwrap();
        assert_eq!(module.functions[0].insts[0].op, Op::Unary(*op));
        assert_eq!(module.to_string(), text);
    }
    for op in BinaryOp::ALL {
        let text =
            format!("module \"m\"\n\nfn @f(%0: f32) -> (%1) {{\n  %1 = {} %0, %0 : f32\n}}\n", op.name());
        let module = parse(&text).unwrap();
        assert_eq!(module.functions[0].insts[0].op, Op::Binary(*op));
        assert_eq!(module.to_string(), text);
    }
    for encoding in Encoding::ALL {
        assert_eq!(Encoding::from_name(encoding.name()), Some(encoding));
    }
}

/// A module that breaks rules prints and reads back all the same.
#[test]
fn a_broken_module_reads_back_too() {
    let mut module = parse(EVERY_OP).unwrap();
    let twin = module.functions[0].clone();
    module.functions.push(twin);
    module.functions[1].insts[0].args.push(tri_ir::Value(999));
    module.functions[1].insts[0].results.clear();
    module.functions[2].insts[0].op = Op::Select;
    module.functions[2].insts[0].args.clear();
    module.functions[2].insts[0].results.clear();
    let symbol = module.functions[2].symbols[0].clone();
    module.functions[2].symbols.push(symbol);
    module.functions[3].insts[0].op = Op::Call {
        function: tri_ir::FunctionId(77),
        symbols: vec![tri_ir::Dim::var(Symbol(40))],
        states: Vec::new(),
    };
    module.functions[3].insts[0].origin = Some(Origin(5));
    module.parameters[0].init = tri_ir::FunctionId(500).into();
    assert_eq!(parse(&module.to_string()).unwrap(), module);
    assert!(verify(module).is_err());
}

#[test]
fn one_function_prints_alone() {
    let module = parse(EVERY_OP).unwrap();
    let text = print_function(&module, tri_ir::FunctionId(2));
    assert!(EVERY_OP.contains(&text) && text.starts_with("fn @tile<n: 0 up>"), "{text}");
    assert_eq!(print_function(&module, tri_ir::FunctionId(99)), "");
}

#[test]
fn errors_say_where() {
    let error = parse("module \"m\"\n\nfn @f(%0: f33) -> () {\n}\n").unwrap_err();
    assert_eq!(error.to_string(), "3:11: an element type belongs here, not `f33`");
    let error = parse("module \"m\"\nfn @f() -> () {\n  frobnicate {}\n}\n").unwrap_err();
    assert_eq!(error.to_string(), "3:15: there is no operation `frobnicate`");
    let error = parse("module \"é\" \"").unwrap_err();
    assert_eq!(error.to_string(), "1:12: the string has no end");
}

struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// Reads and verifies; what reads must print and read back.
fn survives(text: &str) -> bool {
    let Ok(module) = parse(text) else { return false };
    assert_eq!(parse(&module.to_string()).unwrap(), module, "{text}");
    verify(module).is_ok()
}

#[test]
fn a_text_cut_off_anywhere_is_no_panic() {
    for at in (0..EVERY_OP.len()).filter(|at| EVERY_OP.is_char_boundary(*at)) {
        survives(&EVERY_OP[..at]);
    }
}

#[test]
fn damaged_modules_are_refused_or_sound_but_never_a_panic() {
    let words: Vec<&str> =
        EVERY_OP.split_inclusive([' ', ',', '\n', '[', ']', '(', ')', '{', '}', ':', '%']).collect();
    let numbers = [
        "0",
        "1",
        "2",
        "7",
        "63",
        "4294967295",
        "9223372036854775807",
        "-1",
        "-9223372036854775808",
        "99999999999999999999",
    ];
    let mut random = Numbers(3);
    let mut accepted = 0;
    for _ in 0..4_000 {
        let mut damaged = words.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(damaged.len());
            match random.below(5) {
                0 => drop(damaged.remove(at)),
                1 => damaged.insert(at, words[random.below(words.len())]),
                2 => damaged[at] = words[random.below(words.len())],
                _ => {
                    // A number where one stands: ids, sizes, attributes.
                    let digits = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
                    if let Some(at) = (at..damaged.len()).find(|at| digits(damaged[*at])) {
                        let end =
                            damaged[at].find(|c: char| !c.is_ascii_digit()).unwrap_or(damaged[at].len());
                        damaged.insert(at + 1, &damaged[at][end..]);
                        damaged[at] = numbers[random.below(numbers.len())];
                    }
                }
            }
        }
        accepted += usize::from(survives(&damaged.concat()));
    }
    assert!(accepted > 0, "some damage does not matter");
}

#[test]
fn deep_and_wide_sizes_are_refused() {
    let nested = |depth: usize| format!("{}B{}", "floor((1 + ".repeat(depth), ") / 7)".repeat(depth));
    let function = |size: &str| format!("module \"m\"\nfn @f<B: 0 up>(%0: f32[{size}]) -> () {{}}\n");
    assert!(verify(parse(&function(&nested(20))).unwrap()).is_ok());
    assert!(verify(parse(&function(&nested(31))).unwrap()).is_ok());
    assert!(
        parse(&function(&nested(40))).is_err() || verify(parse(&function(&nested(40))).unwrap()).is_err()
    );
    assert!(parse(&function(&nested(100_000))).is_err());
    let power = vec!["B"; 17].join(" * ");
    assert!(verify(parse(&function(&power)).unwrap()).is_err());
}
