//! The windows of a convolution: which elements of the input each result sees, and which are padding.
//!
//! The windows of a few adjacent results are looked at together, a place of the kernel at a time: what is padding there is the same in every
//! channel. Mostly the elements of adjacent results are neighbours too, and are read as such. What is not inlined here needs no
//! instructions of a level; it keeps what is looked at rarely out of the registers of what is not.

/// Most windows that are looked at together.
pub(crate) const MOST: usize = 16;
/// Rows and columns of a kernel that are remembered; those of larger ones are looked at anew for each channel.
const REMEMBERED: usize = 16;

/// All bits of what is not padding.
pub(crate) type Mask = [u8; MOST];

/// The windows of one group of channels of one image.
#[derive(Clone, Copy)]
pub(crate) struct Windows {
    pub(crate) base: *const u8,
    pub(crate) input: [i64; 2],
    pub(crate) kernel: [i64; 2],
    pub(crate) out_width: i64,
    pub(crate) stride: [i64; 2],
    pub(crate) padding: [i64; 2],
    pub(crate) dilation: [i64; 2],
}

/// Where an element of a window is: its channel, and its row and column of the kernel.
#[derive(Clone, Copy)]
pub(crate) struct Element {
    channel: i64,
    at: [i64; 2],
}

/// An element of each window of a group.
pub(crate) struct Elements {
    /// Index in the input of the first window's, perhaps in the padding.
    pub(crate) start: isize,
    /// Whether [`MOST`] elements can be read from `start`; those that are padding hold others.
    pub(crate) is_run: bool,
    pub(crate) mask: Mask,
}

/// The windows of a few adjacent results.
pub(crate) struct Group {
    windows: Windows,
    used: usize,
    /// Rows, then columns, where each begins, perhaps in the padding.
    corners: [[i64; MOST]; 2],
    /// How far each begins from the first.
    distance: [isize; MOST],
    /// Whether each is the neighbour of the one before.
    is_run: bool,
    /// By row, then by column of the kernel: what lies in a row, or a column, of the input.
    inside: [[Mask; REMEMBERED]; 2],
}

impl Windows {
    /// Element `k` of a window, in the canonical order.
    #[inline(always)]
    pub(crate) fn element(&self, k: usize) -> Element {
        let [height, width] = self.kernel.map(|size| size.max(1));
        let (k, column) = (k as i64 / width, k as i64 % width);
        Element { channel: k / height, at: [k % height, column] }
    }

    /// The element after.
    #[inline(always)]
    pub(crate) fn next(&self, Element { channel, at: [row, column] }: Element) -> Element {
        if column + 1 < self.kernel[1] {
            Element { channel, at: [row, column + 1] }
        } else if row + 1 < self.kernel[0] {
            Element { channel, at: [row + 1, 0] }
        } else {
            Element { channel: channel + 1, at: [0, 0] }
        }
    }
}

impl Group {
    /// The windows of `used` results from `first` on, at most [`MOST`].
    #[inline(never)]
    pub(crate) fn new(windows: &Windows, first: usize, used: usize) -> Group {
        let mut group = Group {
            windows: *windows,
            used,
            corners: [[0; MOST]; 2],
            distance: [0; MOST],
            is_run: used == MOST,
            inside: [[[0; MOST]; REMEMBERED]; 2],
        };
        let (mut row, mut column) = (first as i64 / windows.out_width, first as i64 % windows.out_width);
        for i in 0..used {
            group.corners[0][i] = row * windows.stride[0] - windows.padding[0];
            group.corners[1][i] = column * windows.stride[1] - windows.padding[1];
            let [down, right] = [0, 1].map(|axis| group.corners[axis][i] - group.corners[axis][0]);
            group.distance[i] = (down * windows.input[1] + right) as isize;
            group.is_run &= group.distance[i] == i as isize;
            column += 1;
            if column == windows.out_width {
                (row, column) = (row + 1, 0);
            }
        }
        for axis in 0..2 {
            for at in 0..(windows.kernel[axis].max(0) as usize).min(REMEMBERED) {
                group.inside[axis][at] = group.find(axis, at as i64);
            }
        }
        group
    }

    /// Whether a window reaches into the padding.
    pub(crate) fn is_padded(&self) -> bool {
        let Windows { input, kernel, dilation, .. } = self.windows;
        let reaches = |axis: usize, corner: i64| {
            corner < 0 || corner + (kernel[axis] - 1) * dilation[axis] >= input[axis]
        };
        (0..2).any(|axis| self.corners[axis][..self.used].iter().any(|&corner| reaches(axis, corner)))
    }

    /// An element of each window.
    #[inline(always)]
    pub(crate) fn elements(&self, Element { channel, at }: Element) -> Elements {
        let Windows { input, dilation, .. } = self.windows;
        let [row, column] = [0, 1].map(|axis| self.corners[axis][0] + at[axis] * dilation[axis]);
        let in_channel = row * input[1] + column;
        let plane = input[0] * input[1];
        let fits = in_channel >= 0 && in_channel + MOST as i64 <= plane;
        let (rows, columns) = (self.inside(0, at[0]), self.inside(1, at[1]));
        let mut mask = [0; MOST];
        for (i, mask) in mask.iter_mut().enumerate() {
            *mask = rows[i] & columns[i];
        }
        Elements { start: (channel * plane + in_channel) as isize, is_run: self.is_run && fits, mask }
    }

    /// Reads elements that are no run, one by one, of `T`; padding is left as it is.
    ///
    /// # Safety
    /// The element is one of the windows'.
    #[inline(never)]
    pub(crate) unsafe fn gather<T: Copy>(&self, elements: &Elements, to: &mut [T; MOST]) {
        let base = self.windows.base.cast::<T>().wrapping_offset(elements.start);
        for ((to, mask), distance) in to.iter_mut().zip(elements.mask).zip(self.distance) {
            if mask != 0 {
                // SAFETY: what is not padding is in the input.
                *to = unsafe { base.wrapping_offset(distance).read_unaligned() };
            }
        }
    }

    #[inline(always)]
    fn inside(&self, axis: usize, at: i64) -> Mask {
        if (at as usize) < REMEMBERED { self.inside[axis][at as usize] } else { self.find(axis, at) }
    }

    #[inline(never)]
    fn find(&self, axis: usize, at: i64) -> Mask {
        let distance = at * self.windows.dilation[axis];
        let mut mask = [0; MOST];
        for (mask, corner) in mask.iter_mut().zip(self.corners[axis]).take(self.used) {
            let at = corner + distance;
            *mask = if at >= 0 && at < self.windows.input[axis] { u8::MAX } else { 0 };
        }
        mask
    }
}
