//! Convolutions of i8 with i32 sums: weights by windows, a panel of flat columns at a time, as in [`byte_panel`](crate::byte_panel).

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::ConvArgs;
use crate::byte::SignedRows;
use crate::byte_panel::{
    Block, MOST_BYTES, PACKED_ROWS, PanelColumns, PanelVector, ROW_BYTES, VECTORS, bias, copy_row, per_lane,
};
use crate::conv::Finished;
use crate::lanes::{Level, PanelLanes};
use crate::scratch::Scratch;
use crate::windows::{Pieces, Planes};

/// The planes that a convolution writes: `rows` of them, `stride` elements apart.
pub(crate) struct Output<'a> {
    pub(crate) base: *mut i32,
    pub(crate) stride: isize,
    pub(crate) rows: usize,
    /// Number of the first.
    pub(crate) plane: usize,
    pub(crate) args: &'a ConvArgs,
}

/// `out = weights * windows` over `depth` products, at least one.
///
/// # Safety
/// The operands and `out` are valid for these sizes, and `out` overlaps neither.
#[inline(always)]
pub(crate) unsafe fn multiply<L: Level, A: SignedRows>(
    a: &A,
    planes: &mut Planes,
    out: &Output<'_>,
    depth: usize,
    places: usize,
) {
    let scratch = Scratch::of_thread();
    let per_lane = per_lane::<L>(false);
    let block = ROW_BYTES / 4 * per_lane;
    let width = VECTORS * L::Panels::LANES;
    let mut surplus = [0i32; PACKED_ROWS];
    for row in (0..out.rows).step_by(PACKED_ROWS) {
        let rows = PACKED_ROWS.min(out.rows - row);
        for k in (0..depth).step_by(block) {
            let length = block.min(depth - k);
            let channels = (k / places) as i64..((k + length - 1) / places) as i64 + 1;
            for (i, surplus) in surplus.iter_mut().enumerate().take(rows) {
                let to = scratch.left.add(i * ROW_BYTES);
                let sum = copy_row::<L, A, Planes>(a, (row + i, k, length), to, scratch.mask);
                *surplus = bias::<L, Planes>().wrapping_mul(sum);
            }
            let mut finished = Finished::new(out.args, out.plane + row..out.plane + row + rows);
            let mut top = 0;
            while top < out.args.out_height {
                let band = planes.band(top, channels.end - channels.start, size_of::<i8>());
                planes.lay::<i8>(channels.clone(), &band);
                let columns = planes.columns(&band);
                for column in (0..columns).step_by(width) {
                    let used = width.min(columns - column);
                    for first in (0..used).step_by(L::Panels::LANES) {
                        planes.fill::<L>(&PanelVector {
                            k,
                            length,
                            column: column + first,
                            used: L::Panels::LANES.min(used - first),
                            to: scratch.right.add(4 * first),
                        });
                    }
                    let block = Block {
                        left: scratch.left,
                        surplus: &surplus,
                        right: scratch.right,
                        steps: length.next_multiple_of(16) / per_lane,
                        out: out.base.offset(row as isize * out.stride),
                        stride: out.stride,
                        used,
                        first: k == 0,
                        pieces: Some(&Pieces::new(planes, band.start, column, used, L::Panels::LANES)),
                    };
                    block.rows::<L, Planes>(rows);
                    if k + length == depth {
                        let end = column + used;
                        finished.up_to(band.start + planes.whole_rows(end), end == columns);
                    }
                }
                top = band.end;
            }
        }
    }
}

impl PanelColumns for Planes {
    const CODES: bool = false;

    #[inline(always)]
    unsafe fn fill<L: Level>(&self, columns: &PanelVector) {
        let mut elements = self.elements::<u8>(columns.k);
        let whole = columns.used == L::Panels::LANES || self.has_slack();
        let mut copies = [[0u8; MOST_BYTES / 4]; 4];
        for four in 0..columns.length.div_ceil(4) {
            let height = 4.min(columns.length - 4 * four);
            let mut rows = [copies[0].as_ptr(); 4];
            for (row, copy) in rows.iter_mut().zip(&mut copies).take(height) {
                let from = elements.next().wrapping_add(columns.column);
                if whole {
                    *row = from;
                } else {
                    from.copy_to_nonoverlapping(copy.as_mut_ptr(), columns.used);
                    *row = copy.as_ptr();
                }
            }
            columns.put_bytes::<L>(four, L::Panels::columns(rows));
        }
    }
}
