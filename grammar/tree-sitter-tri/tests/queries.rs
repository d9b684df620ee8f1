//! The queries fit the grammar, and `test/highlight` has the colours that its comments claim, in the format of
//! `tree-sitter test`: `// ^ keyword` claims the colour of what stands above the arrow, `// <- keyword` of what stands
//! above the comment.

use tree_sitter::{Language, Parser, Point, Query, QueryCursor, StreamingIterator, Tree};

fn language() -> Language {
    tree_sitter_tri::LANGUAGE.into()
}

#[test]
fn queries_fit_the_grammar() {
    for query in [
        tree_sitter_tri::HIGHLIGHTS_QUERY,
        tree_sitter_tri::LOCALS_QUERY,
        tree_sitter_tri::INJECTIONS_QUERY,
        tree_sitter_tri::FOLDS_QUERY,
        tree_sitter_tri::INDENTS_QUERY,
        tree_sitter_tri::TAGS_QUERY,
    ] {
        let query = Query::new(&language(), query).unwrap();
        assert!(!query.capture_names().is_empty());
    }
}

/// The colour at `place`: of the smallest node there which has one, the last pattern's.
fn colour<'q>(tree: &Tree, text: &str, query: &'q Query, place: Point) -> Option<&'q str> {
    let mut cursor = QueryCursor::new();
    let mut captures = cursor.captures(query, tree.root_node(), text.as_bytes());
    let mut found = None;
    while let Some((matched, index)) = captures.next() {
        let capture = matched.captures()[*index];
        let range = capture.node.range();
        if range.start_point <= place && place < range.end_point {
            let rank = (std::cmp::Reverse(range.end_byte - range.start_byte), matched.pattern_index);
            found = found.max(Some((rank, capture.index)));
        }
    }
    found.map(|(_, index)| query.capture_names()[index as usize])
}

/// The claims of a text: where, and what colour.
fn claims(text: &str) -> Vec<(Point, &str)> {
    let mut claims = Vec::new();
    let mut row = 0;
    for (number, line) in text.lines().enumerate() {
        let claim = line.trim_start().strip_prefix("//").map(str::trim_start);
        let arrow = claim.and_then(|rest| Some((rest.strip_prefix("<-")?, line.find("//")?)));
        let arrow = arrow.or_else(|| claim.and_then(|rest| Some((rest.strip_prefix('^')?, line.find('^')?))));
        match arrow {
            Some((colour, column)) => claims.push((Point { row, column }, colour.trim())),
            None => row = number,
        }
    }
    claims
}

#[test]
fn colours_are_as_claimed() {
    let text = include_str!("../test/highlight/digits.tri");
    let query = Query::new(&language(), tree_sitter_tri::HIGHLIGHTS_QUERY).unwrap();
    let mut parser = Parser::new();
    parser.set_language(&language()).unwrap();
    let tree = parser.parse(text, None).unwrap();
    let claims = claims(text);
    assert!(claims.len() > 50);
    let wrong: Vec<String> = claims
        .iter()
        .filter_map(|&(place, claimed)| {
            let found = colour(&tree, text, &query, place).unwrap_or("none");
            let Point { row, column } = place;
            (found != claimed).then(|| format!("{}:{}: {found}, not {claimed}", row + 1, column + 1))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
