//! Whether diagnostics for people are coloured: the command line says, else the environment, else whether a terminal shows them.

use std::ffi::OsStr;
use std::io::IsTerminal as _;
use std::sync::OnceLock;

use crate::args::Colour;

static CHOICE: OnceLock<Colour> = OnceLock::new();

/// Takes the choice of the command line, once.
pub(crate) fn choose(choice: Colour) {
    CHOICE.get_or_init(|| choice);
}

/// Whether what goes to stderr is coloured.
pub(crate) fn on_stderr() -> bool {
    decide(
        CHOICE.get().copied().unwrap_or(Colour::Auto),
        std::env::var_os("NO_COLOR").as_deref(),
        std::env::var_os("CLICOLOR_FORCE").as_deref(),
        std::env::var_os("TERM").as_deref(),
        std::io::stderr().is_terminal(),
    )
}

/// `NO_COLOR` counts if it is not empty (no-color.org), `CLICOLOR_FORCE` if it is neither empty nor 0 (bixense.com/clicolors).
fn decide(
    choice: Colour,
    no_color: Option<&OsStr>,
    force: Option<&OsStr>,
    term: Option<&OsStr>,
    terminal: bool,
) -> bool {
    let set = |value: Option<&OsStr>| value.is_some_and(|value| !value.is_empty());
    match choice {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if set(no_color) => false,
        Colour::Auto if set(force) && force != Some(OsStr::new("0")) => true,
        Colour::Auto => terminal && term != Some(OsStr::new("dumb")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_wins_then_the_environment_then_the_terminal() {
        let os = |text: &'static str| Some(OsStr::new(text));
        assert!(decide(Colour::Always, os("1"), None, None, false));
        assert!(!decide(Colour::Never, None, os("1"), None, true));
        assert!(!decide(Colour::Auto, os("1"), os("1"), None, true));
        assert!(decide(Colour::Auto, os(""), os("1"), None, false));
        assert!(!decide(Colour::Auto, None, os("0"), None, false));
        assert!(decide(Colour::Auto, None, None, os("xterm"), true));
        assert!(!decide(Colour::Auto, None, None, os("dumb"), true));
        assert!(!decide(Colour::Auto, None, None, None, false));
    }
}
