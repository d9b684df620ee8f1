//! Instructions as data.

/// How bits are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Untyped.
    Bits,
    Signed,
    Unsigned,
    Float,
    /// The upper half of a binary32.
    Brain,
    Predicate,
}

/// The type of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) class: Class,
    /// 1 to 64.
    pub(crate) bits: u32,
}

impl Type {
    pub(crate) fn bytes(self) -> usize {
        self.bits as usize / 8
    }

    pub(crate) fn is_float(self) -> bool {
        matches!(self.class, Class::Float | Class::Brain)
    }

    /// The low bits of a register.
    pub(crate) fn low(self, value: u64) -> u64 {
        if self.bits == 64 { value } else { value & ((1 << self.bits) - 1) }
    }

    pub(crate) fn signed(self, value: u64) -> i64 {
        let unused = 64 - self.bits;
        (value << unused) as i64 >> unused
    }
}

/// Where memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    Parameter,
    Global,
    Shared,
}

/// Arithmetic of one type: a result from one to three operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alu {
    Add,
    Sub,
    /// The low half of the product.
    Mul,
    /// The high half.
    MulHigh,
    /// All of it, twice as wide.
    MulWide,
    Mad,
    MadWide,
    Fma,
    Div,
    Rem,
    Neg,
    Abs,
    /// For floats, NaN if one is.
    Min,
    /// As `Min`.
    Max,
    /// The other operand where one is NaN.
    MinNumber,
    /// As `MinNumber`.
    MaxNumber,
    Reciprocal,
    And,
    Or,
    Xor,
    Not,
    ShiftLeft,
    ShiftRight,
    Sqrt,
    /// The magnitude of the second with the sign of the first.
    CopySign,
    /// Number of ones.
    Ones,
    /// Number of leading zeros.
    Zeros,
    /// A field of bits: position and length.
    Field,
    Select,
}

/// Comparisons. Ordered ones are false where one operand is NaN, the others true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) less: bool,
    pub(crate) equal: bool,
    pub(crate) greater: bool,
    pub(crate) unordered: bool,
}

/// How a conversion rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    NearestEven,
    Zero,
    Down,
    Up,
}

/// Which lane a shuffle reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shuffle {
    Xor,
    Down,
    Index,
}

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Load(Space, Type),
    Store(Space, Type),
    Move(Type),
    Alu(Alu, Type),
    Compare(Comparison, Type),
    Convert {
        to: Type,
        from: Type,
        rounding: Rounding,
        saturate: bool,
    },
    /// Sums of four products of bytes; whether each operand is signed.
    Dot4 {
        left: bool,
        right: bool,
    },
    /// Four of the eight bytes of two words, chosen by the third operand.
    Permute,
    /// A warp's product of 16 by 32 and 32 by 8 bytes, added to 16 by 8 words.
    Multiply,
    /// 16 bytes from global to shared memory, some time before the thread waits for them; what the last operand leaves out is zero.
    Copy,
    /// Ends a group of copies.
    EndCopies,
    /// Waits until at most so many groups are under way.
    WaitForCopies,
    /// Compare and swap.
    Swap(Space, Type),
    Branch,
    Return,
    Barrier,
    WarpBarrier,
    Shuffle(Shuffle),
}

/// An operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// A register, by its number in the kernel.
    Register(u32),
    /// Not the predicate.
    Not(u32),
    /// Bits.
    Immediate(u64),
    Special(Special),
    /// A position in the kernel.
    Label(usize),
    /// Memory: a register's value, if any, and bytes from there (or from the beginning of parameters or shared memory).
    Address {
        base: Option<u32>,
        offset: i64,
    },
    /// Neighbouring values.
    Vector(Vec<Operand>),
}

/// What a thread knows of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    Thread,
    Block,
    Threads,
    Blocks,
    Zero,
    One,
    Lane,
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// It is executed only where this register is the truth value.
    pub(crate) guard: Option<(u32, bool)>,
    pub(crate) op: Op,
    pub(crate) operands: Vec<Operand>,
    /// As it was written.
    pub(crate) text: String,
}
