//! Typed HIR: bodies with every name resolved, every call's arguments in parameter order, every expression typed.
//!
//! It is still generic: types speak of the dims, packs and configuration of the layer and function they stand in.
//! Elaboration (`tri_lower`) evaluates bodies with those given. A body that has `Error` nodes has been reported.

use std::sync::Arc;

use tri_diagnostics::FileId;
use tri_syntax::ast::{BinaryOp, ItemId, NodeId, UnaryOp};

/// A size: a polynomial over what can name one.
pub type Dim = tri_dims::Dim<DimVar>;

/// An item of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Def {
    /// The file.
    pub file: FileId,
    /// The item in it.
    pub item: ItemId,
}

/// Something with a parameter list: what generics and configuration belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A layer or model.
    Layer(Def),
    /// A function item, intrinsic or not.
    Function(Def),
    /// A function member of a layer, by member index.
    Method(Def, u32),
    /// A test block.
    Test(Def),
}

/// What a polynomial may speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DimVar {
    /// `dim Model = 512`: equal to nothing but itself and a plain number of its value.
    Nominal(Def),
    /// A generic dim.
    Generic(Owner, u32),
    /// A static `int` parameter (configuration of a layer, or of a function).
    Param(Owner, u32),
    /// A static `int` local, such as a loop variable.
    Local(Owner, LocalId),
    /// `let dim N = ...`.
    Runtime(Owner, LocalId),
    /// The number of elements of a value that only elaboration knows, such as a comprehension's.
    Length(Owner, NodeId),
}

/// Element type of a tensor type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Element {
    /// A dtype.
    Known(DType),
    /// An element variable.
    Generic(Owner, u32),
}

/// The dtypes of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the dtype it is called after")]
pub enum DType {
    Bool,
    Trit,
    I8,
    U8,
    I32,
    I64,
    F16,
    Bf16,
    F32,
}

/// An entry of a shape.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Axis {
    /// One axis.
    Dim(Dim),
    /// Any number of axes: a generic pack.
    Pack(Owner, u32),
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `f32[B, T, D]`; no axes for a scalar.
    Tensor(Element, Vec<Axis>),
    /// `(A, B)`.
    Tuple(Vec<Type>),
    /// A list or array: element type and length.
    Array(Box<Type>, Dim),
    /// `lo..hi` of static ints.
    Range,
    /// A static integer; its value as a size where it has one.
    Int(Option<Dim>),
    /// A static float.
    Float,
    /// A static truth value.
    Bool,
    /// A static string.
    Str,
    /// An axis, by position; negative from the end.
    Axis,
    /// A static function.
    Function(Arc<FunctionType>),
    /// An instance of a layer.
    Layer(Def, Vec<GenericArg>),
    /// No value: a block that ends in a statement.
    Unit,
    /// Reported before; agrees with everything.
    Error,
}

/// `fn(A) -> B`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionType {
    /// Parameter types.
    pub params: Vec<Type>,
    /// Result type.
    pub result: Type,
}

/// What a generic parameter stands for at a use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GenericArg {
    /// For a dim.
    Dim(Dim),
    /// For a pack.
    Pack(Vec<Axis>),
    /// For an element variable.
    Element(Element),
}

/// A generic parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Generic {
    /// Its name.
    pub name: Arc<str>,
    /// What it ranges over.
    pub kind: GenericKind,
}

/// What a generic parameter ranges over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GenericKind {
    /// One size; of an entry, with bounds: at least the first, below the second.
    Dim(Option<(Dim, Dim)>),
    /// Any number of axes.
    Pack,
    /// A dtype of the class.
    Element(ElementClass),
}

/// A class of dtypes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementClass {
    /// f16, bf16, f32.
    Float,
    /// i8, u8, i32, i64.
    Int,
    /// Both.
    Num,
    /// Every dtype.
    Any,
}

/// A parameter of a function, or of a layer's configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Param {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
    /// Whether a call may leave it out; the value is the body [`BodyOwner::Default`].
    pub has_default: bool,
}

/// The head of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Its name.
    pub name: Arc<str>,
    /// Generic parameters.
    pub generics: Vec<Generic>,
    /// Parameters, in order.
    pub params: Vec<Param>,
    /// Result; [`Type::Unit`] without `->`. For an intrinsic whose rule is in Rust, a call's own type says more.
    pub result: Type,
    /// `where` conditions.
    pub facts: Vec<Fact>,
    /// Whether it is `intrinsic`.
    pub intrinsic: bool,
}

/// A `where` condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// `a % b == 0`.
    Divides(Dim, Dim),
    /// `a == b`.
    Equal(Dim, Dim),
    /// `a <= b`; `a < b` is `a + 1 <= b`.
    AtMost(Dim, Dim),
}

impl Fact {
    /// What it compares.
    pub fn sides(&self) -> (&Dim, &Dim) {
        match self {
            Fact::Divides(a, b) | Fact::Equal(a, b) | Fact::AtMost(a, b) => (a, b),
        }
    }
}

/// The head of a layer or model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Layer {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is a `model`.
    pub is_model: bool,
    /// Dims in brackets.
    pub generics: Vec<Generic>,
    /// Configuration in parentheses.
    pub config: Vec<Param>,
    /// `where` conditions.
    pub facts: Vec<Fact>,
    /// Members; the index is that of the syntax tree.
    pub members: Vec<Member>,
}

/// A member of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// Its name.
    pub name: Arc<str>,
    /// Its name in a checkpoint, where `@name` gives one; `{i}` is the index in an array, `{i + 1}` one more.
    pub checkpoint_name: Option<Arc<str>>,
    /// What it is.
    pub kind: MemberKind,
    /// Whether `if` follows; the condition is the body [`BodyOwner::MemberCondition`].
    pub conditional: bool,
}

/// The kinds of member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MemberKind {
    /// A parameter, with the body [`BodyOwner::MemberValue`] as its initial value.
    Param(Type),
    /// A buffer, likewise.
    Buffer(Type),
    /// A state, likewise.
    State(Type),
    /// A sub-layer or array, made by the body [`BodyOwner::MemberValue`].
    Instance(Type),
    /// A function with the body [`BodyOwner::Function`].
    Function(Arc<Signature>),
    /// Reported before.
    Error,
}

/// What a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BodyOwner {
    /// The body of a function, method or test.
    Function(Owner),
    /// Initial value of a tensor member, or the instance of an instance member.
    MemberValue(Def, u32),
    /// The condition of a member.
    MemberCondition(Def, u32),
    /// Default of a parameter of a function or of a layer's configuration.
    Default(Owner, u32),
    /// Value of a `const`.
    Const(Def),
    /// Value of a `dim`.
    Dim(Def),
}

/// A local variable of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalId(pub u32);

/// An expression of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExprId(pub u32);

/// A local variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Local {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
    /// Whether it is a `var`.
    pub mutable: bool,
    /// Its name where it is declared.
    pub node: NodeId,
}

/// A resolved, typed body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Body {
    /// Parameters of the function first, in order (static ones too), then what `let`, `for` and comprehensions bind.
    pub locals: Vec<Local>,
    /// Expressions.
    pub exprs: Vec<Expr>,
    /// What the body does; for an expression body, only its value.
    pub root: Block,
}

/// A sequence of statements with a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Block {
    /// In order.
    pub statements: Vec<Stmt>,
    /// The value.
    pub value: Option<ExprId>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stmt {
    /// `let` and `var`.
    Let(Pattern, ExprId),
    /// `let dim N = value where ...`.
    LetDim {
        /// The dim, as [`DimVar::Runtime`].
        local: LocalId,
        /// An `i32` scalar.
        value: ExprId,
        /// Checked when bound.
        facts: Vec<Fact>,
    },
    /// Assignment to a `var`.
    Assign(LocalId, ExprId),
    /// Assignment to a state or a slice of one.
    StateWrite {
        /// The state: a [`ExprKind::Member`].
        state: ExprId,
        /// The slice; all of it if empty.
        items: Vec<ViewItem>,
        /// What is written.
        value: ExprId,
    },
    /// `assert`; the condition is static or a `bool` scalar.
    Assert(ExprId, Arc<str>),
    /// `for`.
    For(Pattern, ExprId, Block),
    /// An expression whose value is dropped.
    Expr(ExprId),
}

/// What a value is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// A local.
    Local(LocalId),
    /// Nothing.
    Ignore,
    /// The parts of a tuple.
    Tuple(Vec<Pattern>),
}

/// An expression with its type and its node in the syntax tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Type,
    /// Where it is written.
    pub node: NodeId,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExprKind {
    /// A static integer.
    Int(i64),
    /// A static float, by its bits (f64).
    Float(u64),
    /// A static truth value.
    Bool(bool),
    /// A static string.
    Str(Arc<str>),
    /// An axis by position; negative from the end.
    Axis(i32),
    /// A local or a parameter of the function.
    Local(LocalId),
    /// A configuration parameter of the layer whose body this is.
    Config(u32),
    /// A `const`.
    Const(Def),
    /// The value of a size: a static int, or (with a run-time part) an `i32` scalar, as the type says.
    Dim(Dim),
    /// The static bool `training`.
    Training,
    /// A function item as a value.
    Function(Def),
    /// An operator on static values.
    StaticUnary(UnaryOp, ExprId),
    /// An operator on static values; int and float mix to float.
    StaticBinary(BinaryOp, ExprId, ExprId),
    /// A call of a function on static values alone, evaluated at compile time (`sqrt`, `max`, ... of static floats).
    StaticCall(Arc<str>, Vec<ExprId>),
    /// A static number as a tensor scalar of this expression's dtype, `DimValue` if it depends on a run-time size.
    Splat(ExprId),
    /// A parameter, buffer, state (its value), sub-layer or array: of `base`, or of the layer whose body this is.
    Member(Option<ExprId>, u32),
    /// A new instance of a layer; `None` takes the default.
    Instantiate {
        /// Which layer.
        layer: Def,
        /// Its generics.
        generics: Vec<GenericArg>,
        /// Its configuration.
        config: Vec<Option<ExprId>>,
    },
    /// `(a, b)`.
    Tuple(Vec<ExprId>),
    /// All axes that a list of axes does not name: `..B` in `permute(x, [T, ..B])`.
    RestAxes,
    /// `[a, b]`.
    List(Vec<ExprId>),
    /// `[value; count]`: the value is evaluated `count` times.
    Repeat(ExprId, Dim),
    /// `[body for pattern in iterable]`.
    Comprehension(Pattern, ExprId, ExprId),
    /// `lo..hi` of static ints.
    Range(ExprId, ExprId),
    /// An element of an array, list or tuple at a static index.
    Element(ExprId, ExprId),
    /// An elementwise operator; operands have one dtype and are broadcast to this expression's shape.
    Unary(UnaryOp, ExprId),
    /// Likewise.
    Binary(BinaryOp, ExprId, ExprId),
    /// `a @ b`.
    MatMul(ExprId, ExprId),
    /// `x.T`: the last two axes swapped.
    Transpose(ExprId),
    /// `x as dtype`.
    Cast(ExprId, Element),
    /// `x[...]`.
    View(ExprId, Vec<ViewItem>),
    /// A call of a function item. An intrinsic is called with all arguments in place.
    Call {
        /// The function.
        function: Def,
        /// Its generics.
        generics: Vec<GenericArg>,
        /// Arguments in parameter order; `None` takes the default.
        args: Vec<Option<ExprId>>,
    },
    /// A call of a layer's function: of `base`, or of the layer whose body this is.
    Method {
        /// The instance.
        base: Option<ExprId>,
        /// The function member.
        member: u32,
        /// Its generics.
        generics: Vec<GenericArg>,
        /// Arguments in parameter order; `None` takes the default.
        args: Vec<Option<ExprId>>,
    },
    /// A call of a function value, such as a configured activation. Its generics follow from the arguments.
    CallValue(ExprId, Vec<ExprId>),
    /// `route(x, through = tiles, by = scores, top = k, weight = gates)`, or `route_hierarchical`.
    Route {
        /// `E[..B, D]`.
        x: ExprId,
        /// An array of layers.
        through: ExprId,
        /// How tiles are chosen.
        by: RouteBy,
        /// A static int, at least 1.
        top: Option<ExprId>,
        /// `f32[..B, T]`.
        weight: Option<ExprId>,
    },
    /// `einsum("b t h d, b s h d -> b h t s", q, k)`: axes as letters, numbered.
    Einsum {
        /// Letters of each operand.
        operands: Vec<(ExprId, Vec<u32>)>,
        /// Letters of the result.
        result: Vec<u32>,
    },
    /// `if` with a static condition.
    If(ExprId, Block, Option<Block>),
    /// Reported before.
    Error,
}

/// How a route chooses tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteBy {
    /// `f32[..B, T]`.
    Scores(ExprId),
    /// The nearest cluster, then the nearest tile in it, as `argmax_clusters` finds them.
    Clusters {
        /// `f32[..B, K]`.
        on: ExprId,
        /// `trit[T, K]`.
        signatures: ExprId,
        /// `trit[C, K]`.
        clusters: ExprId,
    },
}

impl RouteBy {
    /// What it is computed from.
    pub fn exprs(self) -> Vec<ExprId> {
        match self {
            RouteBy::Scores(scores) => vec![scores],
            RouteBy::Clusters { on, signatures, clusters } => vec![on, signatures, clusters],
        }
    }
}

/// One entry of `x[...]`, one for each axis written, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ViewItem {
    /// `x[i]`: a static or dim-valued index that removes the axis; a negative number counts from the end.
    At(Dim),
    /// `x[lo:hi]`, resolved: `None` is the beginning or the end; a negative number counts from the end.
    Slice(Option<Dim>, Option<Dim>),
    /// `..`: all axes not named.
    Rest,
    /// `_`: a new axis of length 1.
    NewAxis,
}

impl Body {
    /// The expression `id`.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    /// The local `id`.
    pub fn local(&self, id: LocalId) -> &Local {
        &self.locals[id.0 as usize]
    }
}
