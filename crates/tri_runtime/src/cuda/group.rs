//! Routes whose tiles run together: memory for the rows of all tiles, and the tables of their launches, which stay on the device for calls to
//! come. What lies where, and what the tables say, is in [`tri_gpu::group`].

use std::collections::HashMap;
use std::sync::Arc;

use tri_gpu::Run;
use tri_gpu::group::{self, GroupError, GroupLaunch, Part, Records, TileCall};
use tri_kernel_ir::{BufferId, PlanError, RouteStep};

use super::CudaError;
use super::host::{Frame, Host, Stop};
use super::loaded::Loaded;
use super::memory::{Memory, Pinned};
use super::stream::Stream;
use crate::RuntimeError;

/// Routes whose tables are kept; more are forgotten between calls.
const KNOWN: usize = 1 << 10;

/// What a session has for its groups.
#[derive(Debug)]
pub(super) struct Groups {
    /// One group after another has its rows here.
    memory: Memory,
    known: HashMap<Key, Arc<Tables>>,
    /// Grows whenever something moves: a graph that is older holds addresses of what is no more.
    pub(super) age: u64,
}

/// What the tables of a route depend on beside where memory is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    site: [u32; 2],
    tiles: Vec<TileCall>,
    row_bytes: [u64; 2],
}

/// The launches of the tiles of a route, with their tables.
#[derive(Debug)]
struct Tables {
    records: Records,
    /// Each with the address of its table, which it no longer has itself.
    launches: Vec<(GroupLaunch, u64)>,
    _memory: Memory,
}

impl From<GroupError> for Stop {
    fn from(error: GroupError) -> Stop {
        match error {
            GroupError::Plan(error) => Stop::Plan(error),
            GroupError::Size(error) => Stop::NoSize(error),
            GroupError::Code => Stop::Other(RuntimeError::Code(error.to_string())),
        }
    }
}

impl Groups {
    pub(super) fn new(stream: &Arc<Stream>) -> Result<Groups, CudaError> {
        Ok(Groups { memory: Memory::new(stream, 0)?, known: HashMap::new(), age: 0 })
    }

    /// Forgets tables if there are too many.
    pub(super) fn tidy(&mut self) {
        if self.known.len() > KNOWN {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.known.clear();
        self.age += 1;
    }

    /// The tables of a route, and memory for so many pairs.
    fn get(
        &mut self,
        loaded: &Loaded,
        stream: &Arc<Stream>,
        key: Key,
        pairs: i64,
    ) -> Result<Arc<Tables>, Stop> {
        let known = self.known.get(&key).cloned();
        let records = match &known {
            Some(tables) => tables.records.clone(),
            None => Records::new(&loaded.kernels, &key.tiles, key.row_bytes)?,
        };
        let lists = records.lists(pairs, key.tiles.len()).ok_or(Stop::Plan(PlanError::TooLarge))?;
        let bytes = usize::try_from(lists.end).map_err(|_| Stop::TooLarge)?;
        let moved = self.memory.grow(bytes).map_err(|error| match error {
            CudaError::Memory { bytes, device, .. } => {
                CudaError::Memory { bytes, device, purpose: ", for the rows of a route's tiles".to_owned() }
            }
            error => error,
        })?;
        if moved {
            self.forget();
        } else if let Some(tables) = known {
            return Ok(tables);
        }
        let tables = Arc::new(Tables::new(loaded, stream, &key.tiles, records, self.memory.address)?);
        self.known.insert(key, tables.clone());
        Ok(tables)
    }
}

impl Tables {
    fn new(
        loaded: &Loaded,
        stream: &Arc<Stream>,
        tiles: &[TileCall],
        records: Records,
        base: u64,
    ) -> Result<Tables, Stop> {
        let mut launches = group::launches(&loaded.code, &loaded.kernels, tiles, &records, base)?;
        let mut bytes = Vec::new();
        let begins: Vec<usize> = launches
            .iter_mut()
            .map(|launch| {
                let begin = bytes.len();
                bytes.extend(std::mem::take(&mut launch.table).into_iter().flat_map(u64::to_le_bytes));
                begin
            })
            .collect();
        let memory = Memory::new(stream, bytes.len())?;
        let mut through = Pinned::new(&stream.device, bytes.len())?;
        stream.upload_all(memory.address, &bytes, &mut through)?;
        let addresses = begins.into_iter().map(|begin| memory.address + begin as u64);
        let launches = launches.into_iter().zip(addresses).collect();
        Ok(Tables { records, launches, _memory: memory })
    }
}

impl Host<'_> {
    /// Rows to tiles that run together.
    pub(super) fn group(&mut self, frame: &mut Frame<'_>, at: usize, route: &RouteStep) -> Result<(), Stop> {
        let pairs = frame.size(&route.rows)?.checked_mul(route.top.into());
        // Lists of pairs have 32 bits for one.
        let pairs = pairs.filter(|pairs| i32::try_from(*pairs).is_ok()).ok_or(Stop::TooLarge)?;
        if pairs <= 0 {
            return Ok(());
        }
        let tiles = route.tiles.iter().map(|tile| {
            let captures = frame.addresses(&tile.captures);
            Ok(TileCall { schedule: tile.schedule, symbols: frame.sizes(&tile.symbols)?, captures })
        });
        let tiles = tiles.collect::<Result<Vec<_>, Stop>>()?;
        let row_bytes = [frame.row_bytes(route.x)?, frame.row_bytes(route.out)?];
        let key = Key { site: [frame.id.0, at as u32], tiles, row_bytes };
        let tables = self.groups.get(self.loaded, self.stream, key, pairs)?;
        if self.prepares {
            return Ok(());
        }
        let [_, order, items, first, memory, results] = route.scratch;
        let count = route.tiles.len();
        let lists = tables.records.lists(pairs, count).ok_or(Stop::TooLarge)?;
        let places = [
            (memory, 0),
            (order, lists.order),
            (first, lists.first),
            (items, lists.items),
            (results, lists.results),
        ];
        let base = self.groups.memory.address;
        frame.given = places.into_iter().map(|(buffer, offset)| (buffer, base + offset)).collect();
        let done = self.group_steps(frame, at, (&tables, pairs, count), items);
        frame.given.clear();
        done
    }

    fn group_steps(
        &mut self,
        frame: &Frame<'_>,
        at: usize,
        (tables, pairs, tiles): (&Tables, i64, usize),
        items: BufferId,
    ) -> Result<(), Stop> {
        let record = [(Run::RECORD, tables.records.bytes as i64)];
        let is_direct = group::is_direct(pairs);
        let lists: &[Part] = if is_direct { &[Part::Direct] } else { &[Part::Order, Part::Gather] };
        self.launch(frame, at, Part::Choose as usize, &[])?;
        for part in lists {
            self.launch(frame, at, *part as usize, &record)?;
        }
        let count = group::items(pairs, tiles).ok_or(Stop::TooLarge)?;
        let list = frame.address(items);
        for (launch, table) in &tables.launches {
            let most = launch.blocks[usize::from(!is_direct)];
            let blocks = count.checked_mul(most).ok_or(Stop::TooLarge)?.min(self.stream.device.blocks.into());
            if blocks == 0 {
                continue;
            }
            let mut arguments = [*table, list, count, most, self.failure];
            let number = launch.kernel as usize;
            let function = self.loaded.grouped.get(number).copied().flatten();
            let function = function.ok_or(Stop::from(GroupError::Code))?;
            self.start(launch.site, (number, function), blocks as u32, &mut arguments)?;
        }
        self.launch(frame, at, Part::Add as usize, &record)
    }
}
