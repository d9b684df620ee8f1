//! Splits what depends on parameters alone from what depends on inputs.
//!
//! A function called with fixed operands (weights) becomes two: its prologue computes from the fixed operands every value
//! that the rest needs of them (the carried values), and its body takes the other operands and the carried values. A call splits its
//! callee in turn, so equal layers share a prologue and a body as they shared a function. The module's prologue is
//! that of all entries together; its results are the module's bound values.
//!
//! A test calls the same prologues and bodies, one after the other, so that nothing is compiled twice for it.
//!
//! A value that depends on no operand at all (a constant, a count) is computed where it is needed, on both sides if need be.

use rustc_hash::{FxHashMap, FxHashSet};
use tri_ir::{
    Bound, BoundId, Capture, Entry, Function, FunctionBuilder, FunctionId, Inst, Module, Op, TensorType,
    Test, Tile, Value,
};

use crate::prune::prune_function;
use crate::rewrite::Rewrite;
use crate::share::{has_effect, share_function};

pub(crate) fn run(mut module: Module) -> Module {
    if module.prologue.is_some() {
        return module;
    }
    let functions = std::mem::take(&mut module.functions);
    let mut splitter = Splitter { functions, done: FxHashMap::default(), prologues: FxHashMap::default() };
    let split_entry = |entry: &Entry| {
        let mut fixed = vec![false; entry.inputs.len()];
        fixed.extend(entry.captures.iter().map(|_| true));
        splitter.split(entry.function, &fixed)
    };
    let splits: Vec<Split> = module.entries.iter().map(split_entry).collect();
    let mut prologue = Prologue::new(&module, &splits);
    let mut entries = Vec::new();
    for (entry, split) in module.entries.iter().zip(splits) {
        let captured = prologue.call(&splitter.functions, &split, &entry.captures);
        entries.push((Entry { function: split.body, ..entry.clone() }, captured));
    }
    let initial: FxHashSet<FunctionId> =
        module.parameters.iter().map(|parameter| parameter.init.function).collect();
    let split_test =
        |test: &Test| Test { function: splitter.split_calls(test.function, &initial), ..test.clone() };
    let tests = module.tests.iter().map(split_test).collect();
    let (function, bound, ids) = prologue.finish(&module);
    splitter.functions.push(function);
    let entries = entries.into_iter().map(|(entry, captured)| {
        let captures = captured.into_iter().map(|at| Capture::Bound(ids[at])).collect();
        Entry { captures, ..entry }
    });
    Module {
        prologue: Some(FunctionId(splitter.functions.len() as u32 - 1)),
        bound,
        entries: entries.collect(),
        tests,
        functions: splitter.functions,
        ..module
    }
}

/// The module's prologue under construction: the prologues of all entries, one after another.
struct Prologue {
    builder: FunctionBuilder,
    params: Vec<Value>,
    carried: Vec<Value>,
    roots: Vec<Option<usize>>,
    /// Those of the entries.
    of_entries: FxHashSet<FunctionId>,
    /// Results of functions that were copied, by their operands.
    copied: FxHashMap<(FunctionId, Vec<Value>), Vec<Value>>,
}

/// Most copies of functions that only call.
const MAX_COPIED: usize = 100_000;

/// Whether a function computes nothing itself but constants.
fn only_calls(function: &Function) -> bool {
    function.insts.iter().all(|inst| matches!(inst.op, Op::Call { .. } | Op::Constant(_) | Op::DimValue(_)))
}

impl Prologue {
    fn new(module: &Module, splits: &[Split]) -> Self {
        let mut builder = FunctionBuilder::new("prologue");
        let params = module.parameters.iter().map(|parameter| builder.param(parameter.ty.clone())).collect();
        let of_entries = splits.iter().filter_map(|split| split.prologue).collect();
        let copied = FxHashMap::default();
        Prologue { builder, params, carried: Vec::new(), roots: Vec::new(), of_entries, copied }
    }

    /// Copies the instructions of an entry's prologue. Gives the positions of its results among all results.
    fn call(&mut self, functions: &[Function], split: &Split, captures: &[Capture]) -> Vec<usize> {
        let Some(prologue) = split.prologue else { return Vec::new() };
        let inputs = split.fixed.len() - captures.len();
        let parameter = |position: usize| match captures[position - inputs] {
            Capture::Parameter(id) => id.index(),
            Capture::Bound(_) => unreachable!("a module without a prologue has no bound values"),
        };
        let taken = (inputs..split.fixed.len()).filter(|position| split.fixed[*position]);
        let args = taken.map(|position| self.params[parameter(position)]).collect();
        let results = self.copy(functions, prologue, args);
        let first = self.carried.len();
        self.carried.extend(results);
        self.roots.extend(split.carried.iter().map(|carried| carried.root.map(parameter)));
        (first..self.carried.len()).collect()
    }

    /// Copies the instructions of a function. Calls of functions that only call in turn, or are an entry's, are copied too, so that what two
    /// entries compute of a weight in different functions is seen to be the same, and a weight that is only handed on to be the weight itself.
    fn copy(&mut self, functions: &[Function], id: FunctionId, args: Vec<Value>) -> Vec<Value> {
        let key = (id, args);
        if let Some(known) = self.copied.get(&key) {
            return known.clone();
        }
        let function = &functions[id.index()];
        let mut map: FxHashMap<Value, Value> =
            function.params.iter().copied().zip(key.1.iter().copied()).collect();
        for inst in &function.insts {
            let args: Vec<Value> = inst.args.iter().map(|arg| map[arg]).collect();
            let results = match &inst.op {
                Op::Call { function: callee, .. }
                    if self.copied.len() < MAX_COPIED
                        && (self.of_entries.contains(callee) || only_calls(&functions[callee.index()])) =>
                {
                    self.copy(functions, *callee, args)
                }
                op => {
                    let types = inst.results.iter().map(|result| function.ty(*result).clone()).collect();
                    self.builder.set_origin(inst.origin);
                    self.builder.push(op.clone(), args, types)
                }
            };
            map.extend(inst.results.iter().copied().zip(results));
        }
        let results: Vec<Value> = function.results.iter().map(|result| map[result]).collect();
        self.copied.insert(key, results.clone());
        results
    }

    /// The finished function, the bound values, and which of them each result became.
    fn finish(self, module: &Module) -> (Function, Vec<Bound>, Vec<BoundId>) {
        let function = self.builder.finish(self.carried);
        let mut function = share_function(&function).unwrap_or(function);
        let mut bound: Vec<Bound> = Vec::new();
        let mut ids: Vec<BoundId> = Vec::new();
        let mut taken: FxHashMap<String, u32> = FxHashMap::default();
        let mut known: FxHashMap<Value, BoundId> = FxHashMap::default();
        for (result, root) in function.results.iter().zip(&self.roots) {
            let next = BoundId(bound.len() as u32);
            let id = *known.entry(*result).or_insert(next);
            if id == next {
                let ty = function.ty(*result).clone();
                let plain = root.filter(|root| function.params[*root] == *result);
                let name = bound_name(module, &mut taken, *root, plain.is_some(), &ty);
                bound.push(Bound { name, ty });
            }
            ids.push(id);
        }
        let mut seen = vec![false; bound.len()];
        let mut order = ids.iter();
        function
            .results
            .retain(|_| order.next().is_some_and(|id| !std::mem::replace(&mut seen[id.index()], true)));
        (function, bound, ids)
    }
}

/// The parameter's own name where the value is the parameter, else the name with what became of it: `stem.weight:trit`. `taken` has
/// the names given so far, each with the number that tells the next of the same name.
fn bound_name(
    module: &Module,
    taken: &mut FxHashMap<String, u32>,
    root: Option<usize>,
    plain: bool,
    ty: &TensorType,
) -> String {
    let root = root.map_or("bound", |root| &module.parameters[root].name);
    let name = if plain { root.to_owned() } else { format!("{root}:{}", ty.dtype.name()) };
    let mut free = name.clone();
    while taken.contains_key(&free) {
        let number = taken.entry(name.clone()).or_insert(2);
        free = format!("{name}.{number}");
        *number += 1;
    }
    taken.insert(free.clone(), 2);
    free
}

/// A function cut in two.
#[derive(Clone)]
struct Split {
    /// For each operand, whether it is fixed.
    fixed: Vec<bool>,
    /// Takes the fixed operands, gives the carried values. None if nothing is carried.
    prologue: Option<FunctionId>,
    /// What the body takes after its other operands.
    carried: Vec<Carried>,
    /// Takes the operands that are not fixed, then the carried values.
    body: FunctionId,
}

#[derive(Clone)]
struct Carried {
    ty: TensorType,
    /// Position of the operand that it is made of (the first, if of several).
    root: Option<usize>,
}

impl Split {
    /// Of what belongs to the operands, the part that belongs to those that are fixed, or are not.
    fn select<'a, T>(&'a self, operands: &'a [T], fixed: bool) -> impl Iterator<Item = &'a T> {
        operands
            .iter()
            .zip(&self.fixed)
            .filter(move |(_, is_fixed)| **is_fixed == fixed)
            .map(|(operand, _)| operand)
    }
}

/// What a value depends on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// Nothing.
    Free,
    /// Fixed operands only.
    Fixed,
    /// Something that a call gives.
    Given,
}

struct Splitter {
    functions: Vec<Function>,
    done: FxHashMap<(FunctionId, Vec<bool>), Split>,
    /// Prologues by what they compute, without their names.
    prologues: FxHashMap<Function, FunctionId>,
}

impl Splitter {
    /// Cuts the function `id`, called with operands that are fixed or not.
    fn split(&mut self, id: FunctionId, fixed: &[bool]) -> Split {
        let old = &self.functions[id.index()];
        // A fixed operand counts as such only where the callee knows its size as a number.
        let has_fixed_size = |param: &Value| has_fixed_size(old.ty(*param));
        let fixed: Vec<bool> =
            old.params.iter().zip(fixed).map(|(param, fixed)| *fixed && has_fixed_size(param)).collect();
        if !fixed.contains(&true) {
            return Split { fixed, prologue: None, carried: Vec::new(), body: id };
        }
        if let Some(split) = self.done.get(&(id, fixed.clone())) {
            return split.clone();
        }
        let old = old.clone();
        let variant = self.done.keys().filter(|(done, _)| *done == id).count();
        let suffix = if variant == 0 { String::new() } else { format!(".{}", variant + 1) };
        let split = Cut::new(self, &old, fixed.clone()).finish(&suffix);
        self.done.insert((id, fixed), split.clone());
        split
    }

    /// The function `id` with calls of prologues and bodies where it calls functions with its own parameters, or with results
    /// of functions that give parameters their initial values.
    fn split_calls(&mut self, id: FunctionId, initial: &FxHashSet<FunctionId>) -> FunctionId {
        let old = self.functions[id.index()].clone();
        let mut rewrite = Rewrite::new(&old);
        let mut weights: FxHashSet<Value> = old.params.iter().copied().collect();
        for inst in &old.insts {
            let Op::Call { function, symbols, states } = &inst.op else {
                rewrite.copy(inst);
                continue;
            };
            if initial.contains(function) {
                weights.extend(&inst.results);
            }
            let fixed: Vec<bool> = inst.args.iter().map(|arg| weights.contains(arg)).collect();
            let split = self.split(*function, &fixed);
            let mut args: Vec<Value> = split.select(&inst.args, false).map(|arg| rewrite.map(*arg)).collect();
            rewrite.builder.set_origin(inst.origin);
            if let Some(prologue) = split.prologue {
                let taken = split.select(&inst.args, true).map(|arg| rewrite.map(*arg)).collect();
                let types = split.carried.iter().map(|carried| carried.ty.clone()).collect();
                let op = Op::Call { function: prologue, symbols: Vec::new(), states: Vec::new() };
                args.extend(rewrite.builder.push(op, taken, types));
            }
            let op = Op::Call { function: split.body, symbols: symbols.clone(), states: states.clone() };
            let types = inst.results.iter().map(|result| old.ty(*result).clone()).collect();
            let results = rewrite.builder.push(op, args, types);
            for (old, new) in inst.results.iter().zip(results) {
                rewrite.replace(*old, new);
            }
        }
        let mut body = rewrite.finish();
        body.name.push_str(".body");
        self.add(body)
    }

    /// Adds a prologue, unless one computes the same: a layer that is called with inputs of different shapes is as many functions, whose
    /// prologues do not see the inputs.
    fn add_prologue(&mut self, function: &Function, suffix: &str) -> FunctionId {
        let mut function = prune_function(function).unwrap_or_else(|| function.clone());
        let name = std::mem::take(&mut function.name);
        if let Some(known) = self.prologues.get(&function) {
            return *known;
        }
        let id = self.add(Function { name: format!("{name}{suffix}"), ..function.clone() });
        self.prologues.insert(function, id);
        id
    }

    fn add(&mut self, function: Function) -> FunctionId {
        self.functions.push(function);
        FunctionId(self.functions.len() as u32 - 1)
    }
}

fn has_fixed_size(ty: &TensorType) -> bool {
    ty.shape.iter().all(|size| size.as_constant().is_some())
}

/// A callee of an instruction that stays in the body.
struct Callee {
    split: Split,
    /// Where its carried values lie among the caller's.
    carried: Vec<usize>,
}

/// One function being cut.
struct Cut<'a> {
    splitter: &'a mut Splitter,
    old: &'a Function,
    fixed: Vec<bool>,
    classes: Vec<Class>,
    roots: Vec<Option<usize>>,
    prologue: Rewrite<'a>,
    /// Values that the prologue gives, with their roots.
    carried: Vec<(Value, Option<usize>)>,
    /// Where each of them is in that list.
    carried_at: FxHashMap<Value, usize>,
    /// For each call and route in the body, by position.
    callees: FxHashMap<usize, Vec<Callee>>,
}

impl<'a> Cut<'a> {
    fn new(splitter: &'a mut Splitter, old: &'a Function, fixed: Vec<bool>) -> Self {
        let mut prologue = Rewrite::empty(old, format!("{}.prologue", old.name));
        prologue.builder.function_mut().symbols.clear();
        prologue.builder.function_mut().states.clear();
        let mut classes = vec![Class::Free; old.values.len()];
        let mut roots = vec![None; old.values.len()];
        for (position, param) in old.params.iter().enumerate() {
            classes[param.index()] = if fixed[position] { Class::Fixed } else { Class::Given };
            if fixed[position] {
                prologue.add_param(*param);
                roots[param.index()] = Some(position);
            }
        }
        let (carried, carried_at, callees) = (Vec::new(), FxHashMap::default(), FxHashMap::default());
        Cut { splitter, old, fixed, classes, roots, prologue, carried, carried_at, callees }
    }

    fn finish(mut self, suffix: &str) -> Split {
        let old = self.old;
        for (at, inst) in old.insts.iter().enumerate() {
            let class = self.class(inst);
            let root = inst.args.iter().find_map(|arg| self.roots[arg.index()]);
            for result in &inst.results {
                self.classes[result.index()] = class;
                self.roots[result.index()] = root.filter(|_| class == Class::Fixed);
            }
            match class {
                Class::Free | Class::Fixed if self.can_copy(inst) => self.prologue.copy(inst),
                Class::Free | Class::Fixed => {}
                Class::Given => self.keep(at, inst),
            }
        }
        for result in &old.results {
            self.carry_value(*result);
        }
        let body = self.body(suffix);
        let body = self.splitter.add(body);
        let ty = |value: Value| self.prologue.builder.ty(value).clone();
        let carried: Vec<Carried> =
            self.carried.iter().map(|(value, root)| Carried { ty: ty(*value), root: *root }).collect();
        let function = self.prologue.builder.finish(self.carried.iter().map(|(value, _)| *value).collect());
        let prologue = (!carried.is_empty()).then(|| self.splitter.add_prologue(&function, suffix));
        Split { fixed: self.fixed, prologue, carried, body }
    }

    fn class(&self, inst: &Inst) -> Class {
        if has_effect(&inst.op) {
            return Class::Given;
        }
        let class = inst.args.iter().map(|arg| self.classes[arg.index()]).max().unwrap_or(Class::Free);
        // The prologue has no symbols: what speaks of one belongs to the body, unless it is free anyway.
        if class == Class::Fixed && !self.can_copy(inst) { Class::Given } else { class }
    }

    /// Whether the prologue, which has no symbols, can do what the instruction does with the operands it has there.
    fn can_copy(&self, inst: &Inst) -> bool {
        inst.results.iter().all(|result| has_fixed_size(self.old.ty(*result)))
            && !names_a_symbol(&inst.op)
            && inst.args.iter().all(|arg| self.prologue.get(*arg).is_some())
    }

    /// An instruction of the body: what it needs of fixed values is carried.
    fn keep(&mut self, at: usize, inst: &Inst) {
        let (own, callees) = operands(inst);
        for arg in own {
            self.carry_value(*arg);
        }
        let callees: Vec<Callee> = callees.into_iter().map(|callee| self.cut_callee(inst, callee)).collect();
        if !callees.is_empty() {
            self.callees.insert(at, callees);
        }
    }

    fn cut_callee(&mut self, inst: &Inst, (function, own, args): (FunctionId, usize, &[Value])) -> Callee {
        let is_fixed = args.iter().map(|arg| self.classes[arg.index()] == Class::Fixed);
        let fixed: Vec<bool> = std::iter::repeat_n(false, own).chain(is_fixed).collect();
        let mut split = self.splitter.split(function, &fixed);
        let roots: Vec<_> = split.carried.iter().map(|carried| carried.root.map(|at| at - own)).collect();
        // From here on, the split speaks of the operands that this instruction passes on.
        split.fixed.drain(..own);
        for arg in split.select(args, false) {
            self.carry_value(*arg);
        }
        let Some(prologue) = split.prologue else { return Callee { split, carried: Vec::new() } };
        let types = split.carried.iter().map(|carried| carried.ty.clone()).collect();
        let op = Op::Call { function: prologue, symbols: Vec::new(), states: Vec::new() };
        let taken = split.select(args, true).map(|arg| self.prologue.map(*arg)).collect();
        self.prologue.builder.set_origin(inst.origin);
        let results = self.prologue.builder.push(op, taken, types);
        let roots = roots.into_iter().map(|root| root.and_then(|at| self.roots[args[at].index()]));
        let carried: Vec<_> = results.into_iter().zip(roots.collect::<Vec<_>>()).collect();
        let carried = carried.into_iter().map(|(value, root)| self.carry(value, root)).collect();
        Callee { split, carried }
    }

    fn carry_value(&mut self, old: Value) {
        if self.classes[old.index()] == Class::Fixed {
            let value = self.prologue.map(old);
            self.carry(value, self.roots[old.index()]);
        }
    }

    fn carry(&mut self, value: Value, root: Option<usize>) -> usize {
        *self.carried_at.entry(value).or_insert_with(|| {
            self.carried.push((value, root));
            self.carried.len() - 1
        })
    }

    fn body(&mut self, suffix: &str) -> Function {
        let mut body = Rewrite::empty(self.old, format!("{}.body{suffix}", self.old.name));
        for (param, _) in self.old.params.iter().zip(&self.fixed).filter(|(_, fixed)| !**fixed) {
            body.add_param(*param);
        }
        let types = self.carried.iter().map(|(value, _)| self.prologue.builder.ty(*value).clone());
        let carried: Vec<Value> = types.map(|ty| body.builder.param(ty)).collect();
        let stands_for: FxHashMap<Value, Value> =
            self.carried.iter().map(|(value, _)| *value).zip(carried.iter().copied()).collect();
        for old in (0..self.old.values.len() as u32).map(Value) {
            if self.classes[old.index()] == Class::Fixed
                && let Some(new) = self.prologue.get(old).and_then(|value| stands_for.get(&value))
            {
                body.replace(old, *new);
            }
        }
        for (at, inst) in self.old.insts.iter().enumerate() {
            let class = inst.results.iter().map(|result| self.classes[result.index()]).max();
            if let Some(callees) = self.callees.get(&at) {
                call_bodies(&mut body, inst, callees, &carried);
            } else if class != Some(Class::Fixed) {
                body.copy(inst);
            }
        }
        body.finish()
    }
}

/// Adds the call or route with the bodies of its callees: carried values take the place of fixed operands.
fn call_bodies(body: &mut Rewrite<'_>, inst: &Inst, callees: &[Callee], carried: &[Value]) {
    let (own, of_callees) = operands(inst);
    let mut args = body.map_all(own);
    let mut counts = Vec::new();
    for (callee, (_, _, operands)) in callees.iter().zip(of_callees) {
        let before = args.len();
        args.extend(callee.split.select(operands, false).map(|arg| body.map(*arg)));
        args.extend(callee.carried.iter().map(|at| carried[*at]));
        counts.push((args.len() - before) as u32);
    }
    let mut op = inst.op.clone();
    match &mut op {
        Op::Call { function, .. } => *function = callees[0].split.body,
        Op::Route { tiles, .. } => {
            for ((tile, callee), count) in tiles.iter_mut().zip(callees).zip(counts) {
                *tile = Tile { function: callee.split.body, captures: count, ..tile.clone() };
            }
        }
        _ => {}
    }
    body.builder.set_origin(inst.origin);
    let types = inst.results.iter().map(|result| body.old.ty(*result).clone()).collect();
    let results = body.builder.push(op, args, types);
    for (old, new) in inst.results.iter().zip(results) {
        body.replace(*old, new);
    }
}

/// Operands that the instruction itself reads; and for each callee, the number of operands it is given by the instruction,
/// and those that are passed on to it.
type Operands<'a> = (&'a [Value], Vec<(FunctionId, usize, &'a [Value])>);

fn operands(inst: &Inst) -> Operands<'_> {
    match &inst.op {
        Op::Call { function, .. } => (&[], vec![(*function, 0, &inst.args)]),
        Op::Route { weighted, tiles, .. } => {
            let (own, mut rest) = inst.args.split_at(2 + usize::from(*weighted));
            let callees = tiles.iter().map(|tile| {
                let (captures, others) = rest.split_at(tile.captures as usize);
                rest = others;
                (tile.function, 1, captures)
            });
            (own, callees.collect())
        }
        _ => (&inst.args, Vec::new()),
    }
}

/// Whether the op itself speaks of a size that is not a number.
fn names_a_symbol(op: &Op) -> bool {
    let any = |dims: &[tri_ir::Dim]| dims.iter().any(|dim| dim.as_constant().is_none());
    match op {
        Op::DimValue(dim) => dim.as_constant().is_none(),
        Op::Slice { starts, .. } | Op::StateWrite { starts, .. } => any(starts),
        Op::Pad { low, .. } => any(low),
        Op::Call { symbols, .. } => any(symbols),
        Op::Route { tiles, .. } => tiles.iter().any(|tile| any(&tile.symbols)),
        Op::BindDim { .. } => true,
        _ => false,
    }
}
