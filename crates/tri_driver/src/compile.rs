//! From a program to the bytes of an artifact, with a cache if there is one.
//!
//! The cache is asked twice: for the whole artifact, by its [`Recipe`], and for compiled functions, by their Cranelift IR. What
//! a program was made from last time is kept as well, so that a miss can say what changed.

use std::path::Path;

use tri_artifact::Artifact;
use tri_cache::{Cache, Dropped, Found, Key, KeyBuilder, Kind};
use tri_cranelift::FunctionPool;
use tri_diagnostics::Diagnostic;
use tri_passes::OptLevel;

use crate::verify::verify;
use crate::{DriverError, ElaborateError, Package, Program, Recipe, Skipped, Timing, read_weights, recipe};

/// How to compile.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Optimisation level.
    pub level: OptLevel,
    /// A checkpoint to bind; without it the artifact holds code only.
    pub weights: Option<&'a Path>,
    /// Where compilations are kept.
    pub cache: Option<&'a Cache>,
}

/// What compiling gives.
#[derive(Debug)]
pub struct Compiled {
    /// The bytes of the artifact.
    pub bytes: Vec<u8>,
    /// Its entries without golden call.
    pub skipped: Vec<Skipped>,
    /// What the checker warns of.
    pub warnings: Vec<Diagnostic>,
    /// Where it comes from.
    pub source: Source,
    /// Entries of the cache that were not believed.
    pub dropped: Vec<Dropped>,
}

/// Where an artifact comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From the cache.
    Cache,
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
pub fn compile(
    program: &Program,
    request: &Request<'_>,
    timing: &mut Timing,
) -> Result<Compiled, ElaborateError> {
    let recipe = match request.cache {
        Some(_) => timing.stage("recipe", || Recipe::of(program, request.level, request.weights))?,
        None => None,
    };
    let mut shelf = Shelf { dropped: Vec::new(), place: request.cache.zip(recipe) };
    if let Some(entry) = timing.stage("look up", || shelf.artifact()) {
        let warnings = if entry.has_warnings { program.check(timing) } else { Vec::new() };
        let (bytes, skipped) = (entry.bytes, entry.skipped);
        return Ok(Compiled { bytes, skipped, warnings, source: Source::Cache, dropped: shelf.dropped });
    }
    let (elaborated, warnings) = program.elaborate(timing)?;
    if elaborated.entries.is_empty() {
        return Err(DriverError::NoModel { path: program.name() }.into());
    }
    let module = program.optimized(request.level, timing)?;
    let parameters = match request.weights {
        Some(weights) => Some(timing.stage("read weights", || read_weights(weights, module))?),
        None => None,
    };
    let known = shelf.functions(program);
    let package = Package {
        module,
        kernel: program.kernel_ir(request.level, timing)?,
        level: request.level,
        source_hash: program.source_hash(),
        options: program.options(),
        parameters: parameters.as_deref(),
        pool: &known,
    };
    let assembled = package.assemble(timing)?;
    let bytes = timing.stage("link", || assembled.writer.to_bytes()).map_err(DriverError::from)?;
    let reason = shelf.reason(program);
    let entry = Entry { has_warnings: !warnings.is_empty(), skipped: assembled.skipped, bytes };
    timing
        .stage("keep", || shelf.keep(program, &entry, (assembled.pool != known).then_some(&assembled.pool)));
    let source = Source::Compiler { reason };
    Ok(Compiled { bytes: entry.bytes, skipped: entry.skipped, warnings, source, dropped: shelf.dropped })
}

/// What the cache holds for a recipe.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    has_warnings: bool,
    skipped: Vec<Skipped>,
    bytes: Vec<u8>,
}

impl Entry {
    /// Length of the first part, whether there are warnings and what was skipped, the artifact.
    fn encode(&self) -> Option<Vec<u8>> {
        let skipped: Vec<(&str, &str)> =
            self.skipped.iter().map(|skip| (skip.entry.as_str(), skip.reason.as_str())).collect();
        let head = postcard::to_stdvec(&(self.has_warnings, skipped)).ok()?;
        let mut bytes = u32::try_from(head.len()).ok()?.to_le_bytes().to_vec();
        bytes.extend(head);
        bytes.extend_from_slice(&self.bytes);
        Some(bytes)
    }

    fn decode(mut contents: Vec<u8>) -> Option<Entry> {
        let (length, rest) = contents.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        let head = rest.get(..length)?;
        let (has_warnings, skipped): (bool, Vec<(String, String)>) = postcard::from_bytes(head).ok()?;
        let skipped = skipped.into_iter().map(|(entry, reason)| Skipped { entry, reason }).collect();
        contents.drain(..4 + length);
        Some(Entry { has_warnings, skipped, bytes: contents })
    }
}

/// The places in the cache that belong to a compilation; without a cache, none.
struct Shelf<'a> {
    place: Option<(&'a Cache, Recipe)>,
    dropped: Vec<Dropped>,
}

impl Shelf<'_> {
    fn get(&mut self, kind: Kind, key: &Key) -> Option<Vec<u8>> {
        match self.place.as_ref()?.0.get(kind, key) {
            Found::Hit(contents) => Some(contents),
            Found::Miss => None,
            Found::Dropped(dropped) => {
                self.dropped.push(dropped);
                None
            }
        }
    }

    fn artifact(&mut self) -> Option<Entry> {
        let key = self.place.as_ref()?.1.key();
        Entry::decode(self.get(Kind::Artifact, &key)?)
    }

    /// The functions of the program as it was compiled last, by this build of the compiler.
    fn functions(&mut self, program: &Program) -> FunctionPool {
        let Some(key) = functions_key(program) else { return FunctionPool::default() };
        let pool = self.get(Kind::Functions, &key).and_then(|contents| postcard::from_bytes(&contents).ok());
        pool.unwrap_or_default()
    }

    /// Why the artifact was not there.
    fn reason(&mut self, program: &Program) -> Option<String> {
        let text = self.get(Kind::History, &history_key(program));
        let (_, recipe) = self.place.as_ref()?;
        let before = text.and_then(|text| Recipe::from_text(&String::from_utf8(text).ok()?));
        Some(match before {
            None => "first compilation of this program".to_owned(),
            Some(before) => recipe.changes(&before).unwrap_or_else(|| "the cache dropped it".to_owned()),
        })
    }

    /// Keeps what was compiled, and its functions if they are others than before. A cache that cannot be written costs time, and is no error.
    fn keep(&self, program: &Program, entry: &Entry, pool: Option<&FunctionPool>) {
        let Some((cache, recipe)) = self.place.as_ref().filter(|(_, recipe)| recipe.still_holds()) else {
            return;
        };
        if let Some(contents) = entry.encode() {
            cache.put(Kind::Artifact, &recipe.key(), &contents);
        }
        cache.put(Kind::History, &history_key(program), recipe.to_text().as_bytes());
        if let Some(pool) = pool
            && let (Some(key), Ok(contents)) = (functions_key(program), postcard::to_stdvec(pool))
        {
            cache.put(Kind::Functions, &key, &contents);
        }
    }
}

fn history_key(program: &Program) -> Key {
    Key::of(program.path().as_os_str().as_encoded_bytes())
}

fn functions_key(program: &Program) -> Option<Key> {
    let mut builder = KeyBuilder::new("triton functions");
    builder.part("program", program.path().as_os_str().as_encoded_bytes());
    builder.part("compiler", recipe::build()?.as_bytes());
    Some(builder.finish())
}

/// Compiles every artifact of a cache again from its tensor IR: how many are what they should be, and which are not, and why. An
/// entry that is not believed when it is read is dropped, as always, and counts as neither.
pub fn verify_cache(cache: &Cache, timing: &mut Timing) -> (usize, Vec<(String, String)>) {
    let (mut right, mut wrong) = (0, Vec::new());
    for key in cache.keys(Kind::Artifact) {
        let Found::Hit(contents) = cache.get(Kind::Artifact, &key) else { continue };
        let verified = match Entry::decode(contents) {
            None => Err("its contents are malformed".to_owned()),
            Some(entry) => Artifact::from_bytes(entry.bytes)
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
