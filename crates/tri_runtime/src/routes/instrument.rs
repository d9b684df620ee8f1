//! Tensor IR whose entries also give what their routes decide by.
//!
//! Results are handed up from the function of a layer through its callers, for each call apart, so layers that share a function are told
//! apart. A route within a tile is not recorded: it sees some of the rows only, and a tile has one result.

use tri_ir::{
    Capture, Dim, Encoding, EntryOutput, Function, FunctionId, Inst, Module, Op, Symbol, TensorType, Value,
};

use super::layer_name::{name_of, unique};
use super::signatures::signatures_of;

/// What a routed layer decides by, in an entry's further results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    /// Member path of the layer.
    pub(crate) layer: String,
    /// Which results there are.
    pub(crate) kind: Kind,
    /// Tiles a row.
    pub(crate) top: usize,
    /// Number of tiles.
    pub(crate) tiles: usize,
}

/// The results of a probe, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `f32[N, T]` scores.
    Scores,
    /// `f32[N, T]` scores and the signatures they are made with: `trit[T, D]`, or `trit[D, T]`.
    Signatures {
        /// Which of the two.
        by_column: bool,
    },
    /// `i32[N]` tiles, `f32[N, D]` rows, `trit[D, C]` and `trit[C, D, M]` signatures.
    Clusters,
    /// `i32[N]` tiles.
    Given,
}

impl Probe {
    /// Number of results.
    pub(crate) fn results(&self) -> usize {
        match self.kind {
            Kind::Scores | Kind::Given => 1,
            Kind::Signatures { .. } => 2,
            Kind::Clusters => 4,
        }
    }
}

/// A probe within a function.
#[derive(Clone)]
struct Local {
    kind: Kind,
    top: usize,
    tiles: usize,
    values: Vec<Value>,
    /// Weights of the first two tiles, or of the clusters: parameters of the function, by which the layer is named.
    weights: Vec<Vec<Value>>,
    /// Position of the instruction in the function.
    at: usize,
}

/// A module whose entries give more results, and for each entry what they are.
pub(crate) fn instrument(mut module: Module) -> (Module, Vec<Vec<Probe>>) {
    let silent = silent(&module);
    let mut found: Vec<Vec<Local>> = Vec::with_capacity(module.functions.len());
    for (at, is_silent) in silent.into_iter().enumerate() {
        let mut locals = probes_of(&module, FunctionId(at as u32));
        let (before, rest) = module.functions.split_at_mut(at);
        let Some(function) = rest.first_mut() else { break };
        pass_up(function, before, &found, &mut locals);
        locals.sort_by_key(|local| local.at);
        if is_silent {
            locals.clear();
        }
        function.results.extend(locals.iter().flat_map(|local| &local.values));
        found.push(locals);
    }
    let mut probes = Vec::with_capacity(module.entries.len());
    for at in 0..module.entries.len() {
        let entry = &module.entries[at];
        let function = module.function(entry.function);
        let locals = &found[entry.function.index()];
        let weight = |value: Value| {
            let at = function.params.iter().position(|param| *param == value)?;
            let capture = entry.captures.get(at.checked_sub(entry.inputs.len())?)?;
            Some(match capture {
                Capture::Parameter(id) => module.parameters.get(id.index())?.name.as_str(),
                Capture::Bound(id) => module.bound.get(id.index())?.name.as_str(),
            })
        };
        let names = locals.iter().map(|local| {
            let weights = local.weights.iter();
            let weights: Vec<Vec<&str>> =
                weights.map(|tile| tile.iter().filter_map(|value| weight(*value)).collect()).collect();
            name_of(&weights).unwrap_or_else(|| function.name.clone())
        });
        let names = unique(names.collect());
        let of = |(layer, local): (String, &Local)| Probe {
            layer,
            kind: local.kind,
            top: local.top,
            tiles: local.tiles,
        };
        probes.push(names.into_iter().zip(locals).map(of).collect());
        let outputs = locals.iter().flat_map(|local| &local.values).map(|value| {
            let ty = function.ty(*value).clone();
            EntryOutput { axes: vec![String::new(); ty.rank()], ty }
        });
        let outputs: Vec<EntryOutput> = outputs.collect();
        module.entries[at].outputs.extend(outputs);
    }
    // The checks of tests are all that their functions may give.
    module.tests.clear();
    (module, probes)
}

/// Functions whose results are what their users expect and no more.
fn silent(module: &Module) -> Vec<bool> {
    let mut silent = vec![false; module.functions.len()];
    let mut keep = |id: FunctionId| silent[id.index()] = true;
    module.prologue.into_iter().for_each(&mut keep);
    module.parameters.iter().for_each(|parameter| keep(parameter.init.function));
    module.states.iter().for_each(|state| keep(state.init.function));
    for inst in module.functions.iter().flat_map(|function| &function.insts) {
        if let Op::Route { tiles, .. } = &inst.op {
            tiles.iter().for_each(|tile| keep(tile.function));
        }
    }
    silent
}

/// The routes of a function itself.
fn probes_of(module: &Module, id: FunctionId) -> Vec<Local> {
    let function = module.function(id);
    let mut locals = Vec::new();
    // Clusters whose choice a route takes belong to it.
    let mut taken = Vec::new();
    for (at, inst) in function.insts.iter().enumerate() {
        if let Op::Route { top, weighted, tiles } = &inst.op
            && let Some(&by) = inst.args.get(1)
        {
            let clusters = chooser(function, by);
            let (kind, values) = match clusters {
                Some(clusters) => (Kind::Clusters, decided_by(clusters)),
                None if function.ty(by).rank() == 1 => (Kind::Given, vec![by]),
                None => match signatures_of(module, function, by, tiles.len()) {
                    Some((signatures, by_column)) => (Kind::Signatures { by_column }, vec![by, signatures]),
                    None => (Kind::Scores, vec![by]),
                },
            };
            taken.extend(clusters.and_then(|inst| inst.results.first().copied()));
            let mut captures = inst.args.iter().skip(2 + usize::from(*weighted)).copied();
            let weights =
                tiles.iter().take(2).map(|tile| captures.by_ref().take(tile.captures as usize).collect());
            locals.push(Local {
                kind,
                top: *top as usize,
                tiles: tiles.len(),
                values,
                weights: weights.collect(),
                at,
            });
        }
    }
    for (at, inst) in function.insts.iter().enumerate() {
        let is_taken = inst.results.first().is_some_and(|value| taken.contains(value));
        if matches!(inst.op, Op::ArgMaxClusters) && !is_taken {
            let Some(tiles) = inst.args.get(2).and_then(|tiles| tiles_of(function.ty(*tiles))) else {
                continue;
            };
            let weights = vec![inst.args.get(2).copied().into_iter().collect()];
            locals.push(Local { kind: Kind::Clusters, top: 1, tiles, values: decided_by(inst), weights, at });
        }
    }
    locals.retain(|local| local.values.iter().all(|value| is_known_outside(function, function.ty(*value))));
    locals
}

/// Whether callers can say the type of a value: its sizes are not bound inside.
fn is_known_outside(function: &Function, ty: &TensorType) -> bool {
    let mut known = ty.encoding == Encoding::Plain;
    for dim in &ty.shape {
        dim.for_each_var(&mut |symbol| {
            known &= function.symbols.get(symbol.index()).is_some_and(|info| !info.bound_inside);
        });
    }
    known
}

/// The clusters that chose the tiles in `value`.
fn chooser(function: &Function, mut value: Value) -> Option<&Inst> {
    for inst in function.insts.iter().rev() {
        if !inst.results.contains(&value) {
            continue;
        }
        match inst.op {
            Op::ArgMaxClusters => return Some(inst),
            Op::Reshape => value = *inst.args.first()?,
            _ => return None,
        }
    }
    None
}

fn decided_by(clusters: &Inst) -> Vec<Value> {
    clusters.results.iter().chain(&clusters.args).copied().collect()
}

/// `C * M` of `trit[C, M, D]`.
fn tiles_of(ty: &TensorType) -> Option<usize> {
    let [clusters, members, _] = ty.shape.as_slice() else { return None };
    let size = |dim: &Dim| dim.as_constant().and_then(|size| usize::try_from(size).ok());
    size(clusters)?.checked_mul(size(members)?)
}

/// Takes the further results of callees, and adds those that can be named in this function's sizes to its own probes.
fn pass_up(function: &mut Function, callees: &[Function], found: &[Vec<Local>], locals: &mut Vec<Local>) {
    let Function { insts, values, params, .. } = function;
    for (at, inst) in insts.iter_mut().enumerate() {
        let Op::Call { function: callee, symbols, .. } = &inst.op else { continue };
        let (callee, further) = (&callees[callee.index()], &found[callee.index()]);
        for local in further {
            let mut own = Vec::with_capacity(local.values.len());
            for value in &local.values {
                values.push(in_caller(callee.ty(*value), symbols));
                own.push(Value(values.len() as u32 - 1));
            }
            inst.results.extend(&own);
            let argument = |value: &Value| {
                let at = callee.params.iter().position(|param| param == value)?;
                inst.args.get(at).copied().filter(|value| params.contains(value))
            };
            let weights =
                local.weights.iter().map(|tile| tile.iter().filter_map(argument).collect()).collect();
            locals.push(Local { values: own, weights, at, ..local.clone() });
        }
    }
}

/// The type of a callee's value in the sizes that a call gives to its symbols. What cannot be said stays as it is, which the verifier
/// refuses.
fn in_caller(ty: &TensorType, sizes: &[Dim]) -> TensorType {
    let size = |dim: &Dim| {
        let mut of =
            |symbol: &Symbol| Ok(sizes.get(symbol.index()).cloned().unwrap_or_else(|| Dim::var(*symbol)));
        dim.substitute(&mut of).unwrap_or_else(|_| dim.clone())
    };
    TensorType { dtype: ty.dtype, shape: ty.shape.iter().map(size).collect(), encoding: ty.encoding }
}
