//! The inside of one node: its instructions as nodes, what comes in, what goes out, and the edges between.
//!
//! What only repeats or views a tensor (broadcasts, conversions, axes of length 1) is no node: in the source it is a mark or no word at all.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use tri_ir::{Dim, Function, Inst, Op, Value};
use tri_lower::Callee;

use crate::Held;
use crate::build::{Builder, Pending, Scope};
use crate::cost::{bytes, in_sizes, type_in};
use crate::flow::{Flow, runs};
use crate::formula::dim_text;
use crate::graph::{Edge, Inside, Kind, Node, NodeId};

/// Who gives a value, and the value as it was given.
type Producers = HashMap<Value, (NodeId, Value)>;

/// Makes the nodes inside of a pending one.
pub(crate) fn inside(builder: &mut Builder<'_>, pending: &Pending) -> Inside {
    let module = builder.module;
    let function = module.function(pending.scope.function);
    let (inside, producers, drawn) = (Inside::default(), HashMap::new(), HashSet::new());
    let mut region = Region { builder, pending, function, inside, producers, drawn };
    region.inputs();
    let ranges = region.outermost();
    let mut at = pending.insts.start;
    for (range, callee, known) in ranges {
        (at..range.start).for_each(|at| region.instruction(at));
        region.inlined(range.clone(), callee, known);
        at = range.end;
    }
    (at..pending.insts.end).for_each(|at| region.instruction(at));
    region.output();
    region.inside
}

struct Region<'a, 'm> {
    builder: &'a mut Builder<'m>,
    pending: &'a Pending,
    function: &'m Function,
    inside: Inside,
    producers: Producers,
    /// Edges that are there: from, to, and the value.
    drawn: HashSet<(NodeId, NodeId, Value)>,
}

impl<'m> Region<'_, 'm> {
    fn scope(&self) -> &Scope {
        &self.pending.scope
    }

    fn is_data(&self, value: Value) -> bool {
        self.scope().flows[value.index()] == Flow::Data
    }

    /// Whether the region is a whole function, not a call that was inlined into one.
    fn is_whole(&self) -> bool {
        self.pending.insts == (0..self.function.insts.len())
    }

    /// Values from outside, in order.
    fn inputs(&mut self) {
        let outside: Vec<Value> = if self.is_whole() {
            self.function.params.clone()
        } else {
            used_from_outside(&self.function.insts[self.pending.insts.clone()])
        };
        for (at, value) in
            outside.into_iter().enumerate().filter(|(_, value)| self.is_data(*value)).collect::<Vec<_>>()
        {
            let name = if self.is_whole() { self.pending.inputs.get(at).cloned() } else { None };
            let node = self.add(plain(name.unwrap_or_default(), self.type_text(value), Kind::Input));
            self.producers.insert(value, (node, value));
        }
    }

    /// What goes out: results of the function, or values that the rest of it uses.
    fn output(&mut self) {
        let results: Vec<Value> = if self.is_whole() {
            self.function.results.clone()
        } else {
            let range = self.pending.insts.clone();
            let given = self.function.insts[range.clone()].iter().flat_map(|inst| &inst.results).copied();
            given.filter(|value| self.scope().last_uses[value.index()] >= range.end).collect()
        };
        let results: Vec<Value> = results.into_iter().filter(|value| self.is_data(*value)).collect();
        if !results.is_empty() {
            let node = self.add(plain(String::new(), String::new(), Kind::Output));
            results.into_iter().for_each(|value| self.edge(value, node));
        }
    }

    /// The inlined calls of this region that lie in no other: their instructions, what they call, and how many more calls can
    /// be inside.
    fn outermost(&self) -> Vec<(Range<usize>, &'m Callee, usize)> {
        let Some(calls) = self.builder.calls(self.function) else { return Vec::new() };
        let mut found: Vec<(Range<usize>, &Callee, usize)> = Vec::new();
        // Inner ones come first, so from the last on each is in one that was found, or is outermost.
        for (at, (range, callee)) in calls.inlined.iter().enumerate().take(self.pending.inlined).rev() {
            let range = range.start as usize..range.end as usize;
            let is_here = self.pending.insts.start <= range.start && range.end <= self.pending.insts.end;
            if is_here && found.last().is_none_or(|(outer, ..)| range.end <= outer.start) {
                found.push((range, callee, at));
            }
        }
        found.reverse();
        found
    }

    /// A call whose instructions stand here.
    fn inlined(&mut self, range: Range<usize>, callee: &Callee, known: usize) {
        let insts = &self.function.insts[range.clone()];
        let is_shown = |inst: &&Inst| runs(inst, &self.scope().flows) && !self.is_view(inst);
        let mut shown = insts.iter().filter(is_shown);
        let first = shown.next();
        let is_single = first.is_some() && shown.next().is_none();
        let Some(first) = first.filter(|first| !(is_single && matches!(first.op, Op::Route { .. }))) else {
            range.for_each(|at| self.instruction(at));
            return;
        };
        let (name, kind) = names(callee);
        let detail = callee.layer.clone().unwrap_or_default();
        let scope = self.pending.scope.clone();
        let mut node = self.builder.call_node(name, detail, kind, &scope, range.clone());
        node.place = Some(callee.place);
        let is_operation = is_single && callee.layer.is_none() && !matches!(first.op, Op::Call { .. });
        if is_operation {
            node.kind = Kind::Operation;
        }
        let node = self.add(node);
        for value in used_from_outside(insts) {
            self.edge(value, node);
        }
        let flows = &scope.flows;
        let given = insts.iter().flat_map(|inst| &inst.results);
        for result in given.filter(|result| flows[result.index()] == Flow::Data) {
            self.producers.insert(*result, (node, *result));
        }
        if !is_operation {
            let inputs = callee.inputs.clone();
            self.builder.pending.push_back(Pending { node, scope, insts: range, inlined: known, inputs });
        }
    }

    /// A node for an instruction that runs and is more than a view.
    fn instruction(&mut self, at: usize) {
        let inst = &self.function.insts[at];
        if !runs(inst, &self.scope().flows) {
            return;
        }
        if self.is_view(inst) {
            if let ([arg], [result]) = (inst.args.as_slice(), inst.results.as_slice())
                && let Some((node, given)) = self.producers.get(arg).copied()
            {
                // A repeated tensor is shown as it was; a converted one as it is.
                let given = if matches!(inst.op, Op::Broadcast) { given } else { *result };
                self.producers.insert(*result, (node, given));
            }
            return;
        }
        let node = self.node_of(at, inst);
        let node = self.add(node);
        inst.args.iter().for_each(|arg| self.edge(*arg, node));
        for result in &inst.results {
            self.producers.insert(*result, (node, *result));
        }
        self.expand(at, inst, node);
    }

    fn node_of(&mut self, at: usize, inst: &Inst) -> Node {
        let scope = self.pending.scope.clone();
        let (name, detail, kind) = match &inst.op {
            Op::Call { .. } => match self.callee(at, 0) {
                Some(callee) => {
                    let (name, kind) = names(callee);
                    (name, callee.layer.clone().unwrap_or_default(), kind)
                }
                None => ("call".to_owned(), String::new(), Kind::Function),
            },
            Op::Route { top, tiles, .. } => {
                let name = if tiles.len() == 1 {
                    "route".to_owned()
                } else {
                    format!("route to {top} of {}", tiles.len())
                };
                (name, String::new(), Kind::Route)
            }
            Op::StateRead { state } => (self.state_name(*state), "read".to_owned(), Kind::State),
            Op::StateWrite { state, .. } => (self.state_name(*state), "write".to_owned(), Kind::State),
            Op::BindDim { symbol, .. } => {
                let size = scope.sizes.get(symbol.index());
                let name = size.map_or_else(String::new, |size| dim_text(size, &self.builder.costs.symbols));
                (format!("dim {name}"), String::new(), Kind::Operation)
            }
            Op::Contract { .. } => ("matmul".to_owned(), String::new(), Kind::Operation),
            op => (op.name().to_owned(), String::new(), Kind::Operation),
        };
        self.builder.call_node(name, detail, kind, &scope, at..at + 1)
    }

    /// Lets what an instruction calls be drawn inside of its node.
    fn expand(&mut self, at: usize, inst: &Inst, node: NodeId) {
        let scope = self.pending.scope.clone();
        match &inst.op {
            Op::Call { function, symbols, states } => {
                let Some(given) = in_sizes(symbols, &scope.sizes) else { return };
                let params = inst.args.iter().map(|arg| scope.flows[arg.index()].clone()).collect::<Vec<_>>();
                let states =
                    states.iter().filter_map(|state| scope.states.get(state.index()).copied()).collect();
                let inputs = self.callee(at, 0).map_or_else(Vec::new, |callee| callee.inputs.clone());
                self.call(node, *function, given, &params, states, inputs);
            }
            Op::Route { weighted, tiles, .. } => self.tiles(at, inst, *weighted, tiles, node),
            _ => {}
        }
    }

    /// The layers that rows are routed to, side by side.
    fn tiles(&mut self, at: usize, inst: &Inst, weighted: bool, tiles: &[tri_ir::Tile], node: NodeId) {
        let scope = self.pending.scope.clone();
        let rows = inst.args.first().and_then(|rows| self.function.ty(*rows).shape.first());
        let Some(rows) = rows.and_then(|rows| crate::cost::substituted(rows, &scope.sizes)) else { return };
        let mut inside = Inside::default();
        let mut next = 2 + usize::from(weighted);
        for (tile, target) in tiles.iter().enumerate() {
            let captured = inst.args.get(next..next + target.captures as usize).unwrap_or_default();
            next += target.captures as usize;
            let mut params = vec![Flow::Data];
            params.extend(captured.iter().map(|arg| scope.flows[arg.index()].clone()));
            let Some(more) = in_sizes(&target.symbols, &scope.sizes) else { return };
            let given: Vec<Dim> = [rows.clone()].into_iter().chain(more).collect();
            let callee = self.callee(at, tile);
            let (name, _) = callee.map_or((format!("tile {tile}"), Kind::Layer), names);
            let detail = callee.and_then(|callee| callee.layer.clone()).unwrap_or_default();
            let inputs = callee.map_or_else(Vec::new, |callee| callee.inputs.clone());
            let used = crate::flow::weights_among(captured, &scope.flows).map(Rc::unwrap_or_clone);
            let weights = Held::of(used.unwrap_or_default(), self.builder.module, self.builder.weights);
            let mut child = plain(name, detail, Kind::Layer);
            (child.weights, child.place) = (weights, callee.map(|callee| callee.place));
            let child = self.push(child);
            inside.children.push(child);
            self.call(child, target.function, given, &params, Vec::new(), inputs);
        }
        self.builder.nodes[node].inside = Some(inside);
    }

    fn call(
        &mut self,
        node: NodeId,
        function: tri_ir::FunctionId,
        given: Vec<Dim>,
        params: &[Flow],
        states: Vec<tri_ir::StateId>,
        inputs: Vec<String>,
    ) {
        let module = self.builder.module;
        let callee = module.function(function);
        let sizes = self.builder.costs.all_sizes(module, function, given);
        let inlined = self.builder.calls(callee).map_or(0, |calls| calls.inlined.len());
        let insts = 0..callee.insts.len();
        let scope = Rc::new(Scope::new(module, function, sizes, params, states));
        self.builder.pending.push_back(Pending { node, scope, insts, inlined, inputs });
    }

    /// What a call instruction calls; of a route, the tile of this number.
    fn callee(&self, at: usize, tile: usize) -> Option<&'m Callee> {
        let callees = &self.builder.calls(self.function)?.callees;
        let first = callees.partition_point(|(inst, _)| (*inst as usize) < at);
        let (inst, callee) = callees.get(first + tile)?;
        (*inst as usize == at).then_some(callee)
    }

    fn state_name(&self, state: tri_ir::StateId) -> String {
        let id = self.scope().states.get(state.index());
        let state = id.and_then(|id| self.builder.module.states.get(id.index()));
        state.map_or_else(|| "state".to_owned(), |state| state.name.clone())
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.builder.nodes.push(node);
        self.builder.nodes.len() - 1
    }

    fn add(&mut self, node: Node) -> NodeId {
        let id = self.push(node);
        self.inside.children.push(id);
        id
    }

    /// An edge for a value, if a node gives it.
    fn edge(&mut self, value: Value, to: NodeId) {
        let Some((from, given)) = self.producers.get(&value).copied() else { return };
        if self.drawn.insert((from, to, given)) {
            let edge = Edge { from, to, ty: self.type_text(given), bytes: self.bytes(given) };
            self.inside.edges.push(edge);
        }
    }

    fn type_text(&self, value: Value) -> String {
        let Some(ty) = type_in(self.function.ty(value), &self.scope().sizes) else { return "?".to_owned() };
        let dims: Vec<String> =
            ty.shape.iter().map(|dim| dim_text(dim, &self.builder.costs.symbols)).collect();
        let shape = if dims.is_empty() { String::new() } else { format!("[{}]", dims.join(", ")) };
        format!("{}{shape}", ty.dtype.name())
    }

    fn bytes(&self, value: Value) -> Option<Dim> {
        bytes(&type_in(self.function.ty(value), &self.scope().sizes)?)
    }

    /// Whether an instruction gives its operand's elements as they are.
    fn is_view(&self, inst: &Inst) -> bool {
        match inst.op {
            Op::Broadcast | Op::Cast => true,
            Op::Reshape => {
                let sizes = |value: Option<&Value>| {
                    let shape = value.map_or(&[][..], |value| &self.function.ty(*value).shape);
                    shape.iter().filter(|dim| dim.as_constant() != Some(1)).collect::<Vec<_>>()
                };
                sizes(inst.args.first()) == sizes(inst.results.first())
            }
            _ => false,
        }
    }
}

/// What a call is called, and what its node is.
fn names(callee: &Callee) -> (String, Kind) {
    if callee.layer.is_none() {
        return (callee.function.clone(), Kind::Function);
    }
    let name = match (callee.member.as_str(), callee.function.as_str()) {
        ("", function) => function.to_owned(),
        (member, "forward") => member.to_owned(),
        (member, function) => format!("{member}.{function}"),
    };
    (name, Kind::Layer)
}

fn plain(name: String, detail: String, kind: Kind) -> Node {
    let weights = Held::default();
    Node { name, detail, kind, place: None, operations: None, weights, inside: None, is_cut: false }
}

/// Values that some instructions use and do not define, each once.
fn used_from_outside(insts: &[Inst]) -> Vec<Value> {
    let mut known: HashSet<Value> = insts.iter().flat_map(|inst| &inst.results).copied().collect();
    insts.iter().flat_map(|inst| &inst.args).copied().filter(|value| known.insert(*value)).collect()
}
