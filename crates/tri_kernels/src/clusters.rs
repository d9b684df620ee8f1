//! The tile of each row in two steps: the nearest cluster, then the nearest tile in it.
//!
//! Rows are scored a few at a time, so that signatures are read once for all of them; in the second step these are rows of the same
//! cluster, which a counting sort brings together. A sum is one chain of additions in the order of k, whatever rows are beside it.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::cell::Cell;

use crate::ClusterArgs;
use crate::lanes::{FloatLanes, Level};
use crate::route::ranks_above;

/// Rows that are grouped at once.
const GROUPED: usize = 256;
/// Rows that are scored together.
const TOGETHER: usize = 8;

/// A thread's memory, kept for its next call.
#[derive(Default)]
struct Memory {
    /// Scores of the rows at hand.
    scores: Vec<f32>,
    /// Cluster of each row.
    cluster: Vec<usize>,
    /// Rows by cluster.
    order: Vec<usize>,
    /// Where each cluster begins in `order`.
    first: Vec<usize>,
}

thread_local! {
    static MEMORY: Cell<Memory> = const {
        Cell::new(Memory { scores: Vec::new(), cluster: Vec::new(), order: Vec::new(), first: Vec::new() })
    };
}

/// Fills `out` for rows `first..last`.
///
/// # Safety
/// The pointers of the arguments are valid for the sizes given.
#[inline(always)]
pub(crate) unsafe fn argmax<L: Level>(args: &ClusterArgs) {
    let mut memory = MEMORY.take();
    memory.scores.resize(TOGETHER * args.count.max(args.each).max(0) as usize, 0.0);
    for start in (args.first.max(0)..args.last).step_by(GROUPED) {
        let rows = GROUPED.min((args.last - start) as usize);
        chunk::<L>(args, start as usize, rows, &mut memory);
    }
    MEMORY.set(memory);
}

#[inline(always)]
unsafe fn chunk<L: Level>(args: &ClusterArgs, start: usize, rows: usize, memory: &mut Memory) {
    let (width, count, each) = (args.width as usize, args.count as usize, args.each as usize);
    let Memory { scores, cluster, order, first } = memory;
    cluster.clear();
    cluster.resize(rows, 0);
    let all: [usize; GROUPED] = std::array::from_fn(|row| row);
    let clusters =
        Trits { base: args.clusters.cast(), end: args.clusters.wrapping_add(width * count).cast() };
    nearest::<L>(args, start, &all[..rows], &clusters, count, scores, |row, at| cluster[row] = at);
    first.clear();
    first.resize(count + 1, 0);
    for at in cluster.iter() {
        first[at + 1] += 1;
    }
    for at in 0..count {
        first[at + 1] += first[at];
    }
    order.clear();
    order.resize(rows, 0);
    // Filling moves each beginning to the next cluster's, so a cluster's rows end where it now begins.
    for (row, at) in cluster.iter().enumerate() {
        order[first[*at]] = row;
        first[*at] += 1;
    }
    let end = args.tiles.wrapping_add(width * count * each).cast();
    let mut begin = 0;
    for (at, stop) in first[..count].iter().enumerate() {
        let tiles = Trits { base: args.tiles.wrapping_add(at * width * each).cast(), end };
        nearest::<L>(args, start, &order[begin..*stop], &tiles, each, scores, |row, tile| {
            let tile = (at * each + tile) as i32;
            args.out.cast::<i32>().add(start + row).write_unaligned(tile);
        });
        begin = *stop;
    }
}

/// Columns of trits: `[width, columns]` from `base`, in memory that ends at `end`.
struct Trits {
    base: *const i8,
    end: *const i8,
}

/// The best column for each of `rows`, counted from `start`.
#[inline(always)]
unsafe fn nearest<L: Level>(
    args: &ClusterArgs,
    start: usize,
    rows: &[usize],
    trits: &Trits,
    columns: usize,
    scores: &mut [f32],
    mut found: impl FnMut(usize, usize),
) {
    let width = args.width as usize;
    let x = |row: usize| args.on.cast::<f32>().add((start + row) * width);
    let mut chosen = |row: usize, scores: &[f32]| {
        let mut best = 0;
        for (at, score) in scores.iter().enumerate().skip(1) {
            if ranks_above(*score, scores[best]) {
                best = at;
            }
        }
        found(row, best);
    };
    let mut blocks = rows.chunks_exact(TOGETHER);
    for block in &mut blocks {
        let pointers: [*const f32; TOGETHER] = std::array::from_fn(|at| x(block[at]));
        score::<L, TOGETHER, 1, 2>(pointers, width, trits, columns, scores);
        for (row, scores) in block.iter().zip(scores.chunks_exact(columns)) {
            chosen(*row, scores);
        }
    }
    for row in blocks.remainder() {
        score::<L, 1, 1, 4>([x(*row)], width, trits, columns, scores);
        chosen(*row, &scores[..columns]);
    }
}

/// `scores[row * columns + column]` for `ROWS` rows, `MANY` vectors of columns at a time where there are as many, else `FEW`.
#[inline(always)]
unsafe fn score<L: Level, const ROWS: usize, const FEW: usize, const MANY: usize>(
    x: [*const f32; ROWS],
    width: usize,
    trits: &Trits,
    columns: usize,
    scores: &mut [f32],
) {
    let mut column = 0;
    while column < columns {
        if columns - column >= MANY * L::Floats::LANES {
            block::<L, ROWS, MANY>(x, width, trits, columns, column, scores);
            column += MANY * L::Floats::LANES;
        } else {
            block::<L, ROWS, FEW>(x, width, trits, columns, column, scores);
            column += FEW * L::Floats::LANES;
        }
    }
}

#[inline(always)]
unsafe fn block<L: Level, const ROWS: usize, const VECTORS: usize>(
    x: [*const f32; ROWS],
    width: usize,
    trits: &Trits,
    columns: usize,
    column: usize,
    scores: &mut [f32],
) {
    let lanes = L::Floats::LANES;
    let mut sums = [[L::Floats::splat(0.0); VECTORS]; ROWS];
    for k in 0..width {
        let mut factors = [L::Floats::splat(0.0); VECTORS];
        for (vector, factor) in factors.iter_mut().enumerate() {
            // Lanes past the last column hold what comes next, and are not looked at.
            let from = trits.base.wrapping_add(k * columns + column + vector * lanes);
            let left = (trits.end as usize).saturating_sub(from as usize);
            *factor = if left >= lanes {
                L::Floats::trits(from)
            } else {
                let mut last = [0i8; 64];
                last.as_mut_ptr().copy_from_nonoverlapping(from, left);
                L::Floats::trits(last.as_ptr())
            };
        }
        for (sums, x) in sums.iter_mut().zip(x) {
            let value = L::Floats::splat(x.add(k).read_unaligned());
            for (sum, factor) in sums.iter_mut().zip(factors) {
                *sum = value.add_trit(factor, *sum);
            }
        }
    }
    for (row, sums) in sums.into_iter().enumerate() {
        for (vector, sum) in sums.into_iter().enumerate() {
            let mut values = [0.0f32; 64];
            sum.store(values.as_mut_ptr());
            let at = column + vector * lanes;
            let used = lanes.min(columns.saturating_sub(at));
            scores[row * columns + at..][..used].copy_from_slice(&values[..used]);
        }
    }
}
