//! Packing at one shape: rows of f32 become trits in two bits with a scale each, beside reading as many bytes.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tri_kernels::limits::Limits;
use tri_kernels::{CpuLevel, KernelTable, Product, ternarize_rows};
use tri_runtime::Pool;

use crate::BenchError;
use crate::case::{COLD_BYTES, elements};
use crate::limit::Reads;
use crate::sample::{Times, repeat};

/// What packing reached.
#[derive(Clone, Copy, Debug)]
pub struct Packing {
    /// Rows and columns of the weights.
    pub shape: [usize; 2],
    /// Threads.
    pub threads: usize,
    /// Median and least time of a call, in seconds.
    pub seconds: [f64; 2],
    /// Bytes of f32 a second, at the median.
    pub bytes: f64,
    /// Bytes a second that memory delivers, measured in turns with the kernel.
    pub limit: f64,
    /// Share of the limit, from 0 to 1, of medians.
    pub share: f64,
}

/// Measures the packing of weights from memory on a pool's threads for about `budget`.
///
/// # Errors
/// The level is not of this machine, or a size is out of reach.
pub fn measure_packing(
    level: CpuLevel,
    shape: [usize; 2],
    pool: &Pool,
    budget: Duration,
) -> Result<Packing, BenchError> {
    let lacks = || BenchError::Level(level.name(), CpuLevel::of_machine().name());
    let table = KernelTable::for_level(level).ok_or_else(lacks)?;
    let limits = Limits::for_level(level).ok_or_else(lacks)?;
    let [rows, columns] = shape;
    let wrong = || BenchError::Size(rows, columns, 1);
    let bytes = rows.checked_mul(columns).and_then(|count| count.checked_mul(4));
    let bytes = bytes.filter(|bytes| (1..=4 << 30).contains(bytes)).ok_or_else(wrong)?;
    let copies = COLD_BYTES.div_ceil(bytes).max(3);
    let weights = elements(Product::F32, true, copies * bytes);
    let bound = |part: usize| rows * part / pool.threads();
    let parts: Vec<_> = (0..pool.threads())
        .map(|part| bound(part + 1) - bound(part))
        .map(|rows| Mutex::new((vec![0u8; rows * columns.div_ceil(4)], vec![0u8; 4 * rows])))
        .collect();
    let pack = |weights: &[u8]| {
        pool.for_each(parts.len(), &|range| {
            for part in range {
                let (start, end) = (bound(part), bound(part + 1));
                let x = &weights[4 * columns * start..4 * columns * end];
                let (digits, scales) = &mut *parts[part].lock().unwrap_or_else(PoisonError::into_inner);
                let packed = ternarize_rows(table, x, [end - start, columns], digits, scales);
                assert!(packed, "the slices were made for these sizes");
            }
        });
    };
    let mut copy = 0;
    let mut next = || {
        copy = (copy + 1) % copies;
        &weights[copy * bytes..(copy + 1) * bytes]
    };
    let (mut times, mut reads) = (Times::default(), Reads::default());
    pack(next());
    repeat(budget, || {
        let weights = next();
        times.of(|| pack(weights));
        reads.measure(limits, pool, &mut next);
    });
    let (reached, limit) = (bytes as f64 / times.median(), bytes as f64 / reads.median());
    let seconds = [times.median(), times.least()];
    Ok(Packing { shape, threads: pool.threads(), seconds, bytes: reached, limit, share: reached / limit })
}

impl Packing {
    /// The headings of what `Display` writes.
    pub const HEADINGS: &str = "f32 to t2       weights      threads    median us     GB/s  of limit";
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [rows, columns] = self.shape;
        let (weights, micros) = (format!("{rows}x{columns}"), self.seconds[0] * 1e6);
        write!(
            f,
            "ternarize_rows  {weights:<11}  {:>7}  {micros:>11.1}  {:>7.2}  ",
            self.threads,
            self.bytes / 1e9
        )?;
        write!(f, "{:>5.1} % of {:.1} G read/s", 100.0 * self.share, self.limit / 1e9)
    }
}
