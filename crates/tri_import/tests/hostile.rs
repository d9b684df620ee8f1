//! Damaged files of both formats: cut, with bytes changed, and made of their grammar's pieces at random. Each is read or refused,
//! never with a panic, nor with more memory than its size allows.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use std::alloc::System;

use cap::Cap;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tri_import::{Doubles, decode_npy, decode_safetensors, encode_npy, encode_safetensors};
use tri_ir::{DType, TensorData};

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// What tests that run beside this one, and messages, may take.
const SLACK: usize = 4 << 20;
/// Times a file's size that reading may take.
const FACTOR: usize = 24;

fn samples() -> Vec<(String, TensorData)> {
    let types = [DType::Bool, DType::I8, DType::U8, DType::I32, DType::I64, DType::F16, DType::F32];
    let sample = |dtype: DType| {
        let bytes = (0..6 * dtype.bytes()).map(|i| (i % 2) as u8).collect();
        (dtype.name().to_owned(), TensorData::new(dtype, vec![2, 3], bytes).unwrap())
    };
    types.into_iter().map(sample).collect()
}

/// Reads the bytes as both formats; whether either takes them.
fn read(bytes: &[u8]) -> bool {
    let npy = decode_npy("x.npy", bytes, Doubles::RoundToF32);
    if let Ok(tensor) = &npy {
        assert_eq!(tensor.bytes.len(), tensor.shape.iter().product::<usize>() * tensor.dtype.bytes());
        let again = decode_npy("x.npy", &encode_npy("x.npy", tensor).unwrap(), Doubles::Refuse).unwrap();
        assert_eq!(again, *tensor);
    }
    let safetensors = decode_safetensors("x.safetensors", bytes, Doubles::RoundToF32);
    npy.is_ok() || safetensors.is_ok()
}

fn npy_files() -> Vec<Vec<u8>> {
    samples().iter().map(|(_, tensor)| encode_npy("x.npy", tensor).unwrap()).collect()
}

fn safetensors_file() -> Vec<u8> {
    encode_safetensors("x.safetensors", &samples()).unwrap()
}

#[test]
fn cut_files_are_refused() {
    for file in npy_files().iter().chain([&safetensors_file()]) {
        assert!(read(file));
        for length in 0..file.len() {
            assert!(!read(&file[..length]), "cut at {length}");
        }
    }
}

#[test]
fn files_with_a_byte_more_are_refused() {
    for mut file in npy_files().into_iter().chain([safetensors_file()]) {
        file.push(0);
        assert!(!read(&file));
    }
}

#[test]
fn every_byte_may_be_wrong() {
    for file in npy_files().iter().chain([&safetensors_file()]) {
        for at in 0..file.len() {
            for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                let mut damaged = file.clone();
                damaged[at] ^= flip;
                read(&damaged);
            }
        }
    }
}

/// Files whose header says much and whose data is little.
fn boasting() -> Vec<Vec<u8>> {
    let npy = |version: u8, length: u32, text: &str| {
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([version, 0]);
        bytes.extend(&length.to_le_bytes()[..if version == 1 { 2 } else { 4 }]);
        bytes.extend(text.as_bytes());
        bytes
    };
    let safetensors = |header: String| [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
    let shape = |sizes: &str| format!("{{'descr': '<f4', 'fortran_order': True, 'shape': ({sizes})}}");
    let tensor =
        |shape: &str, to: u64| format!(r#""a":{{"dtype":"F32","shape":[{shape}],"data_offsets":[0,{to}]}}"#);
    let many = "1,".repeat(1_000_000);
    let entries: Vec<String> = (0..20_000)
        .map(|at| format!(r#""{at}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#))
        .collect();
    vec![
        npy(1, 0xffff, ""),
        npy(2, u32::MAX, ""),
        npy(3, u32::MAX, &shape("1")),
        npy(2, shape(&many).len() as u32, &shape(&many)),
        npy(1, shape("4294967296").len() as u32, &shape("4294967296")),
        npy(1, shape("1099511627776, 0").len() as u32, &shape("1099511627776, 0")),
        u64::MAX.to_le_bytes().to_vec(),
        [&99_999_999u64.to_le_bytes()[..], b"{}"].concat(),
        safetensors(format!("{{{}}}", tensor("1099511627776", 1 << 42))),
        safetensors(format!("{{{}}}", tensor(&format!("{many}1"), 4))),
        safetensors(format!("{{{}}}", entries.join(","))),
        safetensors(format!(r#"{{"__metadata__":{{"a":"{}"}}}}"#, "b".repeat(1_000_000))),
        safetensors(format!(r#"{{"a":[{many}1]}}"#)),
        safetensors(format!("[{many}1]")),
        safetensors("[".repeat(1_000_000)),
    ]
}

#[test]
fn memory_is_taken_for_what_is_there_and_not_for_what_is_said() {
    for file in boasting() {
        // Above the limit the allocator gives nothing, and the process ends.
        let limit = MEMORY.allocated() + FACTOR * file.len() + SLACK;
        MEMORY.set_limit(limit).unwrap();
        read(&file);
        MEMORY.set_limit(usize::MAX).unwrap();
    }
}

/// Pieces of which headers are made.
const PIECES: [&str; 42] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    "'",
    "\"",
    " ",
    "\n",
    "\\",
    "'descr'",
    "'fortran_order'",
    "'shape'",
    "'<f4'",
    "'|b1'",
    "'<f8'",
    "'>i8'",
    "True",
    "False",
    "(2, 3)",
    "(0,)",
    "\"a\"",
    "\"b\"",
    "\"dtype\"",
    "\"shape\"",
    "\"data_offsets\"",
    "\"__metadata__\"",
    "\"F32\"",
    "\"BOOL\"",
    "\"F64\"",
    "\"F4\"",
    "[0,4]",
    "[4,0]",
    "0",
    "1",
    "-1",
    "18446744073709551615",
    "1e999",
    "\u{feff}",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn several_bytes_may_be_wrong(
        which in any::<Index>(),
        edits in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..8),
        cut in any::<Index>(),
    ) {
        let files = npy_files();
        for mut file in [files[which.index(files.len())].clone(), safetensors_file()] {
            for (index, value) in &edits {
                let at = index.index(file.len());
                file[at] = *value;
            }
            read(&file);
            read(&file[..cut.index(file.len())]);
        }
    }

    #[test]
    fn headers_may_be_any_text(pieces in proptest::collection::vec(select(&PIECES[..]), 0..30), data in 0usize..16) {
        let header = pieces.concat();
        let data = vec![1; data];
        let mut npy = b"\x93NUMPY\x02\x00".to_vec();
        npy.extend((header.len() as u32).to_le_bytes());
        read(&[&npy, header.as_bytes(), &data].concat());
        read(&[&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat());
    }
}
