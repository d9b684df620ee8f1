//! Routes and choices through clusters: kernels of fixed form. The tiles of a route that do not run together (see [`crate::group`] for those
//! that do) run between its kernels, a chunk of rows at a time: `first` says how many rows a tile has, which the host reads.

use tri_dims::DimError;
use tri_ir::math::Arith;
use tri_ir::{DType, Dim, Symbol};
use tri_kernel_ir::{BufferId, ClusterStep, RouteStep, Schedule};

use crate::contraction::add_trit;
use crate::emitter::Emitter;
use crate::fold::ranks_above;
use crate::nest::unit;
use crate::value::{Type, Value};

/// Number of a size of a kernel.
pub(crate) type SizeNumber = u32;

/// Sizes of a route's kernels, in order; those of a group have the first five. The rank is that of the choice at hand, and the start the place of a chunk's first row in the order
/// of that rank: the host gives both, and to the kernels of a chunk the rows that it has as `ROWS`.
pub(crate) const ROWS: SizeNumber = 0;
pub(crate) const TILES: SizeNumber = 1;
pub(crate) const TOP: SizeNumber = 2;
pub(crate) const WIDTH: SizeNumber = 3;
pub(crate) const RESULT_WIDTH: SizeNumber = 4;
const RANK: SizeNumber = 5;
const START: SizeNumber = 6;

/// A kernel whose name says all about it.
pub(crate) struct Fixed {
    pub(crate) name: String,
    /// Units of work are the points of these axes, in the kernel's own symbols.
    pub(crate) axes: Vec<Dim>,
    /// Threads of a unit.
    pub(crate) lanes: i64,
    pub(crate) emitter: Emitter,
    pub(crate) sizes: Vec<Dim>,
    pub(crate) buffers: Vec<BufferId>,
}

pub(crate) fn size(number: SizeNumber) -> Dim {
    Dim::var(Symbol(number))
}

/// What a thread does in its unit, whose indices are given.
type Body<'b> = dyn FnMut(&mut Emitter, &[Value]) + 'b;

fn kernel(
    name: String,
    axes: Vec<Dim>,
    (sizes, buffers): (Vec<Dim>, Vec<BufferId>),
    threads: u32,
    body: &mut Body<'_>,
) -> Result<Fixed, DimError> {
    let mut e = Emitter::new(buffers.len() as u32, sizes.len() as u32);
    let lengths: Vec<Value> = axes
        .iter()
        .map(|axis| {
            // One more than a size is all the arithmetic there is.
            let less = axis.sub(&Dim::constant(1))?;
            Ok(if less.as_var().is_some() {
                let value = e.size(&less);
                let one = e.int(1);
                e.index_add(value, one)
            } else {
                e.size(axis)
            })
        })
        .collect::<Result<_, DimError>>()?;
    unit(&mut e, 1, threads, &lengths, &mut |e, _, indices| body(e, indices));
    Ok(Fixed { name, axes, lanes: 1, emitter: e, sizes, buffers })
}

/// Element `at` of a buffer of 32-bit integers, as an index.
pub(crate) fn index(e: &mut Emitter, buffer: u32, at: Value) -> Value {
    let address = e.element(e.buffer(BufferId(buffer)), at, 4);
    let value = e.load(Type::I32, address, 4);
    e.convert("sext", value, Type::I64)
}

pub(crate) fn store_index(e: &mut Emitter, buffer: u32, at: Value, value: Value) {
    let address = e.element(e.buffer(BufferId(buffer)), at, 4);
    let value = e.convert("trunc", value, Type::I32);
    e.store(value, address, 4);
}

pub(crate) fn load_f32(e: &mut Emitter, buffer: u32, at: Value) -> Value {
    let address = e.element(e.buffer(BufferId(buffer)), at, 4);
    e.load(Type::F32, address, 4)
}

/// `row * width + column`.
pub(crate) fn flat(e: &mut Emitter, row: Value, width: SizeNumber, column: Value) -> Value {
    let width = e.size(&size(width));
    let start = e.index_mul(row, width);
    e.index_add(start, column)
}

/// The choice of a row at the rank at hand.
fn choice(e: &mut Emitter, chosen: u32, row: Value) -> Value {
    let rank = e.size(&size(RANK));
    let at = flat(e, row, TOP, rank);
    index(e, chosen, at)
}

/// The sizes of a route's kernels, the last `given` of which the host gives.
pub(crate) fn sizes(schedule: &Schedule, step: &RouteStep, given: usize) -> Vec<Dim> {
    let width = |buffer: BufferId| schedule.buffers[buffer.index()].shape.get(1).cloned().unwrap_or_default();
    let mut sizes = vec![
        step.rows.clone(),
        Dim::constant(step.tiles.len() as i64),
        Dim::constant(step.top.into()),
        width(step.x),
        width(step.out),
    ];
    sizes.resize(sizes.len() + given, Dim::constant(0));
    sizes
}

/// The kernels of a route in the order in which they run: choose once, for each rank begin and order, and for each chunk of a tile's rows gather
/// and, after the tile, add.
pub(crate) fn route(schedule: &Schedule, step: &RouteStep, threads: u32) -> Result<Vec<Fixed>, DimError> {
    let [chosen, order, _, first, grouped, results] = step.scratch;
    let sizes = sizes(schedule, step, 2);
    let bytes = schedule.buffers[step.x.index()].dtype.bytes();
    let given = |buffers: &[BufferId]| (sizes.clone(), buffers.to_vec());
    let with_gates: Vec<BufferId> =
        [results, order, chosen, step.out].into_iter().chain(step.gates).collect();
    let gated = step.gates.is_some();
    let add = if gated { "add_gated" } else { "add" };
    Ok(vec![
        choice_of_tiles(schedule, step, threads)?,
        kernel(
            "route_begin".to_owned(),
            vec![size(TILES).add(&Dim::constant(1))?],
            given(&[chosen, first]),
            threads,
            &mut |e, at| begin(e, at[0]),
        )?,
        kernel(
            "route_order".to_owned(),
            vec![size(TILES)],
            given(&[chosen, first, order]),
            threads,
            &mut |e, at| {
                put_in_order(e, at[0]);
            },
        )?,
        kernel(
            format!("route_gather_{bytes}"),
            vec![size(ROWS), size(WIDTH)],
            given(&[step.x, order, grouped]),
            threads,
            &mut |e, at| gather(e, bytes, at),
        )?,
        kernel(
            format!("route_{add}"),
            vec![size(ROWS), size(RESULT_WIDTH)],
            given(&with_gates),
            threads,
            &mut |e, at| add_result(e, gated, at),
        )?,
    ])
}

/// The kernel that chooses the tiles of a route's rows.
pub(crate) fn choice_of_tiles(
    schedule: &Schedule,
    step: &RouteStep,
    threads: u32,
) -> Result<Fixed, DimError> {
    let sizes =
        vec![step.rows.clone(), Dim::constant(step.tiles.len() as i64), Dim::constant(step.top.into())];
    let by_score = schedule.buffers[step.scores.index()].dtype == DType::F32;
    let how = if by_score { "score" } else { "index" };
    let buffers = vec![step.scores, step.scratch[0]];
    kernel(format!("route_choose_by_{how}"), vec![size(ROWS)], (sizes, buffers), threads, &mut |e, at| {
        if by_score { choose(e, at[0]) } else { take(e, at[0]) }
    })
}

/// The only tile of a row, brought into range.
fn take(e: &mut Emitter, row: Value) {
    let given = index(e, 0, row);
    let tiles = e.size(&size(TILES));
    let last = e.index_add(tiles, e.int(-1));
    let beyond = e.compare("icmp sgt", given, last);
    let given = e.choose(beyond, last, given);
    let below = e.compare("icmp slt", given, e.int(0));
    let given = e.choose(below, e.int(0), given);
    store_index(e, 1, row, given);
}

/// The tiles of a row, best first: each is the best of those that come after the one before.
fn choose(e: &mut Emitter, row: Value) {
    let (tiles, top) = (e.size(&size(TILES)), e.size(&size(TOP)));
    let none = e.int(-1);
    let (before, before_at) = (e.variable(Value::f32(0.0)), e.variable(none));
    e.for_each([e.int(0), top, e.int(1)], &mut |e, rank| {
        let (best, best_at) = (e.variable(Value::f32(f32::NAN)), e.variable(none));
        e.for_each([e.int(0), tiles, e.int(1)], &mut |e, tile| {
            let at = flat(e, row, TILES, tile);
            let score = load_f32(e, 0, at);
            let (last, last_at) = (e.get(before), e.get(before_at));
            let is_first = e.compare("icmp slt", last_at, e.int(0));
            let below = ranks_above(e, DType::F32, last, score);
            let above = ranks_above(e, DType::F32, score, last);
            let level = e.bool_not(above);
            let later = e.compare("icmp sgt", tile, last_at);
            let tied = e.binary("and", level, later);
            let after = e.binary("or", below, tied);
            let after = e.binary("or", is_first, after);
            let (other, other_at) = (e.get(best), e.get(best_at));
            let empty = e.compare("icmp slt", other_at, e.int(0));
            let better = ranks_above(e, DType::F32, score, other);
            let better = e.binary("or", empty, better);
            let taken = e.binary("and", after, better);
            let (score, tile) = (e.choose(taken, score, other), e.choose(taken, tile, other_at));
            e.set(best, score);
            e.set(best_at, tile);
        });
        let (score, tile) = (e.get(best), e.get(best_at));
        let at = flat(e, row, TOP, rank);
        store_index(e, 1, at, tile);
        e.set(before, score);
        e.set(before_at, tile);
    });
}

/// How many rows go to the tiles before one.
fn begin(e: &mut Emitter, tile: Value) {
    let rows = e.size(&size(ROWS));
    let count = e.variable(e.int(0));
    e.for_each([e.int(0), rows, e.int(1)], &mut |e, row| {
        let choice = choice(e, 0, row);
        let earlier = e.compare("icmp slt", choice, tile);
        let one = e.convert("zext", earlier, Type::I64);
        let before = e.get(count);
        let after = e.index_add(before, one);
        e.set(count, after);
    });
    let count = e.get(count);
    store_index(e, 1, tile, count);
}

/// The rows of a tile, ascending, at its place.
fn put_in_order(e: &mut Emitter, tile: Value) {
    let rows = e.size(&size(ROWS));
    let first = index(e, 1, tile);
    let place = e.variable(first);
    e.for_each([e.int(0), rows, e.int(1)], &mut |e, row| {
        let choice = choice(e, 0, row);
        let mine = e.compare("icmp eq", choice, tile);
        e.when(mine, |e| {
            let at = e.get(place);
            store_index(e, 2, at, row);
            let next = e.index_add(at, e.int(1));
            e.set(place, next);
        });
    });
}

/// The row of the operand that is number `at` of the chunk at hand.
fn row_of(e: &mut Emitter, order: u32, at: Value) -> Value {
    let start = e.size(&size(START));
    let at = e.index_add(start, at);
    index(e, order, at)
}

/// The type of a whole number of so many bytes.
pub(crate) fn number_of(bytes: usize) -> Type {
    match bytes {
        1 => Type::I8,
        2 => Type::I16,
        4 => Type::I32,
        _ => Type::I64,
    }
}

fn gather(e: &mut Emitter, bytes: usize, at: &[Value]) {
    let ty = number_of(bytes);
    let row = row_of(e, 1, at[0]);
    let from = flat(e, row, WIDTH, at[1]);
    let to = flat(e, at[0], WIDTH, at[1]);
    let from = e.element(e.buffer(BufferId(0)), from, bytes);
    let value = e.load(ty, from, bytes);
    let to = e.element(e.buffer(BufferId(2)), to, bytes);
    e.store(value, to, bytes);
}

/// Brings a result back to its row: times its gate, stored at rank 0 and added at others.
fn add_result(e: &mut Emitter, gated: bool, at: &[Value]) {
    let row = row_of(e, 1, at[0]);
    let from = flat(e, at[0], RESULT_WIDTH, at[1]);
    let mut value = load_f32(e, 0, from);
    if gated {
        let tile = choice(e, 2, row);
        let gate = flat(e, row, TILES, tile);
        let gate = load_f32(e, 4, gate);
        value = Arith::mul(e, value, gate);
    }
    let to = flat(e, row, RESULT_WIDTH, at[1]);
    let result = e.variable(value);
    let rank = e.size(&size(RANK));
    let later = e.compare("icmp ne", rank, e.int(0));
    e.when(later, |e| {
        let before = load_f32(e, 3, to);
        let sum = Arith::add(e, before, value);
        e.set(result, sum);
    });
    let result = e.get(result);
    let address = e.element(e.buffer(BufferId(3)), to, 4);
    e.store(result, address, 4);
}

/// The kernel of a choice through clusters. Sizes: rows, D, C, M.
pub(crate) fn clusters(schedule: &Schedule, step: &ClusterStep, threads: u32) -> Result<Fixed, DimError> {
    let shape = |buffer: BufferId| schedule.buffers[buffer.index()].shape.to_vec();
    let tiles = shape(step.tiles);
    let sizes = [shape(step.on), tiles[..2].to_vec()].concat();
    let buffers = vec![step.on, step.clusters, step.tiles, step.out];
    kernel("clusters".to_owned(), vec![size(0)], (sizes, buffers), threads, &mut |e, at| {
        let (clusters, tiles) = (e.size(&size(2)), e.size(&size(3)));
        let zero = e.int(0);
        let cluster = nearest(e, [at[0], zero, clusters], 1);
        let width = e.size(&size(1));
        let part = e.index_mul(width, tiles);
        let part = e.index_mul(part, cluster);
        let tile = nearest(e, [at[0], part, tiles], 2);
        let start = e.index_mul(cluster, tiles);
        let result = e.index_add(start, tile);
        store_index(e, 3, at[0], result);
    })
}

/// The row of the part `trit[count, D]` that begins at element `start` of a buffer with which a row has the largest sum, by rules 3 and 6.
fn nearest(e: &mut Emitter, [row, start, count]: [Value; 3], buffer: u32) -> Value {
    let width = e.size(&size(1));
    let (best, best_at) = (e.variable(Value::f32(f32::NAN)), e.variable(e.int(0)));
    e.for_each([e.int(0), count, e.int(1)], &mut |e, candidate| {
        let sum = e.variable(Value::f32(0.0));
        let trits = e.index_mul(candidate, width);
        let trits = e.index_add(start, trits);
        e.for_each([e.int(0), width, e.int(1)], &mut |e, d| {
            let at = flat(e, row, 1, d);
            let a = load_f32(e, 0, at);
            let trit = e.index_add(trits, d);
            let address = e.element(e.buffer(BufferId(buffer)), trit, 1);
            let trit = e.load(Type::I8, address, 1);
            let trit = e.convert("sext", trit, Type::I32);
            let before = e.get(sum);
            let after = add_trit(e, before, a, trit);
            e.set(sum, after);
        });
        let sum = e.get(sum);
        let (other, other_at) = (e.get(best), e.get(best_at));
        let above = ranks_above(e, DType::F32, sum, other);
        let (value, at) = (e.choose(above, sum, other), e.choose(above, candidate, other_at));
        e.set(best, value);
        e.set(best_at, at);
    });
    e.get(best_at)
}
