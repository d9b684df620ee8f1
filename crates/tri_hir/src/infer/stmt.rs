//! Statements and blocks.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, ExprKind as Ast, StmtKind};

use super::Infer;
use super::coerce::Asked;
use crate::hir::{
    Block, DType, Dim, DimVar, Element, ExprId, ExprKind, Fact, LocalId, MemberKind, Stmt, Type,
};
use crate::report::{Repair, Report, Target};

impl Infer<'_> {
    pub(super) fn block(&mut self, block: &ast::Block, expected: Option<&Type>) -> Block {
        self.scoped(|this| {
            let statements = block.statements.iter().filter_map(|stmt| this.statement(stmt)).collect();
            let value =
                block.value.as_ref().map(|value| this.expr(value, expected.filter(|ty| **ty != Type::Unit)));
            Block { statements, value }
        })
    }

    fn statement(&mut self, stmt: &ast::Stmt) -> Option<Stmt> {
        match &stmt.kind {
            StmtKind::Let { mutable, pattern, ty, value } => {
                let asked = ty.as_ref().map(|ty| (self.names.ty(ty), ty.id));
                let declared = asked.as_ref().map(|(ty, _)| ty.clone());
                let mut id = self.expr(value, declared.as_ref());
                if let Some((ty, node)) = &asked {
                    let text = format!("{} is declared here", self.show().ty(ty));
                    let asked = Asked { place: self.names.place(*node), text };
                    id = self.coerce_asked(id, ty, Some(&asked));
                }
                let ty = declared.unwrap_or_else(|| self.ty(id).clone());
                let pattern = self.pattern(pattern, &ty, *mutable);
                self.bind_value(&pattern, id, stmt.id);
                Some(Stmt::Let(pattern, id))
            }
            StmtKind::LetDim { name, value, conditions } => self.let_dim(name, value, conditions),
            StmtKind::Assign { target, value } => self.assign(target, value),
            StmtKind::Assert(condition) => self.assert(condition),
            StmtKind::For { pattern, iterable, body } => {
                let iterable = self.expr(iterable, None);
                let (element, _) = self.elements(iterable)?;
                self.scoped(|this| {
                    let pattern = this.pattern(pattern, &element, false);
                    this.bind_origin(&pattern, iterable);
                    this.assume_range(&pattern, iterable);
                    let body = this.nested(|this| this.block(body, None));
                    Some(Stmt::For(pattern, iterable, body))
                })
            }
            StmtKind::Expr(expr) => Some(Stmt::Expr(self.expr(expr, None))),
        }
    }

    fn let_dim(&mut self, name: &ast::Name, value: &ast::Expr, conditions: &[ast::Expr]) -> Option<Stmt> {
        let id = self.expr(value, None);
        let scalar = Type::Tensor(Element::Known(DType::I32), Vec::new());
        let id = self.coerce(id, &scalar);
        let local = LocalId(self.body.locals.len() as u32);
        let dim = Dim::var(DimVar::Runtime(self.owner, local));
        let local = self.declare(name.text.clone(), Type::Int(Some(dim)), false, name.id);
        let facts: Vec<Fact> = conditions.iter().filter_map(|condition| self.names.fact(condition)).collect();
        self.names.facts.extend(facts.iter().cloned());
        Some(Stmt::LetDim { local, value: id, facts })
    }

    fn assign(&mut self, target: &ast::Expr, value: &ast::Expr) -> Option<Stmt> {
        let (base, items) = match &target.kind {
            Ast::Index { base, items } => (&**base, Some(items)),
            _ => (target, None),
        };
        let to = self.expr(base, None);
        match (self.body.expr(to).kind.clone(), items) {
            (ExprKind::Error, _) => {
                self.expr(value, None);
                None
            }
            (ExprKind::Local(local), None) => self.assign_local(local, target, value),
            (ExprKind::Member(base, at), items) if self.is_state(base, at) => {
                let (items, ty) = match items {
                    Some(items) => self.view_items(to, items)?,
                    None => (Vec::new(), self.ty(to).clone()),
                };
                let value = self.expr(value, Some(&ty));
                let asked = Asked {
                    place: self.names.place(target.id),
                    text: format!("this takes {}", self.show().ty(&ty)),
                };
                let value = self.coerce_asked(value, &ty, Some(&asked));
                Some(Stmt::StateWrite { state: to, items, value })
            }
            _ => {
                let message = "only a `var` and a `state` (or a slice of one) can be assigned";
                self.names.error(Code::E0010, target.id, message);
                self.expr(value, None);
                None
            }
        }
    }

    fn assign_local(&mut self, local: LocalId, target: &ast::Expr, value: &ast::Expr) -> Option<Stmt> {
        let declared = self.body.local(local).clone();
        if !declared.mutable {
            self.assigned_let(local, target, &declared.name);
        }
        let before = self.local_type(local);
        let mut id = self.expr(value, Some(&before));
        // What runs once may give the variable another type; what is repeated or left out may not.
        let tensors = matches!((&before, self.ty(id)), (Type::Tensor(..), Type::Tensor(..)));
        if self.nesting == 0 && tensors {
            self.assigned.insert(local, self.ty(id).clone());
        } else {
            let asked = self.declared(local).map(|place| {
                let text = format!("`{}` is {} since here", declared.name, self.show().ty(&before));
                Asked { place, text }
            });
            id = self.coerce_asked(id, &before, asked.as_ref());
        }
        Some(Stmt::Assign(local, id))
    }

    /// Reports an assignment to what is no `var`.
    fn assigned_let(&mut self, local: LocalId, target: &ast::Expr, name: &str) {
        let place = self.names.place(target.id);
        let origin = self.origins.get(local.0 as usize).copied();
        let mut report = Report::error(Code::E0010, place, format!("`{name}` is not a `var`"))
            .label("only a `var` is given another value");
        if let Some(origin) = origin {
            report =
                report.secondary(self.names.place(origin.declared), format!("`{name}` is declared here"));
        }
        report = match origin.and_then(|origin| origin.statement) {
            Some(statement) => report.help(format!("declare it with `var {name} = ...`")).repair(
                Repair::ask("write `var`")
                    .edit(Target::First(self.names.place(statement), "let".len() as u32), "var"),
            ),
            None => report.help(format!("begin with `var y = {name}`, and assign that")),
        };
        self.names.report(report);
    }

    fn is_state(&self, base: Option<ExprId>, at: u32) -> bool {
        let layer = self.layer_of(base);
        layer.is_some_and(|(_, layer)| {
            matches!(layer.members.get(at as usize).map(|member| &member.kind), Some(MemberKind::State(_)))
        })
    }

    fn assert(&mut self, condition: &ast::Expr) -> Option<Stmt> {
        let id = self.expr(condition, None);
        match self.ty(id).clone() {
            Type::Bool | Type::Error => {}
            Type::Tensor(Element::Known(DType::Bool), shape) if shape.is_empty() => {}
            other => {
                let found = self.show().ty(&other);
                let place = self.names.place(condition.id);
                let report =
                    Report::error(Code::E2001, place, format!("this is {found}; an assertion is one bool"));
                self.names.report(report.help("`all(x)` says whether every element is true"));
                return None;
            }
        }
        Some(Stmt::Assert(id, text_of(condition).into()))
    }
}

/// A condition as people read it.
pub(super) fn text_of(expr: &ast::Expr) -> String {
    let list = |args: &[ast::Arg]| args.iter().map(|arg| text_of(&arg.value)).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        Ast::Name(name) => name.to_string(),
        Ast::Int(n) => n.to_string(),
        Ast::Float(value) => value.value().to_string(),
        Ast::Bool(value) => value.to_string(),
        Ast::Field { base, name } => format!("{}.{}", text_of(base), name.text),
        Ast::Call { callee, args } => format!("{}({})", text_of(callee), list(args)),
        Ast::Unary { op, operand } => format!("{}{}", op.as_str(), text_of(operand)),
        Ast::Binary { op, lhs, rhs, .. } => format!("{} {} {}", text_of(lhs), op.as_str(), text_of(rhs)),
        Ast::Cast { operand, dtype } => format!("{} as {}", text_of(operand), dtype.text),
        Ast::Index { base, .. } => format!("{}[…]", text_of(base)),
        _ => "…".to_owned(),
    }
}
