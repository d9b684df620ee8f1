//! The tile of each row in two steps: the nearest cluster, then the nearest tile in it.
//!
//! By the definition a score is one chain of additions of f32, which is slow, and only which score is largest matters. So a row is rounded to
//! bytes and scored in integers. How far rounding, and adding in whatever order, can move a score has a bound, and as a rule that leaves one
//! candidate. Where it leaves several they are scored again in f32 in a fast order, with a smaller bound; what is then still open, and rows
//! that are not ordinary numbers, by the definition.
//!
//! Rows are scored a few at a time, so that signatures are read once for all of them; in the second step these are rows of the same
//! cluster, which a counting sort brings together. Signatures that many rows meet are laid out beforehand ([`panel`]).

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::cell::Cell;

mod panel;

use panel::Panel;

use crate::ClusterArgs;
use crate::lanes::{ByteLanes, Level};
use crate::nearest::{Row, Scored, choose};

/// Rows that are grouped at once.
const GROUPED: usize = 64;
/// Signatures that are scored together.
const COLUMNS: usize = 4;
/// The widest vector of any level, in bytes.
const MOST_BYTES: usize = 64;

/// A thread's memory, kept for its next call.
#[derive(Default)]
struct Memory {
    /// Rows as bytes, padded with zeros to whole vectors.
    digits: Vec<i8>,
    /// What is known of each row.
    rows: Vec<Row>,
    /// Scores of the rows at hand.
    scores: Vec<i32>,
    /// Cluster of each row.
    cluster: Vec<usize>,
    /// Rows by cluster.
    order: Vec<usize>,
    /// Where each cluster begins in `order`.
    first: Vec<usize>,
    /// Signatures that all rows meet.
    panel: Panel,
}

thread_local! {
    static MEMORY: Cell<Option<Box<Memory>>> = const { Cell::new(None) };
}

/// Fills `out` for rows `first..last`.
///
/// # Safety
/// The pointers of the arguments are valid for the sizes given.
#[inline(always)]
pub(crate) unsafe fn argmax<L: Level>(args: &ClusterArgs) {
    let mut memory = MEMORY.take().unwrap_or_default();
    let most = args.count.max(args.each).max(0) as usize;
    memory.scores.resize(L::BYTE_ROWS * most.next_multiple_of(panel::MOST_LANES), 0);
    let (all, count) = if args.count > 1 { (args.clusters, args.count) } else { (args.tiles, args.each) };
    memory.panel.lay_out::<L>(all.cast(), count as usize, args.width as usize, args.last - args.first);
    for start in (args.first.max(0)..args.last).step_by(GROUPED) {
        let rows = GROUPED.min((args.last - start) as usize);
        chunk::<L>(args, start as usize, rows, &mut memory);
    }
    MEMORY.set(Some(memory));
}

#[inline(always)]
unsafe fn chunk<L: Level>(args: &ClusterArgs, start: usize, rows: usize, memory: &mut Memory) {
    let (width, count, each) = (args.width as usize, args.count as usize, args.each as usize);
    let stride = width.next_multiple_of(L::Bytes::BYTES);
    memory.digits.resize(GROUPED * stride, 0);
    memory.rows.clear();
    for row in 0..rows {
        let x = args.on.cast::<f32>().add((start + row) * width);
        let digits = memory.digits.as_mut_ptr().add(row * stride);
        memory.rows.push(Row::of::<L>(x, width, digits));
        digits.add(width).write_bytes(0, stride - width);
    }
    let Memory { digits, rows: known, scores, cluster, order, first, panel } = memory;
    let scored = Scored { x: args.on.cast::<f32>().add(start * width), width, rows: known.as_slice() };
    let digits = Digits { base: digits.as_ptr(), stride };
    cluster.clear();
    cluster.resize(rows, 0);
    let all: [usize; GROUPED] = std::array::from_fn(|row| row);
    if count > 1 {
        let clusters = Signatures { base: args.clusters.cast(), count, panel: Some(panel) };
        nearest::<L>(&scored, &digits, &all[..rows], &clusters, scores, |row, at| cluster[row] = at);
    }
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
    let mut begin = 0;
    for (at, stop) in first[..count].iter().enumerate() {
        let base = args.tiles.cast::<i8>().wrapping_add(at * width * each);
        let tiles = Signatures { base, count: each, panel: (count == 1).then_some(&*panel) };
        nearest::<L>(&scored, &digits, &order[begin..*stop], &tiles, scores, |row, tile| {
            let tile = (at * each + tile) as i32;
            args.out.cast::<i32>().add(start + row).write_unaligned(tile);
        });
        begin = *stop;
    }
}

/// Rows as bytes, `stride` apart.
struct Digits {
    base: *const i8,
    stride: usize,
}

/// Signatures, one after another.
struct Signatures<'a> {
    base: *const i8,
    count: usize,
    /// Where they may be laid out.
    panel: Option<&'a Panel>,
}

/// The best signature for each of `rows`.
#[inline(always)]
unsafe fn nearest<L: Level>(
    scored: &Scored<'_>,
    digits: &Digits,
    rows: &[usize],
    signatures: &Signatures<'_>,
    scores: &mut [i32],
    mut found: impl FnMut(usize, usize),
) {
    let &Signatures { base, count, panel } = signatures;
    let panel = panel.filter(|panel| !panel.is_empty());
    let pitch = panel.map_or(count, Panel::lanes);
    let mut left = rows;
    while !left.is_empty() {
        let (now, later) = left.split_at(left.len().min(L::BYTE_ROWS));
        left = later;
        let at = |i: usize| digits.base.add(now[i.min(now.len() - 1)] * digits.stride);
        match (panel, now.len()) {
            (Some(panel), 3..) => panel.score::<L, 4>(std::array::from_fn(at), scores),
            (Some(panel), 2) => panel.score::<L, 2>(std::array::from_fn(at), scores),
            (Some(panel), _) => panel.score::<L, 1>([at(0)], scores),
            (None, 4..) => score::<L, 4>(std::array::from_fn(at), scored.width, base, count, scores),
            (None, 2..) => score::<L, 2>(std::array::from_fn(at), scored.width, base, count, scores),
            (None, _) => score::<L, 1>([at(0)], scored.width, base, count, scores),
        }
        if panel.is_none() && now.len() == 3 {
            score::<L, 1>([at(2)], scored.width, base, count, &mut scores[2 * count..]);
        }
        for (row, scores) in now.iter().zip(scores.chunks_exact(pitch)) {
            found(*row, choose::<L>(scored, *row, &scores[..count], base));
        }
    }
}

/// `scores[row * columns + column]`: the products with trits plus one, which are those with trits plus the same for every column of a row.
#[inline(always)]
unsafe fn score<L: Level, const ROWS: usize>(
    rows: [*const i8; ROWS],
    width: usize,
    base: *const i8,
    columns: usize,
    scores: &mut [i32],
) {
    let mut column = 0;
    while column < columns {
        let from = base.add(column * width);
        if columns - column >= COLUMNS {
            let sums =
                products::<L, ROWS, COLUMNS>(rows, std::array::from_fn(|j| from.add(j * width)), width);
            for (row, sums) in sums.into_iter().enumerate() {
                scores[row * columns + column..][..COLUMNS].copy_from_slice(&L::Bytes::totals(sums));
            }
            column += COLUMNS;
        } else {
            let sums = products::<L, ROWS, 1>(rows, [from], width);
            for (row, [sum]) in sums.into_iter().enumerate() {
                scores[row * columns + column] = L::Bytes::total(sum);
            }
            column += 1;
        }
    }
}

#[inline(always)]
unsafe fn products<L: Level, const ROWS: usize, const N: usize>(
    rows: [*const i8; ROWS],
    columns: [*const i8; N],
    width: usize,
) -> [[<L::Bytes as ByteLanes>::Sums; N]; ROWS] {
    let bytes = L::Bytes::BYTES;
    let mut sums = [[L::Bytes::zero(); N]; ROWS];
    let whole = width / bytes * bytes;
    for at in (0..whole).step_by(bytes) {
        let codes = columns.map(|column| L::Bytes::load(column.add(at).cast()).trit_codes());
        add_products::<L, ROWS, N>(rows, at, codes, &mut sums);
    }
    if whole < width {
        // What is behind a signature may not be there to read; a row has zeros there.
        let codes = columns.map(|column| {
            let mut end = [0u8; MOST_BYTES];
            column.add(whole).cast::<u8>().copy_to_nonoverlapping(end.as_mut_ptr(), width - whole);
            L::Bytes::load(end.as_ptr()).trit_codes()
        });
        add_products::<L, ROWS, N>(rows, whole, codes, &mut sums);
    }
    sums
}

#[inline(always)]
unsafe fn add_products<L: Level, const ROWS: usize, const N: usize>(
    rows: [*const i8; ROWS],
    at: usize,
    codes: [L::Bytes; N],
    sums: &mut [[<L::Bytes as ByteLanes>::Sums; N]; ROWS],
) {
    for (row, sums) in rows.into_iter().zip(sums) {
        let digits = L::Bytes::load(row.add(at).cast());
        for (code, sum) in codes.iter().zip(sums) {
            *sum = code.dot::<true>(digits, *sum);
        }
    }
}
