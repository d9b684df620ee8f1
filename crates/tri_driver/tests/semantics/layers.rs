//! Arrays of layers, conditional members, states in them, names of parameters.

use tri_driver::SourceOptions;

use super::{compile, f32s, gives, gives_in, interpreted, native, parameter_names, root};

const GRID: &str = "
layer Add[D](by: float) {
    param unused: f32[D] = init.zeros
    fn forward[..B](x: f32[..B, D]) -> f32[..B, D] { x + by + unused }
}
model M() {
    row = [Add[1](1.0), Add[1](10.0), Add[1](100.0)]
    grid = [[Add[1](1.0 * i + 10.0 * j) for i in 0..2] for j in 0..3]
    same = [[Add[1](0.5); 2]; 2]
    fn pick(x: f32[1]) -> f32[1] { row[-1](row[0](x)) }
    fn corner(x: f32[1]) -> f32[1] { grid[2][1](grid[1][0](x)) }
    fn all(x: f32[1]) -> f32[1] {
        var y = x
        for line in grid { for cell in line { y = cell(y) } }
        for line in same { y = line[0](line[1](y)) }
        for i in 0..2 { y = row[i](y) }
        y
    }
}
";

#[test]
fn arrays_nest_and_are_indexed_by_static_ints() {
    gives(GRID, "pick", &[f32s(&[1], &[0.0])], &[f32s(&[1], &[101.0])]);
    gives(GRID, "corner", &[f32s(&[1], &[0.0])], &[f32s(&[1], &[31.0])]);
    gives(GRID, "all", &[f32s(&[1], &[0.0])], &[f32s(&[1], &[76.0])]);
}

#[test]
fn parameters_are_called_by_their_path() {
    let names = parameter_names(&root(GRID));
    for name in ["row.2.unused", "grid.0.0.unused", "grid.2.1.unused", "same.1.1.unused"] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
    assert_eq!(names.len(), 13);
}

#[test]
fn names_of_another_checkpoint_are_whole_or_a_part() {
    let text = "
layer Lin[D]() {
    @name(\"w\") param weight: f32[D] = init.ones
    param bias: f32[D] = init.zeros
    fn forward(x: f32[D]) -> f32[D] { x * weight + bias }
}
layer Block[D]() {
    @name(\"attention.q\") query = Lin[D]()
    @name(\"h.{i}.mlp.weight\") param scale: f32[D] = init.ones
    heads = [Lin[D](); 2]
    fn forward(x: f32[D]) -> f32[D] {
        var y = query(x) * scale
        for head in heads { y = head(y) }
        y
    }
}
model M() {
    @name(\"wte\") param table: f32[2] = init.ones
    @name(\"layers\") blocks = [Block[2](); 2]
    grid = [[Lin[2](); 2]; 1]
    fn f(x: f32[2]) -> f32[2] {
        var y = x * table
        for block in blocks { y = block(y) }
        grid[0][1](grid[0][0](y))
    }
}
";
    let mut names = parameter_names(&root(text));
    names.sort();
    let mut expected = vec!["wte".to_owned(), "h.0.mlp.weight".into(), "h.1.mlp.weight".into()];
    for i in 0..2 {
        for part in ["attention.q", "heads.0", "heads.1"] {
            expected.extend([format!("layers.{i}.{part}.w"), format!("layers.{i}.{part}.bias")]);
        }
        expected.extend([format!("grid.0.{i}.w"), format!("grid.0.{i}.bias")]);
    }
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn conditional_members_exist_where_their_condition_holds() {
    let text = "
layer Lin[D](bias: bool = false, deep: int = 0) {
    param offset: f32[D] = init.ones if bias
    inner = Lin2[D]() if deep > 0
    state count: f32 = zeros if bias
    fn forward(x: f32[D]) -> f32[D] {
        var y = x
        if bias {
            count = count + 1.0
            y = y + offset * count
        }
        if deep > 0 { inner(y) } else { y }
    }
}
layer Lin2[D]() {
    param gain: f32[D] = init.ones
    fn forward(x: f32[D]) -> f32[D] { x * gain * 3.0 }
}
model M() {
    plain = Lin[1]()
    both = [Lin[1](bias = true, deep = i) for i in 0..2]
    fn f(x: f32[1]) -> f32[1] { both[1](both[0](plain(x))) }
}
";
    let names = parameter_names(&root(text));
    assert_eq!(names, ["both.0.offset", "both.1.offset", "both.1.inner.gain"]);
    let call = || ("f", vec![f32s(&[1], &[1.0])]);
    let expected = [vec![f32s(&[1], &[9.0])], vec![f32s(&[1], &[15.0])]];
    gives_in(&root(text), &SourceOptions::default(), &[call(), call()], &expected);
}

#[test]
fn states_of_layers_in_arrays_are_one_each() {
    let text = "
layer Delay[D]() {
    state last: f32[D] = zeros
    fn forward(x: f32[D]) -> f32[D] {
        let before = last
        last = x
        before
    }
}
layer Pair[D]() {
    delays = [Delay[D](); 2]
    fn forward(x: f32[D]) -> f32[D] { delays[1](delays[0](x)) }
}
model M() {
    pairs = [Pair[1](); 2]
    fn f(x: f32[1]) -> f32[1] {
        var y = x
        for pair in pairs { y = pair(y) }
        y
    }
    fn peek() -> f32[1] { pairs[0].delays[1].last }
}
";
    let module = compile(&root(text), &SourceOptions::default(), 2);
    assert_eq!(module.states.len(), 4);
    assert_eq!(module.states[1].name, "pairs.0.delays.1.last");
    // Equal layers are one function, though their states differ.
    assert_eq!(module.functions.iter().filter(|f| f.name.starts_with("Pair.forward")).count(), 1);
    let calls: Vec<_> =
        (1..=6).map(|n| ("f", vec![f32s(&[1], &[n as f32])])).chain([("peek", vec![])]).collect();
    let found = interpreted(&module, &calls);
    let firsts: Vec<f32> = found.iter().map(|results| results[0].to_f32().unwrap()[0]).collect();
    assert_eq!(firsts, [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 5.0]);
    assert!(native(&module, 2, &calls) == found);
}
