//! The state of an elaboration, its limits, and the way in.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use tri_db::{Db, SourceFile};
use tri_diagnostics::Diagnostic;
use tri_hir::hir::Def;
use tri_ir::{Function, FunctionId, Module, StateId};

use crate::error::{Result, Stop};
use crate::function::OpenFunction;
use crate::hir_access::{Hir, file_start};
use crate::instance::{Instance, TensorId, TensorMember};
use crate::shared::{CallKey, ShapeKey, Shared};
use crate::source_map::{Place, SourceMap};
use crate::value::InstanceId;

/// What to lower, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// The model, where the file has several.
    pub model: Option<String>,
    /// Bounds on the work.
    pub limits: Limits,
}

/// Bounds on the work of an elaboration. Beyond them is a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Expressions evaluated, turns of loops and members made.
    pub steps: usize,
    /// Instructions made, all functions together.
    pub instructions: usize,
    /// Calls and layers inside each other.
    pub calls: usize,
    /// Expressions inside each other, through calls.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { steps: 1_000_000, instructions: 400_000, calls: 64, depth: 1_000 }
    }
}

/// A lowered program.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The module, not verified.
    pub module: Module,
    /// Where its instructions come from.
    pub source_map: SourceMap,
}

/// The state of an elaboration.
pub(crate) struct Lowering<'db> {
    pub(crate) hir: Hir<'db>,
    pub(crate) options: &'db Options,
    pub(crate) file: SourceFile,
    pub(crate) source_map: SourceMap,
    /// The expression being evaluated.
    pub(crate) here: Place,
    pub(crate) functions: Vec<Function>,
    pub(crate) function_names: FxHashSet<String>,
    pub(crate) instances: Vec<Instance>,
    /// The layer of the model, whose configuration the database's options may give.
    pub(crate) chosen: Option<Def>,
    /// The instance of the model.
    pub(crate) model: Option<InstanceId>,
    /// The root of each tree of instances; the first is the model.
    pub(crate) roots: Vec<InstanceId>,
    pub(crate) tensors: Vec<TensorMember>,
    pub(crate) shared: FxHashMap<CallKey, Rc<Shared>>,
    /// Initial values by what they compute.
    pub(crate) initial_values: FxHashMap<Function, FunctionId>,
    /// For members of layers of a shape, the function and which of the member's own streams it takes.
    pub(crate) initial_shapes: FxHashMap<(u32, ShapeKey), (FunctionId, Vec<u64>)>,
    /// States of the module, by the tensor of the model.
    pub(crate) module_states: FxHashMap<TensorId, StateId>,
    /// Functions under construction, innermost last.
    pub(crate) open: Vec<OpenFunction>,
    pub(crate) steps: usize,
    pub(crate) instructions: usize,
    pub(crate) calls: usize,
    pub(crate) depth: usize,
    /// Where something was given up that the checker should have reported.
    pub(crate) given_up: Option<Place>,
}

impl Lowering<'_> {
    /// Counts a step.
    pub(crate) fn step(&mut self) -> Result<()> {
        self.steps += 1;
        if self.steps > self.options.limits.steps {
            return Err(self.too_large("elaborating this takes more steps than the compiler makes"));
        }
        Ok(())
    }

    /// Runs `work` one call deeper.
    pub(crate) fn nested<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.calls >= self.options.limits.calls {
            return Err(self.too_large("calls and layers are nested too deeply"));
        }
        self.calls += 1;
        let result = work(self);
        self.calls -= 1;
        result
    }

    /// Runs `work`; on failure, keeps the diagnostic and drops what was under construction.
    pub(crate) fn recover<T>(
        &mut self,
        diagnostics: &mut Vec<Diagnostic>,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Option<T> {
        let (here, open, calls, depth) = (self.here, self.open.len(), self.calls, self.depth);
        match work(self) {
            Ok(value) => Some(value),
            Err(stop) => {
                let there = self.here;
                (self.here, self.calls, self.depth) = (here, calls, depth);
                self.open.truncate(open);
                match stop {
                    Stop::Diagnostic(diagnostic) if diagnostics.contains(&diagnostic) => {}
                    Stop::Diagnostic(diagnostic) => diagnostics.push(*diagnostic),
                    Stop::Reported => self.given_up = Some(there),
                }
                None
            }
        }
    }

    /// Adds a finished function.
    pub(crate) fn add_function(&mut self, function: Function) -> FunctionId {
        self.functions.push(function);
        FunctionId(self.functions.len() as u32 - 1)
    }

    /// A name that no other function of the module has.
    pub(crate) fn function_name(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut n = 2;
        while !self.function_names.insert(name.clone()) {
            name = format!("{wanted}.{n}");
            n += 1;
        }
        name
    }
}

/// Lowers the model and the tests of a file that [`tri_hir::check`] accepts. The static bool `training`, and sizes and configuration given by the
/// user, are those of the database's options.
///
/// # Errors
///
/// What lowering does not support, and static values that turn out wrong, with the places of their cause.
pub fn lower(
    db: &dyn Db,
    file: SourceFile,
    options: &Options,
) -> std::result::Result<Lowered, Vec<Diagnostic>> {
    let lowering = Lowering {
        hir: Hir { db },
        options,
        file,
        source_map: SourceMap::default(),
        here: file_start(file.id(db)),
        functions: Vec::new(),
        function_names: FxHashSet::default(),
        instances: Vec::new(),
        chosen: None,
        model: None,
        roots: Vec::new(),
        tensors: Vec::new(),
        shared: FxHashMap::default(),
        initial_values: FxHashMap::default(),
        initial_shapes: FxHashMap::default(),
        module_states: FxHashMap::default(),
        open: Vec::new(),
        steps: 0,
        instructions: 0,
        calls: 0,
        depth: 0,
        given_up: None,
    };
    lowering.run()
}
