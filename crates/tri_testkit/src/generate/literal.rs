//! Numbers as a program writes them.

use tri_ir::DType;

use crate::choices::Choices;

/// A float, as a static expression.
pub(super) fn float(c: &mut Choices) -> &'static str {
    c.pick(&[
        "0.0", "1.0", "2.0", "0.5", "-1.0", "-0.0", "0.1", "3.25", "1e-3", "-2.5e4", "1e-40", "3.4e38",
        "inf", "-inf", "nan",
    ])
}

/// A number that fits the dtype.
pub(super) fn of(c: &mut Choices, dtype: DType) -> &'static str {
    match dtype {
        DType::F32 | DType::F16 | DType::Bf16 => float(c),
        DType::U8 => c.pick(&["0", "1", "2", "3", "200", "255"]),
        DType::I8 => c.pick(&["0", "1", "2", "3", "-1", "-3", "127", "-128"]),
        DType::I32 => c.pick(&["0", "1", "2", "3", "-1", "-3", "1000", "2147483647", "-2147483647"]),
        _ => c.pick(&["0", "1", "2", "3", "-1", "-3", "1000"]),
    }
}
