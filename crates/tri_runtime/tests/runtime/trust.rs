//! Artifacts: what is stored runs again, and what is not to be believed does not run.

use tri_artifact::{Artifact, ArtifactWriter, Build, Callee, Golden, GoldenCall, SecretKey};
use tri_interp::Interpreter;
use tri_ir::{TensorData, Verified, verify};
use tri_kernel_ir::Fusion;
use tri_runtime::{Code, Device, Model, Options, RuntimeError, TensorView, Trust, code_target};

use crate::models::{digits, digits_weights, images};

/// The digits model with its prologue split off.
fn split() -> Verified {
    tri_passes::optimize(&digits(), tri_passes::OptLevel::O2, &mut |_, _| ()).unwrap()
}

fn golden(model: &Model) -> Golden {
    let inputs = images(2);
    let module = verify(model.module().clone()).unwrap();
    let interpreter = Interpreter::new(&module);
    let parameter = |name: &String| digits_weights().into_iter().find(|(other, _)| other == name).unwrap().1;
    let parameters: Vec<TensorData> = module.parameters.iter().map(|p| parameter(&p.name)).collect();
    let weights = interpreter.bind(&parameters).unwrap();
    let outputs = interpreter.call("forward", std::slice::from_ref(&inputs), &weights, &mut []).unwrap();
    let callee = Callee::Entry("forward".into());
    Golden {
        calls: vec![GoldenCall { callee, inputs: vec![inputs], outputs, symbols: vec![("B".into(), 2)] }],
    }
}

/// An artifact of the model, changed by `change`.
fn artifact(change: impl FnOnce(&mut ArtifactWriter, &Model)) -> Artifact {
    let model = Model::from_module(split(), &Options::default()).unwrap().bind(&digits_weights()).unwrap();
    let mut writer = ArtifactWriter::new(model.module(), Build::default()).unwrap();
    writer.weights(&model.bound().unwrap()).unwrap();
    change(&mut writer, &model);
    Artifact::from_bytes(writer.to_bytes().unwrap()).unwrap()
}

fn with_code(writer: &mut ArtifactWriter, model: &Model) {
    let code = postcard::to_stdvec(model.code()).unwrap();
    writer.code(&code_target(model.level()), code).unwrap();
}

fn trusting(trust: Trust) -> Options {
    Options { trust, ..Options::default() }
}

fn forward(model: &Model) -> Vec<u8> {
    let inputs = images(5);
    let mut session = model.session(Device::cpu().threads(2)).unwrap();
    session.call("forward", &[TensorView::of(&inputs).unwrap()]).unwrap()[0].bytes().to_vec()
}

#[test]
fn an_artifact_answers_as_the_model_it_was_made_from() {
    let bound = Model::from_module(digits(), &Options::default()).unwrap().bind(&digits_weights()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("digits.tria");
    let mut writer = ArtifactWriter::new(&split(), Build::default()).unwrap();
    let split = Model::from_module(split(), &Options::default()).unwrap().bind(&digits_weights()).unwrap();
    writer.weights(&split.bound().unwrap()).unwrap().golden(&golden(&split)).unwrap();
    writer.write(&path).unwrap();
    let model = Model::open(&path).unwrap();
    assert_eq!(forward(&model), forward(&bound));
    assert_eq!(model.verify_golden().unwrap(), 1);
    assert_eq!(model.verify_code().unwrap(), None);
}

#[test]
fn a_golden_call_with_another_answer_is_found() {
    let artifact = artifact(|writer, model| {
        let mut golden = golden(model);
        golden.calls[0].outputs[0].bytes[44] ^= 1;
        writer.golden(&golden).unwrap();
    });
    let model = Model::from_artifact(artifact, &Options::default()).unwrap();
    assert!(matches!(model.verify_golden(), Err(RuntimeError::Golden { output: 0, element: 11, .. })));
}

#[test]
fn code_runs_only_if_trusted() {
    let key = SecretKey::from_bytes([5; 32]);
    let other = SecretKey::from_bytes([6; 32]).public();
    let nonsense = |writer: &mut ArtifactWriter, model: &Model| {
        // Would end the process if it ran: an undefined instruction everywhere.
        let mut code = model.code().clone();
        code.bytes.chunks_exact_mut(2).for_each(|pair| pair.copy_from_slice(&[0x0f, 0x0b]));
        writer.code(&code_target(model.level()), postcard::to_stdvec(&code).unwrap()).unwrap().sign(&key);
    };
    let expected = forward(&Model::from_artifact(artifact(|_, _| ()), &Options::default()).unwrap());
    let model = Model::from_artifact(artifact(nonsense), &Options::default()).unwrap();
    assert_eq!(forward(&model), expected);
    assert_eq!(model.verify_code().unwrap(), Some(false));
    let untrusted = Model::from_artifact(artifact(nonsense), &trusting(Trust::Keys(vec![other])));
    assert!(matches!(untrusted, Err(RuntimeError::Artifact(_))));

    let signed = artifact(|writer, model| {
        with_code(writer, model);
        writer.sign(&key);
    });
    let model = Model::from_artifact(signed, &trusting(Trust::Keys(vec![other, key.public()]))).unwrap();
    assert_eq!(forward(&model), expected);
    assert_eq!(model.verify_code().unwrap(), Some(true));
    let model = Model::from_artifact(artifact(with_code), &trusting(Trust::Everything)).unwrap();
    assert_eq!(forward(&model), expected);
    let unfused = Options { fusion: Fusion::None, ..trusting(Trust::Everything) };
    assert_eq!(forward(&Model::from_artifact(artifact(with_code), &unfused).unwrap()), expected);
}

#[test]
fn code_that_was_not_fused_runs_as_it_was_made() {
    let direct = Options { fusion: Fusion::None, ..Options::default() };
    let artifact_of = |change: fn(&mut Code)| {
        artifact(|writer, model| {
            let mut code = Model::from_module(split(), &direct).unwrap().code().clone();
            change(&mut code);
            writer.code(&code_target(model.level()), postcard::to_stdvec(&code).unwrap()).unwrap();
        })
    };
    let expected = forward(&Model::from_artifact(artifact(|_, _| ()), &Options::default()).unwrap());
    let model = Model::from_artifact(artifact_of(|_| ()), &trusting(Trust::Everything)).unwrap();
    assert_eq!(forward(&model), expected);
    let other = artifact_of(|code| code.kernels[0] ^= 1);
    let refused = Model::from_artifact(other, &trusting(Trust::Everything));
    assert!(matches!(refused, Err(RuntimeError::Code(reason)) if reason.contains("another version")));
}

#[test]
fn a_manifest_that_describes_another_program_is_refused() {
    // The sections of one artifact with the manifest of another whose weights are smaller: every hash is right.
    let small = {
        let mut module = split().into_inner();
        module.name = "Digitz".into();
        ArtifactWriter::new(&module, Build::default()).unwrap()
    };
    let large = ArtifactWriter::new(&split(), Build::default()).unwrap();
    let (small, mut bytes) = (small.to_bytes().unwrap(), large.to_bytes().unwrap());
    let manifest = |bytes: &[u8]| {
        let section = Artifact::from_bytes(bytes.to_vec()).unwrap().sections()[0].clone();
        section.offset as usize..(section.offset + section.length) as usize
    };
    let (from, to) = (manifest(&small), manifest(&bytes));
    assert_eq!(from, to);
    bytes[to.clone()].copy_from_slice(&small[from]);
    let entry = tri_artifact::HEADER_BYTES + 64;
    let hash = *blake3::hash(&bytes[to]).as_bytes();
    bytes[entry..entry + 32].copy_from_slice(&hash);
    let table = tri_artifact::HEADER_BYTES + 2 * tri_artifact::ENTRY_BYTES;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..32]).update(&bytes[tri_artifact::HEADER_BYTES..table]);
    let hash = *hasher.finalize().as_bytes();
    bytes[32..64].copy_from_slice(&hash);
    let artifact = Artifact::from_bytes(bytes).unwrap();
    artifact.verify_all().unwrap();
    let error = Model::from_artifact(artifact, &Options::default()).map(drop).unwrap_err();
    assert!(error.to_string().contains("manifest"), "{error}");
}
