//! Programs as text, of one or more files, with a cursor `$0` in one of them.

use std::path::Path;
use std::sync::Arc;

use tri_db::MemorySystem;
use tri_ide::{Analysis, AnalysisHost, Edit, FileId, FilePosition, Span};

/// A package with a cursor.
pub(crate) struct Fixture {
    pub(crate) analysis: Analysis,
    pub(crate) position: FilePosition,
    pub(crate) files: Vec<(String, String)>,
}

impl Fixture {
    /// Files after lines `//- name.tri`; without such a line, all is `main.tri`.
    pub(crate) fn new(text: &str) -> Fixture {
        let mut files: Vec<(String, String)> = Vec::new();
        for line in text.trim_start_matches('\n').split_inclusive('\n') {
            match line.strip_prefix("//- ") {
                Some(name) => files.push((name.trim().to_owned(), String::new())),
                None if files.is_empty() => files.push(("main.tri".to_owned(), line.to_owned())),
                None => files.last_mut().unwrap().1.push_str(line),
            }
        }
        let mut cursor = None;
        for (name, text) in &mut files {
            if let Some(at) = text.find("$0") {
                text.replace_range(at..at + 2, "");
                cursor = Some((name.clone(), at as u32));
            }
        }
        let system = MemorySystem::new(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let mut host = AnalysisHost::new(Arc::new(system), Path::new(""));
        for (name, _) in &files {
            host.add(Path::new(name));
        }
        let analysis = host.analysis();
        let (name, offset) = cursor.unwrap_or((files[0].0.clone(), 0));
        let file = analysis.file_at(Path::new(&name)).unwrap();
        Fixture { analysis, position: FilePosition { file, offset }, files }
    }

    pub(crate) fn name(&self, file: FileId) -> String {
        let (path, _) = self.analysis.path(file).unwrap().unwrap();
        path.display().to_string()
    }

    /// `main.tri: text of the span`, with what stands on its line before it.
    pub(crate) fn show(&self, span: Span) -> String {
        let text = self.analysis.text(span.file).unwrap().unwrap();
        let line = text[..span.range.start as usize].matches('\n').count() + 1;
        format!("{}:{line} {}", self.name(span.file), span.range.of(&text))
    }

    /// The files after edits that belong to them.
    pub(crate) fn apply(&self, edits: &[Edit]) -> String {
        let mut all = String::new();
        for (name, text) in &self.files {
            let file = self.analysis.file_at(Path::new(name)).unwrap();
            let edits = edits.iter().filter(|edit| edit.span.file == file);
            let text = tri_diagnostics::fixes::apply(text, edits).expect("edits do not overlap");
            if self.files.len() > 1 {
                all.push_str(&format!("//- {name}\n"));
            }
            all.push_str(&text);
        }
        all
    }
}
