//! The second form of a kernel, for the tiles of a group: it walks through the blocks of all items of the work list, and takes for each what a
//! launch alone would give it from a table. What a block computes is not written here. The table and the list are in [`tri_gpu::group`].

use tri_gpu::group::{ITEM_ROWS, ITEM_WORDS};
use tri_ir::{Dim, Symbol};
use tri_kernel_ir::BufferId;

use crate::emitter::{Emitter, Given};
use crate::value::{Type, Value};

/// Parameters: buffers, then sizes.
const TABLE: BufferId = BufferId(0);
const LIST: BufferId = BufferId(1);
const ITEMS: u32 = 0;
const MOST_BLOCKS: u32 = 1;

/// A kernel of `buffers` buffers and `sizes` sizes for all items; `body` emits what a block of it computes.
pub(crate) fn emit(buffers: u32, sizes: u32, mut body: impl FnMut(&mut Emitter)) -> Emitter {
    let mut e = Emitter::new(2, 2);
    let [first, step] = ["ctaid.x", "nctaid.x"].map(|name| e.special(name));
    let [items, most] = [ITEMS, MOST_BLOCKS].map(|at| e.size(&Dim::var(Symbol(at))));
    let all = e.index_mul(items, most);
    let words = [i64::from(buffers), i64::from(sizes)];
    // One division before the loop: what lives across one within it would be spilled.
    let [at, by] = [first, step].map(|number| shared_out(&mut e, number, most));
    let place = at.map(|number| e.variable(number));
    e.for_each([first, all, step], &mut |e, _| {
        let [item, block] = place.map(|number| e.get(number));
        let [tile, start, count] = item_words(e, item);
        let some = e.compare("icmp ne", count, e.int(0));
        e.when(some, |e| {
            let table = Table { words };
            let blocks = table.of_count(e, count, 0);
            let has_block = e.compare("icmp slt", block, blocks);
            let served = table.of_tile(e, tile, 0);
            let served = e.compare("icmp ne", served, e.int(0));
            let runs = e.binary("and", has_block, served);
            e.when(runs, |e| {
                let given = table.given(e, [tile, start, count], block);
                e.give(Some(given));
                body(e);
                e.give(None);
                if e.has_shared() {
                    // The next block of this loop writes to memory that others still read.
                    e.meet_block();
                }
            });
        });
        let [item, block] = place.map(|number| e.get(number));
        let (item, block) = (e.index_add(item, by[0]), e.index_add(block, by[1]));
        let is_beyond = e.compare("icmp sge", block, most);
        let (next, rest) = (e.index_add(item, e.int(1)), e.binary("sub", block, most));
        let (item, block) = (e.choose(is_beyond, next, item), e.choose(is_beyond, rest, block));
        e.set(place[0], item);
        e.set(place[1], block);
    });
    e
}

/// The item of a block and its number there, where each item has `most`; both have 32 bits.
fn shared_out(e: &mut Emitter, number: Value, most: Value) -> [Value; 2] {
    let [number, most] = [number, most].map(|value| e.convert("trunc", value, Type::I32));
    ["udiv", "urem"].map(|operation| {
        let value = e.binary(operation, number, most);
        e.convert("zext", value, Type::I64)
    })
}

/// The tile, the beginning and the count of an item.
fn item_words(e: &mut Emitter, item: Value) -> [Value; 3] {
    let address = e.element(e.buffer(LIST), item, 4 * ITEM_WORDS as usize);
    let [tile, start, count, _] = e.load_words(address);
    [tile, start, count].map(|word| e.convert("zext", word, Type::I64))
}

/// The table of a kernel of so many buffers and sizes.
struct Table {
    words: [i64; 2],
}

impl Table {
    fn load(e: &mut Emitter, at: Value) -> Value {
        let address = e.element(e.buffer(TABLE), at, 8);
        e.load(Type::I64, address, 8)
    }

    /// A word of a count: 0 is how many blocks it has, then come offsets of buffers and sizes.
    fn of_count(&self, e: &mut Emitter, count: Value, word: i64) -> Value {
        let [buffers, sizes] = self.words;
        let row = e.index_mul(count, e.int(1 + buffers + sizes));
        // Counts begin at 1.
        let at = e.index_add(row, e.int(buffers - (1 + buffers + sizes) + word));
        Table::load(e, at)
    }

    /// A word of a tile: 0 is whether it is served, then come addresses of buffers.
    fn of_tile(&self, e: &mut Emitter, tile: Value, word: i64) -> Value {
        let [buffers, sizes] = self.words;
        let row = e.index_mul(tile, e.int(1 + buffers));
        let at = e.index_add(row, e.int(buffers + ITEM_ROWS * (1 + buffers + sizes) + word));
        Table::load(e, at)
    }

    fn given(&self, e: &mut Emitter, [tile, start, count]: [Value; 3], block: Value) -> Given {
        let [buffers, sizes] = self.words;
        let place = |buffer: i64| {
            let by_pair = Table::load(e, e.int(buffer));
            let moved = e.index_mul(start, by_pair);
            let offset = self.of_count(e, count, 1 + buffer);
            let base = self.of_tile(e, tile, 1 + buffer);
            let place = e.index_add(base, moved);
            let place = e.index_add(place, offset);
            e.convert("inttoptr", place, Type::Pointer)
        };
        let places = (0..buffers).map(place).collect();
        let sizes = (0..sizes).map(|size| self.of_count(e, count, 1 + buffers + size)).collect();
        Given { buffers: places, sizes, failures: e.failures(), block }
    }
}
