//! What language models cost, with their parameters at initial values: a BERT encoder of 12 layers (d = 768, 12 heads, 128 tokens), ternary
//! and in floats, and BitNet b1.58 2B-4T, which reads 512 tokens at once and gives others one after another.
//!
//!     cargo bench --package benches --bench language
//!     cargo bench --package benches --bench language -- --seconds=20 --layers=8 encoder decoder
//!
//! Cases of a table are interleaved, medians count. A token of the decoder needs each packed weight once, so it is held to the bytes that
//! memory delivers in the same run; many tokens at once are held to the dot products of bytes that the vector units do. The decoder has a
//! vocabulary of 1,000, since its head is the embedding in floats, and no more positions than it needs. `benches/compare/onnx_encoder.py`
//! times ONNX Runtime on the encoder. Without `--bench` (as `cargo test` calls it) small models run once, to show that it works.

#![expect(clippy::print_stdout, reason = "the results")]

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tri_bench::{Machine, machine};
use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_kernels::CpuLevel;
use tri_runtime::{Device, Pool, Session, Tensor, TensorView};

/// How large models are, and for how long each table is measured.
#[derive(Clone, Copy)]
struct Scale {
    model: i64,
    hidden: i64,
    layers: i64,
    tokens: usize,
    budget: Duration,
}

fn compile(name: &str, ternary: bool, dims: &[(&str, i64)]) -> Result<Engine> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/zoo").join(format!("{name}.tri"));
    let options = SourceOptions {
        dims: dims.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect(),
        configuration: [("ternary".to_owned(), ternary.to_string())].into(),
        ..SourceOptions::default()
    };
    let program = Program::open(&path, &options)?;
    let (level, timing) = (level_of(2), &mut Timing::default());
    let module = program.optimized(level, timing).map_err(|error| anyhow::anyhow!("{error:?}"))?.clone();
    Ok(Engine::compile(module, level, Parameters::Initial, Some(1), timing)?)
}

/// Words of the vocabulary, in no order.
fn words(count: usize) -> Vec<i32> {
    (0..count).map(|at| (at * 7919 % 97) as i32).collect()
}

/// A session whose calls of one entry are timed.
struct Timed {
    session: Session,
    results: Vec<Tensor>,
    times: Vec<f64>,
}

impl Timed {
    fn new(engine: &Engine, threads: usize) -> Result<Timed> {
        let session = engine.model().session(Device::cpu().threads(threads))?;
        Ok(Timed { session, results: Vec::new(), times: Vec::new() })
    }

    fn call(&mut self, entry: &str, inputs: &[TensorView<'_>]) -> Result<()> {
        let start = Instant::now();
        self.session.call_into(entry, inputs, &mut self.results)?;
        self.times.push(start.elapsed().as_secs_f64());
        Ok(())
    }

    /// The median, in seconds.
    fn median(&mut self) -> f64 {
        self.times.sort_by(f64::total_cmp);
        self.times[self.times.len() / 2]
    }
}

fn encoder(scale: Scale) -> Result<()> {
    let dims = [
        ("Model", scale.model),
        ("Ffn", scale.hidden),
        ("Layers", scale.layers),
        ("MaxLen", 512),
        ("Vocab", 1000),
    ];
    let tokens = words(scale.tokens);
    let mask = vec![1; scale.tokens];
    let shape = [1, scale.tokens];
    let mut cases = Vec::new();
    for (weights, ternary) in [("ternary", true), ("f32", false)] {
        let engine = compile("minilm", ternary, &dims)?;
        for threads in [1, 2] {
            cases.push((weights, threads, Timed::new(&engine, threads)?));
        }
    }
    let begin = Instant::now();
    loop {
        for (.., case) in &mut cases {
            let inputs = [TensorView::from_i32(&shape, &tokens)?, TensorView::from_i32(&shape, &mask)?];
            case.call("encode", &inputs)?;
        }
        if begin.elapsed() >= scale.budget {
            break;
        }
    }
    println!("\nEncoder, {} tokens:\n\n| weights | threads | ms |\n|---|---:|---:|", scale.tokens);
    for (weights, threads, case) in &mut cases {
        println!("| {weights} | {threads} | {:.2} |", case.median() * 1e3);
    }
    Ok(())
}

/// The median of what was measured of the machine between calls.
fn median_of(machines: &[Machine], of: fn(&Machine) -> f64) -> f64 {
    let mut values: Vec<f64> = machines.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn decoder(scale: Scale) -> Result<()> {
    /// Tokens one after another, between two measurements of the machine.
    const ROUND: usize = 8;
    let positions = scale.tokens * 4;
    let length = i64::try_from(positions + 64 * ROUND)?;
    let dims = [
        ("Model", scale.model),
        ("Ffn", scale.hidden),
        ("Layers", scale.layers),
        ("MaxLen", length),
        ("Vocab", 1000),
    ];
    let engine = compile("bitnet_2b_4t", true, &dims)?;
    let bytes: usize = engine.model().bound()?.iter().map(|weight| weight.len()).sum();
    let level = CpuLevel::of_machine();
    println!("\nDecoder, {} layers, {:.1} MB of weights:\n", scale.layers, bytes as f64 / 1e6);
    println!("| threads | tokens at once | ms | GB/s | of read | GFLOP/s | of dot products |");
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    for threads in [1, 2] {
        let pools = [Pool::new(threads)?];
        let (mut many, mut one) = (Timed::new(&engine, threads)?, Timed::new(&engine, threads)?);
        let prompt = words(positions);
        let mut machines = Vec::new();
        let begin = Instant::now();
        while machines.is_empty() || begin.elapsed() < scale.budget / 2 {
            many.session.reset()?;
            many.call("step", &[TensorView::from_i32(&[positions], &prompt)?])?;
            if one.times.len() % (64 * ROUND) == 0 {
                one.session.reset()?;
            }
            for _ in 0..ROUND {
                one.call("step", &[TensorView::from_i32(&[1], &[1])?])?;
            }
            let found = machine(level, &pools, scale.budget / 200);
            machines.extend(found.context("the machine lacks the instructions of its own level")?);
        }
        // A packed byte is four trits: as many multiplications and additions.
        for (case, tokens) in [(&mut one, 1), (&mut many, positions)] {
            let time = case.median();
            let (read, done) = (bytes as f64 / time, bytes as f64 * 8.0 * tokens as f64 / time);
            println!(
                "| {threads} | {tokens} | {:.2} | {:.2} | {:.0} % | {:.0} | {:.0} % |",
                time * 1e3,
                read / 1e9,
                100.0 * read / median_of(&machines, |machine| machine.read),
                done / 1e9,
                100.0 * done / median_of(&machines, |machine| machine.dot_product),
            );
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |prefix: &str| arguments.iter().find_map(|arg| arg.strip_prefix(prefix)?.parse().ok());
    if !arguments.iter().any(|arg| arg == "--bench") {
        let small = Scale { model: 240, hidden: 96, layers: 1, tokens: 3, budget: Duration::ZERO };
        encoder(small)?;
        return decoder(small);
    }
    let chosen = |name: &str| {
        arguments.iter().all(|arg| arg.starts_with("--")) || arguments.iter().any(|arg| arg == name)
    };
    let budget = Duration::from_secs(number("--seconds=").unwrap_or(40));
    if chosen("encoder") {
        let layers = i64::try_from(number("--layers=").unwrap_or(12))?;
        encoder(Scale { model: 768, hidden: 3072, layers, tokens: 128, budget })?;
    }
    if chosen("decoder") {
        let layers = i64::try_from(number("--layers=").unwrap_or(30))?;
        decoder(Scale { model: 2560, hidden: 6912, layers, tokens: 128, budget })?;
    }
    Ok(())
}
