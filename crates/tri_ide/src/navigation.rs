//! Places to go to, as editors list them.

use std::sync::Arc;

use tri_db::Db;
use tri_diagnostics::Span;
use tri_hir::BindingKind;
use tri_hir::hir::MemberKind;
use tri_syntax::ast::ItemKind;

use crate::symbol::Symbol;

/// What a name is, as editors draw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is what it is called after")]
pub enum SymbolKind {
    Module,
    Model,
    Layer,
    Function,
    Intrinsic,
    Dim,
    Constant,
    Test,
    Parameter,
    Buffer,
    State,
    Instance,
    Method,
    GenericDim,
    Pack,
    Element,
    Config,
    Argument,
    Local,
}

/// A place that declares something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavigationTarget {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub kind: SymbolKind,
    /// All of it.
    pub full: Span,
    /// Its name there.
    pub focus: Span,
    /// What it is in: a layer, of a member.
    pub container: Option<Arc<str>>,
}

/// What a symbol is.
pub(crate) fn kind(db: &dyn Db, symbol: Symbol) -> Option<SymbolKind> {
    Some(match symbol {
        Symbol::Module(_) => SymbolKind::Module,
        Symbol::Item(def) => match &tri_hir::item_of(db, def)?.kind {
            ItemKind::Layer(layer) if layer.is_model => SymbolKind::Model,
            ItemKind::Layer(_) => SymbolKind::Layer,
            ItemKind::Function(function) if function.body.is_none() => SymbolKind::Intrinsic,
            ItemKind::Function(_) => SymbolKind::Function,
            ItemKind::Dim(_) => SymbolKind::Dim,
            ItemKind::Const(_) => SymbolKind::Constant,
            ItemKind::Test(_) => SymbolKind::Test,
            ItemKind::Use(_) | ItemKind::Error { .. } => return None,
        },
        Symbol::Member(..) => match symbol.member(db)?.1.kind {
            MemberKind::Param(_) => SymbolKind::Parameter,
            MemberKind::Buffer(_) => SymbolKind::Buffer,
            MemberKind::State(_) => SymbolKind::State,
            MemberKind::Instance(_) => SymbolKind::Instance,
            MemberKind::Function(_) => SymbolKind::Method,
            MemberKind::Error => return None,
        },
        Symbol::Local(..) => match symbol.binding(db)? {
            BindingKind::Dim | BindingKind::RunTimeDim => SymbolKind::GenericDim,
            BindingKind::Pack => SymbolKind::Pack,
            BindingKind::Element => SymbolKind::Element,
            BindingKind::Config => SymbolKind::Config,
            BindingKind::Param => SymbolKind::Argument,
            BindingKind::Local => SymbolKind::Local,
            BindingKind::Tensor(_) | BindingKind::Instance | BindingKind::Method => return None,
        },
    })
}

/// Where a symbol is declared.
pub(crate) fn target(db: &dyn Db, symbol: Symbol) -> Option<NavigationTarget> {
    let container = match symbol {
        Symbol::Member(def, _) => Some(tri_hir::def_name(db, def)),
        _ => None,
    };
    Some(NavigationTarget {
        name: symbol.name(db)?,
        kind: kind(db, symbol)?,
        full: symbol.whole(db)?,
        focus: symbol.declaration(db)?,
        container,
    })
}
