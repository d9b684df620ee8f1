//! A kernel: what it is made from, and how it is launched.

use tri_gpu::{Kernel, Many};
use tri_ir::Dim;
use tri_kernel_ir::{Body, BufferId, Contraction, ContractionKind, Convolution, Form, MaxPool, Product};

use crate::emitter::{Emitter, Function};
use crate::expression::NestContext;
use crate::kind::Kind;
use crate::pixels::Window;
use crate::results::Results;
use crate::route::Fixed;
use crate::work::Work;
use crate::{attention, contraction, convolution, grouped, implicit, nest, product, quantize, tensor, tile};

/// Threads of a block.
pub(crate) const THREADS: u32 = 128;

/// Threads of a warp.
pub(crate) const WARP: i64 = 32;

/// What no kernel serves.
pub(crate) type Unserved = &'static str;

/// What the kernel of a form does.
pub(crate) fn kind(form: &Form) -> Kind {
    match &form.body {
        Body::Nest { nest, .. } | Body::MaxPool { step: MaxPool { nest, .. }, .. } => {
            match Work::of(&form.buffers, nest) {
                Work::Element => Kind::Map,
                Work::Lane => Kind::Fold,
                Work::Point => Kind::Point,
            }
        }
        Body::Contraction(step) => kind_of_contraction(step),
        Body::Attention { .. } => Kind::Attention,
        Body::QuantizeRows(_) => Kind::Quantize,
        Body::Convolution(step) => kind_of_convolution(form, step),
        Body::Epilogue { step, .. } => match &step.product {
            Product::Contraction(step) => kind_of_contraction(step),
            Product::Convolution(step) => kind_of_convolution(form, step),
        },
        Body::Clusters(_) => Kind::Point,
    }
}

fn kind_of_contraction(step: &Contraction) -> Kind {
    if step.kind == ContractionKind::I8T2 { Kind::Gemv } else { Kind::Chain }
}

fn kind_of_convolution(form: &Form, step: &Convolution) -> Kind {
    match Window::of(&form.buffers, step) {
        Some(window) if implicit::is_bytes(&window) => Kind::Bytes,
        Some(_) => Kind::Tile,
        None => Kind::Window,
    }
}

/// The contraction of a form, behind which there may be an epilogue.
fn contraction_of(form: &Form) -> Option<&Contraction> {
    match &form.body {
        Body::Contraction(step) => Some(step),
        Body::Epilogue { step, .. } => step.contraction(),
        _ => None,
    }
}

/// What the kernel of a form for many rows does, if there is one.
pub(crate) fn many_kind(form: &Form) -> Option<Kind> {
    let step = contraction_of(form)?;
    match step.kind {
        ContractionKind::I8T2 => tensor::multiples(step).map(|_| Kind::Gemm),
        ContractionKind::I8 => product::serves(step).then_some(Kind::Bytes),
        _ => product::serves(step).then_some(Kind::Tile),
    }
}

/// The axes whose points are units of work, and the threads of a unit.
type Units = (Vec<Dim>, i64);

/// The kernel of a form, with its text.
pub(crate) fn of_form(form: &Form, name: String) -> Result<(Kernel, Function), Unserved> {
    let units = units(form)?;
    Ok(made(form, name, units, |e| emit(e, form)))
}

fn made(
    form: &Form,
    name: String,
    (axes, lanes): Units,
    body: impl FnOnce(&mut Emitter),
) -> (Kernel, Function) {
    let (buffers, sizes) = (form.buffers.len() as u32, form.symbols);
    let mut e = Emitter::new(buffers, sizes);
    body(&mut e);
    let function = e.finish(&name, THREADS);
    (Kernel { name, threads: THREADS, buffers, sizes, axes, lanes, many: None, grouped: false }, function)
}

/// The second form of a kernel of a form, for the tiles of a group: of the one for many rows, or of the other.
pub(crate) fn of_group(form: &Form, kernel: &Kernel, is_many: bool) -> Function {
    let e = grouped::emit(kernel.buffers, kernel.sizes, |e| match contraction_of(form) {
        Some(step) if is_many => emit_many(e, form, step),
        _ => emit(e, form),
    });
    e.finish(&format!("{}{}", kernel.name, Kernel::GROUPED), THREADS)
}

fn units(form: &Form) -> Result<Units, Unserved> {
    Ok(match &form.body {
        Body::Nest { nest, .. } | Body::MaxPool { step: MaxPool { nest, .. }, .. } => {
            let work = Work::of(&form.buffers, nest);
            (work.axes(nest), work.lanes())
        }
        Body::Contraction(step) => units_of_contraction(step)?,
        Body::Epilogue { step, .. } => match &step.product {
            Product::Contraction(step) => units_of_contraction(step)?,
            Product::Convolution(step) => units_of_convolution(form, step)?,
        },
        Body::Attention { step, .. } => {
            if !attention::is_served(&form.buffers, step) {
                return Err("attention with such a softmax");
            }
            let blocks = attention::units(step).map_err(|_| "attention of so many rows")?;
            (blocks, THREADS.into())
        }
        Body::QuantizeRows(step) => (vec![step.rows.clone()], WARP),
        Body::Convolution(step) => units_of_convolution(form, step)?,
        // It is there already.
        Body::Clusters(_) => return Err("a choice of tiles by a form"),
    })
}

fn units_of_contraction(step: &Contraction) -> Result<Units, Unserved> {
    contraction::units(step).map_err(|_| "a contraction of so many columns")
}

fn units_of_convolution(form: &Form, step: &Convolution) -> Result<Units, Unserved> {
    Ok(match Window::of(&form.buffers, step) {
        Some(window) => {
            let axes = window.units(tile::LINES).map_err(|_| "a convolution of so many pixels")?;
            (axes, THREADS.into())
        }
        None => (convolution::axes(&form.buffers, step), 1),
    })
}

/// Where the results of a product go.
fn results<'f>(form: &'f Form, out: BufferId) -> Results<'f> {
    match &form.body {
        Body::Epilogue { step, failure } => {
            Results::through(NestContext::new(&form.buffers, &step.nest, *failure), step)
        }
        _ => Results::of(out),
    }
}

/// What a block of the kernel of a form computes.
fn emit(e: &mut Emitter, form: &Form) {
    match &form.body {
        Body::Nest { nest, failure } | Body::MaxPool { step: MaxPool { nest, .. }, failure } => {
            let work = Work::of(&form.buffers, nest);
            nest::emit(e, &NestContext::new(&form.buffers, nest, *failure), work, THREADS);
        }
        Body::Contraction(step) => contraction::emit(e, step, &results(form, step.out), THREADS),
        Body::Epilogue { step, .. } => match &step.product {
            Product::Contraction(step) => contraction::emit(e, step, &results(form, step.out), THREADS),
            Product::Convolution(step) => emit_convolution(e, form, step),
        },
        Body::Attention { step, failure } => {
            let cx = NestContext::new(&form.buffers, &step.rows, *failure);
            attention::emit(e, &cx, step, THREADS);
        }
        Body::QuantizeRows(step) => quantize::emit(e, step, THREADS),
        Body::Convolution(step) => emit_convolution(e, form, step),
        Body::Clusters(_) => unreachable!("a form without units has no kernel"),
    }
}

/// What a block of the kernel for many rows computes.
fn emit_many(e: &mut Emitter, form: &Form, step: &Contraction) {
    let results = results(form, step.out);
    match step.kind {
        ContractionKind::I8T2 => tensor::emit(e, step, &results, THREADS),
        _ => product::emit(e, step, &results, THREADS),
    }
}

fn emit_convolution(e: &mut Emitter, form: &Form, step: &Convolution) {
    let results = results(form, step.out);
    match Window::of(&form.buffers, step) {
        Some(window) => implicit::emit(e, &window, &results, THREADS),
        None => convolution::emit(e, &form.buffers, step, &results, THREADS),
    }
}

/// The kernel of a form for many rows, number `kernel`, with its text; none if the one for any number of rows serves them as well.
pub(crate) fn of_many(
    form: &Form,
    name: String,
    kernel: u32,
) -> Result<Option<(Kernel, Function, Many)>, Unserved> {
    let (Some(step), Some(kind)) = (contraction_of(form), many_kind(form)) else { return Ok(None) };
    let (axes, least, multiples) = if kind == Kind::Gemm {
        (tensor::units(step), tensor::LEAST_ROWS, tensor::multiples(step).unwrap_or_default())
    } else {
        (product::units(step), product::LEAST_ROWS, Vec::new())
    };
    let axes = axes.map_err(|_| "a contraction of so many columns")?;
    let (made, function) = made(form, name, (axes, THREADS.into()), |e| emit_many(e, form, step));
    let (rows, of) = (step.m.clone(), tensor::MULTIPLE);
    Ok(Some((made, function, Many { kernel, rows, least, multiples, of })))
}

/// A kernel that is there already.
pub(crate) fn of_fixed(fixed: Fixed, buffers: u32, sizes: u32) -> (Kernel, Function) {
    let Fixed { name, axes, lanes, emitter, .. } = fixed;
    let function = emitter.finish(&name, THREADS);
    let kernel = Kernel { name, threads: THREADS, buffers, sizes, axes, lanes, many: None, grouped: false };
    (kernel, function)
}
