//! The search: a script that holds the names of everything documented, so that it works from disk.

use serde_json::{Value, json};
use tri_syntax::ast::{ItemKind, Member};

use crate::item;
use crate::markdown::summary;
use crate::package::Package;

/// The script with its index: name, kind, module, link and summary of every module, item and member.
pub(crate) fn script(package: &Package<'_>) -> String {
    let mut entries: Vec<Value> = Vec::new();
    for module in &package.modules {
        let ast = &tri_db::parse(package.db, module.file).ast;
        entries.push(json!([module.name, "module", "", module.page, summary(&ast.docs)]));
        for (_, item, name, kind) in item::documented(ast) {
            let link = format!("{}#{name}", module.page);
            entries.push(json!([name, kind, module.name, link, summary(&item.docs)]));
            let ItemKind::Layer(layer) = &item.kind else { continue };
            for member in &layer.members {
                let Some(word) = Member::name(member) else { continue };
                let full = format!("{name}.{}", word.as_str());
                let link = format!("{}#{full}", module.page);
                entries.push(json!([full, "member", module.name, link, summary(&member.docs)]));
            }
        }
    }
    let lines: Vec<String> = entries.iter().map(Value::to_string).collect();
    format!("const INDEX = [\n{}\n];\n\n{}", lines.join(",\n"), include_str!("../assets/search.js"))
}
