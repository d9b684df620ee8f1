//! Dims of a program under construction, and types made of them.

use tri_ir::DType;

/// A named dim, by its position in [`Sizes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Atom(usize);

/// The size of an axis, compared as the checker compares it.
pub(super) type Dim = tri_dims::Dim<Atom>;

/// What is known of a named dim.
#[derive(Clone, Debug)]
struct Info {
    name: String,
    /// Its value where the program fixes it.
    fixed: Option<i64>,
    /// A value that it may have, for estimates.
    typical: i64,
    /// It is at least this.
    least: i64,
}

/// Every named dim of a program.
#[derive(Debug, Default)]
pub(super) struct Sizes(Vec<Info>);

/// A tensor type: the pack `..B` if there is one, then these axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) dtype: DType,
    pub(super) pack: bool,
    pub(super) axes: Vec<Dim>,
}

impl Type {
    pub(super) fn new(dtype: DType, axes: Vec<Dim>) -> Type {
        Type { dtype, pack: false, axes }
    }

    /// The same axes of another dtype.
    pub(super) fn with(&self, dtype: DType) -> Type {
        Type { dtype, ..self.clone() }
    }

    /// The same dtype and pack with other axes.
    pub(super) fn with_axes(&self, axes: Vec<Dim>) -> Type {
        Type { axes, ..self.clone() }
    }

    pub(super) fn rank(&self) -> usize {
        self.axes.len()
    }

    pub(super) fn last(&self) -> Option<&Dim> {
        self.axes.last()
    }

    pub(super) fn is_float(&self) -> bool {
        matches!(self.dtype, DType::F32 | DType::F16 | DType::Bf16)
    }

    pub(super) fn is_number(&self) -> bool {
        !matches!(self.dtype, DType::Bool | DType::Trit)
    }

    /// Plain `f32`, the dtype that most operations are for.
    pub(super) fn is_f32(&self) -> bool {
        self.dtype == DType::F32
    }
}

pub(super) fn number(n: i64) -> Dim {
    Dim::constant(n)
}

impl Sizes {
    /// A dim of the file.
    pub(super) fn fixed(&mut self, name: String, value: i64) -> Dim {
        self.add(Info { name, fixed: Some(value), typical: value, least: value })
    }

    /// A dim that callers or instances choose.
    pub(super) fn open(&mut self, name: String, typical: i64, least: i64) -> Dim {
        self.add(Info { name, fixed: None, typical, least })
    }

    fn add(&mut self, info: Info) -> Dim {
        self.0.push(info);
        Dim::var(Atom(self.0.len() - 1))
    }

    /// The value, if the program fixes it.
    pub(super) fn value(&self, dim: &Dim) -> Option<i64> {
        dim.evaluate(&mut |atom: &Atom| self.0[atom.0].fixed).ok()
    }

    /// About how much it is.
    pub(super) fn typical(&self, dim: &Dim) -> i64 {
        dim.evaluate(&mut |atom: &Atom| Some(self.0[atom.0].typical)).unwrap_or(i64::from(u16::MAX))
    }

    /// What it is at least, as far as the checker can tell.
    pub(super) fn least(&self, dim: &Dim) -> i64 {
        let is_sum = dim.terms().iter().all(|(_, n)| *n > 0);
        let least = |dim: &Dim| dim.evaluate(&mut |atom: &Atom| Some(self.0[atom.0].least)).unwrap_or(0);
        match dim.as_var() {
            Some(_) => least(dim),
            None if is_sum => least(dim),
            None => self.value(dim).unwrap_or(0),
        }
    }

    /// About how many elements a tensor of these axes has.
    pub(super) fn elements(&self, axes: &[Dim]) -> i64 {
        axes.iter().fold(1i64, |product, axis| product.saturating_mul(self.typical(axis)))
    }

    pub(super) fn text(&self, dim: &Dim) -> String {
        dim.display(&|atom: &Atom, f: &mut std::fmt::Formatter<'_>| f.write_str(&self.0[atom.0].name))
            .to_string()
    }

    /// The name of an axis that is one named dim.
    pub(super) fn name(&self, dim: &Dim) -> Option<&str> {
        dim.as_var().map(|atom| self.0[atom.0].name.as_str())
    }

    /// `B, 3, 2 * Model`, with the pack in front.
    pub(super) fn list(&self, pack: bool, axes: &[Dim]) -> String {
        let pack = pack.then(|| "..B".to_owned());
        pack.into_iter().chain(axes.iter().map(|axis| self.text(axis))).collect::<Vec<_>>().join(", ")
    }

    /// `f32[B, 3]`.
    pub(super) fn show(&self, ty: &Type) -> String {
        match ty.pack || ty.rank() > 0 {
            true => format!("{}[{}]", ty.dtype.name(), self.list(ty.pack, &ty.axes)),
            false => ty.dtype.name().to_owned(),
        }
    }

    /// The dim that both are, if the checker takes them for one: a number is every dim of its value.
    pub(super) fn unified(&self, a: &Dim, b: &Dim) -> Option<Dim> {
        if a == b {
            return Some(a.clone());
        }
        let number = |number: &Dim, other: &Dim| {
            number.as_constant().is_some()
                && other.as_var().is_some()
                && self.value(other) == number.as_constant()
        };
        if number(a, b) { Some(b.clone()) } else { number(b, a).then(|| a.clone()) }
    }

    /// The axes after stretching axes of length 1 and adding missing ones in front.
    pub(super) fn broadcast(&self, a: &Type, b: &Type) -> Option<Type> {
        let (long, short) = if (a.pack, a.rank()) >= (b.pack, b.rank()) { (a, b) } else { (b, a) };
        if short.rank() > long.rank() || short.pack && short.rank() != long.rank() {
            return None;
        }
        let mut axes = long.axes.clone();
        let start = long.rank() - short.rank();
        let one = number(1);
        for (axis, other) in axes[start..].iter_mut().zip(&short.axes) {
            *axis = match self.unified(axis, other) {
                Some(same) => same,
                None if *other == one => axis.clone(),
                None if *axis == one => other.clone(),
                None => return None,
            };
        }
        Some(long.with_axes(axes))
    }
}
