//! Names of other tools that nothing in a Tri program declares, and what Tri has in their place. Words and advice alone; where
//! they stand is known to those who ask. Spellings that the grammar stops at are reported by the parser.

use tri_diagnostics::Code;

use crate::report::{Place, Report};

/// What is said at the place of such a name.
pub(crate) const SPELLING: &str = "a spelling of other tools";

/// What is said of a name that other tools have, if `name` is one.
pub(crate) fn name(name: &str, place: Place) -> Option<Report> {
    let error = |message: &str| Report::error(Code::E0013, place, message).label(SPELLING);
    let respelled = |ours: &str| {
        error(&format!("`{name}` is written `{ours}`")).fix(format!("write `{ours}`"), place, ours)
    };
    Some(match name {
        "True" => respelled("true"),
        "False" => respelled("false"),
        "not" => error("this operator is written `!`").help("write `!x`"),
        "self" | "this" => error("a layer's functions name its members directly; there is no `self`"),
        "super" => error("a layer extends no other").help("layers are made of layers: `norm = RmsNorm[D]()`"),
        "pass" => error("an empty block is `{ }`").help("leave `pass` out"),
        "break" | "continue" => error("loops run to their end")
            .help("they are unrolled: what may be left out stands in `if` with a static condition"),
        "range" => error("a range is written `lo..hi`").help("write `0..N` for `range(N)`"),
        "len" => error("sizes are part of types, and have names")
            .help("write the name of the size: `N` of `[Block(); N]`"),
        "print" => error("a model prints nothing").help("`triton run` prints results; a `test` asserts them"),
        _ if is_nothing(name) => error("every value is there: Tri has no `None`")
            .help("a member that may be absent is followed by `if cond`; a parameter may have a default"),
        _ => {
            let ours = dtype(name)?;
            error(&format!("`{name}` is the dtype `{ours}`, which is not a value"))
                .help(format!("convert with `x as {ours}`"))
        }
    })
}

/// The truth value that other tools call `name`.
pub(crate) fn truth(name: &str) -> Option<bool> {
    match name {
        "True" => Some(true),
        "False" => Some(false),
        _ => None,
    }
}

/// Whether `name` is another tool's word for no value.
pub(crate) fn is_nothing(name: &str) -> bool {
    matches!(name, "None" | "null" | "nil" | "nullptr" | "NULL")
}

/// `f32[None, 128]`.
pub(crate) fn free_size(place: Place) -> Report {
    Report::error(Code::E0013, place, "a size that is not fixed has a name")
        .help("name it where it is bound: `fn f[B](x: f32[B, 128])`")
}

/// The Tri dtype that other tools call `name`.
pub(crate) fn dtype(name: &str) -> Option<&'static str> {
    Some(match name {
        "int8" => "i8",
        "uint8" => "u8",
        "int32" => "i32",
        "int64" | "long" => "i64",
        "float16" | "half" => "f16",
        "bfloat16" => "bf16",
        "float32" | "float64" | "double" => "f32",
        _ => return None,
    })
}

/// Whether `name` is what programs of other tools call a package of operations.
pub(crate) fn is_package(name: &str) -> bool {
    matches!(
        name,
        "torch"
            | "nn"
            | "F"
            | "np"
            | "numpy"
            | "jnp"
            | "jax"
            | "lax"
            | "tf"
            | "tensorflow"
            | "keras"
            | "math"
    )
}

/// Whether the function `name` means the same with and without a package before it: one tensor in, one out.
pub(crate) fn is_elementwise(name: &str) -> bool {
    matches!(
        name,
        "relu" | "exp" | "log" | "tanh" | "sigmoid" | "sin" | "cos" | "sqrt" | "rsqrt" | "abs" | "sign"
    ) || matches!(name, "floor" | "ceil" | "round" | "erf" | "silu" | "gelu" | "minimum" | "maximum" | "pow")
}

/// What stands in the place of a tensor's field or method of other tools.
pub(crate) fn method(name: &str) -> Option<&'static str> {
    Some(match name {
        "shape" | "size" | "dim" | "ndim" | "rank" | "numel" | "len" => {
            "sizes are part of the type: write the name of the dim"
        }
        "dtype" | "device" => {
            "the dtype is part of the type, and the target is chosen when a program is compiled"
        }
        "view" => "write `reshape[B, D](x)`",
        "float" => "write `x as f32`",
        "half" => "write `x as f16`",
        "int" => "write `x as i32`",
        "to" | "type" | "astype" => {
            "write `x as f16` for another dtype; the target is chosen when a program is compiled"
        }
        "t" | "transpose" | "swapaxes" => {
            "write `x.T` for the last two axes, `permute(x, [B, T, H])` for others"
        }
        "unsqueeze" | "expand_dims" => "write `x[.., _]`",
        "squeeze" => "write `x[.., 0]`",
        "matmul" | "mm" | "bmm" | "dot" => "write `a @ b`",
        "expand" | "expand_as" | "broadcast_to" => {
            "axes of length 1 and missing leading axes stretch by themselves"
        }
        "contiguous" | "detach" | "clone" | "cuda" | "cpu" => {
            "leave it out: values have no memory of their own"
        }
        "flatten" => "write `reshape[B, C * H * W](x)`: the sizes say which axes become one",
        "item" => "a scalar is a tensor without axes: leave it out",
        _ => return None,
    })
}

/// Whether a tensor's method `name` of other tools converts to the dtype that it is given.
pub(crate) fn is_conversion(name: &str) -> bool {
    matches!(name, "to" | "type" | "astype")
}

/// What stands in the place of a function of other tools.
pub(crate) fn function(name: &str) -> Option<&'static str> {
    Some(match name {
        "cat" | "concatenate" | "hstack" | "vstack" => "write `concat([a, b], axis = -1)`",
        "flatten" => "write `reshape[B, C * H * W](x)`: the sizes say which axes become one",
        "arange" => "write `iota[N]()`: 0, 1, 2, ...",
        "where" | "masked_fill" => "write `select(mask, a, b)`",
        "clamp" | "clip" => "write `minimum(maximum(x, low), high)`",
        "add" => "write `a + b`",
        "sub" | "subtract" => "write `a - b`",
        "mul" | "multiply" => "write `a * b`",
        "div" | "divide" | "true_divide" => "write `a / b`",
        "zeros_like" | "ones_like" | "full_like" => "write `zeros[B, D]()`: the sizes by their names",
        "tril" | "triu" => "`causal_mask[T]()` of `std.attention` is true where a position must not look",
        "scaled_dot_product_attention" => {
            "`MultiHeadAttention` of `std.attention` is the layer; by hand, `einsum` and `softmax`"
        }
        "one_hot" => "write `iota[C]() == label[.., _]`",
        "chunk" | "split" => "write slices: `x[.., 0:D / 2]`",
        "repeat" | "tile" => "axes of length 1 and missing leading axes stretch by themselves",
        _ => return None,
    })
}

/// The Tri name of a parameter that other tools call `name`.
pub(crate) fn argument(name: &str) -> Option<&'static str> {
    Some(match name {
        "dim" | "axes" | "dims" => "axis",
        "kernel_size" => "size",
        "p" => "rate",
        "epsilon" => "eps",
        "use_bias" => "bias",
        "strides" => "stride",
        _ => return None,
    })
}

/// What stands in the place of a parameter of other tools.
pub(crate) fn argument_advice(name: &str) -> Option<&'static str> {
    Some(match name {
        "keepdim" | "keepdims" => "the axis vanishes; `[.., _]` behind the call adds one of length 1",
        "in_features" | "out_features" | "in_channels" | "out_channels" | "kernel_size"
        | "num_embeddings" | "embedding_dim" | "normalized_shape" | "embed_dim" | "num_heads" => {
            "sizes stand in brackets before the parentheses: `Linear[In, Out]()`"
        }
        "inplace" | "device" | "requires_grad" => "leave it out",
        "dtype" => "write `as f16` behind the value",
        _ => return None,
    })
}
