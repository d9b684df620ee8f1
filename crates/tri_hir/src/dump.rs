//! Typed HIR as text, for `--emit hir`: an expression a line with its type, its operands indented below.

use std::fmt::Write as _;
use std::sync::Arc;

use tri_db::Db;

use crate::hir::{
    Block, Body, BodyOwner, Def, ExprId, ExprKind, LocalId, Owner, Pattern, Stmt, Type, ViewItem,
};
use crate::queries::{body, body_def, def_name, layer, signature};
use crate::show::{Show, show_dim, show_type};

/// A body with its owner as heading.
pub fn dump_body(db: &dyn Db, owner: BodyOwner) -> String {
    let body = body(db, owner);
    let mut dump = Dump { db, body: &body, def: body_def(owner), text: heading(db, owner), depth: 1 };
    dump.block(&body.root);
    dump.text
}

fn heading(db: &dyn Db, owner: BodyOwner) -> String {
    let name = |def: Def| def_name(db, def);
    let member = |def: Def, at: u32| format!("{}.{}", name(def), member_name(db, def, at));
    let owner_name = |owner: Owner| match owner {
        Owner::Layer(def) | Owner::Function(def) | Owner::Test(def) => name(def).to_string(),
        Owner::Method(def, at) => member(def, at),
    };
    let heading = match owner {
        BodyOwner::Function(Owner::Test(_)) => "test".to_owned(),
        BodyOwner::Function(owner) => {
            let signature = signature(db, owner);
            let params =
                signature.params.iter().map(|param| format!("{}: {}", param.name, show_type(db, &param.ty)));
            let params = params.collect::<Vec<_>>().join(", ");
            format!("fn {}({params}) -> {}", owner_name(owner), show_type(db, &signature.result))
        }
        BodyOwner::MemberValue(def, at) => format!("value of {}", member(def, at)),
        BodyOwner::MemberCondition(def, at) => format!("condition of {}", member(def, at)),
        BodyOwner::Default(owner, at) => format!("default of parameter {at} of {}", owner_name(owner)),
        BodyOwner::Const(def) => format!("const {}", name(def)),
        BodyOwner::Dim(def) => format!("dim {}", name(def)),
    };
    heading + "\n"
}

fn member_name(db: &dyn Db, def: Def, at: u32) -> Arc<str> {
    layer(db, def).members.get(at as usize).map_or_else(|| "?".into(), |member| member.name.clone())
}

struct Dump<'a> {
    db: &'a dyn Db,
    body: &'a Body,
    /// The item whose body it is.
    def: Def,
    text: String,
    depth: usize,
}

impl Dump<'_> {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.text, "{:indent$}{text}", "", indent = 2 * self.depth);
    }

    /// A line with what stands below it.
    fn parent(&mut self, text: &str, children: impl FnOnce(&mut Self)) {
        self.line(text);
        self.depth += 1;
        children(self);
        self.depth -= 1;
    }

    fn block(&mut self, block: &Block) {
        for stmt in &block.statements {
            self.statement(stmt);
        }
        if let Some(value) = block.value {
            self.expr(value);
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Let(pattern, value) => {
                let pattern = self.pattern(pattern);
                self.parent(&format!("let {pattern}"), |this| this.expr(*value));
            }
            Stmt::LetDim { local, value, facts } => {
                let facts: Vec<String> = facts.iter().map(|fact| Show::of(self.db).fact(fact)).collect();
                let text = format!("let dim {} where [{}]", self.local(*local), facts.join(", "));
                self.parent(&text, |this| this.expr(*value));
            }
            Stmt::Assign(local, value) => {
                let text = format!("{} =", self.local(*local));
                self.parent(&text, |this| this.expr(*value));
            }
            Stmt::StateWrite { state, items, value } => {
                let text = format!("write {}", self.items(items));
                self.parent(&text, |this| this.all(&[*state, *value]));
            }
            Stmt::Assert(condition, text) => {
                let text = format!("assert `{text}`");
                self.parent(&text, |this| this.expr(*condition));
            }
            Stmt::For(pattern, iterable, body) => {
                let text = format!("for {}", self.pattern(pattern));
                self.parent(&text, |this| {
                    this.expr(*iterable);
                    this.block(body);
                });
            }
            Stmt::Expr(value) => self.expr(*value),
        }
    }

    fn all(&mut self, ids: &[ExprId]) {
        for id in ids {
            self.expr(*id);
        }
    }

    fn expr(&mut self, id: ExprId) {
        let expr = self.body.expr(id);
        let (head, operands) = self.head(&expr.kind);
        let text = format!("{head} : {}", show_type(self.db, &expr.ty));
        self.parent(&text, |this| {
            this.all(&operands);
            if let ExprKind::If(_, then, otherwise) = &expr.kind {
                this.parent("then", |this| this.block(then));
                if let Some(otherwise) = otherwise {
                    this.parent("else", |this| this.block(otherwise));
                }
            }
        });
    }

    /// What an expression is, and its operands.
    fn head(&self, kind: &ExprKind) -> (String, Vec<ExprId>) {
        let given = |args: &[Option<ExprId>]| args.iter().copied().flatten().collect::<Vec<_>>();
        match kind {
            ExprKind::Int(n) => (n.to_string(), vec![]),
            ExprKind::Float(bits) => (f64::from_bits(*bits).to_string(), vec![]),
            ExprKind::Bool(value) => (value.to_string(), vec![]),
            ExprKind::Str(text) => (format!("{text:?}"), vec![]),
            ExprKind::Axis(at) => (format!("axis {at}"), vec![]),
            ExprKind::Local(local) => (self.local(*local), vec![]),
            ExprKind::Config(at) => (format!("config {at}"), vec![]),
            ExprKind::Const(def) => (format!("const {}", def_name(self.db, *def)), vec![]),
            ExprKind::Dim(dim) => (format!("dim {}", show_dim(self.db, dim)), vec![]),
            ExprKind::RestAxes => ("axes ..".to_owned(), vec![]),
            ExprKind::Training => ("training".to_owned(), vec![]),
            ExprKind::Function(def) => (format!("function {}", def_name(self.db, *def)), vec![]),
            ExprKind::StaticUnary(op, x) => (format!("static {}", op.as_str()), vec![*x]),
            ExprKind::StaticBinary(op, a, b) => (format!("static {}", op.as_str()), vec![*a, *b]),
            ExprKind::StaticCall(name, args) => (format!("static {name}"), args.clone()),
            ExprKind::Splat(x) => ("splat".to_owned(), vec![*x]),
            ExprKind::Member(base, at) => {
                (format!("member {}", self.member(*base, *at)), base.iter().copied().collect())
            }
            ExprKind::Instantiate { layer, generics, config } => (
                format!("instance of {}[{}]", def_name(self.db, *layer), self.generics(generics)),
                given(config),
            ),
            ExprKind::Tuple(parts) => ("tuple".to_owned(), parts.clone()),
            ExprKind::List(parts) => ("list".to_owned(), parts.clone()),
            ExprKind::Repeat(value, count) => (format!("repeat {}", show_dim(self.db, count)), vec![*value]),
            ExprKind::Comprehension(pattern, iterable, body) => {
                (format!("for each {}", self.pattern(pattern)), vec![*iterable, *body])
            }
            ExprKind::Range(lo, hi) => ("range".to_owned(), vec![*lo, *hi]),
            ExprKind::Element(base, index) => ("element".to_owned(), vec![*base, *index]),
            ExprKind::Unary(op, x) => (op.as_str().to_owned(), vec![*x]),
            ExprKind::Binary(op, a, b) => (op.as_str().to_owned(), vec![*a, *b]),
            ExprKind::MatMul(a, b) => ("@".to_owned(), vec![*a, *b]),
            ExprKind::Transpose(x) => ("transpose".to_owned(), vec![*x]),
            ExprKind::Cast(x, element) => (format!("as {}", Show::of(self.db).element(*element)), vec![*x]),
            ExprKind::View(x, items) => (format!("view {}", self.items(items)), vec![*x]),
            ExprKind::Call { function, generics, args } => {
                (format!("call {}[{}]", def_name(self.db, *function), self.generics(generics)), given(args))
            }
            ExprKind::Method { base, member, generics, args } => {
                let operands = base.iter().copied().chain(given(args)).collect();
                (format!("method {}[{}]", self.member(*base, *member), self.generics(generics)), operands)
            }
            ExprKind::CallValue(function, args) => {
                ("call".to_owned(), [*function].into_iter().chain(args.iter().copied()).collect())
            }
            ExprKind::Route { x, through, by, top, weight } => (
                "route".to_owned(),
                [*x, *through].into_iter().chain(by.exprs()).chain(*top).chain(*weight).collect(),
            ),
            ExprKind::Einsum { operands, result } => {
                let letters: Vec<&Vec<u32>> = operands.iter().map(|(_, letters)| letters).collect();
                (format!("einsum {letters:?} -> {result:?}"), operands.iter().map(|(id, _)| *id).collect())
            }
            ExprKind::If(condition, _, _) => ("if".to_owned(), vec![*condition]),
            ExprKind::Error => ("error".to_owned(), vec![]),
        }
    }

    /// The name of a member, of an instance or of the layer whose body this is.
    fn member(&self, base: Option<ExprId>, at: u32) -> String {
        let def = match base.map(|base| &self.body.expr(base).ty) {
            Some(Type::Layer(def, _)) => *def,
            _ => self.def,
        };
        member_name(self.db, def, at).to_string()
    }

    fn local(&self, local: LocalId) -> String {
        self.body.local(local).name.to_string()
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        match pattern {
            Pattern::Local(local) => self.local(*local),
            Pattern::Ignore => "_".to_owned(),
            Pattern::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.pattern(part)).collect();
                format!("({})", parts.join(", "))
            }
        }
    }

    fn generics(&self, generics: &[crate::hir::GenericArg]) -> String {
        generics.iter().map(|generic| Show::of(self.db).generic(generic)).collect::<Vec<_>>().join(", ")
    }

    fn items(&self, items: &[ViewItem]) -> String {
        let bound = |dim: &Option<crate::hir::Dim>| {
            dim.as_ref().map_or_else(String::new, |dim| show_dim(self.db, dim))
        };
        let item = |item: &ViewItem| match item {
            ViewItem::At(at) => Show::of(self.db).axis(&crate::hir::Axis::Dim(at.clone())),
            ViewItem::Slice(lo, hi) => format!("{}:{}", bound(lo), bound(hi)),
            ViewItem::Rest => "..".to_owned(),
            ViewItem::NewAxis => "_".to_owned(),
        };
        format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(", "))
    }
}
