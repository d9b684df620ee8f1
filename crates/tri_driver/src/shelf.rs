//! The places in the caches that belong to a compilation: its artifact, the functions of its program, what it was made from.
//!
//! An artifact is looked for on disk, then on the server that machines share; what the server has is kept on disk. Functions and
//! history stay on disk: compiling a function takes less time than asking a server for it.

use std::borrow::Cow;
use std::path::Path;

use tri_cache::{Cache, Fetched, Found, Key, KeyBuilder, Kind, Remote};
use tri_cranelift::FunctionPool;

use crate::{Program, Recipe, Skipped, recipe};

/// Functions made since all were kept lie by themselves until they are this part of all.
const RECENT: usize = 4;

/// What the cache holds for a recipe.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) has_warnings: bool,
    pub(crate) skipped: Cow<'a, [Skipped]>,
    pub(crate) bytes: Cow<'a, [u8]>,
}

impl Entry<'_> {
    /// Length of the first part, whether there are warnings and what was skipped, the artifact.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let skipped: Vec<(&str, &str)> =
            self.skipped.iter().map(|skip| (skip.entry.as_str(), skip.reason.as_str())).collect();
        let head = postcard::to_stdvec(&(self.has_warnings, skipped)).ok()?;
        let mut bytes = u32::try_from(head.len()).ok()?.to_le_bytes().to_vec();
        bytes.extend(head);
        bytes.extend_from_slice(&self.bytes);
        Some(bytes)
    }

    pub(crate) fn decode(mut contents: Vec<u8>) -> Option<Entry<'static>> {
        let (length, rest) = contents.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        let head = rest.get(..length)?;
        let (has_warnings, skipped): (bool, Vec<(String, String)>) = postcard::from_bytes(head).ok()?;
        let skipped = skipped.into_iter().map(|(entry, reason)| Skipped { entry, reason }).collect();
        contents.drain(..4 + length);
        Some(Entry { has_warnings, skipped, bytes: contents.into() })
    }
}

/// Where a cached artifact was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// On disk.
    Disk,
    /// On the server that machines share.
    Remote,
}

/// The caches of a compilation; without a cache on disk, none.
#[derive(Debug)]
pub(crate) struct Shelf<'a> {
    place: Option<Place<'a>>,
    /// The functions as they lie on disk: those that were kept together, and those made since.
    stored: Option<[FunctionPool; 2]>,
    /// Entries that were not believed, and a server that failed.
    pub(crate) notes: Vec<String>,
}

#[derive(Debug)]
struct Place<'a> {
    cache: &'a Cache,
    remote: Option<&'a Remote>,
    recipe: Recipe,
    history: Key,
    /// None where the compiler cannot tell its own build from others.
    functions: Option<[Key; 2]>,
}

impl<'a> Shelf<'a> {
    /// The places of a program; none without a cache and a recipe.
    pub(crate) fn new(
        cache: Option<&'a Cache>,
        remote: Option<&'a Remote>,
        recipe: Option<Recipe>,
        program: &Program,
    ) -> Shelf<'a> {
        let place = cache.zip(recipe).map(|(cache, recipe)| {
            let path = program.path();
            let (history, functions) = (history_key(&path), functions_keys(&path));
            Place { cache, remote, recipe, history, functions }
        });
        Shelf { place, stored: None, notes: Vec::new() }
    }

    fn get(&mut self, kind: Kind, key: &Key) -> Option<Vec<u8>> {
        match self.place.as_ref()?.cache.get(kind, key) {
            Found::Hit(contents) => Some(contents),
            Found::Miss => None,
            Found::Dropped(dropped) => {
                self.notes.push(dropped.to_string());
                None
            }
        }
    }

    pub(crate) fn artifact(&mut self) -> Option<(Entry<'static>, Tier)> {
        let key = self.place.as_ref()?.recipe.key();
        self.get(Kind::Artifact, &key).and_then(Entry::decode).map(|entry| (entry, Tier::Disk))
    }

    /// The artifact as another machine compiled it, which is on disk from then on.
    pub(crate) fn shared_artifact(&mut self) -> Option<(Entry<'static>, Tier)> {
        let Place { cache, remote, recipe, history, .. } = self.place.as_ref()?;
        let key = recipe.shared_key(cache)?;
        let contents = match (*remote)?.get(Kind::Artifact, &key) {
            Fetched::Hit(contents) => contents,
            Fetched::Miss => return None,
            Fetched::Refused(note) => {
                self.notes.push(note);
                return None;
            }
        };
        cache.put(Kind::Artifact, &recipe.key(), &contents);
        cache.put(Kind::History, history, recipe.to_text().as_bytes());
        Some((Entry::decode(contents)?, Tier::Remote))
    }

    /// The functions of the program as it was compiled before, by this build of the compiler.
    pub(crate) fn functions(&mut self) -> FunctionPool {
        let Some(keys) = self.place.as_ref().and_then(|place| place.functions) else {
            return FunctionPool::default();
        };
        let stored: [FunctionPool; 2] = keys.map(|key| {
            let contents = self.get(Kind::Functions, &key);
            contents.and_then(|contents| postcard::from_bytes(&contents).ok()).unwrap_or_default()
        });
        let [all, recent] = &stored;
        let known = if recent.is_empty() { all.clone() } else { all.and(recent) };
        self.stored = Some(stored);
        known
    }

    /// Keeps functions, as far as they are not there. What an edit made lies beside the rest, so that not all is written again.
    fn keep_functions(&self, cache: &Cache, [all_key, recent_key]: [Key; 2], pool: &FunctionPool) {
        let put = |key: &Key, pool: &FunctionPool| {
            if let Ok(contents) = postcard::to_stdvec(pool) {
                cache.put(Kind::Functions, key, &contents);
            }
        };
        if let Some([all, recent]) = &self.stored {
            let made = pool.beyond(all);
            if made.beyond(recent).is_empty() {
                return;
            }
            if made.bytes() <= all.bytes() / RECENT {
                return put(&recent_key, &made);
            }
        }
        put(&all_key, pool);
        cache.remove(Kind::Functions, &recent_key);
    }

    /// Why the artifact was not there.
    pub(crate) fn reason(&mut self) -> Option<String> {
        let history = self.place.as_ref()?.history;
        let text = self.get(Kind::History, &history);
        let recipe = &self.place.as_ref()?.recipe;
        let before = text.and_then(|text| Recipe::from_text(&String::from_utf8(text).ok()?));
        Some(match before {
            None => "first compilation of this program".to_owned(),
            Some(before) => recipe.changes(&before).unwrap_or_else(|| "the cache dropped it".to_owned()),
        })
    }

    /// Keeps what was compiled, and its functions if they are given, while this thread does something else: the disk takes several files
    /// at once. A cache that cannot be written costs time, and is no error; a note says what a server refused.
    pub(crate) fn keep<T>(
        &self,
        entry: &Entry<'_>,
        pool: Option<&FunctionPool>,
        beside: impl FnOnce() -> T,
    ) -> (T, Option<String>) {
        let Some(place) = self.place.as_ref().filter(|place| place.recipe.still_holds()) else {
            return (beside(), None);
        };
        let mut note = None;
        let result = rayon::in_place_scope(|scope| {
            scope.spawn(|_| note = place.keep_artifact(entry));
            scope.spawn(|_| {
                if let Some((keys, pool)) = place.functions.zip(pool) {
                    self.keep_functions(place.cache, keys, pool);
                }
            });
            scope.spawn(|_| {
                place.cache.put(Kind::History, &place.history, place.recipe.to_text().as_bytes());
            });
            beside()
        });
        (result, note)
    }
}

impl Place<'_> {
    /// Keeps an artifact on disk and on the server: what the server says against it.
    fn keep_artifact(&self, entry: &Entry<'_>) -> Option<String> {
        let contents = entry.encode()?;
        self.cache.put(Kind::Artifact, &self.recipe.key(), &contents);
        let (remote, key) = (self.remote?, self.recipe.shared_key(self.cache)?);
        remote.put(Kind::Artifact, &key, &contents).err()
    }
}

fn history_key(program: &Path) -> Key {
    Key::of(program.as_os_str().as_encoded_bytes())
}

/// Where the functions of a program lie: those that were kept together, and those made since.
fn functions_keys(program: &Path) -> Option<[Key; 2]> {
    let build = recipe::build()?;
    Some(["triton functions", "triton recent functions"].map(|purpose| {
        let mut builder = KeyBuilder::new(purpose);
        builder.part("program", program.as_os_str().as_encoded_bytes());
        builder.part("compiler", build.as_bytes());
        builder.finish()
    }))
}
