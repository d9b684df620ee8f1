//! What the author need not write, shown where it would stand: types of `let`, names of arguments, facts of conditions.

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::TextRange;
use tri_hir::hir::{BodyOwner, Def, Type};
use tri_hir::{show_fact, show_type};
use tri_syntax::ast::{Expr, ExprKind, Node, NodeId, PatternKind, Stmt, StmtKind};

use crate::conditions;
use crate::path::{path_to, range_of};
use crate::signature_help::called_at;
use crate::symbol::{local_type, owner_def, params_of, span};

/// What a hint says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InlayKind {
    /// The type of a name, behind it; it can be written there.
    Type,
    /// The name of a parameter, before its argument.
    Parameter,
    /// What holds of a size, behind its declaration.
    Fact,
}

/// A hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlayHint {
    /// Where it stands.
    pub offset: u32,
    /// What it says.
    pub text: String,
    /// What kind it is.
    pub kind: InlayKind,
}

/// The hints in a range of a file.
pub(crate) fn hints(db: &dyn Db, file: SourceFile, within: TextRange) -> Vec<InlayHint> {
    let ast = &parse(db, file).ast;
    let mut hints = Vec::new();
    for (id, item) in ast.items() {
        let range = ast.range(id, item.id);
        if range.end < within.start || within.end < range.start {
            continue;
        }
        let def = Def { file: file.id(db), item: id };
        let mut found = Hints { db, file, def, hints: Vec::new() };
        Node::Item(item).each(&mut |node| {
            let near = range_of(ast, id, node)
                .is_some_and(|range| range.start <= within.end && within.start <= range.end);
            if near {
                found.node(node);
            }
        });
        hints.extend(found.hints);
    }
    hints.retain(|hint| within.touches(hint.offset));
    hints.sort_by_key(|hint| hint.offset);
    hints
}

struct Hints<'a> {
    db: &'a dyn Db,
    file: SourceFile,
    def: Def,
    hints: Vec<InlayHint>,
}

impl Hints<'_> {
    fn end(&self, node: NodeId) -> u32 {
        span(self.db, self.def, node).range.end
    }

    fn body_of(&self, node: NodeId) -> Option<BodyOwner> {
        path_to(self.db, self.file, span(self.db, self.def, node).range)?.body_owner()
    }

    fn node(&mut self, node: Node<'_>) {
        match node {
            Node::Stmt(Stmt { kind: StmtKind::LetDim { name, .. }, id }) => self.facts(name.id, *id),
            Node::Pattern(pattern) => {
                if let PatternKind::Name(name) = &pattern.kind {
                    self.local(name.id);
                }
            }
            Node::Expr(call @ Expr { kind: ExprKind::Call { .. }, .. }) => {
                self.arguments(call);
                self.conditions(call);
            }
            _ => {}
        }
    }

    /// The type of a name that has none written.
    fn local(&mut self, name: NodeId) {
        let range = span(self.db, self.def, name).range;
        let Some(path) = path_to(self.db, self.file, range) else { return };
        let is_written = path.nodes.iter().any(|node| matches!(node, Node::Stmt(Stmt { kind: StmtKind::Let { ty: Some(_), pattern, .. }, .. }) if path.range(pattern.id).touches(range.start)));
        let Some(body) = path.body_owner().map(|owner| tri_hir::body(self.db, owner)) else { return };
        if let Some(ty) = local_type(&body, name).filter(|ty| !is_written && is_telling(ty)) {
            let text = format!(": {}", show_type(self.db, ty));
            self.hints.push(InlayHint { offset: range.end, text, kind: InlayKind::Type });
        }
    }

    /// What the conditions of a run-time dim say.
    fn facts(&mut self, name: NodeId, stmt: NodeId) {
        let Some(owner) = self.body_of(name) else { return };
        let body = tri_hir::body(self.db, owner);
        let Some(local) = body.locals.iter().position(|local| local.node == name) else { return };
        let facts = statement_facts(&body.root, local as u32);
        if let Some(facts) = facts.filter(|facts| !facts.is_empty()) {
            let shown: Vec<String> = facts.iter().map(|fact| show_fact(self.db, fact)).collect();
            let text = format!("  {}", shown.join(", "));
            self.hints.push(InlayHint { offset: self.end(stmt), text, kind: InlayKind::Fact });
        }
    }

    /// The conditions of what is called, which hold of the sizes here.
    fn conditions(&mut self, call: &Expr) {
        let Some(owner) = self.body_of(call.id) else { return };
        let body = tri_hir::body(self.db, owner);
        let mut facts = Vec::new();
        for expr in body.exprs.iter().filter(|expr| expr.node == call.id) {
            facts.extend(conditions::of_call(self.db, self.def, &body, expr));
        }
        facts.dedup();
        if !facts.is_empty() {
            let shown: Vec<String> = facts.iter().map(|fact| show_fact(self.db, fact)).collect();
            let text = format!("  where {}", shown.join(", "));
            self.hints.push(InlayHint { offset: self.end(call.id), text, kind: InlayKind::Fact });
        }
    }

    /// The names of positional arguments, where an argument does not say as much itself.
    fn arguments(&mut self, call: &Expr) {
        let ExprKind::Call { callee, args } = &call.kind else { return };
        if args.len() < 2 {
            return;
        }
        let Some((owner, given)) = called_at(self.db, self.file, self.def, call) else { return };
        let Some(item) = tri_hir::item_of(self.db, owner_def(owner)) else { return };
        let params = params_of(&item, owner).iter().skip(given);
        let callee_end = self.end(callee.id);
        for (param, arg) in params.zip(args).filter(|(_, arg)| arg.name.is_none()) {
            let says = match &arg.value.kind {
                ExprKind::Name(name) => is_alike(name, param.name.as_str()),
                ExprKind::Field { name, .. } => is_alike(name.as_str(), param.name.as_str()),
                ExprKind::Error => true,
                _ => false,
            };
            let offset = span(self.db, self.def, arg.value.id).range.start;
            // One letter says no more than the place does.
            if !says && param.name.text.len() > 1 && offset >= callee_end {
                let text = format!("{} = ", param.name.text);
                self.hints.push(InlayHint { offset, text, kind: InlayKind::Parameter });
            }
        }
    }
}

fn is_alike(name: &str, param: &str) -> bool {
    name == param || name.ends_with(param) || param.ends_with(name)
}

/// Whether a type is news: not so that of what reads as it is.
fn is_telling(ty: &Type) -> bool {
    match ty {
        Type::Tensor(..) | Type::Layer(..) | Type::Array(..) => true,
        Type::Tuple(parts) => parts.iter().all(is_telling),
        _ => false,
    }
}

fn statement_facts(block: &tri_hir::hir::Block, wanted: u32) -> Option<Vec<tri_hir::hir::Fact>> {
    block.statements.iter().find_map(|stmt| match stmt {
        tri_hir::hir::Stmt::LetDim { local, facts, .. } if local.0 == wanted => Some(facts.clone()),
        tri_hir::hir::Stmt::For(_, _, block) => statement_facts(block, wanted),
        _ => None,
    })
}
