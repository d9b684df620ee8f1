//! Epilogues: which value the sums of a product end in, and the nest that makes it of them.

use tri_ir::{Dim, Function, Inst, Op, Value};

use super::affine::Affine;
use super::fuse::is_elementwise;
use super::nest::NestBuilder;
use super::{Failure, Scheduler};
use crate::{BufferId, Epilogue, Place, Product, StepKind, Store};

/// Where what is computed of a value ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nobody uses it.
    Nowhere,
    /// In one value that is stored, element by element.
    In(Value),
    /// Elsewhere: in several values, or not element by element.
    Elsewhere,
}

/// For each value, the only stored value that is computed of it, element by element.
#[derive(Debug, Default)]
pub(super) struct Ends(Vec<End>);

impl Ends {
    /// Those of values of a function, given which of them are computed where they are used.
    pub(super) fn find(function: &Function, inline: &[bool]) -> Self {
        let mut ends = vec![End::Nowhere; function.values.len()];
        for value in &function.results {
            ends[value.index()] = End::Elsewhere;
        }
        for inst in function.insts.iter().rev() {
            let end = match inst.results.as_slice() {
                [_] if !is_elementwise(&inst.op) || inst.op == Op::Random => End::Elsewhere,
                [result] if inline[result.index()] => ends[result.index()],
                [result] => End::In(*result),
                _ => End::Elsewhere,
            };
            for arg in &inst.args {
                let known = &mut ends[arg.index()];
                *known = if *known == End::Nowhere || *known == end { end } else { End::Elsewhere };
            }
        }
        Ends(ends)
    }

    fn of(&self, value: Value) -> Option<Value> {
        match self.0.get(value.index()) {
            Some(End::In(end)) => Some(*end),
            _ => None,
        }
    }
}

/// A product that gets an epilogue: its value, and the value that the epilogue makes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behind {
    product: Value,
    made: Value,
}

impl<'m> Scheduler<'m> {
    /// The elementwise work behind a product, if nothing else needs the product and all other operands are there by now. `inner` is how
    /// many axes are columns or a plane.
    pub(super) fn behind(&self, product: Value, inner: usize) -> Option<Behind> {
        let made = self.ends.of(product)?;
        let shape = self.shape(product);
        let has_inner = shape[shape.len() - inner..].iter().any(|size| size.as_constant() != Some(1));
        let fits = self.dtype(made).bytes() == self.dtype(product).bytes() && shape == self.shape(made);
        let mut seen = Vec::new();
        (has_inner && fits && self.is_there(made, product, &mut seen)).then_some(Behind { product, made })
    }

    /// Whether a value that is not stored yet can be computed of `product` and what is stored.
    fn is_there(&self, value: Value, product: Value, seen: &mut Vec<Value>) -> bool {
        let Some(inst) = self.defined_by[value.index()] else { return false };
        inst.args.iter().all(|arg| {
            if *arg == product || self.stored[arg.index()].is_some() || seen.contains(arg) {
                return true;
            }
            seen.push(*arg);
            self.inline[arg.index()] && self.is_there(*arg, product, seen)
        })
    }

    /// The buffer for the product: that of the value that the epilogue makes, as elements of the product.
    pub(super) fn place_of_product(&mut self, behind: Behind) -> BufferId {
        let made = self.target(behind.made);
        let product = self.buffer(self.ty(behind.product), Place::Alias(made));
        self.stored[behind.product.index()] = Some(product);
        self.made_at.insert(behind.made, self.steps.len());
        product
    }

    /// The step of a product whose place is [`place_of_product`](Self::place_of_product).
    pub(super) fn epilogue(&mut self, behind: Behind, product: Product, inner: usize) -> Result<(), Failure> {
        let made = behind.made;
        let inst: &'m Inst =
            self.defined_by[made.index()].ok_or(Failure::Unsupported("a value is used before it is made"))?;
        let shape: &'m [Dim] = self.shape(made);
        let (outer, along) = shape.split_at(shape.len() - inner);
        let mut nest = NestBuilder::new(inst.op.name(), outer.to_vec(), along.to_vec());
        let at = Affine::indices(0, shape.len());
        let value = self.compute(&mut nest, inst, &at)?;
        let buffer = self.stored[made.index()].ok_or(Failure::Unsupported("a value has no memory"))?;
        let to = self.element_of(buffer, &at)?;
        nest.map(vec![Store { to, value }]);
        let nest = nest.finish()?;
        self.step(StepKind::Epilogue(Box::new(Epilogue { product, nest })));
        Ok(())
    }
}
