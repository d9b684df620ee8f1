//! Where a name is declared, and where the type of a value is.

use tri_db::{Db, SourceFile};
use tri_diagnostics::TextRange;
use tri_hir::hir::{Def, MemberKind, Type};

use crate::navigation::{NavigationTarget, target};
use crate::occurrences::symbol_at;
use crate::path::path_to;
use crate::symbol::{Symbol, local_type, type_at};

/// The declaration of the name at an offset, and where that name is.
pub(crate) fn definition(
    db: &dyn Db,
    file: SourceFile,
    offset: u32,
) -> Option<(TextRange, NavigationTarget)> {
    let (symbol, range) = symbol_at(db, file, offset)?;
    Some((range, target(db, symbol)?))
}

/// The layer that the value at an offset is an instance of, or the dims that its type speaks of.
pub(crate) fn type_definition(db: &dyn Db, file: SourceFile, offset: u32) -> Option<Vec<NavigationTarget>> {
    let (symbol, range) = symbol_at(db, file, offset)?;
    let path = path_to(db, file, range)?;
    let node = path.leaf().and_then(|leaf| leaf.id());
    let body = path.body_owner().map(|owner| tri_hir::body(db, owner));
    let of_node = body
        .zip(node)
        .and_then(|(body, node)| type_at(&body, node).or_else(|| local_type(&body, node)).cloned());
    let ty = of_node.or_else(|| match symbol.member(db)?.1.kind {
        MemberKind::Param(ty) | MemberKind::Buffer(ty) | MemberKind::State(ty) | MemberKind::Instance(ty) => {
            Some(ty)
        }
        MemberKind::Function(_) | MemberKind::Error => None,
    })?;
    let mut defs = Vec::new();
    named(&ty, &mut defs);
    Some(defs.into_iter().filter_map(|def| target(db, Symbol::Item(def))).collect())
}

/// The layers and dims that a type names, each once.
pub(crate) fn named(ty: &Type, defs: &mut Vec<Def>) {
    let mut add = |def: Def| {
        if !defs.contains(&def) {
            defs.push(def);
        }
    };
    match ty {
        Type::Layer(def, _) => add(*def),
        Type::Tensor(_, shape) => {
            for axis in shape {
                if let tri_hir::hir::Axis::Dim(dim) = axis {
                    dim.for_each_var(&mut |var| {
                        if let tri_hir::hir::DimVar::Nominal(def) = var {
                            add(*def);
                        }
                    });
                }
            }
        }
        Type::Tuple(parts) => parts.iter().for_each(|part| named(part, defs)),
        Type::Array(element, _) => named(element, defs),
        _ => {}
    }
}
