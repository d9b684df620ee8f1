//! Epilogues: the nest behind a product, over the rows or planes of a block that was just computed.

use cranelift_codegen::ir::{InstBuilder, Value, types};
use tri_kernel_ir::{Body, Convolution, Epilogue, Form, Product};
use tri_kernels::EpilogueArgs;

use crate::emitter::Emitter;
use crate::expression::NestContext;
use crate::nest::{Span, advance, decompose, run_stages};

/// The convolution and its epilogue, if a form is of such.
pub(crate) fn of_convolution(form: &Form) -> Option<(&Convolution, &Epilogue)> {
    let Body::Epilogue { step, .. } = &form.body else { return None };
    match &step.product {
        Product::Convolution(convolution) => Some((convolution, step)),
        Product::Contraction(_) => None,
    }
}

/// Emits the nest for outer points from and to flat numbers, and indices of its first inner axis within a span.
pub(crate) fn emit_points(e: &mut Emitter<'_>, cx: &NestContext<'_>, (from, to): Span, span: Span) {
    let sizes: Vec<Value> = cx.nest.axes.iter().map(|size| e.size(size)).collect();
    let first = decompose(e, from, &sizes);
    e.for_each(from, to, 1, &first, |e, _, point| {
        run_stages(e, cx, point, Some(span));
        advance(e, point, &sizes)
    });
}

/// Emits the function that the kernel of a convolution calls for rows of planes.
pub(crate) fn emit(e: &mut Emitter<'_>, form: &Form) {
    if let (Some((convolution, step)), Body::Epilogue { failure, .. }) = (of_convolution(form), &form.body) {
        let part = e.start;
        let mut word = |offset| e.load(types::I64, part, offset);
        let planes = (word(EpilogueArgs::FIRST_OFFSET), word(EpilogueArgs::LAST_OFFSET));
        let mut rows = [word(EpilogueArgs::TOP_OFFSET), word(EpilogueArgs::BOTTOM_OFFSET)];
        // One axis has all elements of a plane, two are rows and columns.
        if step.axes().1.len() == 1 {
            let width = e.size(&form.buffers[convolution.out.index()].shape[3]);
            rows = rows.map(|row| e.builder.ins().imul(row, width));
        }
        let cx = NestContext::new(&form.buffers, &step.nest, *failure);
        emit_points(e, &cx, planes, (rows[0], rows[1]));
    }
    e.builder.ins().return_(&[]);
}
