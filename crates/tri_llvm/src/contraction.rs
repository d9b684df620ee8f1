//! Contractions: an element of the result a thread, or, where ternary weights are packed, four elements a warp.

use tri_dims::DimError;
use tri_ir::math::Arith;
use tri_ir::{DType, Dim};
use tri_kernel_ir::{Contraction, ContractionKind, OuterAxis};

use crate::emitter::{Emitter, Variable};
use crate::kernel::WARP;
use crate::nest::unit;
use crate::results::Results;
use crate::value::{Type, Value};

/// Columns that a warp computes at once: each element of the left operand is loaded once for all of them.
const COLUMNS: i64 = 4;

/// Trits of a load of 16 bytes.
const CHUNK: i64 = 64;

/// The axes whose points are units of work, and the threads of a unit.
pub(crate) fn units(contraction: &Contraction) -> Result<(Vec<Dim>, i64), DimError> {
    let mut axes: Vec<Dim> = contraction.outer.iter().map(|axis| axis.size.clone()).collect();
    axes.push(contraction.m.clone());
    if contraction.kind == ContractionKind::I8T2 {
        axes.push(contraction.n.ceil_div(&COLUMNS.into())?);
        return Ok((axes, WARP));
    }
    axes.push(contraction.n.clone());
    Ok((axes, 1))
}

/// Emits a kernel of a contraction.
pub(crate) fn emit(e: &mut Emitter, contraction: &Contraction, results: &Results<'_>, threads: u32) {
    let mut sizes: Vec<Value> = contraction.outer.iter().map(|axis| e.size(&axis.size)).collect();
    sizes.push(e.size(&contraction.m));
    let columns = e.size(&contraction.n);
    if contraction.kind == ContractionKind::I8T2 {
        let more = e.index_add(columns, e.int(COLUMNS - 1));
        sizes.push(e.binary("udiv", more, e.int(COLUMNS)));
        unit(e, WARP, threads, &sizes, &mut |e, thread, indices| {
            packed(e, contraction, results, thread, indices);
        });
    } else {
        sizes.push(columns);
        unit(e, 1, threads, &sizes, &mut |e, _, indices| element(e, contraction, results, indices));
    }
}

/// Elements from the beginning of operand number `operand` (left, right, result) to a point of the outer axes.
pub(crate) fn place(e: &mut Emitter, contraction: &Contraction, operand: usize, outer: &[Value]) -> Value {
    let offset = [&contraction.lhs_offset, &contraction.rhs_offset, &contraction.out_offset][operand];
    let mut sum = e.size(offset);
    for (index, OuterAxis { strides, .. }) in outer.iter().zip(&contraction.outer) {
        let stride = e.size(&strides[operand]);
        let term = e.index_mul(*index, stride);
        sum = e.index_add(sum, term);
    }
    sum
}

/// Moved by some elements.
pub(crate) fn moved(e: &mut Emitter, from: Value, index: Value, stride: &Dim) -> Value {
    let stride = e.size(stride);
    let distance = e.index_mul(index, stride);
    e.index_add(from, distance)
}

/// One element, by one chain (rules 2 to 4).
fn element(e: &mut Emitter, contraction: &Contraction, results: &Results<'_>, indices: &[Value]) {
    let (outer, point) = indices.split_at(contraction.outer.len());
    let (row, column) = (point[0], point[1]);
    let lhs = place(e, contraction, 0, outer);
    let lhs = moved(e, lhs, row, &contraction.lhs_strides[0]);
    let k = e.size(&contraction.k);
    let packed = contraction.kind == ContractionKind::F32T2;
    let rhs = if packed {
        let bytes = packed_bytes(e, k);
        e.index_mul(column, bytes)
    } else {
        let rhs = place(e, contraction, 1, outer);
        moved(e, rhs, column, &contraction.rhs_strides[1])
    };
    let is_int = contraction.kind == ContractionKind::I8;
    let sum = e.variable(if is_int { Value::int(Type::I32, 0) } else { Value::f32(0.0) });
    e.for_each([e.int(0), k, e.int(1)], &mut |e, at| {
        let left = moved(e, lhs, at, &contraction.lhs_strides[1]);
        let right = if packed { rhs } else { moved(e, rhs, at, &contraction.rhs_strides[0]) };
        let before = e.get(sum);
        let after = step(e, contraction, [left, right, at], before);
        e.set(sum, after);
    });
    let result = e.get(sum);
    let out = place(e, contraction, 2, outer);
    let out = moved(e, out, row, &contraction.out_stride);
    let out = e.index_add(out, column);
    results.put_at(e, [row, column], out, result);
}

/// The sum after one more product, of element `left` of the left operand and `right` of the right one (packed: row that begins there).
fn step(e: &mut Emitter, contraction: &Contraction, [left, right, k]: [Value; 3], sum: Value) -> Value {
    use ContractionKind::{Bf16, F16, F32, F32T2, F32Trit, I8, I8T2};
    let (lhs, rhs) = (e.buffer(contraction.lhs), e.buffer(contraction.rhs));
    match contraction.kind {
        F32 | Bf16 | F16 => {
            let dtype = match contraction.kind {
                Bf16 => DType::Bf16,
                F16 => DType::F16,
                _ => DType::F32,
            };
            let [a, b] = [(lhs, left), (rhs, right)].map(|(memory, at)| {
                let address = e.element(memory, at, dtype.bytes());
                let value = e.load(Type::of(dtype), address, dtype.bytes());
                e.cast(dtype, DType::F32, value)
            });
            e.fma(a, b, sum)
        }
        I8 | I8T2 => {
            let [a, b] = [(lhs, left), (rhs, right)].map(|(memory, at)| {
                let address = e.element(memory, at, 1);
                let value = e.load(Type::I8, address, 1);
                e.convert("sext", value, Type::I32)
            });
            let product = e.binary("mul", a, b);
            e.binary("add", sum, product)
        }
        F32Trit | F32T2 => {
            let address = e.element(lhs, left, 4);
            let a = e.load(Type::F32, address, 4);
            let trit = if contraction.kind == F32T2 {
                let code = code(e, rhs, right, k);
                e.binary("sub", code, Value::int(Type::I32, 1))
            } else {
                let address = e.element(rhs, right, 1);
                let trit = e.load(Type::I8, address, 1);
                e.convert("sext", trit, Type::I32)
            };
            add_trit(e, sum, a, trit)
        }
    }
}

/// `sum + a`, `sum - a`, or the sum unchanged (rule 3); the trit is an `i32`.
pub(crate) fn add_trit(e: &mut Emitter, sum: Value, a: Value, trit: Value) -> Value {
    let (more, less) = (Arith::add(e, sum, a), Arith::sub(e, sum, a));
    let is_plus = e.compare("icmp eq", trit, Value::int(Type::I32, 1));
    let is_minus = e.compare("icmp eq", trit, Value::int(Type::I32, -1));
    let other = e.choose(is_minus, less, sum);
    e.choose(is_plus, more, other)
}

/// Bytes of a row of packed trits.
pub(crate) fn packed_bytes(e: &mut Emitter, k: Value) -> Value {
    let more = e.index_add(k, e.int(3));
    e.binary("lshr", more, e.int(2))
}

/// The code of element `k` of the packed row that begins at byte `row`, as an `i32` 0 to 2.
pub(crate) fn code(e: &mut Emitter, memory: Value, row: Value, k: Value) -> Value {
    let byte = e.binary("lshr", k, e.int(2));
    let at = e.index_add(row, byte);
    let address = e.element(memory, at, 1);
    let byte = e.load(Type::I8, address, 1);
    let byte = e.convert("zext", byte, Type::I32);
    let place = e.convert("trunc", k, Type::I32);
    let place = e.binary("and", place, Value::int(Type::I32, 3));
    let shift = e.binary("shl", place, Value::int(Type::I32, 1));
    let code = e.binary("lshr", byte, shift);
    e.binary("and", code, Value::int(Type::I32, 3))
}

/// Four columns of one row by a warp. A code is its trit plus 1, so the sum of products of codes less the sum of the row is
/// the result; integers add up to the same in any order, so lanes have parts of the sums.
struct Columns<'c> {
    contraction: &'c Contraction,
    lane: Value,
    /// Where the row of the left operand begins.
    lhs: Value,
    /// Bytes of a column of the right operand, and where each of the four begins.
    bytes: Value,
    starts: Vec<Value>,
    /// Sums of products of codes.
    sums: Vec<Variable>,
    /// Sum of the row.
    total: Variable,
}

fn packed(
    e: &mut Emitter,
    contraction: &Contraction,
    results: &Results<'_>,
    thread: Value,
    indices: &[Value],
) {
    let (outer, point) = indices.split_at(contraction.outer.len());
    let first = e.index_mul(point[1], e.int(COLUMNS));
    let lane = e.binary("and", thread, e.int(WARP - 1));
    let (k, columns) = (e.size(&contraction.k), e.size(&contraction.n));
    let lhs = place(e, contraction, 0, outer);
    let lhs = moved(e, lhs, point[0], &contraction.lhs_strides[0]);
    let bytes = packed_bytes(e, k);
    let last = e.index_add(columns, e.int(-1));
    let starts: Vec<Value> = (0..COLUMNS)
        .map(|column| {
            // What is beyond the last column is computed as the last one, and not stored.
            let column = e.index_add(first, e.int(column));
            let beyond = e.compare("icmp sgt", column, last);
            let column = e.choose(beyond, last, column);
            e.index_mul(column, bytes)
        })
        .collect();
    let zero = Value::int(Type::I32, 0);
    let sums = starts.iter().map(|_| e.variable(zero)).collect();
    let total = e.variable(zero);
    let own = Columns { contraction, lane, lhs, bytes, starts, sums, total };
    let done = own.chunks(e, k);
    own.rest(e, done, k);
    let out = place(e, contraction, 2, outer);
    let out = moved(e, out, point[0], &contraction.out_stride);
    own.finish(e, results, out, [point[0], first], columns);
}

impl Columns<'_> {
    /// Adds what can be loaded 16 bytes at once; gives how many elements that are.
    fn chunks(&self, e: &mut Emitter, k: Value) -> Value {
        let done = e.variable(e.int(0));
        if self.contraction.lhs_strides[1].as_constant() == Some(1) {
            let aligned = self.is_aligned(e);
            e.when(aligned, |e| {
                let chunks = e.binary("lshr", k, e.int(CHUNK.ilog2().into()));
                e.for_each([self.lane, chunks, e.int(WARP)], &mut |e, chunk| self.chunk(e, chunk));
                let whole = e.index_mul(chunks, e.int(CHUNK));
                e.set(done, whole);
            });
        }
        e.get(done)
    }

    /// Whether rows of both operands begin at multiples of 16 bytes.
    fn is_aligned(&self, e: &mut Emitter) -> Value {
        let operands = [(self.contraction.lhs, self.lhs), (self.contraction.rhs, e.int(0))];
        let [left, right] = operands.map(|(buffer, at)| {
            let address = e.element(e.buffer(buffer), at, 1);
            e.convert("ptrtoint", address, Type::I64)
        });
        let either = e.binary("or", left, right);
        let either = e.binary("or", either, self.bytes);
        let low = e.binary("and", either, e.int(15));
        e.compare("icmp eq", low, e.int(0))
    }

    fn chunk(&self, e: &mut Emitter, chunk: Value) {
        let at = e.index_mul(chunk, e.int(CHUNK));
        let left = e.index_add(self.lhs, at);
        let left = e.element(e.buffer(self.contraction.lhs), left, 1);
        let weights: Vec<[Value; 4]> = self
            .starts
            .iter()
            .map(|start| {
                let byte = e.index_mul(chunk, e.int(CHUNK / 4));
                let at = e.index_add(*start, byte);
                let address = e.element(e.buffer(self.contraction.rhs), at, 1);
                e.load_words(address)
            })
            .collect();
        for word in 0..4 {
            let address = e.element(left, e.int(16 * word as i64), 1);
            let words = e.load_words(address);
            for (place, x) in turn(e, words).into_iter().enumerate() {
                self.add(e, self.total, Value::int(Type::I32, 0x0101_0101), x);
                for (words, sum) in weights.iter().zip(&self.sums) {
                    let codes = e.binary("lshr", words[word], Value::int(Type::I32, 2 * place as i64));
                    let codes = e.binary("and", codes, Value::int(Type::I32, 0x0303_0303));
                    self.add(e, *sum, codes, x);
                }
            }
        }
    }

    /// Adds four products of unsigned and signed bytes.
    fn add(&self, e: &mut Emitter, sum: Variable, unsigned: Value, signed: Value) {
        let before = e.get(sum);
        let after = e.call(Type::I32, "llvm.nvvm.idp4a.u.s", &[unsigned, signed, before]);
        e.set(sum, after);
    }

    /// Adds the elements from `done` on, one at a time.
    fn rest(&self, e: &mut Emitter, done: Value, k: Value) {
        let start = e.index_add(done, self.lane);
        e.for_each([start, k, e.int(WARP)], &mut |e, at| {
            let left = moved(e, self.lhs, at, &self.contraction.lhs_strides[1]);
            let address = e.element(e.buffer(self.contraction.lhs), left, 1);
            let x = e.load(Type::I8, address, 1);
            let x = e.convert("sext", x, Type::I32);
            let before = e.get(self.total);
            let after = e.binary("add", before, x);
            e.set(self.total, after);
            for (start, sum) in self.starts.iter().zip(&self.sums) {
                let code = code(e, e.buffer(self.contraction.rhs), *start, at);
                let product = e.binary("mul", code, x);
                let before = e.get(*sum);
                let after = e.binary("add", before, product);
                e.set(*sum, after);
            }
        });
    }

    /// Adds up the lanes' parts; a lane a column stores the result.
    fn finish(
        &self,
        e: &mut Emitter,
        results: &Results<'_>,
        out: Value,
        [row, first]: [Value; 2],
        columns: Value,
    ) {
        let total = e.get(self.total);
        for (number, sum) in self.sums.iter().enumerate() {
            let sum = e.get(*sum);
            let mut part = e.binary("sub", sum, total);
            for distance in [16, 8, 4, 2, 1] {
                let other = exchange(e, part, distance);
                part = e.binary("add", part, other);
            }
            let column = e.index_add(first, e.int(number as i64));
            let inside = e.compare("icmp slt", column, columns);
            let mine = e.compare("icmp eq", self.lane, e.int(number as i64));
            let stores = e.binary("and", inside, mine);
            e.when(stores, |e| {
                let result = scaled(e, self.contraction, part, row, column);
                let at = e.index_add(out, column);
                results.put_at(e, [row, column], at, result);
            });
        }
    }
}

/// A sum times the scales of its row, its column and all, if there are any.
pub(crate) fn scaled(
    e: &mut Emitter,
    contraction: &Contraction,
    sum: Value,
    row: Value,
    column: Value,
) -> Value {
    let Some(scales) = contraction.scales else { return sum };
    let mut result = e.convert("sitofp", sum, Type::F32);
    let places = [row, column, e.int(0)];
    for (scales, at) in scales.buffers().zip(places) {
        let address = e.element(e.buffer(scales), at, 4);
        let scale = e.load(Type::F32, address, 4);
        result = Arith::mul(e, result, scale);
    }
    result
}

/// The value of the lane whose number differs in a bit, of a whole warp.
pub(crate) fn exchange(e: &mut Emitter, value: Value, distance: i64) -> Value {
    let [all, distance, clamp] = [-1, distance, 31].map(|number| Value::int(Type::I32, number));
    e.call(Type::I32, "llvm.nvvm.shfl.sync.bfly.i32", &[all, value, distance, clamp])
}

/// Sixteen bytes in four words as rows and columns exchanged: a word of packed trits has elements `i`, `i + 4`, `i + 8` and `i + 12` of
/// its sixteen at the same place of its four bytes.
fn turn(e: &mut Emitter, words: [Value; 4]) -> [Value; 4] {
    let permute = |e: &mut Emitter, a: Value, b: Value, selector: i64| {
        e.call(Type::I32, "llvm.nvvm.prmt", &[a, b, Value::int(Type::I32, selector)])
    };
    let [a, b, c, d] = words;
    let (low_ab, low_cd) = (permute(e, a, b, 0x5140), permute(e, c, d, 0x5140));
    let (high_ab, high_cd) = (permute(e, a, b, 0x7362), permute(e, c, d, 0x7362));
    [
        permute(e, low_ab, low_cd, 0x5410),
        permute(e, low_ab, low_cd, 0x7632),
        permute(e, high_ab, high_cd, 0x5410),
        permute(e, high_ab, high_cd, 0x7632),
    ]
}
