//! Where the boxes of open layers are: rows one below the other, and in a row every box as near to the middle of its neighbours as
//! others allow. `view.js` does the same in a browser when a layer is opened or closed.

use std::collections::HashMap;

use crate::layout::{Item, Rows};

/// Room beside boxes of a row.
pub(crate) const GAP_X: f64 = 26.0;
/// Room between rows, for edges and what is written at them.
pub(crate) const GAP_Y: f64 = 44.0;
/// Room around the inside of a layer.
pub(crate) const PADDING: f64 = 18.0;
/// Width of the lane of an edge that passes a row.
pub(crate) const LANE: f64 = 10.0;
/// How often rows follow their neighbours.
const ROUNDS: usize = 6;

/// A point or a size.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Xy {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// Where things are inside a layer, from the left upper corner of its inside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Placed {
    /// The middle of the upper side.
    pub(crate) tops: HashMap<Item, Xy>,
    /// Upper end and height of each row.
    pub(crate) rows: Vec<(f64, f64)>,
    /// All of it.
    pub(crate) size: Xy,
}

/// Places boxes of these sizes.
pub(crate) fn place(rows: &Rows, size: &dyn Fn(Item) -> Xy) -> Placed {
    let mut neighbours: HashMap<Item, [Vec<Item>; 2]> = HashMap::new();
    for (above, below) in &rows.links {
        neighbours.entry(*below).or_default()[0].push(*above);
        neighbours.entry(*above).or_default()[1].push(*below);
    }
    let mut centres: HashMap<Item, f64> = HashMap::new();
    for row in &rows.rows {
        let mut x = 0.0;
        for item in row {
            let width = size(*item).x;
            centres.insert(*item, x + width / 2.0);
            x += width + GAP_X;
        }
    }
    for round in 0..ROUNDS {
        let height = rows.rows.len();
        for step in 0..height {
            let is_down = round % 2 == 1 || round == ROUNDS - 1;
            let row = if is_down { step } else { height - 1 - step };
            follow(&rows.rows[row], usize::from(!is_down), &neighbours, size, &mut centres);
        }
    }
    finish(rows, size, &centres)
}

/// Moves the boxes of a row towards their neighbours on one side, without changing their order: the squares of the distances are as
/// small as can be (isotonic regression, pooling neighbours that would overlap).
fn follow(
    row: &[Item],
    side: usize,
    neighbours: &HashMap<Item, [Vec<Item>; 2]>,
    size: &dyn Fn(Item) -> Xy,
    centres: &mut HashMap<Item, f64>,
) {
    // Blocks of boxes that touch: where the first wants to be, the weight of that, and how many.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    let (mut offset, mut offsets) = (0.0, Vec::with_capacity(row.len()));
    for (at, item) in row.iter().enumerate() {
        if let Some(before) = at.checked_sub(1).map(|before| row[before]) {
            offset += (size(before).x + size(*item).x) / 2.0 + GAP_X;
        }
        offsets.push(offset);
        let beside = neighbours.get(item).map_or(&[][..], |sides| &sides[side]);
        let (wanted, pull) = if beside.is_empty() {
            (centres[item], 0.01)
        } else {
            let sum: f64 = beside.iter().map(|it| weight(*it) * centres[it]).sum();
            (sum / beside.iter().map(|it| weight(*it)).sum::<f64>(), weight(*item))
        };
        blocks.push((wanted - offset, pull, 1));
        while let [.., (a, wa, na), (b, wb, nb)] = blocks[..]
            && a > b
        {
            blocks.truncate(blocks.len() - 2);
            blocks.push(((a * wa + b * wb) / (wa + wb), wa + wb, na + nb));
        }
    }
    let placed = blocks.iter().flat_map(|(first, _, count)| std::iter::repeat_n(*first, *count));
    for ((item, offset), first) in row.iter().zip(offsets).zip(placed) {
        centres.insert(*item, first + offset);
    }
}

/// How much a place counts: boxes make a straight line, and edges that pass go around them.
fn weight(item: Item) -> f64 {
    match item {
        Item::Node(_) => 1.0,
        Item::Bend(_) => 0.02,
    }
}

fn finish(rows: &Rows, size: &dyn Fn(Item) -> Xy, centres: &HashMap<Item, f64>) -> Placed {
    let ends =
        |sign: f64| rows.rows.iter().flatten().map(move |item| centres[item] + sign * size(*item).x / 2.0);
    let left = ends(-1.0).fold(f64::INFINITY, f64::min);
    let right = ends(1.0).fold(f64::NEG_INFINITY, f64::max);
    let mut placed = Placed::default();
    if left > right {
        return placed;
    }
    let mut y = 0.0;
    for row in &rows.rows {
        let height = row.iter().map(|item| size(*item).y).fold(0.0, f64::max);
        for item in row {
            placed.tops.insert(*item, Xy { x: centres[item] - left, y });
        }
        placed.rows.push((y, height));
        y += height + GAP_Y;
    }
    placed.size = Xy { x: right - left, y: y - GAP_Y };
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: [Item; 4] = [Item::Node(0), Item::Node(1), Item::Node(2), Item::Node(3)];

    fn sized(item: Item) -> Xy {
        match item {
            Item::Node(_) => Xy { x: 100.0, y: 40.0 },
            Item::Bend(_) => Xy { x: LANE, y: 0.0 },
        }
    }

    #[test]
    fn a_chain_is_straight_beside_a_shortcut() {
        let rows = Rows {
            rows: vec![vec![NODES[0]], vec![NODES[1], Item::Bend(0)], vec![NODES[2]]],
            bends: vec![vec![], vec![], vec![0]],
            links: vec![
                (NODES[0], NODES[1]),
                (NODES[1], NODES[2]),
                (NODES[0], Item::Bend(0)),
                (Item::Bend(0), NODES[2]),
            ],
        };
        let placed = place(&rows, &sized);
        let x = |item: Item| placed.tops[&item].x;
        assert!((x(NODES[0]) - x(NODES[1])).abs() < 3.0, "{placed:?}");
        assert!(x(Item::Bend(0)) - x(NODES[1]) >= 55.0 + GAP_X - 1e-9);
        assert_eq!(placed.rows.last(), Some(&(2.0 * (40.0 + GAP_Y), 40.0)));
    }

    #[test]
    fn boxes_of_a_row_do_not_overlap() {
        let links = [(0, 1), (0, 2), (0, 3)].map(|(a, b)| (NODES[a], NODES[b])).to_vec();
        let rows = Rows { rows: vec![vec![NODES[0]], NODES[1..].to_vec()], bends: vec![vec![]; 3], links };
        let placed = place(&rows, &sized);
        for pair in NODES[1..].windows(2) {
            assert!(placed.tops[&pair[1]].x - placed.tops[&pair[0]].x >= 100.0 + GAP_X - 1e-9);
        }
        assert!((placed.tops[&NODES[0]].x - placed.tops[&NODES[2]].x).abs() < 1e-9);
    }
}
