//! The examples as a user runs them: through the `triton` binary, against the reference outputs beside them.

use std::process::Command;

use anyhow::{Context, Result, bail};

/// An example: arguments of `triton`, and what its output must contain.
type Run = (&'static [&'static str], &'static str);

const RUNS: [Run; 17] = [
    (&["test", "examples/digits.tri"], "2 passed, 0 failed"),
    (&["test", "examples/mnist_cnn.tri"], "1 passed, 0 failed"),
    (&["test", "examples/tiny_llama.tri"], "1 passed, 0 failed"),
    (&["test", "examples/char_lm.tri", "--model=Hierarchical"], "2 passed, 0 failed"),
    (&["test", "examples/resnet18.tri"], "1 passed, 0 failed"),
    (&["test", "examples/zoo/resnet34.tri", "--dim=Image=64"], "1 passed, 0 failed"),
    (&["test", "examples/zoo/resnet50.tri", "--dim=Image=64"], "1 passed, 0 failed"),
    (&["test", "examples/zoo/mobilenet_v2.tri", "--dim=Image=64"], "1 passed, 0 failed"),
    (&["test", "examples/zoo/efficientnet_b0.tri", "--dim=Image=64"], "1 passed, 0 failed"),
    (&["test", "examples/zoo/vgg16.tri", "--dim=Image=64", "--dim=Hidden=128"], "1 passed, 0 failed"),
    (&["test", "examples/zoo/minilm.tri", "--dim=Layers=2", "--dim=Vocab=100"], "1 passed, 0 failed"),
    (&["compile", "examples/zoo/llama_3_2_1b.tri", "-o", "target/llama.tria"], "target/llama.tria"),
    (&["compile", "examples/zoo/bitnet_2b_4t.tri", "-o", "target/bitnet.tria"], "target/bitnet.tria"),
    (&["compile", "examples/zoo/diffucoder.tri", "-o", "target/diffucoder.tria"], "target/diffucoder.tria"),
    (
        &[
            "run",
            "examples/digits.tri",
            "--weights=examples/data/digits/weights.safetensors",
            "--entry=classify",
            "--input=image=examples/data/digits/cases.safetensors:image",
            "--expect=examples/data/digits/cases.safetensors:label",
        ],
        "355 of 360 equal (98.6 %)",
    ),
    (
        &[
            "run",
            "examples/mnist_cnn.tri",
            "--weights=examples/data/mnist_cnn/weights.safetensors",
            "--input=image=examples/data/mnist_cnn/cases.safetensors:image",
            "--expect=examples/data/mnist_cnn/logits_f32.safetensors",
        ],
        "640 of 640 equal (100.0 %)",
    ),
    (
        &[
            "run",
            "examples/tiny_llama.tri",
            "--weights=examples/data/tiny_llama/weights.safetensors",
            "--input=tokens=examples/data/tiny_llama/prompt.npy",
        ],
        "f32[1, 5, 1024]",
    ),
];

pub(crate) fn check() -> Result<()> {
    const RUN: [&str; 7] = ["run", "--release", "--quiet", "--locked", "--package", "tri_cli", "--"];
    for (args, expected) in RUNS {
        let output = Command::new(env!("CARGO")).args(RUN).args(args).current_dir(crate::root()).output()?;
        let stdout = String::from_utf8(output.stdout).context("output is not UTF-8")?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() || !stdout.contains(expected) {
            let command = args.join(" ");
            bail!(
                "`triton {command}` should print `{expected}`, printed\n{stdout}{stderr}({})",
                output.status
            );
        }
    }
    Ok(())
}
