//! Every encoding against vectors made outside this project, both ways, and against damaged bytes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use serde_json::Value;
use tri_pack::{Encoding, PackErrorKind, checksum, pack, packed_len, scale_count, unpack};

fn json(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn size(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

/// The packs shorten the name of bitnet.cpp's encoding.
fn encoding(name: &str) -> Encoding {
    if name == "i2_s" { Encoding::I2SX86 } else { Encoding::from_name(name).unwrap() }
}

fn floats(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(items) => items.iter().flat_map(floats).collect(),
        Value::Number(number) => vec![number.as_f64().unwrap() as f32],
        _ => Vec::new(),
    }
}

fn check(encoding: Encoding, trits: &[i8], shape: [usize; 2], scales: &[f32], packed: &[u8]) {
    let [rows, columns] = shape;
    assert_eq!(pack(encoding, trits, rows, columns, scales).unwrap(), packed, "{encoding:?} {shape:?}");
    let unpacked = unpack(encoding, packed, rows, columns).unwrap();
    assert_eq!(
        (unpacked.trits.as_slice(), unpacked.scales.as_slice()),
        (trits, scales),
        "{encoding:?} {shape:?}"
    );
    assert_eq!(packed_len(encoding, rows, columns).unwrap(), packed.len());
}

#[test]
fn legal_vectors_pack_and_unpack() {
    let pack: Value =
        serde_json::from_str(include_str!("../../../tests/data/encodings/vectors.json")).unwrap();
    let cases = pack["legal"].as_array().unwrap();
    assert_eq!(cases.len(), 12);
    for case in cases {
        let shape = [size(&case["shape"][0]), size(&case["shape"][1])];
        let trits: Vec<i8> = floats(&case["trits"]).iter().map(|&trit| trit as i8).collect();
        for name in ["t2", "t160", "trix", "triton_cpu", "triton_cuda"] {
            check(encoding(name), &trits, shape, &[], &bytes(case[name].as_str().unwrap()));
        }
        let rows = case["planes"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
        let planes: Vec<u8> = rows.flat_map(|plane| bytes(plane.as_str().unwrap())).collect();
        check(Encoding::Planes, &trits, shape, &[], &planes);
        for name in ["tq1_0", "tq2_0"] {
            let Some(case) = case.get(format!("gguf_{name}")) else { continue };
            let scales = vec![case["scale"].as_f64().unwrap() as f32; trits.len() / 256];
            check(encoding(name), &trits, shape, &scales, &bytes(case["bytes"].as_str().unwrap()));
        }
    }
}

#[test]
fn further_legal_vectors_pack_and_unpack() {
    let cases = json(include_str!("../../../tests/data/extra/encodings/vectors.json"));
    assert_eq!(cases.len(), 149);
    for case in cases {
        let rows = case["trits"].as_array().unwrap().iter().map(|row| row.as_str().unwrap());
        let trits: Vec<i8> = rows
            .flat_map(str::chars)
            .map(|sign| match sign {
                '-' => -1,
                '0' => 0,
                '+' => 1,
                other => panic!("{other} is no trit"),
            })
            .collect();
        let shape = [size(&case["rows"]), size(&case["cols"])];
        let packed = bytes(case["bytes"].as_str().unwrap());
        check(encoding(case["encoding"].as_str().unwrap()), &trits, shape, &floats(&case["scales"]), &packed);
    }
}

#[test]
fn faults_are_named_and_placed() {
    let pack: Value =
        serde_json::from_str(include_str!("../../../tests/data/encodings/vectors.json")).unwrap();
    let cases = pack["illegal"].as_array().unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let [rows, columns] = [size(&case["shape"][0]), size(&case["shape"][1])];
        let kind = match case["error"].as_str().unwrap() {
            "illegal code 3" => PackErrorKind::IllegalCode,
            "non-zero padding" => PackErrorKind::NonZeroPadding,
            "byte above 242" => PackErrorKind::IllegalByte,
            "too short" => PackErrorKind::TooShort,
            "too long" => PackErrorKind::TooLong,
            other => panic!("{other}"),
        };
        let encoding = encoding(case["encoding"].as_str().unwrap());
        let error = unpack(encoding, &bytes(case["bytes"].as_str().unwrap()), rows, columns).unwrap_err();
        let place = (size(&case["row"]), size(&case["column"]));
        assert_eq!((error.kind, (error.row, error.column)), (kind, place), "{case}");
    }
}

#[test]
fn further_faults_are_named_and_placed() {
    let cases = json(include_str!("../../../tests/data/extra/encodings/illegal.json"));
    assert_eq!(cases.len(), 27);
    for case in cases {
        let encoding = encoding(case["encoding"].as_str().unwrap());
        let packed = bytes(case["bytes"].as_str().unwrap());
        let error = unpack(encoding, &packed, size(&case["rows"]), size(&case["cols"])).unwrap_err();
        let kinds: &[PackErrorKind] = match case["error"].as_str().unwrap() {
            "illegal_code" => &[PackErrorKind::IllegalCode],
            "illegal_byte" => &[PackErrorKind::IllegalByte],
            "non_zero_padding" => &[PackErrorKind::NonZeroPadding],
            "negative_zero" => &[PackErrorKind::NegativeZero],
            "bad_scale" => &[PackErrorKind::BadScale],
            "wrong_length" => &[PackErrorKind::TooShort, PackErrorKind::TooLong],
            "ragged_row" => &[PackErrorKind::RaggedRow],
            other => panic!("{other}"),
        };
        assert!(kinds.contains(&error.kind), "{error}: {case}");
        // The pack names no place for a wrong length.
        if !case["row"].is_null() {
            assert_eq!(
                (error.row, error.column),
                (size(&case["row"]), size(&case["col"])),
                "{error}: {case}"
            );
            assert_eq!(error.byte, case["byte"].as_u64().map(|byte| byte as usize), "{error}: {case}");
        }
    }
}

#[test]
fn what_cannot_be_packed_is_an_error() {
    let kind = |encoding, trits: &[i8], rows, columns, scales: &[f32]| {
        pack(encoding, trits, rows, columns, scales).unwrap_err().kind
    };
    let zeros = [0; 256];
    assert_eq!(kind(Encoding::T2, &[0, 2], 1, 2, &[]), PackErrorKind::NotTrit);
    assert_eq!(kind(Encoding::T2, &[0, 1], 1, 3, &[]), PackErrorKind::WrongElementCount);
    assert_eq!(kind(Encoding::T2, &[0], 1, 1, &[1.0]), PackErrorKind::WrongScaleCount);
    assert_eq!(kind(Encoding::Tq2_0, &zeros, 1, 256, &[]), PackErrorKind::WrongScaleCount);
    for encoding in [Encoding::Tq1_0, Encoding::Tq2_0, Encoding::I2SX86] {
        for scale in [f32::NAN, f32::INFINITY, -1.0] {
            assert_eq!(kind(encoding, &zeros, 1, 256, &[scale]), PackErrorKind::BadScale);
        }
    }
    // f16 holds neither of these.
    assert_eq!(kind(Encoding::Tq1_0, &zeros, 1, 256, &[0.1]), PackErrorKind::BadScale);
    assert_eq!(kind(Encoding::Tq2_0, &zeros, 1, 256, &[1e6]), PackErrorKind::BadScale);
}

#[test]
fn sizes_that_overflow_are_errors() {
    for encoding in Encoding::ALL {
        assert_eq!(unpack(encoding, &[], usize::MAX, 256).unwrap_err().kind, PackErrorKind::TooLarge);
        assert_eq!(unpack(encoding, &[], 1 << 40, 256).unwrap_err().kind, PackErrorKind::TooShort);
    }
    assert_eq!(packed_len(Encoding::Planes, usize::MAX / 2, 2).unwrap_err().kind, PackErrorKind::TooLarge);
}

#[test]
fn a_matrix_without_elements_has_no_codes() {
    for encoding in Encoding::ALL {
        for [rows, columns] in [[0, 0], [0, 256], [usize::MAX, 0]] {
            let scales = vec![1.0; scale_count(encoding, rows, columns).unwrap()];
            let packed = pack(encoding, &[], rows, columns, &scales).unwrap();
            assert_eq!(packed.len(), 32 * scales.len());
            assert!(unpack(encoding, &packed, rows, columns).unwrap().trits.is_empty());
        }
    }
}

#[test]
fn the_checksum_is_blake3_of_the_trits() {
    // Published test vector: no input.
    let empty = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
    assert_eq!(checksum(&[]).to_vec(), bytes(empty));
    let trits: Vec<i8> = (0..200_000).map(|i| (i % 3 - 1) as i8).collect();
    let raw: Vec<u8> = trits.iter().map(|&trit| trit as u8).collect();
    assert_eq!(checksum(&trits), *blake3::hash(&raw).as_bytes());
}

fn any_encoding() -> impl Strategy<Value = Encoding> {
    proptest::sample::select(Encoding::ALL.to_vec())
}

proptest! {
    #[test]
    fn what_was_packed_unpacks(
        encoding in any_encoding(),
        rows in 0usize..4,
        columns in 0usize..300,
        seed in proptest::collection::vec(-1i8..=1, 2048),
        scale in 0u16..1000,
    ) {
        let columns = match encoding {
            Encoding::Tq1_0 | Encoding::Tq2_0 => columns % 3 * 256,
            Encoding::I2SX86 => columns % 5 * 128,
            _ => columns,
        };
        let trits = &seed[..rows * columns];
        let scales = vec![f32::from(scale) / 64.0; scale_count(encoding, rows, columns).unwrap()];
        let packed = pack(encoding, trits, rows, columns, &scales).unwrap();
        prop_assert_eq!(packed.len(), packed_len(encoding, rows, columns).unwrap());
        let unpacked = unpack(encoding, &packed, rows, columns).unwrap();
        prop_assert_eq!(&unpacked.trits, trits);
        prop_assert_eq!(unpacked.scales, scales);
    }

    #[test]
    fn any_bytes_give_trits_or_an_error_in_place(
        encoding in any_encoding(),
        rows in 0usize..4,
        columns in 0usize..600,
        noise in proptest::collection::vec(any::<u8>(), 0..700),
    ) {
        let Ok(length) = packed_len(encoding, rows, columns) else { return Ok(()) };
        let mut bytes = noise;
        bytes.resize(length, 0x55);
        match unpack(encoding, &bytes, rows, columns) {
            Ok(unpacked) => {
                prop_assert_eq!(unpacked.trits.len(), rows * columns);
                prop_assert!(unpacked.trits.iter().all(|trit| (-1..=1).contains(trit)));
            }
            // The scale of an empty matrix, too, is placed at row 0.
            Err(error) => prop_assert!(error.row < rows.max(1) && error.byte.is_none_or(|byte| byte < length)),
        }
    }

    #[test]
    fn any_other_length_is_an_error(
        encoding in any_encoding(), rows in 1usize..4, columns in 1usize..3, length in 0usize..2000,
    ) {
        let columns = 256 * columns;
        let expected = packed_len(encoding, rows, columns).unwrap();
        prop_assume!(length != expected);
        let error = unpack(encoding, &vec![0x55; length], rows, columns).unwrap_err();
        let kind = if length < expected { PackErrorKind::TooShort } else { PackErrorKind::TooLong };
        prop_assert_eq!((error.kind, error.byte), (kind, Some(length.min(expected))));
    }
}
