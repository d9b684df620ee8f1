//! What a call of whole models costs, with their parameters at initial values: networks for images of 224 pixels a side.
//!
//!     cargo bench --package benches --bench models
//!     cargo bench --package benches --bench models -- --seconds=5 mobilenet_v2 resnet18/ternary/1
//!     cargo bench --package benches --bench models -- --seconds=40 --levels=0,1,2,3 resnet18/ternary
//!
//! Models are compiled at -O2, or at the `--levels`; beside stands the least time of three compilations, from the text to code, without the prologue.
//! Cases are interleaved; the median of many calls counts, and beside it stands the least, which neighbours disturb less. `benches/compare/onnx_models.py` times ONNX Runtime on the same networks in f32.
//! Without `--bench` (as `cargo test` calls it) one case runs once on a small image, to show that it works.

#![expect(clippy::print_stdout, reason = "the results")]

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use tri_driver::{Engine, Parameters, Program, SourceOptions, Timing, level_of};
use tri_runtime::{Tensor, TensorView};

/// How often a model is compiled.
const COMPILED: usize = 3;

/// A model of `examples`, ternary or in floats, on some threads.
struct Case {
    name: &'static str,
    configuration: &'static str,
    level: u8,
    threads: usize,
    image: usize,
    /// The least time of compiling it, in milliseconds.
    compiled: f64,
    engine: Engine,
    results: Vec<Tensor>,
    times: Vec<f64>,
}

impl Case {
    fn new(
        name: &'static str,
        configuration: &'static str,
        level: u8,
        [threads, image]: [usize; 2],
    ) -> Result<Case> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/zoo").join(format!("{name}.tri"));
        let options = SourceOptions {
            dims: [("Image".to_owned(), i64::try_from(image)?)].into(),
            configuration: [("ternary".to_owned(), configuration.to_owned())].into(),
            ..SourceOptions::default()
        };
        let compile = || -> Result<(f64, Engine)> {
            let start = Instant::now();
            let program = Program::open(&path, &options)?;
            let (level, timing) = (level_of(level), &mut Timing::default());
            let module = program.optimized(level, timing).map_err(|error| anyhow::anyhow!("{error:?}"))?;
            let module = module.clone();
            let engine = Engine::compile(module, level, Parameters::Initial, Some(threads), timing)?;
            let bind = timing.stages().into_iter().find(|(name, _)| *name == "bind");
            let time = start.elapsed().saturating_sub(bind.map_or(Duration::ZERO, |(_, time)| time));
            Ok((time.as_secs_f64() * 1e3, engine))
        };
        let (mut compiled, engine) = compile()?;
        for _ in 1..COMPILED {
            compiled = compiled.min(compile()?.0);
        }
        let (results, times) = (Vec::new(), Vec::new());
        Ok(Case { name, configuration, level, threads, image, compiled, engine, results, times })
    }

    fn call(&mut self, batch: usize, pixels: &[f32]) -> Result<()> {
        let shape = [batch, 3, self.image, self.image];
        let start = Instant::now();
        let input = TensorView::from_f32(&shape, pixels)?;
        self.engine.session().call_into("forward", &[input], &mut self.results)?;
        self.times.push(start.elapsed().as_secs_f64() * 1e3);
        Ok(())
    }

    /// The median and the least.
    fn take_times(&mut self) -> (f64, f64) {
        self.times.sort_by(f64::total_cmp);
        let found = (self.times[self.times.len() / 2], self.times[0]);
        self.times.clear();
        found
    }
}

fn table(cases: &mut [Case], batches: &[usize], budget: Duration) -> Result<()> {
    println!("| model | weights | level | threads | batch | ms | least | compiled |");
    println!("|---|---|---|---:|---:|---:|---:|---:|");
    for batch in batches {
        let pixels = batch * 3 * cases[0].image * cases[0].image;
        let pixels: Vec<f32> = (0..pixels).map(|at| (at * 7919 % 1009) as f32 / 504.5 - 1.0).collect();
        let begin = Instant::now();
        loop {
            for case in &mut *cases {
                case.call(*batch, &pixels)?;
            }
            if begin.elapsed() >= budget {
                break;
            }
        }
        for case in &mut *cases {
            let weights = if case.configuration == "true" { "ternary" } else { "f32" };
            let (median, least) = case.take_times();
            let Case { name, level, threads, compiled, .. } = case;
            println!(
                "| {name} | {weights} | -O{level} | {threads} | {batch} | {median:.2} | {least:.2} | {compiled:.1} |"
            );
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    if !std::env::args().any(|arg| arg == "--bench") {
        return table(&mut [Case::new("resnet18", "true", 3, [1, 32])?], &[1], Duration::ZERO);
    }
    let levels = std::env::args().find_map(|arg| Some(arg.strip_prefix("--levels=")?.to_owned()));
    let levels: Vec<u8> =
        levels.as_deref().unwrap_or("2").split(',').map(str::parse).collect::<Result<_, _>>()?;
    let chosen: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let mut cases = Vec::new();
    for name in ["resnet18", "resnet50", "mobilenet_v2"] {
        for (weights, configuration) in [("ternary", "true"), ("f32", "false")] {
            for threads in [1, 2] {
                let case = format!("{name}/{weights}/{threads}");
                if chosen.is_empty() || chosen.iter().any(|chosen| case.starts_with(chosen)) {
                    for level in &levels {
                        cases.push(Case::new(name, configuration, *level, [threads, 224])?);
                    }
                }
            }
        }
    }
    let seconds = std::env::args().find_map(|arg| arg.strip_prefix("--seconds=")?.parse().ok());
    table(&mut cases, &[1, 8], Duration::from_secs(seconds.unwrap_or(40)))
}
