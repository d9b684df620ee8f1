//! The nodes around an offset, and which body they are in.

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::TextRange;
use tri_hir::hir::{BodyOwner, Def, Owner};
use tri_syntax::ast::{Ast, ItemId, ItemKind, Member, MemberKind, Node, NodeId};
use tri_syntax::{Token, TokenKind};

/// The nodes around a place, the item first.
#[derive(Clone, Debug)]
pub(crate) struct NodePath<'db> {
    pub(crate) ast: &'db Ast,
    pub(crate) def: Def,
    pub(crate) nodes: Vec<Node<'db>>,
}

/// The word at an offset: the one that it is in, or else the one that ends there.
pub(crate) fn word_at(db: &dyn Db, file: SourceFile, offset: u32) -> Option<&Token> {
    let tokens = &parse(db, file).tokens;
    let at = tokens.partition_point(|token| token.range.end < offset);
    let near = tokens.iter().skip(at).take(2).filter(|token| token.range.touches(offset));
    let mut words = near.filter(|token| token.kind == TokenKind::Ident);
    words.next()
}

/// The nodes that touch `range`; none between items.
pub(crate) fn path_to<'db>(db: &'db dyn Db, file: SourceFile, range: TextRange) -> Option<NodePath<'db>> {
    let ast = &parse(db, file).ast;
    let holds = |outer: TextRange| outer.start <= range.start && range.end <= outer.end;
    let (id, item) = ast.items().find(|(id, item)| holds(ast.range(*id, item.id)))?;
    let mut nodes = vec![Node::Item(item)];
    descend(ast, id, range, &mut nodes);
    Some(NodePath { ast, def: Def { file: file.id(db), item: id }, nodes })
}

fn descend<'db>(ast: &'db Ast, item: ItemId, range: TextRange, nodes: &mut Vec<Node<'db>>) {
    let Some(last) = nodes.last().copied() else { return };
    let holds = |node: &Node<'_>| {
        let outer = range_of(ast, item, *node);
        outer.is_some_and(|outer| outer.start <= range.start && range.end <= outer.end)
    };
    // Of two neighbours that meet at an offset, the later one begins there; a word before it is what a cursor means.
    let children = last.children();
    let mut found = children.iter().filter(|child| holds(child));
    let first = found.next();
    let best = found
        .find(|child| matches!(child, Node::Name(_) | Node::Expr(_)))
        .filter(|_| !first.is_some_and(|first| matches!(first, Node::Name(_) | Node::Expr(_))));
    if let Some(child) = best.or(first) {
        nodes.push(*child);
        descend(ast, item, range, nodes);
    }
}

/// The bytes of a node; of one without a range, those of what is below it.
pub(crate) fn range_of(ast: &Ast, item: ItemId, node: Node<'_>) -> Option<TextRange> {
    match node.id() {
        Some(id) => Some(ast.range(item, id)),
        None => {
            let ranges = node.children().into_iter().filter_map(|child| range_of(ast, item, child));
            ranges.reduce(TextRange::cover)
        }
    }
}

impl<'db> NodePath<'db> {
    pub(crate) fn range(&self, node: NodeId) -> TextRange {
        self.ast.range(self.def.item, node)
    }

    /// The last node, and the one around it.
    pub(crate) fn leaf(&self) -> Option<Node<'db>> {
        self.nodes.last().copied()
    }

    /// The member that this is in, with its number.
    pub(crate) fn member(&self) -> Option<(u32, &'db Member)> {
        let layer = self.nodes.iter().find_map(|node| match node {
            Node::Layer(layer) => Some(*layer),
            _ => None,
        })?;
        let member = self.nodes.iter().find_map(|node| match node {
            Node::Member(member) => Some(*member),
            _ => None,
        })?;
        let at = layer.members.iter().position(|known| std::ptr::eq(known, member))?;
        Some((at as u32, member))
    }

    /// The body that the last node is an expression of.
    pub(crate) fn body_owner(&self) -> Option<BodyOwner> {
        let def = self.def;
        let Some(Node::Item(item)) = self.nodes.first() else { return None };
        let member = self.member();
        let function = match (&item.kind, member) {
            (ItemKind::Const(_), _) => return Some(BodyOwner::Const(def)),
            (ItemKind::Dim(_), _) => return Some(BodyOwner::Dim(def)),
            (ItemKind::Test(_), _) => return Some(BodyOwner::Function(Owner::Test(def))),
            (ItemKind::Function(_), _) => Owner::Function(def),
            (ItemKind::Layer(_), None) => Owner::Layer(def),
            (ItemKind::Layer(_), Some((at, member))) => match &member.kind {
                MemberKind::Function(_) if !self.is_condition(member) => Owner::Method(def, at),
                _ if self.is_condition(member) => return Some(BodyOwner::MemberCondition(def, at)),
                _ => return Some(BodyOwner::MemberValue(def, at)),
            },
            _ => return None,
        };
        let params = self.nodes.iter().enumerate().find_map(|(depth, node)| match node {
            Node::Param(param) => Some((depth, *param)),
            _ => None,
        });
        if let Some((depth, param)) = params {
            let all = match depth.checked_sub(1).and_then(|around| self.nodes.get(around))? {
                Node::Function(function) => &function.params,
                Node::Layer(layer) => &layer.config,
                _ => return None,
            };
            let at = all.iter().position(|known| std::ptr::eq(known, param))?;
            return Some(BodyOwner::Default(function, at as u32));
        }
        let in_block = self.nodes.iter().any(|node| matches!(node, Node::Block(_)));
        in_block.then_some(BodyOwner::Function(function))
    }

    fn is_condition(&self, member: &Member) -> bool {
        let is_it = |node: &Node<'_>| match (node, &member.condition) {
            (Node::Expr(expr), Some(condition)) => std::ptr::eq(*expr, condition),
            _ => false,
        };
        self.nodes.iter().any(is_it)
    }
}
