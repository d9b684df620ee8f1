//! A kernel: what it is made from, and how it is launched.

use tri_gpu::{Kernel, Many};
use tri_kernel_ir::{Body, ContractionKind, Form, MaxPool};

use crate::emitter::{Emitter, Function};
use crate::expression::NestContext;
use crate::kind::Kind;
use crate::pixels::Window;
use crate::route::Fixed;
use crate::work::Work;
use crate::{attention, contraction, convolution, implicit, nest, product, quantize, tensor, tile};

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
        Body::Contraction(step) if step.kind == ContractionKind::I8T2 => Kind::Gemv,
        Body::Contraction(_) => Kind::Chain,
        Body::Attention { .. } => Kind::Attention,
        Body::QuantizeRows(_) => Kind::Quantize,
        Body::Convolution(step) => match Window::of(&form.buffers, step) {
            Some(window) if implicit::is_bytes(&window) => Kind::Bytes,
            Some(_) => Kind::Tile,
            None => Kind::Window,
        },
        Body::Clusters(_) => Kind::Point,
    }
}

/// What the kernel of a form for many rows does, if there is one.
pub(crate) fn many_kind(form: &Form) -> Option<Kind> {
    let Body::Contraction(step) = &form.body else { return None };
    match step.kind {
        ContractionKind::I8T2 => tensor::multiples(step).map(|_| Kind::Gemm),
        ContractionKind::I8 => product::serves(step).then_some(Kind::Bytes),
        _ => product::serves(step).then_some(Kind::Tile),
    }
}

/// The kernel of a form, with its text.
pub(crate) fn of_form(form: &Form, name: String) -> Result<(Kernel, Function), Unserved> {
    let mut e = Emitter::new(form.buffers.len() as u32, form.symbols);
    let (axes, lanes) = match &form.body {
        Body::Nest { nest, failure } | Body::MaxPool { step: MaxPool { nest, .. }, failure } => {
            let work = Work::of(&form.buffers, nest);
            nest::emit(&mut e, &NestContext::new(&form.buffers, nest, *failure), work, THREADS);
            (work.axes(nest), work.lanes())
        }
        Body::Contraction(step) => {
            contraction::emit(&mut e, step, THREADS);
            contraction::units(step).map_err(|_| "a contraction of so many columns")?
        }
        Body::Attention { step, failure } => {
            if !attention::is_served(&form.buffers, step) {
                return Err("attention with such a softmax");
            }
            let cx = NestContext::new(&form.buffers, &step.rows, *failure);
            attention::emit(&mut e, &cx, step, THREADS);
            let blocks = attention::units(step).map_err(|_| "attention of so many rows")?;
            (blocks, THREADS.into())
        }
        Body::QuantizeRows(step) => {
            quantize::emit(&mut e, step, THREADS);
            (vec![step.rows.clone()], WARP)
        }
        Body::Convolution(step) => match Window::of(&form.buffers, step) {
            Some(window) => {
                implicit::emit(&mut e, &window, THREADS);
                let axes = window.units(tile::LINES).map_err(|_| "a convolution of so many pixels")?;
                (axes, THREADS.into())
            }
            None => {
                convolution::emit(&mut e, &form.buffers, step, THREADS);
                (convolution::axes(&form.buffers, step), 1)
            }
        },
        // It is there already.
        Body::Clusters(_) => return Err("a choice of tiles by a form"),
    };
    let (buffers, sizes) = (form.buffers.len() as u32, form.symbols);
    let kernel = Kernel { name, threads: THREADS, buffers, sizes, axes, lanes, many: None };
    let function = e.finish(&kernel.name, THREADS);
    Ok((kernel, function))
}

/// The kernel of a form for many rows, number `kernel`, with its text; none if the one for any number of rows serves them as well.
pub(crate) fn of_many(
    form: &Form,
    name: String,
    kernel: u32,
) -> Result<Option<(Kernel, Function, Many)>, Unserved> {
    let (Body::Contraction(step), Some(kind)) = (&form.body, many_kind(form)) else { return Ok(None) };
    let mut e = Emitter::new(form.buffers.len() as u32, form.symbols);
    let (axes, least, multiples) = if kind == Kind::Gemm {
        tensor::emit(&mut e, step, THREADS);
        (tensor::units(step), tensor::LEAST_ROWS, tensor::multiples(step).unwrap_or_default())
    } else {
        product::emit(&mut e, step, THREADS);
        (product::units(step), product::LEAST_ROWS, Vec::new())
    };
    let axes = axes.map_err(|_| "a contraction of so many columns")?;
    let (buffers, sizes) = (form.buffers.len() as u32, form.symbols);
    let made = Kernel { name, threads: THREADS, buffers, sizes, axes, lanes: THREADS.into(), many: None };
    let function = e.finish(&made.name, THREADS);
    let (rows, of) = (step.m.clone(), tensor::MULTIPLE);
    Ok(Some((made, function, Many { kernel, rows, least, multiples, of })))
}

/// A kernel that is there already, of a thread a unit.
pub(crate) fn of_fixed(fixed: Fixed, buffers: u32, sizes: u32) -> (Kernel, Function) {
    let function = fixed.emitter.finish(&fixed.name, THREADS);
    let kernel =
        Kernel { name: fixed.name, threads: THREADS, buffers, sizes, axes: fixed.axes, lanes: 1, many: None };
    (kernel, function)
}
