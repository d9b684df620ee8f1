//! Expressions in the spelling of other tools that only the checker can tell from Tri: `nn.Linear(...)`, `x.shape[0]`.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, ExprKind as Ast, IndexItem, ItemKind, NodeId};

use super::Infer;
use super::name::Resolved;
use crate::foreign;
use crate::hir::{Axis, Dim, ExprId, Type};
use crate::queries::{checked_layer_head, outline_of};
use crate::report::Report;
use crate::scope::{Named, lookup};

impl Infer<'_> {
    /// Whether `base.name` speaks of a package of another tool; if so it is reported.
    pub(super) fn package(&mut self, base: &ast::Expr, name: &ast::Name, node: NodeId) -> bool {
        let Some(path) = package_path(base) else { return false };
        let root = path.first().copied().unwrap_or_default();
        if self.resolve(root).is_some() {
            return false;
        }
        let place = self.names.place(node);
        let spelled = format!("{}.{}", path.join("."), name.text);
        let error = |message: String| Report::error(Code::E0013, place, message).label(foreign::SPELLING);
        let report = if let Some(ours) = foreign::dtype(&name.text) {
            error(format!("`{spelled}` is the dtype `{ours}`, which is not a value"))
                .help(format!("convert with `x as {ours}`"))
        } else if let Some(ours) = self.library_layer(&name.text) {
            error(format!("`{spelled}` is the layer `{}` of `std.nn`", name.text)).help(format!(
                "import it, `use std.nn.{}`, and give its sizes in brackets: `{ours}`",
                name.text
            ))
        } else if let Some(Resolved::Item(_)) = self.resolve(&name.text) {
            let report = error(format!("functions need no package: `{}`", name.text));
            match foreign::is_elementwise(&name.text) {
                true => report.fix(format!("write `{}`", name.text), place, &*name.text),
                false => report.help(format!("write `{}`", name.text)),
            }
        } else {
            error(format!("there is no `{root}` in Tri")).help(
                "layers are imported: `use std.nn.{Linear, RmsNorm}`; functions such as `relu` need no import",
            )
        };
        self.names.report(report);
        true
    }

    /// A layer of `std.nn`, as one makes an instance of it: `Linear[In, Out](...)`.
    fn library_layer(&self, name: &str) -> Option<String> {
        let module = self.db.module(&["std", "nn"]).ok()?;
        let Some(Named::Item(def)) = lookup(self.db, module, name) else { return None };
        if !matches!(outline_of(self.db, def)?.kind, ItemKind::Layer(_)) {
            return None;
        }
        let layer = checked_layer_head(self.db, def).layer;
        let dims: Vec<&str> = layer.generics.iter().map(|generic| &*generic.name).collect();
        let config = if layer.config.is_empty() { "" } else { "..." };
        Some(format!("{name}[{}]({config})", dims.join(", ")))
    }

    /// Whether `name` is a field that tensors have elsewhere; if so it is reported.
    pub(super) fn foreign_field(&mut self, base: ExprId, name: &ast::Name) -> bool {
        let Some(advice) = foreign::method(&name.text) else { return false };
        self.report_foreign(base, name, advice);
        true
    }

    /// `base.name(args)` in the spelling of other tools. The arguments belong to the mistake: they are not looked at,
    /// except for the dtype of a conversion.
    pub(super) fn foreign_call(
        &mut self,
        base: ExprId,
        head: &ast::Expr,
        args: &[ast::Arg],
        node: NodeId,
    ) -> ExprId {
        if let Ast::Field { name, .. } = &head.kind {
            let dtype = args.first().and_then(|arg| dtype_meant(&arg.value));
            match dtype.filter(|_| foreign::is_conversion(&name.text)) {
                Some(dtype) => self.report_foreign(base, name, &format!("write `x as {dtype}`")),
                None => self.report_foreign(base, name, foreign::method(&name.text).unwrap_or_default()),
            }
        }
        self.error_expr(node)
    }

    fn report_foreign(&mut self, base: ExprId, name: &ast::Name, advice: &str) {
        let (found, place) = (self.show().ty(self.ty(base)), self.names.place(name.id));
        let report = Report::error(Code::E0013, place, format!("{found} has no `{}`", name.text))
            .label(foreign::SPELLING);
        self.names.report(report.help(advice));
    }

    /// `x.shape[0]` of a local tensor: reported, and taken for the size it is.
    pub(super) fn shape_entry(
        &mut self,
        expr: &ast::Expr,
        base: &ast::Expr,
        items: &[IndexItem],
    ) -> Option<ExprId> {
        let Ast::Field { base: tensor, name } = &base.kind else { return None };
        let (Ast::Name(tensor), "shape") = (&tensor.kind, name.as_str()) else { return None };
        let Some(Resolved::Local(local)) = self.resolve(tensor) else { return None };
        let Type::Tensor(_, shape) = self.local_type(local) else { return None };
        let dim = entry(&shape, items)?;
        let (size, place) = (self.show().dim(&dim), self.names.place(expr.id));
        let report =
            Report::error(Code::E0013, place, format!("sizes are part of the type: this is `{size}`"))
                .label(foreign::SPELLING);
        let simple = size.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        self.names.report(match simple {
            true => report.fix(format!("write `{size}`"), place, size),
            false => report.help(format!("write `{size}`")),
        });
        Some(self.dim_value(dim, expr.id))
    }
}

/// The dtype that `f16`, `torch.float16` or `np.float16` stand for.
fn dtype_meant(arg: &ast::Expr) -> Option<&'static str> {
    let name: &str = match &arg.kind {
        Ast::Name(name) => name,
        Ast::Field { name, .. } => &name.text,
        _ => return None,
    };
    foreign::dtype(name).or_else(|| crate::show::dtype_of(name).map(crate::show::dtype_name))
}

/// The names of `torch.nn.functional` and the like.
fn package_path(base: &ast::Expr) -> Option<Vec<&str>> {
    let mut path = Vec::new();
    let mut base = base;
    loop {
        match &base.kind {
            Ast::Field { base: inner, name } => {
                path.push(name.as_str());
                base = inner;
            }
            Ast::Name(name) if foreign::is_package(name) => {
                path.push(name);
                path.reverse();
                return Some(path);
            }
            _ => return None,
        }
    }
}

/// The size at a literal index of a shape, counted from the end if it is negative; packs hide what is on their other side.
fn entry(shape: &[Axis], items: &[IndexItem]) -> Option<Dim> {
    let [IndexItem::Expr(index)] = items else { return None };
    let axis = match &index.kind {
        Ast::Int(at) => {
            let at = usize::try_from(*at).ok()?;
            let known = shape.iter().take(at).all(|axis| matches!(axis, Axis::Dim(_)));
            shape.get(at).filter(|_| known)
        }
        Ast::Unary { op: ast::UnaryOp::Neg, operand } => {
            let Ast::Int(back) = operand.kind else { return None };
            let back = usize::try_from(back).ok()?.checked_sub(1)?;
            let known = shape.iter().rev().take(back).all(|axis| matches!(axis, Axis::Dim(_)));
            shape.iter().rev().nth(back).filter(|_| known)
        }
        _ => None,
    };
    match axis? {
        Axis::Dim(dim) => Some(dim.clone()),
        Axis::Pack(..) => None,
    }
}
