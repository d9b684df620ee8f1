//! One item: its signature, its documentation, and for a layer its members.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};

use tri_diagnostics::TextRange;
use tri_hir::hir::{self, Axis, Def, DimVar};
use tri_syntax::TokenKind;
use tri_syntax::ast::{
    Ast, Function, Generic, Item, ItemId, ItemKind, Layer, Lifetime, Member, MemberKind, NodeId, Param,
};

use crate::html::Escaped;
use crate::markdown;
use crate::source::Source;

/// The kinds of item in the order of a page: heading, and the word for one.
pub(crate) const KINDS: [(&str, &str); 5] = [
    ("Models", "model"),
    ("Layers", "layer"),
    ("Functions", "function"),
    ("Dims", "dim"),
    ("Constants", "constant"),
];

/// The word for the item's kind; none for what has no documentation of its own.
pub(crate) fn kind(item: &Item) -> Option<&'static str> {
    Some(match &item.kind {
        ItemKind::Layer(layer) if layer.is_model => "model",
        ItemKind::Layer(_) => "layer",
        ItemKind::Function(_) => "function",
        ItemKind::Dim(_) => "dim",
        ItemKind::Const(_) => "constant",
        ItemKind::Use(_) | ItemKind::Test(_) | ItemKind::Error { .. } => return None,
    })
}

/// Items of a file with their names and kinds, in source order.
pub(crate) fn documented(ast: &Ast) -> impl Iterator<Item = (ItemId, &Item, &str, &'static str)> {
    ast.items().filter_map(|(id, item)| Some((id, &**item, item.name()?.as_str(), kind(item)?)))
}

/// An item of a module.
pub(crate) struct ItemPage<'a> {
    source: Source<'a>,
    ast: &'a Ast,
    id: ItemId,
    item: &'a Item,
    name: &'a str,
}

impl<'a> ItemPage<'a> {
    pub(crate) fn new(source: &Source<'a>, ast: &'a Ast, id: ItemId, item: &'a Item, name: &'a str) -> Self {
        let local = match &item.kind {
            ItemKind::Function(function) => heads(&function.generics, &function.params),
            ItemKind::Layer(layer) => {
                let members = layer.members.iter().filter_map(Member::name).map(|name| name.as_str());
                heads(&layer.generics, &layer.config).into_iter().chain(members).collect()
            }
            _ => BTreeSet::new(),
        };
        ItemPage { source: source.hiding(local), ast, id, item, name }
    }

    /// The item as a section of its page.
    pub(crate) fn render(&self) -> String {
        let (name, kind) = (Escaped(self.name), kind(self.item).unwrap_or_default());
        let mut html = format!(
            "<section class=\"item\" id=\"{name}\">\n<h3><span class=\"kind\">{kind}</span> <a href=\"#{name}\">{name}</a></h3>\n"
        );
        html.push_str(&self.signature());
        html.push_str(&markdown::render(&self.source, &self.item.docs));
        if let ItemKind::Layer(layer) = &self.item.kind {
            html.push_str(&self.members(layer));
        }
        html.push_str("</section>\n");
        html
    }

    fn range(&self, node: NodeId) -> TextRange {
        self.ast.range(self.id, node)
    }

    fn def(&self) -> Def {
        Def { file: self.source.file.id(self.source.package.db), item: self.id }
    }

    fn signature(&self) -> String {
        let whole = self.range(self.item.id);
        let head = match &self.item.kind {
            ItemKind::Function(function) => self.head(whole, function),
            ItemKind::Layer(_) => TextRange::new(whole.start, self.first_brace(whole)),
            _ => whole,
        };
        let mut code = self.source.render(head);
        if let ItemKind::Dim(_) = self.item.kind
            && let Some(size) = tri_hir::dim_value(self.source.package.db, self.def())
            && !self
                .source
                .text
                .get(head.start as usize..head.end as usize)
                .is_some_and(|text| text.trim().ends_with(&format!("= {size}")))
        {
            let _ = write!(code, " <span class=\"comment\">// {size}</span>");
        }
        format!("<pre class=\"signature\"><code>{code}</code></pre>\n")
    }

    /// A function without its body.
    fn head(&self, whole: TextRange, function: &Function) -> TextRange {
        let end = function.body.as_ref().map_or(whole.end, |body| self.range(body.id).start);
        TextRange::new(whole.start, end.max(whole.start))
    }

    /// Where the members of a layer begin: at the first brace outside other brackets.
    fn first_brace(&self, whole: TextRange) -> u32 {
        let mut depth = 0_u32;
        for token in tri_syntax::lex(whole.of(self.source.text)) {
            match token.kind {
                TokenKind::LBrace if depth == 0 => return whole.start + token.range.start,
                TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace => depth += 1,
                TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace => {
                    depth = depth.saturating_sub(1)
                }
                _ => {}
            }
        }
        whole.end
    }

    fn members(&self, layer: &Layer) -> String {
        let mut html = String::new();
        for (lifetime, caption) in
            [(Lifetime::Param, "Parameters"), (Lifetime::Buffer, "Buffers"), (Lifetime::State, "States")]
        {
            let rows = layer.members.iter().enumerate();
            let rows = rows.filter_map(|(at, member)| self.tensor_row(at, member, lifetime));
            table(&mut html, caption, &["Name", "Type", "Initial value", "Meaning"], rows);
        }
        let rows = layer.members.iter().filter_map(|member| self.layer_row(member));
        table(&mut html, "Sub-layers", &["Name", "Layer", "Meaning"], rows);
        let functions: Vec<String> =
            layer.members.iter().filter_map(|member| self.function(member)).collect();
        if !functions.is_empty() {
            let _ = writeln!(
                html,
                "<h4>{}</h4>",
                if layer.is_model { "Entry points and functions" } else { "Functions" }
            );
            html.extend(functions);
        }
        html
    }

    fn tensor_row(&self, at: usize, member: &Member, wanted: Lifetime) -> Option<String> {
        let MemberKind::Tensor { lifetime, name, ty, init } = &member.kind else { return None };
        if *lifetime != wanted {
            return None;
        }
        let mut ty = self.code(self.range(ty.id));
        if let Some(size) = self.sizes(at) {
            let _ = write!(ty, " <span class=\"size\">{size}</span>");
        }
        let init = init.as_ref().map_or_else(String::new, |init| self.code(self.range(init.id)));
        Some(self.row(member, name.as_str(), &[ty, init]))
    }

    /// `128 × 64`, if the shape is made of dims with sizes.
    fn sizes(&self, at: usize) -> Option<String> {
        let db = self.source.package.db;
        let layer = tri_hir::layer(db, self.def());
        let (hir::MemberKind::Param(ty) | hir::MemberKind::Buffer(ty) | hir::MemberKind::State(ty)) =
            &layer.members.get(at)?.kind
        else {
            return None;
        };
        let hir::Type::Tensor(_, axes) = ty else { return None };
        if axes.iter().all(|axis| matches!(axis, Axis::Dim(dim) if dim.as_constant().is_some())) {
            return None;
        }
        let size = |axis: &Axis| match axis {
            Axis::Dim(dim) => {
                let mut value = |var: &DimVar| match var {
                    DimVar::Nominal(def) => tri_hir::dim_value(db, *def),
                    _ => None,
                };
                dim.evaluate(&mut value).ok().map(|size| size.to_string())
            }
            Axis::Pack(..) => None,
        };
        Some(axes.iter().map(size).collect::<Option<Vec<_>>>()?.join(" × "))
    }

    fn layer_row(&self, member: &Member) -> Option<String> {
        let MemberKind::Instance { name, value } = &member.kind else { return None };
        Some(self.row(member, name.as_str(), &[self.code(self.range(value.id))]))
    }

    fn row(&self, member: &Member, name: &str, cells: &[String]) -> String {
        let mut notes = markdown::render(&self.source, &member.docs);
        if let Some(condition) = &member.condition {
            let _ = write!(notes, "<p>Only if {}.</p>", self.code(self.range(condition.id)));
        }
        for attribute in &member.attributes {
            let _ = write!(notes, "<p>{}</p>", self.code(self.range(attribute.id)));
        }
        let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        format!(
            "<tr id=\"{}\"><td><code>{}</code></td>{cells}<td>{notes}</td></tr>\n",
            self.anchor(name),
            Escaped(name)
        )
    }

    fn function(&self, member: &Member) -> Option<String> {
        let MemberKind::Function(function) = &member.kind else { return None };
        let own = heads(&function.generics, &function.params);
        let source = self.source.hiding(self.source.local.iter().copied().chain(own).collect());
        let code = source.render(self.head(self.range(member.id), function));
        let docs = markdown::render(&source, &member.docs);
        let anchor = self.anchor(function.name.as_str());
        Some(format!(
            "<div class=\"function\" id=\"{anchor}\">\n<pre class=\"signature\"><code>{code}</code></pre>\n{docs}</div>\n"
        ))
    }

    fn code(&self, range: TextRange) -> String {
        format!("<code>{}</code>", self.source.render(range))
    }

    /// Members of one name are an error of the program, so an anchor is met once.
    fn anchor(&self, member: &str) -> String {
        Escaped(&format!("{}.{member}", self.name)).to_string()
    }
}

/// Names that a list of generics and parameters declares.
fn heads<'a>(generics: &'a [Generic], params: &'a [Param]) -> BTreeSet<&'a str> {
    let params = params.iter().map(|param| param.name.as_str());
    generics.iter().map(|generic| generic.name.as_str()).chain(params).collect()
}

fn table(html: &mut String, caption: impl Display, columns: &[&str], rows: impl Iterator<Item = String>) {
    let rows: String = rows.collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(html, "<h4>{caption}</h4>\n<div class=\"scroll\"><table>\n<thead><tr>");
    for column in columns {
        let _ = write!(html, "<th>{column}</th>");
    }
    let _ = write!(html, "</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n");
}
