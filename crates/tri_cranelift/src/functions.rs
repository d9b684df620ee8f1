//! The functions of a blob and how they refer to each other: by number, in the order in which they lie there.

use std::sync::Arc;

use cranelift_codegen::ir::{AbiParam, ExtFuncData, ExternalName, FuncRef, UserExternalName, types};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use tri_ir::Dim;
use tri_kernel_ir::{Arguments, Form, Module, ScheduleId, SlotSize, Step, StepKind, workspace_bytes};

use crate::emitter::{Emitter, signature};
use crate::epilogue;
use crate::launch::Work;
use crate::schedule::gathers;
use crate::tile::{self, Tile};
use crate::{FailureKind, Site};

/// A function of the blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Function {
    /// Size of a schedule's workspace, from its symbols.
    Workspace(usize),
    /// The body of all steps of a form.
    Body(usize),
    /// What the kernel of a convolution calls for parts of its result: the epilogue of a form.
    Epilogue(usize),
    /// What calls a body for all units of its frame; forms with the same sizes of loops share it.
    Launch(usize),
    /// The chunks of a route that fall to some lanes: a schedule and a step of it.
    Chunks(usize, usize),
    /// A schedule.
    Schedule(usize),
}

/// A form, its launch, and the step in which it occurs first.
#[derive(Debug)]
pub(crate) struct SharedForm {
    pub(crate) form: Arc<Form>,
    pub(crate) launch: usize,
    pub(crate) first: (usize, usize),
}

/// What a launch is made from, and the step in which it occurs first.
#[derive(Debug)]
pub(crate) struct SharedWork {
    pub(crate) work: Arc<Work>,
    pub(crate) first: (usize, usize),
}

/// All functions of a module, and the steps that can fail.
#[derive(Debug)]
pub(crate) struct Functions {
    list: Vec<Function>,
    numbers: FxHashMap<Function, u32>,
    forms: Vec<SharedForm>,
    launches: Vec<SharedWork>,
    /// For each step that computes, its form and what it gives to it.
    steps: FxHashMap<(usize, usize), (usize, Arguments)>,
    sites: Vec<Site>,
    site_numbers: FxHashMap<(usize, usize), usize>,
    can_fail: Vec<bool>,
    tiles: Vec<Option<Tile>>,
}

/// Whether a step of the kinds that lead to no other schedule can fail.
fn fails_itself(step: &StepKind) -> bool {
    match step {
        StepKind::Nest(nest) => gathers(nest),
        StepKind::BindDim { .. } => true,
        _ => false,
    }
}

/// The schedules that a step runs.
fn callees(step: &Step) -> impl Iterator<Item = usize> {
    let (call, tiles) = match &step.kind {
        StepKind::Call(call) => (Some(call.schedule.index()), &[][..]),
        StepKind::Route(route) => (None, route.tiles.as_slice()),
        _ => (None, &[][..]),
    };
    call.into_iter().chain(tiles.iter().map(|tile| tile.schedule.index()))
}

/// Numbers of what was met already.
#[derive(Debug, Default)]
struct Known {
    forms: FxHashMap<Arc<Form>, usize>,
    launches: FxHashMap<Arc<Work>, usize>,
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
            launches: Vec::new(),
            steps: FxHashMap::default(),
            sites: Vec::new(),
            site_numbers: FxHashMap::default(),
            can_fail: Vec::new(),
            tiles: tile::find(module),
        };
        functions.find_sites(module);
        let forms = (0..module.schedules.len()).into_par_iter().map(|id| functions.forms(module, id));
        let forms: Vec<Vec<_>> = forms.collect();
        let measured = measured(module);
        let mut known = Known::default();
        for ((id, schedule), formed) in module.schedules.iter().enumerate().zip(forms) {
            if measured[id] {
                functions.add(Function::Workspace(id));
            }
            for (index, (form, arguments)) in formed {
                let number = functions.share(form, (id, index), &mut known);
                functions.steps.insert((id, index), (number, arguments));
            }
            for (index, step) in schedule.steps.iter().enumerate() {
                if matches!(step.kind, StepKind::Route(_)) {
                    functions.add(Function::Chunks(id, index));
                }
            }
            functions.add(Function::Schedule(id));
            let itself = schedule.steps.iter().any(|step| fails_itself(&step.kind));
            let mut callees = schedule.steps.iter().flat_map(callees);
            let below = callees.any(|callee| functions.can_fail.get(callee).copied().unwrap_or(true));
            functions.can_fail.push(itself || below);
        }
        functions
    }

    /// Numbers the steps that can fail.
    fn find_sites(&mut self, module: &Module) {
        for (id, schedule) in module.schedules.iter().enumerate() {
            for (index, step) in
                schedule.steps.iter().enumerate().filter(|(_, step)| fails_itself(&step.kind))
            {
                self.site_numbers.insert((id, index), self.sites.len());
                self.sites.push(Site { schedule: id as u32, step: index as u32, origin: step.origin });
            }
        }
    }

    /// The steps of a schedule that compute, but for those that are one call of a kernel: their forms, and what they give to them.
    fn forms(&self, module: &Module, id: usize) -> Vec<(usize, (Form, Arguments))> {
        let schedule = &module.schedules[id];
        let form = |(index, step): (usize, &Step)| {
            let site = self.site_numbers.get(&(id, index));
            let failure = site.map_or(0, |site| FailureKind::RowOutOfRange.word(*site));
            let is_direct = self.tiles[id].is_some() && tile::is_direct(&step.kind);
            (!is_direct).then(|| Form::of(schedule, &step.kind, failure).map(|form| (index, form)))?
        };
        schedule.steps.iter().enumerate().filter_map(form).collect()
    }

    /// The number of a form, which is added with its launch unless it is known.
    fn share(&mut self, form: Form, first: (usize, usize), known: &mut Known) -> usize {
        if let Some(number) = known.forms.get(&form) {
            return *number;
        }
        let (form, number) = (Arc::new(form), self.forms.len());
        known.forms.insert(form.clone(), number);
        self.add(Function::Body(number));
        if epilogue::of_convolution(&form).is_some() {
            self.add(Function::Epilogue(number));
        }
        let work = Arc::new(Work::of(&form));
        let launch = known.launches.get(&work).copied().unwrap_or_else(|| {
            let launch = self.launches.len();
            known.launches.insert(work.clone(), launch);
            self.launches.push(SharedWork { work, first });
            self.add(Function::Launch(launch));
            launch
        });
        self.forms.push(SharedForm { form, launch, first });
        number
    }

    fn add(&mut self, function: Function) {
        self.numbers.insert(function, self.list.len() as u32);
        self.list.push(function);
    }

    /// The form of a body, and the step in which it occurs first.
    pub(crate) fn form(&self, number: usize) -> &SharedForm {
        &self.forms[number]
    }

    /// What a launch is made from.
    pub(crate) fn launch(&self, number: usize) -> &SharedWork {
        &self.launches[number]
    }

    /// The functions that a function may refer to, each once, in an order that its own contents give.
    pub(crate) fn callees(&self, module: &Module, function: Function) -> Vec<Function> {
        let mut callees = Vec::new();
        if let Function::Body(form) = function
            && epilogue::of_convolution(&self.form(form).form).is_some()
        {
            callees.push(Function::Epilogue(form));
        }
        let (Function::Workspace(id) | Function::Chunks(id, _) | Function::Schedule(id)) = function else {
            return callees;
        };
        let mut known = FxHashSet::default();
        let mut add = |callee| {
            if known.insert(callee) {
                callees.push(callee);
            }
        };
        if let Function::Chunks(_, step) = function {
            let tiles = self::callees(&module.schedules[id].steps[step]);
            tiles.for_each(|callee| add(Function::Schedule(callee)));
            return callees;
        }
        let schedule = &module.schedules[id];
        for size in schedule.slots.iter().flat_map(|slot| &slot.sizes) {
            if let SlotSize::Workspace { schedule, .. } = size {
                let callee = Function::Workspace(schedule.index());
                self.numbers.contains_key(&callee).then(|| add(callee));
            }
        }
        if function == Function::Workspace(id) {
            return callees;
        }
        for (index, step) in schedule.steps.iter().enumerate() {
            if let Some((form, _)) = self.steps.get(&(id, index)) {
                add(Function::Launch(self.forms[*form].launch));
                add(Function::Body(*form));
            }
            match &step.kind {
                StepKind::Route(_) => add(Function::Chunks(id, index)),
                _ => self::callees(step).for_each(|callee| add(Function::Schedule(callee))),
            }
        }
        callees
    }

    /// The place of a function in the blob.
    pub(crate) fn number(&self, function: Function) -> u32 {
        self.numbers[&function]
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

    /// What is known of a schedule that only routes call.
    pub(crate) fn tile(&self, schedule: usize) -> Option<Tile> {
        self.tiles[schedule]
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
