//! Generic parameters of a callee, worked out from the types of arguments.

use std::collections::BTreeMap;

use tri_dims::DimError;

use super::Infer;
use crate::hir::{
    Axis, DType, Dim, DimVar, Element, ElementClass, ExprId, Fact, FunctionType, Generic, GenericArg,
    GenericKind, Owner, Type,
};
use crate::resolve::IMPLICIT;

/// What generic parameters and static ints of callees stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Bindings {
    dims: BTreeMap<DimVar, Dim>,
    packs: BTreeMap<(Owner, u32), Vec<Axis>>,
    elements: BTreeMap<(Owner, u32), Element>,
    /// Whose parameters are to be found.
    open: Vec<Owner>,
    /// Whether packs that a function type did not declare are to be found.
    implicit: bool,
    /// Sizes that could not be compared yet.
    later: Vec<(Dim, Dim)>,
    /// The argument that is being bound.
    argument: Option<ExprId>,
    /// Which argument gave a dim its size.
    sources: BTreeMap<DimVar, ExprId>,
}

/// Why an argument does not fit a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// This dtype is asked for.
    Dtype(Element),
    /// Another number of axes is asked for.
    Rank,
    /// An axis has another size.
    Size {
        /// Which axis of the argument.
        at: usize,
        /// What the parameter says.
        declared: Axis,
        /// What that stands for, in terms of the caller.
        wanted: Axis,
    },
    /// Something else than a tensor is asked for, or found.
    Kind,
}

impl Bindings {
    /// Parameters of these owners are to be found.
    pub(super) fn open(owners: impl IntoIterator<Item = Owner>) -> Self {
        Bindings { open: owners.into_iter().collect(), ..Bindings::default() }
    }

    /// Packs of a function type are to be found.
    pub(super) fn of_function_type() -> Self {
        Bindings { implicit: true, ..Bindings::default() }
    }

    /// Fixes generic parameters of an owner.
    pub(super) fn fix(&mut self, owner: Owner, args: &[GenericArg]) {
        for (at, arg) in args.iter().enumerate() {
            self.fix_one(owner, at as u32, arg.clone());
        }
    }

    pub(super) fn fix_one(&mut self, owner: Owner, at: u32, arg: GenericArg) {
        match arg {
            GenericArg::Dim(dim) => drop(self.dims.insert(DimVar::Generic(owner, at), dim)),
            GenericArg::Pack(axes) => drop(self.packs.insert((owner, at), axes)),
            GenericArg::Element(element) => drop(self.elements.insert((owner, at), element)),
        }
    }

    /// Gives a static int parameter its value.
    pub(super) fn fix_int(&mut self, owner: Owner, at: u32, value: Dim) {
        self.dims.insert(DimVar::Param(owner, at), value);
    }

    /// What a generic argument in terms of the open owners is in terms of the caller.
    pub(super) fn arg(&self, arg: &GenericArg) -> Option<GenericArg> {
        Some(match arg {
            GenericArg::Dim(dim) => GenericArg::Dim(self.dim(dim).ok()?),
            GenericArg::Pack(axes) => GenericArg::Pack(self.shape(axes).ok()?),
            GenericArg::Element(element) => GenericArg::Element(*element),
        })
    }

    /// Says which argument is bound from here on.
    pub(super) fn bind_next(&mut self, argument: ExprId) {
        self.argument = Some(argument);
    }

    /// Which argument gave a generic dim its size.
    pub(super) fn bound_by(&self, dim: &Dim) -> Option<ExprId> {
        self.sources.get(dim.as_var()?).copied()
    }

    /// What is known of the shape that a parameter asks for.
    pub(super) fn known_shape(&self, ty: &Type) -> Vec<Option<Axis>> {
        let Type::Tensor(_, shape) = ty else { return Vec::new() };
        let mut axes = Vec::new();
        for axis in shape {
            match axis {
                Axis::Dim(dim) => axes.push(self.dim(dim).ok().map(Axis::Dim)),
                Axis::Pack(owner, at) => match self.packs.get(&(*owner, *at)) {
                    Some(known) => axes.extend(known.iter().cloned().map(Some)),
                    None => axes.push(None),
                },
            }
        }
        axes
    }

    pub(super) fn element(&self, owner: Owner, at: u32) -> Option<Element> {
        self.elements.get(&(owner, at)).copied()
    }

    fn is_open(&self, owner: Owner) -> bool {
        self.open.contains(&owner)
    }

    fn is_open_pack(&self, owner: Owner, at: u32) -> bool {
        if at >= IMPLICIT { self.implicit } else { self.is_open(owner) }
    }

    /// A size in terms of the caller; `Unbound` if it speaks of a parameter not found yet.
    pub(super) fn dim(&self, dim: &Dim) -> Result<Dim, DimError> {
        dim.substitute(&mut |var| match (self.dims.get(var), var) {
            (Some(dim), _) => Ok(dim.clone()),
            (None, DimVar::Generic(owner, _) | DimVar::Param(owner, _)) if self.is_open(*owner) => {
                Err(DimError::Unbound)
            }
            (None, var) => Ok(Dim::var(*var)),
        })
    }

    fn is_missing(&self, var: &DimVar) -> bool {
        match var {
            DimVar::Generic(owner, _) => self.is_open(*owner) && !self.dims.contains_key(var),
            _ => false,
        }
    }

    /// A type in terms of the caller.
    pub(super) fn ty(&self, ty: &Type) -> Result<Type, DimError> {
        Ok(match ty {
            Type::Tensor(element, shape) => {
                let element = match element {
                    Element::Generic(owner, at) if self.is_open(*owner) => {
                        self.element(*owner, *at).ok_or(DimError::Unbound)?
                    }
                    element => *element,
                };
                Type::Tensor(element, self.shape(shape)?)
            }
            Type::Tuple(parts) => {
                Type::Tuple(parts.iter().map(|part| self.ty(part)).collect::<Result<_, _>>()?)
            }
            Type::Array(element, length) => Type::Array(Box::new(self.ty(element)?), self.dim(length)?),
            Type::Layer(def, args) => {
                let args = args.iter().map(|arg| match arg {
                    GenericArg::Dim(dim) => Ok(GenericArg::Dim(self.dim(dim)?)),
                    GenericArg::Pack(axes) => Ok(GenericArg::Pack(self.shape(axes)?)),
                    GenericArg::Element(element) => Ok(GenericArg::Element(*element)),
                });
                Type::Layer(*def, args.collect::<Result<_, DimError>>()?)
            }
            Type::Function(function) => {
                let params = function.params.iter().map(|param| self.ty(param)).collect::<Result<_, _>>()?;
                Type::Function(std::sync::Arc::new(FunctionType {
                    params,
                    result: self.ty(&function.result)?,
                }))
            }
            other => other.clone(),
        })
    }

    fn shape(&self, shape: &[Axis]) -> Result<Vec<Axis>, DimError> {
        let mut axes = Vec::with_capacity(shape.len());
        for axis in shape {
            match axis {
                Axis::Dim(dim) => axes.push(Axis::Dim(self.dim(dim)?)),
                Axis::Pack(owner, at) if self.is_open_pack(*owner, *at) => {
                    axes.extend(self.packs.get(&(*owner, *at)).ok_or(DimError::Unbound)?.iter().cloned());
                }
                pack => axes.push(pack.clone()),
            }
        }
        Ok(axes)
    }

    pub(super) fn fact(&self, fact: &Fact) -> Result<Fact, DimError> {
        Ok(match fact {
            Fact::Divides(a, b) => Fact::Divides(self.dim(a)?, self.dim(b)?),
            Fact::Equal(a, b) => Fact::Equal(self.dim(a)?, self.dim(b)?),
            Fact::AtMost(a, b) => Fact::AtMost(self.dim(a)?, self.dim(b)?),
        })
    }

    /// The generic parameters found; none for one that is missing.
    pub(super) fn args(&self, owner: Owner, generics: &[Generic]) -> Vec<Option<GenericArg>> {
        let one = |(at, generic): (usize, &Generic)| {
            let at = at as u32;
            match generic.kind {
                GenericKind::Dim(_) => {
                    self.dims.get(&DimVar::Generic(owner, at)).cloned().map(GenericArg::Dim)
                }
                GenericKind::Pack => self.packs.get(&(owner, at)).cloned().map(GenericArg::Pack),
                GenericKind::Element(_) => self.element(owner, at).map(GenericArg::Element),
            }
        };
        generics.iter().enumerate().map(one).collect()
    }
}

impl Infer<'_> {
    /// Binds what `pattern`, a parameter's type, leaves open so that `actual` fits it.
    pub(super) fn bind(&self, b: &mut Bindings, pattern: &Type, actual: &Type) -> Result<(), Misfit> {
        match (pattern, actual) {
            (Type::Error, _) | (_, Type::Error) => Ok(()),
            (Type::Tensor(e, s), Type::Tensor(f, t)) => {
                self.bind_element(b, *e, *f)?;
                self.bind_shape(b, s, t)
            }
            (Type::Tuple(p), Type::Tuple(a)) if p.len() == a.len() => {
                p.iter().zip(a).try_for_each(|(p, a)| self.bind(b, p, a))
            }
            (Type::Array(p, m), Type::Array(a, n)) => {
                self.bind(b, p, a)?;
                self.bind_dim(b, m, n).map_err(|_| Misfit::Kind)
            }
            (Type::Layer(p, _), Type::Layer(a, _)) if p == a => Ok(()),
            (Type::Function(p), Type::Function(a)) if p.params.len() == a.params.len() => {
                p.params.iter().zip(&a.params).try_for_each(|(p, a)| self.bind(b, p, a))?;
                self.bind(b, &p.result, &a.result)
            }
            (p, a) if self.same_type(p, a) => Ok(()),
            _ => Err(Misfit::Kind),
        }
    }

    fn bind_element(&self, b: &mut Bindings, pattern: Element, actual: Element) -> Result<(), Misfit> {
        match pattern {
            Element::Generic(owner, at) if b.is_open(owner) => match b.element(owner, at) {
                Some(bound) => {
                    if bound == actual {
                        Ok(())
                    } else {
                        Err(Misfit::Dtype(bound))
                    }
                }
                None => {
                    b.elements.insert((owner, at), actual);
                    Ok(())
                }
            },
            pattern => {
                if pattern == actual {
                    Ok(())
                } else {
                    Err(Misfit::Dtype(pattern))
                }
            }
        }
    }

    fn bind_shape(&self, b: &mut Bindings, pattern: &[Axis], actual: &[Axis]) -> Result<(), Misfit> {
        let pack = pattern
            .iter()
            .position(|axis| matches!(axis, Axis::Pack(owner, at) if b.is_open_pack(*owner, *at)));
        let Some(at) = pack else {
            if pattern.len() != actual.len() {
                return Err(Misfit::Rank);
            }
            let mut axes = pattern.iter().zip(actual).enumerate();
            return axes.try_for_each(|(at, (p, a))| self.bind_axis(b, at, p, a));
        };
        let after = pattern.len() - at - 1;
        if actual.len() < at + after {
            return Err(Misfit::Rank);
        }
        let (front, rest) = actual.split_at(at);
        let (middle, back) = rest.split_at(rest.len() - after);
        let mut front = pattern[..at].iter().zip(front).enumerate();
        front.try_for_each(|(i, (p, a))| self.bind_axis(b, i, p, a))?;
        let mut back = pattern[at + 1..].iter().zip(back).enumerate();
        back.try_for_each(|(i, (p, a))| self.bind_axis(b, actual.len() - after + i, p, a))?;
        let Axis::Pack(owner, index) = pattern[at] else { return Err(Misfit::Kind) };
        match b.packs.get(&(owner, index)) {
            None => {
                b.packs.insert((owner, index), middle.to_vec());
                Ok(())
            }
            Some(bound) if bound.len() != middle.len() => Err(Misfit::Rank),
            Some(bound) => match bound.iter().zip(middle).position(|(x, y)| !self.same_axis(x, y)) {
                None => Ok(()),
                Some(i) => {
                    let (declared, wanted) = (bound[i].clone(), bound[i].clone());
                    Err(Misfit::Size { at: at + i, declared, wanted })
                }
            },
        }
    }

    fn bind_axis(&self, b: &mut Bindings, at: usize, pattern: &Axis, actual: &Axis) -> Result<(), Misfit> {
        match (pattern, actual) {
            (Axis::Dim(p), Axis::Dim(a)) => self.bind_dim(b, p, a).map_err(|wanted| Misfit::Size {
                at,
                declared: pattern.clone(),
                wanted: Axis::Dim(wanted),
            }),
            (p, a) if p == a => Ok(()),
            _ => Err(Misfit::Rank),
        }
    }

    /// On a misfit, the size that is asked for.
    fn bind_dim(&self, b: &mut Bindings, pattern: &Dim, actual: &Dim) -> Result<(), Dim> {
        if let Some(var) = pattern.as_var()
            && b.is_missing(var)
        {
            b.dims.insert(*var, actual.clone());
            b.sources.extend(b.argument.map(|argument| (*var, argument)));
            return Ok(());
        }
        match b.dim(pattern) {
            Ok(size) if self.equal(&size, actual) => Ok(()),
            Ok(size) => Err(size),
            Err(DimError::Unbound) => {
                b.later.push((pattern.clone(), actual.clone()));
                Ok(())
            }
            Err(_) => Err(pattern.clone()),
        }
    }

    /// Compares the sizes that had to wait; on a misfit what the parameter says, what that is, and what was found.
    pub(super) fn settle(&self, b: &mut Bindings) -> Result<(), (Dim, Dim, Dim)> {
        let later = std::mem::take(&mut b.later);
        for (pattern, actual) in later {
            match b.dim(&pattern) {
                Ok(size) if self.equal(&size, &actual) => {}
                Err(DimError::Unbound) => {}
                Ok(size) => return Err((pattern, size, actual)),
                Err(_) => return Err((pattern.clone(), pattern, actual)),
            }
        }
        Ok(())
    }

    /// Whether a dtype belongs to a class.
    pub(super) fn in_class(&self, element: Element, class: ElementClass) -> bool {
        use DType::{Bf16, F16, F32, I8, I32, I64, U8};
        match element {
            Element::Known(dtype) => match class {
                ElementClass::Any => true,
                ElementClass::Float => matches!(dtype, F16 | Bf16 | F32),
                ElementClass::Int => matches!(dtype, I8 | U8 | I32 | I64),
                ElementClass::Num => matches!(dtype, F16 | Bf16 | F32 | I8 | U8 | I32 | I64),
            },
            Element::Generic(owner, at) => {
                let generics = self.generics_of(owner);
                match generics.get(at as usize).map(|generic| &generic.kind) {
                    Some(GenericKind::Element(known)) => {
                        *known == class
                            || class == ElementClass::Any
                            || class == ElementClass::Num && *known != ElementClass::Any
                    }
                    _ => false,
                }
            }
        }
    }
}
