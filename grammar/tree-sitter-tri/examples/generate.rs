//! Writes `src/parser.c` and what belongs to it from `grammar.js`: `cargo run -p tree-sitter-tri --example generate`.
//! With `--check` it writes nothing, and fails if what is there is not what it would write. Needs Node.

use std::path::Path;

use anyhow::{Context, Result, bail};
use tree_sitter_generate::{ABI_VERSION_MIN, OptLevel, generate_parser_in_directory};

const GENERATED: [&str; 6] = [
    "grammar.json",
    "node-types.json",
    "parser.c",
    "tree_sitter/alloc.h",
    "tree_sitter/array.h",
    "tree_sitter/parser.h",
];

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = folder.join("src");
    if std::env::args().nth(1).as_deref() != Some("--check") {
        return generate(folder, &source);
    }
    let fresh = folder.join("../../target/tree-sitter-tri");
    generate(folder, &fresh)?;
    for file in GENERATED {
        let read = |folder: &Path| std::fs::read(folder.join(file)).with_context(|| file.to_owned());
        if read(&source)? != read(&fresh)? {
            bail!(
                "src/{file} is not what grammar.js says: `cargo run -p tree-sitter-tri --example generate`"
            );
        }
    }
    Ok(())
}

fn generate(folder: &Path, target: &Path) -> Result<()> {
    let mut notes = Vec::new();
    // The oldest version of the tables, which Neovim 0.7 reads too.
    let abi = ABI_VERSION_MIN;
    let optimise = OptLevel::default();
    let grammar = folder.join("grammar.js");
    generate_parser_in_directory(
        folder,
        Some(target),
        Some(grammar),
        abi,
        None,
        None,
        true,
        optimise,
        &mut notes,
    )?;
    if !notes.is_empty() {
        bail!("{}", notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    Ok(())
}
