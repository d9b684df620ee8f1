//! Routes: the tiles of each rank on their rows, between the kernels that choose, group and combine.

use cranelift_codegen::ir::{InstBuilder, Value, condcodes::IntCC, types};
use tri_ir::Dim;
use tri_kernel_ir::{BufferId, RouteStep, RouteTile};
use tri_kernels::{KernelTable, RouteArgs};

use crate::FrameLayout;
use crate::emitter::Emitter;
use crate::schedule::ScheduleContext;

impl ScheduleContext<'_> {
    /// Emits a route step.
    pub(crate) fn route(&self, e: &mut Emitter<'_>, route: &RouteStep) {
        let slot = e.stack(RouteArgs::BYTES);
        let args = e.stack_address(slot);
        let (row_bytes, result_bytes) = (self.row_bytes(e, route.x), self.row_bytes(e, route.out));
        self.fill_route(e, route, args, [row_bytes, result_bytes]);
        e.call_kernel(KernelTable::ROUTE_SELECT_OFFSET, args);
        // Sizes and addresses that the loop needs must be computed before it.
        let first = e.buffer(route.scratch[2]);
        let frames: Vec<Value> = route.tiles.iter().map(|tile| self.tile_frame(e, route, tile)).collect();
        let (zero, top) = (e.int(0), e.int(i64::from(route.top)));
        e.for_each(zero, top, 1, &[], |e, rank, _| {
            e.store(rank, args, RouteArgs::RANK_OFFSET);
            e.call_kernel(KernelTable::ROUTE_GROUP_OFFSET, args);
            e.call_kernel(KernelTable::ROUTE_GATHER_OFFSET, args);
            for (index, (tile, frame)) in route.tiles.iter().zip(&frames).enumerate() {
                let start = e.load(types::I32, first, 4 * index as i32);
                let end = e.load(types::I32, first, 4 * (index as i32 + 1));
                let count = e.builder.ins().isub(end, start);
                let some = e.builder.ins().icmp_imm_s(IntCC::SignedGreaterThan, count, 0);
                e.value_if(
                    some,
                    |e| {
                        let start = e.builder.ins().sextend(types::I64, start);
                        let count = e.builder.ins().sextend(types::I64, count);
                        self.run_tile(e, route, tile, *frame, [start, count], [row_bytes, result_bytes]);
                        Vec::new()
                    },
                    &[],
                );
            }
            e.call_kernel(KernelTable::ROUTE_SCATTER_OFFSET, args);
            Vec::new()
        });
    }

    fn row_bytes(&self, e: &mut Emitter<'_>, buffer: BufferId) -> Value {
        let buffer = &self.schedule().buffers[buffer.index()];
        e.scaled_size(&buffer.shape[1], buffer.dtype.bytes() as i64)
    }

    fn fill_route(&self, e: &mut Emitter<'_>, route: &RouteStep, args: Value, bytes: [Value; 2]) {
        let [chosen, order, first, grouped, results] = route.scratch;
        let by_score = self.schedule().buffers[route.scores.index()].dtype == tri_ir::DType::F32;
        let buffers = [
            (RouteArgs::SCORES_OFFSET, by_score.then_some(route.scores)),
            (RouteArgs::GIVEN_OFFSET, (!by_score).then_some(route.scores)),
            (RouteArgs::GATES_OFFSET, route.gates),
            (RouteArgs::CHOSEN_OFFSET, Some(chosen)),
            (RouteArgs::ORDER_OFFSET, Some(order)),
            (RouteArgs::FIRST_OFFSET, Some(first)),
            (RouteArgs::X_OFFSET, Some(route.x)),
            (RouteArgs::GROUPED_OFFSET, Some(grouped)),
            (RouteArgs::RESULTS_OFFSET, Some(results)),
            (RouteArgs::OUT_OFFSET, Some(route.out)),
        ];
        for (offset, buffer) in buffers {
            let address = buffer.map(|buffer| e.buffer(buffer));
            let address = address.unwrap_or_else(|| e.int(0));
            e.store(address, args, offset);
        }
        let rows = e.size(&route.rows);
        e.store(rows, args, RouteArgs::ROWS_OFFSET);
        let numbers = [
            (RouteArgs::TILES_OFFSET, route.tiles.len() as i64),
            (RouteArgs::TOP_OFFSET, i64::from(route.top)),
            (RouteArgs::RANK_OFFSET, 0),
        ];
        for (offset, number) in numbers {
            let number = e.size(&Dim::constant(number));
            e.store(number, args, offset);
        }
        e.store(bytes[0], args, RouteArgs::ROW_BYTES_OFFSET);
        e.store(bytes[1], args, RouteArgs::RESULT_BYTES_OFFSET);
    }

    /// The frame of a tile, with all that is the same in every call.
    fn tile_frame(&self, e: &mut Emitter<'_>, route: &RouteStep, tile: &RouteTile) -> Value {
        let layout = FrameLayout::of(&self.module.schedules[tile.schedule.index()]);
        let slot = e.stack(8 * layout.words() as u32);
        let frame = e.stack_address(slot);
        for (word, dim) in layout.symbols().skip(1).zip(&tile.symbols) {
            let value = e.size(dim);
            e.store(value, frame, 8 * word as i32);
        }
        for (word, buffer) in layout.params().skip(1).zip(&tile.captures) {
            let address = e.buffer(*buffer);
            e.store(address, frame, 8 * word as i32);
        }
        let workspace = e.word(FrameLayout::of(self.schedule()).slot_word(route.workspace));
        e.store(workspace, frame, 8 * layout.workspace() as i32);
        frame
    }

    /// Calls a tile on `count` grouped rows from `start`.
    fn run_tile(
        &self,
        e: &mut Emitter<'_>,
        route: &RouteStep,
        tile: &RouteTile,
        frame: Value,
        [start, count]: [Value; 2],
        [row_bytes, result_bytes]: [Value; 2],
    ) {
        let layout = FrameLayout::of(&self.module.schedules[tile.schedule.index()]);
        e.store(count, frame, 8 * layout.symbols().start as i32);
        let [_, _, _, grouped, results] = route.scratch;
        let parts =
            [(grouped, row_bytes, layout.params().start), (results, result_bytes, layout.results().start)];
        for (buffer, bytes, word) in parts {
            let base = e.buffer(buffer);
            let distance = e.builder.ins().imul(start, bytes);
            let address = e.builder.ins().iadd(base, distance);
            e.store(address, frame, 8 * word as i32);
        }
        self.call_schedule(e, tile.schedule, frame);
    }
}
