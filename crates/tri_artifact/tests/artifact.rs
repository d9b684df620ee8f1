//! What a `.tria` file promises: the same contents give the same bytes, what is written is read back, and no damaged,
//! cut or invented file is accepted or does harm.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use proptest::prelude::*;
use tri_artifact::{
    Artifact, ArtifactError, ArtifactWriter, Build, Callee, ENTRY_BYTES, Golden, GoldenCall, HEADER_BYTES,
    PublicKey, SecretKey, SectionKind,
};
use tri_ir::{
    Bound, BoundId, Capture, DType, Dim, Encoding, Entry, EntryInput, EntryOutput, FunctionBuilder,
    FunctionId, Module, Op, Parameter, ParameterKind, Scalar, SymbolInfo, TensorData, TensorType,
};

/// `forward(x: i8[B, 6]) = x @ transpose(ternary weight[3, 6])`, with the weight cast and packed in the prologue.
fn module() -> Module {
    let weight = TensorType::new(DType::I8, vec![Dim::constant(3), Dim::constant(6)]);
    let packed =
        TensorType { dtype: DType::Trit, encoding: Encoding::T2, ..weight.with_shape(weight.shape.clone()) };
    let mut init = FunctionBuilder::new("init");
    let zero = init.push1(Op::Constant(Scalar::int(DType::I8, 0)), vec![], weight.clone());
    let mut prologue = FunctionBuilder::new("prologue");
    let w = prologue.param(weight.clone());
    let trits = prologue.push1(Op::Cast, vec![w], weight.with_dtype(DType::Trit));
    let bound = prologue.push1(Op::Encode, vec![trits], packed.clone());
    let mut body = FunctionBuilder::new("forward");
    let b = body.symbol(SymbolInfo { name: "B".into(), min: 0, max: Some(1000), bound_inside: false });
    let input = TensorType::new(DType::I8, vec![Dim::var(b), Dim::constant(6)]);
    let output = TensorType::new(DType::I32, vec![Dim::var(b), Dim::constant(3)]);
    let (x, w) = (body.param(input.clone()), body.param(packed.clone()));
    let contract = Op::Contract { batch: vec![], contract: vec![(1, 1)] };
    let y = body.push1(contract, vec![x, w], output.clone());
    Module {
        name: "Small".into(),
        functions: vec![init.finish(vec![zero]), prologue.finish(vec![bound]), body.finish(vec![y])],
        parameters: vec![Parameter {
            name: "w".into(),
            ty: weight,
            kind: ParameterKind::Trained,
            init: FunctionId(0).into(),
        }],
        prologue: Some(FunctionId(1)),
        bound: vec![Bound { name: "w:trit".into(), ty: packed }],
        entries: vec![Entry {
            name: "forward".into(),
            function: FunctionId(2),
            inputs: vec![EntryInput { name: "x".into(), ty: input, axes: vec!["B".into(), "6".into()] }],
            captures: vec![Capture::Bound(BoundId(0))],
            states: vec![],
            outputs: vec![EntryOutput { ty: output, axes: vec!["B".into(), "3".into()] }],
        }],
        ..Module::default()
    }
}

const WEIGHT: [u8; 6] = [0x55, 0x55, 0x40, 0x51, 0xaa, 0x5a];

fn golden() -> Golden {
    let inputs = vec![TensorData::new(DType::I8, vec![1, 6], vec![1, 2, 3, 4, 5, 6]).unwrap()];
    let outputs = vec![TensorData::from_i32(vec![1, 3], &[0, 1, 2]).unwrap()];
    let call = |callee| GoldenCall {
        callee,
        inputs: inputs.clone(),
        outputs: outputs.clone(),
        symbols: vec![("B".into(), 1)],
    };
    Golden { calls: vec![call(Callee::Entry("forward".into())), call(Callee::Test("counts".into()))] }
}

fn key() -> SecretKey {
    SecretKey::from_bytes([7; 32])
}

fn build() -> Build {
    Build {
        compiler: "tri 0.1.0".into(),
        numerics: 1,
        source_hash: [3; 32],
        options: vec![("opt-level".into(), "2".into())],
    }
}

fn writer() -> ArtifactWriter {
    let mut writer = ArtifactWriter::new(&module(), build()).unwrap();
    writer.weights(&[&WEIGHT]).unwrap();
    writer.golden(&golden()).unwrap();
    writer.code("x86_64-avx2", vec![0xc3; 5]).unwrap();
    writer.sign(&key());
    writer
}

/// Opens and checks every byte.
fn accept(bytes: Vec<u8>) -> Result<Artifact, ArtifactError> {
    let artifact = Artifact::from_bytes(bytes)?;
    artifact.verify_all()?;
    Ok(artifact)
}

/// The same file with the hash over header and table made right again.
fn rehashed(mut bytes: Vec<u8>) -> Vec<u8> {
    let count = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let Some(table) = count.checked_mul(ENTRY_BYTES).and_then(|n| bytes.get(HEADER_BYTES..)?.get(..n)) else {
        return bytes;
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..32]).update(table);
    let hash = *hasher.finalize().as_bytes();
    bytes[32..64].copy_from_slice(&hash);
    bytes
}

#[test]
fn what_is_written_is_read_back() {
    let artifact = accept(writer().to_bytes().unwrap()).unwrap();
    assert_eq!(artifact.module().unwrap(), module());
    assert_eq!(artifact.golden().unwrap(), golden());
    assert_eq!(artifact.manifest().build, build());
    let weights: Vec<_> = artifact.weights().unwrap().map(|(info, bytes)| (info.offset, bytes)).collect();
    assert_eq!(weights, [(0, &WEIGHT[..])]);
    assert_eq!(artifact.code_targets().collect::<Vec<_>>(), ["x86_64-avx2"]);
    assert_eq!(artifact.code("x86_64-avx2").unwrap(), Some(&[0xc3; 5][..]));
    assert_eq!(artifact.code("x86_64").unwrap(), None);
    for section in artifact.sections() {
        assert_eq!(section.offset % section.alignment, 0, "{}", section.name());
    }
    let entry = &artifact.manifest().interface.entries[0];
    assert_eq!((entry.dims[0].name.as_str(), entry.dims[0].max), ("B", Some(1000)));
    assert_eq!(entry.inputs[0].shape[0].size, None);
    assert_eq!(entry.inputs[0].shape[1].size, Some(6));
}

#[test]
fn the_same_contents_give_the_same_bytes() {
    let bytes = writer().to_bytes().unwrap();
    assert_eq!(bytes, writer().to_bytes().unwrap());
    // The order in which sections are added does not show.
    let mut other = ArtifactWriter::new(&module(), build()).unwrap();
    other.sign(&key()).code("x86_64-avx2", vec![0xc3; 5]).unwrap().golden(&golden()).unwrap();
    other.weights(&[&WEIGHT]).unwrap();
    assert_eq!(bytes, other.to_bytes().unwrap());
}

#[test]
fn a_file_holds_the_bytes_and_is_replaced_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.tria");
    std::fs::write(&path, "something else").unwrap();
    writer().write(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), writer().to_bytes().unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    Artifact::open(&path).unwrap().verify_all().unwrap();
    let missing = writer().write(&folder.path().join("none/small.tria")).unwrap_err();
    assert_eq!(missing.code(), "E4002");
    assert_eq!(Artifact::open(folder.path()).unwrap_err().code(), "E4001");
    std::fs::write(&path, "").unwrap();
    assert_eq!(Artifact::open(&path).unwrap_err().code(), "E4012");
}

#[test]
fn every_flipped_bit_is_caught() {
    let bytes = writer().to_bytes().unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            assert!(accept(damaged).is_err(), "bit {bit} of byte {at} flipped");
        }
    }
}

#[test]
fn every_cut_and_every_addition_is_caught() {
    let bytes = writer().to_bytes().unwrap();
    for length in 0..bytes.len() {
        assert!(accept(bytes[..length].to_vec()).is_err(), "cut at {length}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(accept(longer), Err(ArtifactError::Length { .. })));
}

/// Writes `value` at `at` and makes the table's hash right, so that only the rules themselves can refuse it.
fn with_field(at: usize, value: &[u8]) -> Result<Artifact, ArtifactError> {
    let mut bytes = writer().to_bytes().unwrap();
    bytes[at..at + value.len()].copy_from_slice(value);
    accept(rehashed(bytes))
}

#[test]
fn extreme_header_and_table_fields_are_refused() {
    let entries = writer().to_bytes().unwrap()[12] as usize;
    for value in [0, 1, 1 << 31, 1 << 63, u64::MAX, u64::MAX - 63, u64::MAX / 2] {
        assert!(with_field(16, &value.to_le_bytes()).is_err(), "file length {value}");
        let count = value as u32;
        assert!(with_field(12, &count.to_le_bytes()).is_err(), "section count {count}");
        for index in 0..entries {
            for (field, at) in [("offset", 40), ("length", 48), ("alignment", 56)] {
                let result = with_field(HEADER_BYTES + index * ENTRY_BYTES + at, &value.to_le_bytes());
                assert!(result.is_err(), "{field} {value} of section {index}");
            }
        }
    }
    assert!(matches!(with_field(8, &2u16.to_le_bytes()), Err(ArtifactError::Version { found: 2, known: 1 })));
    assert!(matches!(with_field(8, &0u16.to_le_bytes()), Err(ArtifactError::Header { .. })));
    assert!(matches!(with_field(24, &[1]), Err(ArtifactError::Header { field: "reserved", .. })));
    // A later minor version only adds what may be ignored.
    assert!(with_field(10, &9u16.to_le_bytes()).is_ok());
}

#[test]
fn overlaps_gaps_and_reuse_are_refused() {
    let bytes = writer().to_bytes().unwrap();
    let artifact = Artifact::from_bytes(bytes.clone()).unwrap();
    let entry = |index: usize| HEADER_BYTES + index * ENTRY_BYTES;
    let sections = artifact.sections();
    for (index, section) in sections.iter().enumerate() {
        for offset in [section.offset - 64, section.offset + 64, section.offset + 1, sections[0].offset] {
            if offset == section.offset {
                continue;
            }
            let result = with_field(entry(index) + 40, &offset.to_le_bytes());
            assert!(matches!(result, Err(ArtifactError::Layout { .. })), "section {index} at {offset}");
        }
        for length in [section.length + 1, section.length + 64] {
            assert!(with_field(entry(index) + 48, &length.to_le_bytes()).is_err());
        }
    }
    // Two entries exchanged.
    let mut swapped = bytes;
    let (a, b) = (entry(0), entry(1));
    let first = swapped[a..b].to_vec();
    swapped.copy_within(b..b + ENTRY_BYTES, a);
    swapped[b..b + ENTRY_BYTES].copy_from_slice(&first);
    assert!(matches!(accept(rehashed(swapped)), Err(ArtifactError::Layout { .. })));
}

#[test]
fn unknown_sections_are_refused_only_if_mandatory() {
    let golden = HEADER_BYTES + 4 * ENTRY_BYTES;
    assert!(matches!(
        with_field(golden, &99u32.to_le_bytes()),
        Err(ArtifactError::UnknownSection { index: 4, kind: 99 })
    ));
    let optional = [99u32.to_le_bytes(), 0u32.to_le_bytes()].concat();
    let artifact = with_field(golden, &optional).unwrap();
    assert_eq!(artifact.sections()[4].kind, None);
    assert!(artifact.golden().unwrap().calls.is_empty());
    assert!(matches!(with_field(golden + 4, &3u32.to_le_bytes()), Err(ArtifactError::Layout { .. })));
    assert!(matches!(with_field(golden + 8, b"a\0b"), Err(ArtifactError::Target { index: 4 })));
    assert!(matches!(with_field(golden + 8, b"../x"), Err(ArtifactError::Target { index: 4 })));
    let manifest = HEADER_BYTES;
    let kind = SectionKind::TensorIr.number();
    assert!(matches!(with_field(manifest, &kind.to_le_bytes()), Err(ArtifactError::Duplicate { .. })));
}

#[test]
fn a_signature_vouches_for_this_file_and_its_signer() {
    let artifact = accept(writer().to_bytes().unwrap()).unwrap();
    let (mine, other) = (key().public(), SecretKey::from_bytes([8; 32]).public());
    assert_eq!(artifact.verify_signature(&[other, mine]).unwrap(), mine);
    assert!(
        matches!(artifact.verify_signature(&[other]), Err(ArtifactError::Untrusted { signer }) if signer == mine)
    );
    assert!(matches!(artifact.verify_signature(&[]), Err(ArtifactError::Untrusted { .. })));
    assert_eq!(PublicKey::from_hex(&mine.to_string()), Some(mine));
    assert_eq!(PublicKey::from_hex("00"), None);

    let mut unsigned = ArtifactWriter::new(&module(), build()).unwrap();
    let plain = accept(unsigned.to_bytes().unwrap()).unwrap();
    assert!(matches!(plain.verify_signature(&[mine]), Err(ArtifactError::NotSigned)));

    // The signature of another file, with every hash right.
    unsigned.weights(&[&[0; 6]]).unwrap().golden(&golden()).unwrap();
    unsigned.code("x86_64-avx2", vec![0xc3; 5]).unwrap().sign(&key());
    let mut bytes = unsigned.to_bytes().unwrap();
    let other = writer().to_bytes().unwrap();
    let at = bytes.len() - 96;
    bytes[at..].copy_from_slice(&other[other.len() - 96..]);
    let hash = *blake3::hash(&bytes[at..]).as_bytes();
    let entry = HEADER_BYTES + 5 * ENTRY_BYTES + 64;
    bytes[entry..entry + 32].copy_from_slice(&hash);
    let forged = accept(rehashed(bytes)).unwrap();
    assert!(matches!(forged.verify_signature(&[mine]), Err(ArtifactError::Signature)));
}

#[test]
fn the_writer_refuses_what_a_reader_would() {
    let mut writer = ArtifactWriter::new(&module(), build()).unwrap();
    assert!(matches!(writer.weights(&[]), Err(ArtifactError::WeightCount { expected: 1, found: 0 })));
    assert!(matches!(writer.weights(&[&[0; 5]]), Err(ArtifactError::Weight { expected: 6, found: 5, .. })));
    assert!(matches!(writer.code("a/b", vec![]), Err(ArtifactError::Target { .. })));
    assert!(matches!(writer.code("", vec![]), Err(ArtifactError::Target { .. })));
    writer.code("x86_64", vec![]).unwrap();
    assert!(matches!(writer.code("x86_64", vec![]), Err(ArtifactError::Duplicate { .. })));
}

#[test]
fn deeply_nested_sizes_are_refused() {
    // A module whose one function has one value with a size nested ever deeper: floor(floor(floor(...) / ...) / ...).
    let mut bytes = vec![1, b'm', 1, 1, b'f', 0, 0, 1, 0, 1];
    for _ in 0..200_000 {
        bytes.extend([1, 1, 1]);
    }
    assert_eq!(postcard::from_bytes::<Module>(&bytes), Err(postcard::Error::SerdeDeCustom));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_tables_never_panic(
        fields in proptest::collection::vec((0usize..640, any::<u8>()), 1..12)
    ) {
        let mut bytes = writer().to_bytes().unwrap();
        for (at, value) in fields {
            bytes[at] = value;
        }
        let _ = accept(rehashed(bytes));
    }

    #[test]
    fn arbitrary_section_contents_never_panic(
        section in 0usize..5,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
    ) {
        let mut bytes = writer().to_bytes().unwrap();
        let artifact = Artifact::from_bytes(bytes.clone()).unwrap();
        let place = &artifact.sections()[section];
        let range = place.offset as usize..(place.offset + place.length) as usize;
        for (index, value) in edits {
            bytes[range.start + index.index(range.len())] = value;
        }
        let hash = *blake3::hash(&bytes[range]).as_bytes();
        let entry = HEADER_BYTES + section * ENTRY_BYTES + 64;
        bytes[entry..entry + 32].copy_from_slice(&hash);
        if let Ok(artifact) = accept(rehashed(bytes)) {
            if let Ok(module) = artifact.module() {
                let _ = tri_ir::verify(module);
            }
            let _ = artifact.golden();
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Artifact::from_bytes(bytes).is_err());
    }
}
