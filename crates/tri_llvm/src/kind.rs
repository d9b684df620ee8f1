//! Kinds of kernels: how they are called, and the instructions that each is written for.

/// What a kernel does. Names of kernels say it: `k3_gemv_forward_5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An element a thread.
    Map,
    /// A point of folds for sixteen lanes.
    Fold,
    /// A point, in order, a thread.
    Point,
    /// An element of a contraction a thread.
    Chain,
    /// Bytes by packed trits, four columns of a row a warp.
    Gemv,
    /// Bytes by packed trits on tensor cores.
    Gemm,
    /// Floats, 64 rows by 64 columns a block.
    Tile,
    /// Bytes on tensor cores, 64 rows by 64 columns a block.
    Bytes,
    /// Attention, eight rows of queries a block.
    Attention,
    /// Rows to bytes, a warp a row.
    Quantize,
    /// An element of a convolution a thread.
    Window,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 11] = [
        Kind::Map,
        Kind::Fold,
        Kind::Point,
        Kind::Chain,
        Kind::Gemv,
        Kind::Gemm,
        Kind::Tile,
        Kind::Bytes,
        Kind::Attention,
        Kind::Quantize,
        Kind::Window,
    ];

    /// As it stands in names of kernels: one word.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Map => "map",
            Kind::Fold => "fold",
            Kind::Point => "point",
            Kind::Chain => "chain",
            Kind::Gemv => "gemv",
            Kind::Gemm => "gemm",
            Kind::Tile => "tile",
            Kind::Bytes => "bytes",
            Kind::Attention => "attention",
            Kind::Quantize => "quantize",
            Kind::Window => "window",
        }
    }

    /// Instructions of PTX that a kernel of this kind is slow without: tests hold every kernel to them.
    pub fn instructions(self) -> &'static [&'static str] {
        match self {
            // Single passes over memory, in whose order alone speed lies.
            Kind::Map | Kind::Point | Kind::Chain | Kind::Window => &[],
            Kind::Fold | Kind::Quantize => &["shfl.sync.bfly.b32"],
            Kind::Gemv => &["ld.global.v4.b32", "dp4a.u32.s32", "shfl.sync.bfly.b32"],
            Kind::Tile => &["ld.global.v4.b32", "ld.shared.v4.b32", "fma.rn.f32", "bar.sync"],
            Kind::Attention => &["fma.rn.f32", "bar.sync", "shfl.sync.bfly.b32"],
            // Sixteen elements of a line are a thread's: plain bytes are one load of four words, packed trits of a single word.
            Kind::Bytes => {
                &["st.shared.v4.b32", "bar.sync", "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32"]
            }
            Kind::Gemm => &[
                "ld.global.v4.b32",
                "ld.shared.v4.b32",
                "cp.async.cg.shared.global",
                "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32",
            ],
        }
    }

    /// The kind that the name of a kernel says; none of the kernels of a route, which are called by what they do.
    pub fn of_kernel(name: &str) -> Option<Kind> {
        let word = name.strip_prefix('k')?.split('_').nth(1)?;
        Kind::ALL.into_iter().find(|kind| kind.name() == word)
    }
}
