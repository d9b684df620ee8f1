//! Names that nothing declares: what may have been meant, and what only needs an import.

use std::sync::Arc;

use tri_diagnostics::{Code, nearest};
use tri_syntax::ast::{self, ItemId, ItemKind, NodeId};

use super::Infer;
use crate::foreign;
use crate::hir::{Def, ExprId, ExprKind, Owner, Type};
use crate::queries::{library_items, visible};
use crate::report::{Place, Repair, Report, Target};

impl Infer<'_> {
    /// Reports a name that nothing declares.
    pub(super) fn unknown(&mut self, name: &str, node: NodeId) -> ExprId {
        let place = self.names.place(node);
        if let Some(report) = foreign::name(name, place) {
            self.names.report(report);
            return match foreign::truth(name) {
                Some(value) => self.push(ExprKind::Bool(value), Type::Bool, node),
                None => self.error_expr(node),
            };
        }
        let report = self.unknown_report(name, place);
        self.names.report(report);
        self.error_expr(node)
    }

    fn unknown_report(&self, name: &str, place: Place) -> Report {
        let library = library_items(self.db);
        let report = Report::error(Code::E1001, place, format!("there is nothing called `{name}` here"))
            .label("no item, member, parameter or local has this name");
        if let Some((module, item)) = library.iter().find(|(_, item)| **item == *name) {
            let repair = self.import(Repair::safe(format!("add `use std.{module}.{item}`")), module, item);
            return Report::error(Code::E1001, place, format!("`{name}` is not imported"))
                .label(format!("`std.{module}` has it"))
                .repair(repair)
                .once_a_file();
        }
        if let Some(advice) = foreign::function(name).or_else(|| foreign::method(name)) {
            return Report::error(Code::E0013, place, format!("`{name}` is not a function of Tri"))
                .label(foreign::SPELLING)
                .help(advice);
        }
        let generics = self.known_generics();
        let names = library.iter().map(|(_, item)| &**item).chain(self.known_names(&generics));
        let Some(near) = nearest(name, names) else {
            return report;
        };
        match library.iter().find(|(_, item)| **item == *near) {
            Some((module, item)) if self.known_names(&generics).all(|name| name != near) => {
                let repair = Repair::ask(format!("use `{near}` of `std.{module}`"));
                let repair = repair.edit(Target::Node(place), near);
                report
                    .help(format!("did you mean `{near}` of `std.{module}`?"))
                    .repair(self.import(repair, module, item))
            }
            _ => report.did_you_mean(near, place),
        }
    }

    /// Everything that a name may stand for here, the innermost first.
    fn known_names<'a>(&'a self, generics: &'a [Arc<str>]) -> impl Iterator<Item = &'a str> {
        let locals = self.scope.as_slice().iter().rev().map(|(name, _)| &**name);
        let (members, config) = match &self.layer {
            Some((_, layer)) => (layer.members.as_slice(), layer.config.as_slice()),
            None => (&[][..], &[][..]),
        };
        let visible = self.names.file.map_or(&[][..], |file| visible(self.db, file).as_slice());
        locals
            .chain(members.iter().map(|member| &*member.name))
            .chain(config.iter().map(|param| &*param.name))
            .chain(generics.iter().chain(visible).map(|name| &**name))
    }

    /// Names of the generics that can be seen here.
    fn known_generics(&self) -> Vec<Arc<str>> {
        let layer = self.layer.as_ref().map(|(def, _)| Owner::Layer(*def));
        let owners = layer.into_iter().chain([self.owner]);
        owners.flat_map(|owner| self.generics_of(owner)).map(|generic| generic.name).collect()
    }

    /// Adds the edit that imports an item of the library.
    fn import(&self, repair: Repair, module: &str, item: &str) -> Repair {
        let Some(file) = self.names.file else { return repair };
        let ast = &tri_db::parse(self.db, file).ast;
        let at = |id: ItemId, node: NodeId| Place::new(Def { file: file.id(self.db), item: id }, node);
        let uses = ast.items().filter_map(|(id, known)| match &known.kind {
            ItemKind::Use(import) => Some((at(id, known.id), id, import)),
            _ => None,
        });
        let uses: Vec<(Place, ItemId, &ast::Use)> = uses.collect();
        let list = uses.iter().find_map(|(_, id, import)| {
            let same = import.module.iter().map(|part| part.as_str()).eq(["std", module]);
            // With one import it is not known whether there are braces.
            let last = import.imports.last().filter(|_| same && import.imports.len() > 1)?;
            Some(at(*id, last.local().id))
        });
        match (list, uses.last()) {
            (Some(last), _) => repair.edit(Target::Behind(last), format!(", {item}")),
            (None, Some((last, ..))) => {
                repair.edit(Target::Behind(*last), format!("\nuse std.{module}.{item}"))
            }
            (None, None) => {
                repair.edit(Target::Top(file.id(self.db)), format!("use std.{module}.{item}\n\n"))
            }
        }
    }
}
