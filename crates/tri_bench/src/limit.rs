//! The limits of the machine: operations and bytes a second.

use std::time::Duration;

use tri_kernels::CpuLevel;
use tri_kernels::limits::{Limits, Streams};
use tri_runtime::Pool;

use crate::sample::{Times, repeat};

/// Rounds of a loop of operations: some tens of microseconds.
pub(crate) const ROUNDS: usize = 200;
/// Bytes that no cache holds.
const COLD_BYTES: usize = 256 << 20;
/// Bytes of one read.
const PIECE: usize = 4 << 20;

/// What one number of threads can do.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Threads.
    pub threads: usize,
    /// Bytes a second from memory, in the fastest order of reading.
    pub read: f64,
    /// Operations a second in f32.
    pub multiply_add: f64,
    /// Operations a second in bytes.
    pub dot_product: f64,
}

/// Measures the limits for each number of threads; none where the level is not of this machine.
pub fn machine(level: CpuLevel, pools: &[Pool], budget: Duration) -> Option<Vec<Machine>> {
    let limits = Limits::for_level(level)?;
    let bytes = vec![1u8; COLD_BYTES];
    Some(pools.iter().map(|pool| of_pool(limits, pool, &bytes, budget)).collect())
}

fn of_pool(limits: Limits, pool: &Pool, bytes: &[u8], budget: Duration) -> Machine {
    let [mut fma, mut dot] = [(); 2].map(|()| Times::default());
    let mut reads = Reads::default();
    let mut at = 0;
    repeat(budget, || {
        reads.measure(limits, pool, || {
            at = (at + PIECE) % COLD_BYTES;
            &bytes[at..at + PIECE]
        });
        fma.of(|| operate(pool, || limits.multiply_add(ROUNDS)));
        dot.of(|| operate(pool, || limits.dot_product(ROUNDS)));
    });
    let threads = pool.threads() as f64;
    Machine {
        threads: pool.threads(),
        read: PIECE as f64 / reads.median(),
        multiply_add: threads * limits.multiply_add(ROUNDS) as f64 / fma.median(),
        dot_product: threads * limits.dot_product(ROUNDS) as f64 / dot.median(),
    }
}

/// Times of reads of the same size in each order.
#[derive(Default)]
pub(crate) struct Reads([Times; Streams::ALL.len()]);

impl Reads {
    /// Reads the next piece in each order.
    pub(crate) fn measure<'a>(&mut self, limits: Limits, pool: &Pool, mut next: impl FnMut() -> &'a [u8]) {
        for (times, streams) in self.0.iter_mut().zip(Streams::ALL) {
            let piece = next();
            times.of(|| read(limits, pool, piece, streams));
        }
    }

    /// That of the fastest order.
    pub(crate) fn median(&self) -> f64 {
        self.0.iter().map(Times::median).fold(f64::INFINITY, f64::min)
    }
}

/// Reads `piece` with all threads.
fn read(limits: Limits, pool: &Pool, piece: &[u8], streams: Streams) {
    pool.for_each(pool.threads(), &|parts| {
        let bound = |part: usize| piece.len() / 64 * part / pool.threads() * 64;
        limits.read(&piece[bound(parts.start)..bound(parts.end)], streams);
    });
}

/// The same work on each thread.
pub(crate) fn operate(pool: &Pool, work: impl Fn() -> usize + Sync) {
    pool.for_each(pool.threads(), &|parts| {
        for _ in parts {
            work();
        }
    });
}
