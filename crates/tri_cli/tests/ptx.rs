//! GPU kernels of the examples: accepted by NVIDIA's assembler for every family of GPUs, with the instructions that they are written for, and
//! kept in artifacts.

#![cfg(feature = "ptx")]
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tri_llvm::Kind;

const TARGETS: [&str; 6] = ["sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"];

/// Every example with the fewest kernels that it has, and what chooses a model in it.
const EXAMPLES: [(&str, usize, &[&str]); 18] = [
    ("digits.tri", 4, &[]),
    ("mnist_cnn.tri", 5, &[]),
    ("resnet18.tri", 5, &[]),
    ("tiny_llama.tri", 10, &[]),
    ("char_lm.tri", 5, &["--model=Dense"]),
    ("char_lm.tri", 5, &["--model=Ternary"]),
    ("char_lm.tri", 10, &["--model=Sparse"]),
    ("char_lm.tri", 10, &["--model=Hierarchical"]),
    ("char_lm.tri", 10, &["--model=Lookup"]),
    ("zoo/bitnet_2b_4t.tri", 10, &[]),
    ("zoo/diffucoder.tri", 10, &[]),
    ("zoo/efficientnet_b0.tri", 5, &[]),
    ("zoo/llama_3_2_1b.tri", 10, &[]),
    ("zoo/minilm.tri", 5, &[]),
    ("zoo/mobilenet_v2.tri", 5, &[]),
    ("zoo/resnet34.tri", 5, &[]),
    ("zoo/resnet50.tri", 5, &[]),
    ("zoo/vgg16.tri", 5, &[]),
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn triton(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_triton")).args(args).current_dir(repository()).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The PTX of an example for a family.
fn ptx(example: &str, options: &[&str], target: &str) -> String {
    let (file, target) = (format!("examples/{example}"), format!("--target=ptx:{target}"));
    let output = triton(&[&["compile", &file, "--emit=ptx", &target], options].concat());
    assert!(output.status.success(), "{example}: {}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Holds that `ptxas` makes machine code of the PTX without a warning, of which a spill or local memory would be one.
fn assemble(name: &str, text: &str, target: &str) {
    let ptxas = repository().join("target/ptxas/nvidia/cu13/bin/ptxas");
    assert!(ptxas.is_file(), "`cargo xtask ptxas` downloads the assembler that this test needs");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kernels.ptx");
    std::fs::write(&file, text).unwrap();
    let warnings = ["--warn-on-spills", "--warn-on-local-memory-usage", "--warning-as-error"];
    let mut command = Command::new(ptxas);
    command.arg(format!("-arch={target}")).args(warnings).arg(&file).arg("-o");
    let output = command.arg(folder.path().join("kernels.cubin")).output().unwrap();
    assert!(output.status.success() && told(&output).is_empty(), "{name}, {target}: {}", told(&output));
}

/// Holds that each kernel has the instructions of its kind; gives the kinds that there are.
fn instructed(example: &str, text: &str) -> BTreeSet<&'static str> {
    let kernels = text.split(".visible .entry ").skip(1);
    let kinds = kernels.filter_map(|kernel| {
        let name = kernel.split('(').next()?;
        let kind = Kind::of_kernel(name)?;
        for instruction in kind.instructions() {
            assert!(kernel.contains(instruction), "{example}: {name} has no {instruction}");
        }
        Some(kind.name())
    });
    kinds.collect()
}

/// Holds all kernels of all examples for one family.
fn hold(target: &str) {
    let mut kinds = BTreeSet::new();
    for (example, kernels, options) in EXAMPLES {
        let text = ptx(example, options, target);
        let found = text.matches(".visible .entry").count();
        assert!(found >= kernels, "{example} {options:?}: {found} kernels");
        kinds.extend(instructed(example, &text));
        assemble(example, &text, target);
    }
    let all: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(kinds, all, "the examples have kernels of every kind");
}

#[test]
fn every_example_is_held() {
    let listed: BTreeSet<String> = EXAMPLES.iter().map(|(example, ..)| (*example).to_owned()).collect();
    let files = |folder: &str| {
        let entries = std::fs::read_dir(repository().join("examples").join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".tri")).map(|name| format!("{folder}{name}")).collect::<Vec<_>>()
    };
    // The zoo's ResNet-18 has the layers of its ResNet-34.
    let there = files("").into_iter().chain(files("zoo/")).filter(|name| name != "zoo/resnet18.tri");
    assert_eq!(there.collect::<BTreeSet<String>>(), listed);
}

#[test]
fn ampere_takes_every_example() {
    hold(TARGETS[0]);
    hold(TARGETS[1]);
}

#[test]
fn ada_and_hopper_take_every_example() {
    hold(TARGETS[2]);
    hold(TARGETS[3]);
}

#[test]
fn blackwell_takes_every_example() {
    hold(TARGETS[4]);
    hold(TARGETS[5]);
}

#[test]
fn the_assembler_tells_memory_of_a_thread() {
    let text = ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 p) {\n\
        .local .align 4 .b8 own[64]; .reg .b64 %a<4>; .reg .b32 %v;\n\
        ld.param.u64 %a0, [p]; and.b64 %a1, %a0, 60; mov.u64 %a2, own; add.s64 %a3, %a2, %a1;\n\
        st.local.u64 [own], %a0; ld.local.u32 %v, [%a3]; st.global.u32 [%a0], %v; ret;\n}\n";
    let told = std::panic::catch_unwind(|| assemble("own", text, "sm_80")).unwrap_err();
    let told = told.downcast_ref::<String>().unwrap();
    assert!(told.contains("Local memory used for function 'k'"), "{told}");
}

#[test]
fn llvm_ir_is_a_stage() {
    let output = triton(&["compile", "examples/digits.tri", "--emit=llvm", "-O3"]);
    assert!(output.status.success(), "{}", told(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("target triple = \"nvptx64-nvidia-cuda\"") && text.contains("ptx_kernel"));
}

#[test]
fn a_target_that_there_is_not_is_told_with_those_that_there_are() {
    let output = triton(&["compile", "examples/digits.tri", "--emit=ptx", "--target=ptx:sm_75"]);
    let all = "there are ptx:sm_80, ptx:sm_86, ptx:sm_89, ptx:sm_90, ptx:sm_100, ptx:sm_120";
    assert!(told(&output).contains(all), "{}", told(&output));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_artifact_keeps_ptx_with_its_launch_schedule() {
    let folder = tempfile::tempdir().unwrap();
    let artifact = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let compile = |name: &str, more: &[&str]| {
        let cache = format!("--cache-dir={}", folder.path().join("cache").display());
        let args = ["compile", "examples/digits.tri", "-o", &artifact(name), &cache];
        let output = triton(&[&args, more].concat());
        assert!(output.status.success(), "{}", told(&output));
        std::fs::read(artifact(name)).unwrap()
    };
    let cpu = compile("cpu.tria", &[]);
    let gpu = compile("gpu.tria", &["--target=ptx:sm_86"]);
    assert!(cpu != gpu, "the cache tells targets apart");
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(
        has(&gpu, "digits.tri:") && !has(&gpu, "examples/digits.tri"),
        "steps have lines, without folders"
    );
    assert!(gpu == compile("again.tria", &["--target=ptx:sm_86", "--no-cache"]), "the same bytes again");
    let output = triton(&["verify", &artifact("gpu.tria")]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &told(&output);
    assert!(output.status.success() && text.contains("ptx/sm_86, by a fresh compilation"), "{text}");
}
