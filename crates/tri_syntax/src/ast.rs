//! The syntax tree of a file: what was written, with nothing resolved.
//!
//! Trees are boxed and own their names. Every node that a diagnostic may point at carries a [`NodeId`], numbered from
//! zero within its item in parse order; the ranges stand beside, in [`Ast::range`]. An item thus equals its former
//! self when only white space or comments changed, and when only other items changed. Tables about nodes (types,
//! resolved names) are keyed by `NodeId` within one item.
//!
//! A place the parser could not read is an `Error` node, and a diagnostic says so; consumers skip such nodes silently.
//! Nesting is at most [`MAX_DEPTH`](crate::MAX_DEPTH), so consumers may recurse.

use std::sync::Arc;

use tri_diagnostics::TextRange;

pub use crate::dump::dump;
pub use body::*;
pub use node::Node;

mod body;
mod node;

/// A node of one item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u32);

/// An item of one file, by its position in the file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ItemId(pub u32);

/// The lines of `///` or `//!`, without the marker and one space, joined by newlines; empty without a comment.
pub type Docs = Arc<str>;

/// An identifier where it is written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Name {
    /// The node.
    pub id: NodeId,
    /// The identifier.
    pub text: Arc<str>,
}

impl Name {
    /// The identifier as a string slice.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// A file.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Ast {
    /// The `//!` comment.
    pub docs: Docs,
    /// The items in order; [`ItemId`] indexes them.
    pub items: Vec<Arc<Item>>,
    /// Ranges of the nodes, item by item.
    pub(crate) spans: Vec<ItemSpans>,
}

/// Ranges of one item's nodes, relative to where the item begins, so that an edit above leaves them alone.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ItemSpans {
    pub(crate) base: u32,
    pub(crate) ranges: Arc<[TextRange]>,
}

impl ItemSpans {
    /// Bytes of the file that `node` covers; empty at the item's start for a node of another item.
    pub fn range(&self, node: NodeId) -> TextRange {
        let relative = self.ranges.get(node.0 as usize).copied().unwrap_or_default();
        TextRange::new(self.base.saturating_add(relative.start), self.base.saturating_add(relative.end))
    }
}

impl Ast {
    /// The items with their ids.
    pub fn items(&self) -> impl Iterator<Item = (ItemId, &Arc<Item>)> {
        self.items.iter().enumerate().map(|(index, item)| (ItemId(index as u32), item))
    }

    /// The item `id`, if the file has that many.
    pub fn item(&self, id: ItemId) -> Option<&Arc<Item>> {
        self.items.get(id.0 as usize)
    }

    /// The ranges of the nodes of `item`, if the file has that many.
    pub fn spans(&self, item: ItemId) -> Option<&ItemSpans> {
        self.spans.get(item.0 as usize)
    }

    /// Bytes of the file that `node` of `item` covers; the start of the file if there is no such item.
    pub fn range(&self, item: ItemId, node: NodeId) -> TextRange {
        self.spans(item).map_or(TextRange::default(), |spans| spans.range(node))
    }
}

/// `@name("h.{i}.mlp.w")` before an item or member.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Attribute {
    /// The attribute with its arguments.
    pub id: NodeId,
    /// `name`.
    pub name: Name,
    /// The arguments; none without parentheses.
    pub args: Vec<Arg>,
}

/// One item with its documentation and attributes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Item {
    /// The whole item.
    pub id: NodeId,
    /// `///` lines.
    pub docs: Docs,
    /// `@...` before it.
    pub attributes: Vec<Attribute>,
    /// What it is.
    pub kind: ItemKind,
}

impl Item {
    /// The name that the item declares; none for `use` and `test`.
    pub fn name(&self) -> Option<&Name> {
        match &self.kind {
            ItemKind::Dim(item) => Some(&item.name),
            ItemKind::Const(item) => Some(&item.name),
            ItemKind::Function(item) => Some(&item.name),
            ItemKind::Layer(item) => Some(&item.name),
            ItemKind::Error { name } => name.as_ref(),
            ItemKind::Use(_) | ItemKind::Test(_) => None,
        }
    }
}

/// The kinds of item.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ItemKind {
    /// `use std.nn.{Linear, RmsNorm as Norm}`.
    Use(Use),
    /// `dim Ffn = 4 * Model`.
    Dim(DimItem),
    /// `const EPS: float = 1e-5`.
    Const(ConstItem),
    /// `fn ...` and `intrinsic fn ...`.
    Function(Function),
    /// `layer ...` and `model ...`.
    Layer(Layer),
    /// `test "..." { ... }`.
    Test(Test),
    /// An item that could not be read.
    Error {
        /// The name it seems to declare, so that uses of it are not reported as well.
        name: Option<Name>,
    },
}

/// `use a.b.{C, D as E}`; `use a.b.C` is the same with one import.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Use {
    /// `a`, `b`: the module, at least one part.
    pub module: Vec<Name>,
    /// What is imported from it.
    pub imports: Vec<Import>,
}

/// `RmsNorm as Norm` in a `use`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Import {
    /// The name in the module.
    pub name: Name,
    /// The name here, where it differs.
    pub alias: Option<Name>,
}

impl Import {
    /// The name that the import declares in this file.
    pub fn local(&self) -> &Name {
        self.alias.as_ref().unwrap_or(&self.name)
    }
}

/// `dim Name = value`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DimItem {
    /// The dimension.
    pub name: Name,
    /// Its size.
    pub value: Expr,
}

/// `const NAME: type = value`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ConstItem {
    /// The constant.
    pub name: Name,
    /// The declared type.
    pub ty: Option<Type>,
    /// Its value.
    pub value: Expr,
}

/// `fn name[generics](params) -> result where ... { body }`, as an item or a member.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Function {
    /// All of it before the body.
    pub head: NodeId,
    /// The function.
    pub name: Name,
    /// `[E: Float, ..S, B in 1..64]`.
    pub generics: Vec<Generic>,
    /// The parameters.
    pub params: Vec<Param>,
    /// The type after `->`.
    pub result: Option<Type>,
    /// `where` conditions, all of which hold.
    pub conditions: Vec<Expr>,
    /// None for an `intrinsic fn`.
    pub body: Option<Block>,
}

/// A generic parameter.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Generic {
    /// The parameter with its bound.
    pub id: NodeId,
    /// `E`, `S`, `B`.
    pub name: Name,
    /// What it ranges over.
    pub kind: GenericKind,
}

/// What a generic parameter ranges over.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum GenericKind {
    /// `B`, or `B in 1..64`: one dimension, with its bounds.
    Dim {
        /// The bounds as written, low and high.
        bounds: Option<(Expr, Expr)>,
    },
    /// `..S`: any number of axes.
    Pack,
    /// `E: Float`: a dtype of the class.
    Element {
        /// `Float`, `Int` or `Num`.
        class: Name,
    },
}

/// `name: type = default`, of a function or of a layer's configuration.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Param {
    /// The whole parameter.
    pub id: NodeId,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// The value where a call leaves it out.
    pub default: Option<Expr>,
}

/// `layer Name[generics](config) where ... { members }`, or the same with `model`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Layer {
    /// All of it before the `{`.
    pub head: NodeId,
    /// Whether it is a `model`, whose functions are entry points.
    pub is_model: bool,
    /// The template's name.
    pub name: Name,
    /// Dims in brackets.
    pub generics: Vec<Generic>,
    /// Static configuration in parentheses.
    pub config: Vec<Param>,
    /// `where` conditions, all of which hold.
    pub conditions: Vec<Expr>,
    /// The members in order.
    pub members: Vec<Member>,
}

/// `test "name" { body }`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Test {
    /// The string with its quotes.
    pub name_id: NodeId,
    /// The name, escapes resolved.
    pub name: Arc<str>,
    /// What is run.
    pub body: Block,
}

/// One member of a layer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Member {
    /// The whole member.
    pub id: NodeId,
    /// `///` lines.
    pub docs: Docs,
    /// `@...` before it.
    pub attributes: Vec<Attribute>,
    /// What it is.
    pub kind: MemberKind,
    /// `if cond` after it: the member exists only when this static condition holds.
    pub condition: Option<Expr>,
}

impl Member {
    /// The name that the member declares.
    pub fn name(&self) -> Option<&Name> {
        match &self.kind {
            MemberKind::Tensor { name, .. } | MemberKind::Instance { name, .. } => Some(name),
            MemberKind::Function(function) => Some(&function.name),
            MemberKind::Error { name } => name.as_ref(),
        }
    }
}

/// The kinds of member.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum MemberKind {
    /// `param`, `buffer` or `state name: type = init`.
    Tensor {
        /// How long it lives.
        lifetime: Lifetime,
        /// The member's name.
        name: Name,
        /// Its tensor type.
        ty: Type,
        /// Its first value.
        init: Option<Expr>,
    },
    /// `name = value`: a sub-layer, or an array of them.
    Instance {
        /// The member's name.
        name: Name,
        /// An instantiation such as `RmsNorm[D](eps = 1e-6)`, or `[Block(); Layers]`.
        value: Expr,
    },
    /// `fn ...`.
    Function(Function),
    /// A member that could not be read.
    Error {
        /// The name it seems to declare, so that uses of it are not reported as well.
        name: Option<Name>,
    },
}

/// The lifetime of a tensor member.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Lifetime {
    /// Trained and stored.
    Param,
    /// Stored, not trained.
    Buffer,
    /// Per session, survives calls.
    State,
}

/// A type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Type {
    /// The node.
    pub id: NodeId,
    /// What it is.
    pub kind: TypeKind,
}

/// The kinds of type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TypeKind {
    /// `f32[B, T]`, `f32`, `int`, `E[..S]`: a dtype, element variable or static type, with the axes if any.
    Named {
        /// The name before the brackets.
        name: Name,
        /// The axes; empty without brackets, which is rank 0.
        shape: Vec<Axis>,
    },
    /// `(A, B)`.
    Tuple(Vec<Type>),
    /// `fn(A) -> B`.
    Function {
        /// Types of the parameters.
        params: Vec<Type>,
        /// Type of the result.
        result: Box<Type>,
    },
    /// A type that could not be read.
    Error,
}

/// One entry between the brackets of a type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Axis {
    /// A size: an integer, a name, arithmetic of them, `floor(a / b)` or `ceil(a / b)`.
    Dim(Expr),
    /// `..S`.
    Pack(Name),
}
