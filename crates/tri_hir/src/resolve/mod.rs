//! What the names in heads stand for: in types, generics and conditions.

mod attributes;
mod conditions;
mod heads;
mod recursion;
mod sizes;
mod types;

use std::sync::Arc;

pub(crate) use heads::{layer, layer_head, signature};
pub(crate) use recursion::{Circles, Ways, circles, ways};
use tri_db::{Db, SourceFile};
use tri_diagnostics::{Code, nearest};
use tri_syntax::ast::{self, ExprKind, ItemKind, NodeId, TypeKind};

use crate::foreign;
use crate::hir::{Def, Dim, DimVar, Fact, Layer, Owner, Signature, Type};
use crate::name_stack::NameStack;
use crate::queries::{function_of, outline_of, owner_def, visible};
use crate::report::{Place, Report};
use crate::scope::{Named, lookup};
use crate::show::Show;

/// Generic parameters and static ints that belong to one owner.
#[derive(Clone, Debug)]
struct Level {
    owner: Owner,
    generics: Vec<(Arc<str>, Kind)>,
    ints: Vec<(Arc<str>, u32)>,
    /// Names of the parameters that are no sizes.
    others: Vec<Arc<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dim,
    Pack,
    Element,
}

/// The names that types and sizes may use at some place.
pub(crate) struct Names<'db> {
    pub(crate) db: &'db dyn Db,
    pub(crate) def: Def,
    pub(crate) file: Option<SourceFile>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) reports: Vec<Report>,
    /// Static ints and run-time dims that are local variables, innermost last.
    pub(crate) locals: NameStack<Option<Dim>>,
    levels: Vec<Level>,
    implicit: Vec<Arc<str>>,
    in_function_type: bool,
}

impl<'db> Names<'db> {
    /// The names of the file that `def` stands in.
    pub(crate) fn of_item(db: &'db dyn Db, def: Def) -> Self {
        Names {
            db,
            def,
            file: db.file(def.file),
            facts: Vec::new(),
            reports: Vec::new(),
            locals: NameStack::default(),
            levels: Vec::new(),
            implicit: Vec::new(),
            in_function_type: false,
        }
    }

    /// And those that an owner declares: its layer's, then its own, with the conditions of both.
    pub(crate) fn of_owner(db: &'db dyn Db, owner: Owner) -> Self {
        let def = owner_def(owner);
        let mut names = Names::of_item(db, def);
        let Some(item) = outline_of(db, def) else { return names };
        if let ItemKind::Layer(layer) = &item.kind {
            names.enter(Owner::Layer(def), &layer.generics, &layer.config);
            names.assume(&layer.conditions);
        }
        if let Some(function) = function_of(&item, owner) {
            names.enter(owner, &function.generics, &function.params);
            names.assume_bounds(&function.generics);
            names.assume(&function.conditions);
        }
        names
    }

    fn enter(&mut self, owner: Owner, generics: &[ast::Generic], params: &[ast::Param]) {
        let kind = |generic: &ast::Generic| match &generic.kind {
            ast::GenericKind::Dim { .. } => Kind::Dim,
            ast::GenericKind::Pack => Kind::Pack,
            ast::GenericKind::Element { .. } => Kind::Element,
        };
        let generics = generics.iter().map(|generic| (generic.name.text.clone(), kind(generic))).collect();
        let is_int = |param: &ast::Param| matches!(&param.ty.kind, TypeKind::Named { name, .. } if name.as_str() == "int");
        let others =
            params.iter().filter(|param| !is_int(param)).map(|param| param.name.text.clone()).collect();
        let ints = params.iter().enumerate().filter(|(_, param)| is_int(param));
        let ints = ints.map(|(at, param)| (param.name.text.clone(), at as u32)).collect();
        self.levels.push(Level { owner, generics, ints, others });
    }

    /// Takes conditions for true.
    pub(crate) fn assume(&mut self, conditions: &[ast::Expr]) {
        for condition in conditions {
            let fact = self.fact(condition);
            self.facts.extend(fact);
        }
    }

    /// `B in 1..64`: at least 1, below 64.
    fn assume_bounds(&mut self, generics: &[ast::Generic]) {
        for generic in generics {
            if let ast::GenericKind::Dim { bounds: Some((low, high)) } = &generic.kind
                && let (Some(low), Some(high), Some(dim)) =
                    (self.dim(low), self.dim(high), self.dim_named(generic.name.as_str()))
            {
                self.facts.extend(bounds(&dim, &low, &high));
            }
        }
    }

    /// How types and sizes are shown here.
    pub(crate) fn show(&self) -> Show<'_> {
        Show::with(self.db, self.locals.as_slice())
    }

    pub(crate) fn place(&self, node: NodeId) -> Place {
        Place::new(self.def, node)
    }

    pub(crate) fn report(&mut self, report: Report) {
        self.reports.push(report);
    }

    pub(crate) fn error(&mut self, code: Code, node: NodeId, message: impl Into<String>) {
        let place = self.place(node);
        self.reports.push(Report::error(code, place, message));
    }

    /// The generic pack called `name`.
    pub(crate) fn pack(&self, name: &str) -> Option<(Owner, u32)> {
        self.generic(name, Kind::Pack)
    }

    fn generic(&self, name: &str, kind: Kind) -> Option<(Owner, u32)> {
        self.levels.iter().rev().find_map(|level| {
            let at = level.generics.iter().position(|(known, k)| &**known == name && *k == kind)?;
            Some((level.owner, at as u32))
        })
    }

    /// The size that a name stands for, if it is one.
    pub(crate) fn dim_named(&self, name: &str) -> Option<Dim> {
        if let Some(dim) = self.locals.get(name) {
            return dim.clone();
        }
        for level in self.levels.iter().rev() {
            if let Some((_, at)) = level.ints.iter().find(|(known, _)| &**known == name) {
                return Some(Dim::var(DimVar::Param(level.owner, *at)));
            }
            if let Some((owner, at)) = self.generic(name, Kind::Dim) {
                return Some(Dim::var(DimVar::Generic(owner, at)));
            }
        }
        let Some(Named::Item(def)) = lookup(self.db, self.file?, name) else { return None };
        match &outline_of(self.db, def)?.kind {
            ItemKind::Dim(_) => Some(Dim::var(DimVar::Nominal(def))),
            ItemKind::Const(_) => crate::queries::const_dim(self.db, self.db.file(def.file)?, def),
            _ => None,
        }
    }

    /// The value of a `const` that is a number.
    fn constant(&mut self, value: &ast::Expr) -> Option<Dim> {
        match &value.kind {
            ExprKind::Int(n) => i64::try_from(*n).ok().map(Dim::constant),
            ExprKind::Binary { .. } | ExprKind::Name(_) => self.dim(value),
            _ => None,
        }
    }

    fn unknown_dim(&mut self, node: NodeId, name: &str) -> Option<Dim> {
        let place = self.place(node);
        let known = self.file.and_then(|file| lookup(self.db, file, name));
        let report = match known {
            Some(Named::Error) => return None,
            Some(_) => Report::error(Code::E1004, place, format!("`{name}` is not a size")),
            None if self.pack(name).is_some() => {
                Report::error(Code::E1004, place, format!("`{name}` is a pack of axes, not one size"))
                    .help(format!("write `..{name}`"))
            }
            None if self.levels.iter().any(|level| level.others.iter().any(|other| &**other == name)) => {
                Report::error(Code::E1004, place, format!("`{name}` is not a size"))
                    .help("sizes are dims, and parameters of type `int`")
            }
            None if foreign::is_nothing(name) => foreign::free_size(place),
            None => self.unknown(
                Report::error(Code::E1001, place, format!("there is no dim `{name}` here"))
                    .label("no dim, generic or static int has this name"),
                place,
                name,
            ),
        };
        self.report(report);
        None
    }

    /// Adds a suggestion to the report of an unknown name.
    fn unknown(&self, report: Report, place: Place, name: &str) -> Report {
        let locals = self.locals.as_slice().iter().rev().map(|(name, _)| &**name);
        let levels = self.levels.iter().rev().flat_map(|level| {
            let generics = level.generics.iter().map(|(name, _)| &**name);
            generics.chain(level.ints.iter().map(|(name, _)| &**name))
        });
        let visible = self.file.map_or(&[][..], |file| visible(self.db, file).as_slice());
        match nearest(name, locals.chain(levels).chain(visible.iter().map(|name| &**name))) {
            Some(near) => report.did_you_mean(near, place),
            None => report,
        }
    }
}

/// Packs that a function type speaks of without declaring them are numbered from here on.
pub(crate) const IMPLICIT: u32 = 1 << 16;

/// What bounds say of a size.
pub(crate) fn bounds(dim: &Dim, low: &Dim, high: &Dim) -> Vec<Fact> {
    let next = dim.add(&Dim::constant(1)).ok();
    let below = next.map(|next| Fact::AtMost(next, high.clone()));
    [Fact::AtMost(low.clone(), dim.clone())].into_iter().chain(below).collect()
}

/// The value of a `const` that is a static int.
pub(crate) fn const_dim(db: &dyn Db, def: Def) -> Option<Dim> {
    match &outline_of(db, def)?.kind {
        ItemKind::Const(item) => Names::of_item(db, def).constant(&item.value),
        _ => None,
    }
}

pub(crate) fn empty_signature() -> Signature {
    Signature {
        name: "?".into(),
        generics: Vec::new(),
        params: Vec::new(),
        result: Type::Error,
        facts: Vec::new(),
        intrinsic: false,
    }
}

pub(crate) fn empty_layer() -> Layer {
    Layer {
        name: "?".into(),
        is_model: false,
        generics: Vec::new(),
        config: Vec::new(),
        facts: Vec::new(),
        members: Vec::new(),
    }
}
