//! The programs of the repository: its `.tri` files and the fenced programs in its pages.

use std::path::{Path, PathBuf};

use tri_diagnostics::FileId;
use tri_format::FormatError;

pub(crate) fn format(source: &str) -> Result<String, FormatError> {
    tri_format::format(FileId(0), source)
}

/// A program and where it stands.
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every `.tri` file.
pub(crate) fn files() -> Vec<Program> {
    let mut found = Vec::new();
    for folder in ["stdlib", "examples", "crates", "tests"] {
        collect(&root().join(folder), "tri", &mut found);
    }
    found
}

/// Every program that a page of `docs` or `tests/language` shows.
pub(crate) fn fenced() -> Vec<Program> {
    let mut pages = Vec::new();
    collect(&root().join("docs"), "md", &mut pages);
    collect(&root().join("tests/language"), "md", &mut pages);
    pages.iter().flat_map(programs_of_page).collect()
}

fn programs_of_page(page: &Program) -> Vec<Program> {
    let fences = page.text.split("\n```tri").skip(1).enumerate();
    let program = |(at, rest): (usize, &str)| {
        let (_, rest) = rest.split_once('\n')?;
        let (text, _) = rest.split_once("\n```")?;
        Some(Program { name: format!("{}, program {}", page.name, at + 1), text: format!("{text}\n") })
    };
    fences.filter_map(program).collect()
}

/// The files under `folder` that end in `.extension` and are text, sorted.
fn collect(folder: &Path, extension: &str, found: &mut Vec<Program>) {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            let Ok(text) = String::from_utf8(std::fs::read(&path).unwrap()) else { continue };
            let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            found.push(Program { name, text });
        }
    }
}
