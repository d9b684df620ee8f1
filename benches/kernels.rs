//! What kernels reach of what the machine can do.
//!
//!     cargo bench --package benches --bench kernels -- [KERNEL] [ROWSxCOLUMNS] [N,N...] [LEVEL]
//!
//! Measures the kernels of a level (the machine's own unless named) as `triton bench-kernels` does. Without `--bench` (as `cargo test`
//! calls it) one small case runs, to show that it works.

#![expect(clippy::print_stdout, reason = "the results")]

use std::time::Duration;

use anyhow::Result;
use tri_bench::{Machine, Row, SHAPES, Suite, machine, measure};
use tri_kernels::{CpuLevel, Product};
use tri_runtime::Pool;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let whole = args.iter().any(|arg| arg == "--bench");
    let mut suite = Suite {
        level: CpuLevel::of_machine(),
        products: vec![Product::I8T2],
        shapes: if whole { SHAPES.to_vec() } else { vec![[33, 65]] },
        batches: if whole { vec![1, 8, 64, 512] } else { vec![1, 3] },
    };
    for arg in args.iter().filter(|arg| !arg.starts_with("--")) {
        if let Some(product) = Product::ALL.into_iter().find(|product| product.name() == arg) {
            suite.products = vec![product];
        } else if let Some(level) = CpuLevel::from_name(arg) {
            suite.level = level;
        } else if let Some((rows, columns)) = arg.split_once('x') {
            suite.shapes = vec![[rows.parse()?, columns.parse()?]];
        } else {
            suite.batches = arg.split(',').map(str::parse).collect::<Result<_, _>>()?;
        }
    }
    let pools = [1, 2].map(Pool::new).into_iter().collect::<Result<Vec<_>, _>>()?;
    let budget = if whole { Duration::from_millis(150) } else { Duration::ZERO };
    println!("{}\n{}", suite.level.name(), Machine::HEADINGS);
    for machine in machine(suite.level, &pools, budget).into_iter().flatten() {
        println!("{machine}");
    }
    println!("\n{}", Row::HEADINGS);
    for case in suite.cases() {
        for pool in &pools {
            println!("{}", measure(case, pool, budget)?);
        }
    }
    Ok(())
}
