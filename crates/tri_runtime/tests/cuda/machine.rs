//! Processes with a simulated driver, and models with code for its GPU.

use std::any::type_name_of_val;
use std::path::Path;
use std::process::Command;

use tri_cuda_sim::Settings;
use tri_ir::{TensorData, Verified};
use tri_kernel_ir::Fusion;
use tri_llvm::{Effort, Target};
use tri_runtime::{Code, Device, GpuCode, Model, Options, Session, TensorView};

/// Names the test that a process is for.
const TEST: &str = "TRI_CUDA_TEST";

/// Runs the body of the test that calls this, a closure without captures, on a machine with a simulated GPU. With `TRI_GPU=real` in the
/// environment, tests that want nothing special run on the GPU of this machine.
pub(crate) fn on_gpu<B: FnOnce()>(settings: Settings, body: B) {
    if settings == Settings::default() && is_real() {
        return body();
    }
    in_process(body, |folder, command| {
        tri_cuda_sim::install(folder).unwrap();
        command.envs(settings.variables());
    });
}

/// The same on a simulated GPU that is waited for after each launch.
pub(crate) fn on_awaited_gpu<B: FnOnce()>(settings: Settings, body: B) {
    in_process(body, |folder, command| {
        tri_cuda_sim::install(folder).unwrap();
        command.envs(settings.variables()).env("TRI_CUDA_WAIT", "1");
    });
}

/// Whether tests are for the GPU of this machine.
fn is_real() -> bool {
    std::env::var_os("TRI_GPU").is_some_and(|gpu| gpu == "real")
}

/// The same on a machine without a driver, whatever this one has.
pub(crate) fn without_driver<B: FnOnce()>(body: B) {
    in_process(body, |folder, _| {
        for name in ["libcuda.so", "libcuda.so.1"] {
            std::fs::write(folder.join(name), "no library").unwrap();
        }
    });
}

/// Runs the body in a process whose libraries are looked for in a folder first, as `prepare` makes them.
fn in_process<B: FnOnce()>(body: B, prepare: impl FnOnce(&Path, &mut Command)) {
    let name = type_name_of_val(&body).trim_end_matches("::{{closure}}");
    let (_, name) = name.split_once("::").unwrap();
    if std::env::var_os(TEST).is_some_and(|test| test == name) {
        return body();
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture"]).env(TEST, name).env("LD_LIBRARY_PATH", folder.path());
    prepare(folder.path(), &mut command);
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}\n{errors}");
}

/// Code of a module for a family of GPUs.
pub(crate) fn code_for(module: &Verified, target: &str) -> GpuCode {
    let kernels = tri_kernel_ir::schedule(module, Fusion::Full).unwrap();
    let kernels = tri_kernel_ir::verify(kernels).unwrap();
    let lowered = tri_llvm::lower(&kernels).unwrap();
    let target: Target = format!("ptx:{target}").parse().unwrap();
    let text = target.compile(&lowered, Effort::Usual).unwrap();
    lowered.into_code(text, Code::fingerprint(&kernels))
}

/// A model with code for the simulated GPU, or for any.
pub(crate) fn model(module: Verified, weights: &[(String, TensorData)]) -> Model {
    let target = if is_real() { "sm_80" } else { "sm_90" };
    let code = code_for(&module, target);
    let model = Model::from_module(module, &Options::default()).unwrap();
    model.bind(weights).unwrap().with_gpu_code(target, code)
}

/// A session on the CPU and one on the GPU.
pub(crate) fn both(model: &Model) -> [Session; 2] {
    [Device::cpu().threads(1), Device::cuda(0)].map(|device| model.session(device).unwrap())
}

/// Calls an entry on the CPU and on the GPU: results have the same bits, errors the same words.
pub(crate) fn call_both(
    sessions: &mut [Session; 2],
    entry: &str,
    inputs: &[TensorData],
) -> Result<Vec<TensorData>, String> {
    let views: Vec<TensorView<'_>> = inputs.iter().map(|input| TensorView::of(input).unwrap()).collect();
    let [expected, found] = sessions.each_mut().map(|session| match session.call(entry, &views) {
        Ok(results) => Ok(results.iter().map(|result| result.to_data()).collect::<Vec<_>>()),
        Err(error) => Err(format!("{}: {error}", error.code())),
    });
    assert_eq!(found, expected, "`{entry}` on the GPU, and on the CPU");
    found
}
