//! Files are read as written, real files as their makers meant them, and damaged ones are refused without harm.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use std::path::{Path, PathBuf};

use tri_import::{
    Doubles, ImportError, decode_npy, decode_safetensors, encode_npy, encode_safetensors, read_npy,
    read_safetensors, read_safetensors_f64, read_tensor, read_tensor_with, write_npy, write_safetensors,
    write_tensors,
};
use tri_ir::{DType, TensorData};

fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data").join(path)
}

/// A `.npy` file with this header and these elements.
fn npy(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend([version, 0]);
    match version {
        1 => bytes.extend((header.len() as u16).to_le_bytes()),
        _ => bytes.extend((header.len() as u32).to_le_bytes()),
    }
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

fn npy_error(header: &str, data: &[u8]) -> String {
    decode_npy("x.npy", &npy(1, header, data), Doubles::Refuse).unwrap_err().to_string()
}

fn safetensors_error(header: &str, data: &[u8]) -> String {
    decode_safetensors("x.safetensors", &safetensors(header, data), Doubles::Refuse).unwrap_err().to_string()
}

/// A tensor of each type that both formats hold.
fn samples() -> Vec<(String, TensorData)> {
    let types = [DType::Bool, DType::I8, DType::U8, DType::I32, DType::I64, DType::F16, DType::F32];
    let sample = |dtype: DType| {
        let bytes = (0..6 * dtype.bytes()).map(|i| (i % 2) as u8).collect();
        (dtype.name().to_owned(), TensorData::new(dtype, vec![2, 3], bytes).unwrap())
    };
    types.into_iter().map(sample).collect()
}

#[test]
fn real_files_are_read() {
    let weights = read_safetensors(&example("digits/weights.safetensors")).unwrap();
    let names: Vec<&str> = weights.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["head.offset", "head.weight", "mid.weight", "norm.gain", "stem.weight"]);
    assert_eq!(weights[4].1.shape, [128, 64]);
    let cases = example("digits/cases.safetensors").display().to_string();
    let labels = read_tensor(&format!("{cases}:label")).unwrap().to_i32().unwrap();
    assert!(labels.len() == 360 && labels.iter().all(|label| (0..10).contains(label)));
    assert!(matches!(
        read_tensor(&format!("{cases}:labels")),
        Err(ImportError::Missing { known, near, .. })
            if known == ["image", "label", "logits"] && near.as_deref() == Some("label")
    ));
    let message = read_tensor(&cases).unwrap_err().to_string();
    assert!(message.contains("3 tensors") && message.ends_with("`image`, `label`, `logits`"), "{message}");
    let message = read_tensor(&format!("{cases}:")).unwrap_err().to_string();
    assert!(message.ends_with("missing after the colon"), "{message}");
    let prompt = read_tensor(&example("tiny_llama/prompt.npy").display().to_string()).unwrap();
    assert_eq!(prompt.dtype, DType::I32);
    assert!(matches!(read_tensor("x.bin"), Err(ImportError::Extension { .. })));
    assert!(matches!(read_tensor("none.npy"), Err(ImportError::Read { .. })));
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    for (name, tensor) in samples() {
        let path = folder.path().join(format!("{name}.npy"));
        write_npy(&path, &tensor).unwrap();
        assert_eq!(read_npy(&path, Doubles::Refuse).unwrap(), tensor);
        assert_eq!((std::fs::read(&path).unwrap().len() - tensor.bytes.len()) % 64, 0);
    }
    for shape in [vec![], vec![0], vec![5], vec![1, 0, 3]] {
        let tensor = TensorData::from_i32(shape.clone(), &vec![7; shape.iter().product()]).unwrap();
        let bytes = encode_npy("x", &tensor).unwrap();
        assert_eq!(decode_npy("x", &bytes, Doubles::Refuse).unwrap(), tensor);
    }
    let mut tensors = samples();
    tensors.push(("bf16".to_owned(), TensorData::new(DType::Bf16, vec![1], vec![1, 2]).unwrap()));
    tensors.push(("empty".to_owned(), TensorData::from_f32(vec![0, 4], &[]).unwrap()));
    let path = folder.path().join("all.safetensors");
    write_safetensors(&path, &tensors).unwrap();
    let mut read = read_safetensors(&path).unwrap();
    read.sort_by(|a, b| a.0.cmp(&b.0));
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(read, tensors);
    tensors.reverse();
    assert_eq!(encode_safetensors("x", &tensors).unwrap(), std::fs::read(&path).unwrap());
    tensors.push(tensors[0].clone());
    assert!(encode_safetensors("x", &tensors).is_err());
    let bf16 = TensorData::new(DType::Bf16, vec![1], vec![1, 2]).unwrap();
    assert!(encode_npy("x", &bf16).unwrap_err().to_string().contains("bf16"));
    let trits = TensorData::new(DType::Trit, vec![2], vec![0xff, 1]).unwrap();
    let bytes = encode_npy("x", &trits).unwrap();
    assert_eq!(decode_npy("x", &bytes, Doubles::Refuse).unwrap().dtype, DType::I8);
}

#[test]
fn fortran_order_becomes_row_major() {
    // numpy.asfortranarray([[0, 1, 2], [3, 4, 5]]) is stored as 0 3 1 4 2 5.
    let header = "{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3), }\n";
    for version in 1..=3 {
        let tensor = decode_npy("x", &npy(version, header, &[0, 3, 1, 4, 2, 5]), Doubles::Refuse).unwrap();
        assert_eq!((tensor.shape, tensor.bytes), (vec![2, 3], vec![0, 1, 2, 3, 4, 5]));
    }
    let header = "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 1, 2)}";
    let data: Vec<u8> = [1i32, 2, 3, 4].iter().flat_map(|n| n.to_le_bytes()).collect();
    let tensor = decode_npy("x", &npy(1, header, &data), Doubles::Refuse).unwrap();
    assert_eq!(tensor.to_i32().unwrap(), [1, 3, 2, 4]);
}

#[test]
fn doubles_are_rounded_only_on_request() {
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }";
    let bytes = npy(1, header, &0.1f64.to_le_bytes());
    assert!(decode_npy("x", &bytes, Doubles::Refuse).unwrap_err().to_string().contains("`<f8`"));
    assert_eq!(decode_npy("x", &bytes, Doubles::RoundToF32).unwrap().to_f32().unwrap(), [0.1f32]);

    let header = r#"{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#;
    let bytes = safetensors(header, &0.1f64.to_le_bytes());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let place = format!("{}:a", path.display());
    assert!(read_tensor(&place).unwrap_err().to_string().contains("F64"));
    assert_eq!(read_tensor_with(&place, Doubles::RoundToF32).unwrap().to_f32().unwrap(), [0.1f32]);
    assert_eq!(read_safetensors_f64(&path, "a").unwrap(), (vec![1], vec![0.1f64]));
}

#[test]
fn a_size_of_0_lets_the_others_be_anything() {
    for order in ["True", "False"] {
        let header =
            format!("{{'descr': '<f4', 'fortran_order': {order}, 'shape': (4611686018427387904, 0)}}");
        let tensor = decode_npy("x", &npy(1, &header, &[]), Doubles::Refuse).unwrap();
        assert_eq!((tensor.shape, tensor.bytes), (vec![4_611_686_018_427_387_904, 0], vec![]));
    }
}

#[test]
fn bad_npy_files_are_refused_with_the_reason() {
    for (header, data, reason) in [
        ("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", &[0; 4][..], "big-endian"),
        ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", &[0; 8], "<c8"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", &[0; 4], "records"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", &[0; 4], "takes 8 bytes, but 4"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", &[0; 5], "takes 4 bytes, but 5"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", &[0; 4], "a size"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551615, 2)}", &[], "memory"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", &[], "a size"),
        ("{'descr': '<f4', 'fortran_order': False}", &[], "lacks"),
        ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", &[0; 4], "twice"),
        ("{'descr': '<f4', 'fortran_order': 1, 'shape': ()}", &[0; 4], "True or False"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", &[0; 4], "unknown key"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': ()} + 1", &[0; 4], "nothing more"),
        ("{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}", &[2], "0 or 1"),
    ] {
        let message = npy_error(header, data);
        assert!(message.starts_with("x.npy: ") && message.contains(reason), "{header}: {message}");
    }
    let deep = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({})}}", "1,".repeat(65));
    assert!(npy_error(&deep, &[0; 4]).contains("axes"));
    assert!(
        decode_npy("x", &npy(4, "{}", &[]), Doubles::Refuse).unwrap_err().to_string().contains("version 4")
    );
}

#[test]
fn bad_safetensors_files_are_refused() {
    let one = |dtype: &str, shape: &str, from: &str, to: &str| {
        format!(r#"{{"a":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{from},{to}]}}}}"#)
    };
    for (header, data) in [
        (one("F32", "[2]", "0", "4"), &[0; 4][..]),
        (one("F32", "[1]", "0", "8"), &[0; 8]),
        (one("F32", "[1]", "4", "0"), &[0; 4]),
        (one("F32", "[1]", "-4", "0"), &[0; 4]),
        (one("F32", "[1]", "4", "8"), &[0; 8]),
        (one("F32", "[1]", "0", "4"), &[0; 5]),
        (one("F32", "[1]", "0", "4"), &[0; 3]),
        (one("F32", "[4611686018427387905]", "0", "4"), &[0; 4]),
        (one("F32", "[9223372036854775807,9223372036854775807]", "0", "4"), &[0; 4]),
        (one("F32", "[-1]", "0", "4"), &[0; 4]),
        (one("C64", "[1]", "0", "8"), &[0; 8]),
        (one("NONE", "[1]", "0", "4"), &[0; 4]),
        (one("BOOL", "[1]", "0", "1"), &[2]),
        (r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#.to_owned(), &[0; 3]),
        (r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#.to_owned(), &[0; 3]),
        ("[".repeat(100_000), &[]),
        (r#"{"a":"#.repeat(50_000), &[]),
        (format!(r#"{{"a":{{"dtype":"U8","shape":[{}1],"data_offsets":[0,1]}}}}"#, "1,".repeat(64)), &[0]),
        (r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":[]}}"#.to_owned(), &[0]),
        (r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}"#.to_owned(), &[0]),
        (r#"{"__metadata__":[]}"#.to_owned(), &[]),
        ("\u{feff}{}".to_owned(), &[]),
        (String::new(), &[]),
    ] {
        let message = safetensors_error(&header, data);
        assert!(message.starts_with("x.safetensors"), "{message}");
    }
    let twice = r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#;
    assert!(safetensors_error(twice, &[0]).contains("two tensors of this name"));
    // Eight tensors of nearly 2^61 bytes end just before 2^64, where adding the header's length would wrap.
    let size = (1u64 << 61) - 1;
    let entry = |at: u64| {
        let (from, to) = (at * size, (at + 1) * size);
        format!(r#""{at}":{{"dtype":"U8","shape":[{size}],"data_offsets":[{from},{to}]}}"#)
    };
    let huge = format!("{{{}}}", (0..8).map(entry).collect::<Vec<_>>().join(","));
    assert!(safetensors_error(&huge, &[]).contains("the data, which is 0 bytes long"));
    for length in [0u64, 1, 1 << 31, 1 << 63, u64::MAX] {
        let bytes = [&length.to_le_bytes()[..], b"{}"].concat();
        assert!(decode_safetensors("x", &bytes, Doubles::Refuse).is_err(), "{length}");
    }
}

#[test]
fn results_are_written_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let tensors: Vec<TensorData> = (0..3).map(|n| TensorData::from_i32(vec![1], &[n]).unwrap()).collect();
    let places = [place("a.npy"), place("b.safetensors:x:y"), place("b.safetensors")];
    write_tensors(&places, &tensors, |at| format!("forward.{at}")).unwrap();
    for (place, tensor) in [&places[0], &places[1], &place("b.safetensors:forward.2")].iter().zip(&tensors) {
        assert_eq!(read_tensor(place).unwrap(), *tensor);
    }
    let before = std::fs::read(&places[0]).unwrap();
    for (wrong, reason) in [
        (place("a.npy"), "two tensors"),
        (place("c.bin"), ".npy, .safetensors"),
        (place("c.safetensors:"), "missing after the colon"),
    ] {
        let message = write_tensors(&[places[0].clone(), wrong], &tensors[1..], |_| String::new())
            .unwrap_err()
            .to_string();
        assert!(message.contains(reason), "{message}");
        assert_eq!(std::fs::read(&places[0]).unwrap(), before);
    }
}

#[test]
fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let tensor = TensorData::from_i32(vec![1], &[7]).unwrap();
    let path = folder.path().join("a.npy");
    std::fs::write(&path, "before").unwrap();
    write_npy(&path, &tensor).unwrap();
    assert_eq!(read_npy(&path, Doubles::Refuse).unwrap(), tensor);
    std::fs::create_dir(folder.path().join("b.npy")).unwrap();
    for (bad, reason) in [("b.npy", "a folder"), ("none/c.npy", "cannot write")] {
        let message = write_npy(&folder.path().join(bad), &tensor).unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn links_stay_and_pipes_and_devices_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let tensor = TensorData::from_i32(vec![1], &[7]).unwrap();
    std::os::unix::fs::symlink(path("real.npy"), path("link.npy")).unwrap();
    std::fs::write(path("real.npy"), "").unwrap();
    write_npy(&path("link.npy"), &tensor).unwrap();
    assert!(path("link.npy").is_symlink());
    assert_eq!(read_npy(&path("real.npy"), Doubles::Refuse).unwrap(), tensor);

    assert!(std::process::Command::new("mkfifo").arg(path("pipe.npy")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", path("zero.npy")).unwrap();
    for special in ["pipe.npy", "zero.npy"] {
        let message = read_npy(&path(special), Doubles::Refuse).unwrap_err().to_string();
        assert!(message.contains("not a regular file"), "{message}");
    }
    std::os::unix::fs::symlink("/dev/full", path("full.npy")).unwrap();
    if Path::new("/dev/full").exists() {
        assert!(write_npy(&path("full.npy"), &tensor).unwrap_err().to_string().contains("space"));
    }
}
