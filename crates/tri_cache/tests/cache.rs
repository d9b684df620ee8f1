//! Entries are whole or missing, whatever happens to their files.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tri_cache::{Cache, DEFAULT_LIMIT, Found, Key, Kind};

fn cache(folder: &Path) -> Cache {
    Cache::new(folder.join("cache"), DEFAULT_LIMIT)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { &mut open } else { &mut files }.push(path);
        }
    }
    files
}

#[test]
fn what_is_put_is_found_by_kind_and_key() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let (one, two) = (Key::of(b"one"), Key::of(b"two"));
    assert_eq!(cache.get(Kind::Artifact, &one), Found::Miss);
    assert!(cache.put(Kind::Artifact, &one, b"first"));
    assert_eq!(cache.get(Kind::Artifact, &one), Found::Hit(b"first".to_vec()));
    assert_eq!(cache.get(Kind::Functions, &one), Found::Miss);
    assert_eq!(cache.get(Kind::Artifact, &two), Found::Miss);
    assert!(cache.put(Kind::Artifact, &one, b"second"));
    assert_eq!(cache.get(Kind::Artifact, &one), Found::Hit(b"second".to_vec()));
    assert!(cache.put(Kind::Artifact, &two, b""));
    assert_eq!(cache.get(Kind::Artifact, &two), Found::Hit(Vec::new()));
    cache.remove(Kind::Artifact, &one);
    assert_eq!(cache.get(Kind::Artifact, &one), Found::Miss);
}

#[test]
fn flipped_and_cut_entries_are_dropped_and_gone() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let key = Key::of(b"key");
    cache.put(Kind::Artifact, &key, b"some contents");
    let path = files(folder.path()).remove(0);
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        for bytes in [&flipped[..], &whole[..at]] {
            fs::write(&path, bytes).unwrap();
            let Found::Dropped(dropped) = cache.get(Kind::Artifact, &key) else {
                panic!("byte {at} is believed")
            };
            assert_eq!(dropped.path, path);
            assert_eq!(cache.get(Kind::Artifact, &key), Found::Miss);
        }
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(cache.get(Kind::Artifact, &key), Found::Hit(b"some contents".to_vec()));
}

#[test]
fn an_entry_under_the_name_of_another_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let (one, two) = (Key::of(b"one"), Key::of(b"two"));
    cache.put(Kind::Artifact, &one, b"contents");
    let of_one = files(folder.path()).remove(0);
    cache.put(Kind::Artifact, &two, b"others");
    let of_two = files(folder.path()).into_iter().find(|file| *file != of_one).unwrap();
    fs::copy(of_one, of_two).unwrap();
    assert!(matches!(cache.get(Kind::Artifact, &two), Found::Dropped(_)));
}

#[test]
fn a_cache_that_cannot_be_written_keeps_nothing_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let cache = Cache::new(file.join("cache"), DEFAULT_LIMIT);
    let key = Key::of(b"key");
    assert!(!cache.put(Kind::Artifact, &key, b"contents"));
    assert_eq!(cache.get(Kind::Artifact, &key), Found::Miss);
    assert!(cache.stat().iter().all(|stat| stat.entries == 0));
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let keys: Vec<Key> = (0..10u8).map(|n| Key::of(&[n])).collect();
    for (age, key) in keys.iter().enumerate() {
        let before = files(folder.path()).len();
        cache.put(Kind::Artifact, key, &[0; 1000]);
        let all = files(folder.path());
        assert_eq!(all.len(), before + 1);
        let hex = key.to_string();
        let path = all.iter().find(|path| path.to_str().unwrap().ends_with(&hex[2..])).unwrap();
        let time = SystemTime::now() - Duration::from_secs(1000 - age as u64);
        fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    // The oldest is used, and so becomes the youngest.
    assert!(matches!(cache.get(Kind::Artifact, &keys[0]), Found::Hit(_)));
    let entry = cache.stat()[0].bytes / 10;
    let collected = cache.collect(3 * entry);
    assert_eq!((collected.files, collected.bytes), (7, 7 * entry));
    let left: Vec<bool> =
        keys.iter().map(|key| matches!(cache.get(Kind::Artifact, key), Found::Hit(_))).collect();
    assert_eq!(left, [true, false, false, false, false, false, false, false, true, true]);
    assert_eq!(cache.clear().files, 3);
    assert_eq!(cache.stat()[0].entries, 0);
}

#[test]
fn files_of_killed_processes_are_collected_and_those_of_living_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    cache.put(Kind::Artifact, &Key::of(b"key"), b"contents");
    let beside = files(folder.path()).remove(0).parent().unwrap().to_owned();
    let (old, young) = (beside.join(".unfinished-old"), beside.join(".unfinished-young"));
    for path in [&old, &young] {
        fs::write(path, "part").unwrap();
    }
    let time = SystemTime::now() - Duration::from_secs(2 * 3600);
    fs::File::options().write(true).open(&old).unwrap().set_modified(time).unwrap();
    assert_eq!(cache.collect(DEFAULT_LIMIT).files, 1);
    assert!(!old.exists() && young.exists());
}

#[test]
fn readers_and_writers_at_once_see_whole_entries() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let key = Key::of(b"key");
    std::thread::scope(|scope| {
        for writer in 0..3u8 {
            let cache = &cache;
            scope.spawn(move || {
                for _ in 0..50 {
                    assert!(cache.put(Kind::Artifact, &key, &vec![writer; 10_000 + usize::from(writer)]));
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..200 {
                match cache.get(Kind::Artifact, &key) {
                    Found::Hit(bytes) => assert!(bytes.len() == 10_000 + usize::from(bytes[0])),
                    Found::Miss => {}
                    Found::Dropped(dropped) => panic!("{dropped:?}"),
                }
            }
        });
    });
}
