//! The picture as SVG and as a page around it. Nothing is loaded from anywhere.

mod card;
mod text;

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use tri_lower::Place;

use crate::graph::{Graph, Inside, Kind, NodeId};
use crate::layout::{Item, Rows, rows};
use crate::place::{GAP_X, GAP_Y, LANE, PADDING, Placed, Xy, place};
use card::Card;
use text::{escaped, short};

const STYLE: &str = include_str!("render/style.css");
const VIEW: &str = include_str!("render/view.js");
const PAGE: &str = include_str!("render/page.html");

/// Room around the picture.
const MARGIN: f64 = 12.0;

/// The picture as one SVG file, with layers open down to `depth`; the entry point's own layers are at depth 1. `place` says where in
/// the source something comes from.
pub fn svg(graph: &Graph, depth: usize, place: &dyn Fn(Place) -> Option<String>) -> String {
    let picture = Picture::of(graph, depth);
    let size = picture.sizes[0];
    let (width, height) = (size.x + 2.0 * MARGIN, size.y + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tri-graph\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"{0} {0} {width:.0} {height:.0}\" preserveAspectRatio=\"xMidYMin\" role=\"img\">\n<title>{1}</title>\n<style>{STYLE}</style>\n",
        -MARGIN,
        escaped(&graph.root().name),
    );
    picture.node(&mut out, 0, place);
    // Neither text can hold the end of a CDATA section: one is ours, the other is numbers.
    let _ = write!(out, "<script><![CDATA[\nconst graph = {};\n{VIEW}]]></script>\n</svg>\n", picture.data());
    out
}

/// The same as a page that needs nothing else.
pub fn html(graph: &Graph, depth: usize, place: &dyn Fn(Place) -> Option<String>) -> String {
    PAGE.replace("{title}", &escaped(&graph.root().name)).replace("{graph}", &svg(graph, depth, place))
}

/// Boxes, rows and places of a graph.
struct Picture<'g> {
    graph: &'g Graph,
    cards: Vec<Card>,
    rows: HashMap<NodeId, Rows>,
    is_open: Vec<bool>,
    /// Of each node as it is, closed or open.
    sizes: Vec<Xy>,
    placed: HashMap<NodeId, Placed>,
}

impl<'g> Picture<'g> {
    fn of(graph: &'g Graph, depth: usize) -> Picture<'g> {
        let mut depths = vec![0; graph.nodes.len()];
        let mut layouts = HashMap::new();
        let mut reaches = vec![0.0_f64; graph.nodes.len()];
        // Nodes stand after what they are inside of.
        for (id, node) in graph.nodes.iter().enumerate() {
            if let Some(inside) = &node.inside {
                layouts.insert(id, rows(graph, inside));
                for edge in &inside.edges {
                    // What is written stands right of the middle.
                    let reach = 2.0 * (6.0 + text::width(&short(&edge.ty), 10.0));
                    reaches[edge.from] = reaches[edge.from].max(reach);
                }
                inside.children.iter().for_each(|child| depths[*child] = depths[id] + 1);
            }
        }
        let is_open = |id: usize| graph.nodes[id].inside.is_some() && (id == 0 || depths[id] < depth);
        let mut picture = Picture {
            graph,
            cards: (0..graph.nodes.len()).map(|id| Card::of(graph, id, reaches[id])).collect(),
            rows: layouts,
            is_open: (0..graph.nodes.len()).map(is_open).collect(),
            sizes: Vec::new(),
            placed: HashMap::new(),
        };
        picture.open_lonely();
        picture.sizes = picture.cards.iter().map(|card| card.size).collect();
        for id in (0..graph.nodes.len()).rev().filter(|id| picture.is_open[*id]).collect::<Vec<_>>() {
            picture.lay_out(id);
        }
        picture
    }

    /// Opens what is alone inside an open layer: closed, it would show nothing.
    fn open_lonely(&mut self) {
        for id in 0..self.graph.nodes.len() {
            let Some(inside) = self.graph.nodes[id].inside.as_ref().filter(|_| self.is_open[id]) else {
                continue;
            };
            let mut layers =
                inside.children.iter().filter(|child| self.graph.nodes[**child].inside.is_some());
            let others =
                inside.children.iter().filter(|child| self.graph.nodes[**child].kind == Kind::Operation);
            if let (Some(only), None, 0..=2) = (layers.next(), layers.next(), others.count()) {
                self.is_open[*only] = true;
            }
        }
    }

    fn lay_out(&mut self, id: NodeId) {
        let size = |item: Item| match item {
            Item::Node(node) => {
                Xy { x: self.sizes[node].x.max(self.cards[node].reach), y: self.sizes[node].y }
            }
            Item::Bend(_) => Xy { x: LANE, y: 0.0 },
        };
        let placed = place(&self.rows[&id], &size);
        let head = self.cards[id].size;
        self.sizes[id] =
            Xy { x: head.x.max(placed.size.x + 2.0 * PADDING), y: head.y + placed.size.y + 2.0 * PADDING };
        self.placed.insert(id, placed);
    }

    /// A node with everything inside, at the origin.
    fn node(&self, out: &mut String, id: NodeId, place: &dyn Fn(Place) -> Option<String>) {
        let (card, size) = (&self.cards[id], self.sizes[id]);
        let node = &self.graph.nodes[id];
        let _ = writeln!(out, "<title>{}</title>", escaped(&card.tooltip(self.graph, node, place)));
        card.draw(out, id, size, self.is_open[id]);
        let Some(inside) = &node.inside else { return };
        let empty = Placed::default();
        let placed = self.placed.get(&id).unwrap_or(&empty);
        let left = (size.x - placed.size.x) / 2.0;
        let hidden = if self.is_open[id] { "" } else { " display=\"none\"" };
        let top = card.size.y + PADDING;
        let _ = writeln!(out, "<g id=\"i{id}\" transform=\"translate({left:.1} {top:.1})\"{hidden}>");
        self.edges(out, id, inside, placed);
        for child in &inside.children {
            let at = placed.tops.get(&Item::Node(*child)).copied().unwrap_or_default();
            let x = at.x - self.sizes[*child].x / 2.0;
            let kind = card::class(self.graph.nodes[*child].kind);
            let _ = writeln!(
                out,
                "<g id=\"n{child}\" class=\"{kind}\" transform=\"translate({x:.1} {:.1})\">",
                at.y
            );
            self.node(out, *child, place);
            out.push_str("</g>\n");
        }
        out.push_str("</g>\n");
    }

    fn edges(&self, out: &mut String, id: NodeId, inside: &Inside, placed: &Placed) {
        let mut told: Vec<(NodeId, &str)> = Vec::new();
        for (at, edge) in inside.edges.iter().enumerate() {
            let (path, label) = self.edge(id, at, placed).unwrap_or_default();
            let _ = writeln!(out, "<path id=\"e{id}-{at}\" class=\"edge\" d=\"{path}\"/>");
            // A tensor that goes to several places is named once.
            let is_new = !told.contains(&(edge.from, edge.ty.as_str()));
            if is_new {
                told.push((edge.from, &edge.ty));
                let line = told.iter().filter(|(from, _)| *from == edge.from).count() - 1;
                let bytes = self.graph.formula(edge.bytes.as_ref(), true);
                let tooltip = bytes.map_or_else(|| edge.ty.clone(), |bytes| format!("{}: {bytes}", edge.ty));
                let _ = writeln!(
                    out,
                    "<text id=\"l{id}-{at}\" class=\"shape\" x=\"{:.1}\" y=\"{:.1}\" data-line=\"{line}\"><title>{}</title>{}</text>",
                    label.x,
                    label.y + 11.0 * line as f64,
                    escaped(&tooltip),
                    escaped(&short(&edge.ty)),
                );
            }
        }
    }

    /// The path of an edge, and where its label begins.
    fn edge(&self, id: NodeId, at: usize, placed: &Placed) -> Option<(String, Xy)> {
        let edge = &self.graph.nodes[id].inside.as_ref()?.edges[at];
        let from = placed.tops.get(&Item::Node(edge.from))?;
        let to = placed.tops.get(&Item::Node(edge.to))?;
        let mut points = vec![Xy { x: from.x, y: from.y + self.sizes[edge.from].y }];
        for bend in &self.rows[&id].bends[at] {
            let bend = placed.tops.get(&Item::Bend(*bend))?;
            let (_, height) = placed.rows.iter().find(|(top, _)| (top - bend.y).abs() < 0.01)?;
            points.push(*bend);
            points.push(Xy { x: bend.x, y: bend.y + height });
        }
        points.push(*to);
        let label = Xy { x: points[0].x + 6.0, y: points[0].y + 13.0 };
        Some((curve(&points), label))
    }

    /// What `view.js` needs: sizes of closed nodes, rows, edges.
    fn data(&self) -> Value {
        let item = |item: &Item| match item {
            Item::Node(id) => *id as i64,
            Item::Bend(bend) => -1 - *bend as i64,
        };
        let nodes: Vec<Value> = (0..self.graph.nodes.len())
            .map(|id| {
                let card = &self.cards[id];
                json!([
                    tenths(card.size.x),
                    tenths(card.size.y),
                    tenths(card.reach),
                    u8::from(self.is_open[id])
                ])
            })
            .collect();
        let mut groups = serde_json::Map::new();
        for (id, node) in self.graph.nodes.iter().enumerate() {
            let (Some(inside), Some(layout)) = (&node.inside, self.rows.get(&id)) else { continue };
            let rows: Vec<Vec<i64>> = layout.rows.iter().map(|row| row.iter().map(item).collect()).collect();
            let edges = inside.edges.iter().zip(&layout.bends);
            let edges: Vec<Value> = edges
                .map(|(edge, bends)| {
                    let bends: Vec<i64> = bends.iter().map(|bend| item(&Item::Bend(*bend))).collect();
                    json!([edge.from, edge.to, bends])
                })
                .collect();
            groups.insert(id.to_string(), json!({ "rows": rows, "edges": edges }));
        }
        json!({
            "nodes": nodes, "groups": groups, "gapX": GAP_X, "gapY": GAP_Y, "padding": PADDING, "lane": LANE,
            "margin": MARGIN,
        })
    }
}

fn tenths(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

/// A smooth line downwards through points; straight from each second point to the next, where it passes a row.
fn curve(points: &[Xy]) -> String {
    let mut path = String::new();
    for (at, pair) in points.windows(2).enumerate() {
        let [a, b] = pair else { continue };
        if at == 0 {
            let _ = write!(path, "M{:.1} {:.1}", a.x, a.y);
        }
        if at % 2 == 1 {
            let _ = write!(path, "L{:.1} {:.1}", b.x, b.y);
        } else {
            let middle = (a.y + b.y) / 2.0;
            let _ = write!(path, "C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}", a.x, b.x, b.x, b.y);
        }
    }
    path
}
