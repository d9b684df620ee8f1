//! Keys of functions: hashes of everything that a function's code is made from, taken from kernel IR.
//!
//! A key leaves out which functions a function refers to, which the linker fills in; it covers how they are called. So a
//! function whose key is known has the same code, and no Cranelift IR is built to find it. Whatever an emitter comes to read must be
//! hashed here; builds with debug assertions compile functions that are found again, and compare.
//!
//! Keys depend on the build of the compiler.

use rustc_hash::FxHashMap;
use tri_kernel_ir::{RouteStep, RouteTile, Schedule, SlotSize, StepKind};

use crate::digest::Digest;
use crate::functions::{Function, known_workspace};
use crate::reuse::Fingerprint;
use crate::schedule::{ScheduleContext, gathers};
use crate::{FrameLayout, form, siblings};

impl Fingerprint {
    /// The key of a function that refers to `callees`, for the target whose settings are `target`.
    pub(crate) fn of(
        cx: &ScheduleContext<'_>,
        function: Function,
        callees: &[Function],
        target: &[u8; 32],
    ) -> Fingerprint {
        let mut digest = Digest::new();
        digest.add(target);
        match function {
            Function::Body(form) => digest.add("body").add(&cx.functions.form(form).form),
            Function::Epilogue(form) => digest.add("epilogue").add(&cx.functions.form(form).form),
            Function::Launch(launch) => digest.add("launch").add(&cx.functions.launch(launch).work),
            Function::Workspace(_) | Function::Chunks(..) | Function::Schedule(_) => {
                let places = callees.iter().copied().zip(0..).collect();
                Hashed { cx, places, digest: &mut digest }.add(function, callees);
                &mut digest
            }
        };
        Fingerprint::from_bytes(digest.finish())
    }
}

/// A schedule that is being hashed.
struct Hashed<'c> {
    cx: &'c ScheduleContext<'c>,
    /// Numbers of the functions that it refers to.
    places: FxHashMap<Function, u32>,
    digest: &'c mut Digest,
}

impl Hashed<'_> {
    fn add(&mut self, function: Function, callees: &[Function]) {
        let (schedule, functions) = (self.cx.schedule(), self.cx.functions);
        for info in &schedule.symbols {
            self.digest.add(&(info.min, info.max, info.bound_inside));
        }
        self.digest.add(&FrameLayout::of(schedule));
        self.slots(schedule);
        if matches!(function, Function::Workspace(_)) {
            self.digest.add("workspace");
            return;
        }
        if self.cx.marks {
            self.digest.add(&self.cx.id);
        }
        self.digest.add(&schedule.buffers).add(&schedule.repeats);
        for callee in callees {
            match callee {
                Function::Schedule(id) => {
                    let layout = FrameLayout::of(&self.cx.module.schedules[*id]);
                    self.digest.add(&(layout, functions.can_fail(*id)))
                }
                Function::Body(form) => self.digest.add(&form::layout(&functions.form(*form).form)),
                Function::Chunks(..)
                | Function::Epilogue(_)
                | Function::Launch(_)
                | Function::Workspace(_) => self.digest.add(&()),
            };
        }
        if let Function::Chunks(_, step) = function {
            self.digest.add("chunks").add(&step);
            if let StepKind::Route(route) = &schedule.steps[step].kind {
                self.tiles(route);
            }
            return;
        }
        self.digest.add("schedule").add(&schedule.siblings);
        for step in schedule.siblings.iter().flat_map(|siblings| siblings.steps.clone()) {
            let product = siblings::product(&schedule.steps[step as usize].kind);
            self.digest.add(&product.map(|product| (&product.m, &product.n, &product.k)));
        }
        for (index, step) in schedule.steps.iter().enumerate() {
            self.step(index, &step.kind);
        }
    }

    fn slots(&mut self, schedule: &Schedule) {
        self.digest.add(&schedule.slots.len());
        for slot in &schedule.slots {
            self.digest.add(&slot.sizes.len());
            for size in &slot.sizes {
                match size {
                    SlotSize::Bytes(bytes) => self.digest.add(&0u8).add(bytes),
                    SlotSize::Workspace { schedule, symbols } => {
                        match known_workspace(self.cx.module, *schedule, symbols) {
                            Some(bytes) => self.digest.add(&1u8).add(&bytes),
                            None => {
                                let place = self.places.get(&Function::Workspace(schedule.index()));
                                self.digest.add(&2u8).add(&place).add(symbols)
                            }
                        }
                    }
                };
            }
        }
    }

    fn place(&mut self, function: Function) {
        self.digest.add(&self.places[&function]);
    }

    fn step(&mut self, index: usize, step: &StepKind) {
        let (cx, functions) = (self.cx, self.cx.functions);
        if let Some(tile) = cx.direct(index) {
            self.digest.add("direct").add(step).add(&tile);
            return;
        }
        match step {
            StepKind::Nest(_)
            | StepKind::Contraction(_)
            | StepKind::Attention(_)
            | StepKind::Epilogue(_)
            | StepKind::QuantizeRows(_)
            | StepKind::Convolution(_)
            | StepKind::MaxPool(_)
            | StepKind::Clusters(_) => {
                // What the body does is for its own key.
                let (form, arguments) = functions.form_of(cx.id, index);
                let gathers = matches!(step, StepKind::Nest(nest) if gathers(nest));
                self.digest.add("launch").add(&gathers).add(arguments);
                self.place(Function::Launch(functions.form(*form).launch));
                self.place(Function::Body(*form));
            }
            StepKind::Call(call) => {
                self.digest.add("call");
                self.digest.add(&(&call.symbols, &call.params, &call.results, &call.states, call.workspace));
                self.place(Function::Schedule(call.schedule.index()));
            }
            StepKind::Route(route) => self.route(index, route),
            StepKind::BindDim { from, symbol, at_most } => {
                let site = functions.site(cx.id, index);
                self.digest.add("bind").add(&(from, symbol, at_most, site));
            }
        }
    }

    fn route(&mut self, index: usize, route: &RouteStep) {
        let RouteStep { rows, top, x, scores, gates, out, tiles, scratch, workspaces: _ } = route;
        self.digest.add("route").add(&(rows, top, x, scores, gates, out, scratch));
        self.place(Function::Chunks(self.cx.id, index));
        // Their number, how much work they are, and whether they can fail.
        self.digest.add(&tiles.len()).add(&tiles.first().map(|tile| &tile.captures));
        let can_fail = |tile: &RouteTile| self.cx.functions.can_fail(tile.schedule.index());
        self.digest.add(&tiles.iter().any(can_fail));
        let by_order =
            [self.cx.by_order(route, |tile| tile.reads), self.cx.by_order(route, |tile| tile.writes)];
        self.digest.add(&by_order);
    }

    fn tiles(&mut self, route: &RouteStep) {
        let RouteStep { rows: _, top: _, x: _, scores: _, gates: _, out: _, tiles, scratch: _, workspaces } =
            route;
        self.digest.add(workspaces);
        for tile in tiles {
            self.digest.add(&(&tile.symbols, &tile.captures));
            self.place(Function::Schedule(tile.schedule.index()));
        }
    }
}
