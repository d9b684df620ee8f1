//! Axes, which are written by position or by the name of a size.

use tri_diagnostics::{Code, nearest};
use tri_syntax::ast::{self, ExprKind as Ast};

use super::Infer;
use super::name::Resolved;
use crate::hir::{Axis, Dim, DimVar, ExprId, ExprKind, Type};
use crate::report::Report;

impl Infer<'_> {
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
        // Configuration may choose the axis of what keeps the shape.
        if let Ast::Name(name) = &expr.kind
            && matches!(self.resolve(name), Some(Resolved::Config(_) | Resolved::Local(_)))
            && self.names.dim_named(name).is_none()
        {
            let id = self.expr(expr, None);
            if matches!(self.ty(id), Type::Axis | Type::Error) {
                return id;
            }
        }
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
        if let Ast::Name(name) = &expr.kind
            && (self.scope.get(name).is_none() || self.is_runtime_dim(name))
            && let Some(dim) = self.names.dim_named(name)
            && dim.as_constant().is_none()
            && !matches!(dim.as_var(), Some(DimVar::Param(..) | DimVar::Local(..)))
        {
            return self.axis_named(expr, &dim, shape);
        }
        let id = self.expr(expr, None);
        let Type::Int(Some(dim)) = self.ty(id).clone() else {
            if self.ty(id) == &Type::Axis {
                self.unknown_axis(expr.id);
            } else if self.ty(id) != &Type::Error {
                let found = self.show().ty(self.ty(id));
                let message = format!("an axis is a position or the name of a size, but this is {found}");
                self.names.error(Code::E2007, expr.id, message);
            }
            return None;
        };
        let position = crate::dims::numeric(self.db, &dim).and_then(|n| i32::try_from(n).ok());
        let Some(position) = position else {
            self.unknown_axis(expr.id);
            return None;
        };
        let fixed = shape.len() as i32;
        let known = match shape.iter().position(|axis| matches!(axis, Axis::Pack(..))) {
            None => (-fixed..fixed).contains(&position),
            Some(at) => (-(fixed - at as i32 - 1)..at as i32).contains(&position),
        };
        if known {
            return Some(position);
        }
        let (text, place) = (self.show().shape(shape), self.names.place(expr.id));
        let message = format!("[{text}] is not known to have an axis {position}");
        let label = match shape.iter().any(|axis| matches!(axis, Axis::Pack(..))) {
            true => "a pack may be empty, so axes are counted from its other side".to_owned(),
            false => format!("axes are {} to {}, or -{fixed} to -1 from the end", 0, fixed - 1),
        };
        self.names.report(Report::error(Code::E2007, place, message).label(label));
        None
    }

    /// Whether a name is bound by `let dim`.
    fn is_runtime_dim(&self, name: &str) -> bool {
        matches!(self.names.dim_named(name).as_ref().and_then(Dim::as_var), Some(DimVar::Runtime(..)))
    }

    /// Reports an axis that only an instance or a call knows.
    fn unknown_axis(&mut self, node: ast::NodeId) {
        let report = Report::error(
            Code::E2900,
            self.names.place(node),
            "an axis that is chosen by configuration is not supported yet here, where the result's shape depends on it",
        );
        self.names.report(report.help("write its position or the name of its dim"));
    }

    /// The position of the axis of this size.
    fn axis_named(&mut self, expr: &ast::Expr, dim: &Dim, shape: &[Axis]) -> Option<i32> {
        let pack = shape.iter().position(|axis| matches!(axis, Axis::Pack(..)));
        let found: Vec<usize> =
            (0..shape.len()).filter(|at| matches!(&shape[*at], Axis::Dim(d) if d == dim)).collect();
        let (name, text, place) = (self.show().dim(dim), self.show().shape(shape), self.names.place(expr.id));
        let report = match found.as_slice() {
            [at] if pack.is_none_or(|pack| *at < pack) => return Some(*at as i32),
            [at] => return Some(*at as i32 - shape.len() as i32),
            [] => {
                let axes: Vec<String> = (0..shape.len()).map(|at| self.axis_name(shape, at)).collect();
                let message = format!("no axis of [{text}] is `{name}`");
                let report = Report::error(Code::E2007, place, message)
                    .label(format!("the axes are {}", axes.join(", ")));
                let report = self.bound_at(report, &Axis::Dim(dim.clone()));
                match nearest(&name, axes.iter().map(String::as_str)) {
                    Some(near) => report.did_you_mean(near, place),
                    None => report,
                }
            }
            several => {
                let positions: Vec<String> = several.iter().map(|at| format!("`axis = {at}`")).collect();
                Report::error(Code::E2007, place, format!("several axes of [{text}] are `{name}`"))
                    .label("this names more than one axis")
                    .help(format!("say which by its position: {}", positions.join(" or ")))
            }
        };
        self.names.report(report);
        None
    }
}
