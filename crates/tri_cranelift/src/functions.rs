//! The functions of a blob and how they refer to each other: by number, in the order in which they lie there.

use std::collections::HashMap;

use cranelift_codegen::ir::{AbiParam, ExtFuncData, ExternalName, FuncRef, UserExternalName, types};
use tri_kernel_ir::{Module, Schedule, StepKind};

use crate::Site;
use crate::emitter::{Emitter, signature};
use crate::schedule::gathers;

/// A function of the blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Function {
    /// Size of a schedule's workspace, from its symbols.
    Workspace(usize),
    /// The body of a step: schedule and step.
    Body(usize, usize),
    /// A schedule.
    Schedule(usize),
}

/// All functions of a module, and the steps that can fail.
#[derive(Debug)]
pub(crate) struct Functions {
    list: Vec<Function>,
    numbers: HashMap<Function, u32>,
    sites: Vec<Site>,
    site_numbers: HashMap<(usize, usize), usize>,
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

impl Functions {
    pub(crate) fn of(module: &Module) -> Functions {
        let mut list = Vec::new();
        let mut sites = Vec::new();
        let mut site_numbers = HashMap::new();
        let mut can_fail: Vec<bool> = Vec::new();
        for (id, schedule) in module.schedules.iter().enumerate() {
            list.push(Function::Workspace(id));
            for (index, step) in schedule.steps.iter().enumerate() {
                if matches!(
                    step.kind,
                    StepKind::Nest(_) | StepKind::Contraction(_) | StepKind::Convolution(_)
                ) {
                    list.push(Function::Body(id, index));
                }
                if fails_itself(&step.kind) {
                    site_numbers.insert((id, index), sites.len());
                    sites.push(Site { schedule: id as u32, step: index as u32, origin: step.origin });
                }
            }
            list.push(Function::Schedule(id));
            let itself = schedule.steps.iter().any(|step| fails_itself(&step.kind));
            let below = callees(schedule).any(|callee| can_fail.get(callee).copied().unwrap_or(true));
            can_fail.push(itself || below);
        }
        let numbers = list.iter().enumerate().map(|(number, function)| (*function, number as u32)).collect();
        Functions { list, numbers, sites, site_numbers, can_fail }
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
