//! Contractions of i8 with i8 or with trits in `t2`.

#![expect(
    unsafe_op_in_unsafe_fn,
    reason = "kernels are pointer arithmetic throughout, under the promise of the C ABI"
)]

use crate::byte::{Output, SignedRows, UnsignedColumns, multiply};
use crate::byte_few::{self, Columns};
use crate::byte_panel::{self, MOST_BYTES, PanelColumns, PanelVector};
use crate::byte_sums::Scaled;
use crate::conv::WeightRows;
use crate::lanes::{Level, PanelLanes};
use crate::{GemmArgs, ScaledGemmArgs, byte_short, byte_vector};

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

impl WeightRows for Strided {
    #[inline(always)]
    fn of_rows(base: *const u8, length: usize, first: usize) -> Strided {
        Strided { base: base.cast::<i8>().wrapping_add(first * length), across: length as isize, along: 1 }
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
fn size(args: &GemmArgs) -> [usize; 2] {
    [args.m.max(0) as usize, args.n.max(0) as usize]
}

#[inline(always)]
fn long_columns(args: &GemmArgs) -> Columns {
    Columns { base: args.b, stride: args.b_n as isize, count: args.n.max(0) as usize }
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

/// Whether there are rows enough for panels.
#[inline(always)]
pub(crate) fn are_many<L: Level>(args: &GemmArgs) -> bool {
    args.k > 0 && args.m >= L::PANEL_FROM as i64
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

/// How products with trits in `t2` are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByTrits {
    /// In short columns, side by side.
    Short,
    /// One row.
    Row,
    /// A few rows.
    Few,
    /// A few rows of great length.
    FewLong,
    /// Rows enough for panels.
    Many,
}

impl ByTrits {
    /// What serves these sizes. Each is a function of its own: in one for all, the loops of one would lack the registers that another's take.
    #[inline(always)]
    pub(crate) fn of<L: Level>(args: &GemmArgs) -> ByTrits {
        let depth = depth(args);
        match args.m {
            _ if depth == 0 => ByTrits::FewLong,
            _ if byte_short::serves(args.b_n, depth) => ByTrits::Short,
            1 => ByTrits::Row,
            rows if rows >= L::PANEL_FROM as i64 => ByTrits::Many,
            _ if byte_few::serves(depth) => ByTrits::Few,
            _ => ByTrits::FewLong,
        }
    }
}

/// i8 by trits in `t2` in short columns.
///
/// # Safety
/// `args` says what it must be, and columns are [short](ByTrits::Short).
#[inline(always)]
pub(crate) unsafe fn short_by_trits<L: Level>(args: &GemmArgs) {
    byte_short::multiply::<L, _, _>(&left(args), args.b, &output(args), size(args), depth(args));
}

/// As [`short_by_trits`], scaled.
///
/// # Safety
/// As of [`short_by_trits`].
#[inline(always)]
pub(crate) unsafe fn short_by_trits_scaled<L: Level>(args: &ScaledGemmArgs) {
    let gemm = &args.gemm;
    byte_short::multiply::<L, _, _>(&left(gemm), gemm.b, &Scaled::of(args), size(gemm), depth(gemm));
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
/// `args` says what it must be, and rows are a [few](ByTrits::Few).
#[inline(always)]
pub(crate) unsafe fn few_by_trits<L: Level>(args: &GemmArgs) {
    let rows = args.m.max(0) as usize;
    byte_few::multiply::<L, _, _>(&left(args), &long_columns(args), &output(args), rows, depth(args));
}

/// As [`few_by_trits`], scaled.
///
/// # Safety
/// As of [`few_by_trits`].
#[inline(always)]
pub(crate) unsafe fn few_by_trits_scaled<L: Level>(args: &ScaledGemmArgs) {
    let (gemm, rows) = (&args.gemm, args.gemm.m.max(0) as usize);
    byte_few::multiply::<L, _, _>(&left(gemm), &long_columns(gemm), &Scaled::of(args), rows, depth(gemm));
}

/// A few rows of i8 by trits in `t2`, however long.
///
/// # Safety
/// `args` says what it must be.
#[inline(always)]
pub(crate) unsafe fn few_long_by_trits<L: Level>(args: &GemmArgs) {
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
