//! The cache of compilations: the same bytes with and without, reasons of misses, and every way in which a cache can be broken.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const MODEL: &str = "\
use parts.Half

dim In = 6
dim Out = 3

/// A row for each output.
layer Row() {
    param weight: f32[Out, In] = init.normal(std = 0.5)

    fn forward[B](x: f32[B, In]) -> f32[B, Out] {
        relu(x @ weight.T)
    }
}

model Small() {
    row = Row()
    half = Half[Out]()

    fn forward[B](x: f32[B, In]) -> f32[B, Out] {
        half(row(x))
    }
}
";

const PARTS: &str = "\
layer Half[D]() {
    param scale: f32[D] = init.ones

    fn forward[B](x: f32[B, D]) -> f32[B, D] {
        x * 0.5 * scale
    }
}
";

/// A program of two files with a cache of its own.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new() -> Project {
        let project = Project { folder: tempfile::tempdir().unwrap() };
        project.write("main.tri", MODEL);
        project.write("parts.tri", PARTS);
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triton"));
        command.args(args).current_dir(self.folder.path()).env("TRI_CACHE_DIR", self.path("cache"));
        command
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Compiles `main.tri`; what the JSON says of the cache.
    #[track_caller]
    fn compile(&self, args: &[&str]) -> Value {
        let output = self.run(&[&["compile", "main.tri", "--format=json"], args].concat());
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["cache"].clone()
    }

    fn artifact(&self) -> Vec<u8> {
        fs::read(self.path("main.tria")).unwrap()
    }

    /// Every file of the cache.
    fn entries(&self) -> Vec<PathBuf> {
        let (mut open, mut files) = (vec![self.path("cache")], Vec::new());
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { &mut open } else { &mut files }.push(path);
            }
        }
        files.sort();
        files
    }
}

#[track_caller]
fn reason(of: &Value) -> &str {
    assert_eq!(of["hit"], false);
    of["reason"].as_str().unwrap()
}

#[test]
fn what_did_not_change_is_not_compiled_again() {
    let project = Project::new();
    assert_eq!(reason(&project.compile(&[])), "first compilation of this program");
    let cold = project.artifact();
    fs::remove_file(project.path("main.tria")).unwrap();
    assert_eq!(project.compile(&[])["hit"], true);
    assert_eq!(project.artifact(), cold);
    project.run(&["compile", "main.tri", "--no-cache"]);
    assert_eq!(project.artifact(), cold);
}

#[test]
fn white_space_and_comments_change_nothing() {
    let project = Project::new();
    project.compile(&[]);
    let before = project.artifact();
    project
        .write("main.tri", &MODEL.replace("relu(", "/* twice */  relu(  ").replace("dim", "// a size\ndim"));
    assert_eq!(project.compile(&[])["hit"], true);
    project.run(&["compile", "main.tri", "--no-cache"]);
    assert_eq!(project.artifact(), before);
}

#[test]
fn a_miss_says_what_changed() {
    let project = Project::new();
    project.compile(&[]);
    let all = project.compile(&["--no-cache"])["functions_compiled"].as_u64().unwrap();

    project.write("parts.tri", &PARTS.replace("0.5", "0.25"));
    let missed = project.compile(&[]);
    assert_eq!(reason(&missed), "`layer Half` in parts.tri changed");
    let (compiled, reused) = (missed["functions_compiled"].as_u64(), missed["functions_reused"].as_u64());
    assert_eq!(compiled, Some(1), "the one loop with the factor");
    assert_eq!(reused, Some(all - 1));

    project.write("main.tri", &MODEL.replace("relu(x", "silu(x"));
    assert_eq!(reason(&project.compile(&[])), "`layer Row` changed");
    assert_eq!(reason(&project.compile(&["-O0"])), "the -O level changed");
    assert_eq!(reason(&project.compile(&["--dim=In=8", "-O0"])), "option dim.In was added");
    assert_eq!(project.compile(&["-O0"])["hit"], true);

    project.write("main.tri", MODEL);
    project.write("parts.tri", PARTS);
    assert_eq!(project.compile(&[])["hit"], true, "the first compilation is still there");
}

/// Makes ResNet-50 the program, with its layers beside it; gives their text.
fn resnet50(project: &Project) -> String {
    let read = |path: &str| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
    };
    project.write("main.tri", &read("examples/zoo/resnet50.tri").replace("use std.vision.", "use vision."));
    let layers = read("stdlib/vision.tri");
    project.write("vision.tri", &layers);
    layers
}

#[test]
fn an_edit_in_a_layer_of_resnet50_compiles_one_function() {
    let project = Project::new();
    let layers = resnet50(&project);
    project.compile(&[]);
    // Twelve widths of the layer, one loop.
    let edited = layers.replace("eps: float = 1e-5", "eps: float = 1e-4");
    assert_ne!(edited, layers);
    project.write("vision.tri", &edited);
    let missed = project.compile(&[]);
    assert_eq!(reason(&missed), "`layer Norm` in vision.tri changed");
    assert_eq!(missed["functions_compiled"].as_u64(), Some(1));
    assert!(missed["functions_reused"].as_u64() > Some(100), "{missed}");
    let cached = project.artifact();
    project.run(&["compile", "main.tri", "--no-cache"]);
    assert_eq!(project.artifact(), cached);
}

#[test]
fn an_artifact_has_the_same_bytes_with_any_number_of_threads() {
    let project = Project::new();
    resnet50(&project);
    for level in ["-O0", "-O2"] {
        // With one thread, the one that asks does everything, with others it works among them.
        let [one, two, five] = ["1", "2", "5"].map(|threads| {
            let mut command = project.command(&["compile", "main.tri", "--no-cache", level]);
            let output = command.env("RAYON_NUM_THREADS", threads).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
            project.artifact()
        });
        assert!(one == two && two == five, "{level}");
    }
}

/// The files of compiled functions, with their bytes.
fn functions(project: &Project) -> Vec<(PathBuf, Vec<u8>)> {
    let entries =
        project.entries().into_iter().filter(|path| path.starts_with(project.path("cache/functions")));
    entries.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn what_an_edit_made_lies_beside_the_functions_that_are_there() {
    let project = Project::new();
    let layers = resnet50(&project);
    project.compile(&[]);
    let before = functions(&project);
    let [all] = before.as_slice() else { panic!("{} files of functions", before.len()) };

    let edited = layers.replace("eps: float = 1e-5", "eps: float = 1e-4");
    assert_ne!(edited, layers);
    project.write("vision.tri", &edited);
    assert_eq!(project.compile(&[])["functions_compiled"].as_u64(), Some(1));
    let after = functions(&project);
    assert_eq!(after.len(), 2);
    assert!(after.contains(all), "the functions that are there are not written again");
    let (recent, contents) = after.iter().find(|file| *file != all).unwrap();
    assert!(contents.len() < all.1.len() / 4, "{} of {} bytes", contents.len(), all.1.len());

    // Found there by the next edit, and made again where the file is damaged.
    let more = format!("{edited}\nfn unused(x: f32[1]) -> f32[1] {{\n    x\n}}\n");
    project.write("vision.tri", &more);
    assert_eq!(project.compile(&[])["functions_compiled"].as_u64(), Some(0));
    fs::write(recent, &contents[..contents.len() - 1]).unwrap();
    project.write("vision.tri", &more.replace("unused", "unused_too"));
    assert_eq!(project.compile(&[])["functions_compiled"].as_u64(), Some(1));
    assert_eq!(functions(&project), after);
}

/// Every example, at every level and for every CPU level that all machines of an architecture can compile for, and with its weights.
fn cases() -> Vec<Vec<String>> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut sources: Vec<PathBuf> = fs::read_dir(&examples)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| is_program(path))
        .collect();
    sources.sort();
    assert!(sources.len() >= 4, "{sources:?}");
    let mut cases = Vec::new();
    for source in sources {
        let weights = examples.join("data").join(source.file_stem().unwrap()).join("weights.safetensors");
        let text = fs::read_to_string(&source).unwrap();
        let source = source.display().to_string();
        let flags = ["-O0", "-O1", "-O2", "-O3", "TRI_CPU_LEVEL=portable"];
        let model = last_of_several_models(&text).map(|name| format!("--model={name}"));
        cases.extend(flags.map(|flag| {
            let words = [Some(source.clone()), Some(flag.to_owned()), model.clone()];
            words.into_iter().flatten().collect()
        }));
        if weights.exists() {
            cases.push(vec![source, format!("--weights={}", weights.display())]);
        }
    }
    cases
}

/// The name of the last model, where there are several to choose from.
fn last_of_several_models(source: &str) -> Option<&str> {
    let names = source.lines().filter_map(|line| line.strip_prefix("model ")?.split('(').next());
    let names: Vec<&str> = names.collect();
    names.split_first().and_then(|(_, others)| others.last().copied())
}

fn is_program(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tri")
}

#[test]
fn cached_and_uncached_artifacts_are_the_same_in_every_order() {
    let project = Project::new();
    let cases = cases();
    let compile = |case: &[String], cache: bool| {
        let (variables, args): (Vec<&str>, Vec<&str>) =
            case.iter().map(String::as_str).partition(|word| word.starts_with("TRI_"));
        let more: &[&str] = if cache { &[] } else { &["--no-cache"] };
        let mut command = project.command(&[&["compile", "-o", "out.tria"], &args[..], more].concat());
        let output = command.envs(variables.iter().filter_map(|word| word.split_once('='))).output().unwrap();
        assert!(output.status.success(), "{case:?}: {}", String::from_utf8_lossy(&output.stderr));
        fs::read(project.path("out.tria")).unwrap()
    };
    let fresh: Vec<Vec<u8>> = cases.iter().map(|case| compile(case, false)).collect();
    // Filled in one order, asked in another.
    for (case, fresh) in cases.iter().zip(&fresh).rev() {
        assert!(compile(case, true) == *fresh, "{case:?}, cold");
    }
    for (case, fresh) in cases.iter().zip(&fresh) {
        assert!(compile(case, true) == *fresh, "{case:?}, warm");
    }
    // What is printed of a stage does not come from the cache, and does not change with it.
    for stage in ["ast", "hir", "ir", "kir", "clif", "asm"] {
        let emit = format!("--emit={stage}");
        let with = project.run(&["compile", "main.tri", &emit]).stdout;
        project.compile(&[]);
        assert_eq!(project.run(&["compile", "main.tri", &emit]).stdout, with, "{stage}");
        assert_eq!(project.run(&["compile", "main.tri", &emit, "--no-cache"]).stdout, with, "{stage}");
    }
    let verified = project.run(&["cache", "verify"]);
    let verified = String::from_utf8(verified.stdout).unwrap();
    assert!(verified.contains(" artifacts are what their tensor IR compiles to, 0 are not"), "{verified}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_only_costs_time() {
    let project = Project::new();
    project.run(&["compile", "main.tri", "--no-cache"]);
    let right = project.artifact();
    // An entry is longer than its artifact, so there is room for the artifact and none for the entry.
    let limit = format!("--fsize={}", right.len());
    let limited = || {
        let mut command = Command::new("sh");
        let script = "trap '' XFSZ; exec prlimit \"$0\" \"$@\"";
        command.args(["-c", script, &limit, env!("CARGO_BIN_EXE_triton"), "compile", "main.tri"]);
        command.current_dir(project.folder.path()).env("TRI_CACHE_DIR", project.path("cache"));
        command.output().unwrap()
    };
    for _ in 0..2 {
        fs::remove_file(project.path("main.tria")).unwrap();
        let output = limited();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(output.status.success() && project.artifact() == right);
        let entries = project.entries();
        assert!(
            entries.iter().all(|entry| !entry.starts_with(project.path("cache/artifacts"))),
            "{entries:?}"
        );
    }
    assert_eq!(project.compile(&[])["hit"], false);
    assert_eq!(project.compile(&[])["hit"], true, "when there is room again");
}

#[test]
#[cfg(target_os = "linux")]
fn a_cache_that_cannot_be_written_is_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let project = Project::new();
    project.compile(&[]);
    let entries = project.entries();
    let above = |entry: &PathBuf| entry.ancestors().skip(1).take(3).map(Path::to_owned).collect::<Vec<_>>();
    let folders: Vec<PathBuf> = entries.iter().flat_map(above).collect();
    let allow = |mode: u32| {
        for folder in &folders {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    allow(0o555);
    // The superuser writes everywhere, unless that is taken from them.
    let is_root = fs::write(entries[0].with_file_name("probe"), "").is_ok();
    let compile = || {
        let binary = env!("CARGO_BIN_EXE_triton");
        let mut command = Command::new(if is_root { "setpriv" } else { binary });
        if is_root {
            command.args(["--bounding-set=-dac_override,-dac_read_search", binary]);
        }
        command.args(["compile", "main.tri", "--format=json"]).current_dir(project.folder.path());
        let output = command.env("TRI_CACHE_DIR", project.path("cache")).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["cache"]["hit"].clone()
    };
    if is_root {
        fs::remove_file(entries[0].with_file_name("probe")).unwrap();
    }
    assert_eq!(compile(), true);
    for text in [MODEL.replace("relu", "silu"), MODEL.replace("relu", "tanh")] {
        project.write("main.tri", &text);
        assert_eq!(compile(), false);
    }
    let left = project.entries();
    allow(0o755);
    assert_eq!(left, entries);
}

#[test]
fn broken_entries_are_dropped_with_a_note_and_compiled_again() {
    let project = Project::new();
    project.compile(&[]);
    let cold = project.artifact();
    for damage in [0usize, 9, 30, 60] {
        for entry in project.entries() {
            let mut bytes = fs::read(&entry).unwrap();
            if damage == 0 {
                bytes.truncate(bytes.len() / 2);
            } else {
                let at = damage.min(bytes.len() - 1);
                bytes[at] ^= 0x10;
            }
            fs::write(&entry, bytes).unwrap();
        }
        let output = project.run(&["compile", "main.tri"]);
        let note = String::from_utf8(output.stderr).unwrap();
        assert!(note.contains("note: the cache entry") && note.contains("it is not used"), "{note}");
        assert_eq!(project.artifact(), cold);
        assert_eq!(project.compile(&[])["hit"], true);
    }
}

#[test]
fn a_cache_that_cannot_be_had_only_costs_time() {
    let project = Project::new();
    project.write("file", "not a folder");
    let mut command = project.command(&["compile", "main.tri", "--cache-dir", "file/cache"]);
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    // No home, no folder.
    let mut command = project.command(&["compile", "main.tri"]);
    let output = command.env_clear().output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    let mut command = project.command(&["cache", "stat"]);
    assert_eq!(command.env_clear().output().unwrap().status.code(), Some(1));
}

#[test]
fn warnings_and_errors_are_told_from_the_cache_too() {
    let project = Project::new();
    project.write("main.tri", &format!("{MODEL}\ndim Spare = 3\n"));
    for hit in [false, true] {
        let output = project.run(&["compile", "main.tri", "--format=json"]);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["cache"]["hit"], hit);
        assert!(String::from_utf8(output.stderr).unwrap().contains("W0004"));
    }
    project.write("parts.tri", &PARTS.replace("x * 0.5", "x * y"));
    for _ in 0..2 {
        let output = project.command(&["compile", "main.tri"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8(output.stderr).unwrap().contains("E1001"));
    }
}

#[test]
fn the_cache_is_counted_and_cleared() {
    let project = Project::new();
    project.compile(&[]);
    let stat = || -> Value {
        serde_json::from_slice(&project.run(&["cache", "stat", "--format=json"]).stdout).unwrap()
    };
    let kinds: Vec<(String, u64)> = stat()["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| (kind["kind"].as_str().unwrap().to_owned(), kind["entries"].as_u64().unwrap()))
        .collect();
    let expected = [("artifacts", 1), ("functions", 1), ("history", 1)].map(|(kind, n)| (kind.to_owned(), n));
    assert_eq!(kinds, expected);
    assert!(stat()["bytes"].as_u64().unwrap() > 1000);
    let output = project.run(&["cache", "gc", "--limit=1"]);
    assert_eq!(output.stdout, b"removed 0 files, 0 bytes\n");
    project.run(&["cache", "clear"]);
    assert_eq!(stat()["bytes"], 0);
    assert_eq!(reason(&project.compile(&[])), "first compilation of this program");
}

#[test]
fn killed_compilers_leave_no_wrong_artifact() {
    let project = Project::new();
    project.run(&["compile", "main.tri", "--no-cache", "-o", "right.tria"]);
    let right = fs::read(project.path("right.tria")).unwrap();
    for round in 0..15u64 {
        let mut compilers: Vec<_> = (0..4)
            .map(|n| {
                let out = format!("out{n}.tria");
                let mut command = project.command(&["compile", "main.tri", "-o", &out]);
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        std::thread::sleep(std::time::Duration::from_millis(round * 3));
        for compiler in &mut compilers {
            compiler.kill().unwrap();
            compiler.wait().unwrap();
        }
        for n in 0..4 {
            if let Ok(bytes) = fs::read(project.path(&format!("out{n}.tria"))) {
                assert!(bytes == right);
            }
        }
        let output = project.run(&["compile", "main.tri"]);
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(project.artifact() == right);
        project.run(&["cache", "clear"]);
    }
}

#[test]
fn time_is_told_as_a_table_as_json_and_as_a_trace() {
    let project = Project::new();
    let table = project.run(&["compile", "main.tri", "--timing"]);
    let table = String::from_utf8(table.stderr).unwrap();
    for part in ["codegen", "slowest functions", "step 0 of ", "reused: first compilation of this program"] {
        assert!(table.contains(part), "no `{part}`: {table}");
    }
    let json = project.run(&["compile", "main.tri", "--timing=json", "--no-cache"]);
    let json: Value = serde_json::from_slice(&json.stderr).unwrap();
    let functions = json["functions"].as_array().unwrap();
    assert!(functions.iter().all(|function| function["reused"] == false) && functions.len() > 5);
    assert!(json["stages"].as_array().unwrap().iter().any(|stage| stage["stage"] == "codegen"));
    assert_eq!(json["cache"]["reason"], Value::Null);

    project.run(&["compile", "main.tri", "--timing=trace"]);
    let trace: Value =
        serde_json::from_slice(&fs::read(project.path("main.tria.trace.json")).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    assert!(events.iter().any(|event| event["name"] == "look up" && event["ph"] == "X"));
    let ends = events.iter().filter_map(|event| Some(event["ts"].as_f64()? + event["dur"].as_f64()?));
    assert!(ends.fold(0.0, f64::max) < 60e6, "within a minute");
}
