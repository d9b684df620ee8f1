//! Results of a product: each is stored, or what the epilogue makes of it in its place.

use tri_kernel_ir::{BufferId, Epilogue, Stage};

use crate::emitter::Emitter;
use crate::expression::{NestContext, Point};
use crate::nest::decompose;
use crate::value::Value;

/// Where the results of a product go.
pub(crate) struct Results<'r> {
    buffer: BufferId,
    epilogue: Option<(NestContext<'r>, &'r Epilogue)>,
}

impl<'r> Results<'r> {
    /// To a buffer as they are.
    pub(crate) fn of(buffer: BufferId) -> Results<'static> {
        Results { buffer, epilogue: None }
    }

    /// Through an epilogue, whose nest is `cx`.
    pub(crate) fn through(cx: NestContext<'r>, epilogue: &'r Epilogue) -> Results<'r> {
        Results { buffer: epilogue.product.out(), epilogue: Some((cx, epilogue)) }
    }

    /// Stores the result whose flat place is `at`.
    pub(crate) fn put(&self, e: &mut Emitter, at: Value, result: Value) {
        let Some((cx, epilogue)) = &self.epilogue else {
            let address = e.element(e.buffer(self.buffer), at, 4);
            return e.store(result, address, 4);
        };
        let (outer, inner) = epilogue.axes();
        let sizes: Vec<Value> = outer.iter().chain(inner).map(|size| e.size(size)).collect();
        let indices = decompose(e, at, &sizes);
        self.finish(e, cx, &indices, result);
    }

    /// The same of a contraction, whose row and column are known.
    pub(crate) fn put_at(&self, e: &mut Emitter, [row, column]: [Value; 2], at: Value, result: Value) {
        let Some((cx, epilogue)) = &self.epilogue else { return self.put(e, at, result) };
        let sizes: Vec<Value> = epilogue.axes().0.iter().map(|size| e.size(size)).collect();
        let mut indices = decompose(e, row, &sizes);
        indices.push(column);
        self.finish(e, cx, &indices, result);
    }

    fn finish(&self, e: &mut Emitter, cx: &NestContext<'_>, indices: &[Value], result: Value) {
        e.hold(Some((self.buffer, result)));
        for stage in &cx.nest.stages {
            if let Stage::Map { stores, .. } = stage {
                cx.store(e, Point { indices, regs: &[] }, stores);
            }
        }
        e.hold(None);
    }
}
