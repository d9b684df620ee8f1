//! The places in the caches that belong to a compilation: its artifact, the functions of its program, what it was made from.
//!
//! An artifact is looked for on disk, then on the server that machines share; what the server has is kept on disk. Functions and
//! history stay on disk: compiling a function takes less time than asking a server for it.

use tri_cache::{Cache, Fetched, Found, Key, KeyBuilder, Kind, Remote};
use tri_cranelift::FunctionPool;

use crate::{Program, Recipe, Skipped, recipe};

/// Functions made since all were kept lie by themselves until they are this part of all.
const RECENT: usize = 4;

/// What the cache holds for a recipe.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) has_warnings: bool,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) bytes: Vec<u8>,
}

impl Entry {
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

    pub(crate) fn decode(mut contents: Vec<u8>) -> Option<Entry> {
        let (length, rest) = contents.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        let head = rest.get(..length)?;
        let (has_warnings, skipped): (bool, Vec<(String, String)>) = postcard::from_bytes(head).ok()?;
        let skipped = skipped.into_iter().map(|(entry, reason)| Skipped { entry, reason }).collect();
        contents.drain(..4 + length);
        Some(Entry { has_warnings, skipped, bytes: contents })
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
}

impl<'a> Shelf<'a> {
    pub(crate) fn new(
        cache: Option<&'a Cache>,
        remote: Option<&'a Remote>,
        recipe: Option<Recipe>,
    ) -> Shelf<'a> {
        let place = cache.zip(recipe).map(|(cache, recipe)| Place { cache, remote, recipe });
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

    pub(crate) fn artifact(&mut self) -> Option<(Entry, Tier)> {
        let key = self.place.as_ref()?.recipe.key();
        self.get(Kind::Artifact, &key).and_then(Entry::decode).map(|entry| (entry, Tier::Disk))
    }

    /// The artifact as another machine compiled it, which is on disk from then on.
    pub(crate) fn shared_artifact(&mut self, program: &Program) -> Option<(Entry, Tier)> {
        let Place { cache, remote, recipe } = self.place.as_ref()?;
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
        cache.put(Kind::History, &history_key(program), recipe.to_text().as_bytes());
        Some((Entry::decode(contents)?, Tier::Remote))
    }

    /// The functions of the program as it was compiled before, by this build of the compiler.
    pub(crate) fn functions(&mut self, program: &Program) -> FunctionPool {
        let Some(keys) = functions_keys(program) else { return FunctionPool::default() };
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
    pub(crate) fn reason(&mut self, program: &Program) -> Option<String> {
        let text = self.get(Kind::History, &history_key(program));
        let recipe = &self.place.as_ref()?.recipe;
        let before = text.and_then(|text| Recipe::from_text(&String::from_utf8(text).ok()?));
        Some(match before {
            None => "first compilation of this program".to_owned(),
            Some(before) => recipe.changes(&before).unwrap_or_else(|| "the cache dropped it".to_owned()),
        })
    }

    /// Keeps what was compiled, and its functions if some were not known. A cache that cannot be written costs time, and is no error.
    pub(crate) fn keep(&mut self, program: &Program, entry: &Entry, pool: Option<&FunctionPool>) {
        let Some(Place { cache, remote, recipe }) =
            self.place.as_ref().filter(|place| place.recipe.still_holds())
        else {
            return;
        };
        let (history_key, functions_keys) = (history_key(program), functions_keys(program));
        // The disk takes them at once.
        let (note, ()) = rayon::join(
            || {
                let contents = entry.encode()?;
                cache.put(Kind::Artifact, &recipe.key(), &contents);
                let (remote, key) = ((*remote)?, recipe.shared_key(cache)?);
                remote.put(Kind::Artifact, &key, &contents).err()
            },
            || {
                cache.put(Kind::History, &history_key, recipe.to_text().as_bytes());
                if let Some((keys, pool)) = functions_keys.zip(pool) {
                    self.keep_functions(cache, keys, pool);
                }
            },
        );
        self.notes.extend(note);
    }
}

fn history_key(program: &Program) -> Key {
    Key::of(program.path().as_os_str().as_encoded_bytes())
}

/// Where the functions of a program lie: those that were kept together, and those made since.
fn functions_keys(program: &Program) -> Option<[Key; 2]> {
    let build = recipe::build()?;
    let path = program.path();
    Some(["triton functions", "triton recent functions"].map(|purpose| {
        let mut builder = KeyBuilder::new(purpose);
        builder.part("program", path.as_os_str().as_encoded_bytes());
        builder.part("compiler", build.as_bytes());
        builder.finish()
    }))
}
