//! Graphs of programs: what is in them, what it costs, and that pictures are well formed.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tri_db::{MemorySystem, RootDatabase};
use tri_graph::{Graph, GraphError, Kind, Node, Weights, build, html, svg};
use tri_lower::{Lowered, Options, lower};

fn lowered(text: &str) -> Lowered {
    lowered_model(text, None)
}

fn lowered_model(text: &str, model: Option<&str>) -> Lowered {
    let db = RootDatabase::new(Arc::new(MemorySystem::new([("m.tri", text)])), Path::new("m.tri"));
    let options = Options { model: model.map(str::to_owned), ..Options::default() };
    lower(&db, db.root(), &options).unwrap()
}

fn graph(text: &str, entry: Option<&str>) -> Graph {
    let lowered = lowered(text);
    build(&lowered.module, &lowered.source_map, entry, &Weights::default()).unwrap()
}

fn example(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn children<'g>(graph: &'g Graph, node: &Node) -> Vec<&'g Node> {
    node.inside.iter().flat_map(|inside| &inside.children).map(|child| &graph.nodes[*child]).collect()
}

fn names(graph: &Graph, node: &Node) -> Vec<String> {
    children(graph, node)
        .iter()
        .map(|node| format!("{:?} {} {}", node.kind, node.name, node.detail))
        .collect()
}

#[track_caller]
fn child<'g>(graph: &'g Graph, node: &Node, name: &str) -> &'g Node {
    children(graph, node).into_iter().find(|node| node.name == name).unwrap()
}

#[test]
fn the_entry_point_is_made_of_what_the_source_calls() {
    let graph = graph(&example("digits.tri"), None);
    assert_eq!(
        names(&graph, graph.root()),
        [
            "Input image f32[B, 64]",
            "Layer stem TernaryLinear[64, 128]",
            "Operation relu ",
            "Layer mid TernaryLinear[128, 128]",
            "Operation relu ",
            "Layer norm RmsNorm[128]",
            "Layer head TernaryLinear[128, 10]",
            "Output  ",
        ]
    );
    let edges = &graph.root().inside.as_ref().unwrap().edges;
    let types: Vec<&str> = edges.iter().map(|edge| edge.ty.as_str()).collect();
    assert_eq!(types[0], "f32[B, 64]");
    assert_eq!(types[types.len() - 1], "f32[B, 10]");
    assert_eq!(edges.len(), 7);
}

#[test]
fn what_depends_on_weights_alone_is_no_node() {
    let graph = graph(&example("digits.tri"), None);
    let stem = child(&graph, graph.root(), "stem");
    let inside = names(&graph, stem);
    assert!(inside.iter().any(|name| name.contains("quantize_rows")), "{inside:?}");
    assert!(!inside.iter().any(|name| name.contains("ternarize")), "{inside:?}");
    assert_eq!(stem.weights.values, 64 * 128);
}

#[test]
fn a_layer_counts_the_operations_of_its_inside() {
    let text = "model M() {
    param w: f32[8, 4] = init.zeros
    fn forward[B](x: f32[B, 8]) -> f32[B, 4] {
        relu(x @ w)
    }
}
";
    let graph = graph(text, None);
    let root = graph.root();
    // 2 for each multiply-add, and 1 for each element of the relu.
    let at = |b: i64| root.operations.as_ref().unwrap().evaluate(&mut |_| Some(b)).unwrap();
    assert_eq!((at(1), at(10)), (2 * 8 * 4 + 4, 10 * (2 * 8 * 4 + 4)));
    assert_eq!(child(&graph, root, "matmul").weights.in_f32, 8 * 4 * 4);
}

#[test]
fn resnet_18_has_its_published_sizes() {
    let graph = graph(&example("resnet18.tri"), None);
    let root = graph.root();
    // torchvision: 11,689,512 parameters; beside them 4,800 means and as many variances.
    assert_eq!(root.weights.values, 11_689_512 + 2 * 4_800);
    // torchvision: 1.814 G multiply-adds; elementwise work is some percent of that.
    let operations = root.operations.as_ref().unwrap().evaluate(&mut |_| Some(1)).unwrap();
    assert!((3_628_000_000..3_750_000_000).contains(&operations), "{operations}");
    let stages: Vec<&str> = children(&graph, root)
        .iter()
        .filter(|node| node.name.starts_with("stage"))
        .map(|node| node.name.as_str())
        .collect();
    assert_eq!(stages, ["stage1.0", "stage1.1", "stage2", "stage3", "stage4"]);
}

#[test]
fn weights_that_are_used_twice_count_once() {
    let graph = graph(&example("tiny_llama.tri"), None);
    let parameters: u64 = 1024 * 128 + 4 * (2 * 128 + 128 * 128 * 2 + 128 * 64 * 2 + 3 * 128 * 341) + 128;
    assert_eq!(graph.root().weights.values, parameters);
}

#[test]
fn states_are_read_and_written_under_their_names() {
    let graph = graph(&example("tiny_llama.tri"), Some("step"));
    let states: Vec<String> = graph
        .nodes
        .iter()
        .filter(|node| node.kind == Kind::State)
        .map(|node| format!("{} {}", node.name, node.detail))
        .collect();
    for expected in ["blocks.0.attn.keys write", "blocks.3.attn.values read", "length write"] {
        assert!(states.iter().any(|state| state == expected), "{expected}: {states:?}");
    }
}

#[test]
fn an_entry_point_that_is_not_there_is_an_error_that_names_the_others() {
    let lowered = lowered(&example("digits.tri"));
    let error = build(&lowered.module, &lowered.source_map, Some("f"), &Weights::default()).unwrap_err();
    let known = ["forward", "classify", "loss"].map(str::to_owned).to_vec();
    assert_eq!(error, GraphError::NoEntry { name: "f".to_owned(), known });
}

#[test]
fn pictures_are_xml_with_every_layer_in_them() {
    let programs = [
        ("digits.tri", None),
        ("resnet18.tri", None),
        ("tiny_llama.tri", None),
        ("mnist_cnn.tri", None),
        ("char_lm.tri", Some("Sparse")),
        ("char_lm.tri", Some("Hierarchical")),
    ];
    for (name, model) in programs {
        let lowered = lowered_model(&example(name), model);
        let graph = build(&lowered.module, &lowered.source_map, None, &Weights::default()).unwrap();
        let picture = svg(&graph, 1, &|_| Some("a < \"b\" & c".to_owned()));
        let document = roxmltree::Document::parse(&picture).unwrap();
        let boxes = document.descendants().filter(|node| node.attribute("class") == Some("box")).count();
        assert_eq!(boxes, graph.nodes.len(), "{name}");
        for node in document.descendants() {
            let numbers = ["x", "y", "width", "height"].into_iter().filter_map(|key| node.attribute(key));
            assert!(numbers.into_iter().all(|number| number.parse::<f64>().unwrap().is_finite()));
        }
        assert_eq!(picture, svg(&graph, 1, &|_| Some("a < \"b\" & c".to_owned())), "{name}");
    }
}

#[test]
fn open_layers_do_not_overlap() {
    let graph = graph(&example("tiny_llama.tri"), None);
    let picture = svg(&graph, 3, &|_| None);
    let document = roxmltree::Document::parse(&picture).unwrap();
    let number = |text: &str| text.parse::<f64>().unwrap();
    for group in
        document.descendants().filter(|node| node.attribute("id").is_some_and(|id| id.starts_with('i')))
    {
        if group.attribute("display").is_some() {
            continue;
        }
        let mut boxes = Vec::new();
        for node in group.children().filter(|node| node.attribute("id").is_some_and(|id| id.starts_with('n')))
        {
            let at = node.attribute("transform").unwrap();
            let (x, y) = at["translate(".len()..at.len() - 1].split_once(' ').unwrap();
            let rect = node.children().find(|child| child.attribute("class") == Some("box")).unwrap();
            let size = |key| number(rect.attribute(key).unwrap());
            boxes.push((number(x), number(y), size("width"), size("height")));
        }
        for (at, a) in boxes.iter().enumerate() {
            for b in &boxes[..at] {
                let apart = a.0 >= b.0 + b.2 || b.0 >= a.0 + a.2 || a.1 >= b.1 + b.3 || b.1 >= a.1 + a.3;
                assert!(apart, "{a:?} {b:?}");
            }
        }
    }
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    let page = html(&graph(&example("digits.tri"), None), 1, &|_| None);
    let foreign = page.replace("http://www.w3.org/2000/svg", "");
    for word in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!foreign.contains(word), "{word}");
    }
    assert!(page.contains("<title>Digits.forward</title>"));
}

#[test]
fn rates_and_bytes_of_weights_add_up() {
    let lowered = lowered(&example("digits.tri"));
    let stored =
        BTreeMap::from([("stem.weight".to_owned(), 2048 + 512), ("mid.weight".to_owned(), 4096 + 512)]);
    let zeros =
        BTreeMap::from([("stem.weight".to_owned(), (4096, 8192)), ("mid.weight".to_owned(), (0, 16384))]);
    let weights = Weights { stored, zeros };
    let graph = build(&lowered.module, &lowered.source_map, None, &weights).unwrap();
    assert_eq!(graph.root().weights.zeros, Some((4096, 8192 + 16384)));
    assert_eq!(graph.root().weights.stored, 2048 + 512 + 4096 + 512);
    let picture = svg(&graph, 1, &|_| None);
    assert!(picture.contains("8.19 k weights, 32 KiB → 2.5 KiB, 50.0 % zero"), "{picture}");
}

#[test]
fn a_tower_of_calls_is_cut_and_not_counted_to_the_end() {
    // Each function calls the one below twice: 2^40 calls.
    let mut text = String::from("fn f0[B](x: f32[B]) -> f32[B] {\n    x + x\n}\n");
    for level in 1..40 {
        let below = level - 1;
        text.push_str(&format!("fn f{level}[B](x: f32[B]) -> f32[B] {{\n    f{below}(f{below}(x))\n}}\n"));
    }
    text.push_str("model M() {\n    fn forward[B](x: f32[B]) -> f32[B] {\n        f39(x)\n    }\n}\n");
    let graph = graph(&text, None);
    assert!(graph.nodes.len() < 5_000);
    assert!(graph.nodes.iter().any(|node| node.is_cut));
    // Functions with the same sizes are counted once, so even this is known: 2^39 additions an element.
    assert_eq!(graph.root().operations.as_ref().unwrap().evaluate(&mut |_| Some(3)), Ok(3 << 39));
    roxmltree::Document::parse(&svg(&graph, 1, &|_| None)).unwrap();
}
