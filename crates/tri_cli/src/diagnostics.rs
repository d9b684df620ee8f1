//! Diagnostics as the user asked for them.

use serde_json::Value;
use tri_diagnostics::render::{self, Sources};
use tri_diagnostics::{Code, Diagnostic};

use crate::args::Format;
use crate::{colour, output, pages};

/// Prints diagnostics to stderr; nothing if there are none.
pub(crate) fn print(diagnostics: &[Diagnostic], sources: &dyn Sources, format: Format) {
    if diagnostics.is_empty() {
        return;
    }
    match format {
        Format::Text => {
            output::note(render::text(diagnostics, sources, colour::on_stderr()).trim_end());
        }
        Format::Concise => output::note(render::concise(diagnostics, sources).trim_end()),
        Format::Json => output::note(format_args!("{:#}", render::json(diagnostics, sources))),
        Format::Sarif => output::note(format_args!("{:#}", sarif(diagnostics, sources))),
    }
}

/// The diagnostics as a SARIF log, which may be empty.
pub(crate) fn sarif(diagnostics: &[Diagnostic], sources: &dyn Sources) -> Value {
    let help = |code: Code| pages::page(code.as_str());
    render::sarif(diagnostics, &Relative(sources), env!("CARGO_PKG_VERSION"), &help)
}

/// Sources with names relative to the folder that the command runs in.
struct Relative<'a>(&'a dyn Sources);

impl Sources for Relative<'_> {
    fn name(&self, file: tri_diagnostics::FileId) -> String {
        let name = self.0.name(file);
        let here = std::env::current_dir().ok();
        let inside = here.and_then(|here| {
            std::path::Path::new(&name).strip_prefix(here).ok().map(|path| path.display().to_string())
        });
        inside.unwrap_or(name)
    }

    fn text(&self, file: tri_diagnostics::FileId) -> &str {
        self.0.text(file)
    }

    fn is_library(&self, file: tri_diagnostics::FileId) -> bool {
        self.0.is_library(file)
    }
}
