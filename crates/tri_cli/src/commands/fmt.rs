//! `triton fmt [PATH]`: programs in the canonical layout.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tri_diagnostics::render::{self, Sources};
use tri_diagnostics::{Code, Diagnostic, FileId, Span, TextRange};
use tri_format::FormatError;
use tri_syntax::MAX_FILE;

use crate::args::{FmtArgs, Format};
use crate::diagnostics;
use crate::diff;
use crate::failure::Failure;
use crate::output;
use crate::source_files;

/// Stands for stdin.
const STDIN: &str = "-";

/// Formats files in place, or stdin to stdout.
pub(crate) fn run(args: &FmtArgs, format: Format) -> Result<(), Failure> {
    let from_stdin = args.paths.iter().any(|path| path.as_os_str() == STDIN);
    if from_stdin && args.paths.len() > 1 {
        return Err(Failure::Usage("`-` stands alone: stdin is formatted to stdout".to_owned()));
    }
    let mut run = Run { args, format, files: Files::default(), results: Vec::new(), found: Vec::new() };
    if from_stdin {
        let bytes = source_files::read_limited(std::io::stdin().lock());
        run.file("stdin", None, bytes.map_err(|error| format!("stdin cannot be read: {error}")))?;
    } else {
        let here = [PathBuf::from(".")];
        let paths = if args.paths.is_empty() { &here[..] } else { &args.paths };
        for path in source_files::find(paths).map_err(Failure::error)? {
            run.file(&path.display().to_string(), Some(&path), source_files::read(&path))?;
        }
    }
    run.finish()
}

/// The texts that diagnostics are about.
#[derive(Default)]
struct Files(Vec<(String, String)>);

impl Sources for Files {
    fn name(&self, file: FileId) -> String {
        self.0.get(file.0 as usize).map_or_else(String::new, |(name, _)| name.clone())
    }

    fn text(&self, file: FileId) -> &str {
        self.0.get(file.0 as usize).map_or("", |(_, text)| text)
    }

    fn is_library(&self, _: FileId) -> bool {
        false
    }
}

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    /// It was formatted already.
    Unchanged,
    /// It was not, and has been written.
    Formatted,
    /// It is not, and was left alone.
    Unformatted,
    /// It cannot be read or written, or has syntax errors.
    Error,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Status::Unchanged => "unchanged",
            Status::Formatted => "formatted",
            Status::Unformatted => "unformatted",
            Status::Error => "error",
        }
    }
}

struct FileResult {
    name: String,
    status: Status,
    /// What would change, if that was asked for.
    diff: Option<String>,
    /// Why it cannot be read or written.
    message: Option<String>,
    /// What came of stdin.
    text: Option<String>,
}

struct Run<'a> {
    args: &'a FmtArgs,
    format: Format,
    /// Files with syntax errors.
    files: Files,
    results: Vec<FileResult>,
    found: Vec<Diagnostic>,
}

impl Run<'_> {
    /// Formats one file, or stdin, which has no path.
    fn file(
        &mut self,
        name: &str,
        path: Option<&Path>,
        bytes: Result<Vec<u8>, String>,
    ) -> Result<(), Failure> {
        let mut result = FileResult {
            name: name.to_owned(),
            status: Status::Error,
            diff: None,
            message: None,
            text: None,
        };
        match bytes {
            Err(message) => result.message = Some(message),
            Ok(bytes) => {
                let file = FileId(self.files.0.len() as u32);
                match formatted(file, &bytes) {
                    Ok((source, text)) => self.settle(&mut result, path, source, text),
                    Err(FormatError::Syntax(found)) => {
                        self.found.extend(found);
                        let text =
                            if bytes.len() > MAX_FILE { "".into() } else { String::from_utf8_lossy(&bytes) };
                        self.files.0.push((name.to_owned(), text.into_owned()));
                    }
                    Err(error @ FormatError::Changed) => {
                        return Err(Failure::Internal(format!("{name}: {error}")));
                    }
                }
            }
        }
        self.results.push(result);
        Ok(())
    }

    /// Writes or compares what was formatted.
    fn settle(&self, result: &mut FileResult, path: Option<&Path>, source: &str, text: String) {
        let dry = self.args.check || self.args.diff;
        result.status = match (source == text, dry) {
            (true, _) => Status::Unchanged,
            (false, true) => Status::Unformatted,
            (false, false) => Status::Formatted,
        };
        if self.args.diff && result.status == Status::Unformatted {
            let name = &result.name;
            result.diff = Some(diff::unified((name, source), (&format!("{name} (formatted)"), &text)));
        }
        match path {
            None if !dry => result.text = Some(text),
            Some(path) if result.status == Status::Formatted => {
                if let Err(message) = source_files::replace(path, &text) {
                    (result.status, result.message) = (Status::Error, Some(message));
                }
            }
            _ => {}
        }
    }

    fn count(&self, status: Status) -> usize {
        self.results.iter().filter(|result| result.status == status).count()
    }

    fn finish(&self) -> Result<(), Failure> {
        match self.format {
            Format::Json => output::json(&self.json()),
            Format::Sarif => {
                output::json(&diagnostics::sarif(&self.found, &self.files));
                self.results.iter().filter_map(|result| result.message.as_ref()).for_each(output::note);
            }
            Format::Text | Format::Concise => self.print(),
        }
        let refused = self.args.check && self.count(Status::Unformatted) > 0;
        if refused || self.count(Status::Error) > 0 { Err(Failure::Told) } else { Ok(()) }
    }

    fn print(&self) {
        diagnostics::print(&self.found, &self.files, self.format);
        for result in &self.results {
            match (&result.text, &result.diff, &result.message, result.status) {
                (Some(text), ..) => output::result(text),
                (_, Some(diff), ..) => output::result(diff),
                (_, _, Some(message), _) => output::note(format_args!("error: {message}")),
                (.., Status::Unformatted) => output::result(format_args!("not formatted: {}\n", result.name)),
                (.., Status::Formatted) => output::result(format_args!("formatted {}\n", result.name)),
                (.., Status::Unchanged | Status::Error) => {}
            }
        }
        if self.results.iter().all(|result| result.text.is_none()) {
            output::note(self.summary());
        }
    }

    /// How many files met which end.
    fn summary(&self) -> String {
        if self.results.is_empty() {
            return "there are no `.tri` files here".to_owned();
        }
        let ends = [
            (Status::Formatted, "formatted"),
            (Status::Unformatted, "not formatted"),
            (Status::Unchanged, "unchanged"),
            (Status::Error, "with errors"),
        ];
        let counts = ends.map(|(status, words)| (self.count(status), words));
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        counts.map(|(count, words)| format!("{count} {words}")).collect::<Vec<_>>().join(", ")
    }

    fn json(&self) -> Value {
        let files = self.results.iter().map(|result| {
            json!({
                "file": result.name,
                "status": result.status.name(),
                "diff": result.diff,
                "message": result.message,
                "text": result.text,
            })
        });
        json!({ "files": files.collect::<Value>(), "diagnostics": render::json(&self.found, &self.files) })
    }
}

/// The text of a file, and its canonical layout.
fn formatted(file: FileId, bytes: &[u8]) -> Result<(&str, String), FormatError> {
    let syntax = |diagnostic| FormatError::Syntax(vec![diagnostic]);
    if bytes.len() > MAX_FILE {
        let message = format!("this file is longer than {} MiB", MAX_FILE >> 20);
        return Err(syntax(Diagnostic::error(Code::E0014, Span::new(file, TextRange::default()), message)));
    }
    let source = tri_syntax::decode(file, bytes).map_err(|diagnostic| syntax(*diagnostic))?;
    Ok((source, tri_format::format(file, source)?))
}
