//! Real models: lowered, verified, interpreted, and compared with references made outside this project.

use crate::support::{Model, as_batch, assert_close, f64s, first_rows, pack, source};
use tri_ir::TensorData;

#[test]
fn digits_scores_equal_the_reference_bit_for_bit() {
    let weights = pack("examples/data/digits/weights.safetensors");
    let cases = pack("examples/data/digits/cases.safetensors");
    for program in ["examples/digits.tri", "crates/tri_lower/tests/programs/digits_written_out.tri"] {
        let model = Model::new(&source(program));
        for rows in [1, 7, 360] {
            let image = first_rows(&cases["image"], rows);
            let logits = model.call("forward", std::slice::from_ref(&image), &weights);
            assert_eq!(logits[0], first_rows(&cases["logits"], rows), "{program}, {rows} images");
        }
    }
}

#[test]
fn digits_are_told_apart() {
    let model = Model::new(&source("examples/digits.tri"));
    let weights = pack("examples/data/digits/weights.safetensors");
    let cases = pack("examples/data/digits/cases.safetensors");
    let digits = model.call("classify", std::slice::from_ref(&cases["image"]), &weights)[0].to_i32().unwrap();
    let labels = cases["label"].to_i32().unwrap();
    let correct = digits.iter().zip(&labels).filter(|(digit, label)| digit == label).count();
    // expected.json of the pack
    assert_eq!((correct, labels.len()), (355, 360));
    let inputs = [cases["image"].clone(), cases["label"].clone()];
    let loss = model.call("loss", &inputs, &weights)[0].to_f32().unwrap();
    let logits = cases["logits"].to_f32().unwrap();
    let expected = cross_entropy(&logits, &labels);
    assert_close(&loss, &[expected], 1e-5);
}

/// Mean negative log probability in f64.
fn cross_entropy(logits: &[f32], labels: &[i32]) -> f64 {
    let classes = logits.len() / labels.len();
    let rows = logits.chunks(classes).zip(labels).map(|(row, label)| {
        let sum: f64 = row.iter().map(|x| f64::from(*x).exp()).sum();
        sum.ln() - f64::from(row[*label as usize])
    });
    rows.sum::<f64>() / labels.len() as f64
}

#[test]
fn mnist_cnn_equals_both_references() {
    let model = Model::new(&source("examples/mnist_cnn.tri"));
    let weights = pack("examples/data/mnist_cnn/weights.safetensors");
    let cases = pack("examples/data/mnist_cnn/cases.safetensors");
    let logits = model.call("forward", std::slice::from_ref(&cases["image"]), &weights);
    let canonical = pack("examples/data/mnist_cnn/logits_f32.safetensors");
    assert_eq!(logits[0], canonical["logits"]);
    let exact = f64s("examples/data/mnist_cnn/cases.safetensors", "logits");
    assert_close(&logits[0].to_f32().unwrap(), &exact, 2e-4);
}

#[test]
fn tiny_llama_is_within_tolerance_at_every_position() {
    let model = Model::new(&source("examples/tiny_llama.tri"));
    let weights = pack("examples/data/tiny_llama/weights.safetensors");
    let cases = pack("examples/data/tiny_llama/cases.safetensors");
    for case in 0..4 {
        let tokens = as_batch(&cases[&format!("tokens.{case}")]);
        let logits = model.call("forward", &[tokens], &weights)[0].to_f32().unwrap();
        let expected = cases[&format!("logits.{case}")].to_f32().unwrap();
        let expected: Vec<f64> = expected.into_iter().map(f64::from).collect();
        assert_close(&logits, &expected, 2e-4);
    }
}

#[test]
fn equal_layers_share_one_function() {
    let model = Model::new(&source("examples/tiny_llama.tri"));
    for function in ["Block.forward", "Block.step", "Attention.forward", "Attention.step"] {
        assert_eq!(model.functions(function), [function]);
    }
    // Once for a batch of sequences, once for `step`, whose batch is known to be 1.
    assert_eq!(model.functions("SwiGlu.forward"), ["SwiGlu.forward", "SwiGlu.forward.2"]);
    // Attention rotates queries and keys of different numbers of heads, of a batch and of one sequence.
    assert_eq!(model.functions("rotate"), ["rotate", "rotate.2", "rotate.3", "rotate.4"]);
    let entry = model.module.entry("forward").unwrap();
    let calls = model.module.function(entry.function).insts.iter();
    let calls = calls.filter(|inst| matches!(inst.op, tri_ir::Op::Call { .. }));
    // Four blocks and the last norm.
    assert_eq!(calls.count(), 5);
}

#[test]
fn resnet18_shares_blocks_and_reads_every_weight() {
    let model = Model::new(&source("examples/resnet18.tri"));
    assert_eq!(model.functions("Block.forward").len(), 4);
    assert_eq!(model.functions("DownBlock.forward").len(), 3);
    // torchvision's resnet18.
    assert_eq!(model.trained_elements(), 11_689_512);
    let entry = model.module.entry("forward").unwrap();
    assert_eq!(entry.captures.len(), model.module.parameters.len());
}

#[test]
fn sparse_routing_equals_the_reference_bit_for_bit() {
    let model = Model::new(&source("crates/tri_lower/tests/programs/sparse.tri"));
    let weights = pack("tests/data/trix/sparse/weights.safetensors");
    let cases = pack("tests/data/trix/sparse/cases.safetensors");
    assert_eq!(model.call("tile", std::slice::from_ref(&cases["x"]), &weights)[0], cases["tile"]);
    assert_eq!(model.call("forward", std::slice::from_ref(&cases["x"]), &weights)[0], cases["y"]);
    assert_eq!(model.functions("Tile.forward"), ["Tile.forward"]);
}

#[test]
fn ternary_feed_forward_equals_the_reference_bit_for_bit() {
    let model = Model::new(&source("crates/tri_lower/tests/programs/ternary.tri"));
    let weights = pack("tests/data/trix/ternary/weights.safetensors");
    let cases = pack("tests/data/trix/ternary/cases.safetensors");
    assert_eq!(model.call("forward", std::slice::from_ref(&cases["x"]), &weights)[0], cases["y"]);
}

#[test]
fn no_image_at_all_gives_no_scores() {
    let model = Model::new(&source("examples/digits.tri"));
    let weights = pack("examples/data/digits/weights.safetensors");
    let none = TensorData::from_f32(vec![0, 64], &[]).unwrap();
    assert_eq!(model.call("forward", &[none], &weights)[0].shape, [0, 10]);
}

#[test]
fn tests_of_the_examples_pass() {
    for example in ["digits", "mnist_cnn", "tiny_llama"] {
        let model = Model::new(&source(&format!("examples/{example}.tri")));
        for (name, checks) in model.run_tests() {
            assert!(!checks.is_empty() && checks.iter().all(|check| *check), "{example}: {name}");
        }
    }
}
