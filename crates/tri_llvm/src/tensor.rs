//! Contractions of i8 by packed trits for many rows: on tensor cores, with the left operand brought to shared memory while the part before
//! it is multiplied.
//!
//! A block computes 64 columns of 64 rows, a warp 16 of the columns. Its instruction multiplies 16 columns by 8 rows over 32 elements
//! of k; `d = lane / 4` is a lane's place among eight columns or rows, and `q = lane % 4` its quarter of k. Which elements of k an
//! instruction takes makes no difference to an exact sum, so a quarter is 64 neighbours: 16 bytes of a column, unpacked in registers,
//! and 64 bytes of a row.

use tri_dims::DimError;
use tri_ir::Dim;
use tri_kernel_ir::Contraction;

use crate::contraction::{moved, packed_bytes, place, scaled};
use crate::emitter::{Emitter, Variable};
use crate::kernel::WARP;
use crate::nest::unit;
use crate::results::Results;
use crate::value::{Type, Value};

/// Columns and rows of a block.
const COLUMNS: i64 = 64;
const ROWS: i64 = 64;

/// Elements of k of a part, bytes of it in a row; and bytes of all rows.
const PART: i64 = 256;
const PART_BYTES: i64 = PART * ROWS;

/// The highest bit of each byte of a word.
const HIGH: i64 = 0x8080_8080_u32 as i32 as i64;

/// Rows of an instruction.
const TILE: i64 = 8;

/// Elements that the operands' rows are a multiple of.
pub(crate) const MULTIPLE: i64 = 64;

/// Fewer rows are left to the kernel that loads each weight once for one row.
pub(crate) const LEAST_ROWS: i64 = 16;

/// The sizes that must be multiples of [`MULTIPLE`] for the kernel to serve; none if it never does.
pub(crate) fn multiples(contraction: &Contraction) -> Option<Vec<Dim>> {
    let is_plain = contraction.outer.is_empty() && contraction.lhs_strides[1].as_constant() == Some(1);
    let sizes = [&contraction.k, &contraction.lhs_offset, &contraction.lhs_strides[0]];
    is_plain.then(|| sizes.map(Clone::clone).into())
}

/// The axes whose points are blocks.
pub(crate) fn units(contraction: &Contraction) -> Result<Vec<Dim>, DimError> {
    Ok(vec![contraction.m.ceil_div(&ROWS.into())?, contraction.n.ceil_div(&COLUMNS.into())?])
}

/// Emits the kernel.
pub(crate) fn emit(e: &mut Emitter, contraction: &Contraction, results: &Results<'_>, threads: u32) {
    let (m, n) = (e.size(&contraction.m), e.size(&contraction.n));
    let sizes = [(m, ROWS), (n, COLUMNS)].map(|(size, each)| {
        let more = e.index_add(size, e.int(each - 1));
        e.binary("udiv", more, e.int(each))
    });
    unit(e, threads.into(), threads, &sizes, &mut |e, thread, indices| {
        let first_row = e.index_mul(indices[0], e.int(ROWS));
        let first_column = e.index_mul(indices[1], e.int(COLUMNS));
        let warp = e.binary("lshr", thread, e.int(WARP.ilog2().into()));
        let of_warp = e.index_mul(warp, e.int(16));
        let first_column = e.index_add(first_column, of_warp);
        let lane = e.binary("and", thread, e.int(WARP - 1));
        let place = e.binary("lshr", lane, e.int(2));
        let quarter = e.binary("and", lane, e.int(3));
        let shared = e.shared(2 * PART_BYTES);
        Block {
            contraction,
            results,
            threads: threads.into(),
            thread,
            place,
            quarter,
            first_row,
            first_column,
            shared,
        }
        .emit(e);
    });
}

/// A block at work, as one of its threads sees it.
struct Block<'c> {
    contraction: &'c Contraction,
    results: &'c Results<'c>,
    threads: i64,
    thread: Value,
    place: Value,
    quarter: Value,
    first_row: Value,
    /// Of the warp.
    first_column: Value,
    /// Two parts of the left operand's rows.
    shared: Value,
}

/// The smaller of an index and the last one below a size.
pub(crate) fn at_most_last(e: &mut Emitter, index: Value, size: Value) -> Value {
    let last = e.index_add(size, e.int(-1));
    let beyond = e.compare("icmp sgt", index, last);
    e.choose(beyond, last, index)
}

impl Block<'_> {
    fn emit(&self, e: &mut Emitter) {
        let k = e.size(&self.contraction.k);
        let more = e.index_add(k, e.int(PART - 1));
        let parts = e.binary("udiv", more, e.int(PART));
        let zero = Value::int(Type::I32, 0);
        let sums: Vec<Variable> = (0..4 * ROWS / TILE).map(|_| e.variable(zero)).collect();
        let starts = self.columns(e);
        self.copy(e, e.int(0), k);
        e.for_each([e.int(0), parts, e.int(1)], &mut |e, part| {
            let next = e.index_add(part, e.int(1));
            let is_there = e.compare("icmp slt", next, parts);
            e.when(is_there, |e| self.copy_elements(e, next, k));
            e.call_for_effect("llvm.nvvm.cp.async.commit.group", &[]);
            let words = starts.map(|start| self.weights(e, start, part, k));
            e.wait_for_copies(1);
            e.meet_block();
            self.multiply(e, part, words, &sums);
            e.meet_block();
        });
        self.store(e, &sums);
    }

    /// Where the two columns that a lane loads begin.
    fn columns(&self, e: &mut Emitter) -> [Value; 2] {
        let (n, k) = (e.size(&self.contraction.n), e.size(&self.contraction.k));
        let bytes = packed_bytes(e, k);
        [0, 8].map(|more| {
            let column = e.index_add(self.first_column, self.place);
            let column = e.index_add(column, e.int(more));
            let column = at_most_last(e, column, n);
            e.index_mul(column, bytes)
        })
    }

    /// Where a piece of 16 bytes lies in shared memory: pieces that eight lanes load at once lie in different banks.
    fn piece(&self, e: &mut Emitter, part: Value, row: Value, piece: Value) -> Value {
        let half = e.binary("lshr", piece, e.int(3));
        let turn = e.index_mul(row, e.int(2));
        let turned = e.index_add(piece, turn);
        let turned = e.index_add(turned, half);
        let low = e.binary("and", turned, e.int(7));
        let high = e.index_mul(half, e.int(8));
        let column = e.binary("or", high, low);
        let in_row = e.index_mul(column, e.int(16));
        let start = e.index_mul(row, e.int(PART));
        let at = e.index_add(start, in_row);
        let stage = e.binary("and", part, e.int(1));
        let stage = e.index_mul(stage, e.int(PART_BYTES));
        let at = e.index_add(stage, at);
        e.element(self.shared, at, 1)
    }

    fn copy(&self, e: &mut Emitter, part: Value, k: Value) {
        self.copy_elements(e, part, k);
        e.call_for_effect("llvm.nvvm.cp.async.commit.group", &[]);
    }

    /// Begins to copy a part of the rows; what is beyond the last element becomes zero.
    fn copy_elements(&self, e: &mut Emitter, part: Value, k: Value) {
        let m = e.size(&self.contraction.m);
        let first = e.index_mul(part, e.int(PART));
        let zero = e.int(0);
        let origin = place(e, self.contraction, 0, &[]);
        for turn in 0..PART_BYTES / 16 / self.threads {
            let number = e.index_add(self.thread, e.int(turn * self.threads));
            let row = e.binary("lshr", number, e.int(4));
            let piece = e.binary("and", number, e.int(15));
            let from_row = e.index_add(self.first_row, row);
            let from_row = at_most_last(e, from_row, m);
            let in_part = e.index_mul(piece, e.int(16));
            let element = e.index_add(first, in_part);
            let inside = e.compare("icmp slt", element, k);
            let element = e.choose(inside, element, zero);
            let bytes = e.choose(inside, Value::int(Type::I32, 16), Value::int(Type::I32, 0));
            let from = moved(e, origin, from_row, &self.contraction.lhs_strides[0]);
            let from = e.index_add(from, element);
            let from = e.element(e.buffer(self.contraction.lhs), from, 1);
            let to = self.piece(e, part, row, piece);
            e.call_for_effect("llvm.nvvm.cp.async.cg.shared.global.16.s", &[to, from, bytes]);
        }
    }

    /// A lane's 64 trits of a column; beyond the last element it does not matter which.
    fn weights(&self, e: &mut Emitter, start: Value, part: Value, k: Value) -> [Value; 4] {
        let part = e.index_mul(part, e.int(PART));
        let quarter = e.index_mul(self.quarter, e.int(PART / 4));
        let first = e.index_add(part, quarter);
        let inside = e.compare("icmp slt", first, k);
        let zero = e.int(0);
        let first = e.choose(inside, first, zero);
        let byte = e.binary("lshr", first, e.int(2));
        let at = e.index_add(start, byte);
        let address = e.element(e.buffer(self.contraction.rhs), at, 1);
        e.load_words(address)
    }

    fn multiply(&self, e: &mut Emitter, part: Value, columns: [[Value; 4]; 2], sums: &[Variable]) {
        for word in 0..4 {
            let trits = columns.map(|words| [0, 1, 2, 3].map(|byte| unpacked(e, words[word], byte)));
            for (tile, sums) in sums.chunks(4).enumerate() {
                let row = e.index_add(self.place, e.int(TILE * tile as i64));
                let piece = e.index_mul(self.quarter, e.int(4));
                let piece = e.index_add(piece, e.int(word as i64));
                let address = self.piece(e, part, row, piece);
                let x = e.load_words(address);
                for pair in [0, 2] {
                    let a = [trits[0][pair], trits[1][pair], trits[0][pair + 1], trits[1][pair + 1]];
                    let before: Vec<Value> = sums.iter().map(|sum| e.get(*sum)).collect();
                    let operands = [a.as_slice(), &[x[pair], x[pair + 1]], &before].concat();
                    let after = e.call_for_words("llvm.nvvm.mma.m16n8k32.row.col.s8", &operands);
                    for (sum, after) in sums.iter().zip(after) {
                        e.set(*sum, after);
                    }
                }
            }
        }
    }

    /// Stores the sums: a lane has two columns of two rows of each instruction.
    fn store(&self, e: &mut Emitter, sums: &[Variable]) {
        let (m, n) = (e.size(&self.contraction.m), e.size(&self.contraction.n));
        let pair = e.index_mul(self.quarter, e.int(2));
        let out = place(e, self.contraction, 2, &[]);
        for (number, sum) in sums.iter().enumerate() {
            let (tile, at) = (number as i64 / 4, number as i64 % 4);
            let row = e.index_add(self.first_row, pair);
            let row = e.index_add(row, e.int(TILE * tile + at % 2));
            let column = e.index_add(self.first_column, self.place);
            let column = e.index_add(column, e.int(8 * (at / 2)));
            let row_inside = e.compare("icmp slt", row, m);
            let column_inside = e.compare("icmp slt", column, n);
            let inside = e.binary("and", row_inside, column_inside);
            let sum = e.get(*sum);
            e.when(inside, |e| {
                let result = scaled(e, self.contraction, sum, row, column);
                let at = moved(e, out, row, &self.contraction.out_stride);
                let at = e.index_add(at, column);
                self.results.put_at(e, [row, column], at, result);
            });
        }
    }
}

/// The four trits of a byte of packed ones, as bytes of a word: a code is its trit plus 1.
pub(crate) fn unpacked(e: &mut Emitter, word: Value, byte: i64) -> Value {
    let number = |value: i64| Value::int(Type::I32, value);
    let codes = e.binary("lshr", word, number(8 * byte));
    let codes = e.binary("and", codes, number(0xff));
    let high = e.binary("shl", codes, number(12));
    let pairs = e.binary("or", codes, high);
    let high = e.binary("shl", pairs, number(6));
    let apart = e.binary("or", pairs, high);
    let apart = e.binary("and", apart, number(0x0303_0303));
    // No borrow crosses a byte whose highest bit is set.
    let guarded = e.binary("or", apart, number(HIGH));
    let less = e.binary("sub", guarded, number(0x0101_0101));
    e.binary("xor", less, number(HIGH))
}
