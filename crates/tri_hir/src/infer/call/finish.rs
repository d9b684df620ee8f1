//! The end of a call: its generic parameters are known, the callee's conditions are proved, the result has its type.

use tri_diagnostics::Code;

use crate::hir::{Axis, DType, Dim, DimVar, Element, GenericArg, GenericKind, Type};
use crate::infer::Infer;
use crate::infer::bind::Bindings;
use crate::infer::misfit::Called;
use crate::report::Report;
use crate::resolve::bounds;

impl Infer<'_> {
    /// Generic arguments and result type of a call whose arguments are bound; conditions are proved.
    pub(in crate::infer) fn finish_call(
        &mut self,
        b: &Bindings,
        called: &Called<'_>,
    ) -> Option<(Vec<GenericArg>, Type)> {
        let Called { owner, signature, node, .. } = *called;
        let generics = self.generic_args(b, called)?;
        for (at, generic) in signature.generics.iter().enumerate() {
            if let GenericKind::Dim(Some((low, high))) = &generic.kind {
                let dim = Dim::var(DimVar::Generic(owner, at as u32));
                for fact in bounds(&dim, low, high) {
                    self.prove(b, &fact, called)?;
                }
            }
        }
        for fact in &signature.facts {
            self.prove(b, fact, called)?;
        }
        let mut complete = b.clone();
        complete.fix(owner, &generics);
        match complete.ty(&signature.result) {
            Ok(ty) => {
                if let Some(report) = self.negative(&complete, &ty, called) {
                    self.names.report(report);
                    return None;
                }
                Some((generics, ty))
            }
            Err(error) => {
                self.names.error(
                    Code::E2011,
                    node,
                    format!("the result of `{}` has no size: {error}", signature.name),
                );
                None
            }
        }
    }

    /// What each generic parameter of the callee stands for.
    fn generic_args(&mut self, b: &Bindings, called: &Called<'_>) -> Option<Vec<GenericArg>> {
        let Called { owner, signature, node, .. } = *called;
        let mut generics = Vec::with_capacity(signature.generics.len());
        for (generic, found) in signature.generics.iter().zip(b.args(owner, &signature.generics)) {
            match (found, &generic.kind) {
                (Some(GenericArg::Element(element)), GenericKind::Element(class))
                    if !self.in_class(element, *class) =>
                {
                    let dtype = self.show().element(element);
                    let message = format!("`{}` is not defined for {dtype}", signature.name);
                    self.names.error(Code::E3004, node, message);
                    return None;
                }
                (Some(arg), _) => generics.push(arg),
                // Without anything that says otherwise, elements are f32.
                (None, GenericKind::Element(_)) => {
                    generics.push(GenericArg::Element(Element::Known(DType::F32)))
                }
                (None, _) => {
                    let (name, callee) = (&generic.name, self.callee_name(called));
                    let message = format!("`{name}` of `{callee}` cannot be worked out from the arguments");
                    let own: Vec<&str> = signature.generics.iter().map(|generic| &*generic.name).collect();
                    let report = Report::error(Code::E2004, self.names.place(node), message)
                        .label(format!("nothing here says what `{name}` is"))
                        .help(format!("give it in brackets: `{callee}[{}](...)`", own.join(", ")));
                    self.names.report(report);
                    return None;
                }
            }
        }
        Some(generics)
    }

    /// A result with an axis that is smaller than none.
    fn negative(&self, b: &Bindings, ty: &Type, called: &Called<'_>) -> Option<Report> {
        let (Type::Tensor(_, declared), Type::Tensor(_, shape)) = (&called.signature.result, ty) else {
            return None;
        };
        let pairs = declared.iter().rev().zip(shape.iter().rev());
        let pairs = pairs.take_while(|(declared, _)| matches!(declared, Axis::Dim(_)));
        let (declared, size) = pairs.into_iter().find_map(|pair| match pair {
            (Axis::Dim(declared), Axis::Dim(size)) => {
                let value = crate::dims::numeric(self.db, size).filter(|value| *value < 0)?;
                Some((declared, value))
            }
            _ => None,
        })?;
        let mut vars = Vec::new();
        declared.for_each_var(&mut |var| vars.push(Dim::var(*var)));
        let values = vars.into_iter().filter_map(|var| {
            let value = b.dim(&var).ok()?;
            Some(format!("`{}`", self.equated(&Axis::Dim(var), &Axis::Dim(value))))
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let message = format!("`{}` would give an axis of `{size}`", self.callee_name(called));
        let label = format!("`{}` is `{size}` with {values}", self.show().dim(declared));
        Some(Report::error(Code::E2011, self.names.place(called.node), message).label(label))
    }
}
