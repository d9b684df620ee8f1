//! Pages as readers meet them: well formed, every link leads somewhere, and all that a program declares is there.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use roxmltree::{Document, Node};
use tri_db::{MemorySystem, RootDatabase};
use tri_doc::{Page, document};

/// The documentation of files, the first of which is the main one. They have no errors.
#[track_caller]
fn pages(files: &[(&str, &str)], library: bool) -> Vec<Page> {
    let system = MemorySystem::new(files.iter().copied());
    let db = RootDatabase::new(Arc::new(system), Path::new(files[0].0));
    let root = db.root();
    let errors = tri_hir::check(&db, root);
    assert!(errors.iter().all(|diagnostic| !diagnostic.is_error()), "{errors:#?}");
    document(&db, Some(root), library)
}

fn library() -> Vec<Page> {
    let db = RootDatabase::new(Arc::new(MemorySystem::default()), Path::new("none.tri"));
    document(&db, None, true)
}

#[track_caller]
fn page<'p>(pages: &'p [Page], name: &str) -> &'p str {
    &pages.iter().find(|page| page.name == name).unwrap_or_else(|| panic!("no page {name}")).text
}

/// A page without its document type, which XML does not have in this form.
#[track_caller]
fn xml(page: &Page) -> Document<'_> {
    let text = page.text.strip_prefix("<!DOCTYPE html>").unwrap();
    Document::parse(text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", page.name))
}

fn html(pages: &[Page]) -> impl Iterator<Item = &Page> {
    pages.iter().filter(|page| page.name.ends_with(".html"))
}

/// Holds what every documentation must be.
#[track_caller]
fn hold(pages: &[Page]) {
    let names: BTreeSet<&str> = pages.iter().map(|page| page.name.as_str()).collect();
    assert_eq!(names.len(), pages.len(), "two pages of one name");
    let mut targets: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    for page in html(pages) {
        let tree = xml(page);
        let ids: Vec<&str> = tree.descendants().filter_map(|node| node.attribute("id")).collect();
        let distinct: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), distinct.len(), "{}: an id twice in {ids:?}", page.name);
        targets.extend(ids.iter().map(|id| format!("{}#{id}", page.name)));
    }
    for page in html(pages) {
        let tree = xml(page);
        for node in tree.descendants() {
            hold_link(page, node, &targets);
        }
        for link in tree.descendants().filter(|node| node.has_tag_name("a")) {
            assert!(link.ancestors().skip(1).all(|node| !node.has_tag_name("a")), "a link in a link");
        }
    }
}

#[track_caller]
fn hold_link(page: &Page, node: Node<'_, '_>, targets: &BTreeSet<String>) {
    for link in [node.attribute("href"), node.attribute("src")].into_iter().flatten() {
        if link.starts_with("https://") && node.has_tag_name("a") {
            continue;
        }
        let full = if link.starts_with('#') { format!("{}{link}", page.name) } else { link.to_owned() };
        assert!(targets.contains(&full), "{}: {link} leads nowhere", page.name);
    }
    let is_handler = |name: &str| name.starts_with("on") || name == "style";
    assert!(node.attributes().all(|attribute| !is_handler(attribute.name())));
}

/// The text of the element with the id.
#[track_caller]
fn text_of(pages: &[Page], name: &str, id: &str) -> String {
    let page = pages.iter().find(|page| page.name == name).unwrap();
    let tree = xml(page);
    let node = tree.descendants().find(|node| node.attribute("id") == Some(id));
    let node = node.unwrap_or_else(|| panic!("{name} has no {id}"));
    node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

const MAIN: &str = "\
//! A small *network*. It uses `Block` and `std.nn.Linear`.
use parts.deep.{Block, EPS}
use std.nn.Linear

/// Width.
dim Model = 8
/// Wide.
dim Wide = 4 * Model

/// The network.
model Net(scale: float = EPS) {
    /// Weights of the first step.
    param weight: f32[Wide, Model] = init.normal(std = 0.02)
    buffer mean: f32[Model] = init.zeros
    state seen: f32[Model] = zeros
    blocks = [Block[Wide](bias = true); 2]
    last = Linear[Wide, 3]()

    /// Scores of rows.
    fn forward[B](x: f32[B, Model]) -> f32[B, 3] {
        var y = (x - mean) * scale @ weight.T
        for block in blocks {
            y = block(y)
        }
        last(y)
    }
}
";

const DEEP: &str = "\
/// A small number.
const EPS: float = 1e-5

/// One step.
layer Block[D](bias: bool = false)
    where D % 2 == 0
{
    param offset: f32[D] = init.zeros if bias

    fn forward[..B](x: f32[..B, D]) -> f32[..B, D] {
        if bias { x + offset } else { x }
    }
}
";

fn network(library: bool) -> Vec<Page> {
    pages(&[("net.tri", MAIN), ("parts/deep.tri", DEEP)], library)
}

#[test]
fn the_library_is_well_formed_and_every_link_leads_somewhere() {
    hold(&library());
    hold(&network(false));
    hold(&network(true));
}

#[test]
fn a_layer_shows_its_signature_parameters_and_shapes() {
    let pages = network(false);
    let net = text_of(&pages, "net.html", "Net");
    assert!(net.contains("model Net(scale: float = EPS)"), "{net}");
    assert!(net.contains("fn forward[B](x: f32[B, Model]) -> f32[B, 3]"), "{net}");
    assert!(!net.contains("for block in"), "{net}");
    let weight = text_of(&pages, "net.html", "Net.weight");
    assert!(
        weight.contains("f32[Wide, Model] 32 × 8init.normal(std = 0.02)Weights of the first step."),
        "{weight}"
    );
    assert!(text_of(&pages, "net.html", "Net.mean").contains("f32[Model] 8"));
    assert!(text_of(&pages, "net.html", "Net.seen").contains("zeros"));
    assert!(text_of(&pages, "net.html", "Net.blocks").contains("[Block[Wide](bias = true); 2]"));
    assert!(text_of(&pages, "net.html", "Wide").contains("dim Wide = 4 * Model // 32"));
    let block = text_of(&pages, "parts.deep.html", "Block");
    assert!(block.contains("layer Block[D](bias: bool = false)\n    where D % 2 == 0"), "{block}");
    assert!(text_of(&pages, "parts.deep.html", "Block.offset").contains("Only if bias."));
}

#[test]
fn names_lead_to_what_they_name() {
    let pages = network(true);
    let net = page(&pages, "net.html");
    for link in [
        "<a href=\"parts.deep.html#Block\">Block</a>",
        "<a href=\"parts.deep.html#EPS\">EPS</a>",
        "<a href=\"std.nn.html#Linear\">Linear</a>",
        "<a href=\"std.init.html#normal\">normal</a>",
        "<a href=\"net.html#Wide\">Wide</a>",
        "<a href=\"parts.deep.html#Block\"><code>Block</code></a>",
        "<a href=\"std.nn.html#Linear\"><code>std.nn.Linear</code></a>",
    ] {
        assert!(net.contains(link), "{link}");
    }
    // The buffer `mean` hides the operation `mean`, and the library is not documented here.
    assert!(!net.contains("std.ops.html#mean"));
    assert!(!page(&network(false), "net.html").contains("std.nn.html"));
}

#[test]
fn the_same_program_gives_the_same_pages() {
    assert_eq!(network(true), network(true));
    assert_eq!(library(), library());
}

#[test]
fn the_search_holds_every_item_and_member() {
    let pages = network(true);
    let script = page(&pages, "search.js");
    let json = script.strip_prefix("const INDEX = ").unwrap().split_once("\n];").unwrap().0;
    let entries: Vec<[String; 5]> = serde_json::from_str(&format!("{json}]")).unwrap();
    let names: BTreeSet<&str> = entries.iter().map(|entry| entry[0].as_str()).collect();
    for name in
        ["Net", "Net.weight", "Block.forward", "EPS", "Wide", "parts.deep", "Linear", "std.nn", "relu"]
    {
        assert!(names.contains(name), "{name}");
    }
    for [name, _, _, link, _] in &entries {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        assert!(
            anchor.is_empty() || page(&pages, file).contains(&format!("id=\"{anchor}\"")),
            "{name}: {link}"
        );
    }
}

#[test]
fn markup_in_comments_is_text() {
    let docs = "\
//! A <script>alert(1)</script> & <b>bold</b> [x](javascript:alert(1)) [y](other.html) ![p](https://e.org/p.png)
//!
//! <div onclick=\"f()\">
//! block
//! </div>
//!
//! # A heading
//! ```html
//! </code></pre><script>
//! ```
//! ```tri
//! let x = \"</script>\" // `</pre>`
//! ```
//! | a | b |
//! |---|---|
//! | 1 | <i> |
//!
//! - [one `Size`](https://example.org/?a=1&b=2)
//! - <https://example.org>
//! \u{7}\u{1b}

/// [unclosed <
dim Size = 3
";
    let pages = pages(&[("a<b>&\"'.tri", docs)], false);
    hold(&pages);
    for page in html(&pages) {
        let tree = xml(page);
        let scripts = tree.descendants().filter(|node| node.has_tag_name("script"));
        assert!(scripts.into_iter().all(|node| node.attribute("src") == Some("search.js")));
        for tag in ["b", "div", "i", "img"] {
            let mut marked = tree.descendants().filter(|node| node.has_tag_name(tag));
            assert!(marked.all(|node| node.attribute("class").is_some()), "{tag} in {}", page.name);
        }
    }
    let text = page(&pages, "a_b____.html");
    assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{text}");
    assert!(text.contains("https://example.org/?a=1&amp;b=2"));
    assert!(!text.contains("javascript:") && !text.contains("other.html"));
}

#[test]
fn files_that_a_disk_would_confuse_have_pages_of_their_own() {
    let part = "/// One.\ndim One = 1\n";
    let other = "/// Two.\ndim Two = 2\n";
    let main = "use part.One\nuse Part.Two\n\n/// Three.\ndim Three = One + Two\n";
    let pages = pages(&[("index.tri", main), ("part.tri", part), ("Part.tri", other)], false);
    hold(&pages);
    let names: Vec<&str> = html(&pages).map(|page| page.name.as_str()).collect();
    assert_eq!(names, ["index.html", "index-2.html", "part.html", "part-2.html"]);
}

#[test]
fn every_item_and_parameter_of_the_library_has_documentation() {
    let db = RootDatabase::new(Arc::new(MemorySystem::default()), Path::new("none.tri"));
    let mut missing = Vec::new();
    for (name, _) in tri_db::LIBRARY {
        use tri_db::Db as _;
        let ast = &tri_db::parse(&db, db.module(&["std", name]).unwrap()).ast;
        if ast.docs.is_empty() {
            missing.push((*name).to_owned());
        }
        for item in &ast.items {
            let Some(item_name) = item.name() else { continue };
            if item.docs.is_empty() {
                missing.push(format!("{name}.{}", item_name.as_str()));
            }
            let tri_syntax::ast::ItemKind::Layer(layer) = &item.kind else { continue };
            let members = layer.members.iter().filter(|member| member.docs.is_empty());
            missing.extend(members.filter_map(|member| {
                Some(format!("{name}.{}.{}", item_name.as_str(), member.name()?.as_str()))
            }));
        }
    }
    assert_eq!(missing, [""; 0]);
}
