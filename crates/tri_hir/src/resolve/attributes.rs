//! Attributes: `@name` of members, and those of the library's operations. Nothing else stands after `@`.

use std::sync::Arc;

use tri_diagnostics::{Code, nearest};
use tri_syntax::ast::{self, ExprKind};

use super::Names;
use crate::report::Report;

impl Names<'_> {
    /// The name in checkpoints that attributes of a member give it.
    pub(super) fn checkpoint_name(&mut self, attributes: &[ast::Attribute]) -> Option<Arc<str>> {
        let attribute = attributes.iter().find(|attribute| attribute.name.as_str() == "name")?;
        if let [ast::Arg { name: None, value: ast::Expr { kind: ExprKind::Str(text), .. } }] =
            attribute.args.as_slice()
        {
            return Some(text.clone());
        }
        let report = Report::error(
            Code::E2001,
            self.place(attribute.id),
            "`@name` takes one string, the name in checkpoints",
        );
        self.report(report.help("write `@name(\"blocks.{i}.weight\")`"));
        None
    }

    /// Reports attributes that are not among `known`, and those that stand twice.
    pub(crate) fn check_attributes(&mut self, attributes: &[ast::Attribute], known: &[&str]) {
        for (at, attribute) in attributes.iter().enumerate() {
            let (name, place) = (attribute.name.as_str(), self.place(attribute.name.id));
            if !known.contains(&name) {
                let report =
                    Report::error(Code::E1001, place, format!("there is no attribute `@{name}` here"));
                self.report(match nearest(name, known.iter().copied()) {
                    Some(near) => report.did_you_mean(near, place),
                    None => report,
                });
            } else if attributes[..at].iter().any(|before| before.name.text == attribute.name.text) {
                self.report(Report::error(Code::E1003, place, format!("`@{name}` stands twice")));
            }
        }
    }
}
