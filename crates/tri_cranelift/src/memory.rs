//! Elements in memory: addresses, loads and stores at both widths.

use cranelift_codegen::ir::{InstBuilder, Type, Value, condcodes::IntCC, types};
use tri_ir::{DType, Dim};
use tri_kernel_ir::{Access, Index};

use crate::emitter::Emitter;
use crate::lanes::{Lanes, Width};

/// The machine type of one element.
pub(crate) fn element_type(dtype: DType) -> Type {
    match dtype {
        DType::Bool | DType::Trit | DType::I8 | DType::U8 => types::I8,
        DType::F16 | DType::Bf16 => types::I16,
        DType::I32 => types::I32,
        DType::I64 => types::I64,
        DType::F32 => types::F32,
    }
}

impl Emitter<'_> {
    /// `offset + sum of index * stride`, each times `factor`.
    pub(crate) fn affine(
        &mut self,
        offset: &Dim,
        strides: &[(Index, Dim)],
        indices: &[Value],
        factor: i64,
    ) -> Value {
        let mut sum = self.scaled_size(offset, factor);
        for (index, stride) in strides {
            let stride = self.scaled_size(stride, factor);
            let term = self.builder.ins().imul(indices[index.index()], stride);
            sum = self.builder.ins().iadd(sum, term);
        }
        sum
    }

    /// Address of an element of `bytes` bytes.
    pub(crate) fn address(&mut self, access: &Access, indices: &[Value], bytes: usize) -> Value {
        let base = self.buffer(access.buffer);
        // Inner indices come last, so that all but the last term leave the innermost loop.
        let mut address = if access.offset.as_constant() == Some(0) {
            base
        } else {
            let offset = self.scaled_size(&access.offset, bytes as i64);
            self.builder.ins().iadd(base, offset)
        };
        for (index, stride) in &access.strides {
            let index = indices[index.index()];
            let stride = self.scaled_size(stride, bytes as i64);
            let term = self.builder.ins().imul(index, stride);
            address = self.builder.ins().iadd(address, term);
        }
        address
    }
}

impl Lanes<'_, '_> {
    /// One element, or four neighbours.
    pub(crate) fn load(&mut self, dtype: DType, address: Value) -> Value {
        match (self.width, dtype) {
            (Width::One, _) => self.e.load(element_type(dtype), address, 0),
            (Width::Four, DType::F32) => self.e.load(types::F32X4, address, 0),
            (Width::Four, DType::I32) => self.e.load(types::I32X4, address, 0),
            (Width::Four, _) => self.load_bytes(dtype, address),
        }
    }

    /// Four bytes as 32-bit lanes.
    fn load_bytes(&mut self, dtype: DType, address: Value) -> Value {
        let bytes = self.e.load(types::I32, address, 0);
        let vector = self.e.builder.ins().scalar_to_vector(types::I32X4, bytes);
        let vector = self.cast_bits(types::I8X16, vector);
        if matches!(dtype, DType::Trit | DType::I8) {
            let halves = self.e.builder.ins().swiden_low(vector);
            return self.e.builder.ins().swiden_low(halves);
        }
        let halves = self.e.builder.ins().uwiden_low(vector);
        let lanes = self.e.builder.ins().uwiden_low(halves);
        if dtype == DType::Bool { self.e.builder.ins().ineg(lanes) } else { lanes }
    }

    /// Stores one element, or four neighbours.
    pub(crate) fn store(&mut self, dtype: DType, value: Value, address: Value) {
        if self.width == Width::One || matches!(dtype, DType::F32 | DType::I32) {
            return self.e.store(value, address, 0);
        }
        let value = if dtype == DType::Bool { self.e.builder.ins().ineg(value) } else { value };
        let halves = self.e.builder.ins().snarrow(value, value);
        let bytes = match dtype {
            DType::U8 => self.e.builder.ins().unarrow(halves, halves),
            _ => self.e.builder.ins().snarrow(halves, halves),
        };
        let words = self.cast_bits(types::I32X4, bytes);
        let word = self.e.builder.ins().extractlane(words, 0u8);
        self.e.store(word, address, 0);
    }

    /// A scalar in every lane.
    pub(crate) fn broadcast(&mut self, dtype: DType, value: Value) -> Value {
        match dtype {
            DType::F32 => self.e.builder.ins().splat(types::F32X4, value),
            DType::Bool => {
                let int = self.e.builder.ins().uextend(types::I32, value);
                let mask = self.e.builder.ins().ineg(int);
                self.e.builder.ins().splat(types::I32X4, mask)
            }
            _ => {
                let int = self.extended(dtype, value);
                self.e.builder.ins().splat(types::I32X4, int)
            }
        }
    }

    /// Whether `0 <= value < size`.
    pub(crate) fn within(&mut self, value: Value, size: Value) -> Value {
        self.e.builder.ins().icmp(IntCC::UnsignedLessThan, value, size)
    }
}
