//! Runs as one web page that loads nothing: plots are SVG in the page, and it follows the reader's light or dark colours.

mod charts;
mod scale;
mod section;

use std::fmt::Write as _;

use crate::{Layer, Run};

const STYLE: &str = include_str!("report/style.css");

/// A page about runs, earliest first, each with a name for people. Layers are those of the last run.
pub fn report(runs: &[(String, Run)]) -> String {
    let Some((_, last)) = runs.last() else { return String::new() };
    let (model, entry) = (escaped(&last.model), escaped(&last.entry));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"/>\n<title>Routing of {model}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<h1>Routing of <code>{model}.{entry}</code></h1>\n"
    );
    let names: Vec<String> = runs.iter().map(|(name, _)| format!("<code>{}</code>", escaped(name))).collect();
    let _ = match names.as_slice() {
        [one] => writeln!(page, "<p>One run, {one}.</p>"),
        all => writeln!(
            page,
            "<p>{} runs, earliest first: {}. Where one run is shown, it is the last.</p>",
            all.len(),
            all.join(", ")
        ),
    };
    let histories: Vec<History<'_>> = last.layers.iter().map(|layer| History::of(layer, runs)).collect();
    summary(&mut page, &histories);
    for (at, history) in histories.iter().enumerate() {
        section::write(&mut page, at, history);
    }
    page.push_str("</body>\n</html>\n");
    page
}

/// A layer in all runs that have it, in the same shape.
struct History<'a> {
    layer: &'a Layer,
    runs: Vec<Then<'a>>,
}

/// The layer in one run.
struct Then<'a> {
    /// Of the run.
    name: &'a str,
    layer: &'a Layer,
    /// Against the run before it, if both saw the same rows.
    stability: Option<f64>,
}

impl<'a> History<'a> {
    fn of(layer: &'a Layer, runs: &'a [(String, Run)]) -> History<'a> {
        let mut history = History { layer, runs: Vec::new() };
        for (name, run) in runs {
            let same =
                |then: &&Layer| then.name == layer.name && then.tiles == layer.tiles && then.top == layer.top;
            let Some(then) = run.layers.iter().find(same) else { continue };
            let before = history.runs.last().map(|before| before.layer);
            let stability = before.and_then(|before| then.stability(before).ok().flatten());
            history.runs.push(Then { name, layer: then, stability });
        }
        history
    }

    /// Against the run before the last.
    fn stability(&self) -> Option<f64> {
        self.runs.last().and_then(|last| last.stability)
    }
}

/// Headings of the summary after the layer's name.
const HEADINGS: [&str; 9] =
    ["rows", "tiles", "a row", "empty", "entropy", "Gini", "median margin", "mean distance", "stability"];

fn summary(page: &mut String, histories: &[History<'_>]) {
    page.push_str("<table>\n<thead><tr><th>layer</th>");
    HEADINGS.iter().for_each(|heading| page.push_str(&format!("<th>{heading}</th>")));
    page.push_str("</tr></thead>\n<tbody>\n");
    for (at, history) in histories.iter().enumerate() {
        let layer = history.layer;
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        let distance = layer.distances().map(|apart| format!("{:.1} of {}", apart.mean, apart.width));
        let cells: [String; HEADINGS.len()] = [
            layer.rows.to_string(),
            layer.tiles.to_string(),
            layer.top.to_string(),
            layer.empty().to_string(),
            or_dash(layer.entropy_ratio().map(percent)),
            format!("{:.3}", layer.gini()),
            or_dash(layer.margin().map(|margin| scale::number(margin.median))),
            or_dash(distance),
            or_dash(history.stability().map(percent)),
        ];
        let _ = write!(page, "<tr><th><a href=\"#layer{at}\">{}</a></th>", escaped(&layer.name));
        cells.iter().for_each(|cell| page.push_str(&format!("<td>{cell}</td>")));
        page.push_str("</tr>\n");
    }
    page.push_str(
        "</tbody>\n</table>\n<p class=\"note\">Entropy is that of the histogram, as a part of its largest value log T. Gini is 0 where all \
         tiles have as many rows, near 1 where one has all. The margin of a row is its best score less the second. Distance counts the \
         places in which two signatures differ. Stability is the part of the rows' tiles that they had in the run before.</p>\n",
    );
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Text as HTML: names come from files.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c if c.is_control() => html.push('\u{fffd}'),
            c => html.push(c),
        }
    }
    html
}
