//! What an artifact is made from: everything that its bytes depend on, each part with a name for people.

use std::fs::File;
use std::hash::{Hash as _, Hasher};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tri_cache::{Cache, Found, Key, KeyBuilder, Kind};
use tri_passes::OptLevel;

use crate::{COMPILER, DriverError, GpuTarget, Program, backend};

/// Changed parts that a reason names.
const NAMED: usize = 3;

/// The part that stands for the compiler.
const COMPILER_PART: &str = "the compiler";

/// The parts of a compilation, in order. Two compilations with the same parts give the same artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    parts: Vec<(String, Key)>,
    weights: Option<Weights>,
}

/// A file of weights when it was hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Weights {
    path: PathBuf,
    stamp: Option<(u64, SystemTime)>,
}

impl Recipe {
    /// The parts of compiling a program; none if this compiler cannot tell its own build from others, or the weights cannot be read.
    ///
    /// # Errors
    /// The environment asks for a CPU level that does not exist.
    pub fn of(
        program: &Program,
        level: OptLevel,
        gpu: Option<GpuTarget>,
        weights: Option<&Path>,
    ) -> Result<Option<Recipe>, DriverError> {
        let Some(build) = build() else { return Ok(None) };
        let text = |text: &str| Key::of(text.as_bytes());
        let mut parts = vec![
            (COMPILER_PART.to_owned(), build),
            ("the CPU level".to_owned(), text(&backend::target(backend::cpu_level()?))),
            ("the -O level".to_owned(), text(&format!("{level:?}"))),
        ];
        if let Some(gpu) = gpu {
            parts.push(("the GPU".to_owned(), text(&gpu.to_string())));
            // Code for a GPU says where in the source its steps stand, which an edit of a comment changes.
            parts.push(("the name of the file".to_owned(), text(&program.name())));
            parts.push(("the lines of the source".to_owned(), Key::of(&program.source_hash())));
        }
        parts.extend(
            program.options().into_iter().map(|(name, value)| (format!("option {name}"), text(&value))),
        );
        parts.extend(program.items().into_iter().map(|(name, item)| {
            let mut bytes = Bytes(Vec::new());
            item.hash(&mut bytes);
            (name, Key::of(&bytes.0))
        }));
        let mut file = None;
        if let Some(path) = weights {
            file = Some(Weights { path: path.to_owned(), stamp: stamp(path) });
            // What is wrong with a file that cannot be read is told when it is.
            let Some(key) = file_key(path) else { return Ok(None) };
            parts.push(("the weights".to_owned(), key));
        }
        Ok(Some(Recipe { parts, weights: file }))
    }

    /// Whether the weights are still those that were hashed: what is compiled while somebody writes them has no recipe.
    pub(crate) fn still_holds(&self) -> bool {
        self.weights.as_ref().is_none_or(|file| file.stamp.is_some() && file.stamp == stamp(&file.path))
    }

    /// The key of the artifact.
    pub fn key(&self) -> Key {
        let mut builder = KeyBuilder::new("triton artifact");
        for (name, key) in &self.parts {
            builder.part(name, key.as_bytes());
        }
        builder.finish()
    }

    /// The key of the artifact for all machines: there the compiler is known by its bytes, since the times of files differ.
    /// None if they cannot be read.
    pub(crate) fn shared_key(&self, cache: &Cache) -> Option<Key> {
        let mut builder = KeyBuilder::new("triton shared artifact");
        builder.part("the compiler", build_contents(cache)?.as_bytes());
        for (name, key) in self.parts.iter().filter(|(name, _)| name != COMPILER_PART) {
            builder.part(name, key.as_bytes());
        }
        Some(builder.finish())
    }

    /// What is another than in an earlier recipe, in words; none if nothing is.
    pub fn changes(&self, before: &Recipe) -> Option<String> {
        let is_named = |parts: &[(String, Key)], name: &str| parts.iter().any(|part| part.0 == name);
        let mut changes = Vec::new();
        for part in self.parts.iter().filter(|part| !before.parts.contains(part)) {
            let verb = if is_named(&before.parts, &part.0) { "changed" } else { "was added" };
            changes.push(format!("{} {verb}", part.0));
        }
        let removed = before.parts.iter().filter(|part| !is_named(&self.parts, &part.0));
        changes.extend(removed.map(|part| format!("{} was removed", part.0)));
        if changes.is_empty() {
            return (self.parts != before.parts).then(|| "the order of items changed".to_owned());
        }
        let more = changes.len().saturating_sub(NAMED);
        changes.truncate(NAMED);
        let listed = changes.join(", ");
        Some(if more == 0 { listed } else { format!("{listed}, and {more} more") })
    }

    /// As lines of text.
    pub(crate) fn to_text(&self) -> String {
        self.parts.iter().map(|(name, key)| format!("{key} {}\n", name.replace('\n', " "))).collect()
    }

    /// Out of lines of text.
    pub(crate) fn from_text(text: &str) -> Option<Recipe> {
        let part = |line: &str| {
            let (hex, name) = line.split_once(' ')?;
            Some((name.to_owned(), Key::from_hex(hex)?))
        };
        Some(Recipe { parts: text.lines().map(part).collect::<Option<_>>()?, weights: None })
    }
}

/// The build of this compiler: its version, and size and time of its file. None where they cannot be told.
pub(crate) fn build() -> Option<Key> {
    let file = std::env::current_exe().ok()?.metadata().ok()?;
    let time = file.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let mut builder = KeyBuilder::new("triton build");
    builder.part("version", COMPILER.as_bytes());
    builder.part("length", &file.len().to_le_bytes());
    builder.part("time", &time.as_nanos().to_le_bytes());
    Some(builder.finish())
}

/// The hash of this compiler's file. Hashing takes longer than compiling a small program, so the cache knows it by the build.
fn build_contents(cache: &Cache) -> Option<Key> {
    let mut builder = KeyBuilder::new("triton build contents");
    builder.part("build", build()?.as_bytes());
    let place = builder.finish();
    if let Found::Hit(known) = cache.get(Kind::History, &place)
        && let Ok(known) = <[u8; 32]>::try_from(known)
    {
        return Some(Key::from_bytes(known));
    }
    let contents = file_key(&std::env::current_exe().ok()?)?;
    cache.put(Kind::History, &place, contents.as_bytes());
    Some(contents)
}

/// The hash of a regular file that can be read.
fn file_key(path: &Path) -> Option<Key> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).ok()?).ok()?;
    Some(Key::from_bytes(*hasher.finalize().as_bytes()))
}

/// Length and time of a file, which change when somebody writes it.
pub(crate) fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let metadata = path.metadata().ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

/// Collects what is hashed. A syntax tree's hash leaves out where its nodes stand.
struct Bytes(Vec<u8>);

impl Hasher for Bytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("whoever hashes takes the bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(parts: &[(&str, &str)]) -> Recipe {
        let part = |(name, value): &(&str, &str)| ((*name).to_owned(), Key::of(value.as_bytes()));
        Recipe { parts: parts.iter().map(part).collect(), weights: None }
    }

    #[test]
    fn changes_are_named() {
        let before = recipe(&[("the -O level", "2"), ("`layer A`", "a"), ("`layer B`", "b"), ("test", "t")]);
        assert_eq!(before.changes(&before), None);
        let changes = |parts: &[(&str, &str)]| recipe(parts).changes(&before).unwrap();
        let level = changes(&[("the -O level", "0"), ("`layer A`", "a"), ("`layer B`", "b"), ("test", "t")]);
        assert_eq!(level, "the -O level changed");
        let order = changes(&[("the -O level", "2"), ("`layer B`", "b"), ("`layer A`", "a"), ("test", "t")]);
        assert_eq!(order, "the order of items changed");
        let many = changes(&[("the -O level", "2"), ("`layer A`", "x"), ("`layer C`", "c"), ("test", "u")]);
        assert_eq!(many, "`layer A` changed, `layer C` was added, test changed, and 1 more");
    }

    #[test]
    fn recipes_are_text_and_back() {
        let one = recipe(&[("the -O level", "2"), ("`layer A` in b.tri", "a")]);
        assert_eq!(Recipe::from_text(&one.to_text()), Some(one.clone()));
        assert_eq!(Recipe::from_text("no recipe"), None);
        assert_ne!(one.key(), recipe(&[("the -O level", "3"), ("`layer A` in b.tri", "a")]).key());
    }
}
