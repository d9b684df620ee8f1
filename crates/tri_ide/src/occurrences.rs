//! Every name of an item with what it stands for.

use std::collections::BTreeMap;
use std::sync::Arc;

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::TextRange;
use tri_hir::hir::{Body, BodyOwner, Def, Owner, Type};
use tri_hir::{Named, Uses, lookup};
use tri_syntax::ast::{self, Expr, ExprKind, ItemKind, Name, Node, NodeId};

use crate::path::{path_to, word_at};
use crate::symbol::{Symbol, forward_of, owner_def, params_of, type_at};

/// A name and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub(crate) symbol: Symbol,
    pub(crate) node: NodeId,
    /// Whether it declares what it stands for, or assigns it.
    pub(crate) is_write: bool,
}

/// What the word at an offset stands for, and where the word is.
pub(crate) fn symbol_at(db: &dyn Db, file: SourceFile, offset: u32) -> Option<(Symbol, TextRange)> {
    let word = word_at(db, file, offset)?;
    let path = path_to(db, file, word.range)?;
    let found = occurrences(db, file, path.def);
    let at = |occurrence: &&Occurrence| path.range(occurrence.node) == word.range;
    Some((found.iter().find(at)?.symbol, word.range))
}

/// The names of an item, in the order of the text.
#[salsa::tracked(returns(clone), lru = 512)]
fn occurrences_query(db: &dyn Db, file: SourceFile, def: Def) -> Arc<[Occurrence]> {
    let ast = &parse(db, file).ast;
    let Some(item) = ast.item(def.item) else { return Arc::default() };
    let uses = tri_hir::item_uses(db, file, def.item);
    let mut read = BTreeMap::new();
    for (at, binding) in uses.bindings.iter().enumerate() {
        let reads = binding.reads.iter().chain(&binding.checks).map(|node| (*node, (at, false)));
        read.extend(reads.chain(binding.writes.iter().map(|node| (*node, (at, true)))));
    }
    let mut walk =
        Walk { db, file, def, item, uses: &uses, read, bodies: Vec::new(), found: Vec::new(), body: None };
    walk.node(Node::Item(item), None);
    walk.found.into()
}

pub(crate) fn occurrences(db: &dyn Db, file: SourceFile, def: Def) -> Arc<[Occurrence]> {
    occurrences_query(db, file, def)
}

struct Walk<'a> {
    db: &'a dyn Db,
    file: SourceFile,
    def: Def,
    item: &'a ast::Item,
    uses: &'a Uses,
    /// Names that the item declares, where they are read or (true) written: by number of the binding.
    read: BTreeMap<NodeId, (usize, bool)>,
    /// Bodies that were asked for.
    bodies: Vec<(BodyOwner, Arc<Body>)>,
    /// The body that we are in.
    body: Option<BodyOwner>,
    found: Vec<Occurrence>,
}

impl<'a> Walk<'a> {
    fn add(&mut self, node: NodeId, symbol: Symbol, is_write: bool) {
        self.found.push(Occurrence { symbol, node, is_write });
    }

    fn node(&mut self, node: Node<'a>, around: Option<Node<'a>>) {
        let outside = self.body;
        match node {
            Node::Item(item) => self.body = item_body(self.def, item),
            Node::Name(name) => self.name(name, around),
            Node::Expr(expr) => self.expr(expr),
            Node::Use(import) => self.import(import),
            Node::Function(_) => self.body = self.function_body(around),
            Node::Param(param) => self.body = self.default_body(param, around).or(self.body),
            _ => {}
        }
        if !matches!(node, Node::Use(_)) {
            for child in node.children() {
                if let (Node::Member(member), Node::Expr(child)) = (node, child) {
                    self.body = self.member_body(member, child);
                }
                self.node(child, Some(node));
            }
        }
        if let Node::Expr(Expr { kind: ExprKind::Call { callee, args }, .. }) = node {
            self.arg_names(callee, args);
        }
        self.body = outside;
    }

    fn function_body(&self, around: Option<Node<'a>>) -> Option<BodyOwner> {
        match around {
            Some(Node::Member(member)) => {
                Some(BodyOwner::Function(Owner::Method(self.def, self.member_at(member)?)))
            }
            _ => Some(BodyOwner::Function(Owner::Function(self.def))),
        }
    }

    fn member_at(&self, member: &ast::Member) -> Option<u32> {
        let ItemKind::Layer(layer) = &self.item.kind else { return None };
        layer.members.iter().position(|known| known.id == member.id).map(|at| at as u32)
    }

    fn member_body(&self, member: &ast::Member, child: &Expr) -> Option<BodyOwner> {
        let at = self.member_at(member)?;
        let is_condition = member.condition.as_ref().is_some_and(|condition| condition.id == child.id);
        Some(if is_condition {
            BodyOwner::MemberCondition(self.def, at)
        } else {
            BodyOwner::MemberValue(self.def, at)
        })
    }

    fn default_body(&self, param: &ast::Param, around: Option<Node<'a>>) -> Option<BodyOwner> {
        let position = |params: &[ast::Param]| params.iter().position(|known| known.id == param.id);
        match (around?, self.body) {
            (Node::Layer(layer), _) => {
                Some(BodyOwner::Default(Owner::Layer(self.def), position(&layer.config)? as u32))
            }
            (Node::Function(function), Some(BodyOwner::Function(owner))) => {
                Some(BodyOwner::Default(owner, position(&function.params)? as u32))
            }
            _ => None,
        }
    }

    /// The type of an expression of the body that we are in.
    fn ty(&mut self, expr: &Expr) -> Option<Type> {
        let owner = self.body?;
        let known = self.bodies.iter().position(|(known, _)| *known == owner);
        let at = known.unwrap_or_else(|| {
            self.bodies.push((owner, tri_hir::body(self.db, owner)));
            self.bodies.len() - 1
        });
        type_at(&self.bodies.get(at)?.1, expr.id).cloned()
    }

    /// A name that is no expression: a declaration, or part of a type or list.
    fn name(&mut self, name: &Name, around: Option<Node<'a>>) {
        let def = self.def;
        let declared = match around {
            Some(Node::Item(_) | Node::Layer(_)) => Some(Symbol::Item(def)),
            Some(Node::Function(_)) => match self.body {
                Some(BodyOwner::Function(Owner::Method(_, at))) => Some(Symbol::Member(def, at)),
                _ => Some(Symbol::Item(def)),
            },
            Some(Node::Member(member)) => self.member_at(member).map(|at| Symbol::Member(def, at)),
            // Those are found with the call.
            Some(Node::Arg(_) | Node::Attribute(_)) => return,
            Some(Node::Expr(Expr { kind: ExprKind::Field { .. }, .. })) => return,
            _ => self
                .uses
                .bindings
                .iter()
                .any(|binding| binding.name.id == name.id)
                .then_some(Symbol::Local(def, name.id)),
        };
        match declared {
            Some(symbol) => self.add(name.id, symbol, true),
            None => self.read(&name.text, name.id),
        }
    }

    fn read(&mut self, name: &str, node: NodeId) {
        if let Some((symbol, is_write)) = self.symbol_of(name, node) {
            self.add(node, symbol, is_write);
        }
    }

    /// What a name that is read stands for.
    fn symbol_of(&self, name: &str, node: NodeId) -> Option<(Symbol, bool)> {
        if let Some((at, is_write)) = self.read.get(&node) {
            let declared = self.uses.bindings.get(*at)?.name.id;
            return Some((self.declared(declared), *is_write));
        }
        match lookup(self.db, self.file, name)? {
            Named::Item(def) => Some((Symbol::Item(def), false)),
            Named::Module(module) => Some((Symbol::Module(module), false)),
            Named::Error => None,
        }
    }

    /// What a name declared inside the item is.
    fn declared(&self, node: NodeId) -> Symbol {
        let ItemKind::Layer(layer) = &self.item.kind else { return Symbol::Local(self.def, node) };
        let at = layer.members.iter().position(|member| member.name().is_some_and(|name| name.id == node));
        at.map_or(Symbol::Local(self.def, node), |at| Symbol::Member(self.def, at as u32))
    }

    fn import(&mut self, import: &ast::Use) {
        let path: Vec<&str> = import.module.iter().map(|part| part.as_str()).collect();
        let module = self.db.module(&path).ok();
        if let (Some(module), Some(last)) = (module, import.module.last()) {
            self.add(last.id, Symbol::Module(module), false);
        }
        for import in &import.imports {
            let item =
                module.and_then(|module| tri_hir::items(self.db, module).get(&import.name.text).copied());
            let whole: Vec<&str> = path.iter().copied().chain([import.name.as_str()]).collect();
            let symbol = item.map(Symbol::Item).or_else(|| self.db.module(&whole).ok().map(Symbol::Module));
            let Some(symbol) = symbol else { continue };
            self.add(import.name.id, symbol, false);
            if let Some(alias) = &import.alias {
                self.add(alias.id, symbol, true);
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.read(name, expr.id),
            ExprKind::Field { base, name } => {
                if let Some(symbol) = self.field(base, name) {
                    self.add(name.id, symbol, false);
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, base: &Expr, name: &Name) -> Option<Symbol> {
        if let ExprKind::Name(module) = &base.kind
            && let Some((Symbol::Module(module), _)) = self.symbol_of(module, base.id)
        {
            return tri_hir::items(self.db, module).get(&name.text).copied().map(Symbol::Item);
        }
        match self.ty(base)? {
            Type::Layer(def, _) => {
                let layer = tri_hir::layer(self.db, def);
                let at = layer.members.iter().position(|member| member.name == name.text)?;
                Some(Symbol::Member(def, at as u32))
            }
            _ => match lookup(self.db, self.file, &name.text)? {
                Named::Item(def) => Some(Symbol::Item(def)),
                _ => None,
            },
        }
    }

    fn arg_names(&mut self, callee: &Expr, args: &[ast::Arg]) {
        if args.iter().all(|arg| arg.name.is_none()) {
            return;
        }
        let Some(owner) = self.called(callee) else { return };
        let def = owner_def(owner);
        let Some(item) = tri_hir::item_of(self.db, def) else { return };
        for name in args.iter().filter_map(|arg| arg.name.as_ref()) {
            let param = params_of(&item, owner).iter().find(|param| param.name.text == name.text);
            if let Some(param) = param {
                self.add(name.id, Symbol::Local(def, param.name.id), false);
            }
        }
    }

    /// Whose parameters a call fills.
    fn called(&mut self, callee: &Expr) -> Option<Owner> {
        let head = match &callee.kind {
            ExprKind::Index { base, .. } => base,
            _ => callee,
        };
        let symbol = match &head.kind {
            ExprKind::Name(name) => self.symbol_of(name, head.id).map(|(symbol, _)| symbol),
            ExprKind::Field { base, name } => self.field(base, name),
            _ => None,
        };
        match symbol.and_then(|symbol| symbol.called(self.db)) {
            Some(owner) => Some(owner),
            // An instance, perhaps an element of an array.
            None => [callee, head].into_iter().find_map(|expr| {
                let ty = self.ty(expr)?;
                forward_of(self.db, &ty)
            }),
        }
    }
}

fn item_body(def: Def, item: &ast::Item) -> Option<BodyOwner> {
    match &item.kind {
        ItemKind::Const(_) => Some(BodyOwner::Const(def)),
        ItemKind::Dim(_) => Some(BodyOwner::Dim(def)),
        ItemKind::Test(_) => Some(BodyOwner::Function(Owner::Test(def))),
        _ => None,
    }
}
