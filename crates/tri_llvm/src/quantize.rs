//! Rows to bytes with a scale each, a warp a row. The largest magnitude is found among bit patterns, whose order is that of the
//! magnitudes, with what is not finite above all numbers.

use tri_ir::UnaryOp;
use tri_ir::math::Arith;
use tri_ir::{BinaryOp, DType};
use tri_kernel_ir::QuantizeStep;

use crate::contraction::exchange;
use crate::emitter::Emitter;
use crate::kernel::WARP;
use crate::nest::unit;
use crate::value::{Type, Value};

/// Rows quieter than this, 2^-119, become zero.
const QUIET: f32 = f32::from_bits((127 - 119) << 23);

/// The bits of infinity.
const INFINITE: i64 = 0x7f80_0000;

/// Largest digit.
const LIMIT: f32 = 127.0;

/// Emits a kernel that quantises rows.
pub(crate) fn emit(e: &mut Emitter, step: &QuantizeStep, threads: u32) {
    let rows = e.size(&step.rows);
    unit(e, WARP, threads, &[rows], &mut |e, thread, indices| {
        let lane = e.binary("and", thread, e.int(WARP - 1));
        row(e, step, lane, indices[0]);
    });
}

fn row(e: &mut Emitter, step: &QuantizeStep, lane: Value, row: Value) {
    let width = e.size(&step.width);
    let first = e.index_mul(row, width);
    let each = [lane, width, e.int(WARP)];
    let largest = largest(e, step, first, each);
    let finite = e.compare("icmp slt", largest, Value::int(Type::I32, INFINITE));
    let magnitude = e.bits_to_f32(largest);
    let loud = e.compare("fcmp oge", magnitude, Value::f32(QUIET));
    let usual = e.binary("and", finite, loud);
    let factor = Arith::div(e, Value::f32(LIMIT), magnitude);
    e.for_each(each, &mut |e, at| {
        let at = e.index_add(first, at);
        let address = e.element(e.buffer(step.x), at, 4);
        let x = e.load(Type::F32, address, 4);
        let scaled = Arith::mul(e, x, factor);
        let rounded = e.unary(UnaryOp::Round, DType::F32, scaled);
        let clamped = e.elementwise(BinaryOp::Min, DType::F32, rounded, Value::f32(LIMIT));
        let clamped = e.elementwise(BinaryOp::Max, DType::F32, clamped, Value::f32(-LIMIT));
        let digit = e.cast(DType::F32, DType::I8, clamped);
        let digit = e.choose(usual, digit, Value::int(Type::I8, 0));
        let address = e.element(e.buffer(step.digits), at, 1);
        e.store(digit, address, 1);
    });
    let first_lane = e.compare("icmp eq", lane, e.int(0));
    e.when(first_lane, |e| {
        let scale = Arith::div(e, magnitude, Value::f32(LIMIT));
        let scale = e.choose(loud, scale, Value::f32(0.0));
        let scale = e.choose(finite, scale, Value::f32(f32::NAN));
        let address = e.element(e.buffer(step.scales), row, 4);
        e.store(scale, address, 4);
    });
}

/// The bits of the largest magnitude of a row, 0 of an empty one.
fn largest(e: &mut Emitter, step: &QuantizeStep, first: Value, each: [Value; 3]) -> Value {
    let largest = e.variable(Value::int(Type::I32, 0));
    e.for_each(each, &mut |e, at| {
        let at = e.index_add(first, at);
        let address = e.element(e.buffer(step.x), at, 4);
        let bits = e.load(Type::I32, address, 4);
        let bits = e.binary("and", bits, Value::int(Type::I32, i32::MAX.into()));
        let before = e.get(largest);
        let after = larger(e, before, bits);
        e.set(largest, after);
    });
    let mut own = e.get(largest);
    for distance in [16, 8, 4, 2, 1] {
        let other = exchange(e, own, distance);
        own = larger(e, own, other);
    }
    own
}

fn larger(e: &mut Emitter, a: Value, b: Value) -> Value {
    e.call(Type::I32, "llvm.smax.i32", &[a, b])
}
