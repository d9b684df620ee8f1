//! Routes: a loop over the chunks of each rank, between the kernels that choose, group, gather and scatter.
//!
//! Tiles that differ only in what they capture, at equal distances in the frame, share one call: their captures are found by number. So code
//! does not grow with the number of tiles.

use std::ops::Range;

use cranelift_codegen::ir::{InstBuilder, Value, condcodes::IntCC, types};
use tri_ir::Dim;
use tri_kernel_ir::{BufferId, RouteStep, RouteTile};
use tri_kernels::{KernelTable, RouteArgs};

use crate::FrameLayout;
use crate::emitter::Emitter;
use crate::schedule::ScheduleContext;

/// Tiles that share a call.
struct Alike {
    tiles: Range<usize>,
    /// For each capture, the word of the first tile's, and words from tile to tile.
    captures: Vec<(i64, i64)>,
}

impl ScheduleContext<'_> {
    /// Emits a route step.
    pub(crate) fn route(&self, e: &mut Emitter<'_>, route: &RouteStep) {
        let slot = e.stack(RouteArgs::BYTES);
        let args = e.stack_address(slot);
        self.fill_route(e, route, args);
        e.call_kernel(KernelTable::ROUTE_SELECT_OFFSET, args);
        let alike = self.alike(e, route);
        let frames: Vec<Value> =
            alike.iter().map(|alike| self.tile_frame(e, route, &route.tiles[alike.tiles.start])).collect();
        let (zero, top) = (e.int(0), e.int(i64::from(route.top)));
        e.for_each(zero, top, 1, &[], |e, rank, _| {
            e.store(rank, args, RouteArgs::RANK_OFFSET);
            e.call_kernel(KernelTable::ROUTE_GROUP_OFFSET, args);
            let chunks = e.load(types::I64, args, RouteArgs::CHUNKS_OFFSET);
            e.for_each(zero, chunks, 1, &[], |e, chunk, _| {
                e.store(chunk, args, RouteArgs::CHUNK_OFFSET);
                e.call_kernel(KernelTable::ROUTE_GATHER_OFFSET, args);
                let tile = e.load(types::I64, args, RouteArgs::TILE_OFFSET);
                for (alike, frame) in alike.iter().zip(&frames) {
                    let number = e.builder.ins().iadd_imm_s(tile, -(alike.tiles.start as i64));
                    let count = alike.tiles.len() as i64;
                    let is_here = e.builder.ins().icmp_imm_s(IntCC::UnsignedLessThan, number, count);
                    e.value_if(
                        is_here,
                        |e| {
                            self.run_tile(e, route, alike, args, number, *frame);
                            Vec::new()
                        },
                        &[],
                    );
                }
                e.call_kernel(KernelTable::ROUTE_SCATTER_OFFSET, args);
                Vec::new()
            });
            Vec::new()
        });
    }

    /// The tiles, in order, neighbours together that can share a call.
    fn alike(&self, e: &Emitter<'_>, route: &RouteStep) -> Vec<Alike> {
        let words = self.buffer_words();
        let word = |buffer: &BufferId| words[buffer.index()] as i64;
        let mut all: Vec<Alike> = Vec::new();
        for (at, tile) in route.tiles.iter().enumerate() {
            if let Some(last) = all.last_mut() {
                let first = &route.tiles[last.tiles.start];
                let number = last.tiles.len() as i64;
                if number == 1 && tile.captures.len() == first.captures.len() {
                    for (capture, (start, step)) in tile.captures.iter().zip(&mut last.captures) {
                        *step = word(capture) - *start;
                    }
                }
                let mut pairs = tile.captures.iter().zip(&last.captures);
                let moves = |tile: &RouteTile| -> Vec<i64> {
                    tile.captures.iter().map(|capture| e.moves_by(*capture)).collect()
                };
                if (tile.schedule, &tile.symbols, tile.captures.len())
                    == (first.schedule, &first.symbols, first.captures.len())
                    && pairs.all(|(capture, (start, step))| word(capture) == start + step * number)
                    && moves(tile) == moves(first)
                {
                    last.tiles.end += 1;
                    continue;
                }
            }
            let captures = tile.captures.iter().map(|capture| (word(capture), 0)).collect();
            all.push(Alike { tiles: at..at + 1, captures });
        }
        all
    }

    fn fill_route(&self, e: &mut Emitter<'_>, route: &RouteStep, args: Value) {
        let buffers = &self.schedule().buffers;
        let [chosen, order, starts, first, grouped, results] = route.scratch;
        let by_score = buffers[route.scores.index()].dtype == tri_ir::DType::F32;
        let addresses = [
            (RouteArgs::SCORES_OFFSET, by_score.then_some(route.scores)),
            (RouteArgs::GIVEN_OFFSET, (!by_score).then_some(route.scores)),
            (RouteArgs::GATES_OFFSET, route.gates),
            (RouteArgs::CHOSEN_OFFSET, Some(chosen)),
            (RouteArgs::ORDER_OFFSET, Some(order)),
            (RouteArgs::STARTS_OFFSET, Some(starts)),
            (RouteArgs::FIRST_OFFSET, Some(first)),
            (RouteArgs::X_OFFSET, Some(route.x)),
            (RouteArgs::GROUPED_OFFSET, Some(grouped)),
            (RouteArgs::RESULTS_OFFSET, Some(results)),
            (RouteArgs::OUT_OFFSET, Some(route.out)),
        ];
        for (offset, buffer) in addresses {
            let address = buffer.map(|buffer| e.buffer(buffer));
            let address = address.unwrap_or_else(|| e.int(0));
            e.store(address, args, offset);
        }
        let rows = e.size(&route.rows);
        e.store(rows, args, RouteArgs::ROWS_OFFSET);
        let numbers = [
            (RouteArgs::TILES_OFFSET, route.tiles.len() as i64),
            (RouteArgs::TOP_OFFSET, i64::from(route.top)),
            (RouteArgs::TOGETHER_OFFSET, RouteStep::TOGETHER),
            (RouteArgs::RANK_OFFSET, 0),
        ];
        for (offset, number) in numbers {
            let number = e.size(&Dim::constant(number));
            e.store(number, args, offset);
        }
        let bytes = [(RouteArgs::ROW_BYTES_OFFSET, route.x), (RouteArgs::RESULT_BYTES_OFFSET, route.out)];
        for (offset, buffer) in bytes {
            let buffer = &buffers[buffer.index()];
            let bytes = e.scaled_size(&buffer.shape[1], buffer.dtype.bytes() as i64);
            e.store(bytes, args, offset);
        }
    }

    /// The frame of tiles that share a call, with all that is the same in every call.
    fn tile_frame(&self, e: &mut Emitter<'_>, route: &RouteStep, tile: &RouteTile) -> Value {
        let layout = FrameLayout::of(&self.module.schedules[tile.schedule.index()]);
        let slot = e.stack(8 * layout.words() as u32);
        let frame = e.stack_address(slot);
        for (word, dim) in layout.symbols().skip(1).zip(&tile.symbols) {
            let value = e.size(dim);
            e.store(value, frame, 8 * word as i32);
        }
        let workspace = e.word(FrameLayout::of(self.schedule()).slot_word(route.workspace));
        e.store(workspace, frame, 8 * layout.workspace() as i32);
        frame
    }

    /// Calls tile `number` of some that share a call on the chunk that was gathered.
    fn run_tile(
        &self,
        e: &mut Emitter<'_>,
        route: &RouteStep,
        alike: &Alike,
        args: Value,
        number: Value,
        frame: Value,
    ) {
        let callee = route.tiles[alike.tiles.start].schedule;
        let layout = FrameLayout::of(&self.module.schedules[callee.index()]);
        let given = [
            (RouteArgs::COUNT_OFFSET, layout.symbols().start),
            (RouteArgs::FROM_OFFSET, layout.params().start),
            (RouteArgs::TO_OFFSET, layout.results().start),
        ];
        for (offset, word) in given {
            let value = e.load(types::I64, args, offset);
            e.store(value, frame, 8 * word as i32);
        }
        let captures = route.tiles[alike.tiles.start].captures.iter().zip(&alike.captures);
        for (word, (capture, (_, step))) in layout.params().skip(1).zip(captures) {
            let (base, offset) = e.place(*capture);
            let distance = e.builder.ins().imul_imm_s(number, 8 * step);
            let base = e.builder.ins().iadd(base, distance);
            let address = e.load(types::I64, base, offset);
            e.store(address, frame, 8 * word as i32);
        }
        self.call_schedule(e, callee, frame);
    }
}
