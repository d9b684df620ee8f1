//! Products of matrices in slices: the kernels of a table behind a check of lengths, for callers that have no code generator.

use crate::{GemmArgs, GemmKernel, KernelTable};

/// Which operands a kernel multiplies: left by right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Product {
    /// f32 by f32.
    F32,
    /// bf16 by bf16.
    Bf16,
    /// i8 by i8.
    I8,
    /// i8 by trits in `t2`.
    I8T2,
    /// f32 by trits in `t2`.
    F32T2,
}

/// `c[m, n] = a[m, k] b[n, k]ᵀ`, all row-major; `c` is of f32 or i32.
#[derive(Debug)]
pub struct ProductArgs<'a> {
    /// Left operand.
    pub a: &'a [u8],
    /// Right operand: n rows along k, in `t2` of `ceil(k / 4)` bytes.
    pub b: &'a [u8],
    /// Result.
    pub c: &'a mut [u8],
    /// Rows of `a`.
    pub m: usize,
    /// Rows of `b`.
    pub n: usize,
    /// Length of the sum.
    pub k: usize,
}

impl Product {
    /// All of them.
    pub const ALL: [Product; 5] = [Product::I8T2, Product::I8, Product::F32, Product::F32T2, Product::Bf16];

    /// `i8_t2` and the like.
    pub fn name(self) -> &'static str {
        match self {
            Product::F32 => "f32",
            Product::Bf16 => "bf16",
            Product::I8 => "i8",
            Product::I8T2 => "i8_t2",
            Product::F32T2 => "f32_t2",
        }
    }

    /// Bytes of a row of k elements of the left and of the right operand.
    pub fn row_bytes(self, k: usize) -> [usize; 2] {
        match self {
            Product::F32 => [4 * k, 4 * k],
            Product::Bf16 => [2 * k, 2 * k],
            Product::I8 => [k, k],
            Product::I8T2 => [k, k.div_ceil(4)],
            Product::F32T2 => [4 * k, k.div_ceil(4)],
        }
    }

    fn kernel(self, table: &KernelTable) -> GemmKernel {
        match self {
            Product::F32 => table.f32_gemm,
            Product::Bf16 => table.bf16_gemm,
            Product::I8 => table.i8_gemm,
            Product::I8T2 => table.i8_trit_gemm,
            Product::F32T2 => table.f32_t2_gemm,
        }
    }

    /// Multiplies; false, and nothing is written, where a slice is not as long as the sizes say.
    #[must_use]
    pub fn multiply(self, table: &'static KernelTable, args: ProductArgs<'_>) -> bool {
        let ProductArgs { a, b, c, m, n, k } = args;
        let [a_row, b_row] = self.row_bytes(k);
        if Some(a.len()) != m.checked_mul(a_row)
            || Some(b.len()) != n.checked_mul(b_row)
            || Some(c.len()) != m.checked_mul(n).and_then(|count| count.checked_mul(4))
        {
            return false;
        }
        let packed = matches!(self, Product::I8T2 | Product::F32T2);
        let args = GemmArgs {
            a: a.as_ptr(),
            a_row: k as i64,
            a_k: 1,
            b: b.as_ptr(),
            b_k: 1,
            b_n: if packed { b_row } else { k } as i64,
            c: c.as_mut_ptr(),
            c_row: n as i64,
            m: m as i64,
            n: n as i64,
            k: k as i64,
        };
        // SAFETY: the operands were just held to the sizes, `c` is borrowed alone, and a table is of a level of this machine.
        unsafe { self.kernel(table)(&args) };
        true
    }
}
