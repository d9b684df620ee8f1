//! What is under the cursor, in words.

use tri_db::{Db, SourceFile};
use tri_diagnostics::TextRange;
use tri_hir::hir::{Def, Fact, MemberKind, Owner, Type};
use tri_hir::{show_dim, show_fact, show_type};
use tri_lower::Place;
use tri_syntax::ast::{Expr, ExprKind, ItemKind, MemberKind as AstMember, Node, NodeId};

use crate::costs;
use crate::goto_definition::named;
use crate::kernels;
use crate::occurrences::symbol_at;
use crate::path::{NodePath, path_to, word_at};
use crate::sizes;
use crate::symbol::{Symbol, local_type, span, type_at};

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// What it is about.
    pub range: TextRange,
    /// Markdown.
    pub text: String,
}

/// What to show at an offset.
pub(crate) fn hover(db: &dyn Db, file: SourceFile, offset: u32) -> Option<Hover> {
    match symbol_at(db, file, offset) {
        Some((symbol, range)) => Some(Hover { range, text: of_symbol(db, file, symbol, range)? }),
        None => of_expression(db, file, offset),
    }
}

/// The type of the smallest expression at an offset.
fn of_expression(db: &dyn Db, file: SourceFile, offset: u32) -> Option<Hover> {
    let around = word_at(db, file, offset).map_or(TextRange::empty(offset), |word| word.range);
    let path = path_to(db, file, around)?;
    let body = tri_hir::body(db, path.body_owner()?);
    let mut ids = path.nodes.iter().rev().filter_map(|node| node.id());
    let (node, ty) = ids.find_map(|node| Some((node, type_at(&body, node)?)))?;
    let mut text = format!("```tri\n{}\n```{}", show_type(db, ty), values(db, ty));
    let place = Place { file: file.id(db), item: path.def.item, node };
    text.push_str(&paragraphs(kernels::of_place(db, file, place)));
    Some(Hover { range: path.range(node), text })
}

fn of_symbol(db: &dyn Db, file: SourceFile, symbol: Symbol, range: TextRange) -> Option<String> {
    let mut text = format!("```tri\n{}\n```", head(db, symbol)?);
    let path = path_to(db, file, range);
    let here = path.as_ref().and_then(|path| type_here(db, path));
    if let Some(ty) = here.filter(|_| !matches!(symbol, Symbol::Item(_))) {
        let shown = show_type(db, &ty);
        if !text.contains(&shown) {
            // An instance is shown with quotes of its own.
            let quote = if shown.contains('`') { "" } else { "`" };
            text.push_str(&format!("\n\nhere {quote}{shown}{quote}"));
        }
        text.push_str(&values(db, &ty));
    }
    text.push_str(&facts(db, file, symbol));
    if let Some(place) = path.and_then(|path| called_here(db, file, &path, range)) {
        // Those of a member stand among its facts, for all calls of it.
        if matches!(symbol, Symbol::Local(..)) {
            text.push_str(&paragraphs(costs::of_call(db, file, place)));
        }
        text.push_str(&paragraphs(kernels::of_place(db, file, place)));
    }
    let docs = symbol.docs(db);
    if !docs.is_empty() {
        text.push_str(&format!("\n\n---\n\n{docs}"));
    }
    Some(text)
}

/// The call that the word at `range` says what to call in: `norm` in `norm(x)`, `up` in `mlp.up(x)`.
fn called_here(db: &dyn Db, file: SourceFile, path: &NodePath<'_>, range: TextRange) -> Option<Place> {
    let call = path.nodes.iter().rev().find_map(|node| match node {
        Node::Expr(Expr { kind: ExprKind::Call { callee, .. }, id }) => Some((callee.id, *id)),
        _ => None,
    });
    let (_, node) = call.filter(|(callee, _)| path.range(*callee).end == range.end)?;
    Some(Place { file: file.id(db), item: path.def.item, node })
}

fn paragraphs(lines: Vec<String>) -> String {
    lines.into_iter().map(|line| format!("\n\n{line}")).collect()
}

/// The type of the value at the end of a path.
fn type_here(db: &dyn Db, path: &NodePath<'_>) -> Option<Type> {
    let body = tri_hir::body(db, path.body_owner()?);
    // The name after a dot has no type of its own, but all of `base.name` has.
    let mut ids = path.nodes.iter().rev().take(2).filter_map(|node| node.id());
    ids.find_map(|node| type_at(&body, node).or_else(|| local_type(&body, node))).cloned()
}

/// The sizes of the dims that a type names.
fn values(db: &dyn Db, ty: &Type) -> String {
    let mut defs = Vec::new();
    named(ty, &mut defs);
    let bound = defs.into_iter().filter_map(|def| {
        let value = tri_hir::dim_value(db, def)?;
        Some(format!("`{} = {value}`", tri_hir::def_name(db, def)))
    });
    let bound: Vec<String> = bound.collect();
    if bound.is_empty() { String::new() } else { format!("\n\nwith {}", bound.join(", ")) }
}

/// The declaration as it is written, without bodies.
fn head(db: &dyn Db, symbol: Symbol) -> Option<String> {
    let written = |def: Def, node: NodeId| {
        let file = db.file(def.file)?;
        Some(span(db, def, node).range.of(tri_db::text(db, file).ok()?).to_owned())
    };
    match symbol {
        Symbol::Item(def) => match &tri_hir::item_of(db, def)?.kind {
            ItemKind::Function(function) => {
                let head = written(def, function.head)?;
                Some(if function.body.is_none() { format!("intrinsic {head}") } else { head })
            }
            ItemKind::Layer(layer) => written(def, layer.head),
            ItemKind::Dim(dim) => {
                let value =
                    tri_hir::dim_value(db, def).map_or_else(|| "?".to_owned(), |value| value.to_string());
                let formula = written(def, dim.value.id)?;
                let same = formula == value;
                Some(if same {
                    format!("dim {} = {value}", dim.name.text)
                } else {
                    format!("dim {} = {formula} = {value}", dim.name.text)
                })
            }
            ItemKind::Const(constant) => {
                Some(format!("const {} = {}", constant.name.text, written(def, constant.value.id)?))
            }
            _ => None,
        },
        Symbol::Member(def, at) => {
            let item = tri_hir::item_of(db, def)?;
            let ItemKind::Layer(layer) = &item.kind else { return None };
            let (_, typed) = symbol.member(db)?;
            let line = match &layer.members.get(at as usize)?.kind {
                AstMember::Tensor { lifetime, name, ty, .. } => {
                    let word = match lifetime {
                        tri_syntax::ast::Lifetime::Param => "param",
                        tri_syntax::ast::Lifetime::Buffer => "buffer",
                        tri_syntax::ast::Lifetime::State => "state",
                    };
                    format!("{word} {}: {}", name.text, written(def, ty.id)?)
                }
                AstMember::Instance { name, value } => format!("{} = {}", name.text, written(def, value.id)?),
                AstMember::Function(function) => written(def, function.head)?,
                AstMember::Error { .. } => return None,
            };
            Some(format!("// in {}\n{line}", typed_name(db, def)))
                .map(|text| if typed.conditional { format!("{text} if ...") } else { text })
        }
        Symbol::Local(def, node) => local_head(db, symbol, def, node),
        Symbol::Module(file) => Some(format!("// {}", file.path(db).display())),
    }
}

fn typed_name(db: &dyn Db, def: Def) -> std::sync::Arc<str> {
    tri_hir::def_name(db, def)
}

fn local_head(db: &dyn Db, symbol: Symbol, def: Def, node: NodeId) -> Option<String> {
    let file = db.file(def.file)?;
    let path = path_to(db, file, span(db, def, node).range)?;
    let name = symbol.name(db)?;
    let typed = || {
        let body = tri_hir::body(db, path.body_owner()?);
        local_type(&body, node).map(|ty| show_type(db, ty))
    };
    let around = path.nodes.iter().rev().nth(1).and_then(|node| node.id());
    let written = around.map(|node| path.range(node).of(tri_db::text(db, file).map_or("", |text| text)));
    use tri_hir::BindingKind::{Config, Dim, Element, Local, Pack, Param, RunTimeDim};
    Some(match symbol.binding(db)? {
        Dim => format!("dim {}", written?),
        Pack => format!("..{name}"),
        Element => written?.to_owned(),
        Param | Config => written?.to_owned(),
        RunTimeDim => format!("let dim {name}"),
        Local => match typed() {
            Some(ty) => format!("let {name}: {ty}"),
            None => format!("let {name}"),
        },
        _ => return None,
    })
}

/// What is known of a declaration beyond its text: storage, counts, conditions.
fn facts(db: &dyn Db, file: SourceFile, symbol: Symbol) -> String {
    let mut lines = Vec::new();
    match symbol {
        Symbol::Member(def, at) => {
            if let Some((_, member)) = symbol.member(db) {
                match &member.kind {
                    MemberKind::Param(ty) | MemberKind::Buffer(ty) | MemberKind::State(ty) => {
                        lines.extend(sizes::storage(db, ty));
                    }
                    MemberKind::Function(_) => {
                        lines.extend(conditions(db, &tri_hir::signature(db, Owner::Method(def, at)).facts))
                    }
                    MemberKind::Instance(ty) => {
                        if let Type::Layer(layer, _) = ty {
                            lines.extend(count(db, *layer));
                        }
                        lines.extend(costs::of_member(db, file, &typed_name(db, def), &member.name));
                    }
                    MemberKind::Error => {}
                }
            }
        }
        Symbol::Item(def) => match tri_hir::item_of(db, def).as_deref().map(|item| &item.kind) {
            Some(ItemKind::Layer(layer)) => {
                lines.extend(count(db, def));
                let name = layer.name.as_str();
                let of = if layer.is_model { costs::of_model } else { costs::of_layer };
                lines.extend(of(db, file, name));
                lines.extend(conditions(db, &tri_hir::layer(db, def).facts));
            }
            Some(ItemKind::Function(_)) => {
                lines.extend(conditions(db, &tri_hir::signature(db, Owner::Function(def)).facts));
            }
            _ => {}
        },
        Symbol::Local(..) | Symbol::Module(_) => {}
    }
    paragraphs(lines)
}

/// How many parameters a layer has, in its own dims.
fn count(db: &dyn Db, def: Def) -> Option<String> {
    let (count, more) = sizes::parameters(db, def)?;
    let shown = match sizes::number(db, &count) {
        Some(n) => format!("{} parameters", sizes::grouped(n)),
        None => format!("`{}` parameters", show_dim(db, &count)),
    };
    let name = tri_hir::def_name(db, def);
    Some(format!("`{name}`: {shown}{}", if more { ", and those of its conditional members" } else { "" }))
}

fn conditions(db: &dyn Db, facts: &[Fact]) -> Option<String> {
    let shown: Vec<String> = facts.iter().map(|fact| format!("`{}`", show_fact(db, fact))).collect();
    (!shown.is_empty()).then(|| format!("where {}", shown.join(", ")))
}
