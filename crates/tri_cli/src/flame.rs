//! A flame graph of a call: each function above the steps that it runs, as wide as the time that they take (B. Gregg, "The Flame Graph",
//! CACM 59(6), 2016, upside down).

use std::fmt::Write as _;
use std::time::Duration;

use tri_runtime::StepRun;

use crate::steps::Places;

const WIDTH: f64 = 1200.0;
const ROW: f64 = 18.0;
/// Pixels of a letter.
const LETTER: f64 = 6.6;
/// What is narrower is not drawn.
const THINNEST: f64 = 0.3;

/// What runs under one name in one place.
#[derive(Default)]
struct Node {
    name: String,
    title: String,
    time: Duration,
    /// Whether it runs steps of its own.
    calls: bool,
    children: Vec<Node>,
}

impl Node {
    /// The child of this name.
    fn child(&mut self, name: &str, title: &str) -> &mut Node {
        let at = self.children.iter().position(|child| child.title == title).unwrap_or_else(|| {
            let (name, title) = (name.to_owned(), title.to_owned());
            self.children.push(Node { name, title, ..Node::default() });
            self.children.len() - 1
        });
        &mut self.children[at]
    }

    fn depth(&self) -> usize {
        1 + self.children.iter().map(Node::depth).max().unwrap_or(0)
    }
}

/// The steps of a call of `entry`.
pub(crate) fn svg(entry: &str, runs: &[StepRun], places: &Places) -> String {
    let mut root = Node { name: entry.to_owned(), title: entry.to_owned(), calls: true, ..Node::default() };
    for run in runs {
        if run.parent.is_none() {
            root.time += run.time;
        }
        let mut node = &mut root;
        for run in path(run, runs) {
            node.calls = true;
            let place = places.of(run.schedule, run.step);
            let line = place.line.as_ref().map_or_else(String::new, |line| format!(", {line}"));
            node = node.child(
                &place.kernel,
                &format!("{} (step {} of {}{line})", place.kernel, run.step, place.function),
            );
        }
        node.time += run.time;
    }
    let height = ROW * root.depth() as f64 + 4.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"monospace\" font-size=\"11\">\n"
    );
    let scale = WIDTH / root.time.as_secs_f64().max(f64::MIN_POSITIVE);
    draw(&root, 0.0, 2.0, scale, &mut text);
    text.push_str("</svg>\n");
    text
}

/// The runs that lead to a run, outermost first, and the run.
fn path<'r>(run: &'r StepRun, runs: &'r [StepRun]) -> Vec<&'r StepRun> {
    let mut path = vec![run];
    while let Some(parent) = path.last().and_then(|run| runs.get(run.parent?)) {
        path.push(parent);
    }
    path.reverse();
    path
}

fn draw(node: &Node, x: f64, y: f64, scale: f64, text: &mut String) {
    let width = node.time.as_secs_f64() * scale;
    if width < THINNEST {
        return;
    }
    let fill = if node.calls { "#cfd8e3" } else { "#e8a33d" };
    let (title, microseconds) = (escape(&node.title), 1e6 * node.time.as_secs_f64());
    let _ = writeln!(
        text,
        "<g><title>{title}: {microseconds:.1} µs</title><rect x=\"{x:.2}\" y=\"{y:.1}\" width=\"{width:.2}\" height=\"{:.1}\" fill=\"{fill}\" stroke=\"#fff\" stroke-width=\"0.5\"/>",
        ROW - 1.0
    );
    let letters = ((width - 6.0) / LETTER) as usize;
    if letters >= 3 {
        let shown: String = node.name.chars().take(letters).collect();
        let _ = writeln!(text, "<text x=\"{:.2}\" y=\"{:.1}\">{}</text>", x + 3.0, y + 12.5, escape(&shown));
    }
    text.push_str("</g>\n");
    let mut at = x;
    for child in &node.children {
        draw(child, at, y + ROW, scale, text);
        at += child.time.as_secs_f64() * scale;
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
