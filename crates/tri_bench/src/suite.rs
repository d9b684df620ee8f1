//! The cases that are measured unless others are asked for, and rows as text.

use std::fmt;

use tri_kernels::{CpuLevel, Product};

use crate::{Bound, Case, Machine, Memory, Row};

/// Rows and columns of weights: layers of language models, a small layer, and one that nothing divides.
pub const SHAPES: [[usize; 2]; 7] =
    [[4096, 4096], [14336, 4096], [4096, 14336], [6912, 2560], [2560, 6912], [512, 2048], [4095, 4093]];

/// What to measure.
#[derive(Clone, Debug)]
pub struct Suite {
    /// Instructions.
    pub level: CpuLevel,
    /// Operands.
    pub products: Vec<Product>,
    /// Rows and columns of weights.
    pub shapes: Vec<[usize; 2]>,
    /// Vectors in a call.
    pub batches: Vec<usize>,
}

impl Suite {
    /// Every case. One vector is measured with weights in memory and with weights in a cache, more with weights in a cache.
    pub fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for &product in &self.products {
            for &[rows, columns] in &self.shapes {
                for &batch in &self.batches {
                    let case =
                        Case { product, level: self.level, rows, columns, batch, memory: Memory::Cached };
                    if batch == 1 {
                        cases.push(Case { memory: Memory::Cold, ..case });
                    }
                    cases.push(case);
                }
            }
        }
        cases
    }
}

impl Machine {
    /// The headings of what `Display` writes.
    pub const HEADINGS: &str = "threads  read GB/s  f32 GFLOP/s  i8 GFLOP/s";
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { threads, read, multiply_add, dot_product } = *self;
        let [read, fma, dot] = [read, multiply_add, dot_product].map(|rate| rate / 1e9);
        write!(f, "{threads:>7}  {read:>9.1}  {fma:>11.1}  {dot:>10.1}")
    }
}

impl Row {
    /// The headings of what `Display` writes.
    pub const HEADINGS: &str =
        "kernel  weights        n  from   threads    median us  GFLOP/s     best     GB/s  of limit";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case { product, rows, columns, batch, memory, .. } = self.case;
        let weights = format!("{rows}x{columns}");
        let memory = if memory == Memory::Cold { "memory" } else { "cache" };
        let [median, best] = self.operations.map(|rate| rate / 1e9);
        let (micros, bytes) = (self.seconds[0] * 1e6, self.bytes / 1e9);
        let bound = if self.bound == Bound::Read { "read" } else { "operations" };
        write!(f, "{:<6}  {weights:<11}  {batch:>3}  {memory:<6}  {:>6}  ", product.name(), self.threads)?;
        write!(f, "{micros:>11.1}  {median:>7.1}  {best:>7.1}  {bytes:>7.2}  ")?;
        write!(f, "{:>5.1} % of {:.1} G {bound}/s", 100.0 * self.share, self.limit / 1e9)
    }
}
