//! Blocks, statements, patterns and expressions: what stands between braces and after `=`.

use std::sync::Arc;

use super::{Name, NodeId, Type};

/// `{ statements; value }`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Block {
    /// The block with its braces.
    pub id: NodeId,
    /// The statements before the value.
    pub statements: Vec<Stmt>,
    /// The last expression, which is the value of the block.
    pub value: Option<Box<Expr>>,
}

/// A statement.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Stmt {
    /// The node.
    pub id: NodeId,
    /// What it is.
    pub kind: StmtKind,
}

/// The kinds of statement.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum StmtKind {
    /// `let pattern: type = value`, or `var`, whose names may be assigned.
    Let {
        /// Whether it was `var`.
        mutable: bool,
        /// What is bound.
        pattern: Pattern,
        /// The declared type.
        ty: Option<Type>,
        /// What is bound to it.
        value: Expr,
    },
    /// `let dim N = value where ...`: a run-time size.
    LetDim {
        /// The dimension.
        name: Name,
        /// An `i32` scalar and dims.
        value: Expr,
        /// Checked when it is bound.
        conditions: Vec<Expr>,
    },
    /// `target = value`.
    Assign {
        /// A name, or a name with an index: a `var`, a state, or a slice of one.
        target: Expr,
        /// The value.
        value: Expr,
    },
    /// `assert condition`.
    Assert(Expr),
    /// `for pattern in iterable { body }`.
    For {
        /// What is bound in each turn.
        pattern: Pattern,
        /// An array or a range.
        iterable: Expr,
        /// One turn.
        body: Block,
    },
    /// An expression whose value is dropped, or a statement that could not be read, as [`ExprKind::Error`].
    Expr(Expr),
}

/// What `let`, `for` and comprehensions bind.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Pattern {
    /// The node.
    pub id: NodeId,
    /// What it is.
    pub kind: PatternKind,
}

/// The kinds of pattern.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PatternKind {
    /// `x`.
    Name(Name),
    /// `_`.
    Ignore,
    /// `(a, b)`.
    Tuple(Vec<Pattern>),
}

/// An expression.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Expr {
    /// The node.
    pub id: NodeId,
    /// What it is.
    pub kind: ExprKind,
}

/// The kinds of expression. Parentheses leave no node. What few have is boxed: a program has many more expressions than anything else.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ExprKind {
    /// A name, `training` and `inf` among them; its node is the expression's.
    Name(Arc<str>),
    /// `42`, `0xff`.
    Int(u64),
    /// `1.5`.
    Float(FloatLiteral),
    /// `true`, `false`.
    Bool(bool),
    /// `"..."`, escapes resolved.
    Str(Arc<str>),
    /// `(a, b)`, `(a,)`, `()`.
    Tuple(Vec<Expr>),
    /// `[a, ..S]`: expressions and packs, as for `permute` and `stack`.
    List(Vec<ListItem>),
    /// `[value; count]`.
    Repeat {
        /// Instantiated `count` times.
        value: Box<Expr>,
        /// A static size.
        count: Box<Expr>,
    },
    /// `[body for pattern in iterable]`.
    Comprehension {
        /// One element.
        body: Box<Expr>,
        /// What is bound for each.
        pattern: Box<Pattern>,
        /// An array or a static range.
        iterable: Box<Expr>,
    },
    /// `base.name`.
    Field {
        /// Left of the dot.
        base: Box<Expr>,
        /// Right of the dot; empty where it could not be read.
        name: Name,
    },
    /// `base[...]`: indexing of a value, or the dims of a function or layer (`zeros[1, D]`); names decide which.
    Index {
        /// Left of the bracket.
        base: Box<Expr>,
        /// Between the brackets.
        items: Vec<IndexItem>,
    },
    /// `callee(args)`.
    Call {
        /// Left of the parenthesis.
        callee: Box<Expr>,
        /// Positional ones first.
        args: Vec<Arg>,
    },
    /// `-x`, `!x`.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its operand.
        operand: Box<Expr>,
    },
    /// `a + b`.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// The operator where it is written.
        op_id: NodeId,
        /// The left side.
        lhs: Box<Expr>,
        /// The right side.
        rhs: Box<Expr>,
    },
    /// `lo..hi`.
    Range {
        /// First.
        lo: Box<Expr>,
        /// Past the last.
        hi: Box<Expr>,
    },
    /// `operand as f16`.
    Cast {
        /// What is converted.
        operand: Box<Expr>,
        /// The dtype.
        dtype: Name,
    },
    /// `if condition { } else { }`; `else if` is an `else` whose block has only that `if` as its value.
    If {
        /// A static condition.
        condition: Box<Expr>,
        /// Where it holds.
        then: Box<Block>,
        /// Where it does not.
        otherwise: Option<Box<Block>>,
    },
    /// An expression that could not be read.
    Error,
}

/// A float literal, held by its bits so that trees compare and hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FloatLiteral(u64);

impl FloatLiteral {
    /// The literal of this value.
    pub fn new(value: f64) -> Self {
        Self(value.to_bits())
    }

    /// The value.
    pub fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// One element of a list.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ListItem {
    /// An element.
    Expr(Expr),
    /// `..S`.
    Pack(Name),
}

/// One entry between the brackets of an index.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum IndexItem {
    /// An index, or a dim where dims are given.
    Expr(Expr),
    /// `lo:hi`, either side optional.
    Slice {
        /// The whole slice.
        id: NodeId,
        /// First, or 0.
        lo: Option<Box<Expr>>,
        /// Past the last, or the length.
        hi: Option<Box<Expr>>,
    },
    /// `..`: all axes not named.
    Rest(NodeId),
    /// `..S`: a pack, where dims are given.
    Pack(Name),
    /// `_`: a new axis of length 1.
    NewAxis(NodeId),
}

/// An argument of a call.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Arg {
    /// `name =` before it.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// Prefix operators.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `!`
    Not,
}

/// Infix operators.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BinaryOp {
    /// `@`
    MatMul,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `&&`
    And,
    /// `||`
    Or,
}

impl UnaryOp {
    /// The operator as written.
    pub fn as_str(self) -> &'static str {
        match self {
            UnaryOp::Neg => "-",
            UnaryOp::Not => "!",
        }
    }
}

impl BinaryOp {
    /// The operator as written.
    pub fn as_str(self) -> &'static str {
        match self {
            BinaryOp::MatMul => "@",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::And => "&&",
            BinaryOp::Or => "||",
        }
    }

    /// Whether the result is `bool` from two values of one type.
    pub fn is_comparison(self) -> bool {
        use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
        matches!(self, Eq | Ne | Lt | Le | Gt | Ge)
    }
}
