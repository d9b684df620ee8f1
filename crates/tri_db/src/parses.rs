//! The last parse without errors of the files under edit, from which the next takes over what is the same.
//!
//! It lies beside salsa's memory and changes no result: it is only how a parse becomes quick. It holds few files, so that
//! dropping syntax trees that were not used for long stays worth it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tri_diagnostics::FileId;
use tri_syntax::Parsed;

/// Files that are remembered, those that were parsed last.
const REMEMBERED: usize = 16;

/// Parses by file, those that were parsed last at the end.
#[derive(Debug, Default)]
pub(crate) struct Parses(Mutex<VecDeque<Parse>>);

#[derive(Clone, Debug)]
struct Parse {
    file: FileId,
    text: Arc<str>,
    parsed: Arc<Parsed>,
}

impl Parses {
    pub(crate) fn parse(&self, file: FileId, text: &Arc<str>) -> Arc<Parsed> {
        let before = {
            let parses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            parses.iter().find(|parse| parse.file == file).cloned()
        };
        let parsed = Arc::new(match &before {
            Some(before) => tri_syntax::parse_after((&before.text, &before.parsed), file, text),
            None => tri_syntax::parse(file, text),
        });
        if parsed.errors.is_empty() {
            let parse = Parse { file, text: text.clone(), parsed: parsed.clone() };
            let mut parses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            parses.retain(|parse| parse.file != file);
            parses.push_back(parse);
            if parses.len() > REMEMBERED {
                parses.pop_front();
            }
        }
        parsed
    }
}
