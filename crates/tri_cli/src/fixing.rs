//! `triton check --fix`: safe fixes, round after round until none is left, then written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tri_diagnostics::{Code, Edit, FileId, LineIndex, fixes};
use tri_driver::{OwnFile, SourceOptions, Timing};

use crate::checked::{Checked, Selection};
use crate::diff;
use crate::failure::Failure;
use crate::source_files;

/// How often fixes are looked for. A list of names loses every other one in a round, so a long one takes a few.
const MAX_ROUNDS: usize = 50;

/// What came of fixing.
#[derive(Debug)]
pub(crate) struct Fixed {
    /// The check of the texts as they are after the fixes.
    pub(crate) checked: Checked,
    /// The fixes, in the order in which they were applied.
    pub(crate) applied: Vec<Applied>,
    /// The files that change.
    pub(crate) files: Vec<ChangedFile>,
}

/// A fix that was applied.
#[derive(Debug)]
pub(crate) struct Applied {
    file: String,
    /// Where it was needed, in the text before its round.
    line: u32,
    code: Code,
    title: String,
}

/// A file before and after.
#[derive(Debug)]
pub(crate) struct ChangedFile {
    path: PathBuf,
    before: String,
    after: String,
}

impl Fixed {
    /// Finds out what safe fixes make of the selection. Nothing is written.
    pub(crate) fn of(
        selection: &Selection,
        options: &SourceOptions,
        timing: &mut Timing,
    ) -> Result<Fixed, Failure> {
        let mut texts: BTreeMap<PathBuf, String> = BTreeMap::new();
        let mut before: BTreeMap<PathBuf, String> = BTreeMap::new();
        let mut applied = Vec::new();
        let mut checked = Checked::of(selection, options, &texts, timing)?;
        for _ in 0..MAX_ROUNDS {
            let round = round(&checked);
            if round.texts.is_empty() {
                break;
            }
            for (file, text) in round.texts {
                before.entry(file.path.clone()).or_insert(file.text);
                texts.insert(file.path, text);
            }
            applied.extend(round.applied);
            checked = Checked::of(selection, options, &texts, timing)?;
        }
        let files = before.into_iter().filter_map(|(path, before)| {
            let after = texts.remove(&path)?;
            Some(ChangedFile { path, before, after })
        });
        Ok(Fixed { checked, applied, files: files.collect() })
    }

    /// Writes the files, each as a whole. One that has changed since it was read is left alone.
    pub(crate) fn write(&self) -> Result<(), Failure> {
        for file in &self.files {
            let on_disk = std::fs::read(&file.path);
            if !on_disk.is_ok_and(|bytes| bytes == file.before.as_bytes()) {
                let message =
                    format!("`{}` has changed while it was fixed, and was not written", file.path.display());
                return Err(Failure::coded("E4002", message));
            }
            source_files::replace(&file.path, &file.after).map_err(|error| Failure::coded("E4002", error))?;
        }
        Ok(())
    }

    /// What `write` would change, as a patch.
    pub(crate) fn diff(&self) -> String {
        let diff = |file: &ChangedFile| {
            let name = file.path.display().to_string();
            diff::unified((&name, &file.before), (&format!("{name} (fixed)"), &file.after))
        };
        self.files.iter().map(diff).collect()
    }

    /// What was done, a line for each fix.
    pub(crate) fn report(&self) -> String {
        let line = |fix: &Applied| format!("fixed {}:{}: [{}] {}\n", fix.file, fix.line, fix.code, fix.title);
        self.applied.iter().map(line).collect()
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        let fix = |fix: &Applied| json!({ "file": fix.file, "line": fix.line, "code": fix.code.as_str(), "title": fix.title });
        self.applied.iter().map(fix).collect()
    }
}

/// What fixes that can be applied together make of files.
#[derive(Default)]
struct Round {
    texts: Vec<(OwnFile, String)>,
    applied: Vec<Applied>,
}

fn round(checked: &Checked) -> Round {
    let files = checked.own_files().into_iter().filter(|(folder, file)| lies_in(folder, &file.path));
    let files: BTreeMap<FileId, OwnFile> = files.map(|(_, file)| (file.id, file)).collect();
    let mut ours = checked.diagnostics.clone();
    ours.retain(|diagnostic| {
        let edits = diagnostic.fix.iter().flat_map(|fix| &fix.edits);
        edits.clone().count() > 0 && edits.clone().all(|edit| files.contains_key(&edit.span.file))
    });
    let (mut edits, mut applied): (BTreeMap<FileId, Vec<&Edit>>, Vec<Applied>) = Default::default();
    for (diagnostic, fix) in fixes::choose(&ours) {
        fix.edits.iter().for_each(|edit| edits.entry(edit.span.file).or_default().push(edit));
        let Some(file) = files.get(&diagnostic.primary.span.file) else { continue };
        applied.push(Applied {
            file: file.path.display().to_string(),
            line: LineIndex::new(&file.text).line(diagnostic.primary.span.range.start),
            code: diagnostic.code,
            title: fix.title.clone(),
        });
    }
    let changed = edits.into_iter().filter_map(|(id, edits)| {
        let file = files.get(&id)?.clone();
        let text = fixes::apply(&file.text, edits)?;
        (text != file.text).then_some((file, text))
    });
    Round { texts: changed.collect(), applied }
}

/// Whether a file lies in the folder of its package, links followed.
fn lies_in(folder: &Path, file: &Path) -> bool {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match (folder.canonicalize(), file.canonicalize()) {
        (Ok(folder), Ok(file)) => file.starts_with(folder),
        _ => false,
    }
}
