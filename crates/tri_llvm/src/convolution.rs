//! Convolutions: an element of the result a thread, by one chain over the window.

use tri_ir::Dim;
use tri_ir::math::Arith;
use tri_kernel_ir::{Buffer, BufferId, ContractionKind, Convolution};

use crate::contraction::{add_trit, code, packed_bytes};
use crate::emitter::Emitter;
use crate::nest::{inner_loops, unit};
use crate::pixels::is_bytes;
use crate::results::Results;
use crate::value::{Type, Value};

/// The axes whose points are units of work.
pub(crate) fn axes(buffers: &[Buffer], convolution: &Convolution) -> Vec<Dim> {
    buffers[convolution.out.index()].shape.to_vec()
}

/// Emits a kernel of a convolution.
pub(crate) fn emit(
    e: &mut Emitter,
    buffers: &[Buffer],
    convolution: &Convolution,
    results: &Results<'_>,
    threads: u32,
) {
    let sizes: Vec<Value> = axes(buffers, convolution).iter().map(|dim| e.size(dim)).collect();
    unit(e, 1, threads, &sizes, &mut |e, _, indices| {
        element(e, buffers, convolution, results, indices);
    });
}

/// The flat position of indices in a shape.
fn flat(e: &mut Emitter, shape: &[Dim], indices: &[Value]) -> Value {
    let mut at = e.int(0);
    for (dim, index) in shape.iter().zip(indices) {
        let size = e.size(dim);
        at = e.index_mul(at, size);
        at = e.index_add(at, *index);
    }
    at
}

/// Where the window's element `index` lies on an axis of the operand, and whether that is inside.
fn inside(
    e: &mut Emitter,
    [out, index]: [Value; 2],
    [stride, dilation, padding]: [u32; 3],
    size: &Dim,
) -> (Value, Value) {
    let from = e.index_mul(out, e.int(stride.into()));
    let step = e.index_mul(index, e.int(dilation.into()));
    let at = e.index_add(from, step);
    let at = e.index_add(at, e.int(-i64::from(padding)));
    let size = e.size(size);
    // A negative place is a large unsigned one.
    let inside = e.compare("icmp ult", at, size);
    (at, inside)
}

fn element(
    e: &mut Emitter,
    buffers: &[Buffer],
    convolution: &Convolution,
    results: &Results<'_>,
    indices: &[Value],
) {
    let shape = |buffer: BufferId| buffers[buffer.index()].shape.as_slice();
    let (input, out) = (shape(convolution.input), shape(convolution.out));
    let attributes = convolution.attributes;
    let is_int = is_bytes(convolution);
    let sum = e.variable(if is_int { Value::int(Type::I32, 0) } else { Value::f32(0.0) });
    let (image, channel) = (indices[0], indices[1]);
    // Channels of a group of the result, and the first channel of the operand that the group sees.
    let channels = e.size(&out[1]);
    let each = e.binary("udiv", channels, e.int(attributes.groups.into()));
    let group = e.binary("udiv", channel, each);
    let seen = e.size(&convolution.window[0]);
    let first = e.index_mul(group, seen);
    let length = e.product(&convolution.window);
    let packed = convolution.kind == ContractionKind::I8T2;
    let of_row = if packed { packed_bytes(e, length) } else { length };
    let weights = e.index_mul(channel, of_row);
    inner_loops(e, &convolution.window, &mut Vec::new(), &mut |e, window| {
        let axis = |e: &mut Emitter, axis: usize| {
            let numbers = [attributes.stride[axis], attributes.dilation[axis], attributes.padding[axis]];
            inside(e, [indices[2 + axis], window[1 + axis]], numbers, &input[2 + axis])
        };
        let (row, row_inside) = axis(e, 0);
        let (column, column_inside) = axis(e, 1);
        let both = e.binary("and", row_inside, column_inside);
        e.when(both, |e| {
            let from = e.index_add(first, window[0]);
            let left = flat(e, input, &[image, from, row, column]);
            let right = flat(e, &convolution.window, window);
            let before = e.get(sum);
            let after = step(e, convolution, left, [weights, right], before);
            e.set(sum, after);
        });
    });
    let result = e.get(sum);
    let at = flat(e, out, indices);
    results.put(e, at, result);
}

/// The sum after one more product, of element `left` of the input and element `k` of the row of weights that begins at `row`.
fn step(e: &mut Emitter, convolution: &Convolution, left: Value, [row, k]: [Value; 2], sum: Value) -> Value {
    let load = |e: &mut Emitter, buffer: BufferId, at: Value, ty: Type, bytes: usize| {
        let address = e.element(e.buffer(buffer), at, bytes);
        e.load(ty, address, bytes)
    };
    let (input, weight) = (convolution.input, convolution.weight);
    if convolution.kind == ContractionKind::I8T2 {
        let a = load(e, input, left, Type::I8, 1);
        let a = e.convert("sext", a, Type::I32);
        let code = code(e, e.buffer(weight), row, k);
        let trit = e.binary("sub", code, Value::int(Type::I32, 1));
        let product = e.binary("mul", a, trit);
        return e.binary("add", sum, product);
    }
    let right = e.index_add(row, k);
    match convolution.kind {
        ContractionKind::F32 => {
            let (a, b) = (load(e, input, left, Type::F32, 4), load(e, weight, right, Type::F32, 4));
            e.fma(a, b, sum)
        }
        ContractionKind::F32Trit => {
            let (a, trit) = (load(e, input, left, Type::F32, 4), load(e, weight, right, Type::I8, 1));
            let trit = e.convert("sext", trit, Type::I32);
            add_trit(e, sum, a, trit)
        }
        _ => {
            let (a, b) = (load(e, input, left, Type::I8, 1), load(e, weight, right, Type::I8, 1));
            let (a, b) = (e.convert("sext", a, Type::I32), e.convert("sext", b, Type::I32));
            let product = e.binary("mul", a, b);
            e.binary("add", sum, product)
        }
    }
}
