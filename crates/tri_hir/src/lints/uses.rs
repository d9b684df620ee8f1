//! Which names of an item are declared where, read where, and hidden by which. Goes by the text of the tree alone, so it serves
//! items with errors too; what a name of the file stands for is not asked here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tri_syntax::ast::{
    Arg, Axis, Block, Expr, ExprKind, Function, Generic, GenericKind, IndexItem, Item, ItemKind, Layer,
    Lifetime, ListItem, Member, MemberKind, Name, NodeId, Param, Pattern, PatternKind, Stmt, StmtKind, Type,
    TypeKind,
};

/// What declares a name inside an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A dim in brackets.
    Dim,
    /// A pack in brackets.
    Pack,
    /// An element variable.
    Element,
    /// A configuration parameter of a layer.
    Config,
    /// A `param`, `buffer` or `state`.
    Tensor(Lifetime),
    /// A sub-layer or array.
    Instance,
    /// A function of a layer.
    Method,
    /// A parameter of a function.
    Param,
    /// What `let`, `for` or a comprehension binds.
    Local,
    /// `let dim`.
    RunTimeDim,
}

/// A name that an item declares for its inside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    /// The name where it is declared.
    pub name: Name,
    /// What declares it.
    pub kind: Kind,
    /// Where it is read.
    pub reads: Vec<NodeId>,
    /// Where it is assigned.
    pub writes: Vec<NodeId>,
    /// Where the conditions of a run-time dim name it, which is no reading.
    pub checks: Vec<NodeId>,
    /// The binding of the same name, by its position, that could be seen where this one begins.
    pub hides: Option<usize>,
}

/// The names of an item.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Uses {
    /// What it declares inside, in source order.
    pub bindings: Vec<Binding>,
    /// Names that nothing inside declares, where they are read: items of the file, imports, the prelude.
    pub outer: BTreeMap<Arc<str>, Vec<NodeId>>,
    /// Names after a dot: members of other layers, or functions called on their first argument.
    pub fields: BTreeSet<Arc<str>>,
}

/// Finds the names of an item.
pub(crate) fn uses(item: &Item) -> Uses {
    let mut walk = Walk::default();
    match &item.kind {
        ItemKind::Dim(dim) => walk.expr(&dim.value),
        ItemKind::Const(item) => {
            walk.types(&item.ty);
            walk.expr(&item.value);
        }
        ItemKind::Function(function) => walk.function(function),
        ItemKind::Layer(layer) => walk.layer(layer),
        ItemKind::Test(test) => walk.block(&test.body),
        ItemKind::Use(_) | ItemKind::Error { .. } => {}
    }
    // They are kept, and most names are read in few places.
    for binding in &mut walk.uses.bindings {
        binding.reads.shrink_to_fit();
        binding.writes.shrink_to_fit();
        binding.checks.shrink_to_fit();
    }
    walk.uses.bindings.shrink_to_fit();
    walk.uses.outer.values_mut().for_each(Vec::shrink_to_fit);
    walk.uses
}

#[derive(Default)]
struct Walk {
    uses: Uses,
    /// Bindings that can be seen, by name; the innermost last.
    visible: BTreeMap<Arc<str>, Vec<usize>>,
    /// Bindings in order of declaration, to leave scopes by.
    open: Vec<usize>,
}

impl Walk {
    fn declare(&mut self, name: &Name, kind: Kind) {
        let at = self.uses.bindings.len();
        let same_name = self.visible.entry(name.text.clone()).or_default();
        let hides = same_name.last().copied();
        same_name.push(at);
        self.open.push(at);
        let (reads, writes, checks) = (Vec::new(), Vec::new(), Vec::new());
        self.uses.bindings.push(Binding { name: name.clone(), kind, reads, writes, checks, hides });
    }

    /// Runs `inside`, and takes back what it declares.
    fn scoped(&mut self, inside: impl FnOnce(&mut Self)) {
        let outside = self.open.len();
        inside(self);
        for at in self.open.drain(outside..) {
            let name = &self.uses.bindings[at].name.text;
            if let Some(same_name) = self.visible.get_mut(name) {
                same_name.pop();
            }
        }
    }

    fn find(&mut self, name: &str) -> Option<&mut Binding> {
        let at = *self.visible.get(name)?.last()?;
        self.uses.bindings.get_mut(at)
    }

    fn read(&mut self, name: &Arc<str>, node: NodeId) {
        match self.find(name) {
            Some(binding) => binding.reads.push(node),
            None => {
                self.uses.outer.entry(name.clone()).or_default().push(node);
            }
        }
    }

    fn name(&mut self, name: &Name) {
        self.read(&name.text, name.id);
    }

    fn layer(&mut self, layer: &Layer) {
        self.scoped(|walk| {
            walk.generics(&layer.generics);
            walk.params(&layer.config, Kind::Config);
            for member in &layer.members {
                walk.declare_member(member);
            }
            walk.exprs(&layer.conditions);
            for member in &layer.members {
                walk.member(member);
            }
        });
    }

    fn declare_member(&mut self, member: &Member) {
        match &member.kind {
            MemberKind::Tensor { lifetime, name, .. } => self.declare(name, Kind::Tensor(*lifetime)),
            MemberKind::Instance { name, .. } => self.declare(name, Kind::Instance),
            MemberKind::Function(function) => self.declare(&function.name, Kind::Method),
            MemberKind::Error { .. } => {}
        }
    }

    fn member(&mut self, member: &Member) {
        for attribute in &member.attributes {
            self.args(&attribute.args);
        }
        match &member.kind {
            MemberKind::Tensor { ty, init, .. } => {
                self.ty(ty);
                init.iter().for_each(|init| self.expr(init));
            }
            MemberKind::Instance { value, .. } => self.expr(value),
            MemberKind::Function(function) => self.function(function),
            MemberKind::Error { .. } => {}
        }
        member.condition.iter().for_each(|condition| self.expr(condition));
    }

    fn function(&mut self, function: &Function) {
        self.scoped(|walk| {
            walk.generics(&function.generics);
            walk.params(&function.params, Kind::Param);
            walk.types(&function.result);
            walk.exprs(&function.conditions);
            function.body.iter().for_each(|body| walk.block(body));
        });
    }

    fn generics(&mut self, generics: &[Generic]) {
        for generic in generics {
            let kind = match &generic.kind {
                GenericKind::Dim { .. } => Kind::Dim,
                GenericKind::Pack => Kind::Pack,
                GenericKind::Element { .. } => Kind::Element,
            };
            self.declare(&generic.name, kind);
        }
        for generic in generics {
            if let GenericKind::Dim { bounds: Some((low, high)) } = &generic.kind {
                self.expr(low);
                self.expr(high);
            }
        }
    }

    fn params(&mut self, params: &[Param], kind: Kind) {
        for param in params {
            self.ty(&param.ty);
            param.default.iter().for_each(|default| self.expr(default));
            self.declare(&param.name, kind);
        }
    }

    fn types<'a>(&mut self, types: impl IntoIterator<Item = &'a Type>) {
        types.into_iter().for_each(|ty| self.ty(ty));
    }

    fn ty(&mut self, ty: &Type) {
        match &ty.kind {
            TypeKind::Named { name, shape } => {
                self.name(name);
                for axis in shape {
                    match axis {
                        Axis::Dim(expr) => self.expr(expr),
                        Axis::Pack(name) => self.name(name),
                    }
                }
            }
            TypeKind::Tuple(parts) => self.types(parts),
            TypeKind::Function { params, result } => {
                self.types(params);
                self.ty(result);
            }
            TypeKind::Error => {}
        }
    }

    fn block(&mut self, block: &Block) {
        self.scoped(|walk| {
            block.statements.iter().for_each(|stmt| walk.stmt(stmt));
            block.value.iter().for_each(|value| walk.expr(value));
        });
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Let { pattern, ty, value, .. } => {
                self.types(ty);
                self.expr(value);
                self.pattern(pattern);
            }
            StmtKind::LetDim { name, value, conditions } => {
                self.expr(value);
                self.declare(name, Kind::RunTimeDim);
                // The conditions are checks of the size, not uses of it.
                let reads = self.uses.bindings.last().map_or(0, |binding| binding.reads.len());
                self.exprs(conditions);
                if let Some(binding) = self.find(&name.text) {
                    binding.checks = binding.reads.split_off(reads);
                }
            }
            StmtKind::Assign { target, value } => {
                self.target(target);
                self.expr(value);
            }
            StmtKind::Assert(condition) => self.expr(condition),
            StmtKind::For { pattern, iterable, body } => {
                self.expr(iterable);
                self.scoped(|walk| {
                    walk.pattern(pattern);
                    walk.block(body);
                });
            }
            StmtKind::Expr(expr) => self.expr(expr),
        }
    }

    /// What is assigned is not read.
    fn target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => match self.find(name) {
                Some(binding) => binding.writes.push(target.id),
                None => self.read(name, target.id),
            },
            ExprKind::Index { base, items } => {
                self.target(base);
                self.index_items(items);
            }
            _ => self.expr(target),
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match &pattern.kind {
            PatternKind::Name(name) => self.declare(name, Kind::Local),
            PatternKind::Ignore => {}
            PatternKind::Tuple(parts) => parts.iter().for_each(|part| self.pattern(part)),
        }
    }

    fn exprs<'a>(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    fn args(&mut self, args: &[Arg]) {
        self.exprs(args.iter().map(|arg| &arg.value));
    }

    fn index_items(&mut self, items: &[IndexItem]) {
        for item in items {
            match item {
                IndexItem::Expr(expr) => self.expr(expr),
                IndexItem::Slice { lo, hi, .. } => self.exprs(lo.iter().chain(hi).map(|side| &**side)),
                IndexItem::Pack(name) => self.name(name),
                IndexItem::Rest(_) | IndexItem::NewAxis(_) => {}
            }
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.read(name, expr.id),
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::Str(_)
            | ExprKind::Error => {}
            ExprKind::Tuple(parts) => self.exprs(parts),
            ExprKind::List(items) => {
                for item in items {
                    match item {
                        ListItem::Expr(expr) => self.expr(expr),
                        ListItem::Pack(name) => self.name(name),
                    }
                }
            }
            ExprKind::Repeat { value, count } => self.exprs([&**value, &**count]),
            ExprKind::Comprehension { body, pattern, iterable } => {
                self.expr(iterable);
                self.scoped(|walk| {
                    walk.pattern(pattern);
                    walk.expr(body);
                });
            }
            ExprKind::Field { base, name } => {
                self.expr(base);
                self.uses.fields.insert(name.text.clone());
            }
            ExprKind::Index { base, items } => {
                self.expr(base);
                self.index_items(items);
            }
            ExprKind::Call { callee, args } => {
                self.expr(callee);
                self.args(args);
            }
            ExprKind::Unary { operand, .. } => self.expr(operand),
            ExprKind::Binary { lhs, rhs, .. } => self.exprs([&**lhs, &**rhs]),
            ExprKind::Range { lo, hi } => self.exprs([&**lo, &**hi]),
            ExprKind::Cast { operand, dtype } => {
                self.expr(operand);
                self.name(dtype);
            }
            ExprKind::If { condition, then, otherwise } => {
                self.expr(condition);
                self.block(then);
                otherwise.iter().for_each(|block| self.block(block));
            }
        }
    }
}
