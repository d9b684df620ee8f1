//! Arguments of calls: typed, and bound to what the parameters leave open.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, ExprKind as Ast};

use super::Infer;
use super::bind::{Bindings, Misfit};
use super::coerce::Asked;
use super::misfit::Called;
use super::slots::Slots;
use crate::hir::{Axis, DType, Dim, DimVar, Element, ExprId, ExprKind, Owner, Type};
use crate::report::Report;

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
            if self.bind(&mut trial, &signature.result, expected).is_ok() {
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
            _ => {
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

    /// An axis of a tensor, by position or by name.
    pub(super) fn axis_of(&mut self, expr: &ast::Expr, tensor: ExprId) -> ExprId {
        let shape = match self.ty(tensor).clone() {
            Type::Tensor(_, shape) => shape,
            Type::Error => return self.error_expr(expr.id),
            other => {
                let found = self.show().ty(&other);
                self.names.error(
                    Code::E2001,
                    self.node(tensor),
                    format!("this is {found}, which has no axes"),
                );
                return self.error_expr(expr.id);
            }
        };
        match self.axis_position(expr, &shape) {
            Some(position) => self.push(ExprKind::Axis(position), Type::Axis, expr.id),
            None => self.error_expr(expr.id),
        }
    }

    /// The position of the last axis.
    pub(super) fn last_axis(&mut self, shape: &[Axis], node: ast::NodeId) -> Option<i32> {
        if matches!(shape.last(), Some(Axis::Dim(_))) {
            return Some(-1);
        }
        let shape = self.show().shape(shape);
        self.names.error(Code::E2007, node, format!("[{shape}] is not known to have a last axis"));
        None
    }

    /// The position of an axis; counted from the end if it stands behind a pack.
    pub(super) fn axis_position(&mut self, expr: &ast::Expr, shape: &[Axis]) -> Option<i32> {
        let pack = shape.iter().position(|axis| matches!(axis, Axis::Pack(..)));
        if let Ast::Name(name) = &expr.kind
            && self.scope.iter().all(|binding| binding.name != *name)
            && let Some(dim) = self.names.dim_named(name)
            && dim.as_constant().is_none()
            && !matches!(dim.as_var(), Some(DimVar::Param(..) | DimVar::Local(..)))
        {
            let found: Vec<usize> =
                (0..shape.len()).filter(|at| matches!(&shape[*at], Axis::Dim(d) if *d == dim)).collect();
            return match found.as_slice() {
                [at] if pack.is_none_or(|pack| *at < pack) => Some(*at as i32),
                [at] => Some(*at as i32 - shape.len() as i32),
                [] => {
                    let (name, shape) = (self.show().dim(&dim), self.show().shape(shape));
                    self.names.error(Code::E2007, expr.id, format!("no axis of [{shape}] is `{name}`"));
                    None
                }
                _ => {
                    let (name, shape) = (self.show().dim(&dim), self.show().shape(shape));
                    let report = Report::error(
                        Code::E2007,
                        self.names.place(expr.id),
                        format!("several axes of [{shape}] are `{name}`"),
                    );
                    self.names.report(report.help("say which by its position: `axis = -1`"));
                    None
                }
            };
        }
        let id = self.expr(expr, None);
        let Type::Int(Some(dim)) = self.ty(id).clone() else {
            if self.ty(id) != &Type::Error {
                let found = self.show().ty(self.ty(id));
                self.names.error(
                    Code::E2007,
                    expr.id,
                    format!("an axis is a position or the name of a size, but this is {found}"),
                );
            }
            return None;
        };
        let position = crate::dims::numeric(self.db, &dim).and_then(|n| i32::try_from(n).ok())?;
        let fixed = shape.len() as i32;
        let known = match pack {
            None => (-fixed..fixed).contains(&position),
            Some(at) => (-(fixed - at as i32 - 1)..at as i32).contains(&position),
        };
        if !known {
            let shape = self.show().shape(shape);
            self.names.error(
                Code::E2007,
                expr.id,
                format!("[{shape}] is not known to have an axis {position}"),
            );
            return None;
        }
        Some(position)
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
