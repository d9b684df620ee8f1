//! Contractions of i8 with i8 or with trits in `t2`.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::byte::{Output, SignedRows, UnsignedColumns, multiply};
use crate::byte_panel::{self, MOST_BYTES, PanelColumns, PanelVector};
use crate::lanes::{Level, PanelLanes};
use crate::{GemmArgs, GemmKernel, byte_short, byte_vector};

/// Bytes at strides; `along` is the distance of k, `across` of rows or columns.
pub(crate) struct Strided {
    pub(crate) base: *const i8,
    pub(crate) across: isize,
    pub(crate) along: isize,
}

impl Strided {
    #[inline(always)]
    unsafe fn at(&self, across: usize, k: usize) -> *const i8 {
        self.base.offset(across as isize * self.across + k as isize * self.along)
    }
}

impl SignedRows for Strided {
    #[inline(always)]
    unsafe fn copy(&self, row: usize, k: usize, length: usize, to: *mut i8) {
        let from = self.at(row, k);
        if self.along == 1 {
            from.copy_to_nonoverlapping(to, length);
        } else {
            for i in 0..length {
                to.add(i).write(from.offset(i as isize * self.along).read());
            }
        }
    }
}

impl UnsignedColumns for Strided {
    const BIAS: i32 = 128;
    const PER_BYTE: usize = 1;

    #[inline(always)]
    unsafe fn bytes(&self, column: usize, k: usize, length: usize, to: *mut u8) -> *const u8 {
        let from = self.at(column, k);
        if self.along == 1 {
            for i in 0..length {
                to.add(i).write(from.add(i).read() as u8 ^ 0x80);
            }
        } else {
            for i in 0..length {
                to.add(i).write(from.offset(i as isize * self.along).read() as u8 ^ 0x80);
            }
        }
        to
    }

    #[inline(always)]
    fn distance(&self, _: usize) -> isize {
        0
    }
}

impl PanelColumns for Strided {
    const CODES: bool = false;

    #[inline(always)]
    unsafe fn fill<L: Level>(&self, columns: &PanelVector) {
        let from = self.at(columns.column, columns.k);
        if self.along == 1 {
            return byte_panel::turn::<L, false>(columns, columns.length, from.cast(), self.across);
        }
        for four in 0..columns.length.div_ceil(4) {
            let height = 4.min(columns.length - 4 * four);
            let row = |i: usize| from.offset((4 * four + i.min(height - 1)) as isize * self.along);
            let rows = [row(0), row(1), row(2), row(3)];
            if self.across == 1 && columns.used == L::Panels::LANES {
                columns.put_bytes::<L>(four, L::Panels::columns(rows.map(<*const i8>::cast)));
                continue;
            }
            let mut copies = [[0u8; MOST_BYTES / 4]; 4];
            for (copy, row) in copies.iter_mut().zip(rows) {
                for (column, byte) in copy.iter_mut().enumerate().take(columns.used) {
                    *byte = row.offset(column as isize * self.across).read() as u8;
                }
            }
            let copies = [&copies[0], &copies[1], &copies[2], &copies[3]];
            columns.put_bytes::<L>(four, L::Panels::columns(copies.map(|copy| copy.as_ptr())));
        }
    }
}

/// Trits in `t2`: column j in the bytes from `j * stride`.
struct PackedTrits {
    base: *const u8,
    stride: isize,
}

impl UnsignedColumns for PackedTrits {
    const BIAS: i32 = 1;
    const PER_BYTE: usize = 4;

    #[inline(always)]
    unsafe fn bytes(&self, column: usize, k: usize, _: usize, _: *mut u8) -> *const u8 {
        self.base.offset(column as isize * self.stride).add(k / 4)
    }

    #[inline(always)]
    fn distance(&self, columns: usize) -> isize {
        columns as isize * self.stride
    }
}

impl PanelColumns for PackedTrits {
    const CODES: bool = true;

    #[inline(always)]
    unsafe fn fill<L: Level>(&self, columns: &PanelVector) {
        let from = self.base.offset(columns.column as isize * self.stride).add(columns.k / 4);
        byte_panel::turn::<L, true>(columns, columns.length.div_ceil(4), from, self.stride);
    }
}

#[inline(always)]
fn output(args: &GemmArgs) -> Output {
    Output {
        base: args.c.cast(),
        row_stride: args.c_row as isize,
        column_stride: 1,
        rows: args.m.max(0) as usize,
        columns: args.n.max(0) as usize,
    }
}

#[inline(always)]
fn left(args: &GemmArgs) -> Strided {
    Strided { base: args.a.cast(), across: args.a_row as isize, along: args.a_k as isize }
}

#[inline(always)]
fn depth(args: &GemmArgs) -> usize {
    args.k.max(0) as usize
}

#[inline(always)]
fn strided_columns(args: &GemmArgs) -> Strided {
    Strided { base: args.b.cast(), across: args.b_n as isize, along: args.b_k as isize }
}

#[inline(always)]
fn packed_columns(args: &GemmArgs) -> PackedTrits {
    PackedTrits { base: args.b, stride: args.b_n as isize }
}

/// Which of the kernels for one row, for a few, and for those from which panels are worth making. Each is a function of its own: in one
/// for all, the loops of one would lack the registers that another's take.
#[inline(always)]
pub(crate) fn by_rows<L: Level>(args: &GemmArgs, [one, few, many]: [GemmKernel; 3]) -> GemmKernel {
    match args.m {
        _ if args.k <= 0 => few,
        1 => one,
        rows if rows < L::PANEL_FROM as i64 => few,
        _ => many,
    }
}

/// A few rows of i8 by i8.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn few<L: Level>(args: &GemmArgs) {
    multiply::<L, _, _>(&left(args), &strided_columns(args), &output(args), depth(args));
}

/// Many rows of i8 by i8.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn many<L: Level>(args: &GemmArgs) {
    byte_panel::multiply::<L, _, _>(&left(args), &strided_columns(args), &output(args), depth(args));
}

/// Whether the columns of trits in `t2` are short ones, side by side.
#[inline(always)]
pub(crate) fn are_short<L: Level>(args: &GemmArgs) -> bool {
    byte_short::serves::<L>(args.b_n, depth(args))
}

/// i8 by trits in `t2` in short columns.
///
/// # Safety
/// `args` says what it must be, and columns [are short](are_short).
#[inline(always)]
pub(crate) unsafe fn short_by_trits<L: Level>(args: &GemmArgs) {
    byte_short::multiply::<L, _>(&left(args), args.b, &output(args), depth(args));
}

/// One row of i8 by trits in `t2`.
///
/// # Safety
/// `args` says what it must be, and k is not 0.
#[inline(always)]
pub(crate) unsafe fn row_by_trits<L: Level>(args: &GemmArgs) {
    let columns = (args.b, args.b_n as isize);
    byte_vector::multiply::<L, _>(&left(args), columns, &output(args), depth(args));
}

/// A few rows of i8 by trits in `t2`.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn few_by_trits<L: Level>(args: &GemmArgs) {
    multiply::<L, _, _>(&left(args), &packed_columns(args), &output(args), depth(args));
}

/// Many rows of i8 by trits in `t2`.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn many_by_trits<L: Level>(args: &GemmArgs) {
    byte_panel::multiply::<L, _, _>(&left(args), &packed_columns(args), &output(args), depth(args));
}
