//! The texts: `.tri` files, saved inputs of the fuzzers among them, and the fenced programs of pages.

use std::path::{Path, PathBuf};

pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Every `.tri` file and every fenced program of a page.
pub(crate) fn programs() -> Vec<Program> {
    let mut paths = Vec::new();
    for folder in ["README.md", "stdlib", "examples", "crates", "tests", "docs"] {
        collect(&root().join(folder), &mut paths);
    }
    paths.sort();
    paths.iter().flat_map(|path| read(path)).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn collect(path: &Path, paths: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), paths);
        }
    } else if path.extension().is_some_and(|extension| extension == "tri" || extension == "md") {
        paths.push(path.to_owned());
    }
}

/// The programs in a file; none if it is not text.
fn read(path: &Path) -> Vec<Program> {
    let Ok(text) = String::from_utf8(std::fs::read(path).unwrap()) else { return Vec::new() };
    let name = path.strip_prefix(root()).unwrap_or(path).display().to_string();
    if path.extension().is_some_and(|extension| extension == "tri") {
        return vec![Program { name, text }];
    }
    fenced(&name, &text)
}

fn fenced(page: &str, text: &str) -> Vec<Program> {
    let fences = text.split("\n```tri").skip(1).enumerate();
    let program = |(at, rest): (usize, &str)| {
        let (_, rest) = rest.split_once('\n')?;
        let (text, _) = rest.split_once("\n```")?;
        Some(Program { name: format!("{page}, program {}", at + 1), text: format!("{text}\n") })
    };
    fences.filter_map(program).collect()
}
