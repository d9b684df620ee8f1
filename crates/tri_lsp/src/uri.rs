//! URIs and paths. A document without a file, such as `untitled:Untitled-1`, has its URI as its path. The standard library and
//! the pages of diagnostic codes are in the server, under the scheme `tri`.

use std::path::{Component, Path, PathBuf};

use gen_lsp_types::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The scheme of documents that are in the server.
pub(crate) const SCHEME: &str = "tri";

/// What a path keeps as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The path that a URI names.
pub(crate) fn path(uri: &Uri) -> PathBuf {
    let Some(rest) = uri.0.strip_prefix("file://") else { return PathBuf::from(&uri.0) };
    // What is before the path is a host, which is this one.
    let encoded = rest.find('/').map_or(rest, |at| &rest[at..]);
    let decoded = percent_decode_str(encoded).decode_utf8_lossy();
    let drive = decoded.strip_prefix('/').filter(|rest| rest.as_bytes().get(1) == Some(&b':'));
    PathBuf::from(drive.unwrap_or(&decoded))
}

/// The URI of a path.
pub(crate) fn of_path(path: &Path) -> Uri {
    let text = path.to_string_lossy();
    if !path.is_absolute() {
        return Uri(text.into_owned());
    }
    let windows = path.components().any(|part| matches!(part, Component::Prefix(_)));
    let text = if windows { format!("/{}", text.replace('\\', "/")) } else { text.into_owned() };
    Uri(format!("file://{}", utf8_percent_encode(&text, IN_PATH)))
}

/// The URI of a file of the standard library, which diagnostics call `std/nn.tri`.
pub(crate) fn of_library(path: &Path) -> Uri {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    Uri(format!("{SCHEME}:///{}", parts.join("/")))
}

/// The URI of the page of a diagnostic code.
pub(crate) fn of_page(code: &str) -> Uri {
    Uri(format!("{SCHEME}:///explain/{code}.md"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back() {
        for text in ["/home/a b/ü/x%20.tri", "/main.tri", "untitled:Untitled-1"] {
            assert_eq!(path(&of_path(Path::new(text))), Path::new(text));
        }
        assert_eq!(path(&Uri("file:///c%3A/a.tri".into())), Path::new("c:/a.tri"));
    }
}
