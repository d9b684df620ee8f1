//! Calls: what is called.

mod brackets;
mod finish;
mod function;
mod instantiate;
mod method;
mod prove;
mod value;

use tri_db::SourceFile;
use tri_diagnostics::Code;
use tri_syntax::ast::{self, ExprKind as Ast, ItemKind};

use crate::foreign;
use crate::hir::{Def, ExprId, ExprKind, MemberKind, Type};
use crate::infer::Infer;
use crate::infer::name::Resolved;
use crate::queries::outline_of;
use crate::report::Report;

/// What an expression before parentheses stands for.
enum Callee {
    Function(Def),
    Layer(Def),
    Method(Option<ExprId>, u32),
    /// `x.f(...)`: a function with its first argument.
    OfValue(Def, ExprId),
    Value(ExprId),
    /// `x.view(...)`: a method that tensors have elsewhere.
    Foreign(ExprId),
    Error,
}

impl Infer<'_> {
    pub(in crate::infer) fn call(
        &mut self,
        expr: &ast::Expr,
        callee: &ast::Expr,
        args: &[ast::Arg],
        expected: Option<&Type>,
    ) -> ExprId {
        let (head, brackets) = match &callee.kind {
            Ast::Index { base, items } if self.callee_takes_dims(base) => (&**base, items.as_slice()),
            _ => (callee, &[][..]),
        };
        match self.callee(head) {
            Callee::Function(def) => self.function(def, None, brackets, args, expr.id, head.id, expected),
            Callee::OfValue(def, first) => {
                self.function(def, Some(first), brackets, args, expr.id, head.id, expected)
            }
            Callee::Layer(def) => self.instantiate(def, brackets, args, expr.id, head.id),
            Callee::Method(base, at) => self.call_method(base, at, brackets, args, expr.id, expected),
            Callee::Value(value) => self.call_value(value, args, expr.id),
            Callee::Foreign(base) => self.foreign_call(base, head, args, expr.id),
            Callee::Error => {
                for arg in args {
                    self.expr(&arg.value, None);
                }
                self.error_expr(expr.id)
            }
        }
    }

    /// Whether brackets after this expression hold dims, not indices.
    pub(in crate::infer) fn callee_takes_dims(&self, base: &ast::Expr) -> bool {
        let is_template = |def: Def| {
            matches!(
                outline_of(self.db, def).map(|item| item.kind.clone()),
                Some(ItemKind::Function(_) | ItemKind::Layer(_))
            )
        };
        match &base.kind {
            Ast::Name(name) => match self.resolve(name) {
                Some(Resolved::Item(def)) => is_template(def),
                Some(Resolved::Member(at)) => {
                    let member = self.layer.as_ref().and_then(|(_, layer)| layer.members.get(at as usize));
                    matches!(member.map(|member| &member.kind), Some(MemberKind::Function(_)))
                }
                _ => false,
            },
            Ast::Field { base, name } => self.module(base).is_some_and(|module| {
                crate::queries::items(self.db, module).get(&name.text).is_some_and(|def| is_template(*def))
            }),
            _ => false,
        }
    }

    fn callee(&mut self, head: &ast::Expr) -> Callee {
        match &head.kind {
            Ast::Name(name) => match self.resolve(name) {
                Some(Resolved::Item(def)) => self.item_callee(def, head),
                Some(Resolved::Member(at)) => {
                    let member = self.layer.as_ref().and_then(|(_, layer)| layer.members.get(at as usize));
                    match member.map(|member| member.kind.clone()) {
                        Some(MemberKind::Function(_)) => Callee::Method(None, at),
                        _ => {
                            let value = self.member(None, at, head.id);
                            self.value_callee(value)
                        }
                    }
                }
                _ => {
                    let value = self.expr(head, None);
                    self.value_callee(value)
                }
            },
            Ast::Field { name, .. } if name.text.is_empty() => {
                self.expr(head, None);
                Callee::Error
            }
            Ast::Field { base, name } => match self.module(base) {
                Some(module) => self.module_callee(module, name, head),
                None if self.package(base, name, head.id) => Callee::Error,
                None => self.field_callee(base, name),
            },
            _ => {
                let value = self.expr(head, None);
                self.value_callee(value)
            }
        }
    }

    fn module_callee(&mut self, module: SourceFile, name: &ast::Name, head: &ast::Expr) -> Callee {
        match crate::queries::items(self.db, module).get(&name.text) {
            Some(def) => self.item_callee(*def, head),
            None => {
                self.unknown_in_module(module, name);
                Callee::Error
            }
        }
    }

    fn item_callee(&mut self, def: Def, head: &ast::Expr) -> Callee {
        match outline_of(self.db, def).map(|item| item.kind.clone()) {
            Some(ItemKind::Function(_)) => Callee::Function(def),
            Some(ItemKind::Layer(_)) => Callee::Layer(def),
            _ => {
                let value = self.expr(head, None);
                self.value_callee(value)
            }
        }
    }

    /// `base.name(...)`: a member of an instance, else a function with the value as its first argument.
    fn field_callee(&mut self, base: &ast::Expr, name: &ast::Name) -> Callee {
        let base = self.expr(base, None);
        match self.ty(base).clone() {
            Type::Error => return Callee::Error,
            Type::Layer(def, _) => {
                let layer = crate::queries::layer(self.db, def);
                let at = layer.members.iter().position(|member| member.name == name.text);
                return match at.map(|at| (at as u32, layer.members[at].kind.clone())) {
                    Some((at, MemberKind::Function(_))) => Callee::Method(Some(base), at),
                    Some((at, _)) => {
                        let value = self.member(Some(base), at, name.id);
                        self.value_callee(value)
                    }
                    None => {
                        self.unknown_member(def, name);
                        Callee::Error
                    }
                };
            }
            _ => {}
        }
        match self.resolve(&name.text) {
            Some(Resolved::Item(def))
                if matches!(
                    outline_of(self.db, def).map(|item| item.kind.clone()),
                    Some(ItemKind::Function(_))
                ) =>
            {
                Callee::OfValue(def, base)
            }
            _ if foreign::method(&name.text).is_some() => Callee::Foreign(base),
            _ => {
                self.unknown(&name.text, name.id);
                Callee::Error
            }
        }
    }

    fn value_callee(&mut self, value: ExprId) -> Callee {
        if let ExprKind::Function(def) = self.body.expr(value).kind {
            return Callee::Function(def);
        }
        match self.ty(value).clone() {
            Type::Error => Callee::Error,
            Type::Function(_) => Callee::Value(value),
            Type::Layer(def, _) => {
                let layer = crate::queries::layer(self.db, def);
                let forward = layer.members.iter().position(|member| {
                    &*member.name == "forward" && matches!(member.kind, MemberKind::Function(_))
                });
                match forward {
                    Some(at) => Callee::Method(Some(value), at as u32),
                    None => {
                        let message = format!("`{}` has no function `forward` to call", layer.name);
                        self.names.error(Code::E1004, self.node(value), message);
                        Callee::Error
                    }
                }
            }
            other => {
                let found = self.show().ty(&other);
                let place = self.names.place(self.node(value));
                let report = match other {
                    Type::Array(..) => Report::error(
                        Code::E1004,
                        place,
                        "an array of layers is not called as a whole",
                    )
                    .label(format!("this is {found}"))
                    .help(
                        "go through it, `for block in blocks { y = block(y) }`, or call one, `blocks[0](x)`",
                    ),
                    _ => {
                        Report::error(Code::E1004, place, format!("this is {found}, which cannot be called"))
                            .label("only functions and instances of layers are called")
                    }
                };
                self.names.report(report);
                Callee::Error
            }
        }
    }
}
