//! The kernels of a route whose tiles run together: they choose, put pairs of row and tile in order and write the work list, bring rows to
//! their items, and add the results of a row. The tiles' steps run between them: [`crate::grouped`]. What lies where is in [`tri_gpu::group`].

use tri_dims::DimError;
use tri_gpu::group::{ITEM_ROWS, ITEM_WORDS, Part};
use tri_ir::Dim;
use tri_ir::math::Arith;
use tri_kernel_ir::plan::ALIGNMENT;
use tri_kernel_ir::{BufferId, RouteStep, Schedule};

use crate::emitter::Emitter;
use crate::nest::unit;
use crate::route::{
    Fixed, RESULT_WIDTH, ROWS, SizeNumber, TILES, TOP, WIDTH, choice_of_tiles, flat, index, load_f32,
    number_of, size, sizes, store_index,
};
use crate::value::{Type, Value};

/// The size after those of every route: bytes of a pair in the group's memory, which the host gives.
const RECORD: SizeNumber = 5;

/// The kernels of a group by their [`Part`]. Of the scratch of the step only the choice is in the workspace; the host puts lists in the
/// place of the rest.
pub(crate) fn route(schedule: &Schedule, step: &RouteStep, threads: u32) -> Result<Vec<Fixed>, DimError> {
    let [chosen, order, items, first, memory, results] = step.scratch;
    let sizes = sizes(schedule, step, 1);
    let bytes = schedule.buffers[step.x.index()].dtype.bytes();
    let gated = step.gates.is_some();
    let block = i64::from(threads);
    let made = |part: Part| -> Result<Fixed, DimError> {
        let (name, axes, lanes, buffers) = match part {
            Part::Choose => return choice_of_tiles(schedule, step, threads),
            Part::Order => ("route_items".to_owned(), vec![TILES], block, vec![chosen, order, first, items]),
            Part::Gather => {
                let buffers = vec![step.x, memory, results, chosen, order, first];
                (format!("route_rows_{bytes}"), vec![ROWS, TOP], block, buffers)
            }
            Part::Direct => {
                let buffers = vec![step.x, memory, results, chosen, items];
                (format!("route_direct_{bytes}"), vec![ROWS, TOP], block, buffers)
            }
            Part::Add => {
                let name = if gated { "route_sum_gated" } else { "route_sum" };
                let mut buffers = vec![memory, results, chosen, step.out];
                buffers.extend(step.gates);
                (name.to_owned(), vec![ROWS, RESULT_WIDTH], 1, buffers)
            }
        };
        let mut e = Emitter::new(buffers.len() as u32, sizes.len() as u32);
        let axes: Vec<Dim> = axes.into_iter().map(size).collect();
        let lengths: Vec<Value> = axes.iter().map(|axis| e.size(axis)).collect();
        unit(&mut e, lanes, threads, &lengths, &mut |e, thread, at| match part {
            Part::Order => order_tile(e, block, thread, at[0]),
            Part::Gather => gather(e, bytes, block, thread, at),
            Part::Direct => direct(e, bytes, block, thread, at),
            _ => add(e, gated, at),
        });
        Ok(Fixed { name, axes, lanes, emitter: e, sizes: sizes.clone(), buffers })
    };
    [Part::Choose, Part::Order, Part::Gather, Part::Direct, Part::Add].into_iter().map(made).collect()
}

/// `ceil(value / by)` of numbers that are not negative.
fn divided_up(e: &mut Emitter, value: Value, by: i64) -> Value {
    let more = e.index_add(value, e.int(by - 1));
    e.binary("udiv", more, e.int(by))
}

fn at_most(e: &mut Emitter, value: Value, limit: Value) -> Value {
    let below = e.compare("icmp slt", value, limit);
    e.choose(below, value, limit)
}

/// A block for a tile: where its pairs begin in the order of tiles, these pairs, ascending, and the items that they make. The threads look at
/// a part of the choices each.
fn order_tile(e: &mut Emitter, threads: i64, thread: Value, tile: Value) {
    let [rows, top] = [ROWS, TOP].map(|number| e.size(&size(number)));
    let pairs = e.index_mul(rows, top);
    let each = divided_up(e, pairs, threads);
    let begin = e.index_mul(thread, each);
    let begin = at_most(e, begin, pairs);
    let end = e.index_add(begin, each);
    let end = at_most(e, end, pairs);
    let counted = [0, 1].map(|_| e.variable(e.int(0)));
    e.for_each([begin, end, e.int(1)], &mut |e, pair| {
        let choice = index(e, 0, pair);
        for (count, condition) in counted.iter().zip(["icmp slt", "icmp eq"]) {
            let holds = e.compare(condition, choice, tile);
            let one = e.convert("zext", holds, Type::I64);
            let before = e.get(*count);
            let after = e.index_add(before, one);
            e.set(*count, after);
        }
    });
    let counted = counted.map(|count| e.get(count));
    let [earlier, mine, mine_before] = shared_sums(e, threads, thread, counted);
    let place = e.index_add(earlier, mine_before);
    let place = e.variable(place);
    e.for_each([begin, end, e.int(1)], &mut |e, pair| {
        let choice = index(e, 0, pair);
        let is_mine = e.compare("icmp eq", choice, tile);
        e.when(is_mine, |e| {
            let at = e.get(place);
            store_index(e, 1, at, pair);
            let next = e.index_add(at, e.int(1));
            e.set(place, next);
        });
    });
    let after = e.index_add(earlier, mine);
    let is_first = e.compare("icmp eq", thread, e.int(0));
    e.when(is_first, |e| store_index(e, 2, tile, earlier));
    let next = e.index_add(tile, e.int(1));
    let tiles = e.size(&size(TILES));
    let is_last = e.compare("icmp eq", next, tiles);
    let ends = e.binary("and", is_first, is_last);
    e.when(ends, |e| store_index(e, 2, next, after));
    write_items(e, threads, thread, [tile, earlier, after]);
}

/// Sums of the first and of the second number over all threads of the block, and of the second over the threads before this one.
fn shared_sums(e: &mut Emitter, threads: i64, thread: Value, own: [Value; 2]) -> [Value; 3] {
    let shared = e.shared(16 * threads);
    let place = |e: &mut Emitter, thread: Value, which: i64| {
        let at = e.index_add(thread, e.int(which * threads));
        e.element(shared, at, 8)
    };
    for (which, own) in own.into_iter().enumerate() {
        let address = place(e, thread, which as i64);
        e.store(own, address, 8);
    }
    e.meet_block();
    let sums = [0; 3].map(|_| e.variable(e.int(0)));
    e.for_each([e.int(0), e.int(threads), e.int(1)], &mut |e, other| {
        let address = place(e, other, 0);
        let first = e.load(Type::I64, address, 8);
        let address = place(e, other, 1);
        let second = e.load(Type::I64, address, 8);
        let before = e.compare("icmp slt", other, thread);
        let second_before = e.choose(before, second, e.int(0));
        for (sum, more) in sums.iter().zip([first, second, second_before]) {
            let so_far = e.get(*sum);
            let after = e.index_add(so_far, more);
            e.set(*sum, after);
        }
    });
    sums.map(|sum| e.get(sum))
}

/// The items of a tile whose pairs are `first..after`. Tile `t` has those from `first / ITEM_ROWS + t` to where the next tile's begin: enough,
/// and some may stay empty.
fn write_items(e: &mut Emitter, threads: i64, thread: Value, [tile, first, after]: [Value; 3]) {
    let begins = |e: &mut Emitter, first: Value, tile: Value| {
        let whole = e.binary("udiv", first, e.int(ITEM_ROWS));
        e.index_add(whole, tile)
    };
    let begin = begins(e, first, tile);
    let next = e.index_add(tile, e.int(1));
    let end = begins(e, after, next);
    let own = e.index_add(begin, thread);
    e.for_each([own, end, e.int(threads)], &mut |e, item| {
        let number = e.binary("sub", item, begin);
        let moved = e.index_mul(number, e.int(ITEM_ROWS));
        let start = e.index_add(first, moved);
        let left = e.binary("sub", after, start);
        let some = e.compare("icmp sgt", left, e.int(0));
        let left = e.choose(some, left, e.int(0));
        let count = at_most(e, left, e.int(ITEM_ROWS));
        store_item(e, BufferId(3), item, [tile, start, count]);
    });
}

fn store_item(e: &mut Emitter, items: BufferId, item: Value, words: [Value; 3]) {
    let address = e.element(e.buffer(items), item, 4 * ITEM_WORDS as usize);
    let [tile, start, count] = words.map(|word| e.convert("trunc", word, Type::I32));
    e.store_words([tile, start, count, Value::int(Type::I32, 0)], address);
}

/// A block for a pair by its place in the order of tiles: brings its row to its item.
fn gather(e: &mut Emitter, bytes: usize, threads: i64, thread: Value, at: &[Value]) {
    let place = flat(e, at[0], TOP, at[1]);
    let pair = index(e, 4, place);
    let tile = index(e, 3, pair);
    let first = index(e, 5, tile);
    let next = e.index_add(tile, e.int(1));
    let after = index(e, 5, next);
    let in_tile = e.binary("sub", place, first);
    let number = e.binary("urem", in_tile, e.int(ITEM_ROWS));
    let start = e.binary("sub", place, number);
    let left = e.binary("sub", after, start);
    let count = at_most(e, left, e.int(ITEM_ROWS));
    bring(e, bytes, [e.int(threads), thread], pair, [start, number, count]);
}

/// A block for a pair that is an item.
fn direct(e: &mut Emitter, bytes: usize, threads: i64, thread: Value, at: &[Value]) {
    let pair = flat(e, at[0], TOP, at[1]);
    let is_first = e.compare("icmp eq", thread, e.int(0));
    e.when(is_first, |e| {
        let tile = index(e, 3, pair);
        store_item(e, BufferId(4), pair, [tile, pair, e.int(1)]);
    });
    bring(e, bytes, [e.int(threads), thread], pair, [pair, e.int(0), e.int(1)]);
}

/// Copies the row of a pair to the memory of its item, where it is `number` of the `count` from `start` on, and tells where its result will be.
fn bring(
    e: &mut Emitter,
    bytes: usize,
    [threads, thread]: [Value; 2],
    pair: Value,
    [start, number, count]: [Value; 3],
) {
    let [top, width, result_width, record] =
        [TOP, WIDTH, RESULT_WIDTH, RECORD].map(|number| e.size(&size(number)));
    let row = e.binary("udiv", pair, top);
    let item = e.index_mul(start, record);
    let row_bytes = e.index_mul(width, e.int(bytes as i64));
    let moved = e.index_mul(number, row_bytes);
    let to = e.index_add(item, moved);
    let to = e.element(e.buffer(BufferId(1)), to, 1);
    let from = e.index_mul(row, width);
    let from = e.element(e.buffer(BufferId(0)), from, bytes);
    e.for_each([thread, width, threads], &mut |e, at| {
        let address = e.element(from, at, bytes);
        let value = e.load(number_of(bytes), address, bytes);
        let address = e.element(to, at, bytes);
        e.store(value, address, bytes);
    });
    let is_first = e.compare("icmp eq", thread, e.int(0));
    e.when(is_first, |e| {
        let rows = e.index_mul(count, row_bytes);
        let rows = divided_up(e, rows, ALIGNMENT as i64);
        let rows = e.index_mul(rows, e.int(ALIGNMENT as i64));
        let results = e.index_add(item, rows);
        let results = e.binary("udiv", results, e.int(4));
        let before = e.index_mul(number, result_width);
        let place = e.index_add(results, before);
        let address = e.element(e.buffer(BufferId(2)), pair, 8);
        e.store(place, address, 8);
    });
}

/// An element of a row's result: the best tile's, then the others' added to it in order, each times its gate.
fn add(e: &mut Emitter, gated: bool, at: &[Value]) {
    let result = e.variable(Value::f32(0.0));
    let top = e.size(&size(TOP));
    e.for_each([e.int(0), top, e.int(1)], &mut |e, rank| {
        let pair = flat(e, at[0], TOP, rank);
        let address = e.element(e.buffer(BufferId(1)), pair, 8);
        let place = e.load(Type::I64, address, 8);
        let place = e.index_add(place, at[1]);
        let mut value = load_f32(e, 0, place);
        if gated {
            let tile = index(e, 2, pair);
            let gate = flat(e, at[0], TILES, tile);
            let gate = load_f32(e, 4, gate);
            value = Arith::mul(e, value, gate);
        }
        let so_far = e.get(result);
        let sum = Arith::add(e, so_far, value);
        let is_best = e.compare("icmp eq", rank, e.int(0));
        let value = e.choose(is_best, value, sum);
        e.set(result, value);
    });
    let result = e.get(result);
    let to = flat(e, at[0], RESULT_WIDTH, at[1]);
    let address = e.element(e.buffer(BufferId(3)), to, 4);
    e.store(result, address, 4);
}
