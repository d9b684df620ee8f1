//! What routed layers cost beside a dense ternary one of the same size: D = 512, H = 2048, 64 tiles, on one thread.
//!
//!     cargo bench --package benches --bench routing
//!
//! Cases are interleaved, and the least of many runs counts. `dense / 64` is the least that a layer could take which runs one tile
//! a row; `routing` is the entry that only chooses. The second table grows the number of tiles. Without `--bench` (as `cargo test`
//! calls it) each case runs once on few rows, to show that it works.

#![expect(clippy::print_stdout, reason = "the results")]

use std::time::{Duration, Instant};

use anyhow::Result;
use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_runtime::{Tensor, TensorView};

const LAYERS: &str = "
use std.trix.{HierarchicalTrixFfn, SparseTrixFfn, TernaryFfn}

dim Width = 512
dim Hidden = 2048
dim Tiles = 64

model Layers() {
    dense = TernaryFfn[Width, Hidden]()
    sparse = SparseTrixFfn[Width, Hidden, Tiles]()
    hierarchical = HierarchicalTrixFfn[Width, Hidden, Tiles, Tiles / 8]()

    fn in_dense[B](x: f32[B, Width]) -> f32[B, Width] { dense(x) }
    fn in_sparse[B](x: f32[B, Width]) -> f32[B, Width] { sparse(x) }
    fn sparse_tile[B](x: f32[B, Width]) -> i32[B] { sparse.tile(x) }
    fn in_hierarchical[B](x: f32[B, Width]) -> f32[B, Width] { hierarchical(x) }
    fn hierarchical_tile[B](x: f32[B, Width]) -> i32[B] { hierarchical.tile(x) }
}
";

/// Signatures as they are in a layer with any number of tiles, without the tiles.
const SIGNATURES: &str = "
use std.trix.cluster_signatures

dim Width = 512
dim Tiles = 64
dim Clusters = 8

model Routing() where Tiles % Clusters == 0 {
    param directions: f32[Tiles, Width] = init.normal()

    fn flat[B](x: f32[B, Width]) -> i32[B] {
        argmax(x @ (sign(directions) as trit).T, axis = -1)
    }

    fn clusters[B](x: f32[B, Width]) -> i32[B] {
        let signatures = sign(directions) as trit
        argmax_clusters(x, signatures, cluster_signatures[Clusters](signatures))
    }
}
";

fn engine(text: &str, dims: &[(&str, i64)]) -> Result<Engine> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("layers.tri");
    std::fs::write(&path, text)?;
    let dims = dims.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect();
    let program = Program::open(&path, &SourceOptions { dims, ..SourceOptions::default() })?;
    let (level, timing) = (level_of(2), &mut Timing::default());
    let module = program.optimized(level, timing).map_err(|error| anyhow::anyhow!("{error:?}"))?.clone();
    Ok(Engine::compile(module, level, Parameters::Initial, Some(1), timing)?)
}

/// The least time of a call of each entry, in microseconds.
fn least(engine: &mut Engine, entries: &[&str], rows: usize, budget: Duration) -> Result<Vec<f64>> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    let x: Vec<f32> = (0..rows * 512).map(|_| uniform()).collect();
    let shape = [rows, 512];
    let mut least = vec![f64::INFINITY; entries.len()];
    let mut results: Vec<Vec<Tensor>> = entries.iter().map(|_| Vec::new()).collect();
    let begin = Instant::now();
    loop {
        for ((entry, least), results) in entries.iter().zip(&mut least).zip(&mut results) {
            let start = Instant::now();
            engine.session().call_into(entry, &[TensorView::from_f32(&shape, &x)?], results)?;
            *least = least.min(start.elapsed().as_secs_f64() * 1e6);
        }
        if begin.elapsed() >= budget {
            return Ok(least);
        }
    }
}

fn layers(rows: &[usize], budget: Duration) -> Result<()> {
    const ENTRIES: [&str; 5] =
        ["in_dense", "in_sparse", "sparse_tile", "in_hierarchical", "hierarchical_tile"];
    let mut engine = engine(LAYERS, &[])?;
    println!("| rows | dense us | dense / 64 | sparse | its routing | hierarchical | its routing |");
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    for rows in rows {
        let times = least(&mut engine, &ENTRIES, *rows, budget)?;
        let [dense, sparse, sparse_tile, hierarchical, hierarchical_tile] = times[..] else { continue };
        println!(
            "| {rows} | {dense:.1} | {:.1} | {sparse:.1} | {sparse_tile:.1} | {hierarchical:.1} | {hierarchical_tile:.1} |",
            dense / 64.0,
        );
    }
    Ok(())
}

fn scaling(tiles: &[i64], rows: usize, budget: Duration) -> Result<()> {
    println!("\n| tiles | clusters | flat us a row | through clusters |");
    println!("|---:|---:|---:|---:|");
    for tiles in tiles {
        let clusters = tiles.isqrt();
        let mut engine = engine(SIGNATURES, &[("Tiles", *tiles), ("Clusters", clusters)])?;
        let times = least(&mut engine, &["flat", "clusters"], rows, budget)?;
        let [flat, through] = [times[0], times[1]].map(|time| time / rows as f64);
        println!("| {tiles} | {clusters} | {flat:.2} | {through:.2} |");
    }
    Ok(())
}

fn main() -> Result<()> {
    if std::env::args().any(|arg| arg == "--bench") {
        layers(&[1, 16, 256, 4096], Duration::from_millis(1500))?;
        scaling(&[16, 64, 256, 1024, 4096], 256, Duration::from_millis(700))
    } else {
        layers(&[1, 3], Duration::ZERO)?;
        scaling(&[16], 2, Duration::ZERO)
    }
}
