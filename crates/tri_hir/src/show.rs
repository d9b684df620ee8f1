//! Types and dims in the language's own notation.

use tri_db::Db;
use tri_dims::Atom;
use tri_syntax::ast::ItemKind;

use crate::hir::{Axis, DType, Dim, DimVar, Element, Fact, GenericArg, Owner, Type};
use crate::queries::{def_name, function_of, item_of, owner_def};

/// `4 * Model + 1`.
pub fn show_dim(db: &dyn Db, dim: &Dim) -> String {
    let name = |var: &DimVar, f: &mut std::fmt::Formatter<'_>| f.write_str(&show_var(db, *var));
    let text = dim.display(&name).to_string();
    // A division that is all of a size needs no parentheses.
    let is_division = match dim.terms() {
        [(monomial, 1)] => matches!(monomial.as_slice(), [(Atom::Exact(..) | Atom::Rem(..), 1)]),
        _ => false,
    };
    let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|_| is_division);
    inner.unwrap_or(&text).to_owned()
}

fn show_var(db: &dyn Db, var: DimVar) -> String {
    match var {
        DimVar::Nominal(def) => def_name(db, def).to_string(),
        DimVar::Generic(owner, at) => generic_name(db, owner, at),
        DimVar::Param(owner, at) => param_name(db, owner, at),
        DimVar::Local(_, local) | DimVar::Runtime(_, local) => format!("local {}", local.0),
        DimVar::Length(..) => "_".into(),
    }
}

pub(crate) fn generic_name(db: &dyn Db, owner: Owner, at: u32) -> String {
    let Some(item) = item_of(db, owner_def(owner)) else { return "?".into() };
    let generics = match (owner, &item.kind) {
        (Owner::Layer(_), ItemKind::Layer(layer)) => Some(&layer.generics),
        _ => function_of(&item, owner).map(|function| &function.generics),
    };
    let name =
        generics.and_then(|generics| generics.get(at as usize)).map(|generic| generic.name.text.to_string());
    name.unwrap_or_else(|| "S".into())
}

fn param_name(db: &dyn Db, owner: Owner, at: u32) -> String {
    let Some(item) = item_of(db, owner_def(owner)) else { return "?".into() };
    let params = match (owner, &item.kind) {
        (Owner::Layer(_), ItemKind::Layer(layer)) => Some(&layer.config),
        _ => function_of(&item, owner).map(|function| &function.params),
    };
    let name = params.and_then(|params| params.get(at as usize)).map(|param| param.name.text.to_string());
    name.unwrap_or_else(|| "?".into())
}

/// Number of dims in the brackets of a layer.
fn generic_count(db: &dyn Db, def: crate::hir::Def) -> usize {
    item_of(db, def).map_or(0, |item| match &item.kind {
        ItemKind::Layer(layer) => layer.generics.len(),
        _ => 0,
    })
}

/// `f32[..B, Model]`.
pub fn show_type(db: &dyn Db, ty: &Type) -> String {
    match ty {
        Type::Tensor(element, shape) => {
            let element = show_element(db, *element);
            if shape.is_empty() { element } else { format!("{element}[{}]", show_shape(db, shape)) }
        }
        Type::Tuple(parts) => format!("({})", list(parts.iter().map(|part| show_type(db, part)))),
        Type::Array(element, length) => format!("[{}; {}]", show_type(db, element), show_dim(db, length)),
        Type::Range => "a range".into(),
        Type::Int(_) => "int".into(),
        Type::Float => "float".into(),
        Type::Bool => "bool (static)".into(),
        Type::Str => "str".into(),
        Type::Axis => "axis".into(),
        Type::Function(function) => {
            let params = list(function.params.iter().map(|param| show_type(db, param)));
            format!("fn({params}) -> {}", show_type(db, &function.result))
        }
        Type::Layer(def, generics) => {
            let shown =
                generics.iter().take(generic_count(db, *def)).map(|generic| show_generic(db, generic));
            let shown = list(shown);
            let name = def_name(db, *def);
            if shown.is_empty() { format!("a `{name}`") } else { format!("a `{name}[{shown}]`") }
        }
        Type::Unit => "nothing".into(),
        Type::Error => "?".into(),
    }
}

pub(crate) fn show_shape(db: &dyn Db, shape: &[Axis]) -> String {
    list(shape.iter().map(|axis| show_axis(db, axis)))
}

pub(crate) fn show_axis(db: &dyn Db, axis: &Axis) -> String {
    match axis {
        Axis::Dim(dim) => show_dim(db, dim),
        Axis::Pack(owner, at) => format!("..{}", generic_name(db, *owner, *at)),
    }
}

pub(crate) fn show_generic(db: &dyn Db, generic: &GenericArg) -> String {
    match generic {
        GenericArg::Dim(dim) => show_dim(db, dim),
        GenericArg::Pack(axes) => show_shape(db, axes),
        GenericArg::Element(element) => show_element(db, *element),
    }
}

pub(crate) fn show_element(db: &dyn Db, element: Element) -> String {
    match element {
        Element::Known(dtype) => dtype_name(dtype).into(),
        Element::Generic(owner, at) => generic_name(db, owner, at),
    }
}

pub(crate) fn show_fact(db: &dyn Db, fact: &Fact) -> String {
    match fact {
        Fact::Divides(n, d) => format!("{} % {} == 0", show_dim(db, n), show_dim(db, d)),
        Fact::Equal(a, b) => format!("{} == {}", show_dim(db, a), show_dim(db, b)),
        Fact::AtMost(a, b) => format!("{} <= {}", show_dim(db, a), show_dim(db, b)),
    }
}

fn list(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// The name of a dtype.
pub(crate) fn dtype_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::Trit => "trit",
        DType::I8 => "i8",
        DType::U8 => "u8",
        DType::I32 => "i32",
        DType::I64 => "i64",
        DType::F16 => "f16",
        DType::Bf16 => "bf16",
        DType::F32 => "f32",
    }
}

/// The dtype of a name.
pub(crate) fn dtype_of(name: &str) -> Option<DType> {
    use DType::{Bf16, Bool, F16, F32, I8, I32, I64, Trit, U8};
    [Bool, Trit, I8, U8, I32, I64, F16, Bf16, F32].into_iter().find(|dtype| dtype_name(*dtype) == name)
}
