//! Arguments of calls: typed, and bound to what the parameters leave open.

use tri_syntax::ast::{self};

use super::Infer;
use super::bind::{Bindings, Misfit};
use super::coerce::Asked;
use super::misfit::Called;
use super::slots::Slots;
use crate::hir::{DType, Dim, DimVar, Element, ExprId, Owner, Type};

impl Infer<'_> {
    /// Types the arguments and binds what the parameters' types leave open.
    pub(super) fn arguments(
        &mut self,
        b: &mut Bindings,
        called: &Called<'_>,
        first: Option<ExprId>,
        slots: &Slots<'_>,
        expected: Option<&Type>,
    ) -> Option<Vec<Option<ExprId>>> {
        let signature = called.signature;
        let mut args: Vec<Option<ExprId>> = vec![None; slots.len()];
        let mut misfits = Vec::new();
        let mut wrong = false;
        for (at, (param, slot)) in signature.params.iter().zip(slots).enumerate() {
            let id = match (first, slot) {
                (Some(first), _) if at == 0 => first,
                (_, Some(expr)) => self.argument(expr, &param.ty, args.first().copied().flatten()),
                _ => {
                    self.default_int(b, called.owner, at as u32, &param.ty);
                    continue;
                }
            };
            args[at] = Some(id);
            if let Some(misfit) = self.bind_argument(b, called, at, &mut args) {
                misfits.push((at, misfit));
            }
            wrong |= args[at].is_none_or(|id| self.ty(id) == &Type::Error);
        }
        if !misfits.is_empty() {
            self.report_misfits(&misfits, &args, called, b);
            return None;
        }
        if wrong {
            return None;
        }
        self.bind_numbers(b, called, &mut args)?;
        if let Some(expected) = expected {
            // What the arguments leave open may follow from where the result goes; a misfit is reported there.
            let mut trial = b.clone();
            let fits = match (&signature.result, expected) {
                // Another dtype is the only mistake then, not the size as well.
                (Type::Tensor(Element::Known(element), _), Type::Tensor(_, shape)) => {
                    let expected = Type::Tensor(Element::Known(*element), shape.clone());
                    self.bind(&mut trial, &signature.result, &expected).is_ok()
                }
                (result, expected) => self.bind(&mut trial, result, expected).is_ok(),
            };
            if fits {
                *b = trial;
            }
        }
        if let Err((declared, wanted, actual)) = self.settle(b) {
            self.unsettled(&declared, &wanted, &actual, called);
            return None;
        }
        Some(args)
    }

    /// Binds one argument; numbers in the place of tensors wait until dtypes are known.
    fn bind_argument(
        &mut self,
        b: &mut Bindings,
        called: &Called<'_>,
        at: usize,
        args: &mut [Option<ExprId>],
    ) -> Option<Misfit> {
        let id = args[at]?;
        let param = &called.signature.params[at];
        match (self.ty(id).clone(), &param.ty) {
            (Type::Error, _) | (Type::Int(_) | Type::Float | Type::Bool, Type::Tensor(..)) => {}
            (actual, Type::Tensor(..)) => {
                b.bind_next(id);
                // What a misfit has bound so far says nothing of the other arguments.
                let mut trial = b.clone();
                match self.bind(&mut trial, &param.ty, &actual) {
                    Ok(()) => *b = trial,
                    Err(misfit) => return Some(misfit),
                }
            }
            (actual, Type::Int(_)) => {
                args[at] = Some(self.configured(id, &param.ty, called, at));
                let unknown = Dim::var(DimVar::Length(self.owner, self.node(id)));
                if let Type::Int(value) = actual {
                    b.fix_int(called.owner, at as u32, value.unwrap_or(unknown));
                }
            }
            (actual, wanted) => {
                let mut trial = b.clone();
                // A tuple of tensors says what sizes and packs are, as its parts would.
                if matches!(wanted, Type::Tuple(_)) && self.bind(&mut trial, wanted, &actual).is_ok() {
                    *b = trial;
                    return None;
                }
                let wanted = b.ty(&param.ty).unwrap_or_else(|_| param.ty.clone());
                args[at] = Some(self.configured(id, &wanted, called, at));
            }
        }
        None
    }

    /// A static argument.
    fn configured(&mut self, id: ExprId, wanted: &Type, called: &Called<'_>, at: usize) -> ExprId {
        let param = &called.signature.params[at].name;
        let asked = self.parameter_place(called.owner, at);
        let asked =
            asked.map(|place| Asked { place, text: format!("`{param}` is {}", self.show().ty(wanted)) });
        match (self.ty(id), wanted) {
            (Type::Int(_), Type::Int(_) | Type::Float | Type::Axis) | (Type::Error, _) => {}
            (from, _) if self.same_type(from, wanted) => {}
            (Type::Function(_) | Type::Tuple(_), _) => {}
            (from, _) => {
                let report = self.static_misfit(id, &from.clone(), wanted, called, at);
                self.names.report(report);
                return self.error_expr(self.node(id));
            }
        }
        self.coerce_asked(id, wanted, asked.as_ref())
    }

    /// Gives static numbers in the place of tensors their dtype.
    fn bind_numbers(
        &mut self,
        b: &mut Bindings,
        called: &Called<'_>,
        args: &mut [Option<ExprId>],
    ) -> Option<()> {
        for (at, param) in called.signature.params.iter().enumerate() {
            let Some(id) = args[at] else { continue };
            if !matches!(
                (self.ty(id), &param.ty),
                (Type::Int(_) | Type::Float | Type::Bool, Type::Tensor(..))
            ) {
                continue;
            }
            let element = self.number_element(b, &param.ty, id);
            let id = self.splat(id, element);
            let actual = self.ty(id).clone();
            if let Err(misfit) = self.bind(b, &param.ty, &actual) {
                self.misfit(&misfit, id, at, called, b);
                return None;
            }
            args[at] = Some(id);
        }
        Some(())
    }

    /// An argument. An axis may be written by the name of a size of the first argument.
    fn argument(&mut self, expr: &ast::Expr, ty: &Type, first: Option<ExprId>) -> ExprId {
        match ty {
            Type::Axis => match first {
                Some(first) => self.axis_of(expr, first),
                None => self.expr(expr, Some(ty)),
            },
            _ => self.expr(expr, Some(ty)),
        }
    }

    /// The dtype that a number takes in the place of a tensor.
    fn number_element(&self, b: &Bindings, ty: &Type, id: ExprId) -> Element {
        let bound = match ty {
            Type::Tensor(Element::Generic(owner, at), _) => b.element(*owner, *at),
            Type::Tensor(element, _) => Some(*element),
            _ => None,
        };
        bound.unwrap_or(match self.ty(id) {
            Type::Int(_) => Element::Known(DType::I32),
            Type::Bool => Element::Known(DType::Bool),
            _ => Element::Known(DType::F32),
        })
    }

    /// A static int parameter that takes its default.
    fn default_int(&mut self, b: &mut Bindings, owner: Owner, at: u32, ty: &Type) {
        if let Type::Int(_) = ty {
            let body = crate::queries::checked_body(self.db, crate::hir::BodyOwner::Default(owner, at)).body;
            let value = body.root.value.map(|value| body.expr(value).ty.clone());
            if let Some(Type::Int(Some(value))) = value
                && let Ok(value) = b.dim(&value)
            {
                b.fix_int(owner, at, value);
            }
        }
    }
}
