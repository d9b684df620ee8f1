//! How an argument that does not fit its parameter is told.

use tri_diagnostics::Code;
use tri_syntax::ast::{ItemKind, NodeId};

use super::Infer;
use super::bind::{Bindings, Misfit};
use super::mismatch::axes_text;
use crate::hir::{Axis, Dim, ExprId, Owner, Param, Signature, Type};
use crate::queries::{def_name, function_of, is_library, outline_of, owner_def};
use crate::report::{Place, Repair, Report};

/// A call, with what is called.
pub(super) struct Called<'a> {
    /// The function or layer.
    pub(super) owner: Owner,
    /// Its head.
    pub(super) signature: &'a Signature,
    /// The instance whose function it is.
    pub(super) base: Option<ExprId>,
    /// The call.
    pub(super) node: NodeId,
}

impl Infer<'_> {
    /// What is called, as people speak of it: a layer's `forward` is the layer.
    pub(super) fn callee_name(&self, called: &Called<'_>) -> String {
        match called.owner {
            Owner::Method(def, _) if &*called.signature.name == "forward" => {
                def_name(self.db, def).to_string()
            }
            Owner::Method(def, _) => format!("{}.{}", def_name(self.db, def), called.signature.name),
            _ => called.signature.name.to_string(),
        }
    }

    /// Reports arguments that do not fit; two that fit each other's places are one mistake.
    pub(super) fn report_misfits(
        &mut self,
        misfits: &[(usize, Misfit)],
        args: &[Option<ExprId>],
        called: &Called<'_>,
        b: &Bindings,
    ) {
        if let [(i, _), (j, _)] = misfits
            && let (Some(Some(x)), Some(Some(y))) = (args.get(*i), args.get(*j))
            && self.swapped([(*i, *x), (*j, *y)], args, called)
        {
            return;
        }
        for (nth, (at, misfit)) in misfits.iter().enumerate() {
            let Some(Some(id)) = args.get(*at) else { continue };
            let is_told = misfits[..nth].iter().any(|(before, told)| {
                let before = args.get(*before).copied().flatten();
                before.is_some_and(|before| self.is_same_size((told, before), (misfit, *id)))
            });
            if !is_told {
                self.misfit(misfit, *id, *at, called, b);
            }
        }
    }

    /// Whether two arguments have the same wrong size for the same dim of the callee: where that got its size is one mistake.
    fn is_same_size(&self, (a, x): (&Misfit, ExprId), (b, y): (&Misfit, ExprId)) -> bool {
        let found = |misfit: &Misfit, id: ExprId| match (misfit, self.ty(id)) {
            (Misfit::Size { at, declared: Axis::Dim(dim), .. }, Type::Tensor(_, shape))
                if dim.as_constant().is_none() =>
            {
                Some((dim.clone(), shape.get(*at)?.clone()))
            }
            _ => None,
        };
        match (found(a, x), found(b, y)) {
            (Some((dim, size)), Some((other, same))) => dim == other && self.same_axis(&size, &same),
            _ => false,
        }
    }

    /// Reports two arguments in each other's places: exchanged, both fit beside the others.
    fn swapped(
        &mut self,
        [(i, x), (j, y)]: [(usize, ExprId); 2],
        args: &[Option<ExprId>],
        called: &Called<'_>,
    ) -> bool {
        let params = &called.signature.params;
        let mut trial = Bindings::open([called.owner]);
        if let Some(Type::Layer(def, args)) = called.base.map(|base| self.ty(base)) {
            self.fix_instance(&mut trial, *def, args);
        }
        for (at, (arg, param)) in args.iter().zip(params).enumerate() {
            // The others were accepted; here they only say what sizes are.
            if let (Some(arg), true) = (arg, at != i && at != j) {
                let _ = self.bind(&mut trial, &param.ty, self.ty(*arg));
            }
        }
        let fits = self.bind(&mut trial, &params[i].ty, &self.ty(y).clone()).is_ok()
            && self.bind(&mut trial, &params[j].ty, &self.ty(x).clone()).is_ok();
        if !fits {
            return false;
        }
        let (first, second) = (self.names.place(self.node(x)), self.names.place(self.node(y)));
        let (a, b) = (&params[i], &params[j]);
        let message =
            format!("`{}` and `{}` of `{}` have changed places", a.name, b.name, self.callee_name(called));
        let says = |id: ExprId, param: &Param| {
            format!(
                "this is {}, but `{}` is {}",
                self.show().ty(self.ty(id)),
                param.name,
                self.show().ty(&param.ty)
            )
        };
        let report = Report::error(Code::E2008, first, message)
            .label(says(x, a))
            .secondary(second, says(y, b))
            .repair(Repair::ask("swap the two arguments").swap(first, second));
        self.names.report(report);
        true
    }

    /// A static argument of another type.
    pub(super) fn static_misfit(
        &self,
        id: ExprId,
        from: &Type,
        wanted: &Type,
        called: &Called<'_>,
        at: usize,
    ) -> Report {
        let (name, callee) = (&called.signature.params[at].name, self.callee_name(called));
        let (this, to) = (self.show().ty(from), self.show().ty(wanted));
        let place = self.names.place(self.node(id));
        let report = match from {
            Type::Tensor(..) => {
                let message = format!(
                    "`{name}` of `{callee}` is chosen when the program is compiled, but this is {this}, known only at run time"
                );
                Report::error(Code::E2009, place, message)
                    .help(format!("give a number, a `const`, or configuration: `layer Name({name}: {to})`"))
            }
            _ => {
                let message = format!("`{name}` of `{callee}` is {to}, but this is {this}");
                Report::error(Code::E2001, place, message)
            }
        };
        let report = report.label(format!("this is {this}"));
        match self.parameter_place(called.owner, at) {
            Some(place) => report.secondary(place, format!("`{name}` is {to}")),
            None => report,
        }
    }

    /// Reports that an argument does not fit the parameter `at`.
    pub(super) fn misfit(
        &mut self,
        misfit: &Misfit,
        id: ExprId,
        at: usize,
        called: &Called<'_>,
        b: &Bindings,
    ) {
        let report = self.misfit_report(misfit, id, at, called, b);
        self.names.report(report);
    }

    fn misfit_report(
        &self,
        misfit: &Misfit,
        id: ExprId,
        at: usize,
        called: &Called<'_>,
        b: &Bindings,
    ) -> Report {
        let param = &called.signature.params[at];
        let (name, callee) = (&param.name, self.callee_name(called));
        let place = self.names.place(self.node(id));
        let found = self.ty(id).clone();
        let (this, declared) = (self.show().ty(&found), self.show().ty(&param.ty));
        let report = match (misfit, &found, &param.ty) {
            (Misfit::Size { at, declared, wanted }, Type::Tensor(_, shape), _) => {
                let wanted_text = match declared {
                    Axis::Dim(dim) if dim.as_constant().is_some() => self.axis_text(wanted),
                    _ => self.equated(declared, wanted),
                };
                let message = format!(
                    "an axis is `{}` here, but `{callee}` takes `{wanted_text}`",
                    self.axis_text(&shape[*at])
                );
                let report = Report::error(Code::E2003, place, message);
                let report = self.bound_at(self.bound_at(report, &shape[*at]), wanted);
                let report = self.bound_by(report, declared, wanted, called, b);
                let report = self.advise_shape(report, id, shape, &b.known_shape(&param.ty));
                if report.is_advised() {
                    report
                } else {
                    self.explain_axis(report, id, shape.len() - 1 - at, Some(wanted))
                }
            }
            (Misfit::Rank, Type::Tensor(_, shape), Type::Tensor(_, wanted)) => {
                let message = format!(
                    "`{name}` of `{callee}` has {}, but this has {}",
                    axes_text(wanted),
                    axes_text(shape)
                );
                let report = Report::error(Code::E2002, place, message);
                self.advise_shape(report, id, shape, &b.known_shape(&param.ty))
            }
            (Misfit::Dtype(wanted), Type::Tensor(from, _), _) => {
                let (a, b) = (self.show().element(*wanted), self.show().element(*from));
                let message = format!("`{name}` of `{callee}` is {a}, but this is {b}");
                self.advise_dtype(Report::error(Code::E3002, place, message), id, *from, *wanted)
            }
            _ => {
                let message = format!("`{name}` of `{callee}` is {declared}, but this is {this}");
                Report::error(Code::E2001, place, message)
            }
        };
        let report = report.label(format!("this is {this}"));
        match self.parameter_place(called.owner, at) {
            Some(place) => report.secondary(place, format!("`{name}` is {declared}")),
            None => report.note(format!("`{name}` of `{callee}` is {declared}")),
        }
    }

    /// `In = 784`, `D = Model = 512`.
    pub(super) fn equated(&self, declared: &Axis, wanted: &Axis) -> String {
        let (name, value) = (self.show().axis(declared), self.axis_text(wanted));
        let is_own =
            value.strip_prefix(&*name).is_some_and(|rest| rest.is_empty() || rest.starts_with(" = "));
        if is_own { value } else { format!("{name} = {value}") }
    }

    /// Says what gave a generic dim of the callee its size: the instance, or another argument.
    fn bound_by(
        &self,
        report: Report,
        declared: &Axis,
        wanted: &Axis,
        called: &Called<'_>,
        b: &Bindings,
    ) -> Report {
        let Axis::Dim(dim) = declared else { return report };
        let text = self.equated(declared, wanted);
        if let Some(argument) = b.bound_by(dim) {
            let place = self.names.place(self.node(argument));
            return report.secondary(place, format!("this makes `{text}`"));
        }
        match (called.base.and_then(|base| self.made(base)), called.owner) {
            (Some(place), Owner::Method(def, _)) if dim.as_constant().is_none() => {
                report.secondary(place, format!("this `{}` has `{text}`", def_name(self.db, def)))
            }
            _ => report,
        }
    }

    /// Where a parameter is written, if that is in the program.
    pub(super) fn parameter_place(&self, owner: Owner, at: usize) -> Option<Place> {
        let def = owner_def(owner);
        if is_library(self.db, def.file) {
            return None;
        }
        let item = outline_of(self.db, def)?;
        let params = match (owner, &item.kind) {
            (Owner::Layer(_), ItemKind::Layer(layer)) => &layer.config,
            _ => &function_of(&item, owner)?.params,
        };
        Some(Place::new(def, params.get(at)?.id))
    }

    /// Reports sizes that could be compared only when all arguments were known.
    pub(super) fn unsettled(&mut self, declared: &Dim, wanted: &Dim, actual: &Dim, called: &Called<'_>) {
        let callee = self.callee_name(called);
        let (declared, wanted) = (Axis::Dim(declared.clone()), Axis::Dim(wanted.clone()));
        let message = format!(
            "an axis is `{}` here, but `{callee}` takes `{}`",
            self.dim_text(actual),
            self.equated(&declared, &wanted)
        );
        let report = Report::error(Code::E2003, self.names.place(called.node), message);
        let report = self.bound_at(self.bound_at(report, &Axis::Dim(actual.clone())), &wanted);
        self.names.report(report);
    }
}
