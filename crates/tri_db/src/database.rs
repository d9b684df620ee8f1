//! Salsa inputs and the database that holds them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use salsa::{Durability, Setter};
use tri_diagnostics::{Code, Diagnostic, FileId, Span, TextRange};
use tri_syntax::{Parsed, decode};

use crate::library::LIBRARY;
use crate::parses::Parses;
use crate::system::System;

/// A file and what it holds.
#[salsa::input(debug)]
pub struct SourceFile {
    /// Its number, by which spans know it.
    #[returns(copy)]
    pub id: FileId,
    /// As messages name it.
    #[returns(ref)]
    pub path: PathBuf,
    /// Its bytes, which may not be text; the error if it cannot be read.
    #[returns(ref)]
    pub bytes: Result<Arc<[u8]>, String>,
    /// Whether it is a module of the standard library.
    #[returns(copy)]
    pub is_library: bool,
}

/// What the user chose.
#[salsa::input(singleton, debug)]
pub struct Options {
    /// Sizes given to `dim` items of the root file.
    #[returns(ref)]
    pub dims: BTreeMap<String, i64>,
    /// Values given to the configuration of the model, by name, as they are written in the language.
    #[returns(ref)]
    pub configuration: BTreeMap<String, String>,
    /// The static bool `training`.
    #[returns(copy)]
    pub training: bool,
    /// Which model is elaborated, where the root file has several.
    #[returns(ref)]
    pub model: Option<String>,
}

/// Which files there are, besides what they hold.
#[salsa::input(singleton, debug)]
struct FileSet {
    /// Counts what came and went, so that a module that was missing is looked for again.
    #[returns(copy)]
    revision: u64,
}

/// Why a `use` names no module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ModuleError {
    /// There is no such file.
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file lies outside the folder of the root file, through a link.
    Outside {
        /// Where it leads.
        path: PathBuf,
    },
    /// The file is called otherwise: only some systems find it by this name.
    Case {
        /// The part of the path as the disk has it.
        found: String,
    },
    /// The file is there but cannot be read.
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The library has no such module.
    NotInLibrary,
}

/// When a part of a query ran.
#[derive(Clone, Copy, Debug)]
pub struct PartTime {
    /// Which part.
    pub name: &'static str,
    /// When it began.
    pub start: Instant,
    /// How long it took.
    pub time: Duration,
}

/// What queries ask of the database.
#[salsa::db]
pub trait Db: salsa::Database {
    /// The file numbered `id`.
    fn file(&self, id: FileId) -> Option<SourceFile>;

    /// The file of the module `a.b`, read when first asked for.
    fn module(&self, path: &[&str]) -> Result<SourceFile, ModuleError>;

    /// The user's choices.
    fn options(&self) -> Options;

    /// Notes when a part of a query began and how long it took. For the clock alone: no result may depend on it.
    fn note_time(&self, part: PartTime);

    /// Parses a text of a file. What is known of earlier texts of the file only saves time.
    fn parse(&self, file: FileId, text: &Arc<str>) -> Arc<Parsed>;

    /// The database as the trait object that queries take.
    fn as_dyn(&self) -> &dyn Db;

    /// The same database for another thread. Edits wait until it is dropped.
    fn for_thread(&self) -> RootDatabase;
}

/// Why a file cannot be read, if it cannot: what depends on that alone is left alone by edits.
#[salsa::tracked(returns(clone))]
fn unreadable(db: &dyn Db, file: SourceFile) -> Option<String> {
    file.bytes(db).as_ref().err().cloned()
}

/// The text of a file, or why it has none: it cannot be read, is too large or is not UTF-8.
#[salsa::tracked(returns(as_ref), no_eq)]
pub fn text(db: &dyn Db, file: SourceFile) -> Result<Arc<str>, Box<Diagnostic>> {
    let id = file.id(db);
    match file.bytes(db) {
        Ok(bytes) => decode(id, bytes).map(Arc::from),
        Err(reason) => {
            let message = format!("`{}` cannot be read", file.path(db).display());
            let start = Span::new(id, TextRange::empty(0));
            Err(Box::new(Diagnostic::error(Code::E1002, start, message).note(reason)))
        }
    }
}

/// The tree of a file, and its syntax errors. A file without text is an empty tree with the reason as its error.
#[salsa::tracked(returns(deref), no_eq, lru = 256)]
pub fn parse(db: &dyn Db, file: SourceFile) -> Arc<Parsed> {
    let id = file.id(db);
    match text(db, file) {
        Ok(text) => db.parse(id, text),
        Err(diagnostic) => {
            let mut parsed = tri_syntax::parse(id, "");
            parsed.errors.push((**diagnostic).clone());
            parsed.into()
        }
    }
}

#[derive(Default)]
struct Files {
    by_id: Vec<SourceFile>,
    by_path: BTreeMap<PathBuf, SourceFile>,
    /// Where modules were looked for, and where that led.
    looked_for: BTreeMap<PathBuf, Option<PathBuf>>,
}

/// The database of a process.
#[salsa::db]
#[derive(Clone)]
pub struct RootDatabase {
    storage: salsa::Storage<Self>,
    system: Arc<dyn System>,
    folder: Arc<PathBuf>,
    root: Arc<PathBuf>,
    files: Arc<Mutex<Files>>,
    times: Arc<Mutex<Vec<PartTime>>>,
    parses: Arc<Parses>,
}

impl std::fmt::Debug for RootDatabase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RootDatabase").field("root", &self.root).finish_non_exhaustive()
    }
}

/// Called with the name of each query that is executed, not taken from memory.
pub type OnExecute = Box<dyn Fn(&str) + Send + Sync>;

impl RootDatabase {
    /// A database over `system`. Modules are looked for in the folder of `root`, the program's main file.
    pub fn new(system: Arc<dyn System>, root: &Path) -> Self {
        RootDatabase::with_events(system, root, None)
    }

    /// The same, telling `on_execute` of every query that runs.
    pub fn with_events(system: Arc<dyn System>, root: &Path, on_execute: Option<OnExecute>) -> Self {
        let callback = on_execute.map(|on_execute| {
            Box::new(move |event: salsa::Event| {
                if let salsa::EventKind::WillExecute { database_key } = event.kind {
                    on_execute(&format!("{database_key:?}"));
                }
            }) as Box<dyn Fn(salsa::Event) + Send + Sync>
        });
        let db = RootDatabase {
            storage: salsa::Storage::new(callback),
            system,
            folder: Arc::new(root.parent().unwrap_or(Path::new("")).to_owned()),
            root: Arc::new(root.to_owned()),
            files: Arc::default(),
            times: Arc::default(),
            parses: Arc::default(),
        };
        Options::new(&db, BTreeMap::new(), BTreeMap::new(), false, None);
        FileSet::new(&db, 0);
        db
    }

    /// Looks for modules in `folder` instead, where the main file may lie in a folder of it.
    pub fn set_folder(&mut self, folder: &Path) {
        self.folder = Arc::new(folder.to_owned());
    }

    /// The file at `path`, read when first asked for.
    pub fn source(&self, path: &Path) -> SourceFile {
        let real = self.system.canonicalize(path).unwrap_or_else(|_| path.to_owned());
        self.load(path, real)
    }

    /// The program's main file.
    pub fn root(&self) -> SourceFile {
        self.source(&self.root)
    }

    /// Gives a file another text, as an editor does.
    pub fn set_text(&mut self, file: SourceFile, text: &str) {
        // The bytes before are of no use.
        let _ = file.set_bytes(self).to(Ok(text.as_bytes().into()));
    }

    /// Says that the file at `path` came, went or holds something else; it is read again if it was read before.
    pub fn file_changed(&mut self, path: &Path) {
        let real = self.system.canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let known = self.lock().by_path.get(&real).copied();
        let bytes = self.read(&real);
        let is_there = bytes.is_ok();
        let was_there = known.is_some_and(|file| file.bytes(self).is_ok());
        if let Some(file) = known
            && *file.bytes(self) != bytes
        {
            // The bytes before are of no use.
            let _ = file.set_bytes(self).to(bytes);
        }
        if is_there != was_there {
            self.look_again();
        }
    }

    /// Reads all files again and looks again for modules, as after a change on disk: whether anything is otherwise.
    pub fn refresh(&mut self) -> bool {
        let files = self.lock().by_path.clone();
        let mut is_changed = false;
        for (path, file) in files {
            if file.is_library(self) {
                continue;
            }
            let bytes = self.read(&path);
            if bytes != *file.bytes(self) {
                // The bytes before are of no use.
                let _ = file.set_bytes(self).to(bytes);
                is_changed = true;
            }
        }
        let looked_for = self.lock().looked_for.clone();
        let leads = |path: &Path| self.system.canonicalize(path).ok();
        if looked_for.into_iter().any(|(path, real)| leads(&path) != real) {
            self.look_again();
            is_changed = true;
        }
        is_changed
    }

    /// Every path that the program's text depends on: its files, and places where a module was looked for.
    pub fn paths(&self) -> Vec<PathBuf> {
        let files = self.lock();
        let read = files.by_path.iter().filter(|(_, file)| !file.is_library(self)).map(|(path, _)| path);
        read.chain(files.looked_for.keys()).cloned().collect()
    }

    /// Gives `dim` items of the main file other sizes.
    pub fn set_dims(&mut self, dims: BTreeMap<String, i64>) {
        self.options().set_dims(self).to(dims);
    }

    /// Gives the configuration of the model other defaults, as they are written in the language.
    pub fn set_configuration(&mut self, configuration: BTreeMap<String, String>) {
        self.options().set_configuration(self).to(configuration);
    }

    /// Sets how many syntax trees are remembered.
    pub fn set_capacity(&mut self, trees: usize) {
        parse::set_lru_capacity(self, trees);
    }

    /// Sets the static bool `training`.
    pub fn set_training(&mut self, training: bool) {
        self.options().set_training(self).to(training);
    }

    /// Chooses the model to elaborate.
    pub fn set_model(&mut self, model: Option<String>) {
        self.options().set_model(self).to(model);
    }

    /// What queries noted since this was asked last.
    pub fn take_times(&self) -> Vec<PartTime> {
        std::mem::take(&mut *self.times.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every file that was asked for, in order of its id.
    pub fn files(&self) -> Vec<SourceFile> {
        self.lock().by_id.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, real: &Path) -> Result<Arc<[u8]>, String> {
        self.system.read(real).map(Arc::from).map_err(|error| error.to_string())
    }

    /// The file that messages call `path` and that is stored as `real`. A file is one, however many links lead to it.
    fn load(&self, path: &Path, real: PathBuf) -> SourceFile {
        let mut files = self.lock();
        if let Some(file) = files.by_path.get(&real) {
            return *file;
        }
        let bytes = self.read(&real);
        let id = FileId(files.by_id.len() as u32);
        let file = SourceFile::new(self, id, path.to_owned(), bytes, false);
        files.by_id.push(file);
        files.by_path.insert(real, file);
        file
    }

    /// Has the queries that look for modules do so again.
    fn look_again(&mut self) {
        let files = FileSet::get(self);
        let revision = files.revision(self);
        let _ = files.set_revision(self).to(revision.wrapping_add(1));
    }

    /// All modules of the library become files when one is asked for: their order does not depend on which that is.
    fn library(&self, name: &str) -> Result<SourceFile, ModuleError> {
        let mut files = self.lock();
        for (name, text) in LIBRARY {
            let key = library_key(name);
            if files.by_path.contains_key(&key) {
                break;
            }
            let id = FileId(files.by_id.len() as u32);
            let path = Path::new("std").join(format!("{name}.tri"));
            let bytes = Ok(text.as_bytes().into());
            let file = SourceFile::builder(id, path, bytes, true).durability(Durability::HIGH).new(self);
            files.by_id.push(file);
            files.by_path.insert(key, file);
        }
        files.by_path.get(&library_key(name)).copied().ok_or(ModuleError::NotInLibrary)
    }
}

/// Where a module of the library is found; no file has such a path.
fn library_key(name: &str) -> PathBuf {
    Path::new("<std>").join(name)
}

/// The first part of a module's path that the disk has in another case: such a program works on some systems only.
fn other_case(path: &[&str], real: &Path) -> Option<String> {
    let names: Vec<_> =
        real.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    let found = names.get(names.len().checked_sub(path.len())?..)?;
    let mut pairs = path.iter().zip(found);
    pairs.find(|(part, name)| part != name && part.eq_ignore_ascii_case(name)).map(|(_, name)| name.clone())
}

#[salsa::db]
impl salsa::Database for RootDatabase {}

#[salsa::db]
impl Db for RootDatabase {
    fn for_thread(&self) -> RootDatabase {
        self.clone()
    }

    fn file(&self, id: FileId) -> Option<SourceFile> {
        self.lock().by_id.get(id.0 as usize).copied()
    }

    fn module(&self, path: &[&str]) -> Result<SourceFile, ModuleError> {
        if let ["std", name] = path {
            return self.library(name);
        }
        if path.first() == Some(&"std") {
            return Err(ModuleError::NotInLibrary);
        }
        // What follows asks the disk, of which salsa knows only this.
        let _ = FileSet::get(self).revision(self);
        let folder = self.folder.as_path();
        let mut file = path.iter().fold(folder.to_owned(), |file, part| file.join(part));
        file.set_extension("tri");
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                ModuleError::Missing { path: file.clone() }
            }
            _ => ModuleError::Unreadable { path: file.clone(), reason: error.to_string() },
        };
        let real = self.system.canonicalize(&file);
        self.lock().looked_for.insert(file.clone(), real.as_ref().ok().cloned());
        let real = real.map_err(failed)?;
        let folder = if folder == Path::new("") { Path::new(".") } else { folder };
        let folder = self.system.canonicalize(folder).map_err(failed)?;
        if !real.starts_with(&folder) {
            return Err(ModuleError::Outside { path: real });
        }
        if let Some(found) = other_case(path, &real) {
            return Err(ModuleError::Case { found });
        }
        let loaded = self.load(&file, real);
        match unreadable(self, loaded) {
            None => Ok(loaded),
            Some(reason) => Err(ModuleError::Unreadable { path: file.clone(), reason }),
        }
    }

    fn options(&self) -> Options {
        Options::get(self)
    }

    fn note_time(&self, part: PartTime) {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).push(part);
    }

    fn parse(&self, file: FileId, text: &Arc<str>) -> Arc<Parsed> {
        self.parses.parse(file, text)
    }

    fn as_dyn(&self) -> &dyn Db {
        self
    }
}
