//! Conditions that a report asks the author to state.

use tri_syntax::ast::{Expr, ItemKind, NodeId};

use super::Names;
use crate::hir::{Dim, DimVar, Fact, Owner};
use crate::queries::{function_of, is_library, item_of, outline_of};
use crate::report::{Place, Repair, Report, Target};

impl Names<'_> {
    /// Offers to state a condition at the head that declares its sizes; nothing if no head does.
    pub(crate) fn offer_condition(&self, report: Report, fact: &Fact) -> Report {
        let text = self.show().fact(fact);
        let Some((head, last)) = self.head_of(fact) else { return report };
        let title = format!("state the condition: `where {text}`");
        let repair = match last {
            Some(last) => Repair::ask(title).edit(Target::Behind(last), format!(", {text}")),
            None => Repair::ask(title).edit(Target::Behind(head), format!(" where {text}")),
        };
        report.repair(repair)
    }

    /// The innermost head that declares a size of the fact, and its last condition.
    fn head_of(&self, fact: &Fact) -> Option<(Place, Option<Place>)> {
        let mut owners = Vec::new();
        let (a, b) = fact.sides();
        for side in [a, b] {
            side.for_each_var(&mut |var| match var {
                DimVar::Generic(owner, _) | DimVar::Param(owner, _) => owners.push(*owner),
                _ => {}
            });
        }
        let owner = self.levels.iter().rev().map(|level| level.owner).find(|owner| owners.contains(owner))?;
        if is_library(self.db, self.def.file) {
            return None;
        }
        // An outline has no head of a layer.
        let item = item_of(self.db, self.def)?;
        let (head, conditions) = match (owner, &item.kind) {
            (Owner::Layer(_), ItemKind::Layer(layer)) => (layer.head, &layer.conditions),
            _ => function_of(&item, owner).map(|function| (function.head, &function.conditions))?,
        };
        let place = |node: NodeId| Place::new(self.def, node);
        Some((place(head), conditions.last().map(|last: &Expr| place(last.id))))
    }

    /// Adds where the names in a size are bound.
    pub(crate) fn bound_at(&self, mut report: Report, dim: &Dim) -> Report {
        let mut vars = Vec::new();
        dim.for_each_var(&mut |var| vars.push(*var));
        for var in vars {
            if let Some((place, text)) = self.binding(var) {
                report = report.secondary(place, text);
            }
        }
        report
    }

    /// Where a size is bound, and what to say there.
    pub(crate) fn binding(&self, var: DimVar) -> Option<(Place, String)> {
        let name = self.show().dim(&Dim::var(var));
        match var {
            DimVar::Nominal(def) => {
                let place = Place::new(def, outline_of(self.db, def)?.name()?.id);
                let text = match crate::queries::dim_value(self.db, def) {
                    Some(value) => format!("`{name}` is {value}, bound here"),
                    None => format!("`{name}` is bound here"),
                };
                Some((place, text))
            }
            DimVar::Generic(owner, at) => {
                let def = crate::queries::owner_def(owner);
                let item = outline_of(self.db, def)?;
                let generics = match (owner, &item.kind) {
                    (Owner::Layer(_), ItemKind::Layer(layer)) => &layer.generics,
                    _ => &function_of(&item, owner)?.generics,
                };
                let place = Place::new(def, generics.get(at as usize)?.name.id);
                (!is_library(self.db, def.file)).then(|| (place, format!("`{name}` is any size, bound here")))
            }
            _ => None,
        }
    }
}
