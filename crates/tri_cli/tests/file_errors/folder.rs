//! A folder with a program, its weights and inputs, its artifact, and files that are wrong in one way each.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tri_ir::{DType, TensorData};

use crate::artifacts;

pub(crate) const PROGRAM: &str = "\
dim In = 6
dim Out = 3
dim Rows = 4
dim MaxLen = 5

model Small() {
    param weight: f32[Out, In] = init.normal(std = 0.5)
    param table: f32[Rows, In] = init.normal(std = 0.5)
    param signs: trit[Out] = ones[Out]() as trit
    state seen: f32[MaxLen, In] = zeros

    fn forward[B in 1..9](x: f32[B, In], shift: f32[B, In]) -> f32[B, Out] {
        (x + shift) @ weight.T * signs as f32
    }

    fn look_up[T](ids: i32[T]) -> f32[T, In] {
        gather(table, ids)
    }

    fn recall(length: i32) -> f32[In] {
        let dim N = length where N <= MaxLen
        sum(seen[0:N], axis = 0)
    }
}
";

/// Rows without columns take no memory, and the rows of this result more than there is.
const WIDE: &str = "\
model Wide() {
    fn forward[A](x: f32[A, 0]) -> f32[A, 1000000] {
        x @ zeros[0, 1000000]()
    }
}
";

/// A size without limit, for which no memory can be planned.
const OPEN: &str = "\
model Open() {
    fn forward(length: i32) -> f32 {
        let dim N = length
        sum(ones[N](), axis = 0)
    }
}
";

/// A layer of two tiles, and an entry that does not use it.
const ROUTED: &str = "\
use std.trix.SparseTrixFfn

model Routed() {
    ffn = SparseTrixFfn[6, 8, 2]()

    fn forward[B](x: f32[B, 6]) -> f32[B, 6] { ffn(x) }

    fn double[B](x: f32[B, 6]) -> f32[B, 6] { x * 2 }
}
";

/// The folder; it goes when the test ends.
pub(crate) struct Folder(tempfile::TempDir);

fn floats(shape: &[usize]) -> TensorData {
    let elements: Vec<f32> = (0..shape.iter().product::<usize>()).map(|at| at as f32 * 0.25).collect();
    TensorData::from_f32(shape.to_vec(), &elements).unwrap()
}

fn small_ints(elements: &[u8]) -> TensorData {
    TensorData::new(DType::I8, vec![elements.len()], elements.to_vec()).unwrap()
}

fn ints(shape: &[usize], elements: &[i32]) -> TensorData {
    TensorData::from_i32(shape.to_vec(), elements).unwrap()
}

impl Folder {
    pub(crate) fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("small.tri", PROGRAM.as_bytes());
        folder.write("wide.tri", WIDE.as_bytes());
        folder.write("open.tri", OPEN.as_bytes());
        folder.write("routed.tri", ROUTED.as_bytes());
        folder.write("bounded.tri", OPEN.replace("length\n", "length where N <= 1024\n").as_bytes());
        folder.inputs();
        folder.weights();
        folder.not_tensors();
        let output = folder.run(&["compile", "small.tri", "--weights=weights.safetensors"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        artifacts::write(&folder);
        folder
    }

    fn inputs(&self) {
        let inputs = [
            ("x".to_owned(), floats(&[2, 6])),
            ("three".to_owned(), floats(&[3, 6])),
            ("nine".to_owned(), floats(&[9, 6])),
            ("flat".to_owned(), floats(&[6])),
            ("good".to_owned(), ints(&[2], &[1, 3])),
            ("ids".to_owned(), ints(&[2], &[1, 9])),
            ("length".to_owned(), ints(&[], &[7])),
            ("short".to_owned(), ints(&[], &[2])),
            ("y".to_owned(), floats(&[2, 3])),
        ];
        self.tensors("inputs.safetensors", &inputs);
        tri_import::write_npy(&self.path("ids.npy"), &ints(&[1], &[0])).unwrap();
        let wide = TensorData::new(DType::F32, vec![1 << 50, 0], Vec::new()).unwrap();
        tri_import::write_npy(&self.path("wide.npy"), &wide).unwrap();
    }

    /// Weights that fit, and some that do not.
    fn weights(&self) {
        let good = vec![
            ("weight".to_owned(), floats(&[3, 6])),
            ("table".to_owned(), floats(&[4, 6])),
            ("signs".to_owned(), small_ints(&[1, 255, 0])),
        ];
        let with = |at: usize, tensor: TensorData| {
            let mut tensors = good.clone();
            tensors[at].1 = tensor;
            tensors
        };
        let mut renamed = good.clone();
        renamed[1].0 = "tabel".to_owned();
        let mut more = good.clone();
        more.push(("extra".to_owned(), floats(&[1])));
        self.tensors("weights.safetensors", &good);
        self.tensors("renamed.safetensors", &renamed);
        self.tensors("more.safetensors", &more);
        self.tensors("ints.safetensors", &with(0, ints(&[3, 6], &[0; 18])));
        self.tensors("transposed.safetensors", &with(0, floats(&[6, 3])));
        self.tensors("twos.safetensors", &with(2, small_ints(&[1, 2, 0])));
    }

    fn not_tensors(&self) {
        self.write("text.npy", b"1 2 3");
        self.write("text.safetensors", b"1 2 3");
        let header = r#"{"ids":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#;
        let mut doubles = (header.len() as u64).to_le_bytes().to_vec();
        doubles.extend(header.as_bytes());
        doubles.extend([0; 8]);
        self.write("doubles.safetensors", &doubles);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn tensors(&self, name: &str, tensors: &[(String, TensorData)]) {
        tri_import::write_safetensors(&self.path(name), tensors).unwrap();
    }

    /// Runs the binary here.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        run_in(self.0.path(), args, &[])
    }

    /// Runs the binary here, with variables of the environment.
    pub(crate) fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        run_in(self.0.path(), args, variables)
    }
}

fn run_in(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triton"));
    command.args(args).envs(variables.iter().copied()).current_dir(folder).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
