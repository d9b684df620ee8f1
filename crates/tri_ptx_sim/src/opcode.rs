//! What an opcode and its modifiers mean.

use crate::instruction::{Alu, Class, Comparison, Op, Rounding, Shuffle, Space, Type};

/// The type of that name.
pub(crate) fn type_of(name: &str) -> Option<Type> {
    if name == "pred" {
        return Some(Type { class: Class::Predicate, bits: 1 });
    }
    let (class, bits) = match name.split_at_checked(1)? {
        ("b", "f16") => return Some(Type { class: Class::Brain, bits: 16 }),
        ("b", bits) => (Class::Bits, bits),
        ("s", bits) => (Class::Signed, bits),
        ("u", bits) => (Class::Unsigned, bits),
        ("f", bits) => (Class::Float, bits),
        _ => return None,
    };
    let bits = bits.parse().ok().filter(|bits| [8, 16, 32, 64].contains(bits))?;
    Some(Type { class, bits })
}

fn comparison(name: &str) -> Option<Comparison> {
    let (less, equal, greater, unordered) = match name {
        "eq" => (false, true, false, false),
        "ne" => (true, false, true, false),
        "lt" | "lo" => (true, false, false, false),
        "le" | "ls" => (true, true, false, false),
        "gt" | "hi" => (false, false, true, false),
        "ge" | "hs" => (false, true, true, false),
        "equ" => (false, true, false, true),
        "neu" => (true, false, true, true),
        "ltu" => (true, false, false, true),
        "leu" => (true, true, false, true),
        "gtu" => (false, false, true, true),
        "geu" => (false, true, true, true),
        "num" => (true, true, true, false),
        "nan" => (false, false, false, true),
        _ => return None,
    };
    Some(Comparison { less, equal, greater, unordered })
}

fn space(name: &str) -> Option<Space> {
    Some(match name {
        "param" => Space::Parameter,
        "global" => Space::Global,
        "shared" => Space::Shared,
        _ => return None,
    })
}

fn alu(name: &str) -> Option<Alu> {
    Some(match name {
        "add" => Alu::Add,
        "sub" => Alu::Sub,
        "div" => Alu::Div,
        "rem" => Alu::Rem,
        "neg" => Alu::Neg,
        "abs" => Alu::Abs,
        "min" => Alu::Min,
        "max" => Alu::Max,
        "and" => Alu::And,
        "or" => Alu::Or,
        "xor" => Alu::Xor,
        "not" => Alu::Not,
        "shl" => Alu::ShiftLeft,
        "shr" => Alu::ShiftRight,
        "fma" => Alu::Fma,
        "mul" => Alu::Mul,
        "sqrt" => Alu::Sqrt,
        "rcp" => Alu::Reciprocal,
        "copysign" => Alu::CopySign,
        "popc" => Alu::Ones,
        "clz" => Alu::Zeros,
        "bfe" => Alu::Field,
        "selp" => Alu::Select,
        _ => return None,
    })
}

/// The meaning of an opcode, and whether it has vectors for operands; none if our backend emits no such thing.
pub(crate) fn meaning(opcode: &str) -> Option<Op> {
    let parts: Vec<&str> = opcode.split('.').collect();
    let ty = || parts.last().and_then(|name| type_of(name));
    Some(match parts.as_slice() {
        ["ret"] => Op::Return,
        ["bra"] | ["bra", "uni"] => Op::Branch,
        ["bar", "sync"] | ["barrier", "sync"] | ["barrier", "cta", "sync"] => Op::Barrier,
        ["bar", "warp", "sync"] => Op::WarpBarrier,
        ["shfl", "sync", mode, "b32"] => Op::Shuffle(match *mode {
            "bfly" => Shuffle::Xor,
            "down" => Shuffle::Down,
            "idx" => Shuffle::Index,
            _ => return None,
        }),
        ["ld", rest @ .., _] => Op::Load(memory(rest)?, ty()?),
        ["st", rest @ .., _] => Op::Store(memory(rest)?, ty()?),
        ["atom", rest @ .., "cas", _] => Op::Swap(memory(rest)?, ty()?),
        ["mov", _] => Op::Move(ty()?),
        ["setp", condition, _] => Op::Compare(comparison(condition)?, ty()?),
        ["dp4a", left, right] => Op::Dot4 { left: *left == "s32", right: *right == "s32" },
        ["prmt", "b32"] => Op::Permute,
        ["mma", "sync", "aligned", "m16n8k32", "row", "col", "s32", "s8", "s8", "s32"] => Op::Multiply,
        ["cp", "async", "cg", "shared", "global"] => Op::Copy,
        ["cp", "async", "commit_group"] => Op::EndCopies,
        ["cp", "async", "wait_group"] => Op::WaitForCopies,
        ["mul", "lo", _] => Op::Alu(Alu::Mul, ty()?),
        ["mul", "hi", _] => Op::Alu(Alu::MulHigh, ty()?),
        ["mul", "wide", _] => Op::Alu(Alu::MulWide, ty()?),
        ["mad", "lo", _] => Op::Alu(Alu::Mad, ty()?),
        ["mad", "wide", _] => Op::Alu(Alu::MadWide, ty()?),
        ["cvt", modifiers @ .., to, from] => conversion(modifiers, type_of(to)?, type_of(from)?)?,
        // Only what rounds to nearest even and keeps subnormals; a contraction would be written without `rn`.
        [name @ ("add" | "sub" | "mul" | "div" | "fma" | "sqrt" | "rcp"), "rn", _] => {
            Op::Alu(alu(name)?, ty().filter(|ty| ty.is_float())?)
        }
        [name @ ("min" | "max"), "NaN", _] => {
            Op::Alu(alu(name)?, ty().filter(|ty| ty.is_float() && ty.bits <= 32)?)
        }
        ["min", "f32"] => Op::Alu(Alu::MinNumber, ty()?),
        ["max", "f32"] => Op::Alu(Alu::MaxNumber, ty()?),
        [name @ ("neg" | "abs" | "copysign" | "selp"), _] => Op::Alu(alu(name)?, ty()?),
        [name, _] => Op::Alu(alu(name)?, ty().filter(|ty| !ty.is_float())?),
        _ => return None,
    })
}

/// The space among the modifiers of an access. All others speak of caches, vectors and orders that make no difference here.
fn memory(modifiers: &[&str]) -> Option<Space> {
    let harmless = ["v2", "v4", "nc", "relaxed", "gpu", "L1::no_allocate", "L1::evict_last"];
    let mut found = None;
    for modifier in modifiers {
        match space(modifier) {
            Some(space) => found = Some(space),
            None if harmless.contains(modifier) => {}
            None => return None,
        }
    }
    found
}

fn conversion(modifiers: &[&str], to: Type, from: Type) -> Option<Op> {
    let (mut rounding, mut saturate) = (Rounding::NearestEven, false);
    for modifier in modifiers {
        match *modifier {
            "rn" | "rni" => rounding = Rounding::NearestEven,
            "rzi" => rounding = Rounding::Zero,
            "rmi" => rounding = Rounding::Down,
            "rpi" => rounding = Rounding::Up,
            "sat" => saturate = true,
            _ => return None,
        }
    }
    // The upper half of a binary32 is read as its bits; only conversions to it are arithmetic.
    Some(Op::Convert { to, from, rounding, saturate })
}

#[cfg(test)]
mod tests {
    use super::meaning;

    #[test]
    fn what_changes_the_bits_is_refused() {
        let forbidden = [
            "add.f32",
            "mul.f32",
            "fma.rn.ftz.f32",
            "div.approx.f32",
            "div.full.f32",
            "sqrt.approx.f32",
            "rcp.approx.f32",
            "ex2.approx.f32",
            "cvt.rn.ftz.f32.f16",
            "ld.local.b32",
            "st.local.b32",
            "tanh.approx.f32",
            "max.NaN.f64",
        ];
        for opcode in forbidden {
            assert_eq!(meaning(opcode), None, "{opcode}");
        }
        for opcode in ["add.rn.f32", "max.NaN.f32", "ld.global.nc.v4.b32", "atom.relaxed.gpu.global.cas.b64"]
        {
            assert!(meaning(opcode).is_some(), "{opcode}");
        }
    }
}
