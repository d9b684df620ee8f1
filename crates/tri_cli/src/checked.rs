//! Files and folders under check: what was found in all of them, with files numbered as if there were one program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tri_diagnostics::render::Sources;
use tri_diagnostics::{Diagnostic, FileId};
use tri_driver::{Folder, OwnFile, SourceOptions, Timing};

use crate::failure::Failure;
use crate::source_files;

/// What is checked: for each folder, from which modules are imported, its files.
#[derive(Debug)]
pub(crate) struct Selection {
    folders: BTreeMap<PathBuf, Vec<PathBuf>>,
}

impl Selection {
    /// Takes files, and all programs and modules in folders. A folder is a package: its files import from it. A file imports
    /// from its own folder, unless it lies in a folder that is taken too.
    pub(crate) fn of(paths: &[PathBuf]) -> Result<Selection, Failure> {
        let packages: Vec<&PathBuf> = paths.iter().filter(|path| path.is_dir()).collect();
        let mut folders: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        for path in paths {
            let taken = |package: &&&PathBuf| path.starts_with(package) && path != **package;
            if packages.iter().any(|package| taken(&package)) {
                continue;
            }
            let (folder, files) = if path.is_dir() {
                let files = source_files::find(std::slice::from_ref(path))
                    .map_err(|error| Failure::coded("E4001", error))?;
                if files.is_empty() {
                    let message = format!("there is no `.tri` file in `{}`", path.display());
                    return Err(Failure::coded("E4001", message));
                }
                (path.as_path(), files)
            } else {
                (path.parent().unwrap_or(Path::new("")), vec![path.clone()])
            };
            folders.entry(plain(folder).to_owned()).or_default().extend(files);
        }
        for files in folders.values_mut() {
            files.sort();
            files.dedup();
        }
        Ok(Selection { folders })
    }

    /// How many files were named or found.
    pub(crate) fn file_count(&self) -> usize {
        self.folders.values().map(Vec::len).sum()
    }
}

/// The folder as files in it are named: nothing for the current one.
fn plain(folder: &Path) -> &Path {
    folder.strip_prefix(".").unwrap_or(folder)
}

/// The result of a check.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The folders, with the number that their first file has here.
    folders: Vec<(u32, PathBuf, Folder)>,
    /// Everything that was found.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Checks the selection, with `texts` in the place of what some files hold.
    pub(crate) fn of(
        selection: &Selection,
        options: &SourceOptions,
        texts: &BTreeMap<PathBuf, String>,
        timing: &mut Timing,
    ) -> Result<Checked, Failure> {
        let mut checked = Checked { folders: Vec::new(), diagnostics: Vec::new() };
        let mut base = 0;
        for (path, files) in &selection.folders {
            let folder = Folder::open(path, files, options, texts)?;
            let found = folder.diagnose(timing)?;
            let number = |file: FileId| FileId(base + file.0);
            checked.diagnostics.extend(found.into_iter().map(|diagnostic| diagnostic.renumbered(number)));
            let count = folder.file_count();
            checked.folders.push((base, path.clone(), folder));
            base += count;
        }
        Ok(checked)
    }

    /// The files of the user, each with the folder of its package.
    pub(crate) fn own_files(&self) -> Vec<(&Path, OwnFile)> {
        let mut own = Vec::new();
        for (base, path, folder) in &self.folders {
            let files = folder.own_files().into_iter();
            own.extend(files.map(|file| (path.as_path(), OwnFile { id: FileId(base + file.id.0), ..file })));
        }
        own
    }

    fn find(&self, file: FileId) -> Option<(&Folder, FileId)> {
        let at = self.folders.partition_point(|(base, ..)| *base <= file.0).checked_sub(1)?;
        let (base, _, folder) = self.folders.get(at)?;
        Some((folder, FileId(file.0 - base)))
    }
}

impl Sources for Checked {
    fn name(&self, file: FileId) -> String {
        self.find(file).map_or_else(String::new, |(folder, file)| folder.name(file))
    }

    fn text(&self, file: FileId) -> &str {
        self.find(file).map_or("", |(folder, file)| folder.text(file))
    }

    fn is_library(&self, file: FileId) -> bool {
        self.find(file).is_some_and(|(folder, file)| folder.is_library(file))
    }
}
