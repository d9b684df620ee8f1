//! Which file a module is, and why it may be none: links, case, folders, pipes, rights, files that go away.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tri_db::{Db as _, DiskSystem, MemorySystem, ModuleError, RootDatabase, System, parse};
use tri_diagnostics::Code;

/// A package on disk: `main.tri` and what a test adds.
struct Package {
    folder: tempfile::TempDir,
}

impl Package {
    fn new() -> Package {
        let package = Package { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(package.path("p")).unwrap();
        package.file("p/main.tri", "dim A = 1");
        package
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn database(&self) -> RootDatabase {
        RootDatabase::new(Arc::new(DiskSystem), &self.path("p/main.tri"))
    }

    fn module(&self, path: &[&str]) -> Result<(), ModuleError> {
        self.database().module(path).map(drop)
    }
}

fn reason(result: Result<(), ModuleError>) -> String {
    match result {
        Err(ModuleError::Unreadable { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_folder_is_no_module() {
    let package = Package::new();
    std::fs::create_dir(package.path("p/x.tri")).unwrap();
    assert_eq!(reason(package.module(&["x"])), "it is a folder");
    package.file("p/file", "");
    for missing in [&["none"][..], &["none", "x"], &["file", "x"], &["main", "x"]] {
        assert!(matches!(package.module(missing), Err(ModuleError::Missing { .. })), "{missing:?}");
    }
    let long = "x".repeat(100_000);
    assert!(package.module(&[&long]).is_err());
}

#[test]
fn a_root_that_cannot_be_read_is_a_diagnostic() {
    let package = Package::new();
    std::fs::remove_file(package.path("p/main.tri")).unwrap();
    let db = package.database();
    let errors = &parse(&db, db.root()).errors;
    assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), [Code::E1002]);
    assert!(errors[0].message.ends_with("main.tri` cannot be read"), "{}", errors[0].message);
}

#[test]
fn a_library_module_is_no_file_and_no_file_is_one() {
    let system = MemorySystem::new([("std/nn.tri", "dim A = 1")]);
    let db = RootDatabase::new(Arc::new(system), Path::new("std/nn.tri"));
    let library = db.module(&["std", "nn"]).unwrap();
    assert!(library.is_library(&db) && !db.root().is_library(&db));
    assert_eq!(db.module(&["std", "none"]), Err(ModuleError::NotInLibrary));
    assert_eq!(db.module(&["std"]), Err(ModuleError::NotInLibrary));
}

#[test]
fn a_file_of_any_length_is_read_no_further_than_shows_that_it_is_too_long() {
    let package = Package::new();
    let file = std::fs::File::create(package.path("p/long.tri")).unwrap();
    file.set_len(1 << 40).unwrap();
    let db = package.database();
    let module = db.module(&["long"]).unwrap();
    assert_eq!(module.bytes(&db).as_ref().unwrap().len(), tri_syntax::MAX_FILE + 1);
    assert_eq!(parse(&db, module).errors[0].code, Code::E0014);
}

/// A disk that does not care about case, as some do.
struct AnyCase(MemorySystem);

impl System for AnyCase {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.read(&lower(path))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.0.canonicalize(&lower(path))
    }
}

fn lower(path: &Path) -> PathBuf {
    path.to_str().unwrap().to_lowercase().into()
}

#[test]
fn another_case_is_another_module() {
    let texts = [("main.tri", ""), ("blocks/encoder.tri", "")];
    let db = RootDatabase::new(Arc::new(AnyCase(MemorySystem::new(texts))), Path::new("main.tri"));
    assert!(db.module(&["blocks", "encoder"]).is_ok());
    let found = |name: &str| Err(ModuleError::Case { found: name.to_owned() });
    assert_eq!(db.module(&["blocks", "Encoder"]), found("encoder"));
    assert_eq!(db.module(&["Blocks", "encoder"]), found("blocks"));

    let texts = [("main.tri", ""), ("a.tri", "dim A = 1"), ("A.tri", "dim B = 1")];
    let db = RootDatabase::new(Arc::new(MemorySystem::new(texts)), Path::new("main.tri"));
    assert_ne!(db.module(&["a"]).unwrap(), db.module(&["A"]).unwrap());
}

/// A disk whose files go away once they have been found.
struct Vanishing {
    inner: MemorySystem,
    gone: AtomicBool,
}

impl System for Vanishing {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if self.gone.load(Ordering::Relaxed) {
            Err(io::ErrorKind::NotFound.into())
        } else {
            self.inner.read(path)
        }
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.canonicalize(path)
    }
}

#[test]
fn a_file_that_goes_away_is_unreadable_and_stays_so() {
    let inner = MemorySystem::new([("main.tri", ""), ("a.tri", ""), ("b.tri", "")]);
    let system = Arc::new(Vanishing { inner, gone: AtomicBool::new(false) });
    let db = RootDatabase::new(system.clone(), Path::new("main.tri"));
    let a = db.module(&["a"]).unwrap();
    system.gone.store(true, Ordering::Relaxed);
    assert_eq!(db.module(&["a"]), Ok(a), "what was read once is what the program is");
    assert!(matches!(db.module(&["b"]), Err(ModuleError::Unreadable { .. })));
    system.gone.store(false, Ordering::Relaxed);
    assert!(
        matches!(db.module(&["b"]), Err(ModuleError::Unreadable { .. })),
        "one run sees one state of a file"
    );
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_lead_anywhere_within_the_package_and_nowhere_out_of_it() {
        let package = Package::new();
        package.file("secret.tri", "dim Secret = 1");
        package.file("p/real.tri", "");
        symlink(package.path("secret.tri"), package.path("p/file.tri")).unwrap();
        symlink(package.path(""), package.path("p/folder")).unwrap();
        symlink("../secret.tri", package.path("p/up.tri")).unwrap();
        symlink("/etc/passwd", package.path("p/passwd.tri")).unwrap();
        symlink("real.tri", package.path("p/within.tri")).unwrap();
        symlink(package.path("p2"), package.path("p/next.tri")).unwrap();
        // A folder whose name begins like the package's is not within it.
        package.file("p2", "");
        for outside in [&["file"][..], &["folder", "secret"], &["up"], &["passwd"], &["next"]] {
            assert!(matches!(package.module(outside), Err(ModuleError::Outside { .. })), "{outside:?}");
        }
        let db = package.database();
        assert_eq!(db.module(&["within"]), db.module(&["real"]), "one file, whatever it is called");
        assert_eq!(db.module(&["folder", "p", "main"]), Ok(db.root()));
    }

    #[test]
    fn links_in_a_circle_or_to_nothing() {
        let package = Package::new();
        symlink("b.tri", package.path("p/a.tri")).unwrap();
        symlink("a.tri", package.path("p/b.tri")).unwrap();
        symlink("nothing.tri", package.path("p/c.tri")).unwrap();
        reason(package.module(&["a"]));
        assert!(matches!(package.module(&["c"]), Err(ModuleError::Missing { .. })));
    }

    #[test]
    fn pipes_and_devices_are_not_read() {
        let package = Package::new();
        assert!(
            std::process::Command::new("mkfifo").arg(package.path("p/pipe.tri")).status().unwrap().success()
        );
        assert_eq!(reason(package.module(&["pipe"])), "it is not a regular file");
        for device in ["/dev/zero", "/dev/stdin"] {
            let db = RootDatabase::new(Arc::new(DiskSystem), Path::new(device));
            if Path::new(device).exists() && !std::fs::metadata(device).unwrap().is_file() {
                assert_eq!(parse(&db, db.root()).errors[0].code, Code::E1002, "{device}");
            }
        }
    }

    #[test]
    fn a_file_without_the_right_to_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let package = Package::new();
        package.file("p/locked.tri", "");
        std::fs::set_permissions(package.path("p/locked.tri"), std::fs::Permissions::from_mode(0o000))
            .unwrap();
        // The superuser reads it all the same.
        match std::fs::read(package.path("p/locked.tri")) {
            Ok(_) => assert!(package.module(&["locked"]).is_ok()),
            Err(_) => assert!(reason(package.module(&["locked"])).contains("ermission")),
        }
    }
}
