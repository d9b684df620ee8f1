//! The windows of a convolution as columns at a fixed distance: what a place of the kernel sees of adjacent results is adjacent too.
//!
//! Rows of results are laid end to end as *flat columns*, [`Planes::pitch`] from row to row, so that a place of the kernel is a distance
//! that every column shares. Columns behind a row's last result see something that nobody asks for; [`Pieces`] leaves them out. Where
//! there is padding or a stride, a band of the input is copied between zeros, a phase of the stride after the other.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use std::cell::Cell;
use std::ops::Range;

/// The widest vector of results of any level.
pub(crate) const MOST_LANES: usize = 16;
/// Bytes of a band, if a row of results does not need more.
const BAND_BYTES: i64 = 512 << 10;
/// Elements behind a band that may be read with it.
const SLACK: usize = 64;

thread_local! {
    static MEMORY: Cell<Vec<u64>> = const { Cell::new(Vec::new()) };
}

/// The windows of one group of channels of one image.
#[derive(Clone, Copy)]
pub(crate) struct Windows {
    pub(crate) base: *const u8,
    pub(crate) input: [i64; 2],
    pub(crate) kernel: [i64; 2],
    pub(crate) out: [i64; 2],
    pub(crate) stride: [i64; 2],
    pub(crate) padding: [i64; 2],
    pub(crate) dilation: [i64; 2],
}

/// Memory for a band and for distances, which the thread keeps.
pub(crate) struct Planes {
    windows: Windows,
    memory: Vec<u64>,
    /// Whether the input itself serves as the band.
    is_direct: bool,
    /// Phases of rows and of columns that the kernel sees.
    phases: [i64; 2],
    /// Rows and columns that the last place of a kernel is behind the first, in its phase.
    reach: [i64; 2],
    /// Flat columns from row to row of results.
    pub(crate) pitch: usize,
    /// Words that distances take.
    distances: usize,
    base: *const u8,
    /// Elements of the band.
    elements: usize,
    first_channel: i64,
    channel: isize,
}

impl Windows {
    /// Places of a kernel.
    #[inline(always)]
    pub(crate) fn places(&self) -> usize {
        (self.kernel[0].max(0) * self.kernel[1].max(0)) as usize
    }
}

impl Planes {
    #[inline(always)]
    pub(crate) fn new(windows: Windows) -> Planes {
        let Windows { input, kernel, out, stride, padding, dilation, .. } = windows;
        let is_direct = stride == [1, 1] && padding == [0, 0];
        let spans = [0, 1].map(|axis| (kernel[axis] - 1) * dilation[axis]);
        let phases = [0, 1].map(|axis: usize| stride[axis].min(spans[axis] + 1));
        let reach = [0, 1].map(|axis: usize| spans[axis] / stride[axis]);
        let pitch = if is_direct { input[1] } else { out[1] + reach[1] };
        Planes {
            windows,
            memory: MEMORY.take(),
            is_direct,
            phases,
            reach,
            pitch: pitch as usize,
            distances: windows.places(),
            base: windows.base,
            elements: 0,
            first_channel: 0,
            channel: (input[0] * input[1]) as isize,
        }
    }

    /// Rows of results of the band that begins at `top`, for so many channels of elements of some bytes.
    pub(crate) fn band(&self, top: i64, channels: i64, bytes: usize) -> Range<i64> {
        let rows = self.windows.out[0];
        if self.is_direct {
            return 0..rows;
        }
        let row = channels * self.phases[0] * self.phases[1] * self.pitch as i64 * bytes as i64;
        let fit = (BAND_BYTES / row.max(1) - self.reach[0]).max(1);
        top..rows.min(top + fit)
    }

    /// Flat columns of a band, those between its rows included.
    #[inline(always)]
    pub(crate) fn columns(&self, rows: &Range<i64>) -> usize {
        (rows.end - rows.start - 1) as usize * self.pitch + self.windows.out[1] as usize
    }

    /// How many rows of results end within so many flat columns.
    #[inline(always)]
    pub(crate) fn whole_rows(&self, columns: usize) -> i64 {
        ((columns + self.pitch - self.windows.out[1] as usize) / self.pitch) as i64
    }

    /// Brings what a band sees of some channels to where [`Planes::at`] finds it.
    #[inline(always)]
    pub(crate) unsafe fn lay<T: Copy>(&mut self, channels: Range<i64>, rows: &Range<i64>) {
        let in_phase = rows.end - rows.start + self.reach[0];
        let line = self.pitch as i64;
        let channel = self.phases[0] * self.phases[1] * in_phase * line;
        let elements = if self.is_direct { 0 } else { (channels.end - channels.start) * channel };
        let bytes = (elements as usize + SLACK) * size_of::<T>();
        let words = self.distances + bytes.div_ceil(8);
        if self.memory.len() < words {
            self.memory.resize(words, 0);
        }
        self.measure(in_phase);
        if self.is_direct {
            return;
        }
        (self.first_channel, self.channel) = (channels.start, channel as isize);
        self.elements = elements as usize;
        let base = self.memory.as_mut_ptr().add(self.distances).cast::<T>();
        self.base = base.cast_const().cast();
        let mut to = base;
        for channel in channels {
            for phase in 0..self.phases[0] {
                for row in 0..in_phase {
                    let y = (rows.start + row) * self.windows.stride[0] + phase - self.windows.padding[0];
                    self.lay_row(channel, y, to, in_phase * line);
                    to = to.add(line as usize);
                }
                to = to.add(((self.phases[1] - 1) * in_phase * line) as usize);
            }
        }
    }

    /// Writes the phases of a row of the input, which may be padding, `apart` from each other.
    #[inline(always)]
    unsafe fn lay_row<T: Copy>(&self, channel: i64, y: i64, to: *mut T, apart: i64) {
        let Windows { base, input: [height, width], stride: [_, stride], padding: [_, padding], .. } =
            self.windows;
        let line = self.pitch as i64;
        for phase in 0..self.phases[1] {
            let to = to.add((phase * apart) as usize);
            if y < 0 || y >= height {
                to.write_bytes(0, line as usize);
                continue;
            }
            // Columns of the phase before the input, and up to its end.
            let before = (padding - phase + stride - 1).div_euclid(stride).clamp(0, line);
            let inside = (width + padding - phase + stride - 1).div_euclid(stride).clamp(before, line);
            let column = before * stride + phase - padding;
            let from = base.cast::<T>().wrapping_offset(((channel * height + y) * width + column) as isize);
            to.write_bytes(0, before as usize);
            copy_phase(from, to.add(before as usize), (inside - before) as usize, stride as usize);
            to.add(inside as usize).write_bytes(0, (line - inside) as usize);
        }
    }

    /// How far each place of the kernel is from the first.
    #[inline(always)]
    fn measure(&mut self, in_phase: i64) {
        let Windows { input, kernel, stride, dilation, .. } = self.windows;
        let line = self.pitch as i64;
        let mut place = 0;
        for i in (0..kernel[0]).map(|i| i * dilation[0]) {
            for j in (0..kernel[1]).map(|j| j * dilation[1]) {
                let far = if self.is_direct {
                    i * input[1] + j
                } else {
                    let phase = i % stride[0] * self.phases[1] + j % stride[1];
                    (phase * in_phase + i / stride[0]) * line + j / stride[1]
                };
                self.memory[place] = far.cast_unsigned();
                place += 1;
            }
        }
    }

    /// Where the band's first column sees element `k` of a window, in the canonical order, and the elements after it.
    #[inline(always)]
    pub(crate) fn elements<T>(&self, k: usize) -> Elements<'_, T> {
        let (channel, place) = (k / self.distances, k % self.distances);
        let distance = (channel as i64 - self.first_channel) as isize * self.channel;
        let base = self.base.cast::<T>().wrapping_offset(distance);
        Elements { distances: &self.memory[..self.distances], base, channel: self.channel, place }
    }

    /// Those of a band of f32 between padding; without padding none are needed.
    #[inline(always)]
    pub(crate) unsafe fn extremes(&self) -> Extremes {
        let mut extremes = Extremes::new();
        if !self.is_direct {
            extremes.add(self.base.cast(), self.elements);
        }
        extremes
    }

    /// Whether a vector may be read where some of its columns are in use.
    #[inline(always)]
    pub(crate) fn has_slack(&self) -> bool {
        !self.is_direct
    }
}

impl Drop for Planes {
    fn drop(&mut self) {
        MEMORY.set(std::mem::take(&mut self.memory));
    }
}

/// Every `stride`-th element.
#[inline(always)]
pub(crate) unsafe fn copy_phase<T: Copy>(from: *const T, to: *mut T, count: usize, stride: usize) {
    match stride {
        1 => from.cast::<u8>().copy_to_nonoverlapping(to.cast(), count * size_of::<T>()),
        2 => {
            for i in 0..count {
                to.add(i).write(from.add(2 * i).read_unaligned());
            }
        }
        _ => {
            for i in 0..count {
                to.add(i).write(from.add(stride * i).read_unaligned());
            }
        }
    }
}

/// Elements of windows, one after the other.
pub(crate) struct Elements<'a, T> {
    distances: &'a [u64],
    base: *const T,
    channel: isize,
    place: usize,
}

impl<T> Elements<'_, T> {
    /// Where the band's first column sees the element.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> *const T {
        let at = self.base.wrapping_offset(self.distances[self.place].cast_signed() as isize);
        self.place += 1;
        if self.place == self.distances.len() {
            self.place = 0;
            self.base = self.base.wrapping_offset(self.channel);
        }
        at
    }
}

/// The smallest magnitude but 0 of some numbers, and the largest.
pub(crate) struct Extremes {
    /// The bits of the smallest but one unit in the last place; 0 wraps around to the largest.
    smallest: u32,
    /// Bits.
    largest: u32,
}

impl Extremes {
    /// Of no numbers.
    pub(crate) fn new() -> Extremes {
        Extremes { smallest: u32::MAX, largest: 0 }
    }

    /// Of `height` elements of each row.
    #[inline(always)]
    pub(crate) unsafe fn of_rows(
        (base, stride): (*const f32, isize),
        rows: usize,
        height: usize,
    ) -> Extremes {
        let mut extremes = Extremes::new();
        for row in 0..rows {
            extremes.add(base.offset(row as isize * stride), height);
        }
        extremes
    }

    #[inline(always)]
    unsafe fn add(&mut self, from: *const f32, count: usize) {
        let (mut smallest, mut largest) = (self.smallest, self.largest);
        for at in 0..count {
            let magnitude = from.add(at).cast::<u32>().read_unaligned() & i32::MAX.cast_unsigned();
            smallest = smallest.min(magnitude.wrapping_sub(1));
            largest = largest.max(magnitude);
        }
        (self.smallest, self.largest) = (smallest, largest);
    }

    /// Whether sums of products of these weights and `inputs` may add products of the weights and +0: all weights are finite, and products are
    /// multiples of the least magnitude that an f32 has, 2^-149, so that no sum rounds to -0. With exponents a and b they are multiples of
    /// 2^(a - 23 + b - 23), and a + b is above -98 where the product of the smallest is at least 2^-96.
    pub(crate) fn spare_masks(&self, inputs: &Extremes) -> bool {
        let smallest = |extremes: &Extremes| match extremes.smallest {
            u32::MAX => f64::INFINITY,
            bits => f64::from(f32::from_bits(bits + 1)),
        };
        let least = smallest(self) * smallest(inputs);
        self.largest < f32::INFINITY.to_bits() && least >= 2f64.powi(-96)
    }
}

/// Lanes of a vector that go to adjacent results.
#[derive(Clone, Copy)]
pub(crate) struct Piece {
    /// A bit for each lane.
    pub(crate) lanes: u32,
    /// Where lane 0 would go, in elements from the first result.
    pub(crate) at: isize,
}

/// The pieces of each of `VECTORS` vectors of flat columns.
pub(crate) struct Pieces<const VECTORS: usize> {
    pieces: [[Piece; MOST_LANES]; VECTORS],
    counts: [usize; VECTORS],
}

impl<const VECTORS: usize> Pieces<VECTORS> {
    /// Of `used` columns from `column` of a band whose first row of results is `top`.
    #[inline(always)]
    pub(crate) fn new(planes: &Planes, top: i64, column: usize, used: usize, lanes: usize) -> Self {
        let width = planes.windows.out[1] as usize;
        let mut found =
            Pieces { pieces: [[Piece { lanes: 0, at: 0 }; MOST_LANES]; VECTORS], counts: [0; VECTORS] };
        let (mut row, mut x) = (top as usize + column / planes.pitch, column % planes.pitch);
        for vector in 0..VECTORS {
            let end = used.saturating_sub(vector * lanes).min(lanes);
            let mut lane = 0;
            while lane < end {
                let run = (planes.pitch - x).min(end - lane);
                let wanted = width.saturating_sub(x).min(run);
                if wanted > 0 {
                    let at = (row * width + x) as isize - lane as isize;
                    let lanes = (u32::MAX >> (32 - wanted)) << lane;
                    found.pieces[vector][found.counts[vector]] = Piece { lanes, at };
                    found.counts[vector] += 1;
                }
                (lane, x) = (lane + run, x + run);
                if x == planes.pitch {
                    (row, x) = (row + 1, 0);
                }
            }
        }
        found
    }

    #[inline(always)]
    pub(crate) fn of(&self, vector: usize) -> &[Piece] {
        &self.pieces[vector][..self.counts[vector]]
    }
}

/// Which of a few adjacent flat columns see padding.
pub(crate) struct Edges<const WIDTH: usize> {
    windows: Windows,
    /// Where each window begins: rows, then columns of the input, perhaps in the padding.
    corners: [[i64; WIDTH]; 2],
    used: usize,
}

impl<const WIDTH: usize> Edges<WIDTH> {
    /// Of `used` columns from `column` of a band whose first row of results is `top`.
    #[inline(always)]
    pub(crate) fn new(planes: &Planes, top: i64, column: usize, used: usize) -> Self {
        let Windows { stride, padding, .. } = planes.windows;
        let mut corners = [[0; WIDTH]; 2];
        let (mut y, mut x) = (top + (column / planes.pitch) as i64, (column % planes.pitch) as i64);
        let [rows, columns] = &mut corners;
        for (row, column) in rows.iter_mut().zip(columns).take(used) {
            *row = y * stride[0] - padding[0];
            // Behind a row nobody asks for anything, so the last result stands for it.
            *column = x.min(planes.windows.out[1] - 1) * stride[1] - padding[1];
            x += 1;
            if x == planes.pitch as i64 {
                (y, x) = (y + 1, 0);
            }
        }
        Edges { windows: planes.windows, corners, used }
    }

    /// Whether a window reaches into the padding.
    #[inline(always)]
    pub(crate) fn is_padded(&self) -> bool {
        let Windows { input, kernel, dilation, .. } = self.windows;
        (0..2).any(|axis| {
            let corners = &self.corners[axis][..self.used];
            let end = input[axis] - (kernel[axis] - 1) * dilation[axis];
            corners.iter().fold(false, |reaches, &corner| reaches | (corner < 0) | (corner >= end))
        })
    }

    /// All bits of each column for which a place of the kernel is no padding.
    #[inline(always)]
    pub(crate) fn mask(&self, place: usize) -> [u32; WIDTH] {
        let Windows { input, kernel, dilation, .. } = self.windows;
        let (row, column) = (place as i64 / kernel[1] * dilation[0], place as i64 % kernel[1] * dilation[1]);
        std::array::from_fn(|at| {
            let inside = |axis: usize, far: i64| {
                let place = self.corners[axis][at] + far;
                (place >= 0) & (place < input[axis])
            };
            if inside(0, row) & inside(1, column) { u32::MAX } else { 0 }
        })
    }
}
