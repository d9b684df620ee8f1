//! What stands above declarations: how many parameters a layer has, and what can be run.

use tri_db::{Db, SourceFile, parse};
use tri_diagnostics::TextRange;
use tri_hir::hir::Def;
use tri_hir::show_dim;
use tri_syntax::ast::ItemKind;

use crate::elaboration::lowered;
use crate::sizes;

/// What a lens does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LensAction {
    /// Nothing: it only tells.
    Tell,
    /// Runs the test of this name.
    RunTest(String),
    /// Compiles the model of this name.
    Compile(String),
}

/// A line above a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeLens {
    /// The name below it.
    pub range: TextRange,
    /// What it says.
    pub title: String,
    /// What it does.
    pub action: LensAction,
}

/// The lenses of a file.
pub(crate) fn lenses(db: &dyn Db, file: SourceFile) -> Vec<CodeLens> {
    let ast = &parse(db, file).ast;
    let mut lenses = Vec::new();
    for (id, item) in ast.items() {
        let def = Def { file: file.id(db), item: id };
        match &item.kind {
            ItemKind::Layer(layer) => {
                let range = ast.range(id, layer.name.id);
                let count = if layer.is_model { of_model(db, file, layer.name.as_str()) } else { None };
                let count = count.or_else(|| of_layer(db, def));
                lenses.extend(count.map(|title| CodeLens { range, title, action: LensAction::Tell }));
                if layer.is_model {
                    let action = LensAction::Compile(layer.name.text.to_string());
                    lenses.push(CodeLens { range, title: "compile".to_owned(), action });
                }
            }
            ItemKind::Test(test) => {
                let range = ast.range(id, test.name_id);
                let action = LensAction::RunTest(test.name.to_string());
                lenses.push(CodeLens { range, title: "run test".to_owned(), action });
            }
            _ => {}
        }
    }
    lenses
}

/// The number of trained values, exactly, of the model that the file elaborates to.
fn of_model(db: &dyn Db, file: SourceFile, name: &str) -> Option<String> {
    let module = &lowered(db, file)?.module;
    if module.name != name {
        return None;
    }
    let trained =
        module.parameters.iter().filter(|parameter| parameter.kind == tri_ir::ParameterKind::Trained);
    let mut sizes = trained.map(|parameter| {
        let mut dims = parameter.ty.shape.iter().map(|dim| dim.as_constant());
        dims.try_fold(1_i64, |product, dim| product.checked_mul(dim?))
    });
    let count = sizes.try_fold(0_i64, |sum, size| sum.checked_add(size?))?;
    Some(format!("{} parameters", sizes::grouped(count)))
}

fn of_layer(db: &dyn Db, def: Def) -> Option<String> {
    let (count, more) = sizes::parameters(db, def)?;
    let shown = match sizes::number(db, &count) {
        Some(n) => sizes::grouped(n),
        None => show_dim(db, &count),
    };
    Some(format!("{shown} parameters{}", if more { " and more under conditions" } else { "" }))
}
