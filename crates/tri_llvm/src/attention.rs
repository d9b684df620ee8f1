//! Attention: a block has a few rows of one point of the outer axes. It computes their scores for a chunk of keys into shared memory, folds
//! what the nest makes of them, and adds their products with values to sums in registers. Where there are more keys than a chunk has, the
//! scores are computed again for each fold: that gives the same bits, and needs no memory however many keys there are.
//!
//! Threads take turns at three shapes. Scores: a thread has a key, and all rows. Nest: sixteen threads have a row, one for each partial sum of
//! rule 5. Values: a thread has two columns and half of the rows.

use tri_dims::DimError;
use tri_ir::math::Arith;
use tri_ir::{DType, Dim, ReduceOp};
use tri_kernel_ir::{Attention, Buffer, ContractionKind, ExprId, Fold, Stage, register_count};

use crate::contraction::{moved, place};
use crate::emitter::{Emitter, Variable};
use crate::expression::{NestContext, Point};
use crate::nest::{Lane, SPELLED_OUT, decompose, unit};
use crate::value::{Type, Value};
use crate::work::LANES;

/// Rows of a block; sixteen threads for each are a block's threads.
const ROWS: i64 = 8;

/// Keys of a chunk.
const KEYS: i64 = 1024;

/// Threads that have a column, and columns that each has.
const ABREAST: i64 = 64;
const COLUMNS: i64 = 2;

/// Bytes of scores.
const SHARED: i64 = 4 * ROWS * KEYS;

/// The axes whose points are blocks.
pub(crate) fn units(attention: &Attention) -> Result<Vec<Dim>, DimError> {
    let rows = attention.scores.m.ceil_div(&ROWS.into())?;
    Ok(attention.outer_axes().iter().cloned().chain([rows]).collect())
}

/// Whether each fold is one that sixteen threads can share.
pub(crate) fn is_served(buffers: &[Buffer], attention: &Attention) -> bool {
    let cx = NestContext::new(buffers, &attention.rows, tri_ir::Symbol(0));
    attention.rows.stages.iter().all(|stage| match stage {
        Stage::Fold { fold, value, only_if, .. } => {
            let wide = cx.dtype(*value) == DType::F32;
            wide && only_if.is_none()
                && matches!(fold, Fold::Reduce(ReduceOp::Max | ReduceOp::Min | ReduceOp::Sum))
        }
        Stage::Let { .. } => true,
        Stage::Softmax { .. } => false,
        Stage::Map { stores, .. } => stores.len() == 1,
    })
}

/// Emits the kernel.
pub(crate) fn emit(e: &mut Emitter, cx: &NestContext<'_>, attention: &Attention, threads: u32) {
    let mut sizes: Vec<Value> = attention.outer_axes().iter().map(|size| e.size(size)).collect();
    let m = e.size(&attention.scores.m);
    let more = e.index_add(m, e.int(ROWS - 1));
    sizes.push(e.binary("udiv", more, e.int(ROWS)));
    unit(e, threads.into(), threads, &sizes, &mut |e, thread, indices| {
        let (rows, outer) = indices.split_last().expect("blocks of rows are an axis");
        let first = e.index_mul(*rows, e.int(ROWS));
        let n = e.size(&attention.scores.n);
        let more = e.index_add(n, e.int(KEYS - 1));
        let chunks = e.binary("udiv", more, e.int(KEYS));
        let shared = e.shared(SHARED);
        let threads = threads.into();
        Block { cx, attention, threads, thread, outer, first, m, n, chunks, shared }.emit(e);
    });
}

/// A block at work, as one of its threads sees it.
struct Block<'b> {
    cx: &'b NestContext<'b>,
    attention: &'b Attention,
    threads: i64,
    thread: Value,
    outer: &'b [Value],
    /// First row.
    first: Value,
    m: Value,
    n: Value,
    /// How many chunks of keys there are.
    chunks: Value,
    shared: Value,
}

impl Block<'_> {
    fn emit(&self, e: &mut Emitter) {
        let lane = Lane::of(e, self.thread);
        let own = e.binary("lshr", self.thread, e.int(LANES.ilog2().into()));
        let row = self.row(e, own);
        let sizes: Vec<Value> = self.attention.row_axes().iter().map(|size| e.size(size)).collect();
        let point = [self.outer, &decompose(e, row, &sizes)].concat();
        let mut regs: Vec<Option<Value>> = vec![None; register_count(&self.attention.rows)];
        let mut seen = false;
        for (at, stage) in self.attention.rows.stages.iter().enumerate() {
            match stage {
                Stage::Let { value, into } => {
                    let point = Point { indices: &point, regs: &regs };
                    regs[into.index()] = Some(self.cx.evaluate(e, point, &[*value])[0]);
                }
                Stage::Fold { fold, value, into, .. } => {
                    let own = Own { row: own, lane, point: &point, regs: &regs, stage: at };
                    let needed = self.needed(e, seen);
                    regs[into.index()] = Some(self.fold(e, &own, *fold, *value, needed));
                    seen = true;
                }
                Stage::Map { .. } => {}
                Stage::Softmax { .. } => unreachable!("{SPELLED_OUT}"),
            }
        }
        let own = Own { row: own, lane, point: &point, regs: &regs, stage: self.attention.rows.stages.len() };
        let columns = e.size(&self.attention.mix.n);
        let each = ABREAST * COLUMNS;
        e.for_each([e.int(0), columns, e.int(each)], &mut |e, column| {
            // Those of the columns before changed the scores.
            let others = e.compare("icmp ne", column, e.int(0));
            let needed = self.needed(e, seen);
            let needed = e.binary("or", needed, others);
            self.mix(e, &own, column, needed);
        });
    }

    /// The row of a number within the block; those that there are not are computed as the last one.
    fn row(&self, e: &mut Emitter, number: Value) -> Value {
        let row = e.index_add(self.first, number);
        let last = e.index_add(self.m, e.int(-1));
        let beyond = e.compare("icmp sgt", row, last);
        e.choose(beyond, last, row)
    }

    /// Where the score of a row and a key of the chunk lies.
    fn score(&self, e: &mut Emitter, row: Value, key: Value) -> Value {
        let start = e.index_mul(row, e.int(KEYS));
        let at = e.index_add(start, key);
        e.element(self.shared, at, 4)
    }

    /// Whether scores must be computed though some were: those of the only chunk stay there.
    fn needed(&self, e: &mut Emitter, seen: bool) -> Value {
        if seen { e.compare("icmp sgt", self.chunks, e.int(1)) } else { Value::int(Type::I1, 1) }
    }

    /// Runs `body` on each chunk with its first key and how many it has, when its scores are there; they are computed if `needed`.
    fn for_each_chunk(&self, e: &mut Emitter, needed: Value, body: &mut dyn FnMut(&mut Emitter, [Value; 2])) {
        e.for_each([e.int(0), self.chunks, e.int(1)], &mut |e, chunk| {
            let first = e.index_mul(chunk, e.int(KEYS));
            let rest = e.binary("sub", self.n, first);
            let whole = e.compare("icmp sgt", rest, e.int(KEYS));
            let count = e.choose(whole, e.int(KEYS), rest);
            e.when(needed, |e| {
                e.meet_block();
                self.scores(e, first, count);
                e.meet_block();
            });
            body(e, [first, count]);
        });
    }

    /// Computes the scores of a chunk.
    fn scores(&self, e: &mut Emitter, first: Value, count: Value) {
        let step = &self.attention.scores;
        let dtype = match step.kind {
            ContractionKind::Bf16 => DType::Bf16,
            ContractionKind::F16 => DType::F16,
            _ => DType::F32,
        };
        let [queries, keys] = [0, 1].map(|operand| place(e, step, operand, self.outer));
        let rows: Vec<Value> = (0..ROWS)
            .map(|row| {
                let row = self.row(e, e.int(row));
                moved(e, queries, row, &step.lhs_strides[0])
            })
            .collect();
        e.for_each([self.thread, count, e.int(self.threads)], &mut |e, key| {
            let sums: Vec<Variable> = rows.iter().map(|_| e.variable(Value::f32(0.0))).collect();
            let at = e.index_add(first, key);
            let keys = moved(e, keys, at, &step.rhs_strides[1]);
            let k = e.size(&step.k);
            e.for_each([e.int(0), k, e.int(1)], &mut |e, at| {
                let load = |e: &mut Emitter, buffer, row, stride| {
                    let at = moved(e, row, at, stride);
                    let address = e.element(e.buffer(buffer), at, dtype.bytes());
                    let value = e.load(Type::of(dtype), address, dtype.bytes());
                    e.cast(dtype, DType::F32, value)
                };
                let right = load(e, step.rhs, keys, &step.rhs_strides[0]);
                for (row, sum) in rows.iter().zip(&sums) {
                    let left = load(e, step.lhs, *row, &step.lhs_strides[1]);
                    let before = e.get(*sum);
                    let after = e.fma(left, right, before);
                    e.set(*sum, after);
                }
            });
            for (row, sum) in sums.iter().enumerate() {
                let address = self.score(e, e.int(row as i64), key);
                let sum = e.get(*sum);
                e.store(sum, address, 4);
            }
        });
    }

    /// Runs `body` for the keys of a chunk that fall to this thread's sixteenth of its row, with their place in shared memory.
    fn for_each_own(
        &self,
        e: &mut Emitter,
        own: &Own<'_>,
        [first, count]: [Value; 2],
        body: &mut dyn FnMut(&mut Emitter, &[Value], Value),
    ) {
        e.for_each([own.lane.number, count, e.int(LANES)], &mut |e, key| {
            let address = self.score(e, own.row, key);
            let key = e.index_add(first, key);
            let indices = [own.point, &[key]].concat();
            body(e, &indices, address);
        });
    }

    /// What a row of the scratch holds at a point before a stage: the score as the stages before have changed it.
    fn held(&self, e: &mut Emitter, own: &Own<'_>, indices: &[Value], address: Value) -> Value {
        let mut value = e.load(Type::F32, address, 4);
        for stage in &self.attention.rows.stages[..own.stage] {
            if let Stage::Map { stores, .. } = stage {
                value = self.of_held(e, own, indices, value, stores[0].value);
            }
        }
        value
    }

    /// An expression where the scratch holds a value.
    fn of_held(&self, e: &mut Emitter, own: &Own<'_>, indices: &[Value], held: Value, of: ExprId) -> Value {
        e.hold(Some((self.attention.scratch(), held)));
        let value = self.cx.evaluate(e, Point { indices, regs: own.regs }, &[of])[0];
        e.hold(None);
        value
    }

    fn fold(&self, e: &mut Emitter, own: &Own<'_>, fold: Fold, value: ExprId, needed: Value) -> Value {
        let Fold::Reduce(op) = fold else { unreachable!("attention with other folds is not served") };
        let result = e.variable(e.scalar(op.of_nothing(DType::F32)));
        self.for_each_chunk(e, needed, &mut |e, chunk| {
            self.for_each_own(e, own, chunk, &mut |e, indices, address| {
                let held = self.held(e, own, indices, address);
                let value = self.of_held(e, own, indices, held, value);
                let before = e.get(result);
                let after = e.elementwise(op.combining(), DType::F32, before, value);
                e.set(result, after);
            });
        });
        let mut all = e.get(result);
        for distance in [8, 4, 2, 1] {
            let other = own.lane.exchange(e, all, distance);
            all = e.elementwise(op.combining(), DType::F32, all, other);
        }
        all
    }

    /// Some columns of the product with values.
    fn mix(&self, e: &mut Emitter, own: &Own<'_>, first_column: Value, needed: Value) {
        let step = &self.attention.mix;
        let abreast = e.binary("and", self.thread, e.int(ABREAST - 1));
        let half = e.binary("lshr", self.thread, e.int(ABREAST.ilog2().into()));
        let first_row = e.index_mul(half, e.int(ROWS / 2));
        let first_column = e.index_add(first_column, abreast);
        let sums: Vec<Variable> = (0..COLUMNS * ROWS / 2).map(|_| e.variable(Value::f32(0.0))).collect();
        let values = place(e, step, 1, self.outer);
        let columns = e.size(&step.n);
        let for_each_column = |e: &mut Emitter, body: &mut dyn FnMut(&mut Emitter, Value, &[Variable])| {
            for (at, sums) in sums.chunks(ROWS as usize / 2).enumerate() {
                let column = e.index_add(first_column, e.int(at as i64 * ABREAST));
                let inside = e.compare("icmp slt", column, columns);
                e.when(inside, |e| body(e, column, sums));
            }
        };
        self.for_each_chunk(e, needed, &mut |e, chunk| {
            self.for_each_own(e, own, chunk, &mut |e, indices, address| {
                let value = self.held(e, own, indices, address);
                e.store(value, address, 4);
            });
            e.meet_block();
            let [first, count] = chunk;
            for_each_column(e, &mut |e, column, sums| {
                let column = moved(e, values, column, &step.rhs_strides[1]);
                e.for_each([e.int(0), count, e.int(1)], &mut |e, key| {
                    let at = e.index_add(first, key);
                    let at = moved(e, column, at, &step.rhs_strides[0]);
                    let address = e.element(e.buffer(step.rhs), at, 4);
                    let value = e.load(Type::F32, address, 4);
                    for (row, sum) in sums.iter().enumerate() {
                        let row = e.index_add(first_row, e.int(row as i64));
                        let address = self.score(e, row, key);
                        let weight = e.load(Type::F32, address, 4);
                        let before = e.get(*sum);
                        let after = e.fma(weight, value, before);
                        e.set(*sum, after);
                    }
                });
            });
        });
        let out = place(e, step, 2, self.outer);
        for_each_column(e, &mut |e, column, sums| {
            for (row, sum) in sums.iter().enumerate() {
                let row = e.index_add(first_row, e.int(row as i64));
                let row = e.index_add(self.first, row);
                let inside = e.compare("icmp slt", row, self.m);
                e.when(inside, |e| {
                    let at = moved(e, out, row, &step.out_stride);
                    let at = e.index_add(at, column);
                    let address = e.element(e.buffer(step.out), at, 4);
                    let sum = e.get(*sum);
                    e.store(sum, address, 4);
                });
            }
        });
    }
}

/// A thread's part of the nest: its row within the block, and which sixteenth of the keys.
struct Own<'o> {
    row: Value,
    lane: Lane,
    /// Indices of the row.
    point: &'o [Value],
    regs: &'o [Option<Value>],
    /// The stage at hand.
    stage: usize,
}
