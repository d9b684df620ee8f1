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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A layer, to those in it; a function, to those that it calls.
    Owner(Owner),
    /// A `dim` or `const`, to those that it names.
    Value(Def),
}

/// The steps of an item, each with where it leads in the same file; the last is followed first.
pub(crate) type Ways = Vec<(Step, Vec<Step>)>;

/// The circles of a file, and the dims and constants that stand in one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Circles {
    pub(crate) reports: Vec<Report>,
    pub(crate) circular: BTreeSet<Def>,
}

/// Where an item leads.
pub(crate) fn ways(db: &dyn Db, def: Def) -> Ways {
    let value = is_value(db, def).then_some(Step::Value(def));
    let functions = body_owners(db, def).into_iter().filter_map(|owner| match owner {
        BodyOwner::Function(function) => Some(Step::Owner(function)),
        _ => None,
    });
    let steps = value.into_iter().chain([Step::Owner(Owner::Layer(def))]).chain(functions);
    steps.map(|step| (step, next(db, step))).collect()
}

/// The circles among the items of a file, given where each leads.
pub(crate) fn circles<'db>(db: &'db dyn Db, items: impl Iterator<Item = &'db Ways>) -> Circles {
    let ways: Vec<&(Step, Vec<Step>)> = items.flatten().collect();
    let leads = ways.iter().map(|(step, next)| (*step, next.as_slice())).collect();
    let mut search = Search { db, leads, states: BTreeMap::new(), found: Circles::default() };
    for (step, _) in ways {
        search.visit(*step);
    }
    search.found
}

/// Whether a step is on the way that is being followed, or done with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    OnTheWay,
    Done,
}

struct Search<'db> {
    db: &'db dyn Db,
    leads: BTreeMap<Step, &'db [Step]>,
    states: BTreeMap<Step, State>,
    found: Circles,
}

impl<'db> Search<'db> {
    /// Follows everything that `first` leads to, in depth, without recursion.
    fn visit(&mut self, first: Step) {
        if self.states.contains_key(&first) {
            return;
        }
        self.states.insert(first, State::OnTheWay);
        let mut way = vec![(first, self.next(first))];
        while let Some((step, rest)) = way.last_mut() {
            let step = *step;
            let Some((&next, others)) = rest.split_last() else {
                self.states.insert(step, State::Done);
                way.pop();
                continue;
            };
            *rest = others;
            match self.states.get(&next) {
                Some(State::Done) => {}
                Some(State::OnTheWay) => {
                    let circle = way.iter().map(|(step, _)| *step).skip_while(|step| *step != next);
                    self.found.circular.extend(circle.filter_map(|step| match step {
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
        self.found.reports.push(report);
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

    /// Where a step leads.
    fn next(&self, step: Step) -> &'db [Step] {
        self.leads.get(&step).copied().unwrap_or_default()
    }
}

/// Where a step leads, in the same file; the last is followed first.
fn next(db: &dyn Db, step: Step) -> Vec<Step> {
    let mut next: Vec<Step> = match step {
        Step::Value(def) => named(db, def).into_iter().map(Step::Value).collect(),
        Step::Owner(Owner::Layer(def)) => sub_layers(db, def).into_iter().map(Step::Owner).collect(),
        Step::Owner(function) => called(db, function).into_iter().map(Step::Owner).collect(),
    };
    next.retain(|next| next.def().file == step.def().file);
    next.reverse();
    next
}

/// The dims and constants of the file that another names.
fn named(db: &dyn Db, def: Def) -> Vec<Def> {
    let Some(file) = db.file(def.file) else { return Vec::new() };
    let uses = item_uses(db, file, def.item);
    let named = uses.outer.keys().filter_map(|name| items(db, file).get(name).copied());
    named.filter(|named| is_value(db, *named)).collect()
}

fn called(db: &dyn Db, function: Owner) -> Vec<Owner> {
    let body = body(db, BodyOwner::Function(function));
    let method = |def: Def, name: &str| {
        let members = &layer(db, def).members;
        members.iter().position(|member| &*member.name == name).map(|at| Owner::Method(def, at as u32))
    };
    let called = body.exprs.iter().filter_map(|expr| match &expr.kind {
        ExprKind::Call { function, .. } | ExprKind::Function(function) => Some(Owner::Function(*function)),
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
