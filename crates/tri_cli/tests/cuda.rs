//! `triton run --device cuda`, on a simulated GPU and on a machine without one.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::Path;
use std::process::{Command, Output};

use tri_cuda_sim::Settings;

/// Runs the digits example on `device`, with a driver that `prepare` puts into a folder.
fn run(device: &str, more: &[&str], prepare: impl FnOnce(&Path, &mut Command)) -> Output {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_triton"));
    command.args(["run", "examples/digits.tri", "--weights=examples/data/digits/weights.safetensors"]);
    command
        .args(["--input=image=examples/data/digits/cases.safetensors:image", "--device", device])
        .args(more);
    prepare(folder.path(), &mut command);
    command.current_dir(repository).env("LD_LIBRARY_PATH", folder.path()).output().unwrap()
}

fn simulated(settings: Settings) -> impl FnOnce(&Path, &mut Command) {
    move |folder, command| {
        tri_cuda_sim::install(folder).unwrap();
        command.envs(settings.variables());
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[cfg(feature = "ptx")]
mod with_llvm {
    use super::{Settings, run, simulated, told};

    #[test]
    fn a_program_gives_on_a_gpu_what_it_gives_on_the_cpu() {
        let folder = tempfile::tempdir().unwrap();
        let results = folder.path().join("results.npy");
        let results = results.to_str().unwrap();
        let output = run("cpu", &["--output", results], |_, _| {});
        assert!(output.status.success(), "{}", told(&output));
        for capability in [80, 90] {
            let settings = Settings { capability, ..Settings::default() };
            let output = run("cuda", &["--expect", results], simulated(settings));
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("(100.0 %)"), "{text}{}", told(&output));
        }
    }

    #[test]
    fn an_error_of_the_gpu_names_the_line_of_the_program() {
        let settings = Settings { refused_launch: 2, ..Settings::default() };
        let output = run("cuda:0", &[], simulated(settings));
        let text = told(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("E5007") && text.contains("cannot be launched"), "{text}");
        let place = text.split(" at ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
        let parts: Vec<&str> = place.split(':').collect();
        assert!(parts[0].ends_with(".tri") && parts[1..].iter().all(|n| n.parse::<u32>().is_ok()), "{text}");
    }

    #[test]
    fn a_gpu_too_old_for_code_is_told() {
        let output = run("cuda", &[], simulated(Settings { capability: 75, ..Settings::default() }));
        let text = told(&output);
        assert!(text.contains("E5001") && text.contains("GPU 0 is of sm_75"), "{text}");
    }

    #[test]
    fn a_machine_without_a_driver_is_told_what_is_missing() {
        let output = run("cuda", &[], |folder, _| {
            for name in ["libcuda.so", "libcuda.so.1"] {
                std::fs::write(folder.join(name), "no library").unwrap();
            }
        });
        let text = told(&output);
        assert!(text.contains("E5005") && text.contains("libcuda.so"), "{text}");
    }
}

#[cfg(not(feature = "ptx"))]
#[test]
fn a_build_without_llvm_says_how_to_get_one() {
    let output = run("cuda", &[], simulated(Settings::default()));
    let text = told(&output);
    assert!(text.contains("E5001") && text.contains("--features ptx"), "{text}");
}
