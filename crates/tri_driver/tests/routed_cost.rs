//! What a routed layer of D = 512, H = 2048 and 64 tiles takes beside the dense one, counted in its schedules.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use tri_driver::{Program, SourceOptions, Timing, level_of};
use tri_kernel_ir::{
    BufferId, Fusion, Module, RouteStep, Schedule, ScheduleId, StepKind, plan, schedule, workspace_bytes,
};

const PROGRAM: &str = "
use std.trix.{SparseTrixFfn, TernaryFfn}

model Layers() {
    sparse = SparseTrixFfn[512, 2048, 64]()
    dense = TernaryFfn[512, 2048]()

    fn in_sparse[B](x: f32[B, 512]) -> f32[B, 512] { sparse(x) }
    fn in_dense[B](x: f32[B, 512]) -> f32[B, 512] { dense(x) }
}
";

/// Bytes of the dense layer's hidden activations for a row.
const HIDDEN: u64 = 2048 * 4;

struct Layers {
    kernels: Module,
    sparse: ScheduleId,
}

impl Layers {
    fn new() -> Layers {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("layers.tri");
        std::fs::write(&file, PROGRAM).unwrap();
        let program = Program::open(&file, &SourceOptions::default()).unwrap();
        let module = program.optimized(level_of(2), &mut Timing::default()).unwrap().clone();
        let entry = module.entries.iter().find(|entry| entry.name == "in_sparse").unwrap();
        let sparse = ScheduleId(entry.function.0);
        Layers { kernels: schedule(&module, Fusion::Full).unwrap(), sparse }
    }

    fn route(&self) -> (&Schedule, &RouteStep) {
        let schedules = self.kernels.schedules.iter();
        let mut routes = schedules.flat_map(|schedule| {
            schedule.steps.iter().filter_map(move |step| match &step.kind {
                StepKind::Route(route) => Some((schedule, route)),
                _ => None,
            })
        });
        routes.next().unwrap()
    }
}

fn bytes(schedule: &Schedule, buffers: &[BufferId]) -> i64 {
    let bytes =
        |buffer: &BufferId| plan::bytes(&schedule.buffers[buffer.index()]).unwrap().as_constant().unwrap();
    buffers.iter().map(bytes).sum()
}

#[test]
fn activations_are_less_than_three_hundredths_of_the_dense_hidden_ones() {
    let layers = Layers::new();
    let memory = |rows: i64| workspace_bytes(&layers.kernels, layers.sparse, &[rows]).unwrap();
    assert!(100 * memory(4096) <= 3 * 4096 * HIDDEN, "{} bytes for 4096 rows", memory(4096));
    // A further row needs its tile, its place in the order, and the beginning of a chunk; the rest is that of a chunk for each lane.
    let further = (memory(8192) - memory(4096)) / 4096;
    assert!(further <= 16, "{further} bytes a further row");
    let lanes = RouteStep::LANES as u64;
    assert!(memory(1) <= lanes * (192 << 10), "{} bytes for one row", memory(1));
}

#[test]
fn a_chunk_of_rows_reads_a_64th_of_the_weights() {
    let layers = Layers::new();
    let (schedule, route) = layers.route();
    assert_eq!(route.tiles.len(), 64);
    // Two matrices of 512 by 2048 trits, four to a byte, with the scales of 64 tiles.
    let all = 2 * 512 * 2048 / 4 + 64 * 4 * (32 + 512);
    for tile in &route.tiles {
        assert_eq!(64 * bytes(schedule, &tile.captures), all);
    }
    // What every row meets besides: the signatures.
    let shared: Vec<BufferId> = (0..schedule.params.len())
        .map(|at| schedule.params[at])
        .filter(|param| *param != route.x && !route.tiles.iter().any(|tile| tile.captures.contains(param)))
        .collect();
    assert_eq!(bytes(schedule, &shared), 64 * 512 + 512);
}
