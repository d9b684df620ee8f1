//! Tiles of a route as a group: each step of their schedules is one launch for the rows of all tiles, and nothing of a route is for the
//! host to look at.
//!
//! A pair is a row with one of its tiles. The work list has items, each of at most [`ITEM_ROWS`] pairs of one tile that stand one after
//! another in the order of tiles; few pairs are an item each and need no order ([`is_direct`]). The pairs `start..start + count` of an item have
//! the bytes `start * record..(start + count) * record` of the group's memory for their rows, their results and the workspace of their tile, so
//! the memory grows with the rows and with nothing else, however they fall on tiles.
//!
//! A kernel takes what a launch of a step alone gives it from a table, for the tile and the count of an item: a [`GroupLaunch`]. It is launched on
//! as many blocks as the device has room for; they walk through the blocks of all items. This module says what is in memory where and what the
//! tables hold; memory, launches and the driver are the runtime's.

use std::collections::HashMap;

use tri_dims::DimError;
use tri_ir::Dim;
use tri_kernel_ir::plan::ALIGNMENT;
use tri_kernel_ir::{
    BufferId, Module, Place, PlanError, Repeat, Schedule, ScheduleId, StepKind, slot_offsets, workspace_bytes,
};

use crate::{GpuCode, Kernel, Run, Site};

/// Most rows of an item: those of a block of a product.
pub const ITEM_ROWS: i64 = 64;

/// Words of 32 bits of an item: its tile, where it begins among the pairs, and how many it has.
pub const ITEM_WORDS: u64 = 4;

/// Most pairs that are an item each.
const DIRECT_PAIRS: i64 = 16;

/// The runs of a route whose tiles run together, by their positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Chooses the tiles of rows.
    Choose,
    /// Puts the pairs into the order of tiles, and writes the work list.
    Order,
    /// Brings rows together in that order.
    Gather,
    /// Brings rows to their items where a pair is one, and writes the work list.
    Direct,
    /// After the tiles: adds the results of a row.
    Add,
}

/// Whether so many pairs are an item each.
pub fn is_direct(pairs: i64) -> bool {
    pairs <= DIRECT_PAIRS
}

/// How many items the work list has; some may be empty.
pub fn items(pairs: i64, tiles: usize) -> Option<u64> {
    if is_direct(pairs) {
        return u64::try_from(pairs).ok();
    }
    u64::try_from(pairs / ITEM_ROWS).ok()?.checked_add(tiles as u64)
}

/// A tile as a route calls it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TileCall {
    /// What it runs.
    pub schedule: ScheduleId,
    /// Values of its symbols after the number of rows.
    pub symbols: Vec<i64>,
    /// Addresses of its parameters after the rows.
    pub captures: Vec<u64>,
}

/// What a pair has of the group's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// Bytes a pair.
    pub bytes: u64,
    /// Where results and workspace of an item begin after its rows, for each count from 1.
    places: Vec<[u64; 2]>,
}

/// Where the lists of a group lie in its memory, behind the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lists {
    /// `i32[pairs]`: pairs in the order of tiles.
    pub order: u64,
    /// `i32[tiles + 1]`: where the pairs of a tile begin in it.
    pub first: u64,
    /// `i32[items, 4]`.
    pub items: u64,
    /// `i64[pairs]`: where the result of a pair begins in the group's memory, in elements of f32.
    pub results: u64,
    /// Bytes of the whole memory.
    pub end: u64,
}

/// A kernel on all items. Its parameters are, 64 bits each: the address of the table, that of the work list, how many items there are, the
/// most blocks that one has, and the address of the words of a failure.
///
/// The table has words of 64 bits. For a kernel of `b` buffers and `s` sizes: `b` numbers of bytes by which a buffer moves with each pair;
/// for each count from 1 to [`ITEM_ROWS`] how many blocks an item of it has, the offsets of the buffers and the values of the sizes; and for
/// each tile whether the launch is for it and the addresses of the buffers. A buffer of an item is where these three together say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLaunch {
    /// The kernel whose second form it launches.
    pub kernel: u32,
    /// The step that it computes.
    pub site: Site,
    /// The most blocks of an item of one row, and of any item.
    pub blocks: [u64; 2],
    /// The table.
    pub table: Vec<u64>,
}

/// Why tiles cannot be launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// The workspace of a tile has no size.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A size of a tile has no value.
    #[error(transparent)]
    Size(#[from] DimError),
    /// Code that was not held to its kernel IR.
    #[error("the code is not that of the tiles")]
    Code,
}

const TOO_LARGE: GroupError = GroupError::Plan(PlanError::TooLarge);

fn counts() -> impl Iterator<Item = i64> {
    1..=ITEM_ROWS
}

fn aligned(bytes: u64) -> Option<u64> {
    bytes.checked_next_multiple_of(ALIGNMENT)
}

impl Records {
    /// For tiles that take and give rows of so many bytes.
    ///
    /// # Errors
    /// A workspace has no size.
    pub fn new(module: &Module, tiles: &[TileCall], row_bytes: [u64; 2]) -> Result<Records, GroupError> {
        let mut alike: Vec<&TileCall> = Vec::new();
        for tile in tiles {
            if !alike.iter().any(|known| is_alike(known, tile)) {
                alike.push(tile);
            }
        }
        let (mut bytes, mut places) = (0, Vec::new());
        for count in counts() {
            let of_rows = |bytes: u64| bytes.checked_mul(count as u64).and_then(aligned);
            let [rows, results] = row_bytes.map(of_rows);
            let results_at = rows.ok_or(TOO_LARGE)?;
            let work_at = results.and_then(|bytes| bytes.checked_add(results_at)).ok_or(TOO_LARGE)?;
            let mut workspace = 0;
            for tile in &alike {
                let symbols = [&[count], tile.symbols.as_slice()].concat();
                workspace = workspace.max(workspace_bytes(module, tile.schedule, &symbols)?);
            }
            let end = work_at.checked_add(workspace).ok_or(TOO_LARGE)?;
            let share = aligned(end.div_ceil(count as u64)).ok_or(TOO_LARGE)?;
            bytes = share.max(bytes);
            places.push([results_at, work_at]);
        }
        Ok(Records { bytes, places })
    }

    /// Where the lists lie for so many pairs and tiles; none if the memory has more bytes than 63 bits count.
    pub fn lists(&self, pairs: i64, tiles: usize) -> Option<Lists> {
        let (count, tiles_and_end) = (u64::try_from(pairs).ok()?, (tiles as u64).checked_add(1)?);
        let after = |begin: u64, bytes: Option<u64>| begin.checked_add(bytes?).and_then(aligned);
        let order = after(0, self.bytes.checked_mul(count))?;
        let first = after(order, count.checked_mul(4))?;
        let list = after(first, tiles_and_end.checked_mul(4))?;
        let results = after(list, items(pairs, tiles)?.checked_mul(4 * ITEM_WORDS))?;
        let end = after(results, count.checked_mul(8))?;
        i64::try_from(end).ok().map(|_| Lists { order, first, items: list, results, end })
    }
}

fn is_alike(a: &TileCall, b: &TileCall) -> bool {
    (a.schedule, &a.symbols) == (b.schedule, &b.symbols)
}

/// The launches of all steps of the tiles, in order, for memory that begins at `base`.
///
/// # Errors
/// A size or workspace has none, or the code is another's.
pub fn launches(
    code: &GpuCode,
    module: &Module,
    tiles: &[TileCall],
    records: &Records,
    base: u64,
) -> Result<Vec<GroupLaunch>, GroupError> {
    let mut walk =
        Walk { code, module, base, record: records.bytes, tiles, served: Vec::new(), all: Vec::new() };
    for (at, tile) in tiles.iter().enumerate() {
        // Tiles that differ in their captures alone share their launches.
        if tiles[..at].iter().any(|earlier| is_alike(earlier, tile)) {
            continue;
        }
        walk.served = tiles.iter().map(|other| is_alike(other, tile)).collect();
        let place = |part: usize| records.places.iter().map(|places| places[part]).collect();
        let mut params = vec![Spot::Item(vec![0; ITEM_ROWS as usize])];
        let captures = (0..tile.captures.len()).map(|at| {
            Spot::Tile(tiles.iter().map(|tile| tile.captures.get(at).copied().unwrap_or(0)).collect())
        });
        params.extend(captures);
        let symbols = counts().map(|count| [&[count], tile.symbols.as_slice()].concat()).collect();
        walk.schedule(
            tile.schedule,
            symbols,
            Operands { params, results: vec![Spot::Item(place(0))], work: place(1) },
        )?;
    }
    Ok(walk.all)
}

/// Where a buffer of a tile lies.
#[derive(Clone, Debug)]
enum Spot {
    /// In the memory of its item, at an offset by the count.
    Item(Vec<u64>),
    /// At an address by the tile.
    Tile(Vec<u64>),
}

/// What a schedule is called with.
struct Operands {
    params: Vec<Spot>,
    results: Vec<Spot>,
    /// Where its workspace begins, by the count.
    work: Vec<u64>,
}

/// A schedule for every count.
struct Frame<'m> {
    id: ScheduleId,
    schedule: &'m Schedule,
    symbols: Vec<Vec<i64>>,
    operands: Operands,
    /// Where its slots begin in the workspace, by the count.
    slots: Vec<Vec<u64>>,
    moved: HashMap<BufferId, i64>,
}

impl Frame<'_> {
    fn spot(&self, buffer: BufferId) -> Result<Spot, GroupError> {
        let by = self.moved.get(&buffer).copied().unwrap_or(0);
        let of = |spots: &[Spot], at: u32| {
            let at = usize::try_from(i64::from(at) + by).ok();
            at.and_then(|at| spots.get(at)).cloned().ok_or(GroupError::Code)
        };
        match self.schedule.memory(buffer) {
            Place::Param(at) => of(&self.operands.params, at),
            Place::Result(at) => of(&self.operands.results, at),
            Place::Slot(at) => Ok(Spot::Item(self.slot(at)?)),
            Place::State(_) | Place::Alias(_) => Err(GroupError::Code),
        }
    }

    fn slot(&self, slot: u32) -> Result<Vec<u64>, GroupError> {
        let places = self.operands.work.iter().zip(&self.slots);
        let begin = |(work, slots): (&u64, &Vec<u64>)| {
            slots.get(slot as usize).and_then(|slot| slot.checked_add(*work)).ok_or(GroupError::Code)
        };
        places.map(begin).collect()
    }

    fn spots(&self, buffers: &[BufferId]) -> Result<Vec<Spot>, GroupError> {
        buffers.iter().map(|buffer| self.spot(*buffer)).collect()
    }

    /// Values of sizes for every count.
    fn sizes(&self, dims: &[Dim]) -> Result<Vec<Vec<i64>>, GroupError> {
        let evaluate = |symbols: &Vec<i64>| {
            let value = |dim: &Dim| dim.evaluate(&mut |symbol| symbols.get(symbol.index()).copied());
            dims.iter().map(value).collect::<Result<_, _>>().map_err(GroupError::Size)
        };
        self.symbols.iter().map(evaluate).collect()
    }
}

/// Walks schedules of tiles and collects what they launch.
struct Walk<'g> {
    code: &'g GpuCode,
    module: &'g Module,
    base: u64,
    record: u64,
    tiles: &'g [TileCall],
    /// Tiles that the schedule at hand is run for.
    served: Vec<bool>,
    all: Vec<GroupLaunch>,
}

impl Walk<'_> {
    fn schedule(
        &mut self,
        id: ScheduleId,
        symbols: Vec<Vec<i64>>,
        operands: Operands,
    ) -> Result<(), GroupError> {
        let schedule = self.module.schedules.get(id.index()).ok_or(GroupError::Code)?;
        let slots = symbols.iter().map(|symbols| slot_offsets(self.module, id, symbols));
        let slots = slots.collect::<Result<_, _>>()?;
        let mut frame = Frame { id, schedule, symbols, operands, slots, moved: HashMap::new() };
        for (steps, repeat, turn) in turns(schedule) {
            let moving = repeat.map_or(&[][..], |repeat| &repeat.moving);
            frame.moved = moving.iter().map(|(buffer, by)| (*buffer, turn * i64::from(*by))).collect();
            for step in steps {
                self.step(&frame, step)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, frame: &Frame<'_>, step: usize) -> Result<(), GroupError> {
        if let StepKind::Call(call) = &frame.schedule.steps[step].kind {
            let operands = Operands {
                params: frame.spots(&call.params)?,
                results: frame.spots(&call.results)?,
                work: frame.slot(call.workspace)?,
            };
            return self.schedule(call.schedule, frame.sizes(&call.symbols)?, operands);
        }
        let runs = self.code.runs.get(frame.id.index()).and_then(|steps| steps.get(step));
        let run = runs.and_then(|runs| runs.first()).ok_or(GroupError::Code)?;
        let kernel = self.code.kernels.get(run.kernel as usize).ok_or(GroupError::Code)?;
        let sizes = frame.sizes(&run.sizes)?;
        let many = kernel.many.as_ref().map(|many| many.kernel);
        for number in [run.kernel].into_iter().chain(many) {
            self.launch(frame, step, (run, number), &sizes)?;
        }
        Ok(())
    }

    /// One of the kernels of a run, on the items whose count it serves.
    fn launch(
        &mut self,
        frame: &Frame<'_>,
        step: usize,
        (run, number): (&Run, u32),
        sizes: &[Vec<i64>],
    ) -> Result<(), GroupError> {
        let kernel: &Kernel = self.code.kernels.get(number as usize).ok_or(GroupError::Code)?;
        let blocks = sizes.iter().map(|sizes| {
            let is_served = self.code.kernel_for(run, sizes) == number as usize;
            if is_served { kernel.blocks(sizes) } else { Ok(0) }
        });
        let blocks: Vec<u64> = blocks.collect::<Result<_, _>>()?;
        let most = blocks.iter().copied().max().unwrap_or(0);
        if most == 0 {
            return Ok(());
        }
        // Kernels count them with 32 bits.
        i32::try_from(most).map_err(|_| TOO_LARGE)?;
        let spots = frame.spots(&run.buffers)?;
        let by_item = |spot: &Spot| matches!(spot, Spot::Item(_));
        let mut table: Vec<u64> =
            spots.iter().map(|spot| if by_item(spot) { self.record } else { 0 }).collect();
        for ((count, sizes), blocks) in sizes.iter().enumerate().zip(&blocks) {
            table.push(*blocks);
            table.extend(spots.iter().map(|spot| match spot {
                Spot::Item(offsets) => offsets[count],
                Spot::Tile(_) => 0,
            }));
            table.extend(sizes.iter().map(|size| *size as u64));
        }
        for (tile, served) in self.served.iter().enumerate().take(self.tiles.len()) {
            table.push((*served).into());
            table.extend(spots.iter().map(|spot| match spot {
                Spot::Item(_) => self.base,
                Spot::Tile(addresses) => addresses[tile],
            }));
        }
        let site = Site { schedule: frame.id.0, step: step as u32 };
        self.all.push(GroupLaunch { kernel: number, site, blocks: [blocks[0], most], table });
        Ok(())
    }
}

/// The steps of a schedule in the order in which they run, with the repeat that they are in and its turn.
fn turns(schedule: &Schedule) -> Vec<(std::ops::Range<usize>, Option<&Repeat>, i64)> {
    let mut all = Vec::new();
    let mut at = 0;
    for repeat in &schedule.repeats {
        let steps = repeat.steps.start as usize..repeat.steps.end as usize;
        all.push((at..steps.start, None, 0));
        all.extend((0..i64::from(repeat.times)).map(|turn| (steps.clone(), Some(repeat), turn)));
        at = steps.end;
    }
    all.push((at..schedule.steps.len(), None, 0));
    all
}
