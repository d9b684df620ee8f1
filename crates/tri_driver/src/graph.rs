//! A program as a picture: what `triton graph` draws, with the numbers that only the passes and the weights know.

use std::collections::BTreeMap;
use std::path::Path;

use tri_diagnostics::LineIndex;
use tri_graph::{Graph, GraphError, Weights, build, entry_of, stored_bytes};
use tri_ir::{Capture, DType, Encoding, Entry, Module};
use tri_lower::Place;
use tri_passes::OptLevel;
use tri_runtime::RuntimeError;

use crate::{Checkpoint, DriverError, ElaborateError, Program, Timing, engine};

/// What to draw.
#[derive(Clone, Copy, Debug, Default)]
pub struct GraphRequest<'a> {
    /// Which entry point; `forward`, or the first where there is none of that name.
    pub entry: Option<&'a str>,
    /// A checkpoint whose trits are counted.
    pub weights: Option<&'a Path>,
}

impl Program {
    /// The graph of an entry point of an accepted program.
    ///
    /// # Errors
    /// Those of [`Program::optimized`]; there is no such entry point; or the weights do not fit.
    pub fn graph(&self, request: &GraphRequest<'_>, timing: &mut Timing) -> Result<Graph, ElaborateError> {
        let (elaborated, source_map) = self.elaborated()?;
        let optimized = self.optimized(OptLevel::O2, timing)?;
        let entry = entry_of(optimized, request.entry).map_err(|error| self.no_entry(error))?;
        let mut weights = Weights { stored: stored_bytes(optimized, entry), zeros: BTreeMap::new() };
        if let Some(path) = request.weights {
            let checkpoint = timing.stage("read weights", || Checkpoint::open(path, optimized))?;
            weights.zeros = zeros(optimized, entry, &engine::bound(optimized, &checkpoint, timing)?);
        }
        let graph = timing.stage("graph", || build(elaborated, source_map, request.entry, &weights));
        graph.map_err(|error| self.no_entry(error).into())
    }

    fn no_entry(&self, error: GraphError) -> DriverError {
        match error {
            GraphError::NoEntry { name, known } => RuntimeError::NoEntry { name, known }.into(),
            GraphError::NoModel => DriverError::NoModel { path: self.name() },
        }
    }

    /// File and line of a place in the source, `examples/digits.tri:32`.
    pub fn place_text(&self, place: Place) -> Option<String> {
        let span = self.place_span(place);
        let before =
            tri_diagnostics::render::Sources::text(self, span.file).get(..span.range.start as usize)?;
        Some(format!(
            "{}:{}",
            tri_diagnostics::render::Sources::name(self, span.file),
            before.matches('\n').count() + 1
        ))
    }

    /// For each schedule and each step, the place of its source: `digits.tri:32:9`, the file without its folder, as artifacts hold no
    /// paths; empty where a step has none.
    pub fn places(&self, kernel: &tri_kernel_ir::Module) -> Vec<Vec<String>> {
        let mut indices = BTreeMap::new();
        let mut place = |origin| {
            let span = self.span(origin)?;
            let text = tri_diagnostics::render::Sources::text(self, span.file);
            let lines = indices.entry(span.file).or_insert_with(|| LineIndex::new(text));
            let at = lines.line_column(text, span.range.start);
            let name = tri_diagnostics::render::Sources::name(self, span.file);
            let name = Path::new(&name).file_name()?.to_string_lossy().into_owned();
            Some(format!("{name}:{}:{}", at.line, at.column))
        };
        let steps = kernel.schedules.iter().map(|schedule| schedule.steps.iter());
        steps
            .map(|steps| steps.map(|step| step.origin.and_then(&mut place).unwrap_or_default()).collect())
            .collect()
    }
}

/// How many of the trits that an entry point uses of each parameter are zero, and how many there are, in bound values of these bytes.
fn zeros(module: &Module, entry: &Entry, bytes: &[Vec<u8>]) -> BTreeMap<String, (u64, u64)> {
    let mut zeros: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for capture in &entry.captures {
        let Capture::Bound(id) = capture else { continue };
        let (Some(bound), Some(bytes)) = (module.bound.get(id.index()), bytes.get(id.index())) else {
            continue;
        };
        let sizes: Option<Vec<usize>> =
            bound.ty.shape.iter().map(|dim| usize::try_from(dim.as_constant()?).ok()).collect();
        let (DType::Trit, Some(sizes)) = (bound.ty.dtype, sizes) else { continue };
        let columns = sizes.last().copied().unwrap_or(1);
        let rows = sizes.iter().rev().skip(1).product();
        let Some(trits) = trits(bound.ty.encoding, bytes, rows, columns) else { continue };
        let (some, all) = zeros.entry(tri_graph::parameter_of(&bound.name, module).to_owned()).or_default();
        *some += trits.iter().filter(|trit| **trit == 0).count() as u64;
        *all += trits.len() as u64;
    }
    zeros
}

/// The trits of a matrix.
fn trits(encoding: Encoding, bytes: &[u8], rows: usize, columns: usize) -> Option<Vec<i8>> {
    let encoding = match encoding {
        Encoding::Plain => return Some(bytes.iter().map(|byte| *byte as i8).collect()),
        Encoding::T2 => tri_pack::Encoding::T2,
        Encoding::T160 => tri_pack::Encoding::T160,
        Encoding::Planes => tri_pack::Encoding::Planes,
    };
    Some(tri_pack::unpack(encoding, bytes, rows, columns).ok()?.trits)
}
