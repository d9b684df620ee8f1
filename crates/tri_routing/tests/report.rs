//! The page about runs: well formed, complete, and nothing that loads.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use roxmltree::{Document, Node, ParsingOptions};
use tri_routing::{Layer, Run, report};

/// A layer whose rows go around the tiles, with some going to the first.
fn layer(name: &str, tiles: usize, rows: usize, shift: usize) -> Layer {
    let chosen = |row: usize| if row.is_multiple_of(3) { 0 } else { ((row * 7 + shift) % tiles) as u32 };
    let sign = |tile: usize, place: usize| ['+', '0', '-'][(tile * 31 + place * place + tile / 3) % 3];
    Layer {
        name: name.to_owned(),
        tiles,
        clusters: None,
        top: 1,
        rows,
        chosen: (0..rows).map(chosen).collect(),
        margins: (0..rows).map(|row| (row % 5 != 0).then_some(row as f32 * 0.25)).collect(),
        signatures: (0..tiles).map(|tile| (0..70).map(|place| sign(tile, place)).collect()).collect(),
    }
}

fn runs(layers: &[Vec<Layer>]) -> Vec<(String, Run)> {
    let run = |(at, layers): (usize, &Vec<Layer>)| {
        let run = Run { model: "M".to_owned(), entry: "forward".to_owned(), layers: layers.clone() };
        (format!("epoch{at}"), run)
    };
    layers.iter().enumerate().map(run).collect()
}

/// Looks into the page, which must be well formed.
fn read<T>(page: &str, look: impl FnOnce(Node<'_, '_>) -> T) -> T {
    let document =
        Document::parse_with_options(page, ParsingOptions { allow_dtd: true, ..Default::default() });
    look(document.unwrap_or_else(|error| panic!("{error}\n{page}")).root_element())
}

fn count(page: &str, tag: &str, class: &str) -> usize {
    read(page, |root| {
        let is = |node: &Node<'_, '_>| node.has_tag_name(tag) && node.attribute("class") == Some(class);
        root.descendants().filter(is).count()
    })
}

fn captions(page: &str) -> Vec<String> {
    read(page, |root| {
        let captions = root.descendants().filter(|node| node.has_tag_name("figcaption"));
        captions.map(|node| node.text().unwrap().to_owned()).collect()
    })
}

#[test]
fn a_page_of_one_run_has_its_histogram_margins_and_distances() {
    let page = report(&runs(&[vec![layer("ffn", 4, 90, 0)]]));
    assert_eq!(captions(&page), ["Rows of each tile", "Margins", "Distances between signatures"]);
    assert_eq!(count(&page, "rect", "cell"), 16);
    assert_eq!(count(&page, "rect", "bar"), 4 + 40);
    assert!(page.contains("tile 0: 45 rows, 50.0 %"), "{page}");
    assert!(page.contains("18 rows without"), "{page}");
    assert!(page.contains("One run, <code>epoch0</code>."));
}

#[test]
fn several_runs_show_how_tiles_entropy_and_stability_change() {
    let epochs: Vec<Vec<Layer>> =
        (0..5).map(|epoch| vec![layer("a", 6, 60, epoch), layer("b", 3, 60, 0)]).collect();
    let page = report(&runs(&epochs));
    let of_layer = [
        "Rows of each tile",
        "Margins",
        "Distances between signatures",
        "Tiles over the runs",
        "Entropy over the runs",
        "Stability over the runs",
    ];
    assert_eq!(captions(&page), [of_layer, of_layer].concat());
    // Tiles by tiles, and tiles by runs; entropy of five runs, stability of four.
    assert_eq!(count(&page, "rect", "cell"), 36 + 30 + 9 + 15);
    assert_eq!(count(&page, "circle", "dot"), 2 * (5 + 4));
    assert!(page.contains("epoch4: 100.0 %"));
}

#[test]
fn runs_of_other_rows_or_shapes_are_not_compared() {
    let page = report(&runs(&[
        vec![layer("ffn", 4, 10, 0)],
        vec![layer("ffn", 5, 30, 0)],
        vec![layer("other", 4, 30, 0)],
        vec![layer("ffn", 4, 30, 0)],
    ]));
    assert!(captions(&page).contains(&"Entropy over the runs".to_owned()));
    assert!(!captions(&page).contains(&"Stability over the runs".to_owned()));
    assert_eq!(count(&page, "circle", "dot"), 2);
}

#[test]
fn many_tiles_are_shown_in_groups() {
    let page = report(&runs(&[vec![layer("ffn", 1000, 5000, 0)]]));
    assert_eq!(count(&page, "rect", "cell"), 63 * 63);
    assert_eq!(count(&page, "rect", "bar"), 125 + 40);
    assert!(page.contains("tiles 0 to 15 and 16 to 31: ") && page.contains("tiles 992 to 999 and 0 to 15: "));
}

#[test]
fn nothing_is_loaded_and_names_are_only_text() {
    let odd = "<script src=\"http://x\">&\u{0}\u{1b}'";
    let mut runs = runs(&[vec![layer(odd, 4, 9, 0)], vec![layer(odd, 4, 9, 1)]]);
    (runs[0].0, runs[1].1.model, runs[1].1.entry) = (odd.to_owned(), odd.to_owned(), odd.to_owned());
    let page = report(&runs);
    read(&page, |root| {
        for node in root.descendants() {
            assert!(!["script", "link", "img", "iframe", "object"].iter().any(|tag| node.has_tag_name(*tag)));
            let loads = |name: &str| node.attribute(name).is_some_and(|to| !to.starts_with('#'));
            assert!(!["src", "href", "srcset", "data"].iter().any(|name| loads(name)));
        }
        let style = root.descendants().find(|node| node.has_tag_name("style")).unwrap().text().unwrap();
        assert!(!style.contains("url(") && !style.contains("@import"));
    });
}

#[test]
fn runs_of_nothing_have_a_page_too() {
    let bare = Layer { signatures: Vec::new(), margins: Vec::new(), ..layer("bare", 1, 0, 0) };
    let page = report(&runs(&[vec![bare.clone(), layer("none", 3, 0, 0)], vec![bare], Vec::new()]));
    assert!(captions(&page).is_empty());
    let page = report(&runs(&[vec![Layer { signatures: Vec::new(), ..layer("bare", 1, 0, 0) }]]));
    assert_eq!(captions(&page), ["Rows of each tile"]);
    assert!(!page.contains("NaN") && !page.contains("inf"));
    assert_eq!(report(&[]), "");
}
