//! Programs: a source file and what it imports, checked and elaborated. The only module of the driver that knows the front end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tri_db::{Db as _, DiskSystem, MemorySystem, OnExecute, RootDatabase, SourceFile, System};
use tri_diagnostics::render::Sources;
use tri_diagnostics::{Diagnostic, FileId, Span};
use tri_hir::hir::{Def, Owner};
use tri_ir::{Origin, Verified};
use tri_lower::{Place, SourceMap};
use tri_passes::OptLevel;
use tri_syntax::ast::{Item, ItemId, ItemKind};

use crate::{DriverError, Timing, nearest, queries};

/// What is chosen for a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceOptions {
    /// Other sizes of its dims.
    pub dims: BTreeMap<String, i64>,
    /// Which model, where the file has several.
    pub model: Option<String>,
    /// Other defaults of its configuration, as they are written in the language.
    pub configuration: BTreeMap<String, String>,
}

/// A program.
#[derive(Clone, Debug)]
pub struct Program {
    db: RootDatabase,
    root: SourceFile,
    options: SourceOptions,
}

/// Why a program has no tensor IR.
#[derive(Debug)]
pub enum ElaborateError {
    /// The program is wrong.
    Diagnostics(Vec<Diagnostic>),
    /// The compiler is wrong.
    Driver(DriverError),
}

impl Program {
    /// Reads the file at `path` from disk.
    ///
    /// # Errors
    /// It cannot be read, or an option names a dim or a configuration that it does not have.
    pub fn open(path: &Path, options: &SourceOptions) -> Result<Program, DriverError> {
        Program::open_in(Arc::new(DiskSystem), path, options)
    }

    /// Reads the file at `path` from `system`.
    ///
    /// # Errors
    /// It cannot be read, or an option names a dim that it does not have.
    pub fn open_in(
        system: Arc<dyn System>,
        path: &Path,
        options: &SourceOptions,
    ) -> Result<Program, DriverError> {
        Program::open_observed(system, path, options, None)
    }

    /// The same, telling `on_execute` of every query that runs.
    ///
    /// # Errors
    /// It cannot be read, or an option names a dim that it does not have.
    pub fn open_observed(
        system: Arc<dyn System>,
        path: &Path,
        options: &SourceOptions,
        on_execute: Option<OnExecute>,
    ) -> Result<Program, DriverError> {
        let mut db = RootDatabase::with_events(system, path, on_execute);
        db.set_dims(options.dims.clone());
        db.set_model(options.model.clone());
        db.set_configuration(options.configuration.clone());
        let root = db.root();
        let program = Program::of(db, root, options.clone());
        program.hold()?;
        Ok(program)
    }

    pub(crate) fn of(db: RootDatabase, root: SourceFile, options: SourceOptions) -> Program {
        Program { db, root, options }
    }

    /// Reads the program's files again, as after a change on disk: whether anything is otherwise. What an edit does not concern
    /// is not worked out again.
    pub fn refresh(&mut self) -> bool {
        self.db.refresh()
    }

    /// Whether there is a program: what opening it holds too.
    ///
    /// # Errors
    /// The main file cannot be read, or lacks a dim that an option names.
    pub fn hold(&self) -> Result<(), DriverError> {
        match read_error(&self.db, self.root) {
            Some(error) => Err(error),
            None => hold_names(&self.db, &[self.root], &self.options),
        }
    }

    /// Gives `dim` items of the main file other sizes.
    ///
    /// # Errors
    /// An option names a dim that the main file lacks.
    pub fn set_dims(&mut self, dims: BTreeMap<String, i64>) -> Result<(), DriverError> {
        self.options.dims.clone_from(&dims);
        self.db.set_dims(dims);
        self.hold()
    }

    /// Every path that the program's text depends on: its files, and places where a module was looked for.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.db.paths()
    }

    pub(crate) fn root(&self) -> SourceFile {
        self.root
    }

    /// Checks what the program takes from the library for as long as it is told to, for another core while this one does the rest.
    pub(crate) fn ahead(&self) -> impl FnOnce(&AtomicBool) + Send + use<> {
        // Both threads find it among the files, so that the order of files depends on neither.
        let _ = self.db.module(&["std", "ops"]);
        let (db, root) = (self.db.for_thread(), self.root);
        move |is_wanted| {
            let is_wanted = || is_wanted.load(Ordering::Relaxed);
            salsa::attach_allow_change(&db, || tri_hir::check_library(&db, root, is_wanted));
        }
    }

    /// Everything that the checker has to say.
    pub fn check(&self, timing: &mut Timing) -> Vec<Diagnostic> {
        if let Some(text) = self.text_of(self.root) {
            // The parser lexes again; this run is for the clock alone.
            timing.stage("lex", || std::hint::black_box(tri_syntax::lex(text).len()));
        }
        timing.stage("parse", || tri_db::parse(&self.db, self.root).errors.len());
        timing.stage("resolve", || self.resolve());
        timing.stage("check", || tri_hir::check(&self.db, self.root))
    }

    /// Resolves the names in heads of items and members; the checker finds them resolved.
    fn resolve(&self) {
        for (id, item) in tri_db::parse(&self.db, self.root).ast.items() {
            let def = self.def(id);
            match &item.kind {
                ItemKind::Layer(_) => drop(tri_hir::layer(&self.db, def)),
                ItemKind::Function(_) => drop(tri_hir::signature(&self.db, Owner::Function(def))),
                _ => {}
            }
        }
    }

    fn def(&self, item: ItemId) -> Def {
        Def { file: self.root.id(&self.db), item }
    }

    /// Everything that checker and elaboration have to say.
    ///
    /// # Errors
    /// A defect of the compiler.
    pub fn diagnose(&self, timing: &mut Timing) -> Result<Vec<Diagnostic>, DriverError> {
        let mut diagnostics = self.check(timing);
        match self.elaborate_models(timing) {
            Ok(()) => {}
            Err(ElaborateError::Diagnostics(found)) => diagnostics.extend(found),
            Err(ElaborateError::Driver(error)) => return Err(error),
        }
        Ok(diagnostics)
    }

    /// What only elaboration finds wrong with a program that the checker accepts; nothing of one that it does not.
    pub(crate) fn elaborate_models(&self, timing: &mut Timing) -> Result<(), ElaborateError> {
        let accepted = || !tri_hir::check(&self.db, self.root).iter().any(Diagnostic::is_error);
        if self.has_model() && accepted() {
            self.lower(timing)?;
        }
        Ok(())
    }

    /// Whether there is something to elaborate; a file of layers alone is checked only.
    fn has_model(&self) -> bool {
        let items = &tri_db::parse(&self.db, self.root).ast.items;
        items.iter().any(|item| matches!(&item.kind, ItemKind::Layer(layer) if layer.is_model))
    }

    /// The program as tensor IR before the passes, and the warnings of the checker.
    ///
    /// # Errors
    /// The program has errors.
    pub fn elaborate(&self, timing: &mut Timing) -> Result<(&Verified, Vec<Diagnostic>), ElaborateError> {
        let diagnostics = self.check(timing);
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(ElaborateError::Diagnostics(diagnostics));
        }
        Ok((self.lower(timing)?, diagnostics))
    }

    fn lower(&self, timing: &mut Timing) -> Result<&Verified, ElaborateError> {
        let elaborated = timing.stage("elaborate", || queries::elaborated(&self.db, self.root));
        Ok(&elaborated.as_ref()?.module)
    }

    /// The tensor IR of an accepted program before the passes, with where it comes from.
    pub(crate) fn elaborated(&self) -> Result<(&Verified, &SourceMap), ElaborateError> {
        let elaborated = queries::elaborated(&self.db, self.root).as_ref()?;
        Ok((&elaborated.module, &elaborated.source_map))
    }

    /// The tensor IR of an accepted program after the passes of a level. Each pass is a stage.
    ///
    /// # Errors
    /// The program has errors that only elaboration finds, or a pass makes an invalid module, which is a defect of the pass.
    pub fn optimized(&self, level: OptLevel, timing: &mut Timing) -> Result<&Verified, ElaborateError> {
        let optimized = queries::optimized(&self.db, self.root, level);
        timing.extend(self.db.take_times());
        Ok(optimized.as_ref()?)
    }

    /// The kernel IR of an accepted program.
    ///
    /// # Errors
    /// Those of [`Program::optimized`], and a step that no kernel serves.
    pub fn kernel_ir(
        &self,
        level: OptLevel,
        timing: &mut Timing,
    ) -> Result<&tri_kernel_ir::Verified, ElaborateError> {
        self.optimized(level, timing)?;
        Ok(timing.stage("schedule", || queries::kernel_ir(&self.db, self.root, level)).as_ref()?)
    }

    /// blake3 of the syntax trees of the program's own files as text, the main file first. White space and comments do not
    /// change it, nor where the files lie.
    pub fn source_hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for file in tri_hir::files(&self.db, &[self.root]) {
            let tree = tri_syntax::ast::dump(&tri_db::parse(&self.db, file).ast);
            hasher.update(&(tree.len() as u64).to_le_bytes());
            hasher.update(tree.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    /// The items of the program's own files, the main file first: each as people call it, with what it says.
    pub(crate) fn items(&self) -> Vec<(String, Arc<Item>)> {
        let folder = self.root.path(&self.db).parent();
        let mut items = Vec::new();
        for file in tri_hir::files(&self.db, &[self.root]) {
            let path = file.path(&self.db);
            let path = folder.and_then(|folder| path.strip_prefix(folder).ok()).unwrap_or(path);
            let place = if file == self.root { String::new() } else { format!(" in {}", path.display()) };
            for item in &tri_db::parse(&self.db, file).ast.items {
                items.push((format!("{}{place}", describe(item)), item.clone()));
            }
        }
        items
    }

    /// The main file as the user calls it.
    pub(crate) fn name(&self) -> String {
        self.root.path(&self.db).display().to_string()
    }

    /// The main file, wherever it is called from.
    pub(crate) fn path(&self) -> PathBuf {
        let path = self.root.path(&self.db);
        std::fs::canonicalize(path).unwrap_or_else(|_| path.clone())
    }

    /// The options that change what is compiled, by name.
    pub fn options(&self) -> Vec<(String, String)> {
        let model = self.options.model.iter().map(|model| ("model".to_owned(), model.clone()));
        let dims = self.options.dims.iter().map(|(name, size)| (format!("dim.{name}"), size.to_string()));
        let configuration = self.options.configuration.iter();
        let configuration = configuration.map(|(name, value)| (format!("config.{name}"), value.clone()));
        model.chain(dims).chain(configuration).collect()
    }

    /// The syntax tree as text.
    pub fn ast_text(&self) -> String {
        tri_syntax::ast::dump(&tri_db::parse(&self.db, self.root).ast)
    }

    /// The typed bodies of the main file as text, in source order.
    pub fn hir_text(&self) -> String {
        let mut text = String::new();
        for (id, _) in tri_db::parse(&self.db, self.root).ast.items() {
            for owner in tri_hir::body_owners(&self.db, self.def(id)) {
                text.push_str(&tri_hir::dump_body(&self.db, owner));
                text.push('\n');
            }
        }
        text
    }

    /// The documentation of the program, and of the standard library if wanted, as web pages. The program has no errors.
    pub fn document(&self, library: bool) -> Vec<tri_doc::Page> {
        tri_doc::document(&self.db, Some(self.root), library)
    }

    /// Where in the source an instruction of the program comes from.
    pub fn span(&self, origin: Origin) -> Option<Span> {
        let place = queries::elaborated(&self.db, self.root).as_ref().ok()?.source_map.place(origin)?;
        Some(self.place_span(place))
    }

    /// The bytes of a place in the source.
    pub(crate) fn place_span(&self, place: Place) -> Span {
        let place = tri_hir::Place { file: place.file, item: place.item, node: place.node };
        tri_hir::place_span(&self.db, place)
    }

    fn text_of(&self, file: SourceFile) -> Option<&str> {
        tri_db::text(&self.db, file).ok().map(|text| &**text)
    }
}

/// Keyword and name of an item.
fn describe(item: &Item) -> String {
    let keyword = match &item.kind {
        ItemKind::Use(import) => {
            let module: Vec<&str> = import.module.iter().map(|part| part.as_str()).collect();
            return format!("`use {}`", module.join("."));
        }
        ItemKind::Test(test) => return format!("test {:?}", test.name),
        ItemKind::Dim(_) => "dim",
        ItemKind::Const(_) => "const",
        ItemKind::Function(_) => "fn",
        ItemKind::Layer(layer) if layer.is_model => "model",
        ItemKind::Layer(_) => "layer",
        ItemKind::Error { .. } => "item",
    };
    item.name().map_or_else(|| keyword.to_owned(), |name| format!("`{keyword} {}`", name.as_str()))
}

/// Why a file cannot be read, if it cannot.
pub(crate) fn read_error(db: &RootDatabase, file: SourceFile) -> Option<DriverError> {
    let reason = file.bytes(db).as_ref().err()?.clone();
    Some(DriverError::Source { path: file.path(db).display().to_string(), reason })
}

/// Every size is given to a dim that one of the files has, and every value to a configuration of a model that may be compiled.
pub(crate) fn hold_names(
    db: &RootDatabase,
    files: &[SourceFile],
    options: &SourceOptions,
) -> Result<(), DriverError> {
    let items = || files.iter().flat_map(|file| &tri_db::parse(db, *file).ast.items).map(|item| &item.kind);
    let dims = items().filter_map(|item| match item {
        ItemKind::Dim(dim) => Some(&*dim.name.text),
        _ => None,
    });
    if let Some((name, near_miss)) = unknown(&options.dims, dims) {
        return Err(DriverError::UnknownDim { name, near_miss });
    }
    let is_chosen = |name: &str| options.model.as_deref().is_none_or(|model| model == name);
    let models = items().filter_map(|item| match item {
        ItemKind::Layer(layer) if layer.is_model && is_chosen(&layer.name.text) => Some(layer),
        _ => None,
    });
    let parameters = models.flat_map(|model| model.config.iter().map(|param| &*param.name.text));
    match unknown(&options.configuration, parameters) {
        Some((name, near_miss)) => Err(DriverError::UnknownConfiguration { name, near_miss }),
        None => Ok(()),
    }
}

/// The first of the names given that is not known, with a known one that is close.
fn unknown<'a, T>(
    given: &BTreeMap<String, T>,
    known: impl Iterator<Item = &'a str>,
) -> Option<(String, Option<String>)> {
    if given.is_empty() {
        return None;
    }
    let known: Vec<&str> = known.collect();
    let name = given.keys().find(|name| !known.contains(&name.as_str()))?;
    Some((name.clone(), nearest(name, known.iter().copied()).map(str::to_owned)))
}

/// The documentation of the standard library as web pages.
pub fn document_library() -> Vec<tri_doc::Page> {
    let db = RootDatabase::new(Arc::new(MemorySystem::default()), Path::new(""));
    tri_doc::document(&db, None, true)
}

impl From<DriverError> for ElaborateError {
    fn from(error: DriverError) -> Self {
        ElaborateError::Driver(error)
    }
}

impl Sources for Program {
    fn name(&self, file: FileId) -> String {
        self.db.file(file).map_or_else(String::new, |file| file.path(&self.db).display().to_string())
    }

    fn text(&self, file: FileId) -> &str {
        self.db.file(file).and_then(|file| self.text_of(file)).unwrap_or("")
    }

    fn is_library(&self, file: FileId) -> bool {
        self.db.file(file).is_some_and(|file| file.is_library(&self.db))
    }
}
