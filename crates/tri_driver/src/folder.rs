//! Files that are checked together: they import each other from one folder, and what they share is checked once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tri_db::{OverlaySystem, RootDatabase, SourceFile, System};
use tri_diagnostics::render::Sources;
use tri_diagnostics::{Diagnostic, FileId};

use crate::source::{Program, read_error};
use crate::{DriverError, ElaborateError, SourceOptions, Timing};

/// Programs and modules of one folder.
#[derive(Debug)]
pub struct Folder {
    db: RootDatabase,
    programs: Vec<Program>,
}

/// A file of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFile {
    /// Its number in diagnostics.
    pub id: FileId,
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub text: String,
}

impl Folder {
    /// Reads `files` from disk, which look for modules in `folder`; `texts` stand in the place of what some files hold.
    ///
    /// # Errors
    /// One of them cannot be read, or an option names a dim that none of them has.
    pub fn open(
        folder: &Path,
        files: &[PathBuf],
        options: &SourceOptions,
        texts: &BTreeMap<PathBuf, String>,
    ) -> Result<Folder, DriverError> {
        let system = texts
            .iter()
            .fold(OverlaySystem::new(), |system, (path, text)| system.with(path, text.as_bytes()));
        Folder::open_in(Arc::new(system), folder, files, options)
    }

    /// Reads `files` from `system`, likewise.
    ///
    /// # Errors
    /// One of them cannot be read, or an option names a dim that none of them has.
    pub fn open_in(
        system: Arc<dyn System>,
        folder: &Path,
        files: &[PathBuf],
        options: &SourceOptions,
    ) -> Result<Folder, DriverError> {
        let mut db = RootDatabase::new(system, files.first().map_or(folder, PathBuf::as_path));
        db.set_folder(folder);
        db.set_dims(options.dims.clone());
        db.set_model(options.model.clone());
        db.set_configuration(options.configuration.clone());
        let roots: Vec<SourceFile> = files.iter().map(|file| db.source(file)).collect();
        if let Some(error) = roots.iter().find_map(|root| read_error(&db, *root)) {
            return Err(error);
        }
        crate::source::hold_names(&db, &roots, options)?;
        let program = |root| Program::of(db.clone(), root, options.clone());
        let programs = roots.into_iter().map(program).collect();
        Ok(Folder { db, programs })
    }

    /// Everything that checker and elaboration have to say, of each file once.
    ///
    /// # Errors
    /// A defect of the compiler.
    pub fn diagnose(&self, timing: &mut Timing) -> Result<Vec<Diagnostic>, DriverError> {
        let roots: Vec<SourceFile> = self.programs.iter().map(Program::root).collect();
        let mut diagnostics = timing.stage("check", || tri_hir::check_together(&self.db, &roots));
        for program in &self.programs {
            match program.elaborate_models(timing) {
                Ok(()) => {}
                Err(ElaborateError::Diagnostics(found)) => {
                    let unknown = |found: &Diagnostic| !diagnostics.contains(found);
                    let found: Vec<Diagnostic> = found.into_iter().filter(unknown).collect();
                    diagnostics.extend(found);
                }
                Err(ElaborateError::Driver(error)) => return Err(error),
            }
        }
        Ok(diagnostics)
    }

    /// How many files were read, those of the library with them: their numbers are below this.
    pub fn file_count(&self) -> u32 {
        self.db.files().len() as u32
    }

    /// The files that were read, without those of the library.
    pub fn own_files(&self) -> Vec<OwnFile> {
        let files = self.db.files().into_iter().filter(|file| !file.is_library(&self.db));
        files
            .map(|file| {
                let id = file.id(&self.db);
                OwnFile { id, path: file.path(&self.db).clone(), text: self.text(id).to_owned() }
            })
            .collect()
    }
}

impl Sources for Folder {
    fn name(&self, file: FileId) -> String {
        self.programs.first().map_or_else(String::new, |program| Sources::name(program, file))
    }

    fn text(&self, file: FileId) -> &str {
        self.programs.first().map_or("", |program| program.text(file))
    }

    fn is_library(&self, file: FileId) -> bool {
        self.programs.first().is_some_and(|program| program.is_library(file))
    }
}
