//! One table of kernels a CPU level.

use crate::byte_gemm::ByTrits;
use crate::float::term;
use crate::lanes::Portable;
#[cfg(target_arch = "x86_64")]
use crate::lanes::{Avx2, Avx512Vnni};
use crate::{
    CpuLevel, KernelTable, byte_gemm, byte_scaled, clusters, conv, depthwise, element, float_gemm,
    float_trit, functions, packed_rows, pool, quantize, route, scalar, siblings, softmax, ternarize,
};

impl KernelTable {
    /// The kernels of a level; none where this machine lacks its instructions.
    pub fn for_level(level: CpuLevel) -> Option<&'static KernelTable> {
        if !level.is_supported() {
            return None;
        }
        match level {
            CpuLevel::Portable => Some(&portable::TABLE),
            #[cfg(target_arch = "x86_64")]
            CpuLevel::Avx2 => Some(&avx2::TABLE),
            #[cfg(target_arch = "x86_64")]
            CpuLevel::Avx512Vnni => Some(&avx512vnni::TABLE),
            #[cfg(not(target_arch = "x86_64"))]
            CpuLevel::Avx2 | CpuLevel::Avx512Vnni => None,
        }
    }
}

/// An entry of the C ABI, compiled with a level's instructions.
macro_rules! entry {
    ($name:ident, $args:ty, $features:meta, $body:expr $(, $with:expr)?) => {
        #[$features]
        unsafe extern "C" fn $name(args: *const $args) {
            // SAFETY: the caller of the C ABI gives valid arguments, and has this level's instructions, or the table would
            // not have been handed out.
            unsafe { $body(&*args $(, $with)?) }
        }
    };
}

macro_rules! table {
    ($module:ident, $level:ty, #[$features:meta]) => {
        mod $module {
            use super::*;
            use crate::{ClusterArgs, ConvArgs, GemmArgs, PoolArgs, QuantizeArgs, RowArgs, ScaledGemmArgs};

            entry!(
                f32_gemm,
                GemmArgs,
                $features,
                float_gemm::gemm::<$level, { term::FMA }, element::F32, element::F32>
            );
            entry!(
                bf16_gemm,
                GemmArgs,
                $features,
                float_gemm::gemm::<$level, { term::FMA }, element::Bf16, element::Bf16>
            );
            entry!(
                f16_gemm,
                GemmArgs,
                $features,
                float_gemm::gemm::<$level, { term::FMA }, element::F16, element::F16>
            );
            entry!(
                f32_trit_gemm,
                GemmArgs,
                $features,
                float_gemm::gemm::<$level, { term::COLUMN_TRIT }, element::F32, element::Trit>
            );
            entry!(f32_t2_gemm, GemmArgs, $features, float_trit::gemm::<$level, element::F32>);
            entry!(few_bytes, GemmArgs, $features, byte_gemm::few::<$level>);
            entry!(many_bytes, GemmArgs, $features, byte_gemm::many::<$level>);
            entry!(row_by_trits, GemmArgs, $features, byte_gemm::row_by_trits::<$level>);
            entry!(few_by_trits, GemmArgs, $features, byte_gemm::few_by_trits::<$level>);
            entry!(few_long_by_trits, GemmArgs, $features, byte_gemm::few_long_by_trits::<$level>);
            entry!(many_by_trits, GemmArgs, $features, byte_gemm::many_by_trits::<$level>);
            entry!(short_by_trits, GemmArgs, $features, byte_gemm::short_by_trits::<$level>);
            unsafe extern "C" fn i8_gemm(args: *const GemmArgs) {
                // SAFETY: as of an entry; the kernels are of the same level.
                unsafe {
                    if byte_gemm::are_many::<$level>(&*args) { many_bytes(args) } else { few_bytes(args) }
                }
            }
            unsafe extern "C" fn i8_trit_gemm(args: *const GemmArgs) {
                // SAFETY: as above.
                unsafe {
                    match ByTrits::of::<$level>(&*args) {
                        ByTrits::Short => short_by_trits(args),
                        ByTrits::Row => row_by_trits(args),
                        ByTrits::Few => few_by_trits(args),
                        ByTrits::FewLong => few_long_by_trits(args),
                        ByTrits::Many => many_by_trits(args),
                    }
                }
            }
            entry!(short_scaled, ScaledGemmArgs, $features, byte_gemm::short_by_trits_scaled::<$level>);
            entry!(few_scaled, ScaledGemmArgs, $features, byte_gemm::few_by_trits_scaled::<$level>);
            entry!(
                blocks_scaled,
                ScaledGemmArgs,
                $features,
                byte_scaled::packed_trit_gemm::<$level>,
                i8_trit_gemm
            );
            unsafe extern "C" fn i8_trit_scaled_gemm(args: *const ScaledGemmArgs) {
                // SAFETY: as above.
                unsafe {
                    match ByTrits::of::<$level>(&(*args).gemm) {
                        ByTrits::Short => short_scaled(args),
                        ByTrits::Few => few_scaled(args),
                        ByTrits::Row | ByTrits::FewLong | ByTrits::Many => blocks_scaled(args),
                    }
                }
            }
            entry!(quantize_rows, QuantizeArgs, $features, quantize::rows::<$level>);
            entry!(ternarize_rows, QuantizeArgs, $features, ternarize::rows::<$level>);
            entry!(ternarize_tensor, QuantizeArgs, $features, ternarize::tensor::<$level>);
            entry!(softmax_row, RowArgs, $features, softmax::row::<$level>);
            entry!(exp_row, RowArgs, $features, functions::exp::<$level>);
            entry!(sigmoid_row, RowArgs, $features, functions::sigmoid::<$level>);
            entry!(tanh_row, RowArgs, $features, functions::tanh::<$level>);
            entry!(erf_row, RowArgs, $features, functions::erf::<$level>);
            entry!(
                f32_conv2d,
                ConvArgs,
                $features,
                conv::float_conv::<$level, { term::MASKED_FMA }, element::F32>
            );
            entry!(
                f32_trit_conv2d,
                ConvArgs,
                $features,
                conv::float_conv::<$level, { term::ROW_TRIT }, element::Trit>
            );
            entry!(f32_depthwise_conv2d, ConvArgs, $features, depthwise::convolve::<$level>, f32_conv2d);
            entry!(f32_max_pool2d, PoolArgs, $features, pool::max::<$level>);
            entry!(argmax_clusters, ClusterArgs, $features, clusters::argmax::<$level>);
            entry!(i8_conv2d, ConvArgs, $features, conv::byte_conv::<$level, byte_gemm::Strided>);
            entry!(i8_trit_conv2d, ConvArgs, $features, conv::byte_conv::<$level, packed_rows::PackedRows>);

            pub(super) static TABLE: KernelTable = KernelTable {
                f32_gemm,
                bf16_gemm,
                f16_gemm,
                i8_gemm,
                i8_trit_gemm,
                i8_trit_scaled_gemm,
                quantize_rows,
                ternarize_rows,
                ternarize_tensor,
                softmax_row,
                exp_row,
                sigmoid_row,
                tanh_row,
                erf_row,
                f32_trit_gemm,
                f32_t2_gemm,
                f32_conv2d,
                f32_depthwise_conv2d,
                i8_conv2d,
                i8_trit_conv2d,
                f32_trit_conv2d,
                f32_max_pool2d,
                fma_f32: scalar::fma_f32,
                fma_f64: scalar::fma_f64,
                floor_f32: scalar::floor_f32,
                floor_f64: scalar::floor_f64,
                ceil_f32: scalar::ceil_f32,
                ceil_f64: scalar::ceil_f64,
                trunc_f32: scalar::trunc_f32,
                trunc_f64: scalar::trunc_f64,
                nearest_f32: scalar::nearest_f32,
                nearest_f64: scalar::nearest_f64,
                argmax_clusters,
                route_select: route::select,
                route_group: route::group,
                route_gather: route::gather,
                route_scatter: route::scatter,
                siblings: siblings::run,
            };
        }
    };
}

table!(portable, Portable, #[doc = "Instructions that every CPU of the architecture has."]);
#[cfg(target_arch = "x86_64")]
table!(avx2, Avx2, #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt,movbe")]);
#[cfg(target_arch = "x86_64")]
table!(
    avx512vnni,
    Avx512Vnni,
    #[target_feature(
        enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt,movbe"
    )]
);
