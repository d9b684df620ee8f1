//! Routing: which rows go to which tiles, and the way there and back. The same on every CPU level.
//!
//! Rows are chosen and grouped for one rank at a time, so that a tile sees its rows side by side, and the outputs of a row are added in
//! descending order of score, whatever tiles they come from. A tile's rows go through it in chunks, brought together just before and
//! away just after, while they are in the cache; rows that are neighbours already stay where they are, and so do those of tiles that can be
//! told which rows are theirs.

use crate::RouteArgs;
use crate::limits::prefetch;

/// Bytes that memory is read in.
const LINE: usize = 64;
/// Most rows of the next chunk that are asked for while one is at hand.
const MOST_AHEAD: usize = 8;

/// Whether a score goes before another of a lower index: larger, or a number where that is NaN.
pub(crate) fn ranks_above(a: f32, b: f32) -> bool {
    a > b || (b.is_nan() && !a.is_nan())
}

/// Fills `chosen`: the `top` tiles of largest score, best first; ties go to the lower index, NaN ranks below every number.
///
/// # Safety
/// The pointers of the arguments are valid for the sizes given.
pub unsafe extern "C" fn select(args: *mut RouteArgs) {
    // SAFETY: the caller's promise; every offset below is within the sizes given.
    unsafe {
        let args = &*args;
        let (scores, chosen) = (args.scores.cast::<f32>(), args.chosen.cast::<i32>());
        if scores.is_null() {
            for row in 0..args.rows.max(0) as usize {
                let tile = args.given.cast::<i32>().add(row).read_unaligned();
                chosen.add(row).write_unaligned(tile.clamp(0, args.tiles as i32 - 1));
            }
            return;
        }
        for row in 0..args.rows.max(0) as usize {
            let score = |tile: i32| scores.add(row * args.tiles as usize + tile as usize).read_unaligned();
            let row = chosen.add(row * args.top as usize);
            let mut count = 0;
            for tile in 0..args.tiles as i32 {
                // Insertion: the worst of those kept falls off the end.
                let mut at = count;
                while at > 0 && ranks_above(score(tile), score(row.add(at - 1).read_unaligned())) {
                    at -= 1;
                }
                if at == args.top as usize {
                    continue;
                }
                count = (count + 1).min(args.top as usize);
                for later in (at + 1..count).rev() {
                    row.add(later).write_unaligned(row.add(later - 1).read_unaligned());
                }
                row.add(at).write_unaligned(tile);
            }
        }
    }
}

/// Rows that are sorted by insertion: a counting sort looks at every tile.
fn is_few(rows: usize, tiles: usize) -> bool {
    rows <= 8 || rows.saturating_mul(rows) <= tiles
}

/// Fills `order` for the choice `rank` of each row, and cuts it into chunks.
///
/// # Safety
/// The pointers of the arguments are valid for the sizes given, and [`select`] filled `chosen`.
pub unsafe extern "C" fn group(args: *mut RouteArgs) {
    // SAFETY: the caller's promise; `chosen` holds tiles, and no chunk is empty, so there are at most as many as rows.
    unsafe {
        let args = &mut *args;
        let (rows, tiles) = (args.rows.max(0) as usize, args.tiles as usize);
        let tile_of = |row: usize| chosen_tile(args, row);
        if is_few(rows, tiles) {
            sort_by_insertion(args.order.cast(), rows, tile_of);
        } else {
            sort_by_counting(args.order.cast(), args.first.cast(), [rows, tiles], tile_of);
        }
        let (order, starts) = (args.order.cast::<i32>(), args.starts.cast::<i32>());
        let (mut chunks, mut begin) = (0, 0);
        while begin < rows {
            starts.add(chunks).write_unaligned(begin as i32);
            let tile = tile_of(order.add(begin).read_unaligned() as usize);
            let most = rows.min(begin.saturating_add(args.together.max(1) as usize));
            begin += 1;
            while begin < most && tile_of(order.add(begin).read_unaligned() as usize) == tile {
                begin += 1;
            }
            chunks += 1;
        }
        starts.add(chunks).write_unaligned(rows as i32);
        args.chunks = chunks as i64;
    }
}

/// The choice `rank` of a row.
unsafe fn chosen_tile(args: &RouteArgs, row: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        let at = row * args.top as usize + args.rank as usize;
        args.chosen.cast::<i32>().add(at).read_unaligned() as usize
    }
}

unsafe fn sort_by_insertion(order: *mut i32, rows: usize, tile_of: impl Fn(usize) -> usize) {
    for row in 0..rows {
        // SAFETY: the caller's promise; what moves stays below `rows`.
        unsafe {
            let mut at = row;
            while at > 0 && tile_of(order.add(at - 1).read_unaligned() as usize) > tile_of(row) {
                order.add(at).write_unaligned(order.add(at - 1).read_unaligned());
                at -= 1;
            }
            order.add(at).write_unaligned(row as i32);
        }
    }
}

unsafe fn sort_by_counting(
    order: *mut i32,
    first: *mut i32,
    [rows, tiles]: [usize; 2],
    tile_of: impl Fn(usize) -> usize,
) {
    // SAFETY: the caller's promise; the counts add up to `rows`.
    unsafe {
        for tile in 0..=tiles {
            first.add(tile).write_unaligned(0);
        }
        for row in 0..rows {
            let count = first.add(tile_of(row) + 1);
            count.write_unaligned(count.read_unaligned() + 1);
        }
        for tile in 0..tiles {
            let end = first.add(tile).read_unaligned() + first.add(tile + 1).read_unaligned();
            first.add(tile + 1).write_unaligned(end);
        }
        // Filling moves each beginning to the next tile's.
        for row in 0..rows {
            let next = first.add(tile_of(row));
            let at = next.read_unaligned();
            order.add(at as usize).write_unaligned(row as i32);
            next.write_unaligned(at + 1);
        }
    }
}

/// The rows of the chunk at hand.
unsafe fn rows_of_chunk(args: &RouteArgs) -> (*const i32, usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let start = |chunk: i64| args.starts.cast::<i32>().add(chunk as usize).read_unaligned() as usize;
        let (begin, end) = (start(args.chunk), start(args.chunk + 1));
        (args.order.cast::<i32>().cast_const().add(begin), end - begin)
    }
}

/// Whether results of the chunk's rows, `count` from `row` on if they are neighbours, can be made where they belong.
fn goes_straight(args: &RouteArgs) -> bool {
    args.rank == 0 && args.gates.is_null()
}

/// Finds the tile of chunk `chunk`, where its rows lie, and where its results go.
///
/// # Safety
/// The pointers of the arguments are valid for the sizes given, and [`group`] made the chunk.
pub unsafe extern "C" fn gather(args: *mut RouteArgs) {
    // SAFETY: the caller's promise; `order` holds each row once.
    unsafe {
        let args = &mut *args;
        let (order, count) = rows_of_chunk(args);
        let row = |at: usize| order.add(at).read_unaligned() as usize;
        let (bytes, result_bytes) = (args.row_bytes.max(0) as usize, args.result_bytes.max(0) as usize);
        args.tile = chosen_tile(args, row(0)) as i64;
        args.count = count as i64;
        if args.chunk + 1 < args.chunks {
            ask_for_rows(args, args.chunk + 1);
        }
        // Rows ascend within a tile.
        let are_neighbours = row(count - 1) - row(0) == count - 1;
        (args.from_order, args.to_order) = (std::ptr::null(), std::ptr::null());
        args.to = args.results;
        if goes_straight(args) {
            if are_neighbours {
                args.to = args.out.add(row(0) * result_bytes);
            } else if args.writes_by_order == 1 {
                (args.to, args.to_order) = (args.out, order.cast());
            }
        }
        if are_neighbours {
            args.from = args.x.add(row(0) * bytes);
            return;
        }
        if args.reads_by_order == 1 {
            (args.from, args.from_order) = (args.x, order.cast());
            return;
        }
        args.from = args.grouped;
        for at in 0..count {
            args.grouped.add(at * bytes).copy_from_nonoverlapping(args.x.add(row(at) * bytes), bytes);
        }
    }
}

/// Asks for the rows of a chunk, and for where their results go: apart from each other, they are nothing that a CPU foresees.
unsafe fn ask_for_rows(args: &RouteArgs, chunk: i64) {
    // SAFETY: the caller's promise; asking for memory does not read it.
    let (order, count) = unsafe { rows_of_chunk(&RouteArgs { chunk, ..*args }) };
    for at in 0..count.min(MOST_AHEAD) {
        // SAFETY: as above.
        let row = unsafe { order.add(at).read_unaligned() } as usize;
        for (base, bytes) in [(args.x, args.row_bytes), (args.out.cast_const(), args.result_bytes)] {
            let bytes = bytes.max(0) as usize;
            for line in (0..bytes).step_by(LINE) {
                // SAFETY: as above.
                unsafe { prefetch(base.wrapping_add(row * bytes + line)) };
            }
        }
    }
}

/// Brings the results of a chunk back: each row times its gate, if there are gates; stored at rank 0, added to `out` at others.
///
/// # Safety
/// The pointers of the arguments are valid for the sizes given, and [`gather`] and the tile made the results.
pub unsafe extern "C" fn scatter(args: *mut RouteArgs) {
    // SAFETY: the caller's promise; `order` holds each row once.
    unsafe {
        let args = &*args;
        if args.to != args.results {
            return;
        }
        let (order, count) = rows_of_chunk(args);
        let (bytes, tiles) = (args.result_bytes.max(0) as usize, args.tiles as usize);
        for at in 0..count {
            let row = order.add(at).read_unaligned() as usize;
            let (from, to) = (args.results.add(at * bytes), args.out.add(row * bytes));
            if goes_straight(args) {
                to.copy_from_nonoverlapping(from, bytes);
                continue;
            }
            let gate = (!args.gates.is_null())
                .then(|| args.gates.cast::<f32>().add(row * tiles + args.tile as usize).read_unaligned());
            let (from, to) = (from.cast::<f32>(), to.cast::<f32>());
            for i in 0..bytes / 4 {
                let value = from.add(i).read_unaligned();
                let value = gate.map_or(value, |gate| value * gate);
                let sum = if args.rank == 0 { value } else { to.add(i).read_unaligned() + value };
                to.add(i).write_unaligned(sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs every chunk of a rank through tiles that add 100 times their number plus one to a row's only element.
    unsafe fn run(args: &mut RouteArgs) -> Vec<(i64, i64)> {
        // SAFETY: the arrays have the sizes given.
        unsafe {
            group(args);
            let mut chunks = Vec::new();
            for chunk in 0..args.chunks {
                args.chunk = chunk;
                gather(args);
                chunks.push((args.tile, args.count));
                let place = |order: *const u8, row: usize| {
                    if order.is_null() { row } else { order.cast::<i32>().add(row).read_unaligned() as usize }
                };
                for row in 0..args.count as usize {
                    let (from, to) = (place(args.from_order, row), place(args.to_order, row));
                    let x = f32::from(args.from.cast::<u16>().add(from).read_unaligned());
                    args.to.cast::<f32>().add(to).write_unaligned(x + 100.0 * (args.tile + 1) as f32);
                }
                scatter(args);
            }
            chunks
        }
    }

    /// One tile a row of one u16, with a result of one f32; without arrays, rows and tiles.
    fn top_one() -> RouteArgs {
        RouteArgs {
            scores: std::ptr::null(),
            given: std::ptr::null(),
            gates: std::ptr::null(),
            chosen: std::ptr::null_mut(),
            order: std::ptr::null_mut(),
            starts: std::ptr::null_mut(),
            first: std::ptr::null_mut(),
            x: std::ptr::null(),
            grouped: std::ptr::null_mut(),
            results: std::ptr::null_mut(),
            out: std::ptr::null_mut(),
            rows: 0,
            tiles: 0,
            top: 1,
            together: 1,
            row_bytes: 2,
            result_bytes: 4,
            rank: 0,
            reads_by_order: 0,
            writes_by_order: 0,
            chunks: 0,
            chunk: 0,
            tile: 0,
            count: 0,
            from: std::ptr::null(),
            from_order: std::ptr::null(),
            to: std::ptr::null_mut(),
            to_order: std::ptr::null(),
        }
    }

    #[test]
    fn rows_are_chosen_grouped_and_added_in_order_of_score() {
        let scores: [f32; 9] = [1.0, 3.0, 3.0, f32::NAN, f32::NAN, -1.0, 5.0, 0.0, 2.0];
        let gates: [f32; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let x: [u16; 3] = [10, 11, 12];
        let (mut chosen, mut order, mut starts, mut first) = ([0i32; 6], [0i32; 3], [0i32; 4], [0i32; 4]);
        let (mut grouped, mut results, mut out) = ([0u16; 3], [0f32; 3], [f32::NAN; 3]);
        let mut args = RouteArgs {
            scores: scores.as_ptr().cast(),
            gates: gates.as_ptr().cast(),
            chosen: chosen.as_mut_ptr().cast(),
            order: order.as_mut_ptr().cast(),
            starts: starts.as_mut_ptr().cast(),
            first: first.as_mut_ptr().cast(),
            x: x.as_ptr().cast(),
            grouped: grouped.as_mut_ptr().cast(),
            results: results.as_mut_ptr().cast(),
            out: out.as_mut_ptr().cast(),
            rows: 3,
            tiles: 3,
            top: 2,
            together: 2,
            ..top_one()
        };
        // SAFETY: the arrays have the sizes given.
        unsafe {
            select(&mut args);
            assert_eq!(chosen, [1, 2, 2, 0, 0, 2]);
            assert_eq!(run(&mut args), [(0, 1), (1, 1), (2, 1)]);
            assert_eq!(order, [2, 0, 1]);
            assert_eq!(out, [210.0 * 2.0, 311.0 * 6.0, 112.0 * 7.0]);
            args.rank = 1;
            assert_eq!(run(&mut args), [(0, 1), (2, 2)]);
            assert_eq!(order, [1, 0, 2]);
            assert_eq!(out, [420.0 + 310.0 * 3.0, 1866.0 + 111.0 * 4.0, 784.0 + 312.0 * 9.0]);
        }
    }

    #[test]
    fn a_chunk_has_rows_of_one_tile_and_no_more_than_fit() {
        for rows in [0usize, 1, 5, 8, 9, 40] {
            for (tiles, by_order) in [(1usize, [0, 0]), (3, [1, 1]), (7, [1, 0]), (2000, [0, 1])] {
                let given: Vec<i32> = (0..rows).map(|row| (row * row % tiles) as i32).collect();
                let x: Vec<u16> = (0..rows as u16).collect();
                let (mut chosen, mut order) = (vec![0i32; rows], vec![0i32; rows]);
                let (mut starts, mut first) = (vec![0i32; rows + 1], vec![0i32; tiles + 1]);
                let (mut grouped, mut results, mut out) = ([0u16; 4], [0f32; 4], vec![f32::NAN; rows]);
                let mut args = RouteArgs {
                    given: given.as_ptr().cast(),
                    chosen: chosen.as_mut_ptr().cast(),
                    order: order.as_mut_ptr().cast(),
                    starts: starts.as_mut_ptr().cast(),
                    first: first.as_mut_ptr().cast(),
                    x: x.as_ptr().cast(),
                    grouped: grouped.as_mut_ptr().cast(),
                    results: results.as_mut_ptr().cast(),
                    out: out.as_mut_ptr().cast(),
                    rows: rows as i64,
                    tiles: tiles as i64,
                    together: 4,
                    reads_by_order: by_order[0],
                    writes_by_order: by_order[1],
                    ..top_one()
                };
                // SAFETY: the arrays have the sizes given.
                let chunks = unsafe {
                    select(&mut args);
                    run(&mut args)
                };
                assert!(chunks.iter().all(|(_, count)| (1..=4).contains(count)), "{rows} {tiles} {chunks:?}");
                assert!(chunks.is_sorted_by_key(|(tile, _)| *tile), "{rows} {tiles} {chunks:?}");
                let want: Vec<f32> =
                    (0..rows).map(|row| row as f32 + 100.0 * (given[row] + 1) as f32).collect();
                assert_eq!(out, want, "{rows} {tiles}");
            }
        }
    }
}
