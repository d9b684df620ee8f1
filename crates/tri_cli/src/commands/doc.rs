//! `triton doc F.tri`: the documentation of a program as web pages in a folder.
//!
//! The folder is the command's own: it notes there which files it wrote, replaces and removes those alone, and refuses a folder that
//! holds other things and no such note.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;
use tri_diagnostics::Diagnostic;
use tri_doc::Page;
use tri_driver::Timing;

use crate::args::{DocArgs, Format, SourceArgs};
use crate::diagnostics;
use crate::failure::Failure;
use crate::output;
use crate::program;
use crate::progress::Progress;

/// The note: names of files that were written, one a line.
const NOTE: &str = ".triton-doc";

/// Renders and writes it.
pub(crate) fn run(args: &DocArgs, format: Format) -> Result<(), Failure> {
    let (progress, mut timing) = Progress::start();
    let pages = pages(args, format, &mut timing);
    progress.finish();
    let pages = pages?;
    write(&args.output, &pages)?;
    let index = args.output.join("index.html");
    match format {
        Format::Json => {
            let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
            output::json(&json!({ "folder": args.output, "index": index, "files": names }));
        }
        _ => output::result(format_args!("{}\n", index.display())),
    }
    Ok(())
}

fn pages(args: &DocArgs, format: Format, timing: &mut Timing) -> Result<Vec<Page>, Failure> {
    if args.std && args.file.is_none() {
        return Ok(tri_driver::document_library());
    }
    let file = args.file.clone().unwrap_or_else(|| PathBuf::from("main.tri"));
    if args.file.is_none() && !file.exists() {
        let message = "there is no main.tri here: name the program, or document the library with `--std`";
        return Err(Failure::Usage(message.to_owned()));
    }
    let program =
        program::open(&SourceArgs { file, dims: Vec::new(), configuration: Vec::new(), model: None })?;
    let errors: Vec<Diagnostic> = program.check(timing).into_iter().filter(Diagnostic::is_error).collect();
    if !errors.is_empty() {
        diagnostics::print(&errors, &program, format);
        return Err(Failure::Told);
    }
    Ok(timing.stage("document", || program.document(args.std)))
}

fn write(folder: &Path, pages: &[Page]) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
    let old = earlier(folder)?;
    let names: BTreeSet<String> = pages.iter().map(|page| page.name.clone()).collect();
    for name in names.difference(&old) {
        // A link that leads nowhere is in the way too.
        if folder.join(name).symlink_metadata().is_ok() {
            let path = folder.join(name).display().to_string();
            return Err(Failure::error(format!(
                "{path} is in the way: it was not written by `triton doc`; nothing was changed"
            )));
        }
    }
    // Files of both runs are known whenever this one ends.
    replace(folder, NOTE, &note(names.union(&old)))?;
    for page in pages {
        replace(folder, &page.name, &page.text)?;
    }
    for name in old.difference(&names) {
        remove(&folder.join(name))?;
    }
    replace(folder, NOTE, &note(names.iter()))
}

/// The files that an earlier run wrote into the folder, which may be empty.
fn earlier(folder: &Path) -> Result<BTreeSet<String>, Failure> {
    match std::fs::read_to_string(folder.join(NOTE)) {
        Ok(text) => Ok(text.lines().filter(|name| is_page_name(name)).map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut entries = std::fs::read_dir(folder).map_err(|error| cannot("read", folder, &error))?;
            if entries.next().is_none() {
                return Ok(BTreeSet::new());
            }
            let folder = folder.display();
            Err(Failure::error(format!(
                "{folder} holds files that are not from `triton doc`, and is left as it is; choose another folder with `-o DIR`"
            )))
        }
        Err(error) => Err(cannot("read", &folder.join(NOTE), &error)),
    }
}

/// Whether a name from a note can be that of a page: no path, and nothing hidden.
fn is_page_name(name: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(is_safe)
}

fn note<'n>(names: impl Iterator<Item = &'n String>) -> String {
    names.map(|name| format!("{name}\n")).collect()
}

/// Writes a file anew, so that nothing is written through a link.
fn replace(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    remove(&path)?;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| cannot("write", &path, &error))
}

fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("remove", path, &error)),
        _ => Ok(()),
    }
}

fn cannot(action: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::error(format!("cannot {action} {}: {error}", path.display()))
}
