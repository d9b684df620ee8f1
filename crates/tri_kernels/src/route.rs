//! Routing: which rows go to which tiles, and the way there and back. The same on every CPU level.
//!
//! Rows are chosen and grouped with a counting sort for one rank at a time, so that a tile sees its rows side by side,
//! and the outputs of a row are added in descending order of score, whatever tiles they come from.

use crate::RouteArgs;

/// Whether a score goes before another of a lower index: larger, or a number where that is NaN.
pub(crate) fn ranks_above(a: f32, b: f32) -> bool {
    a > b || (b.is_nan() && !a.is_nan())
}

/// Fills `chosen`: the `top` tiles of largest score, best first; ties go to the lower index, NaN ranks below every number.
///
/// # Safety
/// The pointers of the arguments are valid for the sizes given.
pub unsafe extern "C" fn select(args: *const RouteArgs) {
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

/// Fills `order` and `first` for the choice `rank` of each row.
///
/// # Safety
/// The pointers of the arguments are valid for the sizes given, and [`select`] filled `chosen`.
pub unsafe extern "C" fn group(args: *const RouteArgs) {
    // SAFETY: the caller's promise; `chosen` holds tiles, and the counts add up to `rows`.
    unsafe {
        let args = &*args;
        let (rows, tiles) = (args.rows.max(0) as usize, args.tiles as usize);
        let (order, first) = (args.order.cast::<i32>(), args.first.cast::<i32>());
        let chosen = args.chosen.cast::<i32>();
        let tile_of =
            |row: usize| chosen.add(row * args.top as usize + args.rank as usize).read_unaligned() as usize;
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
        // Filling moves each beginning to the next tile's; going back afterwards restores them.
        for row in 0..rows {
            let next = first.add(tile_of(row));
            let at = next.read_unaligned();
            order.add(at as usize).write_unaligned(row as i32);
            next.write_unaligned(at + 1);
        }
        for tile in (0..tiles).rev() {
            first.add(tile + 1).write_unaligned(first.add(tile).read_unaligned());
        }
        first.write_unaligned(0);
    }
}

/// Fills `grouped`: the rows of `x` in the order of `order`.
///
/// # Safety
/// The pointers of the arguments are valid for the sizes given, and [`group`] filled `order`.
pub unsafe extern "C" fn gather(args: *const RouteArgs) {
    // SAFETY: the caller's promise; `order` holds each row once.
    unsafe {
        let args = &*args;
        let (order, bytes) = (args.order.cast::<i32>(), args.row_bytes.max(0) as usize);
        for at in 0..args.rows.max(0) as usize {
            let row = order.add(at).read_unaligned() as usize;
            args.grouped.add(at * bytes).copy_from_nonoverlapping(args.x.add(row * bytes), bytes);
        }
    }
}

/// Brings `results` back: each row times its gate, if there are gates; stored at rank 0, added to `out` at others.
///
/// # Safety
/// The pointers of the arguments are valid for the sizes given, and [`group`] filled `order` and `first`.
pub unsafe extern "C" fn scatter(args: *const RouteArgs) {
    // SAFETY: the caller's promise; `order` holds each row once, and the tiles' ranges cover it.
    unsafe {
        let args = &*args;
        let (order, first) = (args.order.cast::<i32>(), args.first.cast::<i32>());
        let (bytes, tiles) = (args.result_bytes.max(0) as usize, args.tiles as usize);
        for tile in 0..tiles {
            let range = first.add(tile).read_unaligned()..first.add(tile + 1).read_unaligned();
            for at in range {
                let row = order.add(at as usize).read_unaligned() as usize;
                let (from, to) = (args.results.add(at as usize * bytes), args.out.add(row * bytes));
                if args.gates.is_null() && args.rank == 0 {
                    to.copy_from_nonoverlapping(from, bytes);
                    continue;
                }
                let gate = (!args.gates.is_null())
                    .then(|| args.gates.cast::<f32>().add(row * tiles + tile).read_unaligned());
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_chosen_grouped_and_added_in_order_of_score() {
        let scores: [f32; 9] = [1.0, 3.0, 3.0, f32::NAN, f32::NAN, -1.0, 5.0, 0.0, 2.0];
        let gates: [f32; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        let x: [u16; 3] = [10, 11, 12];
        let (mut chosen, mut order, mut first) = ([0i32; 6], [0i32; 3], [0i32; 4]);
        let (mut grouped, mut out) = ([0u16; 3], [f32::NAN; 3]);
        let results: [f32; 3] = [100.0, 200.0, 300.0];
        let mut args = RouteArgs {
            scores: scores.as_ptr().cast(),
            given: std::ptr::null(),
            gates: gates.as_ptr().cast(),
            chosen: chosen.as_mut_ptr().cast(),
            order: order.as_mut_ptr().cast(),
            first: first.as_mut_ptr().cast(),
            x: x.as_ptr().cast(),
            grouped: grouped.as_mut_ptr().cast(),
            results: results.as_ptr().cast(),
            out: out.as_mut_ptr().cast(),
            rows: 3,
            tiles: 3,
            top: 2,
            row_bytes: 2,
            result_bytes: 4,
            rank: 0,
        };
        // SAFETY: the arrays have the sizes given.
        unsafe {
            select(&args);
            assert_eq!(chosen, [1, 2, 2, 0, 0, 2]);
            group(&args);
            assert_eq!((order, first), ([2, 0, 1], [0, 1, 2, 3]));
            gather(&args);
            assert_eq!(grouped, [12, 10, 11]);
            scatter(&args);
            assert_eq!(out, [200.0 * 2.0, 300.0 * 6.0, 100.0 * 7.0]);
            args.rank = 1;
            group(&args);
            assert_eq!((order, first), ([1, 0, 2], [0, 1, 1, 3]));
            scatter(&args);
            assert_eq!(out, [400.0 + 200.0 * 3.0, 1800.0 + 100.0 * 4.0, 700.0 + 300.0 * 9.0]);
        }
    }
}
