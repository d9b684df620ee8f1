//! Values and types of LLVM IR as kernels use them, and how they are written.

use std::fmt;

use tri_ir::DType;

/// A first-class type of LLVM IR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// A truth value; a byte 0 or 1 in memory.
    I1,
    I8,
    I16,
    I32,
    I64,
    /// Only between a load or store and the conversion from or to `F32`.
    Half,
    /// As `Half`.
    Bfloat,
    F32,
    F64,
    /// Into global memory.
    Pointer,
    /// Into memory that the threads of a block share.
    Shared,
}

impl Type {
    /// The type that an element has in registers. Small floats are carried as their bits.
    pub(crate) fn of(dtype: DType) -> Type {
        match dtype {
            DType::Bool => Type::I1,
            DType::Trit | DType::I8 | DType::U8 => Type::I8,
            DType::F16 | DType::Bf16 => Type::I16,
            DType::I32 => Type::I32,
            DType::I64 => Type::I64,
            DType::F32 => Type::F32,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::I1 => "i1",
            Type::I8 => "i8",
            Type::I16 => "i16",
            Type::I32 => "i32",
            Type::I64 => "i64",
            Type::Half => "half",
            Type::Bfloat => "bfloat",
            Type::F32 => "float",
            Type::F64 => "double",
            Type::Pointer => "ptr addrspace(1)",
            Type::Shared => "ptr addrspace(3)",
        })
    }
}

/// How the memory that the threads of a block share is called; a kernel's own name is put in the place of `KERNEL`.
pub(crate) const SHARED: &str = "@shared_KERNEL";

/// An operand of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) ty: Type,
    operand: Operand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operand {
    /// What an instruction gave.
    Local(u32),
    /// The memory that the threads of a block share.
    Shared,
    /// A parameter of the kernel.
    Parameter(u32),
    /// A number, by its bits; those of a small integer are sign extended.
    Number(u64),
}

impl Value {
    pub(crate) fn local(ty: Type, number: u32) -> Value {
        Value { ty, operand: Operand::Local(number) }
    }

    pub(crate) fn parameter(ty: Type, number: u32) -> Value {
        Value { ty, operand: Operand::Parameter(number) }
    }

    pub(crate) fn shared() -> Value {
        Value { ty: Type::Shared, operand: Operand::Shared }
    }

    pub(crate) fn int(ty: Type, value: i64) -> Value {
        Value { ty, operand: Operand::Number(value as u64) }
    }

    pub(crate) fn f32(value: f32) -> Value {
        Value { ty: Type::F32, operand: Operand::Number(value.to_bits().into()) }
    }

    pub(crate) fn f64(value: f64) -> Value {
        Value { ty: Type::F64, operand: Operand::Number(value.to_bits()) }
    }

    /// The number that it is, if it is a constant integer.
    pub(crate) fn as_int(self) -> Option<i64> {
        match (self.ty, self.operand) {
            (Type::F32 | Type::F64, _) => None,
            (_, Operand::Number(bits)) => Some(bits as i64),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.operand, self.ty) {
            (Operand::Local(number), _) => write!(f, "%v{number}"),
            (Operand::Shared, _) => f.write_str(SHARED),
            (Operand::Parameter(number), _) => write!(f, "%p{number}"),
            (Operand::Number(bits), Type::I1) => f.write_str(if bits == 0 { "false" } else { "true" }),
            // LLVM writes a float as the double of the same value.
            (Operand::Number(bits), Type::F32) => {
                write!(f, "0x{:016X}", f64::from(f32::from_bits(bits as u32)).to_bits())
            }
            (Operand::Number(bits), Type::F64) => write!(f, "0x{bits:016X}"),
            (Operand::Number(bits), _) => write!(f, "{}", bits as i64),
        }
    }
}
