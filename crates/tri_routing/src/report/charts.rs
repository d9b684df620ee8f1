//! Plots as SVG: bars, lines, heat maps. Marks say their values when the pointer rests on them; colours come from the style sheet.

use std::fmt::Write as _;

use super::escaped;
use super::scale::{number, ticks};

/// Units of a plot: its whole, and the edges around the marks.
const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 200.0;
const SQUARE: f64 = 390.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 34.0;

/// A bar, or a point of a line.
pub(super) struct Mark {
    /// What the pointer shows.
    pub(super) title: String,
    /// Its height.
    pub(super) value: f64,
}

/// Bars side by side, with labels at places counted in bars, and a line at a value to compare with.
pub(super) fn bars(marks: &[Mark], labels: &[(f64, String)], axis: &str, even: Option<f64>) -> String {
    let largest = marks.iter().map(|mark| mark.value).chain(even).fold(0.0, f64::max);
    let ticks = ticks(largest);
    let end = ticks.last().copied().unwrap_or(1.0);
    let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - value / end);
    let each = (WIDTH - LEFT - RIGHT) / marks.len().max(1) as f64;
    // Bars that touch are one shape to the eye.
    let gap = if each > 6.0 { 2.0 } else { each * 0.25 };
    let mut svg = open(WIDTH, HEIGHT, axis);
    grid(&mut svg, &ticks, y);
    for (at, mark) in marks.iter().enumerate() {
        let (x, top) = (LEFT + each * at as f64, y(mark.value));
        let (width, height) = (each - gap, y(0.0) - top);
        let _ = writeln!(
            svg,
            "<g><title>{}</title><rect class=\"hit\" x=\"{x:.2}\" y=\"{TOP}\" width=\"{each:.2}\" height=\"{:.2}\"/>\
             <rect class=\"bar\" x=\"{:.2}\" y=\"{top:.2}\" width=\"{width:.2}\" height=\"{height:.2}\"/></g>",
            escaped(&mark.title),
            y(0.0) - TOP,
            x + gap / 2.0,
        );
    }
    if let Some(even) = even {
        let at = y(even);
        let _ = writeln!(svg, "<path class=\"even\" d=\"M{LEFT} {at:.2}H{:.2}\"/>", WIDTH - RIGHT);
    }
    for (at, label) in labels {
        bottom_label(&mut svg, LEFT + each * at, label);
    }
    close(svg, axis)
}

/// A line through points, with gaps where there is no value, from 0 to 1.
pub(super) fn line(marks: &[Option<Mark>], names: &[&str], axis: &str) -> String {
    let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - value);
    let each = (WIDTH - LEFT - RIGHT) / marks.len().max(1) as f64;
    let x = |at: usize| LEFT + each * (at as f64 + 0.5);
    let mut svg = open(WIDTH, HEIGHT, axis);
    grid(&mut svg, &[0.0, 0.25, 0.5, 0.75, 1.0], y);
    let mut path = String::new();
    let mut pen = 'M';
    for (at, mark) in marks.iter().enumerate() {
        match mark {
            Some(mark) => {
                let _ = write!(path, "{pen}{:.2} {:.2}", x(at), y(mark.value));
                pen = 'L';
            }
            None => pen = 'M',
        }
    }
    let _ = writeln!(svg, "<path class=\"line\" d=\"{path}\"/>");
    for (at, mark) in marks.iter().enumerate() {
        let Some(mark) = mark else { continue };
        let (x, y) = (x(at), y(mark.value));
        let title = escaped(&mark.title);
        let _ = writeln!(
            svg,
            "<g><title>{title}</title><circle class=\"hit\" cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"12\"/>\
             <circle class=\"dot\" cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"4\"/></g>"
        );
    }
    for at in spaced(names.len()) {
        bottom_label(&mut svg, x(at), &shortened(names[at]));
    }
    close(svg, axis)
}

/// A grid of cells from 0, the colour of the page, to 1, with a name for each row and the columns counted in steps of `each`.
pub(super) fn heat_map(rows: &[Vec<Mark>], names: &[String], each: usize, axis: &str) -> String {
    let columns = rows.first().map_or(0, Vec::len).max(1);
    let left = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64 * 6.6 + 12.0;
    // Square if it is a table of tiles by tiles, which need not fill the page; else high enough to see.
    let square = rows.len() == columns;
    let whole = if square { SQUARE } else { WIDTH };
    let width = (whole - left - RIGHT) / columns as f64;
    let height = if square { width } else { width.clamp(14.0, 22.0) };
    let bottom = TOP + height * rows.len() as f64;
    let mut svg = open(whole, bottom + BOTTOM, axis);
    for (at, row) in rows.iter().enumerate() {
        let y = TOP + height * at as f64;
        for (column, mark) in row.iter().enumerate() {
            let gap = if width > 6.0 { 1.0 } else { 0.0 };
            let _ = writeln!(
                svg,
                "<rect class=\"cell\" x=\"{:.2}\" y=\"{y:.2}\" width=\"{:.2}\" height=\"{:.2}\" \
                 fill-opacity=\"{:.3}\"><title>{}</title></rect>",
                left + width * column as f64,
                width - gap,
                height - gap,
                mark.value.clamp(0.0, 1.0),
                escaped(&mark.title),
            );
        }
        if let Some(name) = names.get(at).filter(|name| !name.is_empty()) {
            let middle = y + height / 2.0 + 4.0;
            let _ = writeln!(
                svg,
                "<text class=\"left\" x=\"{:.2}\" y=\"{middle:.2}\">{}</text>",
                left - 6.0,
                escaped(name)
            );
        }
    }
    for at in spaced(columns) {
        let x = left + width * (at as f64 + 0.5);
        let _ = writeln!(svg, "<text x=\"{x:.2}\" y=\"{:.2}\">{}</text>", bottom + 14.0, at * each);
    }
    let _ = writeln!(
        svg,
        "<text class=\"axis\" x=\"{:.2}\" y=\"{:.2}\">{}</text>",
        left + (whole - left - RIGHT) / 2.0,
        bottom + 30.0,
        escaped(axis)
    );
    svg.push_str("</svg>\n");
    svg
}

/// Positions for labels: the first, and evenly from there, far enough apart not to meet.
pub(super) fn spaced(count: usize) -> impl Iterator<Item = usize> + Clone {
    (0..count).step_by(count.saturating_sub(1).div_ceil(8).max(1))
}

pub(super) fn shortened(name: &str) -> String {
    if name.chars().count() <= 12 { name.to_owned() } else { name.chars().take(11).chain(['…']).collect() }
}

fn open(width: f64, height: f64, label: &str) -> String {
    format!("<svg viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{}\">\n", escaped(label))
}

fn grid(svg: &mut String, ticks: &[f64], y: impl Fn(f64) -> f64) {
    for tick in ticks {
        let at = y(*tick);
        let class = if *tick == 0.0 { "base" } else { "grid" };
        let _ = writeln!(
            svg,
            "<path class=\"{class}\" d=\"M{LEFT} {at:.2}H{:.2}\"/><text class=\"left\" x=\"{:.2}\" y=\"{:.2}\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0,
            number(*tick)
        );
    }
}

fn bottom_label(svg: &mut String, x: f64, label: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.2}\" y=\"{:.2}\">{}</text>", HEIGHT - BOTTOM + 15.0, escaped(label));
}

fn close(mut svg: String, axis: &str) -> String {
    let x = LEFT + (WIDTH - LEFT - RIGHT) / 2.0;
    let _ =
        writeln!(svg, "<text class=\"axis\" x=\"{x:.2}\" y=\"{:.2}\">{}</text>", HEIGHT - 3.0, escaped(axis));
    svg.push_str("</svg>\n");
    svg
}
