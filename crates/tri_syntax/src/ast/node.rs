//! Any node of a tree, and what stands below it, for tools that go by places rather than by meaning.

use super::{
    Arg, Attribute, Axis, Block, Expr, ExprKind, Function, Generic, GenericKind, Import, IndexItem, Item,
    ItemKind, Layer, ListItem, Member, MemberKind, Name, NodeId, Param, Pattern, PatternKind, Stmt, StmtKind,
    Type, TypeKind, Use,
};

/// A node. Names of expressions are the expressions themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the node it is called after")]
pub enum Node<'a> {
    Item(&'a Item),
    Attribute(&'a Attribute),
    Use(&'a Use),
    Import(&'a Import),
    Function(&'a Function),
    Layer(&'a Layer),
    Member(&'a Member),
    Generic(&'a Generic),
    Param(&'a Param),
    Type(&'a Type),
    Block(&'a Block),
    Stmt(&'a Stmt),
    Pattern(&'a Pattern),
    Expr(&'a Expr),
    Arg(&'a Arg),
    Name(&'a Name),
    /// A slice, `..` or `_` of an index.
    IndexPart(NodeId),
}

impl<'a> Node<'a> {
    /// Its number; none of what has no range of its own, which is that of what stands below it.
    pub fn id(self) -> Option<NodeId> {
        Some(match self {
            Node::Item(node) => node.id,
            Node::Attribute(node) => node.id,
            Node::Member(node) => node.id,
            Node::Generic(node) => node.id,
            Node::Param(node) => node.id,
            Node::Type(node) => node.id,
            Node::Block(node) => node.id,
            Node::Stmt(node) => node.id,
            Node::Pattern(node) => node.id,
            Node::Expr(node) => node.id,
            Node::Name(node) => node.id,
            Node::IndexPart(id) => id,
            Node::Use(_) | Node::Import(_) | Node::Function(_) | Node::Layer(_) | Node::Arg(_) => {
                return None;
            }
        })
    }

    /// What stands right below it, in the order of the text.
    pub fn children(self) -> Vec<Node<'a>> {
        let mut nodes = Vec::new();
        match self {
            Node::Item(item) => item_children(item, &mut nodes),
            Node::Attribute(attribute) => {
                nodes.push(Node::Name(&attribute.name));
                nodes.extend(attribute.args.iter().map(Node::Arg));
            }
            Node::Use(import) => {
                nodes.extend(import.module.iter().map(Node::Name));
                nodes.extend(import.imports.iter().map(Node::Import));
            }
            Node::Import(import) => {
                nodes.push(Node::Name(&import.name));
                nodes.extend(import.alias.iter().map(Node::Name));
            }
            Node::Function(function) => {
                nodes.push(Node::Name(&function.name));
                nodes.extend(function.generics.iter().map(Node::Generic));
                nodes.extend(function.params.iter().map(Node::Param));
                nodes.extend(function.result.iter().map(Node::Type));
                nodes.extend(function.conditions.iter().map(Node::Expr));
                nodes.extend(function.body.iter().map(Node::Block));
            }
            Node::Layer(layer) => {
                nodes.push(Node::Name(&layer.name));
                nodes.extend(layer.generics.iter().map(Node::Generic));
                nodes.extend(layer.config.iter().map(Node::Param));
                nodes.extend(layer.conditions.iter().map(Node::Expr));
                nodes.extend(layer.members.iter().map(Node::Member));
            }
            Node::Member(member) => member_children(member, &mut nodes),
            Node::Generic(generic) => {
                nodes.push(Node::Name(&generic.name));
                match &generic.kind {
                    GenericKind::Dim { bounds: Some((low, high)) } => {
                        nodes.extend([Node::Expr(low), Node::Expr(high)]);
                    }
                    GenericKind::Element { class } => nodes.push(Node::Name(class)),
                    GenericKind::Dim { bounds: None } | GenericKind::Pack => {}
                }
            }
            Node::Param(param) => {
                nodes.extend([Node::Name(&param.name), Node::Type(&param.ty)]);
                nodes.extend(param.default.iter().map(Node::Expr));
            }
            Node::Type(ty) => type_children(ty, &mut nodes),
            Node::Block(block) => {
                nodes.extend(block.statements.iter().map(Node::Stmt));
                nodes.extend(block.value.iter().map(|value| Node::Expr(value)));
            }
            Node::Stmt(stmt) => stmt_children(stmt, &mut nodes),
            Node::Pattern(pattern) => match &pattern.kind {
                PatternKind::Name(name) => nodes.push(Node::Name(name)),
                PatternKind::Ignore => {}
                PatternKind::Tuple(parts) => nodes.extend(parts.iter().map(Node::Pattern)),
            },
            Node::Expr(expr) => expr_children(expr, &mut nodes),
            Node::Arg(arg) => {
                nodes.extend(arg.name.iter().map(Node::Name));
                nodes.push(Node::Expr(&arg.value));
            }
            Node::Name(_) | Node::IndexPart(_) => {}
        }
        nodes
    }

    /// Calls `visit` with this node and all below it, in the order of the text.
    pub fn each(self, visit: &mut impl FnMut(Node<'a>)) {
        visit(self);
        self.children().into_iter().for_each(|child| child.each(visit));
    }
}

fn item_children<'a>(item: &'a Item, nodes: &mut Vec<Node<'a>>) {
    nodes.extend(item.attributes.iter().map(Node::Attribute));
    match &item.kind {
        ItemKind::Use(import) => nodes.push(Node::Use(import)),
        ItemKind::Dim(dim) => nodes.extend([Node::Name(&dim.name), Node::Expr(&dim.value)]),
        ItemKind::Const(constant) => {
            nodes.push(Node::Name(&constant.name));
            nodes.extend(constant.ty.iter().map(Node::Type));
            nodes.push(Node::Expr(&constant.value));
        }
        ItemKind::Function(function) => nodes.push(Node::Function(function)),
        ItemKind::Layer(layer) => nodes.push(Node::Layer(layer)),
        ItemKind::Test(test) => nodes.push(Node::Block(&test.body)),
        ItemKind::Error { name } => nodes.extend(name.iter().map(Node::Name)),
    }
}

fn member_children<'a>(member: &'a Member, nodes: &mut Vec<Node<'a>>) {
    nodes.extend(member.attributes.iter().map(Node::Attribute));
    match &member.kind {
        MemberKind::Tensor { name, ty, init, .. } => {
            nodes.extend([Node::Name(name), Node::Type(ty)]);
            nodes.extend(init.iter().map(Node::Expr));
        }
        MemberKind::Instance { name, value } => nodes.extend([Node::Name(name), Node::Expr(value)]),
        MemberKind::Function(function) => nodes.push(Node::Function(function)),
        MemberKind::Error { name } => nodes.extend(name.iter().map(Node::Name)),
    }
    nodes.extend(member.condition.iter().map(Node::Expr));
}

fn type_children<'a>(ty: &'a Type, nodes: &mut Vec<Node<'a>>) {
    match &ty.kind {
        TypeKind::Named { name, shape } => {
            nodes.push(Node::Name(name));
            nodes.extend(shape.iter().map(|axis| match axis {
                Axis::Dim(dim) => Node::Expr(dim),
                Axis::Pack(name) => Node::Name(name),
            }));
        }
        TypeKind::Tuple(parts) => nodes.extend(parts.iter().map(Node::Type)),
        TypeKind::Function { params, result } => {
            nodes.extend(params.iter().map(Node::Type));
            nodes.push(Node::Type(result));
        }
        TypeKind::Error => {}
    }
}

fn stmt_children<'a>(stmt: &'a Stmt, nodes: &mut Vec<Node<'a>>) {
    match &stmt.kind {
        StmtKind::Let { pattern, ty, value, .. } => {
            nodes.push(Node::Pattern(pattern));
            nodes.extend(ty.iter().map(Node::Type));
            nodes.push(Node::Expr(value));
        }
        StmtKind::LetDim { name, value, conditions } => {
            nodes.extend([Node::Name(name), Node::Expr(value)]);
            nodes.extend(conditions.iter().map(Node::Expr));
        }
        StmtKind::Assign { target, value } => nodes.extend([Node::Expr(target), Node::Expr(value)]),
        StmtKind::Assert(expr) | StmtKind::Expr(expr) => nodes.push(Node::Expr(expr)),
        StmtKind::For { pattern, iterable, body } => {
            nodes.extend([Node::Pattern(pattern), Node::Expr(iterable), Node::Block(body)]);
        }
    }
}

fn expr_children<'a>(expr: &'a Expr, nodes: &mut Vec<Node<'a>>) {
    match &expr.kind {
        ExprKind::Name(_)
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Bool(_)
        | ExprKind::Str(_)
        | ExprKind::Error => {}
        ExprKind::Tuple(parts) => nodes.extend(parts.iter().map(Node::Expr)),
        ExprKind::List(items) => nodes.extend(items.iter().map(|item| match item {
            ListItem::Expr(expr) => Node::Expr(expr),
            ListItem::Pack(name) => Node::Name(name),
        })),
        ExprKind::Repeat { value, count } => nodes.extend([Node::Expr(value), Node::Expr(count)]),
        ExprKind::Comprehension { body, pattern, iterable } => {
            nodes.extend([Node::Expr(body), Node::Pattern(pattern), Node::Expr(iterable)]);
        }
        ExprKind::Field { base, name } => nodes.extend([Node::Expr(base), Node::Name(name)]),
        ExprKind::Index { base, items } => {
            nodes.push(Node::Expr(base));
            for item in items {
                index_children(item, nodes);
            }
        }
        ExprKind::Call { callee, args } => {
            nodes.push(Node::Expr(callee));
            nodes.extend(args.iter().map(Node::Arg));
        }
        ExprKind::Unary { operand, .. } => nodes.push(Node::Expr(operand)),
        ExprKind::Binary { lhs, rhs, .. } => nodes.extend([Node::Expr(lhs), Node::Expr(rhs)]),
        ExprKind::Range { lo, hi } => nodes.extend([Node::Expr(lo), Node::Expr(hi)]),
        ExprKind::Cast { operand, dtype } => nodes.extend([Node::Expr(operand), Node::Name(dtype)]),
        ExprKind::If { condition, then, otherwise } => {
            nodes.extend([Node::Expr(condition), Node::Block(then)]);
            nodes.extend(otherwise.as_deref().map(Node::Block));
        }
    }
}

fn index_children<'a>(item: &'a IndexItem, nodes: &mut Vec<Node<'a>>) {
    match item {
        IndexItem::Expr(expr) => nodes.push(Node::Expr(expr)),
        IndexItem::Slice { lo, hi, .. } => nodes.extend(lo.iter().chain(hi).map(|side| Node::Expr(side))),
        IndexItem::Rest(id) | IndexItem::NewAxis(id) => nodes.push(Node::IndexPart(*id)),
        IndexItem::Pack(name) => nodes.push(Node::Name(name)),
    }
}
