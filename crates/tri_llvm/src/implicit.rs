//! Convolutions as products of the weights by the pixels of the result, without a copy of the input: of floats by [`Tile`]s, of bytes on
//! tensor cores. Their sums run over (input channel, kernel row, kernel column), which is the order of rule 2.

use tri_ir::DType;
use tri_kernel_ir::ContractionKind;

use crate::bytes;
use crate::bytes::{ByteLine, BytePanel, ByteTile, EACH, PackedLine, Packing};
use crate::contraction::packed_bytes;
use crate::emitter::Emitter;
use crate::nest::unit;
use crate::pixels::{self, Pixel, Window};
use crate::product::{Lines, Operand, Stored, blocks};
use crate::results::Results;
use crate::tensor::at_most_last;
use crate::tile::{Along, LINES, Tile, places};
use crate::value::{Type, Value};

/// Whether it runs on tensor cores.
pub(crate) fn is_bytes(window: &Window<'_>) -> bool {
    pixels::is_bytes(window.convolution)
}

/// Emits the kernel.
pub(crate) fn emit(e: &mut Emitter, window: &Window<'_>, results: &Results<'_>, threads: u32) {
    let (channels, pixels) = (window.channels(e), window.pixels(e));
    let groups = e.int(window.convolution.attributes.groups.into());
    let sizes = [groups, blocks(e, channels), blocks(e, pixels)];
    unit(e, threads.into(), threads, &sizes, &mut |e, thread, indices| {
        let [group, channel, pixel] = [indices[0], indices[1], indices[2]];
        let first = [channel, pixel].map(|block| e.index_mul(block, e.int(LINES)));
        let sums = if is_bytes(window) {
            of_bytes(e, window, thread, group, first)
        } else {
            of_floats(e, window, thread, group, first)
        };
        for [row, column, value] in sums {
            let (row, column) = (e.index_add(first[0], row), e.index_add(first[1], column));
            let at = window.place(e, group, row, column);
            let (above, before) =
                (e.compare("icmp slt", row, channels), e.compare("icmp slt", column, pixels));
            let inside = e.binary("and", above, before);
            e.when(inside, |e| results.put(e, at, value));
        }
    });
}

fn of_floats(
    e: &mut Emitter,
    window: &Window<'_>,
    thread: Value,
    group: Value,
    first: [Value; 2],
) -> Vec<[Value; 3]> {
    let (channels, length) = (window.channels(e), window.length(e));
    let ternary = window.convolution.kind == ContractionKind::F32Trit;
    let stored = if ternary { Stored::Trits } else { Stored::Float(DType::F32) };
    let of_group = e.index_mul(channels, length);
    let origin = e.index_mul(group, of_group);
    let buffer = window.convolution.weight;
    let weights = Operand { buffer, stored, origin, strides: [length, e.int(1)] };
    let rows = Lines::new(e, weights, [first[0], channels, length], thread);
    let [line, _] = places(e, thread, Along::K);
    let pixel = e.index_add(first[1], line);
    let columns = Pixel::new(e, window, group, pixel);
    Tile { thread, k: length, panels: [&rows, &columns] }.emit(e)
}

fn of_bytes(
    e: &mut Emitter,
    window: &Window<'_>,
    thread: Value,
    group: Value,
    first: [Value; 2],
) -> Vec<[Value; 3]> {
    let (channels, length) = (window.channels(e), window.length(e));
    let [line, _] = bytes::places(e, thread);
    let channel = e.index_add(first[0], line);
    let channel = at_most_last(e, channel, channels);
    let before = e.index_mul(group, channels);
    let channel = e.index_add(before, channel);
    let memory = e.buffer(window.convolution.weight);
    let pixel = e.index_add(first[1], line);
    let columns = Pixel::new(e, window, group, pixel);
    if window.convolution.kind == ContractionKind::I8T2 {
        let bytes = packed_bytes(e, length);
        let start = e.index_mul(channel, bytes);
        let rows = PackedLine { memory, start, bytes };
        return ByteTile { thread, k: length, panels: [&rows, &columns] }.emit(e);
    }
    let start = e.index_mul(channel, length);
    let rows = ByteLine { memory, start, stride: e.int(1), k: length };
    ByteTile { thread, k: length, panels: [&rows, &columns] }.emit(e)
}

impl BytePanel for Pixel<'_> {
    fn fetch(&self, e: &mut Emitter, k: Value) -> Vec<Value> {
        let packing = Packing::new(e);
        let input = e.buffer(self.input());
        // Padding adds nothing to an exact sum.
        self.each(e, k, EACH, &mut |e, at, place, inside| {
            e.when(inside, |e| {
                let address = e.element(input, place, 1);
                let byte = e.load(Type::I8, address, 1);
                packing.put(e, at, byte);
            });
        });
        packing.words(e)
    }
}
