//! From a program to the bytes of an artifact, with a cache if there is one.
//!
//! The cache is asked twice: for the whole artifact, by its [`Recipe`], and for compiled functions, by the kernel IR that they are made from. What
//! a program was made from last time is kept as well, so that a miss can say what changed.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use tri_artifact::Artifact;
use tri_cache::{Cache, Found, Kind, Remote};
use tri_cranelift::FunctionPool;
use tri_diagnostics::Diagnostic;
use tri_passes::OptLevel;

use crate::shelf::{Entry, Shelf, Tier};
use crate::verify::verify;
use crate::{
    Assembled, Checkpoint, DriverError, ElaborateError, GpuTarget, Output, Package, Program, Recipe, Skipped,
    Timing,
};

/// Bytes of a file of weights that are bound in memory, unless told otherwise.
pub const LARGE_WEIGHTS: u64 = 256 << 20;

/// How to compile.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Optimisation level.
    pub level: OptLevel,
    /// A family of GPUs to compile for, besides this machine.
    pub gpu: Option<GpuTarget>,
    /// A checkpoint to bind; without it the artifact holds code only.
    pub weights: Option<&'a Path>,
    /// A file of weights of more bytes is bound on disk, and its artifact is not kept: it is bound again sooner than it would be hashed and copied.
    pub large_weights: u64,
    /// The folder on whose disk large weights are bound: the one that the artifact is written to.
    pub folder: &'a Path,
    /// Where compilations are kept.
    pub cache: Option<&'a Cache>,
    /// Where other machines keep theirs; looked into only with a cache.
    pub remote: Option<&'a Remote>,
}

/// What compiling gives.
#[derive(Debug)]
pub struct Compiled<'a> {
    /// The artifact.
    pub output: Output,
    /// Its entries without golden call.
    pub skipped: Vec<Skipped>,
    /// What the checker warns of.
    pub warnings: Vec<Diagnostic>,
    /// Where it comes from.
    pub source: Source,
    /// What is to be said of the caches: entries that were not believed, a server that failed.
    pub notes: Vec<String>,
    /// All its functions, unless it comes from the cache.
    pub(crate) pool: FunctionPool,
    /// Where it is to be kept; nowhere if it is there, or does not belong there.
    shelf: Option<Shelf<'a>>,
    /// Whether some of its functions are not in the cache.
    has_new_functions: bool,
}

impl Compiled<'_> {
    /// Writes the artifact to the file at `path`, all of it or nothing, and keeps in the caches what was compiled.
    ///
    /// # Errors
    /// The system refuses to write the file, which is untouched then. That caches refuse is no error.
    pub fn write(&mut self, path: &Path, timing: &mut Timing) -> Result<(), DriverError> {
        timing.stage("write", || {
            let (Some(shelf), Output::Bytes(bytes)) = (self.shelf.take(), &self.output) else {
                return self.output.write(path);
            };
            let has_warnings = !self.warnings.is_empty();
            let entry = Entry { has_warnings, skipped: (&self.skipped).into(), bytes: bytes.into() };
            let pool = self.has_new_functions.then_some(&self.pool);
            let (written, note) = shelf.keep(&entry, pool, || self.output.write(path));
            self.notes.extend(note);
            written
        })
    }
}

/// Where an artifact comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From a cache.
    Cache(Tier),
    /// Compiled.
    Compiler {
        /// Why it was not in the cache, in words; none without a cache.
        reason: Option<String>,
    },
}

/// Compiles a program, or takes from the cache what it was compiled to.
///
/// # Errors
/// The program has errors, the weights do not fit, or no kernel serves a step.
pub fn compile<'a>(
    program: &Program,
    request: &Request<'a>,
    timing: &mut Timing,
) -> Result<Compiled<'a>, ElaborateError> {
    let (ahead, is_wanted) = (program.ahead(), AtomicBool::new(true));
    rayon::in_place_scope(|scope| {
        scope.spawn(|_| ahead(&is_wanted));
        let compiled = compile_after(&FunctionPool::default(), program, request, timing);
        is_wanted.store(false, Ordering::Relaxed);
        compiled
    })
}

/// The same after an earlier compilation in this process, which made the functions of `earlier`.
pub(crate) fn compile_after<'a>(
    earlier: &FunctionPool,
    program: &Program,
    request: &Request<'a>,
    timing: &mut Timing,
) -> Result<Compiled<'a>, ElaborateError> {
    let is_large = request
        .weights
        .and_then(|path| path.metadata().ok())
        .is_some_and(|file| file.len() > request.large_weights);
    let recipe = match request.cache {
        Some(_) if !is_large => {
            timing.stage("recipe", || Recipe::of(program, request.level, request.gpu, request.weights))?
        }
        _ => None,
    };
    let mut shelf = Shelf::new(request.cache, request.remote, recipe, program);
    let mut found = timing.stage("look up", || shelf.artifact());
    if found.is_none() && request.remote.is_some() {
        found = timing.stage("look up (remote)", || shelf.shared_artifact());
    }
    if let Some((entry, tier)) = found {
        return Ok(taken(entry, tier, shelf.notes, program, timing));
    }
    let (mut known, mut reason) = (FunctionPool::default(), None);
    let warnings = rayon::in_place_scope(|scope| {
        // What the cache knows of the program is read and held to its hash by another core.
        scope.spawn(|_| {
            reason = shelf.reason();
            if earlier.is_empty() {
                known = shelf.functions();
            }
        });
        front_end(program, request.level, timing)
    })?;
    let module = program.optimized(request.level, timing)?;
    let checkpoint = match request.weights {
        Some(weights) => Some(timing.stage("read weights", || Checkpoint::open(weights, module))?),
        None => None,
    };
    let known = if earlier.is_empty() { &known } else { earlier };
    let kernel = program.kernel_ir(request.level, timing)?;
    let package = Package {
        module,
        kernel,
        places: if request.gpu.is_some() { program.places(kernel) } else { Vec::new() },
        level: request.level,
        gpu: request.gpu,
        source_hash: program.source_hash(),
        options: program.options(),
        checkpoint: checkpoint.as_ref(),
        folder: is_large.then_some(request.folder),
        pool: known,
    };
    let Assembled { writer, skipped, pool } = package.assemble(timing)?;
    let (output, reason) = if is_large {
        let reason = request.cache.map(|_| "artifacts of so large weights are not kept".to_owned());
        (Output::Sections(Box::new(writer)), reason)
    } else {
        let bytes = timing.stage("link", || writer.to_bytes()).map_err(DriverError::from)?;
        (Output::Bytes(bytes), reason)
    };
    let has_new_functions = !pool.beyond(known).is_empty();
    let (source, notes) = (Source::Compiler { reason }, std::mem::take(&mut shelf.notes));
    Ok(Compiled { output, skipped, warnings, source, notes, pool, shelf: Some(shelf), has_new_functions })
}

/// Checks, elaborates and optimises; gives the checker's warnings.
fn front_end(
    program: &Program,
    level: OptLevel,
    timing: &mut Timing,
) -> Result<Vec<Diagnostic>, ElaborateError> {
    let (elaborated, warnings) = program.elaborate(timing)?;
    if elaborated.entries.is_empty() {
        return Err(DriverError::NoModel { path: program.name() }.into());
    }
    program.optimized(level, timing)?;
    Ok(warnings)
}

/// What a cache had.
fn taken<'a>(
    entry: Entry<'_>,
    tier: Tier,
    notes: Vec<String>,
    program: &Program,
    timing: &mut Timing,
) -> Compiled<'a> {
    Compiled {
        warnings: if entry.has_warnings { program.check(timing) } else { Vec::new() },
        output: Output::Bytes(entry.bytes.into_owned()),
        skipped: entry.skipped.into_owned(),
        source: Source::Cache(tier),
        notes,
        pool: FunctionPool::default(),
        shelf: None,
        has_new_functions: false,
    }
}

/// Compiles every artifact of a cache again from its tensor IR: how many are what they should be, and which are not, and why. An
/// entry that is not believed when it is read is dropped, as always, and counts as neither.
pub fn verify_cache(cache: &Cache, timing: &mut Timing) -> (usize, Vec<(String, String)>) {
    let (mut right, mut wrong) = (0, Vec::new());
    for key in cache.keys(Kind::Artifact) {
        let Found::Hit(contents) = cache.get(Kind::Artifact, &key) else { continue };
        let verified = match Entry::decode(contents) {
            None => Err("its contents are malformed".to_owned()),
            Some(entry) => Artifact::from_bytes(entry.bytes.into_owned())
                .map_err(DriverError::from)
                .and_then(|artifact| verify(artifact, None, timing))
                .map_err(|error| error.to_string()),
        };
        match verified {
            Ok(_) => right += 1,
            Err(reason) => wrong.push((key.to_string(), reason)),
        }
    }
    (right, wrong)
}
