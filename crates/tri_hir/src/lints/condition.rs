//! W0008: a condition that is the same in every instance: made of literals alone, or decided by the `if` around it.

use std::collections::BTreeSet;

use tri_diagnostics::{Code, Diagnostic};
use tri_syntax::ast::{
    BinaryOp, Block, Expr, ExprKind, Function, IndexItem, ItemKind, ListItem, MemberKind, Stmt, StmtKind,
    UnaryOp,
};

use super::uses::Kind;
use super::{Linted, LintedItem};
use crate::infer::same;

pub(super) fn check(linted: &mut Linted<'_>, item: &LintedItem<'_>) {
    let locals = item.uses.bindings.iter().filter(|binding| binding.kind == Kind::Local);
    let locals = locals.map(|binding| &*binding.name.text).collect();
    let mut walk = Walk { locals, known: Vec::new(), found: Vec::new() };
    match &item.item.kind {
        ItemKind::Function(function) => walk.function(function),
        ItemKind::Test(test) => walk.block(&test.body),
        ItemKind::Layer(layer) => {
            layer.conditions.iter().for_each(|condition| walk.condition(condition));
            for member in &layer.members {
                member.condition.iter().for_each(|condition| walk.condition(condition));
                match &member.kind {
                    MemberKind::Function(function) => walk.function(function),
                    MemberKind::Instance { value, .. } => walk.expr(value),
                    MemberKind::Tensor { init, .. } => init.iter().for_each(|init| walk.expr(init)),
                    MemberKind::Error { .. } => {}
                }
            }
        }
        ItemKind::Const(item) => walk.expr(&item.value),
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Error { .. } => {}
    }
    for (condition, value) in walk.found {
        let message = format!("this condition is always {value}");
        let diagnostic = Diagnostic::warning(Code::W0008, linted.span(item.id, condition.id), message);
        linted.found.push(diagnostic.help("leave it out, with what it never lets happen"));
    }
}

struct Walk<'a> {
    /// Names that do not mean the same everywhere in the item.
    locals: BTreeSet<&'a str>,
    /// What the `if`s around say.
    known: Vec<(&'a Expr, bool)>,
    found: Vec<(&'a Expr, bool)>,
}

impl<'a> Walk<'a> {
    fn function(&mut self, function: &'a Function) {
        function.conditions.iter().for_each(|condition| self.condition(condition));
        function.body.iter().for_each(|body| self.block(body));
    }

    fn condition(&mut self, condition: &'a Expr) {
        if let Some(value) = self.value(condition) {
            self.found.push((condition, value));
        }
        self.expr(condition);
    }

    /// What a condition always is.
    fn value(&self, condition: &Expr) -> Option<bool> {
        if let Some((_, value)) = self.known.iter().find(|(known, _)| same(known, condition)) {
            return Some(*value);
        }
        match &condition.kind {
            ExprKind::Bool(value) => Some(*value),
            ExprKind::Unary { op: UnaryOp::Not, operand } => self.value(operand).map(|value| !value),
            ExprKind::Binary { op: BinaryOp::And, lhs, rhs, .. } => {
                match (self.value(lhs), self.value(rhs)) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                }
            }
            ExprKind::Binary { op: BinaryOp::Or, lhs, rhs, .. } => match (self.value(lhs), self.value(rhs)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            ExprKind::Binary { op, lhs, rhs, .. } => compare(*op, lhs, rhs),
            _ => None,
        }
    }

    fn block(&mut self, block: &'a Block) {
        block.statements.iter().for_each(|stmt| self.stmt(stmt));
        block.value.iter().for_each(|value| self.expr(value));
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::Let { value, .. } => self.expr(value),
            StmtKind::LetDim { value, conditions, .. } => {
                self.expr(value);
                conditions.iter().for_each(|condition| self.condition(condition));
            }
            StmtKind::Assign { target, value } => {
                self.expr(target);
                self.expr(value);
            }
            StmtKind::Assert(condition) => self.condition(condition),
            StmtKind::For { iterable, body, .. } => {
                self.expr(iterable);
                self.block(body);
            }
            StmtKind::Expr(expr) => self.expr(expr),
        }
    }

    fn under(&mut self, condition: &'a Expr, value: bool, block: &'a Block) {
        let before = self.known.len();
        if !self.speaks_of_locals(condition) {
            self.known.push((condition, value));
        }
        self.block(block);
        self.known.truncate(before);
    }

    fn speaks_of_locals(&self, condition: &Expr) -> bool {
        match &condition.kind {
            ExprKind::Name(name) => self.locals.contains(&**name),
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) => false,
            ExprKind::Unary { operand, .. } => self.speaks_of_locals(operand),
            ExprKind::Binary { lhs, rhs, .. } => self.speaks_of_locals(lhs) || self.speaks_of_locals(rhs),
            _ => true,
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::If { condition, then, otherwise } => {
                self.condition(condition);
                self.under(condition, true, then);
                otherwise.iter().for_each(|block| self.under(condition, false, block));
            }
            ExprKind::Tuple(parts) => parts.iter().for_each(|part| self.expr(part)),
            ExprKind::List(items) => {
                for item in items {
                    if let ListItem::Expr(expr) = item {
                        self.expr(expr);
                    }
                }
            }
            ExprKind::Comprehension { body: a, iterable: b, .. }
            | ExprKind::Repeat { value: a, count: b }
            | ExprKind::Binary { lhs: a, rhs: b, .. }
            | ExprKind::Range { lo: a, hi: b } => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Field { base, .. } => self.expr(base),
            ExprKind::Index { base, items } => {
                self.expr(base);
                for item in items {
                    match item {
                        IndexItem::Expr(expr) => self.expr(expr),
                        IndexItem::Slice { lo, hi, .. } => {
                            lo.iter().chain(hi).for_each(|side| self.expr(side))
                        }
                        IndexItem::Rest(_) | IndexItem::Pack(_) | IndexItem::NewAxis(_) => {}
                    }
                }
            }
            ExprKind::Call { callee, args } => {
                self.expr(callee);
                args.iter().for_each(|arg| self.expr(&arg.value));
            }
            ExprKind::Unary { operand, .. } | ExprKind::Cast { operand, .. } => self.expr(operand),
            ExprKind::Name(_) | ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) => {}
            ExprKind::Str(_) | ExprKind::Error => {}
        }
    }
}

/// What a comparison of two numbers is.
fn compare(op: BinaryOp, lhs: &Expr, rhs: &Expr) -> Option<bool> {
    let order = match (&lhs.kind, &rhs.kind) {
        (ExprKind::Int(a), ExprKind::Int(b)) => a.cmp(b),
        (ExprKind::Float(a), ExprKind::Float(b)) => a.value().partial_cmp(&b.value())?,
        _ => return None,
    };
    Some(match op {
        BinaryOp::Eq => order.is_eq(),
        BinaryOp::Ne => order.is_ne(),
        BinaryOp::Lt => order.is_lt(),
        BinaryOp::Le => order.is_le(),
        BinaryOp::Gt => order.is_gt(),
        BinaryOp::Ge => order.is_ge(),
        _ => return None,
    })
}
