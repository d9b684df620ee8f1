//! The part of the page about one layer.

use std::fmt::Write as _;

use super::charts::{Mark, bars, heat_map, line, spaced};
use super::scale::{grouped, number, ticks};
use super::{History, Then, escaped, percent};
use crate::Layer;

/// Most bars of a histogram of tiles, cells of a side of a heat map, and bars of a histogram of margins.
const MOST_BARS: usize = 128;
const MOST_CELLS: usize = 64;
const MARGIN_BARS: usize = 40;

/// Writes the heading and the plots.
pub(super) fn write(page: &mut String, at: usize, history: &History<'_>) {
    let layer = history.layer;
    let _ = writeln!(page, "<section id=\"layer{at}\">\n<h2><code>{}</code></h2>", escaped(&layer.name));
    let clusters = layer.clusters.map_or_else(String::new, |clusters| format!(" in {clusters} clusters"));
    let _ = writeln!(
        page,
        "<p>{} rows, {} of {} tiles{clusters} each.</p>\n<div class=\"plots\">",
        layer.rows, layer.top, layer.tiles
    );
    figure(page, "Rows of each tile", &tiles(layer));
    if let Some(margins) = margins(layer) {
        figure(page, "Margins", &margins);
    }
    if layer.signatures.len() > 1 {
        figure(page, "Distances between signatures", &distances(layer));
    }
    if history.runs.len() > 1 {
        figure(page, "Tiles over the runs", &shares(history));
        let entropy = |then: &Then<'_>| then.layer.entropy_ratio();
        figure(page, "Entropy over the runs", &over_time(history, "part of log T", entropy));
        if history.runs.iter().any(|then| then.stability.is_some()) {
            let axis = "part of the tiles that rows had in the run before";
            figure(page, "Stability over the runs", &over_time(history, axis, |then| then.stability));
        }
    }
    page.push_str("</div>\n</section>\n");
}

fn figure(page: &mut String, caption: &str, svg: &str) {
    let _ = writeln!(page, "<figure>\n<figcaption>{caption}</figcaption>\n{svg}</figure>");
}

/// `7`, or `14 to 15` of a group.
fn group(at: usize, each: usize, all: usize) -> String {
    let last = (at * each + each - 1).min(all.saturating_sub(1));
    if each == 1 { at.to_string() } else { format!("{} to {last}", at * each) }
}

fn tiles(layer: &Layer) -> String {
    let all = layer.chosen.len();
    let (each, rows) = grouped(&layer.histogram(), MOST_BARS);
    let share = |rows: usize| rows as f64 / all.max(1) as f64;
    let mark = |(at, rows): (usize, &usize)| Mark {
        title: format!("tile {}: {rows} rows, {}", group(at, each, layer.tiles), percent(share(*rows))),
        value: *rows as f64,
    };
    let marks: Vec<Mark> = rows.iter().enumerate().map(mark).collect();
    let label = |at: usize| (at as f64 + 0.5, (at * each).to_string());
    let labels: Vec<(f64, String)> = spaced(marks.len()).map(label).collect();
    let even = (all * each) as f64 / layer.tiles as f64;
    let of = if each == 1 { "tile".to_owned() } else { format!("tiles, in groups of {each}") };
    bars(&marks, &labels, &format!("{of} (dashed: all alike, {} rows)", number(even)), Some(even))
}

fn margins(layer: &Layer) -> Option<String> {
    let range = layer.margin()?;
    let ticks = ticks(f64::from(range.max));
    let end = ticks.last().copied().unwrap_or(1.0);
    let edge = |at: usize| end * at as f64 / MARGIN_BARS as f64;
    let mut rows = vec![0usize; MARGIN_BARS];
    for margin in layer.margins.iter().flatten() {
        let at = (f64::from(*margin) / end * MARGIN_BARS as f64) as usize;
        rows[at.min(MARGIN_BARS - 1)] += 1;
    }
    let mark = |(at, rows): (usize, &usize)| Mark {
        title: format!("{} to {}: {rows} rows", number(edge(at)), number(edge(at + 1))),
        value: *rows as f64,
    };
    let marks: Vec<Mark> = rows.iter().enumerate().map(mark).collect();
    let label = |tick: &f64| (tick / end * MARGIN_BARS as f64, number(*tick));
    let labels: Vec<(f64, String)> = ticks.iter().map(label).collect();
    let without = layer.rows - range.rows;
    let without = if without > 0 { format!(", {without} rows without") } else { String::new() };
    let axis = format!("best score less the second (median {}{without})", number(range.median));
    Some(bars(&marks, &labels, &axis, None))
}

fn distances(layer: &Layer) -> String {
    let width = layer.signatures.first().map_or(1, String::len).max(1);
    let each = layer.tiles.div_ceil(MOST_CELLS).max(1);
    let side = layer.tiles.div_ceil(each);
    // Sum and number of the distances in each cell; a tile is at no distance from itself.
    let mut cells = vec![(0usize, 0usize); side * side];
    for tile in 0..layer.tiles {
        cells[tile / each * (side + 1)].1 += 1;
    }
    layer.for_each_pair(|a, b, distance| {
        for (row, column) in [(a, b), (b, a)] {
            let cell = &mut cells[row / each * side + column / each];
            *cell = (cell.0 + distance, cell.1 + 1);
        }
    });
    let mean = |(sum, count): (usize, usize)| sum as f64 / count.max(1) as f64;
    let largest = cells.iter().map(|cell| mean(*cell)).fold(0.0, f64::max);
    let rows = cells.chunks(side).enumerate().map(|(row, cells)| {
        let mark = |(column, cell): (usize, &(usize, usize))| {
            let mean = mean(*cell);
            let tile = |at| group(at, each, layer.tiles);
            let title =
                format!("tiles {} and {}: {} of {width} places", tile(row), tile(column), number(mean));
            Mark { title, value: mean / largest.max(f64::MIN_POSITIVE) }
        };
        cells.iter().enumerate().map(mark).collect()
    });
    let rows: Vec<Vec<Mark>> = rows.collect();
    let shown: Vec<usize> = spaced(side).collect();
    let names: Vec<String> = (0..side)
        .map(|at| if shown.contains(&at) { (at * each).to_string() } else { String::new() })
        .collect();
    let of = if each == 1 { String::new() } else { format!("means of groups of {each}; ") };
    heat_map(
        &rows,
        &names,
        each,
        &format!("tile ({of}full colour: {} of {width} places differ)", number(largest)),
    )
}

fn shares(history: &History<'_>) -> String {
    let bars: Vec<(usize, Vec<usize>)> =
        history.runs.iter().map(|then| grouped(&then.layer.histogram(), MOST_CELLS)).collect();
    let each = bars.first().map_or(1, |(each, _)| *each);
    let share = |rows: usize, then: &Then<'_>| rows as f64 / then.layer.chosen.len().max(1) as f64;
    let runs = || bars.iter().map(|(_, rows)| rows).zip(&history.runs);
    let shares = runs().flat_map(|(rows, then)| rows.iter().map(move |rows| share(*rows, then)));
    let largest = shares.fold(0.0, f64::max);
    let tiles = history.layer.tiles;
    let row = |(rows, then): (&Vec<usize>, &Then<'_>)| -> Vec<Mark> {
        let mark = |(at, rows): (usize, &usize)| {
            let (name, share) = (then.name, share(*rows, then));
            let title = format!("{name}, tile {}: {rows} rows, {}", group(at, each, tiles), percent(share));
            Mark { title, value: share / largest.max(f64::MIN_POSITIVE) }
        };
        rows.iter().enumerate().map(mark).collect()
    };
    let rows: Vec<Vec<Mark>> = runs().map(row).collect();
    let names: Vec<String> = history.runs.iter().map(|then| super::charts::shortened(then.name)).collect();
    heat_map(&rows, &names, each, &format!("tile (full colour: {} of the rows)", percent(largest)))
}

fn over_time(history: &History<'_>, axis: &str, value: impl Fn(&Then<'_>) -> Option<f64>) -> String {
    let mark = |then: &Then<'_>| {
        value(then).map(|value| Mark { title: format!("{}: {}", then.name, percent(value)), value })
    };
    let marks: Vec<Option<Mark>> = history.runs.iter().map(mark).collect();
    let names: Vec<&str> = history.runs.iter().map(|then| then.name).collect();
    line(&marks, &names, axis)
}
