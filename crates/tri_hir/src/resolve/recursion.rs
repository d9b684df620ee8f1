//! Layers that contain themselves, and functions that call themselves through others. A function that calls itself directly is
//! reported where it does.
//!
//! Files do not import each other in a circle, so what leads back stays in one file. Each circle is reported once, at what
//! stands first in it.

use std::collections::BTreeMap;

use tri_db::Db;
use tri_diagnostics::Code;

use crate::hir::{BodyOwner, Def, ExprKind, MemberKind, Owner, Type};
use crate::queries::{body, body_owners, def_name, item_of, layer, owner_def, signature};
use crate::report::{Place, Report};

/// What leads on to others: a layer to those in it, a function to those that it calls.
type Step = Owner;

/// The circles of a file with these items.
pub(crate) fn recursion(db: &dyn Db, items: &[Def]) -> Vec<Report> {
    let mut search = Search { db, states: BTreeMap::new(), reports: Vec::new() };
    for def in items {
        search.visit(Owner::Layer(*def));
        for owner in body_owners(db, *def) {
            if let BodyOwner::Function(function) = owner {
                search.visit(function);
            }
        }
    }
    search.reports
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
                Some(State::OnTheWay) => self.report(next, step),
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
            Owner::Layer(_) => Report::error(Code::E2010, place, format!("`{name}` contains itself{by}"))
                .label(format!("a `{name}` would hold a `{name}`, and so on without end"))
                .help("layers form a tree"),
            // The call itself was reported.
            _ if step == through => return,
            _ => Report::error(Code::E2010, place, format!("`{name}` calls itself{by}"))
                .help("functions are unrolled, so none leads back to itself; loops are `for`"),
        };
        self.reports.push(report);
    }

    fn name(&self, step: Step) -> Option<(String, Place)> {
        let def = owner_def(step);
        let item = item_of(self.db, def)?;
        match step {
            Owner::Method(_, _) => {
                let function = crate::queries::function_of(&item, step)?;
                let name = signature(self.db, step).name.to_string();
                Some((name, Place::new(def, function.name.id)))
            }
            _ => Some((def_name(self.db, def).to_string(), Place::new(def, item.name()?.id))),
        }
    }

    /// Where a step leads, in the same file; the last is followed first.
    fn next(&self, step: Step) -> Vec<Step> {
        let mut next = match step {
            Owner::Layer(def) => sub_layers(self.db, def),
            function => self.called(function),
        };
        next.retain(|next| owner_def(*next).file == owner_def(step).file);
        next.reverse();
        next
    }

    fn called(&self, function: Owner) -> Vec<Step> {
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
