//! The body of a form as instructions, and the frame that it is called with.

use cranelift_codegen::ir::FuncRef;
use tri_kernel_ir::{Body, Form, Product};

use crate::emitter::Emitter;
use crate::expression::NestContext;
use crate::{FrameLayout, attention, clusters, contraction, nest, pool, quantize};

/// Emits the body; `epilogue` is the function that a convolution's kernel calls.
pub(crate) fn emit(form: &Form, e: &mut Emitter<'_>, epilogue: Option<FuncRef>) {
    match &form.body {
        Body::Nest { nest, failure } => {
            nest::emit(e, &NestContext::new(&form.buffers, nest, *failure));
        }
        Body::Contraction(contraction) => contraction::emit_contraction(e, contraction, None),
        Body::Attention { step, failure } => attention::emit(e, &form.buffers, step, *failure),
        Body::QuantizeRows(step) => quantize::emit(e, step),
        Body::Convolution(convolution) => {
            contraction::emit_convolution(e, &form.buffers, convolution, None);
        }
        Body::Epilogue { step, failure } => match &step.product {
            Product::Contraction(contraction) => {
                let cx = NestContext::new(&form.buffers, &step.nest, *failure);
                contraction::emit_contraction(e, contraction, Some(&cx));
            }
            Product::Convolution(convolution) => {
                contraction::emit_convolution(e, &form.buffers, convolution, epilogue);
            }
        },
        Body::MaxPool { step, .. } => pool::emit(e, &form.buffers, step),
        Body::Clusters(step) => clusters::emit(e, &form.buffers, step),
    }
}

/// For each buffer, the word of the frame that holds its address.
pub(crate) fn buffer_words(form: &Form) -> Vec<usize> {
    (0..form.buffers.len() as u32).map(|buffer| layout(form).buffer_word(buffer)).collect()
}

/// About how long compiling its body takes, in expressions.
pub(crate) fn weight(form: &Form) -> usize {
    match &form.body {
        Body::Nest { nest, .. } => 8 + nest.exprs.len() * nest.stages.len(),
        Body::Epilogue { step, .. } => 32 + step.nest.exprs.len(),
        Body::Attention { step, .. } => 64 + step.rows.exprs.len() * step.rows.stages.len(),
        Body::Contraction(_)
        | Body::QuantizeRows(_)
        | Body::Convolution(_)
        | Body::MaxPool { .. }
        | Body::Clusters(_) => 32,
    }
}

/// The frame that its body is called with.
pub(crate) fn layout(form: &Form) -> FrameLayout {
    FrameLayout::of_form(form.symbols, form.buffers.len() as u32)
}
