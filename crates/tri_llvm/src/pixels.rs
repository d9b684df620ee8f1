//! The other operand of a convolution that is computed as a product: a line for each pixel of the result, over input channels, kernel
//! rows and kernel columns. It lies nowhere: its elements are found in the input as they are needed.

use tri_ir::math::Arith;
use tri_ir::{DType, Dim};
use tri_kernel_ir::{Buffer, BufferId, ContractionKind, Convolution};

use crate::bytes;
use crate::emitter::Emitter;
use crate::tensor::at_most_last;
use crate::tile::{Along, EACH, LEFT_OUT, Panel, Skips};
use crate::value::{Type, Value};

/// What a NaN of the input becomes, so that none is [`LEFT_OUT`].
const NAN: i64 = 0x7fc0_0000;

/// Whether sums are of bytes.
pub(crate) fn is_bytes(convolution: &Convolution) -> bool {
    matches!(convolution.kind, ContractionKind::I8 | ContractionKind::I8T2)
}

/// A convolution whose sizes are at hand.
pub(crate) struct Window<'c> {
    pub(crate) convolution: &'c Convolution,
    input: &'c [Dim],
    out: &'c [Dim],
}

impl<'c> Window<'c> {
    /// The convolution as a product; none if it is depthwise, or its sums are short.
    pub(crate) fn of(buffers: &'c [Buffer], convolution: &'c Convolution) -> Option<Window<'c>> {
        let shape = |buffer: BufferId| buffers[buffer.index()].shape.as_slice();
        let [channels, kernel @ ..] = &convolution.window;
        // Sums shorter than what is loaded at once are as quick by a thread each.
        let least = if is_bytes(convolution) { bytes::EACH } else { EACH };
        let length =
            convolution.window.iter().map(Dim::as_constant).try_fold(1, |all, size| Some(all * size?));
        let is_long = length.is_none_or(|length: i64| length >= least as i64);
        let has_window = kernel.iter().all(|size| size.as_constant().is_none_or(|size| size > 0));
        let is_depthwise = convolution.attributes.groups > 1 && channels.as_constant() == Some(1);
        let (input, out) = (shape(convolution.input), shape(convolution.out));
        (is_long && has_window && !is_depthwise).then_some(Window { convolution, input, out })
    }

    /// Channels of the result in a group.
    pub(crate) fn channels(&self, e: &mut Emitter) -> Value {
        let all = e.size(&self.out[1]);
        e.binary("udiv", all, e.int(self.convolution.attributes.groups.into()))
    }

    /// Length of a sum.
    pub(crate) fn length(&self, e: &mut Emitter) -> Value {
        e.product(&self.convolution.window)
    }

    /// Pixels of an image of the result.
    pub(crate) fn area(&self, e: &mut Emitter) -> Value {
        e.product(&self.out[2..])
    }

    /// Pixels of all images of the result.
    pub(crate) fn pixels(&self, e: &mut Emitter) -> Value {
        let area = self.area(e);
        let images = e.size(&self.out[0]);
        e.index_mul(images, area)
    }

    /// Groups, channels of each, and pixels of the result: `lines` of these are a block.
    pub(crate) fn units(&self, lines: i64) -> Result<Vec<Dim>, tri_dims::DimError> {
        let groups = i64::from(self.convolution.attributes.groups);
        let channels = self.out[1].ceil_div(&groups.into())?.ceil_div(&lines.into())?;
        let pixels = Dim::product([&self.out[0], &self.out[2], &self.out[3]])?;
        Ok(vec![groups.into(), channels, pixels.ceil_div(&lines.into())?])
    }

    /// Where the sum of a channel of a group at a pixel is stored.
    pub(crate) fn place(&self, e: &mut Emitter, group: Value, channel: Value, pixel: Value) -> Value {
        let (area, channels) = (self.area(e), self.channels(e));
        let (image, in_image) = (e.binary("udiv", pixel, area), e.binary("urem", pixel, area));
        let first = e.index_mul(group, channels);
        let channel = e.index_add(first, channel);
        let all = e.size(&self.out[1]);
        let at = e.index_mul(image, all);
        let at = e.index_add(at, channel);
        let at = e.index_mul(at, area);
        e.index_add(at, in_image)
    }
}

/// One pixel's line.
pub(crate) struct Pixel<'c> {
    window: &'c Window<'c>,
    length: Value,
    /// The first element that the group sees in the pixel's image.
    start: Value,
    /// Where the window lies on each axis; negative within padding.
    corner: [Value; 2],
}

impl<'c> Pixel<'c> {
    /// Of a pixel of the result, by its number; one beyond the last is as the last.
    pub(crate) fn new(e: &mut Emitter, window: &'c Window<'c>, group: Value, pixel: Value) -> Pixel<'c> {
        let (length, area, all) = (window.length(e), window.area(e), window.pixels(e));
        let pixel = at_most_last(e, pixel, all);
        let (image, at) = (e.binary("udiv", pixel, area), e.binary("urem", pixel, area));
        let width = e.size(&window.out[3]);
        let place = [e.binary("udiv", at, width), e.binary("urem", at, width)];
        let attributes = window.convolution.attributes;
        let corner = [0, 1].map(|axis| {
            let at = e.index_mul(place[axis], e.int(attributes.stride[axis].into()));
            e.index_add(at, e.int(-i64::from(attributes.padding[axis])))
        });
        let channels = e.size(&window.input[1]);
        let seen = e.size(&window.convolution.window[0]);
        let (before, first) = (e.index_mul(image, channels), e.index_mul(group, seen));
        let channel = e.index_add(before, first);
        let plane = e.product(&window.input[2..]);
        let start = e.index_mul(channel, plane);
        Pixel { window, length, start, corner }
    }

    /// Where the elements lie.
    pub(crate) fn input(&self) -> BufferId {
        self.window.convolution.input
    }

    /// Runs `body` for each of `count` elements from `k` on, with where it lies in the input and whether it does.
    pub(crate) fn each(
        &self,
        e: &mut Emitter,
        k: Value,
        count: usize,
        body: &mut dyn FnMut(&mut Emitter, usize, Value, Value),
    ) {
        let window = self.window;
        let [_, rows, columns] = &window.convolution.window;
        let sizes = [e.size(rows), e.size(columns)];
        let taps = e.index_mul(sizes[0], sizes[1]);
        let (mut channel, tap) = (e.binary("udiv", k, taps), e.binary("urem", k, taps));
        let (mut row, mut column) = (e.binary("udiv", tap, sizes[1]), e.binary("urem", tap, sizes[1]));
        for at in 0..count {
            let (place, inside) = self.element(e, [channel, row, column]);
            let own = e.index_add(k, e.int(at as i64));
            let there = e.compare("icmp slt", own, self.length);
            let inside = e.binary("and", inside, there);
            body(e, at, place, inside);
            column = e.index_add(column, e.int(1));
            row = carried(e, row, &mut column, sizes[1]);
            channel = carried(e, channel, &mut row, sizes[0]);
        }
    }

    /// Where an element of the window lies, and whether it is not padding.
    fn element(&self, e: &mut Emitter, [channel, row, column]: [Value; 3]) -> (Value, Value) {
        let dilation = self.window.convolution.attributes.dilation;
        let mut place = channel;
        let mut inside = Value::int(Type::I1, 1);
        for (axis, index) in [row, column].into_iter().enumerate() {
            let size = e.size(&self.window.input[2 + axis]);
            let distance = e.index_mul(index, e.int(dilation[axis].into()));
            let at = e.index_add(self.corner[axis], distance);
            // A negative place is a large unsigned one.
            let within = e.compare("icmp ult", at, size);
            inside = e.binary("and", inside, within);
            let line = e.index_mul(place, size);
            place = e.index_add(line, at);
        }
        (e.index_add(self.start, place), inside)
    }
}

/// Moves a digit that has reached its size to the next one, which is given back.
fn carried(e: &mut Emitter, next: Value, digit: &mut Value, size: Value) -> Value {
    let full = e.compare("icmp eq", *digit, size);
    *digit = e.choose(full, e.int(0), *digit);
    let more = e.index_add(next, e.int(1));
    e.choose(full, more, next)
}

impl Panel for Pixel<'_> {
    fn along(&self) -> Along {
        Along::K
    }

    fn skips(&self) -> Skips {
        let is_padded = self.window.convolution.attributes.padding != [0, 0];
        if is_padded { Skips::Marks } else { Skips::Nothing }
    }

    fn fetch(&self, e: &mut Emitter, k: Value) -> [Value; EACH] {
        debug_assert!(!is_bytes(self.window.convolution), "bytes are no floats");
        let left_out = e.bits_to_f32(Value::int(Type::I32, LEFT_OUT));
        let into = [0; EACH].map(|_| e.variable(left_out));
        let input = e.buffer(self.window.convolution.input);
        self.each(e, k, EACH, &mut |e, at, place, inside| {
            e.when(inside, |e| {
                let address = e.element(input, place, DType::F32.bytes());
                let bits = e.load(Type::I32, address, DType::F32.bytes());
                let marked = e.compare("icmp eq", bits, Value::int(Type::I32, LEFT_OUT));
                let bits = e.choose(marked, Value::int(Type::I32, NAN), bits);
                let value = e.bits_to_f32(bits);
                e.set(into[at], value);
            });
        });
        into.map(|variable| e.get(variable))
    }
}
