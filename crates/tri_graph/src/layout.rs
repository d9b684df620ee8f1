//! Which row a node is in, and where in the row: the layered method of Sugiyama, Tagawa and Toda (1981). An edge goes from each row to
//! the next; one over several rows bends in those between. Sizes do not matter here, so this holds whether layers are open or closed.

use std::collections::HashMap;

use crate::graph::{Graph, Inside, Kind, NodeId};

/// Tiles and other nodes without edges stand so many in a row.
const UNCONNECTED_IN_ROW: usize = 6;

/// How often rows are sorted by their neighbours.
const SWEEPS: usize = 8;

/// Something that takes part of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Item {
    Node(NodeId),
    /// Where an edge goes through.
    Bend(usize),
}

/// The rows of what is inside a node, from top to bottom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Vec<Item>>,
    /// For each edge the bends that it goes through.
    pub(crate) bends: Vec<Vec<usize>>,
    /// Pairs of neighbours in rows that follow each other.
    pub(crate) links: Vec<(Item, Item)>,
}

/// The rows of what is inside a node.
pub(crate) fn rows(graph: &Graph, inside: &Inside) -> Rows {
    let ranks = ranks(graph, inside);
    let height = ranks.values().max().map_or(0, |rank| rank + 1);
    let mut rows = Rows { rows: vec![Vec::new(); height], ..Rows::default() };
    for child in &inside.children {
        rows.rows[ranks[child]].push(Item::Node(*child));
    }
    let mut count = 0;
    for edge in &inside.edges {
        let between = ranks[&edge.from] + 1..ranks[&edge.to];
        let bends: Vec<usize> =
            between.clone().map(|_| count).enumerate().map(|(at, first)| first + at).collect();
        count += bends.len();
        for (rank, bend) in between.zip(&bends) {
            rows.rows[rank].push(Item::Bend(*bend));
        }
        let mut chain = vec![Item::Node(edge.from)];
        chain.extend(bends.iter().map(|bend| Item::Bend(*bend)));
        chain.push(Item::Node(edge.to));
        rows.links.extend(chain.windows(2).map(|pair| (pair[0], pair[1])));
        rows.bends.push(bends);
    }
    order(&mut rows);
    rows
}

/// The row of each node. Edges lead downwards, since children stand in the order in which they are computed.
fn ranks(graph: &Graph, inside: &Inside) -> HashMap<NodeId, usize> {
    let mut ranks: HashMap<NodeId, usize> = HashMap::new();
    let mut into: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
    let mut out: HashMap<NodeId, Vec<NodeId>> = HashMap::new();
    for edge in &inside.edges {
        into.entry(edge.to).or_default().push(edge.from);
        out.entry(edge.from).or_default().push(edge.to);
    }
    for (at, child) in inside.children.iter().enumerate() {
        let above = into.get(child).and_then(|from| from.iter().filter_map(|from| ranks.get(from)).max());
        let rank = match above {
            Some(above) => above + 1,
            None if inside.edges.is_empty() => at / UNCONNECTED_IN_ROW,
            None => 0,
        };
        ranks.insert(*child, rank);
    }
    let last = ranks.values().max().copied().unwrap_or(0);
    for child in &inside.children {
        let below = out.get(child).and_then(|to| to.iter().filter_map(|to| ranks.get(to)).min()).copied();
        match (graph.nodes[*child].kind, below) {
            (Kind::Output, _) => drop(ranks.insert(*child, last)),
            // What needs nothing stands just above what needs it.
            (Kind::State | Kind::Operation, Some(below)) if !into.contains_key(child) => {
                ranks.insert(*child, below.saturating_sub(1));
            }
            _ => {}
        }
    }
    ranks
}

/// Sorts rows so that fewer edges cross: each item goes to the mean place of its neighbours, above and below in turn.
fn order(rows: &mut Rows) {
    let mut up: HashMap<Item, Vec<Item>> = HashMap::new();
    let mut down: HashMap<Item, Vec<Item>> = HashMap::new();
    for (above, below) in &rows.links {
        down.entry(*above).or_default().push(*below);
        up.entry(*below).or_default().push(*above);
    }
    let mut best = (crossings(&rows.rows, &down), rows.rows.clone());
    for sweep in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        let is_down = sweep % 2 == 0;
        let neighbours = if is_down { &up } else { &down };
        let height = rows.rows.len();
        for step in 1..height {
            let (row, beside) = if is_down { (step, step - 1) } else { (height - 1 - step, height - step) };
            let places: HashMap<Item, f64> = places(&rows.rows[beside]);
            let own: HashMap<Item, f64> = self::places(&rows.rows[row]);
            let wanted = |item: &Item| {
                let known: Vec<f64> = neighbours
                    .get(item)
                    .into_iter()
                    .flatten()
                    .filter_map(|it| places.get(it).copied())
                    .collect();
                if known.is_empty() { own[item] } else { known.iter().sum::<f64>() / known.len() as f64 }
            };
            let mut keyed: Vec<(f64, Item)> =
                rows.rows[row].iter().map(|item| (wanted(item), *item)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            rows.rows[row] = keyed.into_iter().map(|(_, item)| item).collect();
        }
        let crossed = crossings(&rows.rows, &down);
        if crossed < best.0 {
            best = (crossed, rows.rows.clone());
        }
    }
    rows.rows = best.1;
}

/// Places of a row's items from 0 to 1.
fn places(row: &[Item]) -> HashMap<Item, f64> {
    let length = row.len() as f64;
    row.iter().enumerate().map(|(at, item)| (*item, (at as f64 + 0.5) / length)).collect()
}

/// How many pairs of edges cross. Counted with a tree of sums (Barth, Mutzel and Jünger, 2004).
fn crossings(rows: &[Vec<Item>], down: &HashMap<Item, Vec<Item>>) -> usize {
    let mut count = 0;
    for pair in rows.windows(2) {
        let below: HashMap<Item, usize> = pair[1].iter().enumerate().map(|(at, item)| (*item, at)).collect();
        let mut sums = vec![0_usize; pair[1].len() + 1];
        let mut seen = 0;
        for item in &pair[0] {
            let mut ends: Vec<usize> =
                down.get(item).into_iter().flatten().filter_map(|it| below.get(it).copied()).collect();
            ends.sort_unstable();
            for end in &ends {
                let (mut at, mut not_right) = (end + 1, 0);
                while at > 0 {
                    not_right += sums[at];
                    at &= at - 1;
                }
                count += seen - not_right;
            }
            for end in ends {
                seen += 1;
                let mut at = end + 1;
                while at < sums.len() {
                    sums[at] += 1;
                    at += at & at.wrapping_neg();
                }
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Held;
    use crate::graph::{Edge, Node};

    fn graph(count: usize, edges: &[(usize, usize)]) -> (Graph, Inside) {
        let node = || Node {
            name: String::new(),
            detail: String::new(),
            kind: Kind::Layer,
            place: None,
            operations: None,
            weights: Held::default(),
            inside: None,
            is_cut: false,
        };
        let edge =
            |(from, to): &(usize, usize)| Edge { from: *from, to: *to, ty: String::new(), bytes: None };
        let inside = Inside { children: (0..count).collect(), edges: edges.iter().map(edge).collect() };
        let nodes = (0..count).map(|_| node()).collect();
        (Graph { model: String::new(), entry: String::new(), symbols: Vec::new(), nodes }, inside)
    }

    #[test]
    fn an_edge_over_rows_bends_in_each() {
        let (graph, inside) = graph(3, &[(0, 1), (1, 2), (0, 2)]);
        let rows = rows(&graph, &inside);
        assert_eq!(rows.rows.len(), 3);
        assert_eq!(rows.rows[1], [Item::Node(1), Item::Bend(0)]);
        assert_eq!(rows.bends, [vec![], vec![], vec![0]]);
    }

    #[test]
    fn crossings_that_need_not_be_are_not() {
        let (graph, inside) = graph(4, &[(0, 3), (1, 2)]);
        let rows = rows(&graph, &inside);
        let place = |row: usize, node: usize| {
            rows.rows[row].iter().position(|item| *item == Item::Node(node)).expect("the node is in its row")
        };
        assert_eq!(place(0, 0) < place(0, 1), place(1, 3) < place(1, 2));
    }

    #[test]
    fn nodes_without_edges_stand_in_several_rows() {
        let (graph, inside) = graph(14, &[]);
        let rows = rows(&graph, &inside);
        assert_eq!(rows.rows.iter().map(Vec::len).collect::<Vec<_>>(), [6, 6, 2]);
    }
}
