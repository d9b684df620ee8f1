//! What `triton.toml` and the environment choose: the remote cache.
//!
//! The file is looked for from the program's folder upward, and the environment goes before it. Neither is guessed at: what is not known is an error.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tri_cache::Mode;
use tri_driver::nearest;

use crate::failure::Failure;

const FILE: &str = "triton.toml";

/// How long a server may take to begin to answer, unless chosen, in seconds.
const TIME: f64 = 2.0;

/// The longest such time that can be chosen, in seconds.
const LONGEST: f64 = 600.0;

/// The remote cache that is chosen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RemoteChoice {
    /// Its address, as it was written.
    pub(crate) address: String,
    /// What may be done with it.
    pub(crate) mode: Mode,
    /// How long it may take to begin to answer.
    pub(crate) time: Duration,
    /// Where the address was written.
    pub(crate) place: String,
}

/// The remote cache for programs in `folder`, if one is chosen.
///
/// # Errors
/// The file or the environment says something that cannot be followed.
pub(crate) fn remote_of(folder: &Path) -> Result<Option<RemoteChoice>, Failure> {
    let mut choice = match file_above(folder) {
        Some(path) => read(&path)?,
        None => None,
    };
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(address) = variable("TRI_REMOTE_CACHE") {
        if address == "off" {
            return Ok(None);
        }
        let place = "TRI_REMOTE_CACHE".to_owned();
        choice = Some(RemoteChoice { address, mode: Mode::Read, time: Duration::from_secs_f64(TIME), place });
    }
    let Some(mut choice) = choice else { return Ok(None) };
    if let Some(mode) = variable("TRI_REMOTE_CACHE_MODE") {
        choice.mode = mode_of(&mode).map_err(|reason| wrong("TRI_REMOTE_CACHE_MODE", reason))?;
    }
    if let Some(time) = variable("TRI_REMOTE_CACHE_TIMEOUT") {
        choice.time =
            time_of(time.parse().ok()).map_err(|reason| wrong("TRI_REMOTE_CACHE_TIMEOUT", reason))?;
    }
    Ok(Some(choice))
}

/// The nearest file in `folder` or above it.
fn file_above(folder: &Path) -> Option<PathBuf> {
    let folder = fs::canonicalize(folder).ok()?;
    folder.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file())
}

fn wrong(place: &str, reason: impl std::fmt::Display) -> Failure {
    Failure::coded("E5004", format!("{place}: {reason}"))
}

fn mode_of(text: &str) -> Result<Mode, String> {
    match text {
        "read" => Ok(Mode::Read),
        "read-write" => Ok(Mode::ReadWrite),
        _ => Err(format!("`{text}` is no mode of a remote cache: expected `read` or `read-write`")),
    }
}

fn time_of(seconds: Option<f64>) -> Result<Duration, String> {
    match seconds {
        Some(seconds) if seconds > 0.0 && seconds <= LONGEST => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("a time-out is a number of seconds above 0, at most {LONGEST}")),
    }
}

/// The remote cache that the file at `path` chooses, if it does.
fn read(path: &Path) -> Result<Option<RemoteChoice>, Failure> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| wrong(&name, error))?;
    parse(&name, &text).map_err(|(at, reason)| {
        let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        wrong(&format!("{name}:{line}"), reason)
    })
}

/// The byte that a mistake is at, and what it is.
type Mistake = (usize, String);

fn parse(place: &str, text: &str) -> Result<Option<RemoteChoice>, Mistake> {
    let file: toml::Spanned<toml::de::DeTable<'_>> = toml::de::DeTable::parse(text)
        .map_err(|error| (error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
    known(file.get_ref(), &["remote-cache"])?;
    let Some(table) = file.get_ref().get("remote-cache") else { return Ok(None) };
    let start = table.span().start;
    let table = table.get_ref().as_table().ok_or((start, "`remote-cache` is a table".to_owned()))?;
    known(table, &["url", "mode", "timeout"])?;
    let at = |name: &str| table.get(name).map(|value| (value.span().start, value.get_ref()));
    let (at_url, url) = at("url").ok_or((start, "`remote-cache` has no `url`".to_owned()))?;
    let address = url.as_str().ok_or((at_url, "`url` is a string".to_owned()))?.to_owned();
    let mode = match at("mode") {
        None => Mode::Read,
        Some((at, mode)) => {
            mode_of(mode.as_str().unwrap_or("something that is no string")).map_err(|reason| (at, reason))?
        }
    };
    let time = match at("timeout") {
        None => Duration::from_secs_f64(TIME),
        Some((at, time)) => {
            let integer = time.as_integer().and_then(|number| number.as_str().parse().ok());
            let float = time.as_float().and_then(|number| number.as_str().parse().ok());
            time_of(integer.or(float)).map_err(|reason| (at, reason))?
        }
    };
    Ok(Some(RemoteChoice { address, mode, time, place: place.to_owned() }))
}

/// A table has no other keys than these.
fn known(table: &toml::de::DeTable<'_>, keys: &[&str]) -> Result<(), Mistake> {
    match table.keys().find(|key| !keys.contains(&&**key.get_ref())) {
        None => Ok(()),
        Some(key) => {
            let name = key.get_ref();
            let near = nearest(name, keys.iter().copied());
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are {}", keys.join(", ")),
            };
            Err((key.span().start, format!("nothing is called `{name}` here; {hint}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_chooses_a_remote_cache() {
        let text = "[remote-cache]\nurl = \"redis://cache.example\"\nmode = \"read-write\"\ntimeout = 0.5\n";
        let choice = RemoteChoice {
            address: "redis://cache.example".to_owned(),
            mode: Mode::ReadWrite,
            time: Duration::from_millis(500),
            place: "triton.toml".to_owned(),
        };
        assert_eq!(parse("triton.toml", text), Ok(Some(choice.clone())));
        let shorter = "remote-cache.url = 'redis://cache.example'";
        let plain = RemoteChoice { mode: Mode::Read, time: Duration::from_secs(2), ..choice };
        assert_eq!(parse("triton.toml", shorter), Ok(Some(plain)));
        assert_eq!(parse("triton.toml", "# nothing\n"), Ok(None));
    }

    #[track_caller]
    fn mistake(text: &str, at: &str, reason: &str) {
        let found = parse("triton.toml", text).expect_err(text);
        assert_eq!((text.get(found.0..found.0 + at.len()), found.1.as_str()), (Some(at), reason), "{text}");
    }

    #[test]
    fn what_cannot_be_followed_is_told_where_it_stands() {
        mistake(
            "[remote_cache]\n",
            "remote_cache",
            "nothing is called `remote_cache` here; did you mean `remote-cache`?",
        );
        mistake(
            "[remote-cache]\nurl = 'x'\nmod = 'read'",
            "mod",
            "nothing is called `mod` here; did you mean `mode`?",
        );
        mistake(
            "[remote-cache]\nurl = 'x'\npassword = 'y'",
            "password",
            "nothing is called `password` here; known are url, mode, timeout",
        );
        mistake("[remote-cache]\n", "[remote-cache]", "`remote-cache` has no `url`");
        mistake("remote-cache = 3", "3", "`remote-cache` is a table");
        mistake("[remote-cache]\nurl = 4", "4", "`url` is a string");
        let mode = "`write` is no mode of a remote cache: expected `read` or `read-write`";
        mistake("[remote-cache]\nurl = 'x'\nmode = 'write'", "'write'", mode);
        for time in ["0", "-1", "601", "nan", "'long'", "1e400"] {
            let text = format!("[remote-cache]\nurl = 'x'\ntimeout = {time}");
            mistake(&text, time, "a time-out is a number of seconds above 0, at most 600");
        }
        assert!(parse("triton.toml", "[remote-cache").is_err());
    }
}
