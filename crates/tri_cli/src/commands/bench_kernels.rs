//! `triton bench-kernels`: what this machine's memory and vector units do, and what the kernels reach of it.

use std::time::Duration;

use serde_json::{Value, json};
use tri_bench::{Bound, Machine, Memory, Packing, Row, SHAPES, Suite, machine, measure, measure_packing};
use tri_kernels::{CpuLevel, Product};
use tri_runtime::Pool;

use crate::args::{BenchKernelsArgs, Format};
use crate::failure::Failure;
use crate::output;

/// Measures and prints, row by row.
pub(crate) fn run(args: &BenchKernelsArgs, format: Format) -> Result<(), Failure> {
    let suite = suite(args);
    let budget = Duration::from_millis(args.milliseconds);
    let threads = if args.threads.is_empty() { vec![1, cores()] } else { args.threads.clone() };
    let mut pools = Vec::new();
    for threads in threads {
        let pool = Pool::new(threads)
            .map_err(|error| Failure::coded("E5003", format!("a thread cannot be started: {error}")))?;
        if pools.iter().all(|other: &Pool| other.threads() != pool.threads()) {
            pools.push(pool);
        }
    }
    let limits = machine(suite.level, &pools, budget).unwrap_or_default();
    if format == Format::Text {
        output::result(format_args!("{}\n{}\n", suite.level.name(), Machine::HEADINGS));
        limits.iter().for_each(|limit| output::result(format_args!("{limit}\n")));
        output::result(format_args!("\n{}\n", Row::HEADINGS));
    }
    let mut rows = Vec::new();
    for case in suite.cases() {
        for pool in &pools {
            let row = measure(case, pool, budget).map_err(|error| Failure::error(error.to_string()))?;
            if format == Format::Text {
                output::result(format_args!("{row}\n"));
            }
            rows.push(row_json(&row));
        }
    }
    let packings =
        if args.kernels.is_empty() { packings(&suite, &pools, budget, format)? } else { Vec::new() };
    if format != Format::Text {
        let limits: Vec<Value> = limits.iter().map(machine_json).collect();
        output::json(
            &json!({ "level": suite.level.name(), "machine": limits, "rows": rows, "packings": packings }),
        );
    }
    Ok(())
}

/// Measures and prints how fast weights are packed.
fn packings(suite: &Suite, pools: &[Pool], budget: Duration, format: Format) -> Result<Vec<Value>, Failure> {
    if format == Format::Text {
        output::result(format_args!("\n{}\n", Packing::HEADINGS));
    }
    let mut packings = Vec::new();
    for shape in &suite.shapes {
        for pool in pools {
            let packing = measure_packing(suite.level, *shape, pool, budget)
                .map_err(|error| Failure::error(error.to_string()))?;
            if format == Format::Text {
                output::result(format_args!("{packing}\n"));
            }
            packings.push(packing_json(&packing));
        }
    }
    Ok(packings)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn suite(args: &BenchKernelsArgs) -> Suite {
    let products = if args.kernels.is_empty() { vec![Product::I8T2] } else { args.kernels.clone() };
    let shapes = if args.shapes.is_empty() { SHAPES.to_vec() } else { args.shapes.clone() };
    let level = args.level.unwrap_or_else(CpuLevel::of_machine);
    Suite { level, products, shapes, batches: args.batches.clone() }
}

fn machine_json(limit: &Machine) -> Value {
    json!({
        "threads": limit.threads,
        "read_bytes_per_second": limit.read,
        "f32_operations_per_second": limit.multiply_add,
        "i8_operations_per_second": limit.dot_product,
    })
}

fn packing_json(packing: &Packing) -> Value {
    let [rows, columns] = packing.shape;
    json!({
        "kernel": "ternarize_rows",
        "rows": rows,
        "columns": columns,
        "threads": packing.threads,
        "median_seconds": packing.seconds[0],
        "least_seconds": packing.seconds[1],
        "bytes_per_second": packing.bytes,
        "limit_per_second": packing.limit,
        "share_of_limit": packing.share,
    })
}

fn row_json(row: &Row) -> Value {
    json!({
        "kernel": row.case.product.name(),
        "rows": row.case.rows,
        "columns": row.case.columns,
        "n": row.case.batch,
        "from": if row.case.memory == Memory::Cold { "memory" } else { "cache" },
        "threads": row.threads,
        "median_seconds": row.seconds[0],
        "least_seconds": row.seconds[1],
        "median_operations_per_second": row.operations[0],
        "best_operations_per_second": row.operations[1],
        "bytes_per_second": row.bytes,
        "bound": if row.bound == Bound::Read { "read" } else { "operations" },
        "limit_per_second": row.limit,
        "share_of_limit": row.share,
    })
}
