//! Whether a function treats the rows that it is given one by one, as a tile of [`Op::Route`] must: then which rows come
//! together changes no bit. An analysis by shapes that errs on the side of refusing: what it lets pass is right.

use rustc_hash::FxHashSet;

use crate::{Dim, Function, FunctionId, Inst, Op, Quantizer, Symbol, TensorType, Value};

/// The first instruction of `function`, or of what it calls, in which rows may meet or are counted; symbol 0 of `function` is
/// the number of rows, and axis 0 of its first parameter counts them.
pub fn meeting_rows(functions: &[Function], function: FunctionId) -> Option<&Inst> {
    let mut walk = Walk { functions, seen: FxHashSet::default() };
    walk.function(function, vec![Symbol(0)])
}

struct Walk<'a> {
    functions: &'a [Function],
    /// Functions with the symbols that depend on the number of rows.
    seen: FxHashSet<(FunctionId, Vec<Symbol>)>,
}

impl<'a> Walk<'a> {
    fn function(&mut self, id: FunctionId, counts: Vec<Symbol>) -> Option<&'a Inst> {
        let functions = self.functions;
        let function = functions.get(id.index())?;
        if counts.is_empty() || !self.seen.insert((id, counts.clone())) {
            return None;
        }
        let rows = Rows { function, counts };
        function.insts.iter().find_map(|inst| match &inst.op {
            Op::Call { function, symbols, .. } => {
                let counts = (0..).zip(symbols).filter(|(_, size)| rows.counted(size));
                self.function(*function, counts.map(|(at, _)| Symbol(at)).collect())
            }
            _ => rows.meet(inst).then_some(inst),
        })
    }
}

/// A function and its symbols that depend on the number of rows.
struct Rows<'a> {
    function: &'a Function,
    counts: Vec<Symbol>,
}

impl Rows<'_> {
    /// Whether a size depends on the number of rows.
    fn counted(&self, size: &Dim) -> bool {
        let mut found = false;
        size.for_each_var(&mut |symbol| found |= self.counts.contains(symbol));
        found
    }

    fn ty(&self, value: Value) -> &TensorType {
        self.function.ty(value)
    }

    /// Whether an axis goes along the rows.
    fn along(&self, value: Value, axis: u32) -> bool {
        self.ty(value).shape.get(axis as usize).is_some_and(|size| self.counted(size))
    }

    /// Whether some axis goes along the rows.
    fn has_rows(&self, value: Value) -> bool {
        self.ty(value).shape.iter().any(|size| self.counted(size))
    }

    /// Whether an axis other than the first goes along the rows.
    fn rows_inside(&self, value: Value) -> bool {
        self.ty(value).shape.iter().skip(1).any(|size| self.counted(size))
    }

    /// Whether rows may meet in an instruction that is no call, or their number or index becomes a value.
    fn meet(&self, inst: &Inst) -> bool {
        let (args, results) = (inst.args.as_slice(), inst.results.as_slice());
        let one = |at: usize, test: &dyn Fn(Value) -> bool| args.get(at).is_some_and(|value| test(*value));
        match &inst.op {
            Op::DimValue(size) => self.counted(size),
            Op::Iota { axis } => results.iter().any(|value| self.along(*value, *axis)),
            Op::Random => results.iter().any(|value| self.has_rows(*value)),
            // Row major: rows stay together only where they are the outermost axis before and after.
            Op::Reshape => args.iter().chain(results).any(|value| self.rows_inside(*value)),
            Op::Slice { .. } | Op::Pad { .. } => {
                let ends = args.first().zip(results.first());
                ends.is_some_and(|(from, to)| self.cut(*from, *to))
            }
            Op::Concat { axis } | Op::ArgMax { axis } | Op::Softmax { axis } => {
                args.iter().any(|value| self.along(*value, *axis))
            }
            Op::Reduce { axes, .. } => one(0, &|value| axes.iter().any(|axis| self.along(value, *axis))),
            Op::Gather => one(0, &|table| self.along(table, 0)),
            Op::Contract { contract, .. } => {
                contract.iter().any(|(left, _)| one(0, &|value| self.along(value, *left)))
            }
            Op::Conv2d(_) | Op::Pool2d(_) => args.iter().any(|value| self.rows_inside(*value)),
            Op::ArgMaxClusters => args.iter().skip(1).any(|value| self.has_rows(*value)),
            Op::Quantize(Quantizer::TernarizeTensor) => one(0, &|value| self.has_rows(value)),
            Op::Quantize(_) => one(0, &|value| {
                let last = self.ty(value).rank().saturating_sub(1);
                self.along(value, last as u32)
            }),
            Op::Route { .. } => args.iter().any(|value| self.rows_inside(*value)),
            Op::BindDim { at_most, .. } => {
                at_most.iter().any(|(left, right)| self.counted(left) || self.counted(right))
            }
            Op::StateRead { .. } | Op::StateWrite { .. } => true,
            Op::Constant(_)
            | Op::Literal(_)
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Select
            | Op::Cast
            | Op::Broadcast
            | Op::Permute { .. }
            | Op::Encode
            | Op::Call { .. } => false,
        }
    }

    /// Whether an axis along the rows is not taken whole.
    fn cut(&self, from: Value, to: Value) -> bool {
        let (from, to) = (&self.ty(from).shape, &self.ty(to).shape);
        from.iter().zip(to).any(|(from, to)| (self.counted(from) || self.counted(to)) && from != to)
    }
}
