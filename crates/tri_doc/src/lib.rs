//! The documentation of a program as static web pages: an index, a page for every module, a style sheet and a search that
//! needs no network.
//!
//! Signatures are the source itself, so they say what a reader would write; names in them lead to where they are
//! declared. Pages are the same for the same program, link to each other by relative links alone, and are well-formed XML besides
//! HTML. This crate writes no files and renders only programs that were checked: what is wrong with a program is not
//! its business.

mod html;
mod item;
mod markdown;
mod package;
mod page;
mod search;
mod source;

use tri_db::{Db, SourceFile};

use crate::package::Package;

/// A file of the documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its name: lower case ASCII, no folders, no two alike.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// The documentation of the program whose main file is `root`, of all modules that it uses, and, where `library` says so, of the
/// standard library.
pub fn document(db: &dyn Db, root: Option<SourceFile>, library: bool) -> Vec<Page> {
    let package = Package::new(db, root, library);
    let mut pages = vec![page::index(&package)];
    pages.extend(package.modules.iter().map(|module| page::module(&package, module)));
    pages.push(Page { name: "search.js".into(), text: search::script(&package) });
    pages.push(Page { name: "style.css".into(), text: include_str!("../assets/style.css").into() });
    pages
}
