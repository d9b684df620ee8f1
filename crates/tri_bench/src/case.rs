//! One kernel at one shape: operands, repetitions, and what came out.

use std::ops::Deref;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tri_kernels::limits::Limits;
use tri_kernels::{CpuLevel, KernelTable, Product, ProductArgs};
use tri_runtime::Pool;

use crate::limit::{ROUNDS, Reads, operate};
use crate::sample::{Times, repeat};

/// Bytes of weights that calls go through in turn, so that no cache holds the next.
pub(crate) const COLD_BYTES: usize = 256 << 20;
/// Bytes of a cache line.
const LINE: usize = 64;
/// Columns of a unit of work, a multiple of every kernel's panel.
const UNIT: usize = 48;

/// Where weights are when a call begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// In memory: calls go through copies that no cache holds together.
    Cold,
    /// In a cache, if they fit.
    Cached,
}

/// A measurement to make: weights of `rows` by `columns` times `batch` vectors.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Which operands: activations by weights.
    pub product: Product,
    /// Instructions.
    pub level: CpuLevel,
    /// Rows of the weights: results a vector.
    pub rows: usize,
    /// Columns of the weights: terms a result.
    pub columns: usize,
    /// Vectors.
    pub batch: usize,
    /// Where weights are.
    pub memory: Memory,
}

/// What limits a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Reading weights.
    Read,
    /// Multiplying and adding.
    Operations,
}

/// A measurement made.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What was measured.
    pub case: Case,
    /// Threads.
    pub threads: usize,
    /// Median and least time of a call, in seconds.
    pub seconds: [f64; 2],
    /// Operations a second at the median and at best, each multiplication and each addition one.
    pub operations: [f64; 2],
    /// Bytes of weights a second, at the median.
    pub bytes: f64,
    /// What limits it.
    pub bound: Bound,
    /// Median of the limit: bytes or operations a second, measured in turns with the kernel.
    pub limit: f64,
    /// Share of the limit, from 0 to 1, of medians.
    pub share: f64,
}

/// Why a case cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The machine lacks the level.
    #[error("this machine has no {0}; its level is {1}")]
    Level(&'static str, &'static str),
    /// A size is 0 or more than memory holds.
    #[error("{0} by {1} weights times {2} vectors is nothing, or too much to hold")]
    Size(usize, usize, usize),
}

struct Operands {
    a: Aligned,
    weights: Aligned,
    copies: usize,
    copy_bytes: usize,
    /// Results of each part; parts are of different threads.
    results: Vec<Mutex<Vec<u8>>>,
}

/// Bytes that begin a cache line, as those of a runtime do.
pub(crate) struct Aligned {
    memory: Vec<u8>,
    start: usize,
}

impl Deref for Aligned {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..]
    }
}

/// Measures a case on a pool's threads for about `budget`.
///
/// # Errors
/// The level is not of this machine, or a size is out of reach.
pub fn measure(case: Case, pool: &Pool, budget: Duration) -> Result<Row, BenchError> {
    let lacks = || BenchError::Level(case.level.name(), CpuLevel::of_machine().name());
    let table = KernelTable::for_level(case.level).ok_or_else(lacks)?;
    let limits = Limits::for_level(case.level).ok_or_else(lacks)?;
    let operands = operands(case, pool.threads())?;
    let bound = if case.batch == 1 && case.memory == Memory::Cold { Bound::Read } else { Bound::Operations };
    let mut kernel = Times::default();
    let (mut reads, mut operations) = (Reads::default(), Times::default());
    let mut copy = 0;
    let mut next = || {
        let start = copy * operands.copy_bytes;
        copy = (copy + 1) % operands.copies;
        &operands.weights[start..start + operands.copy_bytes]
    };
    call(case, table, pool, &operands, next());
    repeat(budget, || {
        let weights = next();
        kernel.of(|| call(case, table, pool, &operands, weights));
        match bound {
            Bound::Read => reads.measure(limits, pool, &mut next),
            Bound::Operations => operations.of(|| operate(pool, || operation(case, limits, ROUNDS))),
        }
    });
    let work = 2.0 * case.rows as f64 * case.columns as f64 * case.batch as f64;
    let seconds = [kernel.median(), kernel.least()];
    let (limit, reached) = match bound {
        Bound::Read => (operands.copy_bytes as f64 / reads.median(), operands.copy_bytes as f64 / seconds[0]),
        Bound::Operations => {
            let done = pool.threads() as f64 * operation(case, limits, ROUNDS) as f64;
            (done / operations.median(), work / seconds[0])
        }
    };
    Ok(Row {
        case,
        threads: pool.threads(),
        seconds,
        operations: seconds.map(|seconds| work / seconds),
        bytes: operands.copy_bytes as f64 / seconds[0],
        bound,
        limit,
        share: reached / limit,
    })
}

/// What the kernel's inner loop does at best.
fn operation(case: Case, limits: Limits, rounds: usize) -> usize {
    match case.product {
        Product::I8 | Product::I8T2 => limits.dot_product(rounds),
        Product::F32 | Product::Bf16 | Product::F32T2 => limits.multiply_add(rounds),
    }
}

/// Rows `part * rows / parts..` of the weights, in whole units.
fn part_bounds(rows: usize, parts: usize, part: usize) -> usize {
    (rows.div_ceil(UNIT) * part / parts * UNIT).min(rows)
}

fn operands(case: Case, parts: usize) -> Result<Operands, BenchError> {
    let too_large = || BenchError::Size(case.rows, case.columns, case.batch);
    let [a_row, b_row] = case.product.row_bytes(case.columns.min(1 << 40));
    let copy_bytes = case.rows.checked_mul(b_row).ok_or_else(too_large)?;
    let a_bytes = case.batch.checked_mul(a_row).ok_or_else(too_large)?;
    let copies = if case.memory == Memory::Cold { COLD_BYTES.div_ceil(copy_bytes.max(1)).max(3) } else { 1 };
    let all = copies.checked_mul(copy_bytes).filter(|bytes| *bytes <= 8 << 30).ok_or_else(too_large)?;
    let results =
        case.batch.checked_mul(case.rows).filter(|n| (1..1 << 30).contains(n)).ok_or_else(too_large)?;
    if case.columns == 0 || a_bytes > 4 << 30 || results == 0 {
        return Err(too_large());
    }
    let results = (0..parts)
        .map(|part| part_bounds(case.rows, parts, part + 1) - part_bounds(case.rows, parts, part))
        .map(|rows| Mutex::new(vec![0; 4 * case.batch * rows]))
        .collect();
    let (a, weights) = (elements(case.product, false, a_bytes), elements(case.product, true, all));
    Ok(Operands { a, weights, copies, copy_bytes, results })
}

/// Bytes of ordinary elements: small bytes, codes 0, 1 and 2, or f32 in 0.5..2.
pub(crate) fn elements(product: Product, right: bool, bytes: usize) -> Aligned {
    let codes = right && matches!(product, Product::I8T2 | Product::F32T2);
    let floats = matches!(product, Product::F32) || !right && product == Product::F32T2;
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 40) as u32
    };
    // A block of them repeated: making half a gigabyte one by one would take longer than measuring.
    let block: Vec<u8> = (0..1 << 16)
        .flat_map(|_| {
            let word = next();
            let word = if codes {
                // A code of 3 becomes 1.
                let high = word & word >> 1 & 0x5555_5555;
                word & !(high << 1)
            } else if floats {
                0x3f00_0000 | word & 0x00ff_ffff
            } else if product == Product::Bf16 {
                0x3f00_3f00 | word & 0x00ff_00ff
            } else {
                word
            };
            word.to_le_bytes()
        })
        .collect();
    let mut memory: Vec<u8> = Vec::with_capacity(bytes + LINE);
    let start = memory.as_ptr().align_offset(LINE).min(LINE);
    memory.resize(start, 0);
    while memory.len() < start + bytes {
        memory.extend_from_slice(&block[..block.len().min(start + bytes - memory.len())]);
    }
    Aligned { memory, start }
}

fn call(case: Case, table: &'static KernelTable, pool: &Pool, operands: &Operands, weights: &[u8]) {
    let parts = operands.results.len();
    let [_, b_row] = case.product.row_bytes(case.columns);
    pool.for_each(parts, &|range| {
        for part in range {
            let [start, end] = [part, part + 1].map(|part| part_bounds(case.rows, parts, part));
            let mut c = operands.results[part].lock().unwrap_or_else(PoisonError::into_inner);
            let args = ProductArgs {
                a: &operands.a,
                b: &weights[start * b_row..end * b_row],
                c: &mut c,
                m: case.batch,
                n: end - start,
                k: case.columns,
            };
            assert!(case.product.multiply(table, args), "the operands were made for these sizes");
        }
    });
}
