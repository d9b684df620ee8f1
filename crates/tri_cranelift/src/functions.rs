//! The functions of a blob and how they refer to each other: by number, in the order in which they lie there.

use std::sync::Arc;

use cranelift_codegen::ir::{AbiParam, ExtFuncData, ExternalName, FuncRef, UserExternalName, types};
use rustc_hash::FxHashMap;
use tri_ir::Dim;
use tri_kernel_ir::{Module, Schedule, ScheduleId, SlotSize, StepKind, workspace_bytes};

use crate::emitter::{Emitter, signature};
use crate::form::{Arguments, Form};
use crate::schedule::gathers;
use crate::{FailureKind, Site};

/// A function of the blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Function {
    /// Size of a schedule's workspace, from its symbols.
    Workspace(usize),
    /// The body of all steps of a form.
    Body(usize),
    /// What calls the body of a form, for all units of its frame.
    Launch(usize),
    /// A schedule.
    Schedule(usize),
}

/// A form, and the step in which it occurs first.
#[derive(Debug)]
pub(crate) struct SharedForm {
    pub(crate) form: Arc<Form>,
    pub(crate) first: (usize, usize),
}

/// All functions of a module, and the steps that can fail.
#[derive(Debug)]
pub(crate) struct Functions {
    list: Vec<Function>,
    numbers: FxHashMap<Function, u32>,
    forms: Vec<SharedForm>,
    /// For each step that computes, its form and what it gives to it.
    steps: FxHashMap<(usize, usize), (usize, Arguments)>,
    sites: Vec<Site>,
    site_numbers: FxHashMap<(usize, usize), usize>,
    can_fail: Vec<bool>,
}

/// Whether a step of the kinds that lead to no other schedule can fail.
fn fails_itself(step: &StepKind) -> bool {
    match step {
        StepKind::Nest(nest) => gathers(nest),
        StepKind::BindDim { .. } => true,
        _ => false,
    }
}

fn callees(schedule: &Schedule) -> impl Iterator<Item = usize> {
    schedule.steps.iter().flat_map(|step| match &step.kind {
        StepKind::Call(call) => vec![call.schedule.index()],
        StepKind::Route(route) => route.tiles.iter().map(|tile| tile.schedule.index()).collect(),
        _ => Vec::new(),
    })
}

/// Bytes of the workspace of a schedule, where all sizes that it is called with are numbers.
pub(crate) fn known_workspace(module: &Module, id: ScheduleId, symbols: &[Dim]) -> Option<i64> {
    let symbols: Vec<i64> = symbols.iter().map(Dim::as_constant).collect::<Option<_>>()?;
    i64::try_from(workspace_bytes(module, id, &symbols).ok()?).ok()
}

/// The schedules whose workspace is measured at run time: those that run in a slot before another, or in a slot of one that
/// is measured.
fn measured(module: &Module) -> Vec<bool> {
    let mut measured = vec![false; module.schedules.len()];
    // Callees come before callers.
    for (id, schedule) in module.schedules.iter().enumerate().rev() {
        let end = schedule.slots.len() - usize::from(!measured[id] && !schedule.slots.is_empty());
        for size in schedule.slots[..end].iter().flat_map(|slot| &slot.sizes) {
            if let SlotSize::Workspace { schedule, symbols } = size
                && known_workspace(module, *schedule, symbols).is_none()
            {
                measured[schedule.index()] = true;
            }
        }
    }
    measured
}

impl Functions {
    pub(crate) fn of(module: &Module) -> Functions {
        let mut functions = Functions {
            list: Vec::new(),
            numbers: FxHashMap::default(),
            forms: Vec::new(),
            steps: FxHashMap::default(),
            sites: Vec::new(),
            site_numbers: FxHashMap::default(),
            can_fail: Vec::new(),
        };
        let measured = measured(module);
        let mut known: FxHashMap<Arc<Form>, usize> = FxHashMap::default();
        for (id, schedule) in module.schedules.iter().enumerate() {
            if measured[id] {
                functions.add(Function::Workspace(id));
            }
            for (index, step) in schedule.steps.iter().enumerate() {
                let mut failure = 0;
                if fails_itself(&step.kind) {
                    failure = FailureKind::RowOutOfRange.word(functions.sites.len());
                    functions.site_numbers.insert((id, index), functions.sites.len());
                    let site = Site { schedule: id as u32, step: index as u32, origin: step.origin };
                    functions.sites.push(site);
                }
                if let Some((form, arguments)) = Form::of(schedule, &step.kind, failure) {
                    let number = known.get(&form).copied().unwrap_or_else(|| {
                        let form = Arc::new(form);
                        let number = known.len();
                        known.insert(form.clone(), number);
                        functions.forms.push(SharedForm { form, first: (id, index) });
                        functions.add(Function::Body(number));
                        functions.add(Function::Launch(number));
                        number
                    });
                    functions.steps.insert((id, index), (number, arguments));
                }
            }
            functions.add(Function::Schedule(id));
            let itself = schedule.steps.iter().any(|step| fails_itself(&step.kind));
            let below =
                callees(schedule).any(|callee| functions.can_fail.get(callee).copied().unwrap_or(true));
            functions.can_fail.push(itself || below);
        }
        functions
    }

    fn add(&mut self, function: Function) {
        self.numbers.insert(function, self.list.len() as u32);
        self.list.push(function);
    }

    /// The form of a body, and the step in which it occurs first.
    pub(crate) fn form(&self, number: usize) -> &SharedForm {
        &self.forms[number]
    }

    /// The number of the form of a step that computes, and what the step gives to it.
    pub(crate) fn form_of(&self, schedule: usize, step: usize) -> &(usize, Arguments) {
        &self.steps[&(schedule, step)]
    }

    /// The number of the form of a step, if the step computes.
    pub(crate) fn form_number(&self, schedule: usize, step: usize) -> Option<usize> {
        self.steps.get(&(schedule, step)).map(|(form, _)| *form)
    }

    /// In order.
    pub(crate) fn list(&self) -> &[Function] {
        &self.list
    }

    pub(crate) fn into_sites(self) -> Vec<Site> {
        self.sites
    }

    /// Number of the site of a step that can fail.
    pub(crate) fn site(&self, schedule: usize, step: usize) -> usize {
        self.site_numbers[&(schedule, step)]
    }

    /// Whether a call of a schedule can fail.
    pub(crate) fn can_fail(&self, schedule: usize) -> bool {
        self.can_fail[schedule]
    }

    /// A reference to a function from the one under construction.
    pub(crate) fn import(&self, e: &mut Emitter<'_>, function: Function) -> FuncRef {
        let mut signature = signature(e.builder.func.signature.call_conv);
        if matches!(function, Function::Workspace(_)) {
            signature.returns.push(AbiParam::new(types::I64));
        }
        let signature = e.builder.import_signature(signature);
        let name = UserExternalName::new(0, self.numbers[&function]);
        let name = ExternalName::user(e.builder.func.declare_imported_user_function(name));
        e.builder.import_function(ExtFuncData { name, signature, colocated: true, patchable: false })
    }
}
