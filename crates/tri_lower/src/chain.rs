//! How elaboration came to a place in a generic layer: the instances and calls on the way, for diagnostics.

use tri_diagnostics::Label;
use tri_hir::hir::Owner;

use crate::error::Stop;
use crate::lowering::Lowering;
use crate::source_map::Place;
use crate::value::{GenericValue, InstanceId};

/// How many steps are told; those nearest to the mistake.
const MAX_STEPS: usize = 8;

impl Lowering<'_> {
    /// Says that `stop` came about inside a callee which was called at `place`.
    pub(crate) fn called_at(&self, stop: Stop, place: Place, owner: Owner, this: Option<InstanceId>) -> Stop {
        match (owner, this) {
            (_, Some(this)) => {
                let stop = self.made_at(stop, this);
                self.step_of(stop, place, format!("`{}` is called here", self.instance_text(this)))
            }
            (Owner::Function(def), None) => {
                let name = tri_hir::def_name(self.hir.db, def);
                self.step_of(stop, place, format!("`{name}` is called here"))
            }
            _ => stop,
        }
    }

    /// Says that `stop` came about in a member of an instance, which was made somewhere.
    pub(crate) fn made_at(&self, stop: Stop, id: InstanceId) -> Stop {
        let place = self.instances[id.index()].made;
        self.step_of(stop, place, format!("in `{}`, made here", self.instance_text(id)))
    }

    fn step_of(&self, stop: Stop, place: Place, text: String) -> Stop {
        let Stop::Diagnostic(mut diagnostic) = stop else { return stop };
        let span = self.hir.span(place);
        let known = diagnostic.primary.span == span
            || diagnostic.secondary.iter().any(|label| label.span == span)
            || diagnostic.secondary.len() >= MAX_STEPS
            || tri_hir::is_library(self.hir.db, span.file);
        if !known && tri_hir::is_library(self.hir.db, diagnostic.primary.span.file) {
            // Nobody mends the library: the mistake is where the program calls it.
            let inside = std::mem::replace(&mut diagnostic.primary, Label { span, text });
            let text = if inside.text.is_empty() { "it came about here".to_owned() } else { inside.text };
            return Stop::Diagnostic(Box::new(diagnostic.secondary(inside.span, text)));
        }
        Stop::Diagnostic(if known { diagnostic } else { Box::new(diagnostic.secondary(span, text)) })
    }

    /// `Block[512, 3]`.
    fn instance_text(&self, id: InstanceId) -> String {
        let instance = &self.instances[id.index()];
        let generics = instance.generics.iter().map(|generic| match generic {
            GenericValue::Dim(dim) => dim.as_constant().map_or_else(|| "_".to_owned(), |n| n.to_string()),
            GenericValue::Pack(_) | GenericValue::Element(_) => "_".to_owned(),
        });
        let generics = generics.collect::<Vec<_>>().join(", ");
        let name = &instance.layer.name;
        if generics.is_empty() { name.to_string() } else { format!("{name}[{generics}]") }
    }
}
