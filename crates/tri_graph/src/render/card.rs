//! The box of a node: its name, what it is, and what it costs.

use std::fmt::Write as _;

use tri_ir::Dim;
use tri_lower::Place;

use super::text::{escaped, short, width};
use crate::formula::{Formula, amount, bytes};
use crate::graph::{Graph, Kind, Node, NodeId};
use crate::place::Xy;

/// Room beside the text of a box.
const BESIDE: f64 = 12.0;
/// Height of a line.
const LINE: f64 = 16.0;
/// Size of the sign that opens a layer.
const SIGN: f64 = 14.0;

/// A box with text.
#[derive(Debug)]
pub(super) struct Card {
    title: String,
    lines: Vec<(&'static str, String)>,
    can_open: bool,
    is_pill: bool,
    /// Without what is inside.
    pub(super) size: Xy,
    /// Room that it takes in its row with the text at the edges below it.
    pub(super) reach: f64,
}

/// The name of a kind in the style sheet.
pub(super) fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Input => "input",
        Kind::Output => "output",
        Kind::State => "state",
        Kind::Layer => "layer",
        Kind::Function => "function",
        Kind::Route => "route",
        Kind::Operation => "operation",
    }
}

impl Graph {
    /// A number as people read it.
    pub(super) fn formula(&self, value: Option<&Dim>, is_bytes: bool) -> Option<String> {
        Some(Formula { value: value?, symbols: &self.symbols, is_bytes }.to_string())
    }
}

impl Card {
    pub(super) fn of(graph: &Graph, id: NodeId, reach: f64) -> Card {
        let node = &graph.nodes[id];
        let is_pill = matches!(node.kind, Kind::Input | Kind::Output);
        let title = match node.kind {
            Kind::Input if node.name.is_empty() => "input".to_owned(),
            Kind::Output => "result".to_owned(),
            _ => short(&node.name),
        };
        let mut lines = Vec::new();
        if !is_pill && !node.detail.is_empty() {
            lines.push(("detail", short(&node.detail)));
        }
        lines.extend(weights_line(node).map(|line| ("weights", line)));
        let is_work = node.operations.as_ref().is_some_and(|count| count.as_constant() != Some(0));
        if is_work && let Some(count) = graph.formula(node.operations.as_ref(), false) {
            lines.push(("cost", short(&format!("{count} ops"))));
        }
        if node.is_cut {
            lines.push(("detail", "too much inside to draw".to_owned()));
        }
        let can_open = node.inside.is_some() && id > 0;
        let sign = if can_open { SIGN + 10.0 } else { 0.0 };
        let text = lines.iter().map(|(_, line)| width(line, 11.0)).fold(width(&title, 13.0) + sign, f64::max);
        let size = if is_pill {
            Xy { x: width(&title, 12.0) + 2.0 * BESIDE, y: 22.0 }
        } else {
            Xy { x: text + 2.0 * BESIDE, y: 12.0 + LINE * (1 + lines.len()) as f64 }
        };
        Card { title, lines, can_open, is_pill, size, reach }
    }

    /// Everything that there is to say of a node, exactly.
    pub(super) fn tooltip(
        &self,
        graph: &Graph,
        node: &Node,
        place: &dyn Fn(Place) -> Option<String>,
    ) -> String {
        let mut text = format!("{} {}", self.title, node.detail).trim_end().to_owned();
        if node.weights.values > 0 {
            let held = &node.weights;
            let _ = write!(text, "\n{} weights: {} in f32", held.values, bytes(held.in_f32));
            if held.stored > 0 {
                let _ = write!(text, ", {} stored", bytes(held.stored));
            }
            if let Some((zeros, all)) = held.zeros {
                let _ = write!(text, "\n{zeros} of {all} trits are zero");
            }
        }
        if let Some(count) = node.operations.as_ref() {
            let count = count.as_constant().map(|n| n.to_string());
            let count = count.or_else(|| graph.formula(node.operations.as_ref(), false));
            let _ = write!(text, "\n{} operations", count.unwrap_or_default());
        }
        if let Some(place) = node.place.and_then(place) {
            let _ = write!(text, "\n{place}");
        }
        text
    }

    /// Draws the box of this size.
    pub(super) fn draw(&self, out: &mut String, id: NodeId, size: Xy, is_open: bool) {
        let radius = if self.is_pill { 11.0 } else { 6.0 };
        let _ = writeln!(
            out,
            "<rect id=\"b{id}\" class=\"box\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius}\"/>",
            size.x, size.y
        );
        let mut y = if self.is_pill { 15.0 } else { 19.0 };
        let _ =
            writeln!(out, "<text class=\"name\" x=\"{BESIDE}\" y=\"{y}\">{}</text>", escaped(&self.title));
        for (class, line) in &self.lines {
            y += LINE;
            let _ =
                writeln!(out, "<text class=\"{class}\" x=\"{BESIDE}\" y=\"{y}\">{}</text>", escaped(line));
        }
        if self.can_open {
            let sign = if is_open { "−" } else { "+" };
            let x = size.x - SIGN - 7.0;
            let _ = writeln!(
                out,
                "<g id=\"t{id}\" class=\"sign\" transform=\"translate({x:.1} 7)\"><rect width=\"{SIGN}\" height=\"{SIGN}\" \
                 rx=\"3\"/><text x=\"{:.1}\" y=\"11.5\">{sign}</text></g>",
                SIGN / 2.0
            );
        }
    }
}

/// `2.1 MiB → 148 KiB, 33 % zero`.
fn weights_line(node: &Node) -> Option<String> {
    let held = &node.weights;
    if held.values == 0 {
        return None;
    }
    let mut line = format!("{} weights, {}", amount(held.values), bytes(held.in_f32));
    if held.stored > 0 && held.stored != held.in_f32 {
        let _ = write!(line, " → {}", bytes(held.stored));
    }
    if let Some((zeros, all)) = held.zeros.filter(|(_, all)| *all > 0) {
        let _ = write!(line, ", {:.1} % zero", 100.0 * zeros as f64 / all as f64);
    }
    Some(line)
}
