//! What cannot be done is told: on the way to a GPU, and during calls.

use tri_artifact::{Artifact, ArtifactWriter, Build};
use tri_cuda_sim::Settings;
use tri_ir::TensorData;
use tri_runtime::{Code, Device, Model, Options, RuntimeError, Trust};

use crate::calls::i32s;
use crate::machine::{both, call_both, code_for, model, on_awaited_gpu, on_gpu, without_driver};
use crate::models;

/// Why there is no session on the first GPU.
fn refused(model: &Model) -> (&'static str, String) {
    let error: RuntimeError = model.session(Device::cuda(0)).unwrap_err();
    (error.code(), error.to_string())
}

#[test]
fn a_gather_outside_its_table_is_told_as_on_the_cpu() {
    on_gpu(Settings::default(), || {
        let mut sessions = both(&model(models::stateful(), &[]));
        for row in [3, -1, i32::MIN, i32::MAX] {
            let rows = i32s(&[2], &[0, row]);
            // By single launches, by a graph, and by the same graph.
            for _ in 0..3 {
                let error = call_both(&mut sessions, "pick", std::slice::from_ref(&rows)).unwrap_err();
                assert!(error.contains(&format!("row {row} ")), "{error}");
            }
            call_both(&mut sessions, "pick", &[i32s(&[2], &[1, 1])]).unwrap();
        }
    });
}

#[test]
fn a_call_that_stops_leaves_states_as_they_were() {
    on_gpu(Settings::default(), || {
        let mut sessions = both(&model(models::stateful(), &[]));
        let mut append = |x: [f32; 2], at: i32| {
            let x = TensorData::from_f32(vec![2], &x).unwrap();
            call_both(&mut sessions, "append", &[x, i32s(&[], &[at])])
        };
        append([7.0, 9.0], 1).unwrap();
        for at in [7, 8, 9, -1, i32::MIN] {
            assert!(append([5.0, 5.0], at).unwrap_err().starts_with("E4041: "));
        }
        assert!(append([5.0, 5.0], 6).unwrap_err().starts_with("E4040: "));
        append([1.0, 2.0], 0).unwrap();
    });
}

#[test]
fn without_a_driver_its_library_is_named() {
    without_driver(|| {
        let (code, message) = refused(&model(models::stateful(), &[]));
        assert_eq!(code, "E5005");
        assert!(message.contains("libcuda.so"), "{message}");
    });
}

#[test]
fn an_old_driver_is_told_with_what_is_needed() {
    on_gpu(Settings { version: 11010, ..Settings::default() }, || {
        let expected =
            "the CUDA driver is too old: it is for CUDA 11.1, and one for CUDA 11.4 or later is needed";
        assert_eq!(refused(&model(models::stateful(), &[])), ("E5005", expected.to_owned()));
    });
}

#[test]
fn a_device_that_there_is_not_is_told_with_those_that_there_are() {
    on_gpu(Settings { devices: 2, ..Settings::default() }, || {
        let model = model(models::stateful(), &[]);
        assert!(model.session(Device::cuda(1)).is_ok());
        let error = model.session(Device::cuda(2)).unwrap_err();
        let expected = "there is no GPU 2: the CUDA driver finds 2, numbers 0 to 1";
        assert_eq!((error.code(), error.to_string()), ("E5005", expected.to_owned()));
    });
}

#[test]
fn a_machine_without_devices_is_told() {
    on_gpu(Settings { devices: 0, ..Settings::default() }, || {
        let (code, message) = refused(&model(models::stateful(), &[]));
        assert_eq!((code, message.as_str()), ("E5005", "there is no GPU 0: the CUDA driver finds none"));
    });
}

#[test]
fn code_for_later_devices_does_not_serve_an_earlier_one() {
    on_gpu(Settings { capability: 86, ..Settings::default() }, || {
        let (code, message) = refused(&model(models::stateful(), &[]));
        assert_eq!(code, "E5006");
        assert!(
            message.ends_with("(sm_86), only for sm_90: compile it with `--target ptx:sm_86`"),
            "{message}"
        );
    });
}

#[test]
fn the_latest_code_that_a_device_takes_is_used() {
    on_gpu(Settings { capability: 89, ..Settings::default() }, || {
        let module = models::stateful();
        let [early, late] = ["sm_80", "sm_90"].map(|target| code_for(&module, target));
        let model = Model::from_module(module, &Options::default()).unwrap().bind(&[]).unwrap();
        let mut sessions = both(&model.with_gpu_code("sm_90", late).with_gpu_code("sm_80", early));
        call_both(&mut sessions, "pick", &[i32s(&[2], &[1, 2])]).unwrap();
    });
}

#[test]
fn a_driver_that_does_not_know_the_ptx_is_told_in_its_words() {
    // CUDA 11.4 takes PTX up to 7.4; sm_90 is of 7.8.
    on_gpu(Settings { version: 11040, ..Settings::default() }, || {
        let (code, message) = refused(&model(models::stateful(), &[]));
        assert_eq!(code, "E5007");
        assert!(message.contains("does not take the PTX for sm_90"), "{message}");
        assert!(message.contains("CUDA_ERROR_UNSUPPORTED_PTX_VERSION"), "{message}");
    });
}

#[test]
fn too_little_memory_is_told_with_the_bytes() {
    on_gpu(Settings { memory: 1 << 16, ..Settings::default() }, || {
        let mut sessions = both(&model(models::stateful(), &[]));
        let x = TensorData::from_f32(vec![1 << 15], &vec![1.0; 1 << 15]).unwrap();
        let [_, gpu] = &mut sessions;
        let error = gpu.call("window", &[tri_runtime::TensorView::of(&x).unwrap()]).unwrap_err();
        assert_eq!(
            (error.code(), error.to_string()),
            ("E5003", "131328 bytes of memory cannot be had on simulated GPU".to_owned())
        );
        // The session is as good as before.
        let x = TensorData::from_f32(vec![4], &[1.0; 4]).unwrap();
        call_both(&mut sessions, "window", &[x]).unwrap();
    });
}

#[test]
fn code_of_other_schedules_is_refused() {
    on_gpu(Settings::default(), || {
        let module = models::stateful();
        let code = code_for(&models::digits(), "sm_90");
        let model = Model::from_module(module.clone(), &Options::default()).unwrap().bind(&[]).unwrap();
        let (number, message) = refused(&model.with_gpu_code("sm_90", code.clone()));
        assert_eq!(number, "E4019", "{message}");
        // The fingerprint alone proves nothing.
        let kernels = tri_kernel_ir::schedule(&module, tri_kernel_ir::Fusion::Full).unwrap();
        let lie = tri_runtime::GpuCode { fingerprint: Code::fingerprint(&kernels), ..code };
        let (number, message) = refused(&model.with_gpu_code("sm_90", lie));
        assert_eq!(number, "E4019", "{message}");
    });
}

/// An artifact of the stateful model with code for the simulated GPU, after a change of its bytes.
fn artifact(change: impl FnOnce(&mut Vec<u8>)) -> Artifact {
    let module = models::stateful();
    let mut writer = ArtifactWriter::new(&module, Build::default()).unwrap();
    let mut code = postcard::to_stdvec(&code_for(&module, "sm_90")).unwrap();
    change(&mut code);
    writer.gpu_code("sm_90", code).unwrap().weights(&[]).unwrap();
    Artifact::from_bytes(writer.to_bytes().unwrap()).unwrap()
}

#[test]
fn an_artifact_runs_on_a_gpu_if_it_is_trusted() {
    on_gpu(Settings::default(), || {
        let trusted = Options { trust: Trust::Everything, ..Options::default() };
        let model = Model::from_artifact(artifact(|_| ()), &trusted).unwrap();
        call_both(&mut both(&model), "pick", &[i32s(&[2], &[1, 2])]).unwrap();
        let model = Model::from_artifact(artifact(|_| ()), &Options::default()).unwrap();
        let (code, message) = refused(&model);
        assert_eq!(code, "E5006");
        assert!(message.contains("--trust-code"), "{message}");
    });
}

#[test]
fn a_damaged_section_is_a_coded_error() {
    on_gpu(Settings::default(), || {
        let trusted = Options { trust: Trust::Everything, ..Options::default() };
        let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
        let model = Model::from_artifact(artifact(cut), &trusted).unwrap();
        assert_eq!(refused(&model).0, "E4019");
        // A kernel that the text does not have.
        let renamed = |bytes: &mut Vec<u8>| {
            let entry = bytes.windows(7).rposition(|window| window == b".entry ").unwrap();
            bytes[entry + 7] = b'x';
        };
        let model = Model::from_artifact(artifact(renamed), &trusted).unwrap();
        let (code, message) = refused(&model);
        assert_eq!(code, "E4019", "{message}");
        assert!(message.contains("has no kernel"), "{message}");
    });
}

/// The model of digits, whose steps stand at lines of their own.
fn placed() -> Model {
    let module = models::digits();
    let mut code = code_for(&module, "sm_90");
    let places =
        |steps: &Vec<_>| (0..steps.len()).map(|step| format!("digits.tri:{}:9", 30 + step)).collect();
    code.places = code.runs.iter().map(places).collect();
    let model = Model::from_module(module, &Options::default()).unwrap();
    model.bind(&models::digits_weights()).unwrap().with_gpu_code("sm_90", code)
}

/// What a call of so many images says, on a machine that does not do it.
fn failure(session: &mut tri_runtime::Session, images: usize) -> (&'static str, String) {
    let x = TensorData::from_f32(vec![images, 64], &vec![1.0; images * 64]).unwrap();
    let error = session.call("forward", &[tri_runtime::TensorView::of(&x).unwrap()]).unwrap_err();
    (error.code(), error.to_string())
}

#[test]
fn a_launch_that_is_refused_names_its_kernel_and_its_line() {
    on_gpu(Settings { refused_launch: 2, ..Settings::default() }, || {
        let (code, message) = failure(&mut placed().session(Device::cuda(0)).unwrap(), 2);
        assert_eq!(code, "E5007");
        let expected = "kernel `k2_fold_forward_1`, which computes step 1 of `forward` at digits.tri:31:9, cannot be launched";
        assert!(message.starts_with(expected), "{message}");
    });
}

#[test]
fn an_illegal_address_names_kernels_up_to_the_last_and_its_line() {
    on_gpu(Settings { illegal_launch: 2, ..Settings::default() }, || {
        let (code, message) = failure(&mut placed().session(Device::cuda(0)).unwrap(), 2);
        assert_eq!(code, "E5007");
        let (before, after) = message
            .split_once(" or one before it (TRI_CUDA_WAIT=1 tells which), of `forward` stopped the GPU: ")
            .unwrap();
        assert!(before.starts_with("a kernel, `k") && before.contains("_forward_"), "{message}");
        assert!(before.contains("` at digits.tri:39:9"), "{message}");
        assert!(after.contains("CUDA_ERROR_ILLEGAL_ADDRESS"), "{message}");
    });
}

#[test]
fn an_illegal_address_names_one_kernel_and_its_line_where_each_is_waited_for() {
    on_awaited_gpu(Settings { illegal_launch: 2, ..Settings::default() }, || {
        let (code, message) = failure(&mut placed().session(Device::cuda(0)).unwrap(), 2);
        let expected = "kernel `k2_fold_forward_1` at digits.tri:31:9 of `forward` stopped the GPU: ";
        assert_eq!(code, "E5007");
        assert!(message.starts_with(expected), "{message}");
    });
}

#[test]
fn an_illegal_address_within_a_graph_names_its_last_kernel() {
    on_gpu(Settings { illegal_launch: 9, ..Settings::default() }, || {
        let mut session = placed().session(Device::cuda(0)).unwrap();
        let x = models::images(2);
        let mut call = || session.call("forward", &[tri_runtime::TensorView::of(&x).unwrap()]).map(drop);
        let error = (0..9).find_map(|_| call().err()).unwrap().to_string();
        assert!(error.starts_with("a kernel, `k") && error.contains("` at digits.tri:39:9"), "{error}");
    });
}

#[test]
fn too_little_memory_for_a_workspace_names_the_kernel_and_the_line_that_needs_it() {
    on_gpu(Settings { memory: 1 << 18, ..Settings::default() }, || {
        let (code, message) = failure(&mut placed().session(Device::cuda(0)).unwrap(), 1000);
        assert_eq!(code, "E5003");
        assert!(message.contains(", for the workspace of `forward`, most of it for kernel `k"), "{message}");
        assert!(message.contains("` at digits.tri:3"), "{message}");
    });
}
