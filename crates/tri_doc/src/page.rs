//! Whole pages: the index and one page for every module.

use std::fmt::Write as _;

use crate::Page;
use crate::html::Escaped;
use crate::item::{self, ItemPage, KINDS};
use crate::markdown;
use crate::package::{Module, Package};
use crate::source::Source;

/// The index: what the program is, and its modules with their items.
pub(crate) fn index(package: &Package<'_>) -> Page {
    let mut main = format!("<h1>{}</h1>\n", Escaped(&package.name));
    if let Some(module) = package.modules.first().filter(|module| !module.is_library) {
        main.push_str(&markdown::render(&Source::new(package, module.file), &docs(package, module)));
    }
    for (heading, is_library) in [("Modules", false), ("Standard library", true)] {
        let modules = package.modules.iter().filter(|module| module.is_library == is_library);
        let entries: String = modules.map(|module| index_entry(package, module)).collect();
        if !entries.is_empty() {
            let _ = write!(main, "<h2>{heading}</h2>\n{entries}");
        }
    }
    shell(package, "index.html", &package.name, "", &main)
}

fn index_entry(package: &Package<'_>, module: &Module) -> String {
    let (page, name) = (Escaped(&module.page), Escaped(&module.name));
    let mut html = format!("<section class=\"module\">\n<h3><a href=\"{page}\">{name}</a></h3>\n");
    html.push_str(&markdown::first_paragraph(&Source::new(package, module.file), &docs(package, module)));
    let ast = &tri_db::parse(package.db, module.file).ast;
    let items: Vec<String> = KINDS
        .iter()
        .flat_map(|(_, kind)| item::documented(ast).filter(move |(.., its)| its == kind))
        .map(|(_, _, name, _)| format!("<a href=\"{page}#{0}\"><code>{0}</code></a>", Escaped(name)))
        .collect();
    if !items.is_empty() {
        let _ = writeln!(html, "<p class=\"names\">{}</p>", items.join(" "));
    }
    html.push_str("</section>\n");
    html
}

/// The page of a module: what it is, and all its items.
pub(crate) fn module(package: &Package<'_>, module: &Module) -> Page {
    let ast = &tri_db::parse(package.db, module.file).ast;
    let source = Source::new(package, module.file);
    let mut main = format!("<h1><span class=\"kind\">module</span> {}</h1>\n", Escaped(&module.name));
    main.push_str(&markdown::render(&source, &ast.docs));
    let mut nav = String::new();
    for (heading, kind) in KINDS {
        let items: Vec<_> = item::documented(ast).filter(|(.., its)| *its == kind).collect();
        if items.is_empty() {
            continue;
        }
        let _ = write!(nav, "<h2>{heading}</h2>\n<ul>\n");
        let _ = writeln!(main, "<h2>{heading}</h2>");
        for (id, item, name, _) in items {
            let _ = writeln!(nav, "<li><a href=\"#{0}\">{0}</a></li>", Escaped(name));
            main.push_str(&ItemPage::new(&source, ast, id, item, name).render());
        }
        nav.push_str("</ul>\n");
    }
    shell(package, &module.page, &module.name, &nav, &main)
}

fn docs(package: &Package<'_>, module: &Module) -> String {
    tri_db::parse(package.db, module.file).ast.docs.to_string()
}

fn shell(package: &Package<'_>, page: &str, title: &str, nav: &str, main: &str) -> Page {
    let (title, home) = (Escaped(title), Escaped(&package.name));
    let nav =
        if nav.is_empty() { String::new() } else { format!("<nav aria-label=\"Items\">\n{nav}</nav>\n") };
    let text = format!(
        "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\" />
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />
<meta name=\"color-scheme\" content=\"light dark\" />
<title>{title}</title>
<link rel=\"stylesheet\" href=\"style.css\" />
<script src=\"search.js\" defer=\"defer\"></script>
</head>
<body>
<header>
<a class=\"home\" href=\"index.html\">{home}</a>
<input id=\"page-search\" type=\"search\" placeholder=\"Search\" aria-label=\"Search\" autocomplete=\"off\" />
<ul id=\"page-results\" hidden=\"hidden\"></ul>
</header>
<div class=\"columns\">
{nav}<main>
{main}</main>
</div>
</body>
</html>
"
    );
    Page { name: page.to_owned(), text }
}
