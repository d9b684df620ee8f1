//! Moves contractions of one left operand next to the first of them: queries, keys and values; a gate and what it gates. Scheduling then makes
//! one parallel region of them.
//!
//! What moves takes along the views and numbers that it needs, and nothing that computes. It stays where elementwise work behind it needs
//! something that is computed in between, which would then be no epilogue any more.

use rustc_hash::FxHashMap;
use tri_ir::{Function, Inst, Module, Op, Value};

use crate::rewrite::{Rewrite, each_function};

/// Most contractions that are looked at for one to move to.
const MOST: usize = 8;
/// Most instructions between a contraction and what decides whether it moves.
const FAR: usize = 16;

pub(crate) fn run(module: Module) -> Module {
    each_function(module, |function| {
        let order = Order::of(function)?;
        let mut rewrite = Rewrite::new(function);
        order.into_iter().for_each(|at| rewrite.copy(&function.insts[at]));
        Some(rewrite.finish())
    })
}

/// The instructions of a function in another order.
struct Order<'f> {
    function: &'f Function,
    /// The instruction that defines each value.
    defined_by: Vec<Option<usize>>,
    /// The instruction that uses each value, where there is one in all.
    used_by: Vec<Option<usize>>,
    placed: Vec<bool>,
    order: Vec<usize>,
}

impl<'f> Order<'f> {
    /// None if they stay in the order in which they are.
    fn of(function: &'f Function) -> Option<Vec<usize>> {
        let mut by_operand: FxHashMap<Value, Vec<usize>> = FxHashMap::default();
        for (at, inst) in function.insts.iter().enumerate() {
            if let Op::Contract { .. } = inst.op {
                by_operand.entry(inst.args[0]).or_default().push(at);
            }
        }
        if by_operand.values().all(|siblings| siblings.len() < 2) {
            return None;
        }
        let mut order = Order {
            function,
            defined_by: vec![None; function.values.len()],
            used_by: sole_users(function),
            placed: vec![false; function.insts.len()],
            order: Vec::with_capacity(function.insts.len()),
        };
        for (at, inst) in function.insts.iter().enumerate() {
            inst.results.iter().for_each(|result| order.defined_by[result.index()] = Some(at));
        }
        for (at, inst) in function.insts.iter().enumerate() {
            if order.placed[at] {
                continue;
            }
            order.place(at);
            if let Op::Contract { .. } = inst.op {
                let siblings = &by_operand[&inst.args[0]];
                let next = siblings.partition_point(|sibling| *sibling <= at);
                siblings[next..].iter().take(MOST).for_each(|sibling| order.bring(*sibling));
            }
        }
        let moved = order.order.iter().enumerate().any(|(at, inst)| at != *inst);
        moved.then_some(order.order)
    }

    fn place(&mut self, at: usize) {
        self.placed[at] = true;
        self.order.push(at);
    }

    /// Places a contraction, unless it has to wait.
    fn bring(&mut self, at: usize) {
        let mut needed = Vec::new();
        if !self.placed[at] && self.needs(at, &mut needed) && !self.waits(at) {
            needed.sort_unstable();
            needed.into_iter().for_each(|at| self.place(at));
        }
    }

    /// Adds an instruction and what has to come before it; false if that is more than views and numbers.
    fn needs(&self, at: usize, needed: &mut Vec<usize>) -> bool {
        if needed.contains(&at) {
            return true;
        }
        needed.push(at);
        let args = self.function.insts[at].args.iter();
        needed.len() <= FAR
            && args.filter_map(|arg| self.missing(*arg)).all(|at| {
                let is_light = is_view(&self.function.insts[at].op);
                is_light && self.needs(at, needed)
            })
    }

    /// The instruction that defines a value and is not placed yet.
    fn missing(&self, value: Value) -> Option<usize> {
        self.defined_by[value.index()].filter(|at| !self.placed[*at])
    }

    /// Whether elementwise work behind a contraction needs what would come after it.
    fn waits(&self, at: usize) -> bool {
        let mut made = self.function.insts[at].results[0];
        for _ in 0..FAR {
            let user = self.used_by[made.index()].map(|at| &self.function.insts[at]);
            let Some(inst) = user.filter(|inst| is_elementwise(&inst.op)) else { return false };
            if !inst.args.iter().all(|arg| *arg == made || self.is_near(*arg, FAR)) {
                return true;
            }
            made = inst.results[0];
        }
        false
    }

    /// Whether a value takes no more than elementwise work on what is placed.
    fn is_near(&self, value: Value, depth: usize) -> bool {
        let Some(at) = self.missing(value) else { return true };
        let Inst { op, args, .. } = &self.function.insts[at];
        // A chain, not a tree, so that the time does not double with its depth.
        let mut missing = args.iter().filter(|arg| self.missing(**arg).is_some());
        let (first, second) = (missing.next(), missing.next());
        depth > 0
            && second.is_none_or(|second| Some(second) == first)
            && (is_elementwise(op) || is_view(op))
            && first.is_none_or(|first| self.is_near(*first, depth - 1))
    }
}

fn is_elementwise(op: &Op) -> bool {
    matches!(op, Op::Unary(_) | Op::Binary(_) | Op::Select | Op::Cast)
}

fn is_view(op: &Op) -> bool {
    matches!(
        op,
        Op::Broadcast
            | Op::Permute { .. }
            | Op::Slice { .. }
            | Op::Reshape
            | Op::Constant(_)
            | Op::DimValue(_)
            | Op::Iota { .. }
    )
}

/// For each value used once in all, the instruction that uses it.
fn sole_users(function: &Function) -> Vec<Option<usize>> {
    let (mut uses, mut users) = (vec![0u32; function.values.len()], vec![None; function.values.len()]);
    function.results.iter().for_each(|value| uses[value.index()] += 1);
    for (at, inst) in function.insts.iter().enumerate() {
        for value in &inst.args {
            uses[value.index()] += 1;
            users[value.index()] = Some(at);
        }
    }
    uses.into_iter().zip(users).map(|(uses, user)| user.filter(|_| uses == 1)).collect()
}
