//! Sizes that a callee computes, such as those of convolutions: how they came about, and what configuration makes them another size.

use tri_syntax::ast::{self, BinaryOp, ExprKind as Ast, TypeKind};

use super::Infer;
use super::bind::Bindings;
use crate::hir::{Axis, BodyOwner, Dim, DimVar, ExprId, ExprKind, GenericArg, Owner, Type};
use crate::queries::{checked_body, def_name, function_of, outline_of, owner_def, signature};
use crate::report::Report;

/// How many calls and names inside each other are looked through.
const MAX_DEPTH: u32 = 16;

/// The largest padding that is tried.
const MAX_PADDING: i64 = 16;

/// A size as the result of a call.
struct Formula {
    /// What was called.
    callee: String,
    /// The size in terms of the callee.
    size: Dim,
    /// The same as it is written there.
    text: String,
    /// What the callee's names stand for.
    values: Bindings,
}

impl Infer<'_> {
    /// Says how an axis of a value was computed, if a callee computed it; and which padding would make it `wanted`.
    pub(super) fn explain_axis(
        &self,
        report: Report,
        id: ExprId,
        from_end: usize,
        wanted: Option<&Axis>,
    ) -> Report {
        let Some(formula) = self.formula(id, from_end, MAX_DEPTH) else { return report };
        let mut vars = Vec::new();
        formula.size.for_each_var(&mut |var| {
            if !vars.contains(var) {
                vars.push(*var);
            }
        });
        // In the order in which people read them.
        vars.sort_by_key(|var| formula.text.find(&self.show().dim(&Dim::var(*var))));
        let Ok(size) = formula.values.dim(&formula.size) else { return report };
        let values = vars.iter().filter_map(|var| {
            let name = Dim::var(*var);
            let value = formula.values.dim(&name).ok()?;
            Some(format!("`{}`", self.equated(&Axis::Dim(name), &Axis::Dim(value))))
        });
        let values: Vec<String> = values.collect();
        let text = format!(
            "`{}` is `{}` of `{}`, with {}",
            self.dim_text(&size),
            formula.text,
            formula.callee,
            values.join(", ")
        );
        let report = report.note(text);
        match wanted.and_then(|wanted| self.padding_for(&formula, &vars, wanted)) {
            Some((name, padding)) => {
                let wanted = wanted.map_or_else(String::new, |wanted| self.axis_text(wanted));
                report.help(format!("with `{name} = {padding}`, `{}` makes it `{wanted}`", formula.callee))
            }
            None => report,
        }
    }

    fn padding_for(&self, formula: &Formula, vars: &[DimVar], wanted: &Axis) -> Option<(String, i64)> {
        let Axis::Dim(wanted) = wanted else { return None };
        let padding = vars.iter().find(|var| self.show().dim(&Dim::var(**var)) == "padding")?;
        let DimVar::Param(owner, at) = padding else { return None };
        let fits = |n: &i64| {
            let mut values = formula.values.clone();
            values.fix_int(*owner, *at, Dim::constant(*n));
            values.dim(&formula.size).is_ok_and(|size| self.equal(&size, wanted))
        };
        let found = (0..=MAX_PADDING).find(fits)?;
        Some((self.show().dim(&Dim::var(*padding)), found))
    }

    /// The formula of an axis, counted from the last.
    fn formula(&self, id: ExprId, from_end: usize, depth: u32) -> Option<Formula> {
        let depth = depth.checked_sub(1)?;
        match &self.body.expr(id).kind {
            ExprKind::Local(local) => {
                let value = self.origins.get(local.0 as usize)?.value?;
                self.formula(value, from_end, depth)
            }
            ExprKind::Call { function, generics, args } => {
                let owner = Owner::Function(*function);
                let callee = def_name(self.db, *function).to_string();
                let values = Bindings::open([owner]);
                self.computed(owner, callee, values, generics, args, from_end).or_else(|| {
                    let first = args.first().copied().flatten()?;
                    let same = self.same_type(self.ty(first), self.ty(id));
                    if same { self.formula(first, from_end, depth) } else { None }
                })
            }
            ExprKind::Method { base, member, generics, args } => {
                let (def, _) = self.layer_of(*base)?;
                let owner = Owner::Method(def, *member);
                let mut values = Bindings::open([owner]);
                if let Some(Type::Layer(def, args)) = base.map(|base| self.ty(base).clone()) {
                    self.fix_instance(&mut values, def, &args);
                }
                let callee = def_name(self.db, def).to_string();
                self.computed(owner, callee, values, generics, args, from_end)
            }
            _ => None,
        }
    }

    /// The formula in the result type of a callee, if there is one.
    fn computed(
        &self,
        owner: Owner,
        callee: String,
        mut values: Bindings,
        generics: &[GenericArg],
        args: &[Option<ExprId>],
        from_end: usize,
    ) -> Option<Formula> {
        let signature = signature(self.db, owner);
        let Type::Tensor(_, shape) = &signature.result else { return None };
        let at = shape.len().checked_sub(from_end + 1)?;
        if shape[at..].iter().any(|axis| matches!(axis, Axis::Pack(..))) {
            return None;
        }
        let Axis::Dim(size) = &shape[at] else { return None };
        if size.as_var().is_some() || size.as_constant().is_some() {
            return None;
        }
        values.fix(owner, generics);
        for (at, param) in signature.params.iter().enumerate() {
            if !matches!(param.ty, Type::Int(_)) {
                continue;
            }
            let given = match args.get(at).copied().flatten() {
                Some(id) => Some(self.ty(id).clone()),
                None => {
                    let body = checked_body(self.db, BodyOwner::Default(owner, at as u32)).body;
                    body.root.value.map(|value| body.expr(value).ty.clone())
                }
            };
            if let Some(Type::Int(Some(value))) = given
                && let Ok(value) = values.dim(&value)
            {
                values.fix_int(owner, at as u32, value);
            }
        }
        let item = outline_of(self.db, owner_def(owner))?;
        let text = match &function_of(&item, owner)?.result.as_ref()?.kind {
            TypeKind::Named { shape, .. } => match shape.get(shape.len().checked_sub(from_end + 1)?)? {
                ast::Axis::Dim(written) => size_text(written),
                ast::Axis::Pack(_) => return None,
            },
            _ => return None,
        };
        Some(Formula { callee, size: size.clone(), text, values })
    }
}

/// What stands for an expression that is no size.
pub(super) const UNKNOWN: &str = "...";

/// A size as it is written.
pub(super) fn size_text(expr: &ast::Expr) -> String {
    match &expr.kind {
        Ast::Name(name) => name.to_string(),
        Ast::Int(n) => n.to_string(),
        Ast::Unary { op, operand } => format!("{}{}", op.as_str(), size_text(operand)),
        Ast::Binary { op, lhs, rhs, .. } => {
            let factors = !matches!(op, BinaryOp::Add | BinaryOp::Sub);
            let is_sum =
                |side: &ast::Expr| matches!(side.kind, Ast::Binary { op: BinaryOp::Add | BinaryOp::Sub, .. });
            let side = |side: &ast::Expr, grouped: bool| {
                let text = size_text(side);
                if grouped { format!("({text})") } else { text }
            };
            let is_right = matches!(rhs.kind, Ast::Binary { .. });
            let left = side(lhs, factors && is_sum(lhs));
            let right = side(rhs, factors && is_right || *op == BinaryOp::Sub && is_sum(rhs));
            format!("{left} {} {right}", op.as_str())
        }
        Ast::Call { callee, args } => {
            let args = args.iter().map(|arg| size_text(&arg.value)).collect::<Vec<_>>();
            format!("{}({})", size_text(callee), args.join(", "))
        }
        _ => UNKNOWN.to_owned(),
    }
}
