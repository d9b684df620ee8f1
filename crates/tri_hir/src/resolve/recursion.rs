//! Layers that contain themselves.

use std::collections::BTreeSet;

use tri_db::Db;
use tri_diagnostics::Code;

use crate::hir::{Def, MemberKind, Type};
use crate::queries::{def_name, item_of};
use crate::report::{Place, Report};

/// Whether a layer contains itself.
pub(crate) fn recursion(db: &dyn Db, def: Def) -> Option<Report> {
    let mut done = BTreeSet::new();
    let mut open = sub_layers(db, def);
    while let Some(inner) = open.pop() {
        if inner == def {
            let name = item_of(db, def)?.name()?.id;
            let message = format!("`{}` contains itself", def_name(db, def));
            return Some(
                Report::error(Code::E2010, Place::new(def, name), message).help("layers form a tree"),
            );
        }
        if done.insert(inner) {
            open.extend(sub_layers(db, inner));
        }
    }
    None
}

fn sub_layers(db: &dyn Db, def: Def) -> Vec<Def> {
    fn layers_of(ty: &Type, found: &mut Vec<Def>) {
        match ty {
            Type::Layer(def, _) => found.push(*def),
            Type::Array(element, _) => layers_of(element, found),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for member in &crate::queries::layer(db, def).members {
        if let MemberKind::Instance(ty) = &member.kind {
            layers_of(ty, &mut found);
        }
    }
    found
}
