//! Names that other tools give to element types. Knows words alone.

/// A dtype in the words of another tool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Respelled {
    /// The dtype of Tri.
    pub(crate) ours: &'static str,
    /// Whether it is the very same; otherwise it is the nearest that Tri has.
    pub(crate) same: bool,
}

/// What the dtype that another tool calls `name` is in Tri.
pub(crate) fn dtype(name: &str) -> Option<Respelled> {
    let same = |ours| Some(Respelled { ours, same: true });
    let near = |ours| Some(Respelled { ours, same: false });
    match name {
        "int8" | "int8_t" | "char" => same("i8"),
        "uint8" | "uint8_t" | "byte" => same("u8"),
        "int32" | "int32_t" => same("i32"),
        "int64" | "int64_t" | "long" => same("i64"),
        "float16" | "half" => same("f16"),
        "bfloat16" => same("bf16"),
        "float32" => same("f32"),
        "boolean" | "bool_" => same("bool"),
        "ternary" | "trits" => same("trit"),
        "double" | "float64" | "f64" => near("f32"),
        "int16" | "int16_t" | "short" | "i16" | "uint16" | "u16" => near("i32"),
        "uint32" | "uint32_t" | "u32" | "uint64" | "u64" => near("i64"),
        _ => None,
    }
}

/// The words of a tensor type without dtype and sizes, and the Tri type that it may stand for.
pub(crate) fn tensor(name: &str) -> Option<&'static str> {
    match name {
        "Tensor" | "FloatTensor" | "NDArray" | "ndarray" | "Array" | "array" => Some("f32[B, D]"),
        "TernaryTensor" | "TritTensor" => Some("trit[Out, In]"),
        _ => None,
    }
}
