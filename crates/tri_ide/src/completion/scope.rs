//! The names that are declared around an offset, the nearest last.

use std::collections::BTreeMap;
use std::sync::Arc;

use tri_db::{Db, SourceFile};
use tri_diagnostics::TextRange;
use tri_hir::hir::Def;
use tri_syntax::ast::{ExprKind, Function, Layer, Name, Node, Pattern, PatternKind, Stmt, StmtKind};

use crate::path::path_to;
use crate::symbol::Symbol;

/// What can be seen at an offset, besides what the file declares.
pub(super) fn around(db: &dyn Db, file: SourceFile, offset: u32) -> BTreeMap<Arc<str>, Symbol> {
    let mut names = Names { def: None, names: BTreeMap::new() };
    let Some(path) = path_to(db, file, TextRange::empty(offset)) else { return names.names };
    names.def = Some(path.def);
    for (depth, node) in path.nodes.iter().enumerate() {
        match node {
            Node::Layer(layer) => names.layer(layer),
            Node::Function(function) => names.function(function),
            Node::Block(block) => {
                let before = block.statements.iter().filter(|stmt| path.range(stmt.id).end <= offset);
                before.for_each(|stmt| names.statement(stmt));
            }
            Node::Stmt(Stmt { kind: StmtKind::For { pattern, .. }, .. })
                if matches!(path.nodes.get(depth + 1), Some(Node::Block(_))) =>
            {
                names.pattern(pattern);
            }
            Node::Expr(expr) => {
                if let ExprKind::Comprehension { pattern, .. } = &expr.kind {
                    names.pattern(pattern);
                }
            }
            _ => {}
        }
    }
    names.names
}

struct Names {
    def: Option<Def>,
    names: BTreeMap<Arc<str>, Symbol>,
}

impl Names {
    fn local(&mut self, name: &Name) {
        if let Some(def) = self.def {
            self.names.insert(name.text.clone(), Symbol::Local(def, name.id));
        }
    }

    fn layer(&mut self, layer: &Layer) {
        layer.generics.iter().for_each(|generic| self.local(&generic.name));
        layer.config.iter().for_each(|param| self.local(&param.name));
        for (at, member) in layer.members.iter().enumerate() {
            if let (Some(name), Some(def)) = (member.name(), self.def) {
                self.names.insert(name.text.clone(), Symbol::Member(def, at as u32));
            }
        }
    }

    fn function(&mut self, function: &Function) {
        function.generics.iter().for_each(|generic| self.local(&generic.name));
        function.params.iter().for_each(|param| self.local(&param.name));
    }

    fn statement(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            // What has no value yet is being written.
            StmtKind::Let { value, .. } if value.kind == ExprKind::Error => {}
            StmtKind::Let { pattern, .. } => self.pattern(pattern),
            StmtKind::LetDim { name, .. } => self.local(name),
            _ => {}
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Name(name) => self.local(name),
            PatternKind::Ignore => {}
            PatternKind::Tuple(parts) => parts.iter().for_each(|part| self.pattern(part)),
        }
    }
}
