//! What a selection grows to: the word, the expression around it, the statement, the block, and so on to the file.

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::TextRange;

use crate::path::{path_to, range_of, word_at};

/// The ranges around an offset, the smallest first; each holds the one before.
pub(crate) fn ranges(db: &dyn Db, file: SourceFile, offset: u32) -> Vec<TextRange> {
    let ast = &parse(db, file).ast;
    let word = word_at(db, file, offset).map(|word| word.range);
    let mut ranges: Vec<TextRange> = word.into_iter().collect();
    if let Some(path) = path_to(db, file, word.unwrap_or(TextRange::empty(offset))) {
        ranges.extend(path.nodes.iter().rev().filter_map(|node| range_of(ast, path.def.item, *node)));
    }
    let length = tri_db::text(db, file).map_or(0, |text| text.len() as u32);
    ranges.push(TextRange::new(0, length));
    let mut grown: Vec<TextRange> = Vec::new();
    for range in ranges {
        let grows = grown
            .last()
            .is_none_or(|last| range.start <= last.start && last.end <= range.end && range != *last);
        if grows {
            grown.push(range);
        }
    }
    grown
}
