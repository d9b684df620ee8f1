//! The body of a function under construction: lines, and the values that they made.

use tri_ir::DType;

use super::program::{Members, Program};
use super::sizes::{Dim, Type, number};
use crate::choices::Choices;

/// Sizes at which kernels change their ways, the simplest first.
pub(super) const AWKWARD: [i64; 16] = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65];

/// About as many elements as a tensor may have.
const MAX_ELEMENTS: i64 = 1 << 13;

/// About as many multiplications as a product may cost.
const MAX_COST: i64 = 1 << 18;

/// A name and what stands behind it.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) name: String,
    pub(super) ty: Type,
    /// Whether a later line reads it.
    pub(super) used: bool,
}

/// Where tensors come from that nothing in the body made.
#[derive(Debug)]
pub(super) enum Origin {
    /// An entry point: further inputs.
    Inputs(Vec<(String, Type)>),
    /// A function of a layer: further parameters.
    Members,
}

/// A body, and what it may refer to.
#[derive(Debug)]
pub(super) struct Body<'a> {
    pub(super) program: &'a mut Program,
    pub(super) members: &'a mut Members,
    pub(super) values: Vec<Value>,
    pub(super) lines: Vec<String>,
    pub(super) origin: Origin,
    /// Dims that shapes may be made of, besides those of the file.
    pub(super) dims: Vec<Dim>,
    /// Whether what a row gives depends on the rows beside it.
    pub(super) mixes: bool,
    names: usize,
}

impl<'a> Body<'a> {
    pub(super) fn new(program: &'a mut Program, members: &'a mut Members, origin: Origin) -> Body<'a> {
        Body {
            program,
            members,
            values: Vec::new(),
            lines: Vec::new(),
            origin,
            dims: Vec::new(),
            mixes: false,
            names: 0,
        }
    }

    pub(super) fn show(&self, ty: &Type) -> String {
        self.program.sizes.show(ty)
    }

    /// A name that no other value has.
    pub(super) fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names - 1)
    }

    /// A value that exists already.
    pub(super) fn add(&mut self, name: &str, ty: Type) {
        self.values.push(Value { name: name.to_owned(), ty, used: false });
    }

    /// `let v = expression`, unless it has too many elements.
    pub(super) fn emit(&mut self, expression: &str, ty: Type) -> Option<()> {
        if !self.fits(&ty.axes) {
            return None;
        }
        let name = self.name();
        self.lines.push(format!("let {name} = {expression}"));
        self.add(&name, ty);
        Some(())
    }

    /// Whether a tensor of these axes is small enough.
    pub(super) fn fits(&self, axes: &[Dim]) -> bool {
        self.program.sizes.elements(axes) <= MAX_ELEMENTS
    }

    /// Whether a product over all these axes is cheap enough.
    pub(super) fn is_cheap(&self, axes: &[Dim]) -> bool {
        self.program.sizes.elements(axes) <= MAX_COST
    }

    /// The name of a value, which is used then.
    pub(super) fn read(&mut self, at: usize) -> String {
        self.values[at].used = true;
        self.values[at].name.clone()
    }

    pub(super) fn ty(&self, at: usize) -> Type {
        self.values[at].ty.clone()
    }

    /// A value that qualifies; late ones are the simplest.
    pub(super) fn find(&self, c: &mut Choices, qualifies: impl Fn(&Type) -> bool) -> Option<usize> {
        let found: Vec<usize> =
            (0..self.values.len()).rev().filter(|at| qualifies(&self.values[*at].ty)).collect();
        (!found.is_empty()).then(|| c.pick(&found))
    }

    /// A value of this type, found or made.
    pub(super) fn of_type(&mut self, c: &mut Choices, ty: &Type) -> Option<String> {
        let known = if c.chance(30) { None } else { self.find(c, |other| other == ty) };
        match known {
            Some(at) => Some(self.read(at)),
            None => self.fresh(c, ty),
        }
    }

    /// A value that qualifies, or one of the type.
    pub(super) fn find_or(
        &mut self,
        c: &mut Choices,
        qualifies: impl Fn(&Type) -> bool,
        make: impl FnOnce(&mut Body<'_>, &mut Choices) -> Option<Type>,
    ) -> Option<(String, Type)> {
        let known = if c.chance(20) { None } else { self.find(c, qualifies) };
        match known {
            Some(at) => Some((self.read(at), self.ty(at))),
            None => {
                let ty = make(self, c)?;
                Some((self.fresh(c, &ty)?, ty))
            }
        }
    }

    /// A value of this type that nothing made so far: an input, a parameter, a constant.
    pub(super) fn fresh(&mut self, c: &mut Choices, ty: &Type) -> Option<String> {
        if !self.fits(&ty.axes) {
            return None;
        }
        let is_static = !ty.pack && ty.axes.iter().all(|axis| self.is_static(axis));
        let name = match (&self.origin, c.below(8)) {
            (Origin::Inputs(_), 0..=3) => return Some(self.input(ty)),
            (Origin::Inputs(_) | Origin::Members, 0..=6) if is_static => {
                let declared = self.program.sizes.show(ty);
                self.members.parameter(c, ty.dtype, &declared)
            }
            _ => return self.constant(c, ty),
        };
        self.add(&name, ty.clone());
        self.values.last_mut()?.used = true;
        Some(name)
    }

    /// Whether a member can have this size.
    fn is_static(&self, dim: &Dim) -> bool {
        match self.origin {
            Origin::Inputs(_) => self.program.sizes.value(dim).is_some(),
            _ => !self.dims.contains(dim) || self.members.dims.contains(dim),
        }
    }

    /// A further input of the entry point.
    fn input(&mut self, ty: &Type) -> String {
        let Origin::Inputs(inputs) = &mut self.origin else { return String::new() };
        let name = format!("x{}", inputs.len());
        inputs.push((name.clone(), ty.clone()));
        self.add(&name, ty.clone());
        if let Some(value) = self.values.last_mut() {
            value.used = true;
        }
        name
    }

    /// A constant, or random numbers that are the same in every run.
    fn constant(&mut self, c: &mut Choices, ty: &Type) -> Option<String> {
        let list = self.program.sizes.list(ty.pack, &ty.axes);
        let float = match c.below(4) {
            // Brackets that hold nothing say nothing.
            _ if list.is_empty() => format!("({} as f32)", super::literal::float(c)),
            0 => format!("ones[{list}]()"),
            1 => format!("full[{list}]({})", super::literal::float(c)),
            2 => format!("random[{list}]()"),
            _ => format!("(random[{list}](stream = 1) * 8 - 4)"),
        };
        self.mixes |= ty.pack && float.contains("random");
        let made = match ty.dtype {
            DType::F32 => float,
            DType::Bool => format!("{float} > 0.5"),
            dtype => format!("{float} as {}", dtype.name()),
        };
        let name = self.name();
        self.lines.push(format!("let {name} = {made}"));
        self.add(&name, ty.clone());
        self.values.last_mut()?.used = true;
        Some(name)
    }

    /// A size for an axis: a number, a dim of the file, one in scope.
    pub(super) fn dim(&mut self, c: &mut Choices) -> Dim {
        let known = self.dims.len() + self.program.dims.len();
        match c.below(8) {
            0..=3 => number(c.pick(&AWKWARD)),
            _ if known == 0 => number(c.pick(&AWKWARD)),
            _ => {
                let at = c.below(known);
                self.dims.iter().chain(&self.program.dims).nth(at).cloned().unwrap_or_else(|| number(1))
            }
        }
    }

    /// A size that parameters can have.
    pub(super) fn static_dim(&mut self, c: &mut Choices) -> Dim {
        let dim = self.dim(c);
        if self.is_static(&dim) { dim } else { number(c.pick(&AWKWARD)) }
    }

    /// A shape of few axes.
    pub(super) fn shape(&mut self, c: &mut Choices, rank: usize) -> Vec<Dim> {
        let mut axes: Vec<Dim> = (0..rank).map(|_| self.dim(c)).collect();
        // Smaller from the front until it fits.
        for at in 0..rank {
            if !self.fits(&axes) {
                axes[at] = number(c.pick(&[1, 2, 3]));
            }
        }
        axes
    }

    /// How the program calls an axis of a type: from the end, from the front, by name.
    pub(super) fn axis(&self, c: &mut Choices, ty: &Type, at: usize) -> String {
        let from_end = at as i64 - ty.rank() as i64;
        let name = self.program.sizes.name(&ty.axes[at]).map(str::to_owned);
        let once = ty.axes.iter().filter(|axis| **axis == ty.axes[at]).count() == 1;
        match (c.below(3), name) {
            (1, _) if !ty.pack => at.to_string(),
            (2, Some(name)) if once => name,
            _ => from_end.to_string(),
        }
    }
}
