//! The dims, configuration and conditions that an extracted layer takes along.

use std::collections::BTreeSet;

use tri_diagnostics::TextRange;
use tri_hir::hir::{Axis, Dim, DimVar, Element, Owner, Type};
use tri_hir::{Binding, BindingKind, Named, def_name, lookup, show_dim};
use tri_syntax::ast::{Expr, Generic, GenericKind, Member, NodeId};

use super::selection::Selection;
use super::{Value, text};

/// What stands between the names of the layer and its function, and their braces.
pub(super) struct Head {
    /// `[D, H](wide: bool) where D % H == 0`.
    pub(super) layer: String,
    /// `[..B]` of the function.
    pub(super) generics: String,
    /// ` where T <= D` of the function.
    pub(super) conditions: String,
    dims: Vec<String>,
    config: Vec<String>,
}

impl Head {
    pub(super) fn new<'a>(
        selection: &Selection<'_>,
        members: &[&Member],
        types: impl Iterator<Item = &'a Type>,
        inputs: &[Value],
    ) -> Result<Head, String> {
        let mut needed = BTreeSet::new();
        for ty in types {
            of_type(selection, ty, &mut needed)?;
        }
        let mut moved: Vec<TextRange> = members.iter().map(|member| text::lines(selection, member)).collect();
        moved.push(selection.range);
        of_text(selection, &moved, &mut needed);
        let config: Vec<_> =
            selection.layer.config.iter().filter(|param| needed.contains(&param.name.id)).collect();
        // Their types may name dims.
        let types: Vec<TextRange> = config.iter().map(|param| selection.path.range(param.ty.id)).collect();
        of_text(selection, &types, &mut needed);
        let is_needed = |generic: &&Generic| needed.contains(&generic.name.id);
        let dims: Vec<&Generic> = selection.layer.generics.iter().filter(is_needed).collect();
        let generics: Vec<&Generic> = selection.function.generics.iter().filter(is_needed).collect();
        for generic in &generics {
            follows(selection, generic, inputs)?;
        }
        let written = |node: NodeId| selection.path.range(node).of(selection.text).to_owned();
        let typed: Vec<String> =
            config.iter().map(|param| format!("{}: {}", param.name.text, written(param.ty.id))).collect();
        let layer_conditions = conditions(selection, &selection.layer.conditions, &needed);
        let mut function_conditions = conditions(selection, &selection.function.conditions, &needed);
        function_conditions.extend(generics.iter().flat_map(|generic| bounds(selection, generic)));
        let names = |generics: &[&Generic]| -> Vec<String> {
            generics.iter().map(|generic| generic_text(selection, generic)).collect()
        };
        Ok(Head {
            layer: format!("{}({}){}", list(&names(&dims)), typed.join(", "), where_text(&layer_conditions)),
            generics: list(&names(&generics)),
            conditions: where_text(&function_conditions),
            dims: dims.iter().map(|generic| generic.name.text.to_string()).collect(),
            config: config.iter().map(|param| format!("{0} = {0}", param.name.text)).collect(),
        })
    }

    /// What an instance is given: `[D, H](wide = wide)`.
    pub(super) fn arguments(&self) -> String {
        format!("{}({})", list(&self.dims), self.config.join(", "))
    }
}

fn list(parts: &[String]) -> String {
    if parts.is_empty() { String::new() } else { format!("[{}]", parts.join(", ")) }
}

fn where_text(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(", ")) }
}

/// `B`, `..B`, `E: Float`.
fn generic_text(selection: &Selection<'_>, generic: &Generic) -> String {
    match &generic.kind {
        GenericKind::Dim { .. } => generic.name.text.to_string(),
        GenericKind::Pack => format!("..{}", generic.name.text),
        GenericKind::Element { .. } => selection.path.range(generic.id).of(selection.text).trim().to_owned(),
    }
}

/// The bounds of a dim as conditions.
fn bounds(selection: &Selection<'_>, generic: &Generic) -> Vec<String> {
    let GenericKind::Dim { bounds: Some((low, high)) } = &generic.kind else { return Vec::new() };
    let written = |expr: &Expr| selection.path.range(expr.id).of(selection.text).to_owned();
    let name = &generic.name.text;
    vec![format!("{} <= {name}", written(low)), format!("{name} < {}", written(high))]
}

/// Conditions that speak of nothing but what is there.
fn conditions(selection: &Selection<'_>, conditions: &[Expr], needed: &BTreeSet<NodeId>) -> Vec<String> {
    let ranges = conditions.iter().map(|condition| selection.path.range(condition.id));
    let is_known = |range: &TextRange| {
        let mut named = selection.uses.bindings.iter().filter(|binding| selection.mentions(binding, *range));
        named.all(|binding| needed.contains(&binding.name.id))
    };
    ranges.filter(is_known).map(|range| range.of(selection.text).to_owned()).collect()
}

/// The dims and the configuration that texts name.
fn of_text(selection: &Selection<'_>, ranges: &[TextRange], needed: &mut BTreeSet<NodeId>) {
    use BindingKind::{Config, Dim, Element, Pack};
    let is_generic = |binding: &&Binding| matches!(binding.kind, Dim | Pack | Element | Config);
    let is_named = |binding: &&Binding| ranges.iter().any(|range| selection.mentions(binding, *range));
    let named = selection.uses.bindings.iter().filter(is_generic).filter(is_named);
    needed.extend(named.map(|binding| binding.name.id));
}

/// The dims and the configuration that a type names, all of which must be ones that a head can name.
fn of_type(selection: &Selection<'_>, ty: &Type, needed: &mut BTreeSet<NodeId>) -> Result<(), String> {
    match ty {
        Type::Tuple(parts) => parts.iter().try_for_each(|part| of_type(selection, part, needed)),
        Type::Tensor(element, shape) => {
            if let Element::Generic(owner, at) = element {
                needed.extend(generic(selection, *owner, *at));
            }
            for axis in shape {
                match axis {
                    Axis::Pack(owner, at) => needed.extend(generic(selection, *owner, *at)),
                    Axis::Dim(dim) => of_dim(selection, dim, needed)?,
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn of_dim(selection: &Selection<'_>, dim: &Dim, needed: &mut BTreeSet<NodeId>) -> Result<(), String> {
    let db = selection.at.db;
    let mut unnamed = None;
    dim.for_each_var(&mut |var| match *var {
        DimVar::Generic(owner, at) => needed.extend(generic(selection, owner, at)),
        DimVar::Param(Owner::Layer(_), at) => {
            needed.extend(selection.layer.config.get(at as usize).map(|param| param.name.id));
        }
        DimVar::Nominal(def)
            if lookup(db, selection.at.file, &def_name(db, def)) == Some(Named::Item(def)) => {}
        _ => unnamed = Some(show_dim(db, dim)),
    });
    match unnamed {
        Some(size) => Err(format!("the size `{size}` has no name outside the function")),
        None => Ok(()),
    }
}

fn generic(selection: &Selection<'_>, owner: Owner, at: u32) -> Option<NodeId> {
    let generics = match owner {
        Owner::Layer(_) => &selection.layer.generics,
        _ => &selection.function.generics,
    };
    generics.get(at as usize).map(|generic| generic.name.id)
}

/// Whether a call says what a generic of the function is: it stands alone in the type of an input.
fn follows(selection: &Selection<'_>, generic: &Generic, inputs: &[Value]) -> Result<(), String> {
    if inputs.iter().any(|input| names(selection, &input.ty, generic)) {
        return Ok(());
    }
    Err(format!("`{}` does not follow from what the layer would be given", generic.name.text))
}

fn names(selection: &Selection<'_>, ty: &Type, wanted: &Generic) -> bool {
    let is_it = |owner: Owner, at: u32| {
        matches!(owner, Owner::Method(..)) && generic(selection, owner, at) == Some(wanted.name.id)
    };
    match ty {
        Type::Tuple(parts) => parts.iter().any(|part| names(selection, part, wanted)),
        Type::Tensor(element, shape) => {
            let is_element = matches!(element, Element::Generic(owner, at) if is_it(*owner, *at));
            is_element
                || shape.iter().any(|axis| match axis {
                    Axis::Pack(owner, at) => is_it(*owner, *at),
                    Axis::Dim(dim) => {
                        matches!(dim.as_var(), Some(DimVar::Generic(owner, at)) if is_it(*owner, *at))
                    }
                })
        }
        _ => false,
    }
}
