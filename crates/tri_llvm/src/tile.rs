//! Products of floats on the units for `fma`: a block computes 64 rows by 64 columns, a thread four rows by eight columns, each by one
//! chain over k as rule 2 fixes it. Parts of both operands pass through shared memory, and while one is multiplied the next is loaded.
//!
//! Contractions and convolutions are products of two [`Panel`]s. Tensor cores would sum in an order of their own: see
//! `docs/decisions/0007-floats-keep-their-chains.md`.

use tri_ir::math::Arith;

use crate::emitter::{Emitter, Variable};
use crate::value::{Type, Value};

/// Rows and columns of a block.
pub(crate) const LINES: i64 = 64;

/// Elements of k of a part.
const PART: i64 = 16;

/// Elements of a part that a thread brings of each operand.
pub(crate) const EACH: usize = 8;

/// Elements from k to k + 1 in shared memory: lines at one k lie in different banks, and loads of 16 bytes stay aligned.
const PITCH: i64 = LINES + 4;

/// Rows and columns of a thread.
const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// The bits of an element that takes no part in a sum, a NaN that no panel gives otherwise.
pub(crate) const LEFT_OUT: i64 = -1;

/// Where a thread's elements of a part lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Along {
    /// Eight neighbours in k of one line.
    K,
    /// Eight neighbouring lines at one k.
    Lines,
}

/// Elements that take no part in a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skips {
    Nothing,
    /// Zeros (rule 3).
    Zeros,
    /// [`LEFT_OUT`], which stands for padding.
    Marks,
}

/// One of the operands: lines over k.
pub(crate) trait Panel {
    /// What a thread brings.
    fn along(&self) -> Along;

    /// What takes no part.
    fn skips(&self) -> Skips;

    /// A thread's elements as f32, from `k` on, which is the first of the part plus [`places`] of the thread. Elements
    /// beyond the last k may be anything.
    fn fetch(&self, e: &mut Emitter, k: Value) -> [Value; EACH];
}

/// Which line of a block, and which k of a part, a thread's elements begin at.
pub(crate) fn places(e: &mut Emitter, thread: Value, along: Along) -> [Value; 2] {
    match along {
        Along::K => {
            let line = e.binary("and", thread, e.int(LINES - 1));
            let half = e.binary("lshr", thread, e.int(LINES.ilog2().into()));
            [line, e.index_mul(half, e.int(EACH as i64))]
        }
        Along::Lines => {
            let eighth = e.binary("and", thread, e.int(7));
            let line = e.index_mul(eighth, e.int(EACH as i64));
            [line, e.binary("lshr", thread, e.int(3))]
        }
    }
}

/// A block at work, as one of its threads sees it.
pub(crate) struct Tile<'p> {
    pub(crate) thread: Value,
    pub(crate) k: Value,
    /// Rows and columns.
    pub(crate) panels: [&'p dyn Panel; 2],
}

impl Tile<'_> {
    /// Computes the block; gives the row, the column and the value of each sum of this thread.
    pub(crate) fn emit(&self, e: &mut Emitter) -> Vec<[Value; 3]> {
        let shared = e.shared(2 * PART * PITCH * 4);
        let half = e.element(shared, e.int(PART * PITCH), 4);
        let stages = [shared, half];
        let own = self.panels.map(|panel| places(e, self.thread, panel.along()));
        let sums: Vec<Variable> = (0..ROWS * COLUMNS).map(|_| e.variable(Value::f32(0.0))).collect();
        let fetched = [0, 1].map(|_| [0; EACH].map(|_| e.variable(Value::f32(0.0))));
        self.fetch(e, e.int(0), &own, &fetched);
        let more = e.index_add(self.k, e.int(PART - 1));
        let parts = e.binary("udiv", more, e.int(PART));
        e.for_each([e.int(0), parts, e.int(1)], &mut |e, part| {
            e.meet_block();
            for side in 0..2 {
                self.stage(e, side, stages[side], own[side], &fetched[side]);
            }
            e.meet_block();
            let first = e.index_mul(part, e.int(PART));
            let next = e.index_add(first, e.int(PART));
            self.fetch(e, next, &own, &fetched);
            let whole = e.compare("icmp sle", next, self.k);
            e.when(whole, |e| {
                let mut values: Vec<Value> = sums.iter().map(|sum| e.get(*sum)).collect();
                for at in 0..PART {
                    self.multiply(e, stages, e.int(at), &mut values);
                }
                sums.iter().zip(values).for_each(|(sum, value)| e.set(*sum, value));
            });
            // What is beyond the last k would not leave a sum of -0 as it is.
            let partial = e.bool_not(whole);
            e.when(partial, |e| {
                let rest = e.binary("sub", self.k, first);
                e.for_each([e.int(0), rest, e.int(1)], &mut |e, at| {
                    let mut values: Vec<Value> = sums.iter().map(|sum| e.get(*sum)).collect();
                    self.multiply(e, stages, at, &mut values);
                    sums.iter().zip(values).for_each(|(sum, value)| e.set(*sum, value));
                });
            });
        });
        self.results(e, &sums)
    }

    fn fetch(&self, e: &mut Emitter, first: Value, own: &[[Value; 2]; 2], into: &[[Variable; EACH]; 2]) {
        for side in 0..2 {
            let k = e.index_add(first, own[side][1]);
            let values = self.panels[side].fetch(e, k);
            into[side].iter().zip(values).for_each(|(variable, value)| e.set(*variable, value));
        }
    }

    /// Puts what was fetched into shared memory.
    fn stage(&self, e: &mut Emitter, side: usize, memory: Value, own: [Value; 2], from: &[Variable; EACH]) {
        let [line, k] = own;
        let step = if self.panels[side].along() == Along::K { PITCH } else { 1 };
        let row = e.index_mul(k, e.int(PITCH));
        let start = e.index_add(row, line);
        for (at, variable) in from.iter().enumerate() {
            let place = e.index_add(start, e.int(step * at as i64));
            let address = e.element(memory, place, 4);
            let value = e.get(*variable);
            e.store(value, address, 4);
        }
    }

    /// Where a thread's rows begin, and the two halves of its columns.
    fn corner(&self, e: &mut Emitter) -> [Value; 3] {
        let row = e.binary("lshr", self.thread, e.int(3));
        let row = e.index_mul(row, e.int(ROWS as i64));
        let column = e.binary("and", self.thread, e.int(7));
        let column = e.index_mul(column, e.int(4));
        [row, column, e.index_add(column, e.int(LINES / 2))]
    }

    /// Adds the products at one k of a part.
    fn multiply(&self, e: &mut Emitter, stages: [Value; 2], at: Value, sums: &mut [Value]) {
        let [row, left, right] = self.corner(e);
        let line = e.index_mul(at, e.int(PITCH));
        let load = |e: &mut Emitter, memory: Value, place: Value| {
            let place = e.index_add(line, place);
            let address = e.element(memory, place, 4);
            e.load_words(address)
        };
        let rows = load(e, stages[0], row).to_vec();
        let columns = [left, right].map(|place| load(e, stages[1], place)).concat();
        let mut sides = [rows, columns].into_iter().zip(self.panels).map(|(words, panel)| {
            let kept = words.iter().map(|word| kept(e, panel.skips(), *word)).collect::<Vec<_>>();
            let values = words.into_iter().map(|word| e.convert("bitcast", word, Type::F32));
            values.zip(kept).collect::<Vec<_>>()
        });
        let (rows, columns) = (sides.next().unwrap_or_default(), sides.next().unwrap_or_default());
        drop(sides);
        let pairs = rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column)));
        for (sum, ((a, a_kept), (b, b_kept))) in sums.iter_mut().zip(pairs) {
            let more = e.fma(*a, *b, *sum);
            let kept = match (*a_kept, *b_kept) {
                (Some(a), Some(b)) => Some(e.binary("and", a, b)),
                (kept, other) => kept.or(other),
            };
            *sum = kept.map_or(more, |kept| e.choose(kept, more, *sum));
        }
    }

    fn results(&self, e: &mut Emitter, sums: &[Variable]) -> Vec<[Value; 3]> {
        let [row, left, right] = self.corner(e);
        let sums = sums.iter().enumerate().map(|(number, sum)| {
            let (down, across) = (number / COLUMNS, number % COLUMNS);
            let half = if across < 4 { left } else { right };
            let row = e.index_add(row, e.int(down as i64));
            let column = e.index_add(half, e.int(across as i64 % 4));
            [row, column, e.get(*sum)]
        });
        sums.collect()
    }
}

/// Whether an element takes part, by its bits; nothing if each does.
fn kept(e: &mut Emitter, skips: Skips, word: Value) -> Option<Value> {
    match skips {
        Skips::Nothing => None,
        Skips::Zeros => Some(e.compare("icmp ne", word, Value::int(Type::I32, 0))),
        Skips::Marks => Some(e.compare("icmp ne", word, Value::int(Type::I32, LEFT_OUT))),
    }
}
