//! Layers that contain themselves, dims and constants that are computed from themselves, and functions that call themselves through
//! others. A function that calls itself directly is reported where it does.
//!
//! Files do not import each other in a circle, so what leads back stays in one file. Each circle is reported once, at what
//! stands first in it.

use std::collections::{BTreeMap, BTreeSet};

use tri_db::Db;
use tri_diagnostics::Code;
use tri_syntax::ast::ItemKind;

use crate::hir::{BodyOwner, Def, ExprKind, MemberKind, Owner, Type};
use crate::queries::{body, body_owners, def_name, item_of, item_uses, items, layer, owner_def, signature};
use crate::report::{Place, Report};

/// What leads on to others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// A layer, to those in it; a function, to those that it calls.
    Owner(Owner),
    /// A `dim` or `const`, to those that it names.
    Value(Def),
}

/// The circles of a file with these items, and the dims and constants that stand in one.
pub(crate) fn recursion(db: &dyn Db, items: &[Def]) -> (Vec<Report>, BTreeSet<Def>) {
    let mut search = Search { db, states: BTreeMap::new(), reports: Vec::new(), circular: BTreeSet::new() };
    for def in items {
        if is_value(db, *def) {
            search.visit(Step::Value(*def));
        }
        search.visit(Step::Owner(Owner::Layer(*def)));
        for owner in body_owners(db, *def) {
            if let BodyOwner::Function(function) = owner {
                search.visit(Step::Owner(function));
            }
        }
    }
    (search.reports, search.circular)
}

/// Whether a step is on the way that is being followed, or done with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    OnTheWay,
    Done,
}

struct Search<'db> {
    db: &'db dyn Db,
    states: BTreeMap<Step, State>,
    reports: Vec<Report>,
    /// Dims and constants that lead back to themselves.
    circular: BTreeSet<Def>,
}

impl Search<'_> {
    /// Follows everything that `first` leads to, in depth, without recursion.
    fn visit(&mut self, first: Step) {
        if self.states.contains_key(&first) {
            return;
        }
        self.states.insert(first, State::OnTheWay);
        let mut way = vec![(first, self.next(first))];
        while let Some((step, rest)) = way.last_mut() {
            let step = *step;
            let Some(next) = rest.pop() else {
                self.states.insert(step, State::Done);
                way.pop();
                continue;
            };
            match self.states.get(&next) {
                Some(State::Done) => {}
                Some(State::OnTheWay) => {
                    let circle = way.iter().map(|(step, _)| *step).skip_while(|step| *step != next);
                    self.circular.extend(circle.filter_map(|step| match step {
                        Step::Value(def) => Some(def),
                        Step::Owner(_) => None,
                    }));
                    self.report(next, step);
                }
                None => {
                    self.states.insert(next, State::OnTheWay);
                    way.push((next, self.next(next)));
                }
            }
        }
    }

    fn report(&mut self, step: Step, through: Step) {
        let Some((name, place)) = self.name(step) else { return };
        let by = self.name(through).filter(|_| step != through).map(|(by, _)| format!(", through `{by}`"));
        let by = by.unwrap_or_default();
        let report = match step {
            Step::Value(_) => {
                Report::error(Code::E2010, place, format!("`{name}` is computed from itself{by}"))
                    .label("its value would need its value")
            }
            Step::Owner(Owner::Layer(_)) => {
                Report::error(Code::E2010, place, format!("`{name}` contains itself{by}"))
                    .label(format!("a `{name}` would hold a `{name}`, and so on without end"))
                    .help("layers form a tree")
            }
            // The call itself was reported.
            _ if step == through => return,
            _ => Report::error(Code::E2010, place, format!("`{name}` calls itself{by}"))
                .help("functions are unrolled, so none leads back to itself; loops are `for`"),
        };
        self.reports.push(report);
    }

    fn name(&self, step: Step) -> Option<(String, Place)> {
        let def = step.def();
        let item = item_of(self.db, def)?;
        match step {
            Step::Owner(owner @ Owner::Method(_, _)) => {
                let function = crate::queries::function_of(&item, owner)?;
                let name = signature(self.db, owner).name.to_string();
                Some((name, Place::new(def, function.name.id)))
            }
            _ => Some((def_name(self.db, def).to_string(), Place::new(def, item.name()?.id))),
        }
    }

    /// Where a step leads, in the same file; the last is followed first.
    fn next(&self, step: Step) -> Vec<Step> {
        let mut next: Vec<Step> = match step {
            Step::Value(def) => self.named(def).into_iter().map(Step::Value).collect(),
            Step::Owner(Owner::Layer(def)) => sub_layers(self.db, def).into_iter().map(Step::Owner).collect(),
            Step::Owner(function) => self.called(function).into_iter().map(Step::Owner).collect(),
        };
        next.retain(|next| next.def().file == step.def().file);
        next.reverse();
        next
    }

    /// The dims and constants of the file that another names.
    fn named(&self, def: Def) -> Vec<Def> {
        let Some(file) = self.db.file(def.file) else { return Vec::new() };
        let uses = item_uses(self.db, file, def.item);
        let named = uses.outer.keys().filter_map(|name| items(self.db, file).get(name).copied());
        named.filter(|named| is_value(self.db, *named)).collect()
    }

    fn called(&self, function: Owner) -> Vec<Owner> {
        let body = body(self.db, BodyOwner::Function(function));
        let method = |def: Def, name: &str| {
            let members = &layer(self.db, def).members;
            members.iter().position(|member| &*member.name == name).map(|at| Owner::Method(def, at as u32))
        };
        let called = body.exprs.iter().filter_map(|expr| match &expr.kind {
            ExprKind::Call { function, .. } | ExprKind::Function(function) => {
                Some(Owner::Function(*function))
            }
            ExprKind::Method { base, member, .. } => match base.map(|base| &body.expr(base).ty) {
                None => Some(Owner::Method(owner_def(function), *member)),
                Some(Type::Layer(def, _)) => Some(Owner::Method(*def, *member)),
                Some(_) => None,
            },
            ExprKind::Route { through, .. } => match &body.expr(*through).ty {
                Type::Array(tile, _) => match &**tile {
                    Type::Layer(def, _) => method(*def, "forward"),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
        called.collect()
    }
}

impl Step {
    fn def(self) -> Def {
        match self {
            Step::Owner(owner) => owner_def(owner),
            Step::Value(def) => def,
        }
    }
}

fn is_value(db: &dyn Db, def: Def) -> bool {
    item_of(db, def).is_some_and(|item| matches!(item.kind, ItemKind::Dim(_) | ItemKind::Const(_)))
}

fn sub_layers(db: &dyn Db, def: Def) -> Vec<Owner> {
    fn layers_of(ty: &Type, found: &mut Vec<Owner>) {
        match ty {
            Type::Layer(def, _) => found.push(Owner::Layer(*def)),
            Type::Array(element, _) => layers_of(element, found),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for member in &layer(db, def).members {
        if let MemberKind::Instance(ty) = &member.kind {
            layers_of(ty, &mut found);
        }
    }
    found
}
