//! What others may know of an item: all of it but the bodies of its functions and its documentation. A query that asks for no more than
//! an outline is left alone by an edit of a body.

use tri_syntax::ast::{Block, Function, Item, ItemKind, Layer, Member, MemberKind};

/// The outline of an item. In the place of nodes that are numbered after a body stand names: of the item for the whole of it and for a
/// layer's head, of a member for the whole of it.
pub(crate) fn outline(item: &Item) -> Item {
    let kind = match &item.kind {
        ItemKind::Function(function) => ItemKind::Function(head(function)),
        ItemKind::Layer(layer) => ItemKind::Layer(Layer {
            head: layer.name.id,
            is_model: layer.is_model,
            name: layer.name.clone(),
            generics: layer.generics.clone(),
            config: layer.config.clone(),
            conditions: layer.conditions.clone(),
            members: layer.members.iter().map(member).collect(),
        }),
        other => other.clone(),
    };
    let id = item.name().map_or(item.id, |name| name.id);
    Item { id, docs: "".into(), attributes: item.attributes.clone(), kind }
}

fn member(member: &Member) -> Member {
    let kind = match &member.kind {
        MemberKind::Function(function) => MemberKind::Function(head(function)),
        other => other.clone(),
    };
    let id = member.name().map_or(member.id, |name| name.id);
    Member {
        id,
        docs: "".into(),
        attributes: member.attributes.clone(),
        kind,
        condition: member.condition.clone(),
    }
}

fn head(function: &Function) -> Function {
    Function {
        head: function.head,
        name: function.name.clone(),
        generics: function.generics.clone(),
        params: function.params.clone(),
        result: function.result.clone(),
        conditions: function.conditions.clone(),
        // Whether there is one is known to all.
        body: function.body.as_ref().map(|_| Block {
            id: function.head,
            statements: Vec::new(),
            value: None,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn bodies_and_documentation_are_left_out() {
        let outlines = |text: &str| -> Vec<Arc<Item>> {
            let parsed = tri_syntax::parse(tri_diagnostics::FileId(0), text);
            assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
            parsed.ast.items.iter().map(|item| outline(item).into()).collect()
        };
        let text = "/// A.\nlayer A(n: i32 = 2) {\n    param w: f32[3] = init.ones\n\n    /// Forward.\n    \
                    fn forward(x: f32[3]) -> f32[3] {\n        x * w\n    }\n}\n\nfn f(x: f32) -> f32 {\n    x\n}\n";
        let before = outlines(text);
        let body = text
            .replace("x * w", "x * w + 2.0 * (x - w)")
            .replace("A.", "B.")
            .replace("    x\n", "    x + x\n");
        assert_eq!(outlines(&body), before);
        assert_ne!(outlines(&text.replace("n: i32", "m: i32")), before);
        assert_ne!(outlines(&text.replace("f32[3] = init", "f32[4] = init")), before);
    }
}
