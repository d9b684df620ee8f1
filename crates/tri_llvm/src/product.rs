//! Contractions as products of tiles, of floats by [`Tile`]s and of bytes on tensor cores: their operands as panels, which are loaded
//! 16 bytes at once where they lie so. Bytes by packed trits have a kernel of their own.

use tri_dims::DimError;
use tri_ir::math::Arith;
use tri_ir::{DType, Dim};
use tri_kernel_ir::{BufferId, Contraction, ContractionKind};

use crate::bytes::{self, ByteLine, ByteTile};
use crate::contraction::{code, moved, packed_bytes, place};
use crate::emitter::{Emitter, Variable};
use crate::nest::unit;
use crate::results::Results;
use crate::tensor::at_most_last;
use crate::tile::{Along, EACH, LINES, Panel, Skips, Tile, places};
use crate::value::{Type, Value};

/// Fewer rows are left to a chain a thread: most of a block would compute nothing.
pub(crate) const LEAST_ROWS: i64 = 16;

/// Whether the kernel serves a contraction: at least one operand has neighbours to load at once.
pub(crate) fn serves(contraction: &Contraction) -> bool {
    // Sums shorter than what is loaded at once are as quick by a thread each.
    let least = if contraction.kind == ContractionKind::I8 { bytes::EACH } else { EACH };
    if contraction.k.as_constant().is_some_and(|k| k < least as i64) {
        return false;
    }
    let by_k = [&contraction.lhs_strides[1], &contraction.rhs_strides[0]];
    let by_line = [&contraction.lhs_strides[0], &contraction.rhs_strides[1]];
    let adjacent = |stride: &&Dim| stride.as_constant() == Some(1);
    match contraction.kind {
        ContractionKind::I8 => by_k.iter().any(adjacent),
        // Trits are loaded one by one.
        _ if is_ternary(contraction) => adjacent(&by_k[0]) || adjacent(&by_line[0]),
        _ => by_k.iter().chain(&by_line).any(adjacent),
    }
}

fn is_ternary(contraction: &Contraction) -> bool {
    matches!(contraction.kind, ContractionKind::F32Trit | ContractionKind::F32T2)
}

/// The axes whose points are blocks.
pub(crate) fn units(contraction: &Contraction) -> Result<Vec<Dim>, DimError> {
    let mut axes: Vec<Dim> = contraction.outer.iter().map(|axis| axis.size.clone()).collect();
    axes.extend([contraction.m.ceil_div(&LINES.into())?, contraction.n.ceil_div(&LINES.into())?]);
    Ok(axes)
}

/// How many blocks cover so many lines.
pub(crate) fn blocks(e: &mut Emitter, lines: Value) -> Value {
    let more = e.index_add(lines, e.int(LINES - 1));
    e.binary("udiv", more, e.int(LINES))
}

/// Emits the kernel.
pub(crate) fn emit(e: &mut Emitter, contraction: &Contraction, results: &Results<'_>, threads: u32) {
    let mut sizes: Vec<Value> = contraction.outer.iter().map(|axis| e.size(&axis.size)).collect();
    let (m, n, k) = (e.size(&contraction.m), e.size(&contraction.n), e.size(&contraction.k));
    sizes.extend([m, n].map(|lines| blocks(e, lines)));
    unit(e, threads.into(), threads, &sizes, &mut |e, thread, indices| {
        let (outer, block) = indices.split_at(contraction.outer.len());
        let first = [block[0], block[1]].map(|block| e.index_mul(block, e.int(LINES)));
        let [left, right] = operands(e, contraction, outer);
        let sums = if contraction.kind == ContractionKind::I8 {
            let rows = byte_line(e, &left, [first[0], m, k], thread);
            let columns = byte_line(e, &right, [first[1], n, k], thread);
            ByteTile { thread, k, panels: [&rows, &columns] }.emit(e)
        } else {
            let rows = Lines::new(e, left, [first[0], m, k], thread);
            let columns = Lines::new(e, right, [first[1], n, k], thread);
            Tile { thread, k, panels: [&rows, &columns] }.emit(e)
        };
        let out = place(e, contraction, 2, outer);
        for [row, column, value] in sums {
            let (row, column) = (e.index_add(first[0], row), e.index_add(first[1], column));
            let (above, before) = (e.compare("icmp slt", row, m), e.compare("icmp slt", column, n));
            let inside = e.binary("and", above, before);
            e.when(inside, |e| {
                let at = moved(e, out, row, &contraction.out_stride);
                let at = e.index_add(at, column);
                results.put_at(e, [row, column], at, value);
            });
        }
    });
}

/// Elements as they lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// Floats.
    Float(DType),
    /// Trits as signed bytes.
    Trits,
    /// Packed trits: a line begins at a byte.
    Packed,
}

/// An operand: lines of elements over k.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    pub(crate) buffer: BufferId,
    pub(crate) stored: Stored,
    /// Where the first line begins.
    pub(crate) origin: Value,
    /// Elements from line to line (packed: bytes), and from k to k + 1.
    pub(crate) strides: [Value; 2],
}

/// A thread's line of an operand of bytes.
fn byte_line(e: &mut Emitter, operand: &Operand, [first, lines, k]: [Value; 3], thread: Value) -> ByteLine {
    let [line, _] = bytes::places(e, thread);
    let line = e.index_add(first, line);
    let line = at_most_last(e, line, lines);
    let distance = e.index_mul(line, operand.strides[0]);
    let start = e.index_add(operand.origin, distance);
    ByteLine { memory: e.buffer(operand.buffer), start, stride: operand.strides[1], k }
}

fn operands(e: &mut Emitter, contraction: &Contraction, outer: &[Value]) -> [Operand; 2] {
    use ContractionKind::{Bf16, F16, F32T2, F32Trit};
    let float = match contraction.kind {
        Bf16 => DType::Bf16,
        F16 => DType::F16,
        _ => DType::F32,
    };
    let [by_row, by_k] = [0, 1].map(|at| e.size(&contraction.lhs_strides[at]));
    let origin = place(e, contraction, 0, outer);
    let stored = Stored::Float(float);
    let left = Operand { buffer: contraction.lhs, stored, origin, strides: [by_row, by_k] };
    let buffer = contraction.rhs;
    if contraction.kind == F32T2 {
        let k = e.size(&contraction.k);
        let bytes = packed_bytes(e, k);
        let right = Operand { buffer, stored: Stored::Packed, origin: e.int(0), strides: [bytes, e.int(1)] };
        return [left, right];
    }
    let stored = if contraction.kind == F32Trit { Stored::Trits } else { Stored::Float(float) };
    let [by_k, by_column] = [0, 1].map(|at| e.size(&contraction.rhs_strides[at]));
    let origin = place(e, contraction, 1, outer);
    [left, Operand { buffer, stored, origin, strides: [by_column, by_k] }]
}

/// An operand as a panel.
#[derive(Debug)]
pub(crate) struct Lines {
    operand: Operand,
    along: Along,
    k: Value,
    /// Where each of the thread's lines begins, without k.
    starts: Vec<Value>,
    /// Whether the thread's lines are all there, if it brings several.
    whole: Option<Value>,
}

impl Lines {
    /// Of an operand: the first line of the block, how many lines there are, and the length of a line.
    pub(crate) fn new(
        e: &mut Emitter,
        operand: Operand,
        [first, lines, k]: [Value; 3],
        thread: Value,
    ) -> Lines {
        let adjacent = operand.strides.map(|stride| stride.as_int() == Some(1));
        let along = if adjacent == [true, false] { Along::Lines } else { Along::K };
        let [line, _] = places(e, thread, along);
        let line = e.index_add(first, line);
        let count = if along == Along::K { 1 } else { EACH as i64 };
        let starts = (0..count).map(|at| {
            // What is beyond the last line is computed as the last one, and not stored.
            let line = e.index_add(line, e.int(at));
            let line = at_most_last(e, line, lines);
            let distance = e.index_mul(line, operand.strides[0]);
            e.index_add(operand.origin, distance)
        });
        let starts = starts.collect();
        let whole = (along == Along::Lines).then(|| {
            let end = e.index_add(line, e.int(count));
            e.compare("icmp sle", end, lines)
        });
        Lines { operand, along, k, starts, whole }
    }

    /// The place of one of the thread's elements, and its k.
    fn element(&self, e: &mut Emitter, k: Value, at: usize) -> [Value; 2] {
        let (start, k) = match self.along {
            Along::K => (self.starts[0], e.index_add(k, e.int(at as i64))),
            Along::Lines => (self.starts[at], k),
        };
        if self.operand.stored == Stored::Packed {
            return [start, k];
        }
        let distance = e.index_mul(k, self.operand.strides[1]);
        [e.index_add(start, distance), k]
    }

    fn load(&self, e: &mut Emitter, [at, k]: [Value; 2]) -> Value {
        let memory = e.buffer(self.operand.buffer);
        let trit = match self.operand.stored {
            Stored::Float(dtype) => {
                let address = e.element(memory, at, dtype.bytes());
                let value = e.load(Type::of(dtype), address, dtype.bytes());
                return e.cast(dtype, DType::F32, value);
            }
            Stored::Trits => {
                let address = e.element(memory, at, 1);
                let trit = e.load(Type::I8, address, 1);
                e.convert("sext", trit, Type::I32)
            }
            Stored::Packed => {
                let code = code(e, memory, at, k);
                e.binary("sub", code, Value::int(Type::I32, 1))
            }
        };
        e.convert("sitofp", trit, Type::F32)
    }

    /// All of the thread's elements by loads of 16 bytes; gives whether they are adjacent, there and aligned. None if they never are.
    fn load_at_once(&self, e: &mut Emitter, k: Value, into: &[Variable; EACH]) -> Option<Value> {
        let Stored::Float(dtype) = self.operand.stored else { return None };
        let stride = if self.along == Along::K { self.operand.strides[1] } else { self.operand.strides[0] };
        if stride.as_int() != Some(1) {
            return None;
        }
        let [at, _] = self.element(e, k, 0);
        let address = e.element(e.buffer(self.operand.buffer), at, dtype.bytes());
        let number = e.convert("ptrtoint", address, Type::I64);
        let low = e.binary("and", number, e.int(15));
        let aligned = e.compare("icmp eq", low, e.int(0));
        let elements = if self.along == Along::K { EACH as i64 } else { 1 };
        let end = e.index_add(k, e.int(elements));
        let inside = e.compare("icmp sle", end, self.k);
        let mut at_once = e.binary("and", aligned, inside);
        if let Some(whole) = self.whole {
            at_once = e.binary("and", at_once, whole);
        }
        e.when(at_once, |e| {
            let loads = EACH * dtype.bytes() / 16;
            let words: Vec<Value> = (0..loads)
                .flat_map(|load| {
                    let address = e.element(address, e.int(16 * load as i64), 1);
                    e.load_words(address)
                })
                .collect();
            let values = words.into_iter().flat_map(|word| floats(e, dtype, word)).collect::<Vec<_>>();
            into.iter().zip(values).for_each(|(variable, value)| e.set(*variable, value));
        });
        Some(at_once)
    }

    fn load_each(&self, e: &mut Emitter, k: Value, into: &[Variable; EACH]) {
        for (at, variable) in into.iter().enumerate() {
            let [place, k] = self.element(e, k, at);
            let inside = e.compare("icmp slt", k, self.k);
            e.when(inside, |e| {
                let value = self.load(e, [place, k]);
                e.set(*variable, value);
            });
        }
    }
}

impl Panel for Lines {
    fn along(&self) -> Along {
        self.along
    }

    fn skips(&self) -> Skips {
        if matches!(self.operand.stored, Stored::Float(_)) { Skips::Nothing } else { Skips::Zeros }
    }

    fn fetch(&self, e: &mut Emitter, k: Value) -> [Value; EACH] {
        let into = [0; EACH].map(|_| e.variable(Value::f32(0.0)));
        match self.load_at_once(e, k, &into) {
            Some(done) => {
                let left = e.bool_not(done);
                e.when(left, |e| self.load_each(e, k, &into));
            }
            None => self.load_each(e, k, &into),
        }
        into.map(|variable| e.get(variable))
    }
}

/// The elements of a word, as f32.
fn floats(e: &mut Emitter, dtype: DType, word: Value) -> Vec<Value> {
    if dtype == DType::F32 {
        return vec![e.convert("bitcast", word, Type::F32)];
    }
    let high = e.binary("lshr", word, Value::int(Type::I32, 16));
    [word, high]
        .map(|half| {
            let bits = e.convert("trunc", half, Type::I16);
            e.cast(dtype, DType::F32, bits)
        })
        .to_vec()
}
