//! The places in the caches that belong to a compilation: its artifact, the functions of its program, what it was made from.
//!
//! An artifact is looked for on disk, then on the server that machines share; what the server has is kept on disk. Functions and
//! history stay on disk: compiling a function takes less time than asking a server for it.

use tri_cache::{Cache, Fetched, Found, Key, KeyBuilder, Kind, Remote};
use tri_cranelift::FunctionPool;

use crate::{Program, Recipe, Skipped, recipe};

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
        Shelf { place, notes: Vec::new() }
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

    /// The functions of the program as it was compiled last, by this build of the compiler.
    pub(crate) fn functions(&mut self, program: &Program) -> FunctionPool {
        let Some(key) = functions_key(program) else { return FunctionPool::default() };
        let pool = self.get(Kind::Functions, &key).and_then(|contents| postcard::from_bytes(&contents).ok());
        pool.unwrap_or_default()
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

    /// Keeps what was compiled, and its functions if they are others than before. A cache that cannot be written costs time, and is no error.
    pub(crate) fn keep(&mut self, program: &Program, entry: &Entry, pool: Option<&FunctionPool>) {
        let Some(Place { cache, remote, recipe }) =
            self.place.as_ref().filter(|place| place.recipe.still_holds())
        else {
            return;
        };
        if let Some(contents) = entry.encode() {
            cache.put(Kind::Artifact, &recipe.key(), &contents);
            if let Some(remote) = remote
                && let Some(key) = recipe.shared_key(cache)
            {
                self.notes.extend(remote.put(Kind::Artifact, &key, &contents).err());
            }
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
