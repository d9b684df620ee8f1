//! What routed layers cost beside a dense ternary one of the same size: D = 512, H = 2048, 64 tiles, on one thread and on two.
//!
//!     cargo bench --package benches --bench routing
//!
//! Cases are interleaved, and the least of many runs counts. `routing` is the entry that only chooses, and the bar 1.25 times the sum of
//! `dense / 64` and routing. `bytes` is an entry that only rounds rows to bytes; `products` are the multiplications of one tile a row at
//! the speed of the vector units: no routed layer does less. The second table grows the number of tiles, and is drawn into
//! `docs/routing.svg`. Without `--bench` (as `cargo test` calls it) each case runs once on few rows, to show that it works.

#![expect(clippy::print_stdout, reason = "the results")]

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_kernels::{CpuLevel, limits::Limits};
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

    fn in_bytes[B](x: f32[B, Width]) -> (i8[B, Width], f32[B]) { quantize_rows(x) }
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
        let signatures = sign(directions) as trit
        argmax_clusters(x, signatures, cluster_signatures[1](signatures))
    }

    fn clusters[B](x: f32[B, Width]) -> i32[B] {
        let signatures = sign(directions) as trit
        argmax_clusters(x, signatures, cluster_signatures[Clusters](signatures))
    }
}
";

fn engine(text: &str, dims: &[(&str, i64)], threads: usize) -> Result<Engine> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("layers.tri");
    std::fs::write(&path, text)?;
    let dims = dims.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect();
    let program = Program::open(&path, &SourceOptions { dims, ..SourceOptions::default() })?;
    let (level, timing) = (level_of(2), &mut Timing::default());
    let module = program.optimized(level, timing).map_err(|error| anyhow::anyhow!("{error:?}"))?.clone();
    Ok(Engine::compile(module, level, Parameters::Initial, Some(threads), timing)?)
}

/// The least time of a call of each entry, in microseconds.
fn least(engine: &mut Engine, entries: &[&str], rows: usize, budget: Duration) -> Result<Vec<f64>> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    // Aligned as the runtime wants it; other inputs are copied first.
    let mut room = vec![0.0; rows * 512 + 16];
    let start = room.as_ptr().align_offset(64);
    let x = &mut room[start..][..rows * 512];
    x.iter_mut().for_each(|x| *x = uniform());
    let x = &*x;
    let shape = [rows, 512];
    let mut least = vec![f64::INFINITY; entries.len()];
    let mut results: Vec<Vec<Tensor>> = entries.iter().map(|_| Vec::new()).collect();
    let begin = Instant::now();
    loop {
        for ((entry, least), results) in entries.iter().zip(&mut least).zip(&mut results) {
            let start = Instant::now();
            engine.session().call_into(entry, &[TensorView::from_f32(&shape, x)?], results)?;
            *least = least.min(start.elapsed().as_secs_f64() * 1e6);
        }
        if begin.elapsed() >= budget {
            return Ok(least);
        }
    }
}

fn layers(rows: &[usize], threads: usize, budget: Duration) -> Result<()> {
    const ENTRIES: [&str; 6] =
        ["in_dense", "in_bytes", "in_sparse", "sparse_tile", "in_hierarchical", "hierarchical_tile"];
    let mut engine = engine(LAYERS, &[], threads)?;
    println!("\nThreads: {threads}\n");
    println!(
        "| rows | dense us | dense / 64 | bytes | products | sparse | routing | of the bar | hierarchical | routing | of the bar |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for rows in rows {
        let times = least(&mut engine, &ENTRIES, *rows, budget)?;
        let [dense, bytes, sparse, sparse_tile, hierarchical, hierarchical_tile] = times[..] else {
            continue;
        };
        let of_bar = |time: f64, routing: f64| time / (1.25 * (dense / 64.0 + routing));
        println!(
            "| {rows} | {dense:.1} | {:.1} | {bytes:.1} | {:.1} | {sparse:.1} | {sparse_tile:.1} | {:.2} | {hierarchical:.1} | \
             {hierarchical_tile:.1} | {:.2} |",
            dense / 64.0,
            products(*rows)?,
            of_bar(sparse, sparse_tile),
            of_bar(hierarchical, hierarchical_tile),
        );
    }
    Ok(())
}

/// Microseconds for the multiplications of a tile of 512 by 32 by 512, at the speed of the vector units.
fn products(rows: usize) -> Result<f64> {
    let limits = Limits::for_level(CpuLevel::of_machine()).context("a machine has its own level")?;
    let mut least = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        let operations = limits.dot_product(2000);
        least = least.min(start.elapsed().as_secs_f64() * 1e6 / operations as f64);
    }
    Ok(least * (rows * 2 * 2 * 512 * 32) as f64)
}

fn scaling(tiles: &[i64], rows: usize, budget: Duration) -> Result<Vec<[f64; 3]>> {
    println!("\n| tiles | clusters | flat us a row | through clusters |");
    println!("|---:|---:|---:|---:|");
    let mut points = Vec::new();
    for tiles in tiles {
        let clusters = tiles.isqrt();
        let mut engine = engine(SIGNATURES, &[("Tiles", *tiles), ("Clusters", clusters)], 1)?;
        let times = least(&mut engine, &["flat", "clusters"], rows, budget)?;
        let [flat, through] = [times[0], times[1]].map(|time| time / rows as f64);
        println!("| {tiles} | {clusters} | {flat:.2} | {through:.2} |");
        points.push([*tiles as f64, flat, through]);
    }
    Ok(points)
}

/// Time over tiles, both by powers: what grows as the root climbs one decade in two, as the dashed line does.
fn plot(points: &[[f64; 3]]) -> Result<String> {
    let x = |tiles: f64| 70.0 + 50.0 * (tiles / 16.0).log2();
    let y = |us: f64| 240.0 - 100.0 * us.log10();
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 560 400\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"560\" height=\"400\" fill=\"white\"/>\n",
    );
    for us in [0.1, 1.0, 10.0, 100.0] {
        writeln!(svg, "<path d=\"M70 {0:.1}H510\" stroke=\"#ddd\"/>", y(us))?;
        writeln!(svg, "<text x=\"62\" y=\"{:.1}\" text-anchor=\"end\">{us}</text>", y(us) + 4.0)?;
    }
    for [tiles, ..] in points {
        writeln!(svg, "<path d=\"M{:.1} 340V30\" stroke=\"#ddd\"/>", x(*tiles))?;
        writeln!(svg, "<text x=\"{:.1}\" y=\"358\" text-anchor=\"middle\">{tiles}</text>", x(*tiles))?;
    }
    for (column, colour, name) in [(1, "#b35900", "flat"), (2, "#1f6feb", "through clusters")] {
        let line: Vec<String> =
            points.iter().map(|point| format!("{:.1},{:.1}", x(point[0]), y(point[column]))).collect();
        let line = line.join(" ");
        writeln!(svg, "<polyline points=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>")?;
        for point in points {
            let (x, y) = (x(point[0]), y(point[column]));
            writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>")?;
        }
        if let Some(last) = points.last() {
            let (x, y) = (x(last[0]), y(last[column]) - 10.0);
            writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\" fill=\"{colour}\">{name}</text>"
            )?;
        }
    }
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        let root = (last[0] / first[0]).sqrt();
        let (x, y) = ([x(first[0]), x(last[0])], [y(first[2]), y(first[2] * root)]);
        writeln!(
            svg,
            "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"#888\" stroke-dasharray=\"5 4\"/>",
            x[0], y[0], x[1], y[1]
        )?;
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#666\">root</text>",
            x[1],
            y[1] - 8.0
        )?;
    }
    svg.push_str(
        "<text x=\"290\" y=\"385\" text-anchor=\"middle\">tiles</text>\n\
         <text x=\"18\" y=\"190\" text-anchor=\"middle\" transform=\"rotate(-90 18 190)\">choosing, us a row</text>\n</svg>\n",
    );
    Ok(svg)
}

fn main() -> Result<()> {
    if std::env::args().any(|arg| arg == "--bench") {
        for threads in [1, 2] {
            layers(&[1, 16, 256, 4096], threads, Duration::from_millis(1500))?;
        }
        let points = scaling(&[16, 64, 256, 1024, 4096], 256, Duration::from_millis(700))?;
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/routing.svg");
        Ok(std::fs::write(file, plot(&points)?)?)
    } else {
        layers(&[1, 3], 1, Duration::ZERO)?;
        scaling(&[16], 2, Duration::ZERO).map(drop)
    }
}
