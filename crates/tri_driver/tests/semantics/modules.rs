//! Packages of several files, sizes given from outside, tests with configuration, `training`.

use std::collections::BTreeMap;

use tri_driver::SourceOptions;

use super::{compile, counting, example, f32s, gives_in, root};

#[test]
fn modules_in_folders_see_each_other() {
    let files = [
        (
            "main.tri",
            "use blocks.deep.inner.{Twice as Double, shift}\nuse blocks.acts\n\
             model M() {\n    d = Double[2]()\n    fn f(x: f32[2]) -> f32[2] { acts.up(d(x).shift()) }\n}\n",
        ),
        (
            "blocks/deep/inner.tri",
            "use blocks.acts.up\nuse consts.STEP\n\
             layer Twice[D]() {\n    fn forward(x: f32[D]) -> f32[D] { up(x) * 2.0 }\n}\n\
             fn shift[..S](x: f32[..S]) -> f32[..S] { x + STEP }\n",
        ),
        ("blocks/acts.tri", "use consts.STEP as HALF\nfn up[..S](x: f32[..S]) -> f32[..S] { x + HALF }\n"),
        ("consts.tri", "const STEP: float = 0.5\n"),
    ];
    // ((x + 0.5) * 2 + 0.5) + 0.5
    let calls = [("f", vec![counting(&[2])])];
    gives_in(&files, &SourceOptions::default(), &calls, &[vec![f32s(&[2], &[2.0, 4.0])]]);
}

#[test]
fn sizes_given_from_outside_reach_everything_made_of_them() {
    let text = "
dim Layers = 2
dim Width = 2 * Layers
layer Add[D]() { fn forward(x: f32[D]) -> f32[D] { x + 1.0 } }
model M() {
    layers = [Add[Width](); Layers]
    fn f(x: f32[Width]) -> f32[Width] {
        var y = x
        for each in layers { y = each(y) }
        y
    }
}
";
    let options =
        SourceOptions { dims: BTreeMap::from([("Layers".to_owned(), 3)]), ..SourceOptions::default() };
    let calls = [("f", vec![f32s(&[6], &[0.0; 6])])];
    gives_in(&root(text), &options, &calls, &[vec![f32s(&[6], &[3.0; 6])]]);
}

#[test]
fn tests_make_models_with_configuration() {
    let text = "
model M(by: float = 2.0) {
    state sum: f32 = zeros
    fn f[B](x: f32[B]) -> f32[B] { x * by }
}
test \"twice\" {
    assert all(M().f(ones[2]()) == 2.0)
    assert all(M(by = 3.0).f(ones[2]()) == 3.0)
    assert all(M(0.5).f(ones[4]()) == 2.0)
}
";
    let module = compile(&root(text), &SourceOptions::default(), 0);
    let interpreter = tri_interp::Interpreter::new(&module);
    let weights = interpreter.bind_initial().unwrap();
    assert_eq!(interpreter.run_test(&module.tests[0], &weights).unwrap(), [true, true, false]);
}

#[test]
fn examples_compile_with_other_sizes() {
    let text = example("examples/tiny_llama.tri");
    let options = SourceOptions {
        dims: [("Layers".to_owned(), 1), ("Ffn".to_owned(), 8)].into_iter().collect(),
        ..SourceOptions::default()
    };
    let module = compile(&root(&text), &options, 2);
    assert_eq!(module.states.len(), 3);
    assert!(module.parameters.iter().all(|parameter| !parameter.name.starts_with("blocks.1")));
}
