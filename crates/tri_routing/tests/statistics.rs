//! Statistics against values worked out by hand, and saved runs against damage.

use tri_routing::{Layer, Run, RunError};

fn layer(tiles: usize, chosen: &[u32]) -> Layer {
    let signatures = ["++0", "+-0", "--0", "0+-"].iter().take(tiles).map(|text| (*text).to_owned());
    Layer {
        name: "blocks.0.ffn".to_owned(),
        tiles,
        clusters: None,
        top: 1,
        rows: chosen.len(),
        chosen: chosen.to_vec(),
        margins: chosen.iter().map(|tile| Some(*tile as f32)).collect(),
        signatures: signatures.collect(),
    }
}

fn run(layers: Vec<Layer>) -> Run {
    Run { model: "M".to_owned(), entry: "forward".to_owned(), layers }
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
}

#[test]
fn rows_spread_evenly_have_the_entropy_of_all_tiles_and_no_inequality() {
    let even = layer(4, &[0, 1, 2, 3, 3, 2, 1, 0]);
    assert_eq!(even.histogram(), [2, 2, 2, 2]);
    assert_eq!(even.empty(), 0);
    close(even.entropy(), 4f64.ln());
    close(even.entropy_ratio().unwrap(), 1.0);
    close(even.gini(), 0.0);
}

#[test]
fn rows_on_one_tile_have_no_entropy_and_the_inequality_of_three_quarters() {
    let one = layer(4, &[2; 5]);
    assert_eq!(one.histogram(), [0, 0, 5, 0]);
    assert_eq!(one.empty(), 3);
    close(one.entropy(), 0.0);
    assert!(one.entropy().is_sign_positive());
    // Six of sixteen ordered pairs differ, by 5 each: 30 / (2 * 4 * 5).
    close(one.gini(), 0.75);
    let uneven = layer(4, &[0, 0, 0, 1]);
    close(uneven.entropy(), -(0.75 * 0.75f64.ln() + 0.25 * 0.25f64.ln()));
    // Ordered pairs: 2 * (2 + 3 + 3 + 1 + 1 + 0) = 20, over 2 * 4 * 4.
    close(uneven.gini(), 20.0 / 32.0);
}

#[test]
fn no_rows_and_a_single_tile_have_statistics_too() {
    let none = layer(4, &[]);
    assert_eq!((none.entropy(), none.gini(), none.margin()), (0.0, 0.0, None));
    assert_eq!(none.stability(&none), Ok(None));
    let single = layer(1, &[0, 0]);
    assert_eq!((single.entropy_ratio(), single.distances(), single.gini()), (None, None, 0.0));
}

#[test]
fn margins_leave_out_rows_without_one() {
    let mut layer = layer(4, &[3, 1, 0, 2]);
    let margin = layer.margin().unwrap();
    assert_eq!((margin.rows, margin.min, margin.max), (4, 0.0, 3.0));
    close(margin.median, 1.5);
    close(margin.mean, 1.5);
    layer.margins[0] = None;
    let margin = layer.margin().unwrap();
    assert_eq!((margin.rows, margin.max, margin.median), (3, 2.0, 1.0));
}

#[test]
fn distances_count_the_places_that_differ() {
    let distances = layer(3, &[0]).distances().unwrap();
    // ++0 and +-0: 1; ++0 and --0: 2; +-0 and --0: 1.
    assert_eq!((distances.width, distances.min, distances.max), (3, 1, 2));
    close(distances.mean, 4.0 / 3.0);
    // ++0 and 0+-: 2; +-0 and 0+-: 3; --0 and 0+-: 3.
    close(layer(4, &[0]).distances().unwrap().mean, 12.0 / 6.0);
    // More places than a word of bits has.
    let long = |end: &str| format!("{}{end}", "+0-".repeat(50));
    let signatures = vec![long("++"), long("+-"), "-".repeat(152)];
    let distances = Layer { signatures, ..layer(3, &[0]) }.distances().unwrap();
    assert_eq!((distances.width, distances.min, distances.max), (152, 1, 102));
}

#[test]
fn stability_is_the_share_of_tiles_that_rows_kept() {
    let now = layer(4, &[0, 1, 2, 3]);
    close(now.stability(&now).unwrap().unwrap(), 1.0);
    close(now.stability(&layer(4, &[0, 2, 2, 0])).unwrap().unwrap(), 0.5);
    let two =
        |chosen: &[u32]| Layer { top: 2, rows: chosen.len() / 2, margins: Vec::new(), ..layer(4, chosen) };
    // The first row keeps both in another order, the second one of two.
    close(two(&[0, 1, 2, 3]).stability(&two(&[1, 0, 0, 3])).unwrap().unwrap(), 0.75);
}

#[test]
fn only_the_same_rows_in_the_same_layers_are_compared() {
    let now = run(vec![layer(4, &[0, 1])]);
    assert_eq!(now.stability(&now), Ok(vec![Some(1.0)]));
    let other = run(vec![layer(4, &[0, 1, 1])]);
    assert_eq!(
        now.stability(&other).unwrap_err().to_string(),
        "`blocks.0.ffn` sends 2 rows to 1 of 4 tiles each, but 3 rows to 1 of 4 in the earlier run; stability compares the same \
         rows in the same layers"
    );
    let renamed = run(vec![Layer { name: "blocks.1.ffn".to_owned(), ..layer(4, &[0, 1]) }]);
    assert_eq!(
        now.stability(&renamed).unwrap_err().to_string(),
        "the earlier run has no routed layer `blocks.0.ffn`; it has blocks.1.ffn"
    );
}

#[test]
fn a_saved_run_reads_back() {
    let mut saved = run(vec![layer(4, &[3, 0, 2]), layer(1, &[])]);
    saved.layers[0].margins[1] = None;
    saved.layers[0].clusters = Some(2);
    assert_eq!(Run::from_json(&saved.to_json().unwrap()).unwrap(), saved);
}

#[test]
fn damaged_runs_are_refused_with_what_is_wrong() {
    type Damage = fn(&mut Layer);
    let flaws: [(&str, Damage); 12] = [
        ("it has 16385 tiles, more than 16384", |layer| layer.tiles = 16_385),
        ("a row cannot go to 0 of 4 tiles", |layer| layer.top = 0),
        ("a row cannot go to 5 of 4 tiles", |layer| layer.top = 5),
        ("4 tiles are not 3 clusters of equal size", |layer| layer.clusters = Some(3)),
        ("4 tiles are not 0 clusters of equal size", |layer| layer.clusters = Some(0)),
        ("`chosen` has 2 tiles, but there are 3 rows with 1 each", |layer| layer.rows = 3),
        ("`chosen` has 2 tiles, but there are 18446744073709551615 rows with 2 each", |layer| {
            (layer.rows, layer.top) = (usize::MAX, 2);
        }),
        ("a row chose tile 4, but there are 4", |layer| layer.chosen[1] = 4),
        ("`margins` has 1 numbers, but there are 2 rows", |layer| layer.margins.truncate(1)),
        ("3 signatures are not one for each of 4 tiles", |layer| layer.signatures.truncate(3)),
        ("a signature is made of other signs than `+`, `-` and `0`", |layer| {
            layer.signatures[2] = "+x0".to_owned()
        }),
        ("signatures have 3 and 2 places", |layer| layer.signatures[3] = "+0".to_owned()),
    ];
    for (flaw, damage) in flaws {
        let mut layer = layer(4, &[0, 1]);
        damage(&mut layer);
        let text = run(vec![layer]).to_json().unwrap();
        let expected = RunError::Damaged { layer: "blocks.0.ffn".to_owned(), flaw: flaw.to_owned() };
        assert_eq!(Run::from_json(&text), Err(expected));
    }
}

#[test]
fn what_is_no_run_is_refused() {
    for text in ["", "[]", "{}", "null", "{\"format\": 1}", &"[".repeat(100_000)] {
        assert!(matches!(Run::from_json(text), Err(RunError::Syntax(_))), "{text:.20}");
    }
    let other = Run::from_json("{\"format\": \"triton-routing-9\"}").unwrap_err();
    assert_eq!(
        other.to_string(),
        "it says that it holds `triton-routing-9`; `triton run --routing-stats=FILE` writes `triton-routing-1`"
    );
    let text = run(vec![layer(4, &[0])]).to_json().unwrap();
    for end in 0..text.len() {
        assert!(Run::from_json(&text[..end]).is_err(), "{end}");
    }
}
