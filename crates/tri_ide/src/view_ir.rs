//! What the function under the cursor becomes: tensor IR, kernel IR or machine instructions, with spans both ways.

use tri_cranelift::Options;
use tri_db::{Db, SourceFile};
use tri_diagnostics::{Span, TextRange};
use tri_hir::{Place, place_span};
use tri_ir::{FunctionId, Origin, Verified};
use tri_kernel_ir::{Fusion, ScheduleId};
use tri_kernels::CpuLevel;
use tri_lower::Lowered;
use tri_passes::OptLevel;

use crate::elaboration::lowered;
use crate::inlined::Inlined;
use crate::path::path_to;

/// How far the compiler has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IrStage {
    /// Tensor IR before the passes.
    #[default]
    Tensor,
    /// Fused kernel IR after the passes of -O1.
    Kernel,
    /// Instructions for this machine.
    Assembly,
}

/// IR as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IrView {
    /// The functions, one after another.
    pub text: String,
    /// Lines of the text, from 0, with what they come from.
    pub lines: Vec<(u32, Span)>,
}

impl IrView {
    /// Adds a text, with what its lines come from.
    fn add(&mut self, text: &str, lines: impl IntoIterator<Item = (u32, Span)>) {
        let before = self.text.lines().count() as u32;
        self.text.push_str(text);
        self.lines.extend(lines.into_iter().map(|(line, span)| (before + line, span)));
    }
}

/// The functions that have something from the function or item under the cursor, of a model in `file`.
pub(crate) fn view(db: &dyn Db, file: SourceFile, offset: u32, stage: IrStage) -> Result<IrView, String> {
    let Some(path) = path_to(db, file, TextRange::empty(offset)) else {
        return Err("there is no function here".to_owned());
    };
    let around = match path.member() {
        Some((_, member)) => member.id,
        None => path.nodes.first().and_then(|item| item.id()).unwrap_or(tri_syntax::ast::NodeId(0)),
    };
    let Some(lowered) = lowered(db, file) else {
        return Err("the file has no model, or errors; only models become IR".to_owned());
    };
    let sources = Sources::new(db, lowered, Span::new(file.id(db), path.range(around)));
    let view = match stage {
        IrStage::Tensor => tensor(&sources),
        IrStage::Kernel | IrStage::Assembly => compiled(&sources, stage)?,
    };
    if view.text.is_empty() {
        return Err("nothing of what is here is computed by the model".to_owned());
    }
    Ok(view)
}

/// Where instructions come from, and which place is asked about.
struct Sources<'a> {
    db: &'a dyn Db,
    lowered: &'a Lowered,
    wanted: Span,
    inlined: Inlined<'a>,
}

impl<'a> Sources<'a> {
    fn new(db: &'a dyn Db, lowered: &'a Lowered, wanted: Span) -> Sources<'a> {
        Sources { db, lowered, wanted, inlined: Inlined::of(lowered) }
    }

    fn place_span(&self, place: tri_lower::Place) -> Span {
        place_span(self.db, Place { file: place.file, item: place.item, node: place.node })
    }

    /// What an instruction of a function comes from: its own place, and the calls around that were inlined.
    fn spans(&self, function: &str, origin: Option<Origin>) -> Vec<Span> {
        let Some(origin) = origin else { return Vec::new() };
        let own = self.lowered.source_map.place(origin);
        let mut spans = Vec::new();
        for place in own.into_iter().chain(self.inlined.around(function, origin)) {
            let span = self.place_span(place);
            if !spans.contains(&span) {
                spans.push(span);
            }
        }
        spans
    }

    fn is_wanted(&self, span: &Span) -> bool {
        let wanted = self.wanted;
        span.file == wanted.file
            && wanted.range.start <= span.range.start
            && span.range.end <= wanted.range.end
    }
}

fn tensor(sources: &Sources<'_>) -> IrView {
    let module = &sources.lowered.module;
    let mut view = IrView::default();
    for (at, function) in module.functions.iter().enumerate() {
        let insts = function.insts.iter();
        let spans: Vec<Vec<Span>> = insts.map(|inst| sources.spans(&function.name, inst.origin)).collect();
        if !spans.iter().flatten().any(|span| sources.is_wanted(span)) {
            continue;
        }
        let text = tri_ir::print_function(module, FunctionId(at as u32));
        // Instructions are one a line, the last ones before the closing brace.
        let first = text.lines().count().saturating_sub(1 + spans.len());
        let lines = spans.into_iter().enumerate();
        view.add(
            &text,
            lines.flat_map(|(at, spans)| spans.into_iter().map(move |span| ((first + at) as u32, span))),
        );
    }
    view
}

/// Kernel IR, or the instructions made from it.
fn compiled(sources: &Sources<'_>, stage: IrStage) -> Result<IrView, String> {
    let module = optimized(sources)?;
    let kernels = tri_kernel_ir::schedule(&module, Fusion::Full).map_err(|error| error.to_string())?;
    let kernels = tri_kernel_ir::verify(kernels).map_err(|error| error.to_string())?;
    let mut view = IrView::default();
    for (at, schedule) in kernels.schedules.iter().enumerate() {
        sources.db.unwind_if_revision_cancelled();
        let steps = schedule.steps.iter();
        let spans: Vec<Vec<Span>> = steps.map(|step| sources.spans(&schedule.name, step.origin)).collect();
        if !spans.iter().flatten().any(|span| sources.is_wanted(span)) {
            continue;
        }
        let id = ScheduleId(at as u32);
        if stage == IrStage::Kernel {
            let (text, lines) = tri_kernel_ir::print_schedule(&kernels, id);
            let lines = lines.into_iter();
            view.add(&text, lines.flat_map(|(line, step)| spans[step].iter().map(move |span| (line, *span))));
            continue;
        }
        let level = CpuLevel::detect().map_err(|value| format!("there is no CPU level `{value}`"))?;
        let options = Options::new(level);
        let listings = tri_cranelift::list_asm(&kernels, &options, id).map_err(|error| error.to_string())?;
        for listing in listings {
            let text = format!("; {}\n{}\n", listing.name, listing.text.trim_end());
            let spans = listing.step.map_or(&[][..], |step| &spans[step]);
            let lines = 0..text.lines().count() as u32;
            view.add(&text, lines.flat_map(|line| spans.iter().map(move |span| (line, *span))));
        }
    }
    Ok(view)
}

/// The model after the passes of -O1: those of -O2 put small functions into their callers, where nobody would look for them.
fn optimized(sources: &Sources<'_>) -> Result<Verified, String> {
    let module = tri_ir::verify(sources.lowered.module.clone()).map_err(|error| error.to_string())?;
    let mut go_on = |_: &tri_passes::PassRun, _: &tri_ir::Module| sources.db.unwind_if_revision_cancelled();
    tri_passes::optimize(&module, OptLevel::O1, &mut go_on).map_err(|error| error.to_string())
}
