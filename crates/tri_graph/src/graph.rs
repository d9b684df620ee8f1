//! The graph as data.

use tri_ir::Dim;
use tri_lower::Place;

use crate::Held;

/// An entry point as a tree of layers.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The model.
    pub model: String,
    /// The entry point.
    pub entry: String,
    /// Names of the sizes known only when the model runs; formulas speak of them by position.
    pub symbols: Vec<String>,
    /// All nodes; the first is the entry point, with all others inside.
    pub nodes: Vec<Node>,
}

/// Position in [`Graph::nodes`].
pub type NodeId = usize;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A tensor that comes into what is around.
    Input,
    /// The tensors that it gives.
    Output,
    /// A value that lives as long as a session.
    State,
    /// A call of a layer.
    Layer,
    /// A call of a function of no layer.
    Function,
    /// Rows go to some of several layers.
    Route,
    /// An operation on tensors.
    Operation,
}

/// A box of the picture.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is called: the member `conv1`, the function `relu`, the input `image`, the operation `add`.
    pub name: String,
    /// What it is: the layer with its sizes, `TernaryConv2d[64, 64, 3]`; may be empty.
    pub detail: String,
    /// What it stands for.
    pub kind: Kind,
    /// Where it is in the source.
    pub place: Option<Place>,
    /// Operations of a call, all inside included; none where they cannot be counted.
    pub operations: Option<Dim>,
    /// The weights that it uses, all inside included.
    pub weights: Held,
    /// What it is made of.
    pub inside: Option<Inside>,
    /// It is made of more, which a picture has no room for.
    pub is_cut: bool,
}

/// What is inside a node.
#[derive(Clone, Debug, Default)]
pub struct Inside {
    /// The nodes.
    pub children: Vec<NodeId>,
    /// What flows between them.
    pub edges: Vec<Edge>,
}

/// A tensor on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who gives it.
    pub from: NodeId,
    /// Who takes it.
    pub to: NodeId,
    /// Its type, `f32[B, 64, 56, 56]`.
    pub ty: String,
    /// Its bytes; none where they cannot be counted.
    pub bytes: Option<Dim>,
}

impl Graph {
    /// The entry point, with everything inside.
    pub fn root(&self) -> &Node {
        &self.nodes[0]
    }
}
