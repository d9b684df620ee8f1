//! Types and dims in the language's own notation.

use std::sync::Arc;

use tri_db::Db;
use tri_dims::Atom;
use tri_syntax::ast::ItemKind;

use crate::hir::{
    Axis, BodyOwner, DType, Def, Dim, DimVar, Element, Fact, GenericArg, Local, LocalId, Owner, Type,
};
use crate::queries::{def_name, function_of, outline_of, owner_def};

/// Shows what speaks of the locals of a body.
#[derive(Clone, Copy)]
pub(crate) struct Show<'a> {
    db: &'a dyn Db,
    /// Names in scope with what they are as sizes, while the body is being checked.
    locals: Option<&'a [(Arc<str>, Option<Dim>)]>,
    /// The locals of that body, those out of scope too.
    declared: &'a [Local],
}

/// `4 * Model + 1`.
pub fn show_dim(db: &dyn Db, dim: &Dim) -> String {
    Show::of(db).dim(dim)
}

/// `f32[..B, Model]`.
pub fn show_type(db: &dyn Db, ty: &Type) -> String {
    Show::of(db).ty(ty)
}

/// `D % H == 0`.
pub fn show_fact(db: &dyn Db, fact: &Fact) -> String {
    Show::of(db).fact(fact)
}

impl<'a> Show<'a> {
    /// Outside a body, or of one that is checked.
    pub(crate) fn of(db: &'a dyn Db) -> Show<'a> {
        Show { db, locals: None, declared: &[] }
    }

    /// In a body that is being checked.
    pub(crate) fn with(db: &'a dyn Db, locals: &'a [(Arc<str>, Option<Dim>)]) -> Show<'a> {
        Show { db, locals: Some(locals), declared: &[] }
    }

    /// And of what its blocks declared before.
    pub(crate) fn of_body(self, declared: &'a [Local]) -> Show<'a> {
        Show { declared, ..self }
    }

    /// `4 * Model + 1`.
    pub(crate) fn dim(self, dim: &Dim) -> String {
        let name = |var: &DimVar, f: &mut std::fmt::Formatter<'_>| f.write_str(&self.var(*var));
        let text = dim.display(&name).to_string();
        // A division that is all of a size needs no parentheses.
        let is_division = match dim.terms() {
            [(monomial, 1)] => matches!(monomial.as_slice(), [(Atom::Exact(..) | Atom::Rem(..), 1)]),
            _ => false,
        };
        let inner = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|_| is_division);
        inner.unwrap_or(&text).to_owned()
    }

    fn var(self, var: DimVar) -> String {
        let db = self.db;
        match var {
            DimVar::Nominal(def) => def_name(db, def).to_string(),
            DimVar::Generic(owner, at) => generic_name(db, owner, at),
            DimVar::Param(owner, at) => param_name(db, owner, at),
            DimVar::Local(owner, local) | DimVar::Runtime(owner, local) => self.local(var, owner, local),
            DimVar::Length(..) => "_".into(),
        }
    }

    fn local(self, var: DimVar, owner: Owner, local: LocalId) -> String {
        let known = match self.locals {
            Some(locals) => {
                let is_it = |dim: &Option<Dim>| dim.as_ref().and_then(Dim::as_var) == Some(&var);
                let known = locals.iter().rev().find(|(_, dim)| is_it(dim)).map(|(name, _)| name.clone());
                known.or_else(|| self.declared.get(local.0 as usize).map(|local| local.name.clone()))
            }
            None => {
                let body = crate::queries::body(self.db, BodyOwner::Function(owner));
                body.locals.get(local.0 as usize).map(|local| local.name.clone())
            }
        };
        known.map_or_else(|| "_".into(), |name| name.to_string())
    }

    /// `f32[..B, Model]`.
    pub(crate) fn ty(self, ty: &Type) -> String {
        match ty {
            Type::Tensor(element, shape) if shape.is_empty() => self.element(*element),
            Type::Tensor(element, shape) => format!("{}[{}]", self.element(*element), self.shape(shape)),
            Type::Tuple(parts) => format!("({})", list(parts.iter().map(|part| self.ty(part)))),
            Type::Array(element, length) => format!("[{}; {}]", self.bare(element), self.dim(length)),
            Type::Range => "a range".into(),
            Type::Int(_) => "int".into(),
            Type::Float => "float".into(),
            Type::Bool => "bool".into(),
            Type::Str => "str".into(),
            Type::Axis => "axis".into(),
            Type::Function(function) => {
                let params = list(function.params.iter().map(|param| self.ty(param)));
                format!("fn({params}) -> {}", self.ty(&function.result))
            }
            Type::Layer(..) => format!("a `{}`", self.bare(ty)),
            Type::Unit => "nothing".into(),
            Type::Error => "?".into(),
        }
    }

    /// A layer without article and quotes, as it stands inside another type.
    fn bare(self, ty: &Type) -> String {
        let Type::Layer(def, generics) = ty else { return self.ty(ty) };
        self.layer(*def, generics)
    }

    /// `Linear[Model, Ffn]`.
    pub(crate) fn layer(self, def: Def, args: &[GenericArg]) -> String {
        let shown = args.iter().take(generic_count(self.db, def)).map(|generic| self.generic(generic));
        let (name, shown) = (def_name(self.db, def), list(shown));
        if shown.is_empty() { name.to_string() } else { format!("{name}[{shown}]") }
    }

    pub(crate) fn shape(self, shape: &[Axis]) -> String {
        list(shape.iter().map(|axis| self.axis(axis)))
    }

    pub(crate) fn axis(self, axis: &Axis) -> String {
        match axis {
            Axis::Dim(dim) => self.dim(dim),
            Axis::Pack(owner, at) => format!("..{}", generic_name(self.db, *owner, *at)),
        }
    }

    pub(crate) fn generic(self, generic: &GenericArg) -> String {
        match generic {
            GenericArg::Dim(dim) => self.dim(dim),
            GenericArg::Pack(axes) => self.shape(axes),
            GenericArg::Element(element) => self.element(*element),
        }
    }

    pub(crate) fn element(self, element: Element) -> String {
        match element {
            Element::Known(dtype) => dtype_name(dtype).into(),
            Element::Generic(owner, at) => generic_name(self.db, owner, at),
        }
    }

    pub(crate) fn fact(self, fact: &Fact) -> String {
        match fact {
            Fact::Divides(n, d) => format!("{} % {} == 0", self.factor(n), self.factor(d)),
            Fact::Equal(a, b) => format!("{} == {}", self.dim(a), self.dim(b)),
            Fact::AtMost(a, b) => format!("{} <= {}", self.dim(a), self.dim(b)),
        }
    }

    /// A size as an operand of `%` or `/`.
    pub(crate) fn factor(self, dim: &Dim) -> String {
        let text = self.dim(dim);
        if text.contains(' ') { format!("({text})") } else { text }
    }
}

fn list(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

pub(crate) fn generic_name(db: &dyn Db, owner: Owner, at: u32) -> String {
    let Some(item) = outline_of(db, owner_def(owner)) else { return "?".into() };
    let generics = match (owner, &item.kind) {
        (Owner::Layer(_), ItemKind::Layer(layer)) => Some(&layer.generics),
        _ => function_of(&item, owner).map(|function| &function.generics),
    };
    let name =
        generics.and_then(|generics| generics.get(at as usize)).map(|generic| generic.name.text.to_string());
    name.unwrap_or_else(|| "S".into())
}

fn param_name(db: &dyn Db, owner: Owner, at: u32) -> String {
    let Some(item) = outline_of(db, owner_def(owner)) else { return "?".into() };
    let params = match (owner, &item.kind) {
        (Owner::Layer(_), ItemKind::Layer(layer)) => Some(&layer.config),
        _ => function_of(&item, owner).map(|function| &function.params),
    };
    let name = params.and_then(|params| params.get(at as usize)).map(|param| param.name.text.to_string());
    name.unwrap_or_else(|| "?".into())
}

/// Number of dims in the brackets of a layer.
fn generic_count(db: &dyn Db, def: Def) -> usize {
    outline_of(db, def).map_or(0, |item| match &item.kind {
        ItemKind::Layer(layer) => layer.generics.len(),
        _ => 0,
    })
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
