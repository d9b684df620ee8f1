//! Attention: lanes that each have a part of the blocks of rows, and for a block the kernel for scores, the nest over its rows, and the kernel
//! for the product with values. A thread has neighbouring lanes, and does all of their blocks in the memory of the first.

use cranelift_codegen::ir::{InstBuilder, Value};
use tri_ir::{Dim, Symbol};
use tri_kernel_ir::{Attention, Buffer, Contraction};
use tri_kernels::GemmArgs;

use crate::contraction::{COLUMNS, ROWS, fill_block, fill_constant_args, gemm_kernel};
use crate::emitter::Emitter;
use crate::expression::NestContext;
use crate::nest::{advance, decompose, run_stages};

// A block of rows is a block of rows of both contractions.
const _: () = assert!(ROWS == Attention::ROWS);

/// Sizes of the axes of blocks: those outside rows, blocks of rows.
fn block_axes(e: &mut Emitter<'_>, outer: &[Dim], m: &Dim) -> Vec<Value> {
    let mut sizes: Vec<Value> = outer.iter().map(|size| e.size(size)).collect();
    let (m, rows) = (e.size(m), e.int(ROWS));
    sizes.push(e.blocks(m, rows));
    sizes
}

/// Number of blocks, and of lanes that share them: as many as there is memory for.
fn lanes(e: &mut Emitter<'_>, sizes: &[Value]) -> [Value; 2] {
    let mut blocks = e.int(1);
    for size in sizes {
        blocks = e.builder.ins().imul(blocks, *size);
    }
    let most = e.int(Attention::LANES);
    [blocks, e.smaller(most, blocks)]
}

/// Number of lanes, and how many products one does.
pub(crate) fn units(e: &mut Emitter<'_>, outer: &[Dim], [m, n, k, columns]: [&Dim; 4]) -> (Value, Value) {
    let sizes = block_axes(e, outer, m);
    let [blocks, lanes] = lanes(e, &sizes);
    let (k, columns) = (e.size(k), e.size(columns));
    let depth = e.builder.ins().iadd(k, columns);
    let (m, n, rows) = (e.size(m), e.size(n), e.int(ROWS));
    let rows = e.smaller(m, rows);
    let scores = e.builder.ins().imul(rows, n);
    let products = e.builder.ins().imul(scores, depth);
    let all = e.builder.ins().imul(products, blocks);
    let some = e.at_least_one(lanes);
    (lanes, e.builder.ins().sdiv(all, some))
}

/// Emits the body.
pub(crate) fn emit(e: &mut Emitter<'_>, buffers: &[Buffer], attention: &Attention, failure: Symbol) {
    let (sizes, rows) = (block_axes(e, attention.outer_axes(), &attention.scores.m), attention.row_axes());
    let [blocks, lanes] = lanes(e, &sizes);
    let parts = [&attention.scores, &attention.mix].map(|part| (part, e.stack(GemmArgs::BYTES)));
    let parts = parts.map(|(part, slot)| (part, e.stack_address(slot)));
    for (part, args) in parts {
        fill_constant_args(e, part, args);
    }
    let cx = NestContext::new(buffers, &attention.rows, failure);
    let (memory, m, n) =
        (e.buffer(attention.scratch()), e.size(&attention.scores.m), e.size(&attention.scores.n));
    let row_sizes: Vec<Value> = rows.iter().map(|size| e.size(size)).collect();
    let row_bytes = e.builder.ins().imul_imm_s(n, 4);
    let most = e.int(ROWS);
    let most = e.smaller(m, most);
    let lane_bytes = e.builder.ins().imul(row_bytes, most);
    let (start, end) = (e.start, e.end);
    let some = e.at_least_one(lanes);
    let distance = e.builder.ins().imul(lane_bytes, start);
    let memory = e.builder.ins().iadd(memory, distance);
    let [first, last] = [start, end].map(|lane| {
        let before = e.builder.ins().imul(blocks, lane);
        e.builder.ins().sdiv(before, some)
    });
    let at = decompose(e, first, &sizes);
    e.for_each(first, last, 1, &at, |e, _, indices| {
        let (block, outer) = indices.split_last().expect("blocks are an axis");
        let from = e.builder.ins().imul_imm_s(*block, ROWS);
        let to = e.builder.ins().iadd_imm_s(from, ROWS);
        let to = e.smaller(to, m);
        // Parts address the scratch from row 0.
        let distance = e.builder.ins().imul(row_bytes, from);
        let first_row = e.builder.ins().isub(memory, distance);
        e.lay(attention.scratch(), Some(first_row));
        multiply(e, parts[0], outer, from);
        let row = decompose(e, from, &row_sizes);
        e.for_each(from, to, 1, &row, |e, _, row| {
            run_stages(e, &cx, &[outer, row].concat(), None);
            advance(e, row, &row_sizes)
        });
        multiply(e, parts[1], outer, from);
        e.lay(attention.scratch(), None);
        advance(e, indices, &sizes)
    });
    e.builder.ins().return_(&[]);
}

/// Calls the kernel of a contraction for a block of rows and all columns.
fn multiply(e: &mut Emitter<'_>, (part, args): (&Contraction, Value), outer: &[Value], row: Value) {
    let (zero, n) = (e.int(0), e.size(&part.n));
    e.for_each(zero, n, COLUMNS, &[], |e, column, _| {
        let (rows, columns) = (e.int(ROWS), e.int(COLUMNS));
        fill_block(e, part, args, outer, [(row, rows), (column, columns)]);
        e.call_kernel(gemm_kernel(part.kind), args);
        Vec::new()
    });
}
