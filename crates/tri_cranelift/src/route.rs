//! Routes: a loop over the chunks of each rank, between the kernels that choose, group, gather and scatter. If there are several threads'
//! worth of chunks, lanes share them, each with memory of its own; no two chunks of a rank have a row in common.
//!
//! Tiles that differ only in what they capture, at equal distances in the frame, share one call: their captures are found by number. So code
//! does not grow with the number of tiles.

use std::ops::Range;

use cranelift_codegen::ir::{InstBuilder, Value, condcodes::IntCC, types};
use tri_ir::Dim;
use tri_kernel_ir::{BufferId, RouteStep, RouteTile, StepKind};
use tri_kernels::{Context, KernelTable, RouteArgs};

use crate::FrameLayout;
use crate::emitter::Emitter;
use crate::functions::Function;
use crate::launch::GRAIN;
use crate::schedule::ScheduleContext;
use crate::tile::Tile;

/// Tiles that share a call.
struct Alike {
    tiles: Range<usize>,
    /// For each capture, the word of the first tile's, and words from tile to tile.
    captures: Vec<(i64, i64)>,
}

/// What the function for chunks is told: where the words are of the schedule's frame, the arguments of the kernels, the turn of a repeat, and
/// the number of lanes.
mod told {
    pub(super) const FRAME: i32 = 0;
    pub(super) const ARGS: i32 = 8;
    pub(super) const TURN: i32 = 16;
    pub(super) const LANES: i32 = 24;
    pub(super) const BYTES: u32 = 32;
}

/// Products of a tile in about a nanosecond.
const PRODUCTS: i64 = 64;

impl ScheduleContext<'_> {
    /// Emits a route step.
    pub(crate) fn route(&self, e: &mut Emitter<'_>, index: usize, route: &RouteStep) {
        let (args, words) = (e.stack(RouteArgs::BYTES), e.stack(told::BYTES));
        let (args, words) = (e.stack_address(args), e.stack_address(words));
        self.fill_route(e, route, args);
        e.call_kernel(KernelTable::ROUTE_SELECT_OFFSET, args);
        let (frame, turn) = (e.frame, e.turn());
        e.store(frame, words, told::FRAME);
        e.store(args, words, told::ARGS);
        e.store(turn, words, told::TURN);
        let is_large = self.is_large(e, route);
        let body = self.functions.import(e, Function::Chunks(self.id, index));
        let (zero, top) = (e.int(0), e.int(i64::from(route.top)));
        e.for_each(zero, top, 1, &[], |e, rank, _| {
            e.store(rank, args, RouteArgs::RANK_OFFSET);
            e.call_kernel(KernelTable::ROUTE_GROUP_OFFSET, args);
            let chunks = e.load(types::I64, args, RouteArgs::CHUNKS_OFFSET);
            let lanes = RouteStep::LANES as i64;
            let is_enough = e.builder.ins().icmp_imm_s(IntCC::SignedGreaterThanOrEqual, chunks, lanes);
            let is_shared = e.builder.ins().band(is_large, is_enough);
            let (several, one) = (e.int(lanes), e.int(1));
            let lanes = e.builder.ins().select(is_shared, several, one);
            e.store(lanes, words, told::LANES);
            let ctx = e.ctx;
            e.value_if(
                is_shared,
                |e| {
                    let parallel = e.load(types::I64, ctx, Context::PARALLEL_OFFSET);
                    let signature = e.import(&[types::I64; 5], &[]);
                    let body = e.builder.ins().func_addr(types::I64, body);
                    e.builder.ins().call_indirect(signature, parallel, &[ctx, body, words, lanes, one]);
                    Vec::new()
                },
                &[],
            );
            let is_own = e.builder.ins().icmp(IntCC::Equal, lanes, one);
            e.value_if(
                is_own,
                |e| {
                    e.builder.ins().call(body, &[ctx, words, zero, one]);
                    Vec::new()
                },
                &[],
            );
            if route.tiles.iter().any(|tile| self.functions.can_fail(tile.schedule.index())) {
                e.return_if_failed();
            }
            Vec::new()
        });
    }

    /// Whether there are several threads, and work for them: each captured number is met once a row.
    fn is_large(&self, e: &mut Emitter<'_>, route: &RouteStep) -> Value {
        if self.marks {
            // A step is timed within its caller, on the caller's thread.
            return e.builder.ins().iconst(types::I8, 0);
        }
        let numbers = |buffer: &BufferId| -> i64 {
            let shape = &self.schedule().buffers[buffer.index()].shape;
            shape.iter().fold(1, |numbers, dim| dim.as_constant().unwrap_or(1).saturating_mul(numbers))
        };
        let captures = route.tiles.first().map_or(&[][..], |tile| &tile.captures);
        let products = captures.iter().map(numbers).fold(0, i64::saturating_add);
        let least = 2 * GRAIN / (products / PRODUCTS + 1);
        let rows = e.size(&route.rows);
        let is_worth = e.builder.ins().icmp_imm_s(IntCC::SignedGreaterThan, rows, least);
        let ctx = e.ctx;
        let threads = e.load(types::I64, ctx, Context::THREADS_OFFSET);
        let are_several = e.builder.ins().icmp_imm_s(IntCC::SignedGreaterThan, threads, 1);
        e.builder.ins().band(is_worth, are_several)
    }

    /// Emits the function that runs the chunks of some lanes: each lane has a part of them, and memory of its own.
    pub(crate) fn emit_chunks(&self, e: &mut Emitter<'_>, step: usize) {
        let schedule = self.schedule();
        let StepKind::Route(route) = &schedule.steps[step].kind else {
            unreachable!("only routes have chunks");
        };
        let words = e.frame;
        let [frame, given, turn, lanes] =
            [told::FRAME, told::ARGS, told::TURN, told::LANES].map(|at| e.load(types::I64, words, at));
        let repeat = schedule.repeats.iter().find(|repeat| repeat.steps.contains(&(step as u32)));
        let moving = repeat.map_or(&[][..], |repeat| &repeat.moving);
        e.enter(frame, turn, moving.iter().map(|(buffer, by)| (*buffer, i64::from(*by))).collect());
        let slot = e.stack(RouteArgs::BYTES);
        let args = e.stack_address(slot);
        for offset in (0..RouteArgs::BYTES as i32).step_by(8) {
            let word = e.load(types::I64, given, offset);
            e.store(word, args, offset);
        }
        let alike = self.alike(e, route);
        let frames: Vec<Value> =
            alike.iter().map(|alike| self.tile_frame(e, &route.tiles[alike.tiles.start])).collect();
        let chunks = e.load(types::I64, args, RouteArgs::CHUNKS_OFFSET);
        let (start, end) = (e.start, e.end);
        e.for_each(start, end, 1, &[], |e, lane, _| {
            self.enter_lane(e, route, (&alike, &frames), [lane, given, args]);
            let [first, last] = [lane, e.builder.ins().iadd_imm_s(lane, 1)].map(|lane| {
                let before = e.builder.ins().imul(chunks, lane);
                e.builder.ins().sdiv(before, lanes)
            });
            e.for_each(first, last, 1, &[], |e, chunk, _| {
                self.chunk(e, route, (&alike, &frames), [chunk, args]);
                Vec::new()
            });
            Vec::new()
        });
        e.builder.ins().return_(&[]);
    }

    /// Gives the kernels and tiles the memory of a lane.
    fn enter_lane(
        &self,
        e: &mut Emitter<'_>,
        route: &RouteStep,
        (alike, frames): (&[Alike], &[Value]),
        [lane, given, args]: [Value; 3],
    ) {
        for (room, bytes) in [
            (RouteArgs::GROUPED_OFFSET, RouteArgs::ROW_BYTES_OFFSET),
            (RouteArgs::RESULTS_OFFSET, RouteArgs::RESULT_BYTES_OFFSET),
        ] {
            let (base, bytes) = (e.load(types::I64, given, room), e.load(types::I64, given, bytes));
            let rows = e.builder.ins().imul_imm_s(lane, RouteStep::TOGETHER);
            let distance = e.builder.ins().imul(rows, bytes);
            let address = e.builder.ins().iadd(base, distance);
            e.store(address, args, room);
        }
        let own = FrameLayout::of(self.schedule());
        let mut workspace = e.word(own.slot_word(route.workspaces[0]));
        for (number, slot) in (0..).zip(route.workspaces).skip(1) {
            let other = e.word(own.slot_word(slot));
            let is_here = e.builder.ins().icmp_imm_s(IntCC::Equal, lane, number);
            workspace = e.builder.ins().select(is_here, other, workspace);
        }
        for (alike, frame) in alike.iter().zip(frames) {
            let callee = route.tiles[alike.tiles.start].schedule;
            let layout = FrameLayout::of(&self.module.schedules[callee.index()]);
            e.store(workspace, *frame, 8 * layout.workspace() as i32);
        }
    }

    /// Brings the rows of a chunk through their tile.
    fn chunk(
        &self,
        e: &mut Emitter<'_>,
        route: &RouteStep,
        (alike, frames): (&[Alike], &[Value]),
        [chunk, args]: [Value; 2],
    ) {
        e.store(chunk, args, RouteArgs::CHUNK_OFFSET);
        e.call_kernel(KernelTable::ROUTE_GATHER_OFFSET, args);
        let tile = e.load(types::I64, args, RouteArgs::TILE_OFFSET);
        for (alike, frame) in alike.iter().zip(frames) {
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
            (RouteArgs::READS_BY_ORDER_OFFSET, self.by_order(route, |tile| tile.reads)),
            (RouteArgs::WRITES_BY_ORDER_OFFSET, self.by_order(route, |tile| tile.writes)),
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

    /// 1 where each tile has a step that can be told which rows are its own, else 0.
    pub(crate) fn by_order(&self, route: &RouteStep, step: impl Fn(Tile) -> Option<usize>) -> i64 {
        let mut tiles = route.tiles.iter().map(|tile| self.functions.tile(tile.schedule.index()));
        i64::from(tiles.all(|tile| tile.and_then(&step).is_some()))
    }

    /// The frame of tiles that share a call, with all that is the same in every call.
    fn tile_frame(&self, e: &mut Emitter<'_>, tile: &RouteTile) -> Value {
        let layout = FrameLayout::of(&self.module.schedules[tile.schedule.index()]);
        let slot = e.stack(8 * layout.words() as u32);
        let frame = e.stack_address(slot);
        for (word, dim) in layout.symbols().skip(1).zip(&tile.symbols) {
            let value = e.size(dim);
            e.store(value, frame, 8 * word as i32);
        }
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
        let orders = [RouteArgs::FROM_ORDER_OFFSET, RouteArgs::TO_ORDER_OFFSET];
        let orders = orders.map(|offset| e.load(types::I64, args, offset));
        self.call_schedule(e, callee, frame, orders);
    }
}
