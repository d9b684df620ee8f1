//! From tensor IR to a graph: the entry point first, then what is inside, layer by layer, until it is too much to draw.

use std::collections::VecDeque;
use std::rc::Rc;

use tri_ir::{Capture, Dim, Entry, Function, FunctionId, Module, StateId, Symbol};
use tri_lower::{Calls, SourceMap};

use crate::cost::Costs;
use crate::flow::{Flow, of_function};
use crate::graph::{Graph, Kind, Node, NodeId};
use crate::{Held, Weights, region};

/// Most nodes of a graph. What is inside of layers beyond them is left out.
const MAX_NODES: usize = 4_000;

/// Most instructions of the entry point itself.
const MAX_INSTRUCTIONS: usize = 20_000;

/// Why there is no graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// The model has no entry point of this name.
    #[error("the model has no entry point `{name}`: it has {}", known.join(", "))]
    NoEntry {
        /// The name.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// There is no model.
    #[error("there is no model to draw")]
    NoModel,
}

/// What is inside of a node, before it is drawn.
pub(crate) struct Pending {
    pub(crate) node: NodeId,
    pub(crate) scope: Rc<Scope>,
    /// Instructions of the function.
    pub(crate) insts: std::ops::Range<usize>,
    /// How many of the function's inlined calls can be inside: the first ones.
    pub(crate) inlined: usize,
    /// Names of what comes in.
    pub(crate) inputs: Vec<String>,
}

/// A function as one call sees it.
pub(crate) struct Scope {
    pub(crate) function: FunctionId,
    /// In the sizes of the entry point.
    pub(crate) sizes: Vec<Dim>,
    pub(crate) flows: Vec<Flow>,
    /// States of the module, for each state of the function.
    pub(crate) states: Vec<StateId>,
    /// The last instruction that uses each value; past the end for results, 0 for values that nobody uses.
    pub(crate) last_uses: Vec<usize>,
}

impl Scope {
    pub(crate) fn new(
        module: &Module,
        id: FunctionId,
        sizes: Vec<Dim>,
        params: &[Flow],
        states: Vec<StateId>,
    ) -> Scope {
        let function = module.function(id);
        let mut last_uses = vec![0; function.values.len()];
        for (at, inst) in function.insts.iter().enumerate() {
            inst.args.iter().for_each(|arg| last_uses[arg.index()] = at);
        }
        function.results.iter().for_each(|result| last_uses[result.index()] = function.insts.len());
        Scope { function: id, sizes, flows: of_function(function, params), states, last_uses }
    }
}

/// A graph under construction.
pub(crate) struct Builder<'m> {
    pub(crate) module: &'m Module,
    pub(crate) source_map: &'m SourceMap,
    pub(crate) weights: &'m Weights,
    pub(crate) costs: Costs,
    pub(crate) nodes: Vec<Node>,
    pub(crate) pending: VecDeque<Pending>,
}

/// The graph of an entry point ([`entry_of`]) of a module before the passes, with the source map that stands beside it.
///
/// # Errors
/// There is no such entry point.
pub fn build(
    module: &Module,
    source_map: &SourceMap,
    entry: Option<&str>,
    weights: &Weights,
) -> Result<Graph, GraphError> {
    let entry = entry_of(module, entry)?;
    let mut builder = Builder {
        module,
        source_map,
        weights,
        costs: Costs::default(),
        nodes: Vec::new(),
        pending: VecDeque::new(),
    };
    let function = module.function(entry.function);
    builder.costs.symbols = function.symbols.iter().map(|info| info.name.clone()).collect();
    let sizes = (0..function.symbols.len() as u32).map(|at| Dim::var(Symbol(at))).collect();
    let inputs = entry.inputs.iter().map(|_| Flow::Data);
    let captures = entry.captures.iter().map(|capture| match capture {
        Capture::Parameter(id) => Flow::Weights(Rc::new([*id].into())),
        Capture::Bound(_) => Flow::Constant,
    });
    let params: Vec<Flow> = inputs.chain(captures).collect();
    let scope = Scope::new(module, entry.function, sizes, &params, entry.states.clone());
    let name = format!("{}.{}", module.name, entry.name);
    let root = builder.call_node(name, String::new(), Kind::Layer, &scope, 0..function.insts.len());
    builder.nodes.push(root);
    let inlined = builder.calls(function).map_or(0, |calls| calls.inlined.len());
    let inputs = entry.inputs.iter().map(|input| input.name.clone()).collect();
    let insts = 0..function.insts.len();
    builder.pending.push_back(Pending { node: 0, scope: Rc::new(scope), insts, inlined, inputs });
    while let Some(pending) = builder.pending.pop_front() {
        if builder.nodes.len() + pending.insts.len() > MAX_NODES && pending.node > 0
            || pending.insts.len() > MAX_INSTRUCTIONS
        {
            builder.nodes[pending.node].is_cut = true;
            continue;
        }
        let inside = region::inside(&mut builder, &pending);
        builder.nodes[pending.node].inside = Some(inside);
    }
    let symbols = builder.costs.symbols;
    Ok(Graph { model: module.name.clone(), entry: entry.name.clone(), symbols, nodes: builder.nodes })
}

/// The entry point of a name. Without a name it is `forward`, or the first where there is none of that name.
///
/// # Errors
/// There is none.
pub fn entry_of<'m>(module: &'m Module, name: Option<&str>) -> Result<&'m Entry, GraphError> {
    let wanted = module.entry(name.unwrap_or("forward"));
    if let Some(entry) = wanted.or_else(|| module.entries.first().filter(|_| name.is_none())) {
        return Ok(entry);
    }
    let known: Vec<String> = module.entries.iter().map(|entry| entry.name.clone()).collect();
    Err(match name {
        Some(name) if !known.is_empty() => GraphError::NoEntry { name: name.to_owned(), known },
        _ => GraphError::NoModel,
    })
}

impl<'m> Builder<'m> {
    /// What a function of the module calls.
    pub(crate) fn calls(&self, function: &Function) -> Option<&'m Calls> {
        self.source_map.calls(&function.name)
    }

    /// A node for some instructions of a scope.
    pub(crate) fn call_node(
        &mut self,
        name: String,
        detail: String,
        kind: Kind,
        scope: &Scope,
        insts: std::ops::Range<usize>,
    ) -> Node {
        let function = self.module.function(scope.function);
        let insts = function.insts.get(insts).unwrap_or_default();
        let operations = self.costs.instructions(self.module, function, insts, &scope.sizes, &scope.flows);
        let used: Vec<tri_ir::Value> = insts
            .iter()
            .filter(|inst| crate::flow::runs(inst, &scope.flows))
            .flat_map(|inst| inst.args.iter().copied())
            .collect();
        let parameters = crate::flow::weights_among(&used, &scope.flows).map(Rc::unwrap_or_clone);
        let weights = Held::of(parameters.unwrap_or_default(), self.module, self.weights);
        let place = insts.first().and_then(|inst| self.source_map.place(inst.origin?));
        Node { name, detail, kind, place, operations, weights, inside: None, is_cut: false }
    }
}
