//! Convolutions of f32: weights by windows, a panel of flat columns at a time.
//!
//! As in [`float`](crate::float), sums of a tile stay in registers for a block of k and continue from the stored result in the next, so each
//! is one chain. Padding is in a panel as +0, which times a finite weight changes no sum but one of -0. A sum becomes -0 only where a product
//! underflows; where operands are so small that one might, or a weight is not finite, masks keep the padding out of the sums. One mask a place of
//! the kernel serves all channels.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::ConvArgs;
use crate::conv::Finished;
use crate::float::{Rows, left_block, term};
use crate::lanes::{FloatLanes, Level};
use crate::scratch::{REGION_BYTES, Scratch};
use crate::windows::{Edges, Extremes, MOST_LANES, Pieces, Planes};

/// Length of a block of k.
const BLOCK: usize = 256;
/// Rows whose packed elements fill a region.
const PACKED_ROWS: usize = REGION_BYTES / (4 * BLOCK);
/// Vectors of columns of a panel.
const VECTORS: usize = 2;
/// Most columns of a panel.
const WIDEST: usize = VECTORS * MOST_LANES;
/// Panels from which copying rows together pays.
const PANELS: usize = 4;

/// The planes that a convolution writes: `rows` of them, `stride` elements apart.
pub(crate) struct Output<'a> {
    pub(crate) base: *mut f32,
    pub(crate) stride: isize,
    pub(crate) rows: usize,
    /// Number of the first.
    pub(crate) plane: usize,
    pub(crate) args: &'a ConvArgs,
}

/// `out = weights * windows` over `depth` terms, at least one.
///
/// # Safety
/// The operands and `out` are valid for these sizes, and `out` overlaps neither.
#[inline(always)]
pub(crate) unsafe fn multiply<L: Level, const TERM: u8, A: Rows>(
    a: &A,
    planes: &mut Planes,
    out: &Output<'_>,
    depth: usize,
    places: usize,
) {
    let scratch = Scratch::of_thread();
    let width = VECTORS * L::Floats::LANES;
    for row in (0..out.rows).step_by(PACKED_ROWS) {
        let rows = PACKED_ROWS.min(out.rows - row);
        let mut is_careful = false;
        for k in (0..depth).step_by(BLOCK) {
            let height = BLOCK.min(depth - k);
            let channels = (k / places) as i64..((k + height - 1) / places) as i64 + 1;
            let left = match a.direct() {
                Some((base, stride)) if out.args.out_height as usize * planes.pitch <= PANELS * width => {
                    (base.offset(row as isize * stride).add(k), stride)
                }
                _ => left_block(a, &scratch, row, rows, k, height),
            };
            let weights = if TERM == term::MASKED_FMA {
                Extremes::of_rows(left, rows, height)
            } else {
                Extremes::new()
            };
            let mut finished = Finished::new(out.args, out.plane + row..out.plane + row + rows);
            let mut top = 0;
            while top < out.args.out_height {
                let band = planes.band(top, channels.end - channels.start, size_of::<f32>());
                planes.lay::<f32>(channels.clone(), &band);
                if TERM == term::MASKED_FMA && !is_careful {
                    is_careful = !weights.spare_masks(&planes.extremes());
                }
                let columns = planes.columns(&band);
                for column in (0..columns).step_by(width) {
                    let used = width.min(columns - column);
                    pack::<L>(planes, (k, height), (column, used), scratch.right.cast());
                    let masks = places.min(height);
                    let mut masked = false;
                    if TERM == term::MASKED_FMA && is_careful {
                        let edges = Edges::<WIDEST>::new(planes, band.start, column, used);
                        masked = edges.is_padded();
                        if masked {
                            write_masks::<L>(&edges, k, masks, places, scratch.mask.cast());
                        }
                    }
                    let block = Block {
                        left,
                        right: scratch.right.cast_const().cast(),
                        mask: scratch.mask.cast_const().cast(),
                        masks,
                        height,
                        out: out.base.offset(row as isize * out.stride),
                        stride: out.stride,
                        first: k == 0,
                        pieces: &Pieces::new(planes, band.start, column, used, L::Floats::LANES),
                    };
                    if TERM == term::MASKED_FMA && !masked {
                        block.rows::<L, { term::FMA }>(rows);
                    } else {
                        block.rows::<L, TERM>(rows);
                    }
                    if k + height == depth {
                        let end = column + used;
                        finished.up_to(band.start + planes.whole_rows(end), end == columns);
                    }
                }
                top = band.end;
            }
        }
    }
}

/// Copies what `used` columns see at each k, a panel's row after the other.
#[inline(always)]
unsafe fn pack<L: Level>(
    planes: &Planes,
    (k, height): (usize, usize),
    (column, used): (usize, usize),
    to: *mut f32,
) {
    let lanes = L::Floats::LANES;
    let mut elements = planes.elements::<f32>(k);
    let whole = used == VECTORS * lanes || planes.has_slack();
    for row in 0..height {
        let (from, to) = (elements.next().wrapping_add(column), to.add(row * VECTORS * lanes));
        if whole {
            for vector in 0..VECTORS {
                L::Floats::load(from.add(vector * lanes)).store(to.add(vector * lanes));
            }
        } else {
            from.cast::<u8>().copy_to_nonoverlapping(to.cast(), 4 * used);
        }
    }
}

/// Masks of `count` places of the kernel, from that of element `k` on.
#[inline(always)]
unsafe fn write_masks<L: Level>(edges: &Edges<WIDEST>, k: usize, count: usize, places: usize, to: *mut u32) {
    let width = VECTORS * L::Floats::LANES;
    for at in 0..count {
        let mask = edges.mask((k + at) % places);
        mask.as_ptr().copy_to_nonoverlapping(to.add(at * width), width);
    }
}

/// Rows of results over one panel and one block of k.
struct Block<'a> {
    left: (*const f32, isize),
    right: *const f32,
    mask: *const f32,
    /// Masks, which take turns.
    masks: usize,
    height: usize,
    out: *mut f32,
    stride: isize,
    first: bool,
    pieces: &'a Pieces<VECTORS>,
}

impl Block<'_> {
    /// All rows, in tiles of the largest size that fits.
    #[inline(always)]
    unsafe fn rows<L: Level, const TERM: u8>(&self, rows: usize) {
        let mut row = 0;
        while row < rows {
            let left = rows - row;
            row += if L::FLOAT_ROWS >= 8 && left >= 8 {
                self.tile::<L, TERM, 8>(row);
                8
            } else if L::FLOAT_ROWS >= 4 && left >= 4 {
                self.tile::<L, TERM, 4>(row);
                4
            } else if left >= 2 {
                self.tile::<L, TERM, 2>(row);
                2
            } else {
                self.tile::<L, TERM, 1>(row);
                1
            };
        }
    }

    #[inline(always)]
    unsafe fn tile<L: Level, const TERM: u8, const ROWS: usize>(&self, row: usize) {
        let lanes = L::Floats::LANES;
        let left = self.left.0.offset(row as isize * self.left.1);
        let out = self.out.offset(row as isize * self.stride);
        let mut sums = [[L::Floats::splat(0.0); VECTORS]; ROWS];
        if !self.first {
            for (row, sums) in sums.iter_mut().enumerate() {
                for (vector, sum) in sums.iter_mut().enumerate() {
                    for piece in self.pieces.of(vector) {
                        let from = out.wrapping_offset(row as isize * self.stride + piece.at);
                        *sum = sum.load_lanes(from, piece.lanes);
                    }
                }
            }
        }
        let mut place = 0;
        for k in 0..self.height {
            let right = self.right.add(k * VECTORS * lanes);
            let mut columns = [L::Floats::splat(0.0); VECTORS];
            let mut mask = columns;
            for vector in 0..VECTORS {
                columns[vector] = L::Floats::load(right.add(vector * lanes));
                if TERM == term::MASKED_FMA {
                    mask[vector] = L::Floats::load(self.mask.add((place * VECTORS + vector) * lanes));
                }
            }
            if TERM == term::MASKED_FMA {
                place = if place + 1 == self.masks { 0 } else { place + 1 };
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let value = left.offset(row as isize * self.left.1).add(k).read_unaligned();
                let value = L::Floats::splat(value);
                for vector in 0..VECTORS {
                    let (sum, column) = (sums[vector], columns[vector]);
                    sums[vector] = match TERM {
                        term::FMA => value.fma(column, sum),
                        term::MASKED_FMA => value.fma(column, sum).where_mask(mask[vector], sum),
                        _ => column.add_trit(value, sum),
                    };
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            for (vector, sum) in sums.iter().enumerate() {
                for piece in self.pieces.of(vector) {
                    let to = out.wrapping_offset(row as isize * self.stride + piece.at);
                    sum.store_lanes(to, piece.lanes);
                }
            }
        }
    }
}
