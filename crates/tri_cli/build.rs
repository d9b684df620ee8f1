//! Embeds `docs/diagnostics/*.md`, so that `triton explain` needs no files: a table of codes and pages, sorted by code. Links `triton` for a
//! fixed address.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../docs/diagnostics");
    let folder = folder.canonicalize()?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    let mut table = "/// Codes and their pages.\npub(crate) const PAGES: &[(&str, &str)] = &[\n".to_owned();
    for file in &files {
        let code = file.file_stem().and_then(|stem| stem.to_str()).ok_or("a page whose name is not UTF-8")?;
        // The text itself, so that the binary does not depend on where it was built.
        writeln!(table, "    ({code:?}, {:?}),", fs::read_to_string(file)?)?;
    }
    table.push_str("];\n");
    println!("cargo::rerun-if-changed={}", folder.display());
    fs::write(Path::new(&std::env::var("OUT_DIR")?).join("pages.rs"), table)?;
    // A process that lives for milliseconds would spend half of one on relocating its tables.
    let target = |part: &str| std::env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    Ok(())
}
