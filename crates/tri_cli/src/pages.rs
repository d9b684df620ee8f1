//! The pages of diagnostic codes, embedded by `build.rs` from `docs/diagnostics/`.

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The page of a code, if it has one.
pub(crate) fn page(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == code).map(|(_, page)| *page)
}
