//! Contractions and convolutions: bodies that fill the arguments of a micro-kernel, block by block.

use cranelift_codegen::ir::{FuncRef, InstBuilder, Value, types};
use tri_ir::Dim;
use tri_kernel_ir::{Buffer, Contraction, ContractionKind, Convolution, OuterAxis};
use tri_kernels::{ConvArgs, GemmArgs, KernelTable, ScaledGemmArgs};

use crate::emitter::Emitter;
use crate::epilogue;
use crate::expression::NestContext;
use crate::nest::decompose;

/// Rows and columns of a block: large enough for a kernel to reuse what it has loaded, small enough to stay in the cache.
pub(crate) const ROWS: i64 = 64;
pub(crate) const COLUMNS: i64 = 256;

/// Columns of a unit: narrow enough that threads get equal parts of few columns. A thread does neighbouring units as one block.
pub(crate) const UNIT: i64 = 64;

/// Bytes of an element of the left and of the right operand; results have 4.
fn element_bytes(kind: ContractionKind) -> [i64; 2] {
    match kind {
        ContractionKind::F32 => [4, 4],
        ContractionKind::Bf16 | ContractionKind::F16 => [2, 2],
        ContractionKind::I8 | ContractionKind::I8T2 => [1, 1],
        ContractionKind::F32Trit | ContractionKind::F32T2 => [4, 1],
    }
}

fn is_packed(kind: ContractionKind) -> bool {
    matches!(kind, ContractionKind::I8T2 | ContractionKind::F32T2)
}

pub(crate) fn gemm_kernel(kind: ContractionKind) -> i32 {
    match kind {
        ContractionKind::F32 => KernelTable::F32_GEMM_OFFSET,
        ContractionKind::Bf16 => KernelTable::BF16_GEMM_OFFSET,
        ContractionKind::F16 => KernelTable::F16_GEMM_OFFSET,
        ContractionKind::I8 => KernelTable::I8_GEMM_OFFSET,
        ContractionKind::I8T2 => KernelTable::I8_TRIT_GEMM_OFFSET,
        ContractionKind::F32Trit => KernelTable::F32_TRIT_GEMM_OFFSET,
        ContractionKind::F32T2 => KernelTable::F32_T2_GEMM_OFFSET,
    }
}

/// `None` if there is no convolution of these types.
fn conv_kernel(kind: ContractionKind) -> Option<i32> {
    match kind {
        ContractionKind::F32 => Some(KernelTable::F32_CONV2D_OFFSET),
        ContractionKind::I8 => Some(KernelTable::I8_CONV2D_OFFSET),
        ContractionKind::I8T2 => Some(KernelTable::I8_TRIT_CONV2D_OFFSET),
        ContractionKind::F32Trit => Some(KernelTable::F32_TRIT_CONV2D_OFFSET),
        _ => None,
    }
}

/// Sizes of the axes of units: outer axes, blocks of rows, columns of units.
pub(crate) fn unit_axes<'d>(
    e: &mut Emitter<'_>,
    outer: impl IntoIterator<Item = &'d Dim>,
    [m, n]: [&Dim; 2],
) -> Vec<Value> {
    let mut sizes: Vec<Value> = outer.into_iter().map(|size| e.size(size)).collect();
    for (size, block) in [(m, ROWS), (n, UNIT)] {
        let size = e.size(size);
        sizes.push(e.blocks_of(size, block));
    }
    sizes
}

/// Emits the body of a contraction, with an epilogue if there is one.
pub(crate) fn emit_contraction(
    e: &mut Emitter<'_>,
    contraction: &Contraction,
    epilogue: Option<&NestContext<'_>>,
) {
    let outer = contraction.outer.iter().map(|axis| &axis.size);
    let sizes = unit_axes(e, outer, [&contraction.m, &contraction.n]);
    // The arguments of a kernel with scales begin with those of one without.
    let slot = e.stack(ScaledGemmArgs::BYTES);
    let args = e.stack_address(slot);
    fill_constant_args(e, contraction, args);
    let none = e.int(0);
    e.store(none, args, ScaledGemmArgs::ORDER_OFFSET);
    let kernel = kernel(contraction);
    let (start, end) = (e.start, e.end);
    e.each_part(start, end, |e, unit| {
        let indices = decompose(e, unit, &sizes);
        let (outer, [block, first]) = parts(&indices);
        let last = sizes.last().expect("columns are an axis");
        let (left, along) = (e.builder.ins().isub(end, unit), e.builder.ins().isub(*last, first));
        let (most, some) = (e.int(COLUMNS / UNIT), e.smaller(left, along));
        let units = e.smaller(most, some);
        let (row, rows) = (e.builder.ins().imul_imm_s(block, ROWS), e.int(ROWS));
        let column = e.builder.ins().imul_imm_s(first, UNIT);
        let width = e.builder.ins().imul_imm_s(units, UNIT);
        let ends = fill_block(e, contraction, args, outer, [(row, rows), (column, width)]);
        e.call_kernel(kernel, args);
        if let Some(cx) = epilogue {
            epilogue::emit_points(e, cx, (row, ends[0]), (column, ends[1]));
        }
        e.builder.ins().iadd(unit, units)
    });
    e.builder.ins().return_(&[]);
}

/// The indices of outer axes, and those of the block of rows and of the first unit of columns.
fn parts(indices: &[Value]) -> (&[Value], [Value; 2]) {
    let (outer, [row, column]) = indices.split_last_chunk::<2>().expect("rows and columns are axes");
    (outer, [*row, *column])
}

/// Calls the kernel for all of a contraction without outer axes, whose rows go to the places in `order`.
pub(crate) fn call(e: &mut Emitter<'_>, contraction: &Contraction, order: Value) {
    let slot = e.argument_stack(ScaledGemmArgs::BYTES);
    let args = e.stack_address(slot);
    fill_constant_args(e, contraction, args);
    let (row, column) = (e.int(0), e.int(0));
    fill_pointers(e, contraction, args, (&[], [row, column]));
    for (size, offset) in [(&contraction.m, GemmArgs::M_OFFSET), (&contraction.n, GemmArgs::N_OFFSET)] {
        let size = e.size(size);
        e.store(size, args, offset);
    }
    e.store(order, args, ScaledGemmArgs::ORDER_OFFSET);
    e.call_kernel(kernel(contraction), args);
}

fn kernel(contraction: &Contraction) -> i32 {
    match contraction.scales {
        Some(_) => KernelTable::I8_TRIT_SCALED_GEMM_OFFSET,
        None => gemm_kernel(contraction.kind),
    }
}

/// Strides and the length of the sum.
pub(crate) fn fill_constant_args(e: &mut Emitter<'_>, contraction: &Contraction, args: Value) {
    let zero = Dim::constant(0);
    let fields = [
        (GemmArgs::A_ROW_OFFSET, &contraction.lhs_strides[0]),
        (GemmArgs::A_K_OFFSET, &contraction.lhs_strides[1]),
        (GemmArgs::B_K_OFFSET, if is_packed(contraction.kind) { &zero } else { &contraction.rhs_strides[0] }),
        (GemmArgs::C_ROW_OFFSET, &contraction.out_stride),
        (GemmArgs::K_OFFSET, &contraction.k),
    ];
    for (offset, dim) in fields {
        let value = e.size(dim);
        e.store(value, args, offset);
    }
    let column = column_stride(e, contraction);
    e.store(column, args, GemmArgs::B_N_OFFSET);
}

/// Elements (packed: bytes) from column to column of the right operand.
fn column_stride(e: &mut Emitter<'_>, contraction: &Contraction) -> Value {
    if !is_packed(contraction.kind) {
        return e.size(&contraction.rhs_strides[1]);
    }
    let k = e.size(&contraction.k);
    e.blocks_of(k, 4)
}

/// Pointers and sizes of the block that begins at a row and a column, of so many rows and columns; gives where it ends.
pub(crate) fn fill_block(
    e: &mut Emitter<'_>,
    contraction: &Contraction,
    args: Value,
    outer: &[Value],
    [(row, rows), (column, columns)]: [(Value, Value); 2],
) -> [Value; 2] {
    fill_pointers(e, contraction, args, (outer, [row, column]));
    let parts = [
        (&contraction.m, row, rows, GemmArgs::M_OFFSET),
        (&contraction.n, column, columns, GemmArgs::N_OFFSET),
    ];
    parts.map(|(size, start, most, offset)| {
        let size = e.size(size);
        let rest = e.builder.ins().isub(size, start);
        let part = e.smaller(rest, most);
        e.store(part, args, offset);
        e.builder.ins().iadd(start, part)
    })
}

/// Pointers to the block that begins at a row and a column, at a point of the outer axes.
fn fill_pointers(
    e: &mut Emitter<'_>,
    contraction: &Contraction,
    args: Value,
    (outer, [row, column]): (&[Value], [Value; 2]),
) {
    let [lhs_bytes, rhs_bytes] = element_bytes(contraction.kind);

    let at_row = e.size(&contraction.lhs_strides[0]);
    let lhs = place(e, contraction, 0, outer, &[(row, at_row)]);
    let at_column = column_stride(e, contraction);
    let rhs = place(e, contraction, 1, outer, &[(column, at_column)]);
    let (at_row, one) = (e.size(&contraction.out_stride), e.int(1));
    let out = place(e, contraction, 2, outer, &[(row, at_row), (column, one)]);
    let operands = [
        (contraction.lhs, lhs, lhs_bytes, GemmArgs::A_OFFSET),
        (contraction.rhs, rhs, rhs_bytes, GemmArgs::B_OFFSET),
        (contraction.out, out, 4, GemmArgs::C_OFFSET),
    ];
    for (buffer, elements, bytes, offset) in operands {
        let base = e.buffer(buffer);
        let distance = e.builder.ins().imul_imm_s(elements, bytes);
        let address = e.builder.ins().iadd(base, distance);
        e.store(address, args, offset);
    }
    let Some(scales) = contraction.scales else { return };
    let vectors = [
        (scales.rows, row, ScaledGemmArgs::ROWS_OFFSET),
        (scales.columns, column, ScaledGemmArgs::COLUMNS_OFFSET),
    ];
    for (buffer, elements, offset) in vectors {
        let base = e.buffer(buffer);
        let distance = e.builder.ins().imul_imm_s(elements, 4);
        let address = e.builder.ins().iadd(base, distance);
        e.store(address, args, offset);
    }
    let all = match scales.all {
        Some(buffer) => e.buffer(buffer),
        None => e.int(0),
    };
    e.store(all, args, ScaledGemmArgs::ALL_OFFSET);
}

/// Elements from the beginning of operand number `operand` (left, right, result) to the block.
fn place(
    e: &mut Emitter<'_>,
    contraction: &Contraction,
    operand: usize,
    outer: &[Value],
    terms: &[(Value, Value)],
) -> Value {
    let packed = operand == 1 && is_packed(contraction.kind);
    let offset = [&contraction.lhs_offset, &contraction.rhs_offset, &contraction.out_offset][operand];
    let mut sum = if packed { e.int(0) } else { e.size(offset) };
    for (index, stride) in terms {
        let term = e.builder.ins().imul(*index, *stride);
        sum = e.builder.ins().iadd(sum, term);
    }
    if !packed {
        for (index, OuterAxis { strides, .. }) in outer.iter().zip(&contraction.outer) {
            let stride = e.size(&strides[operand]);
            let term = e.builder.ins().imul(*index, stride);
            sum = e.builder.ins().iadd(sum, term);
        }
    }
    sum
}

/// Emits the body of a convolution, whose epilogue is a function of its own, if there is one.
pub(crate) fn emit_convolution(
    e: &mut Emitter<'_>,
    buffers: &[Buffer],
    convolution: &Convolution,
    epilogue: Option<FuncRef>,
) {
    let kernel = if convolution.depthwise {
        KernelTable::F32_DEPTHWISE_CONV2D_OFFSET
    } else {
        conv_kernel(convolution.kind).expect("verified: a convolution is of f32, i8 or f32 by trit")
    };
    let shape = |buffer: tri_kernel_ir::BufferId| &buffers[buffer.index()].shape;
    let (input, out) = (shape(convolution.input), shape(convolution.out));
    let [_, kernel_height, kernel_width] = &convolution.window;
    let slot = e.stack(ConvArgs::BYTES);
    let args = e.stack_address(slot);
    let attributes = convolution.attributes;
    let numbers = [
        (ConvArgs::STRIDE_HEIGHT_OFFSET, attributes.stride[0]),
        (ConvArgs::STRIDE_WIDTH_OFFSET, attributes.stride[1]),
        (ConvArgs::PADDING_HEIGHT_OFFSET, attributes.padding[0]),
        (ConvArgs::PADDING_WIDTH_OFFSET, attributes.padding[1]),
        (ConvArgs::DILATION_HEIGHT_OFFSET, attributes.dilation[0]),
        (ConvArgs::DILATION_WIDTH_OFFSET, attributes.dilation[1]),
        (ConvArgs::GROUPS_OFFSET, attributes.groups),
    ];
    let sizes = [
        (ConvArgs::CHANNELS_OFFSET, &input[1]),
        (ConvArgs::HEIGHT_OFFSET, &input[2]),
        (ConvArgs::WIDTH_OFFSET, &input[3]),
        (ConvArgs::OUT_CHANNELS_OFFSET, &out[1]),
        (ConvArgs::KERNEL_HEIGHT_OFFSET, kernel_height),
        (ConvArgs::KERNEL_WIDTH_OFFSET, kernel_width),
        (ConvArgs::OUT_HEIGHT_OFFSET, &out[2]),
        (ConvArgs::OUT_WIDTH_OFFSET, &out[3]),
    ];
    let numbers: Vec<(i32, Dim)> = numbers.into_iter().map(|(at, n)| (at, Dim::constant(n.into()))).collect();
    for (offset, dim) in numbers.iter().map(|(at, dim)| (*at, dim)).chain(sizes) {
        let value = e.size(dim);
        e.store(value, args, offset);
    }
    let operands = [
        (ConvArgs::INPUT_OFFSET, convolution.input),
        (ConvArgs::WEIGHT_OFFSET, convolution.weight),
        (ConvArgs::OUT_OFFSET, convolution.out),
    ];
    for (offset, buffer) in operands {
        let address = e.buffer(buffer);
        e.store(address, args, offset);
    }
    let epilogue = match epilogue {
        Some(function) => e.builder.ins().func_addr(types::I64, function),
        None => e.int(0),
    };
    let (start, end, ctx, frame) = (e.start, e.end, e.ctx, e.frame);
    e.store(epilogue, args, ConvArgs::EPILOGUE_OFFSET);
    e.store(ctx, args, ConvArgs::CONTEXT_OFFSET);
    e.store(frame, args, ConvArgs::FRAME_OFFSET);
    e.store(start, args, ConvArgs::FIRST_OFFSET);
    e.store(end, args, ConvArgs::LAST_OFFSET);
    e.call_kernel(kernel, args);
    e.builder.ins().return_(&[]);
}
