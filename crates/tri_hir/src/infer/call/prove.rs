//! Conditions of what is called: proved, or told with the sizes that break them and the layers that ask for them.

use tri_diagnostics::Code;
use tri_syntax::ast::{self, ItemKind};

use crate::dims::{holds, numeric};
use crate::hir::{Axis, BodyOwner, Def, Dim, DimVar, ExprKind, Fact, GenericArg, MemberKind, Owner};
use crate::infer::Infer;
use crate::infer::bind::Bindings;
use crate::infer::misfit::Called;
use crate::queries::{checked_body, checked_layer_head, function_of, is_library, outline_of, owner_def};
use crate::report::{Place, Report};

/// How many layers inside each other are named in a report.
const MAX_CHAIN: usize = 8;

impl Infer<'_> {
    /// Proves a condition of a callee, or reports it.
    pub(super) fn prove(&mut self, b: &Bindings, fact: &Fact, called: &Called<'_>) -> Option<()> {
        let here = match b.fact(fact) {
            Ok(here) if holds(self.db, &self.names.facts, &here) => return Some(()),
            here => here,
        };
        let (name, wanted) = (self.callee_name(called), self.show().fact(fact));
        let place = self.names.place(called.node);
        let report = match here {
            Ok(here) => self.unproved(b, fact, &here, called),
            Err(error) => Report::error(Code::E2006, place, format!("`{name}` demands `{wanted}`: {error}")),
        };
        self.names.report(report);
        None
    }

    fn unproved(&self, b: &Bindings, fact: &Fact, here: &Fact, called: &Called<'_>) -> Report {
        let (name, wanted) = (self.callee_name(called), self.show().fact(fact));
        let place = self.names.place(called.node);
        let (x, y) = here.sides();
        let report = match (numeric(self.db, x), numeric(self.db, y)) {
            (Some(x), Some(y)) => {
                let message = format!("`{name}` demands `{wanted}`, but {}", broken(here, x, y));
                let report = Report::error(Code::E2006, place, message).label(self.with_values(b, fact));
                match here {
                    Fact::Divides(..) => divisors(report, x, y),
                    _ => report,
                }
            }
            _ => {
                let found = self.show().fact(here);
                let message = format!("`{name}` demands `{wanted}`, which is not known here");
                let report = Report::error(Code::E2006, place, message)
                    .label(format!("`{found}` is not known to hold"))
                    .help(format!("state it: `where {found}`"));
                self.names.offer_condition(report, here)
            }
        };
        let report = self.bound_at(self.bound_at(report, &Axis::Dim(x.clone())), &Axis::Dim(y.clone()));
        self.chain(report, b, fact, called)
    }

    /// `here D = Model = 512, Heads = 12`.
    fn with_values(&self, b: &Bindings, fact: &Fact) -> String {
        let mut vars = Vec::new();
        let (x, y) = fact.sides();
        for side in [x, y] {
            side.for_each_var(&mut |var| vars.push(*var));
        }
        vars.dedup();
        let values = vars.into_iter().filter_map(|var| {
            let var = Dim::var(var);
            let value = b.dim(&var).ok()?;
            Some(format!("`{}`", self.equated(&Axis::Dim(var), &Axis::Dim(value))))
        });
        format!("here {}", values.collect::<Vec<_>>().join(" and "))
    }

    /// Points at the condition in the callee, and at the layers inside it for which it is there.
    fn chain(&self, mut report: Report, b: &Bindings, fact: &Fact, called: &Called<'_>) -> Report {
        if let Some(place) = condition_place(self.db, called, fact) {
            report = report.secondary(place, format!("`{}` demands it here", self.callee_name(called)));
        }
        let Owner::Layer(mut def) = called.owner else { return report };
        let (mut fact, mut values) = (fact.clone(), b.clone());
        for _ in 0..MAX_CHAIN {
            let Some((place, inner, args, inner_fact)) = self.inner(def, &fact) else { break };
            let outer = self.show().layer(def, &self.args_of(def, &values));
            let mut next = Bindings::open([Owner::Layer(inner)]);
            let generics: Vec<GenericArg> = args.iter().filter_map(|arg| values.arg(arg)).collect();
            next.fix(Owner::Layer(inner), &generics);
            let made = self.show().layer(inner, &generics);
            report = report.secondary(place, format!("in `{outer}`, `{made}` is made here and demands it"));
            (def, fact, values) = (inner, inner_fact, next);
        }
        report
    }

    /// The instance inside a layer whose condition is `fact`, in terms of the layer: its place, layer, dims, and the condition there.
    fn inner(&self, def: Def, fact: &Fact) -> Option<(Place, Def, Vec<GenericArg>, Fact)> {
        if is_library(self.db, def.file) {
            return None;
        }
        let layer = crate::queries::layer(self.db, def);
        for (at, member) in layer.members.iter().enumerate() {
            if !matches!(member.kind, MemberKind::Instance(_)) {
                continue;
            }
            let body = checked_body(self.db, BodyOwner::MemberValue(def, at as u32)).body;
            for expr in &body.exprs {
                let ExprKind::Instantiate { layer: inner, generics, .. } = &expr.kind else { continue };
                let mut b = Bindings::open([Owner::Layer(*inner)]);
                b.fix(Owner::Layer(*inner), generics);
                let facts = &checked_layer_head(self.db, *inner).layer.facts;
                if let Some(found) = facts.iter().find(|found| b.fact(found).as_ref() == Ok(fact)) {
                    return Some((Place::new(def, expr.node), *inner, generics.clone(), found.clone()));
                }
            }
        }
        None
    }

    /// What the dims of a layer stand for.
    fn args_of(&self, def: Def, b: &Bindings) -> Vec<GenericArg> {
        let count = checked_layer_head(self.db, def).layer.generics.len() as u32;
        let dims = (0..count).map(|at| Dim::var(DimVar::Generic(Owner::Layer(def), at)));
        dims.map(|dim| GenericArg::Dim(b.dim(&dim).unwrap_or(dim))).collect()
    }
}

/// Where a condition of a callee is written, if that is in the program.
fn condition_place(db: &dyn tri_db::Db, called: &Called<'_>, fact: &Fact) -> Option<Place> {
    let def = owner_def(called.owner);
    if is_library(db, def.file) {
        return None;
    }
    let item = outline_of(db, def)?;
    let conditions: &[ast::Expr] = match (called.owner, &item.kind) {
        (Owner::Layer(_), ItemKind::Layer(layer)) => &layer.conditions,
        _ => &function_of(&item, called.owner)?.conditions,
    };
    let facts = &called.signature.facts;
    let at = facts.iter().position(|known| known == fact).filter(|_| facts.len() == conditions.len())?;
    Some(Place::new(def, conditions.get(at)?.id))
}

/// What is wrong with numbers that break a condition.
fn broken(fact: &Fact, x: i64, y: i64) -> String {
    match fact {
        Fact::Divides(..) => match x.checked_rem(y) {
            Some(rest) => format!("{x} % {y} is {rest}"),
            None => format!("{x} % {y} has no value"),
        },
        Fact::Equal(..) => format!("{x} is not {y}"),
        Fact::AtMost(..) => format!("{x} is more than {y}"),
    }
}

/// Names the numbers next to `y` that divide `x`.
fn divisors(report: Report, x: i64, y: i64) -> Report {
    /// How far divisors are looked for.
    const FAR: i64 = 4096;
    let divides = |d: &i64| *d > 0 && x % *d == 0;
    let below = (1..y.min(FAR)).rev().find(divides);
    let above = (y.saturating_add(1)..y.saturating_add(FAR).min(x.saturating_add(1))).find(divides);
    match (below, above) {
        (Some(a), Some(b)) => report.help(format!("{a} and {b} divide {x}")),
        (Some(a), None) | (None, Some(a)) => report.help(format!("{a} divides {x}")),
        (None, None) => report,
    }
}
