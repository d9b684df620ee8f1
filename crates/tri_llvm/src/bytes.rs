//! Products of bytes on tensor cores, whose sums are exact in any order: a block computes 64 rows by 64 columns, a warp 16 of the rows. Parts
//! of both operands pass through shared memory, and while one is multiplied the next is loaded.
//!
//! `d = lane / 4` is a lane's place among eight rows or columns of an instruction, and `q = lane % 4` its quarter of k. Which
//! elements of k an instruction takes makes no difference, so a quarter is eight neighbours.

use crate::emitter::{Emitter, Variable};
use crate::kernel::WARP;
use crate::tensor::unpacked;
use crate::value::{Type, Value};

/// Rows and columns of a block.
pub(crate) const LINES: i64 = 64;

/// Elements of k of a part.
const PART: i64 = 32;

/// Elements of a part that a thread brings of each operand: 16 neighbours in k of one line.
pub(crate) const EACH: usize = 16;

/// Bytes from line to line in shared memory: pieces that eight lines load at once lie in different banks.
const PITCH: i64 = PART + 16;

/// One of the operands: lines over k.
pub(crate) trait BytePanel {
    /// A thread's elements from `k` on, as they are held while the part before is multiplied; zero beyond the last k.
    fn fetch(&self, e: &mut Emitter, k: Value) -> Vec<Value>;

    /// How many words are held.
    fn held(&self) -> usize {
        EACH / 4
    }

    /// The elements that are held, four to a word.
    fn words(&self, _: &mut Emitter, held: Vec<Value>) -> Vec<Value> {
        held
    }
}

/// Which line of a block, and which k of a part, a thread's elements begin at.
pub(crate) fn places(e: &mut Emitter, thread: Value) -> [Value; 2] {
    let line = e.binary("and", thread, e.int(LINES - 1));
    let half = e.binary("lshr", thread, e.int(LINES.ilog2().into()));
    [line, e.index_mul(half, e.int(EACH as i64))]
}

/// A block at work, as one of its threads sees it.
pub(crate) struct ByteTile<'p> {
    pub(crate) thread: Value,
    pub(crate) k: Value,
    /// Rows and columns.
    pub(crate) panels: [&'p dyn BytePanel; 2],
}

impl ByteTile<'_> {
    /// Computes the block; gives the row, the column and the value of each sum of this thread.
    pub(crate) fn emit(&self, e: &mut Emitter) -> Vec<[Value; 3]> {
        let shared = e.shared(2 * LINES * PITCH);
        let half = e.element(shared, e.int(LINES * PITCH), 1);
        let stages = [shared, half];
        let [line, own_k] = places(e, self.thread);
        let zero = Value::int(Type::I32, 0);
        let sums: Vec<Variable> = (0..4 * LINES / 8).map(|_| e.variable(zero)).collect();
        let fetched: Vec<Vec<Variable>> =
            self.panels.iter().map(|panel| (0..panel.held()).map(|_| e.variable(zero)).collect()).collect();
        self.fetch(e, own_k, &fetched);
        let more = e.index_add(self.k, e.int(PART - 1));
        let parts = e.binary("udiv", more, e.int(PART));
        let start = e.index_mul(line, e.int(PITCH));
        let start = e.index_add(start, own_k);
        e.for_each([e.int(0), parts, e.int(1)], &mut |e, part| {
            e.meet_block();
            for ((memory, panel), held) in stages.iter().zip(self.panels).zip(&fetched) {
                let address = e.element(*memory, start, 1);
                let held = held.iter().map(|word| e.get(*word)).collect();
                let words = panel.words(e, held);
                e.store_words([words[0], words[1], words[2], words[3]], address);
            }
            e.meet_block();
            let next = e.index_add(part, e.int(1));
            let next = e.index_mul(next, e.int(PART));
            let next = e.index_add(next, own_k);
            self.fetch(e, next, &fetched);
            self.multiply(e, stages, &sums);
        });
        self.results(e, &sums)
    }

    fn fetch(&self, e: &mut Emitter, k: Value, into: &[Vec<Variable>]) {
        for (panel, into) in self.panels.iter().zip(into) {
            let words = panel.fetch(e, k);
            into.iter().zip(words).for_each(|(variable, word)| e.set(*variable, word));
        }
    }

    /// The first row of the warp, and a lane's place and quarter.
    fn lane(&self, e: &mut Emitter) -> [Value; 3] {
        let warp = e.binary("lshr", self.thread, e.int(WARP.ilog2().into()));
        let lane = e.binary("and", self.thread, e.int(WARP - 1));
        let first = e.index_mul(warp, e.int(16));
        [first, e.binary("lshr", lane, e.int(2)), e.binary("and", lane, e.int(3))]
    }

    fn multiply(&self, e: &mut Emitter, stages: [Value; 2], sums: &[Variable]) {
        let [first, place, quarter] = self.lane(e);
        let in_line = e.index_mul(quarter, e.int(8));
        let pair = |e: &mut Emitter, memory: Value, line: Value| {
            let at = e.index_mul(line, e.int(PITCH));
            let at = e.index_add(at, in_line);
            [(0, 8), (4, 4)].map(|(more, align)| {
                let at = e.index_add(at, e.int(more));
                let address = e.element(memory, at, 1);
                e.load(Type::I32, address, align)
            })
        };
        let row = e.index_add(first, place);
        let below = e.index_add(row, e.int(8));
        let (upper, lower) = (pair(e, stages[0], row), pair(e, stages[0], below));
        for (tile, sums) in sums.chunks(4).enumerate() {
            let column = e.index_add(place, e.int(8 * tile as i64));
            let [low, high] = pair(e, stages[1], column);
            let before: Vec<Value> = sums.iter().map(|sum| e.get(*sum)).collect();
            let operands = [&[upper[0], lower[0], upper[1], lower[1], low, high], before.as_slice()].concat();
            let after = e.call_for_words("llvm.nvvm.mma.m16n8k32.row.col.s8", &operands);
            sums.iter().zip(after).for_each(|(sum, after)| e.set(*sum, after));
        }
    }

    fn results(&self, e: &mut Emitter, sums: &[Variable]) -> Vec<[Value; 3]> {
        let [first, place, quarter] = self.lane(e);
        let (row, pair) = (e.index_add(first, place), e.index_mul(quarter, e.int(2)));
        let sums = sums.iter().enumerate().map(|(number, sum)| {
            let (tile, at) = (number as i64 / 4, number as i64 % 4);
            let row = e.index_add(row, e.int(8 * (at / 2)));
            let column = e.index_add(pair, e.int(8 * tile + at % 2));
            [row, column, e.get(*sum)]
        });
        sums.collect()
    }
}

/// Sixteen bytes that are loaded one by one, four to a word.
pub(crate) struct Packing([Variable; 4]);

impl Packing {
    pub(crate) fn new(e: &mut Emitter) -> Packing {
        Packing([0; 4].map(|_| e.variable(Value::int(Type::I32, 0))))
    }

    /// Puts a byte at its place, which was zero.
    pub(crate) fn put(&self, e: &mut Emitter, at: usize, byte: Value) {
        let word = self.0[at / 4];
        let byte = e.convert("zext", byte, Type::I32);
        let byte = e.binary("shl", byte, Value::int(Type::I32, 8 * (at as i64 % 4)));
        let before = e.get(word);
        let after = e.binary("or", before, byte);
        e.set(word, after);
    }

    pub(crate) fn set(&self, e: &mut Emitter, words: [Value; 4]) {
        self.0.iter().zip(words).for_each(|(variable, word)| e.set(*variable, word));
    }

    pub(crate) fn words(&self, e: &mut Emitter) -> Vec<Value> {
        self.0.iter().map(|word| e.get(*word)).collect()
    }
}

/// An operand as it lies in memory.
pub(crate) struct ByteLine {
    /// Address of the buffer.
    pub(crate) memory: Value,
    /// Where the thread's line begins.
    pub(crate) start: Value,
    /// From k to k + 1.
    pub(crate) stride: Value,
    pub(crate) k: Value,
}

impl BytePanel for ByteLine {
    fn fetch(&self, e: &mut Emitter, k: Value) -> Vec<Value> {
        let packing = Packing::new(e);
        let at_once = (self.stride.as_int() == Some(1)).then(|| {
            let at = e.index_add(self.start, k);
            let address = e.element(self.memory, at, 1);
            let number = e.convert("ptrtoint", address, Type::I64);
            let low = e.binary("and", number, e.int(15));
            let aligned = e.compare("icmp eq", low, e.int(0));
            let end = e.index_add(k, e.int(EACH as i64));
            let inside = e.compare("icmp sle", end, self.k);
            let at_once = e.binary("and", aligned, inside);
            e.when(at_once, |e| {
                let words = e.load_words(address);
                packing.set(e, words);
            });
            at_once
        });
        let at_once = at_once.unwrap_or(Value::int(Type::I1, 0));
        let one_by_one = e.binary("xor", at_once, Value::int(Type::I1, 1));
        e.when(one_by_one, |e| {
            for at in 0..EACH {
                let k = e.index_add(k, e.int(at as i64));
                let inside = e.compare("icmp slt", k, self.k);
                e.when(inside, |e| {
                    let distance = e.index_mul(k, self.stride);
                    let place = e.index_add(self.start, distance);
                    let address = e.element(self.memory, place, 1);
                    let byte = e.load(Type::I8, address, 1);
                    packing.put(e, at, byte);
                });
            }
        });
        packing.words(e)
    }
}

/// Sixteen packed trits that are 0.
const ZEROS: i64 = 0x5555_5555;

/// A line of packed trits.
pub(crate) struct PackedLine {
    /// Address of the buffer.
    pub(crate) memory: Value,
    /// Where the thread's line begins, and how many bytes it has.
    pub(crate) start: Value,
    pub(crate) bytes: Value,
}

impl BytePanel for PackedLine {
    fn fetch(&self, e: &mut Emitter, k: Value) -> Vec<Value> {
        let first = e.binary("lshr", k, e.int(2));
        let at = e.index_add(self.start, first);
        let address = e.element(self.memory, at, 1);
        let number = e.convert("ptrtoint", address, Type::I64);
        let low = e.binary("and", number, e.int(3));
        let aligned = e.compare("icmp eq", low, e.int(0));
        let end = e.index_add(first, e.int(4));
        let whole = e.compare("icmp sle", end, self.bytes);
        let at_once = e.binary("and", aligned, whole);
        // Beyond the last byte, and behind the last element in it, codes are of 0.
        let codes = e.variable(Value::int(Type::I32, ZEROS));
        e.when(at_once, |e| {
            let word = e.load(Type::I32, address, 4);
            e.set(codes, word);
        });
        let one_by_one = e.binary("xor", at_once, Value::int(Type::I1, 1));
        e.when(one_by_one, |e| {
            for at in 0..4 {
                let byte = e.index_add(first, e.int(at));
                let inside = e.compare("icmp slt", byte, self.bytes);
                e.when(inside, |e| {
                    let address = e.element(address, e.int(at), 1);
                    let byte = e.load(Type::I8, address, 1);
                    let byte = e.convert("zext", byte, Type::I32);
                    // From codes of 0 to those of the byte.
                    let change = e.binary("xor", byte, Value::int(Type::I32, ZEROS & 0xff));
                    let change = e.binary("shl", change, Value::int(Type::I32, 8 * at));
                    let before = e.get(codes);
                    let after = e.binary("xor", before, change);
                    e.set(codes, after);
                });
            }
        });
        vec![e.get(codes)]
    }

    /// Sixteen trits are held in one word: as bytes they would take the registers of four.
    fn held(&self) -> usize {
        1
    }

    fn words(&self, e: &mut Emitter, held: Vec<Value>) -> Vec<Value> {
        (0..4).map(|byte| unpacked(e, held[0], byte)).collect()
    }
}
