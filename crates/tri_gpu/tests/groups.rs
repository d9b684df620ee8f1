//! Memory and tables of tiles that run together.

use tri_gpu::group::{self, GroupError, ITEM_ROWS, Records, TileCall};
use tri_gpu::{GpuCode, GpuCodeError, Kernel, Many, Run};
use tri_ir::{DType, Dim, Encoding, Symbol, SymbolInfo};
use tri_kernel_ir::{
    Buffer, BufferId, Module, Nest, Place, RouteStep, RouteTile, Schedule, ScheduleId, Slot, SlotSize, Step,
    StepKind,
};

fn rows() -> Dim {
    Dim::var(Symbol(0))
}

fn buffer(shape: &[Dim], place: Place) -> Buffer {
    Buffer { dtype: DType::F32, shape: shape.to_vec().into(), encoding: Encoding::Plain, place }
}

fn nest() -> Step {
    let nest = Nest { name: String::new(), axes: Vec::new(), exprs: Vec::new(), stages: Vec::new() };
    Step { kind: StepKind::Nest(nest), origin: None }
}

fn schedule(name: &str, buffers: Vec<Buffer>, slots: Vec<Dim>, step: Step) -> Schedule {
    let symbol = SymbolInfo { name: "B".to_owned(), min: 0, max: None, bound_inside: false };
    let of = |wanted: fn(&Place) -> bool| {
        let numbers = (0..buffers.len() as u32).map(BufferId);
        numbers.filter(|id| wanted(&buffers[id.index()].place)).collect()
    };
    Schedule {
        name: name.to_owned(),
        symbols: vec![symbol],
        params: of(|place| matches!(place, Place::Param(_))),
        results: of(|place| matches!(place, Place::Result(_))),
        states: Vec::new(),
        slots: slots.into_iter().map(|bytes| Slot { sizes: vec![SlotSize::Bytes(bytes)] }).collect(),
        steps: vec![step],
        repeats: Vec::new(),
        siblings: Vec::new(),
        buffers,
    }
}

/// A tile of rows of three elements, one weight and a slot of 20 bytes a row, and a route to two of it.
fn module() -> Module {
    let wide = [rows(), Dim::constant(3)];
    let slot = Dim::constant(20).mul(&rows()).expect("small");
    let tile = vec![
        buffer(&wide, Place::Param(0)),
        buffer(&[], Place::Param(1)),
        buffer(&wide, Place::Result(0)),
        buffer(&[rows(), Dim::constant(5)], Place::Slot(0)),
    ];
    let tile = schedule("tile", tile, vec![slot], nest());
    let target = |weight: u32| RouteTile {
        schedule: ScheduleId(0),
        symbols: Vec::new(),
        captures: vec![BufferId(weight)],
    };
    let route = RouteStep {
        rows: rows(),
        top: 1,
        x: BufferId(0),
        scores: BufferId(1),
        gates: None,
        out: BufferId(2),
        tiles: vec![target(3), target(4)],
        scratch: [BufferId(2); 6],
        workspaces: [0; RouteStep::LANES],
    };
    let caller = vec![
        buffer(&wide, Place::Param(0)),
        buffer(&[rows()], Place::Param(1)),
        buffer(&wide, Place::Result(0)),
        buffer(&[], Place::Param(2)),
        buffer(&[], Place::Param(3)),
    ];
    let step = Step { kind: StepKind::Route(route), origin: None };
    Module { schedules: vec![tile, schedule("f", caller, vec![Dim::constant(4)], step)] }
}

fn kernel(name: &str, buffers: u32, many: Option<Many>, grouped: bool) -> Kernel {
    let axes = vec![rows()];
    Kernel { name: name.to_owned(), threads: 128, buffers, sizes: 1, axes, lanes: 128, many, grouped }
}

/// The tile's step has a kernel for few rows and one for sixteen and more, on rows, weight, scratch and result.
fn code() -> GpuCode {
    let many = Many { kernel: 1, rows: rows(), least: 16, multiples: Vec::new(), of: 1 };
    let buffers = [0, 1, 3, 2].map(BufferId).to_vec();
    let run = |kernel: u32, buffers: Vec<BufferId>| Run { kernel, sizes: vec![rows()], buffers };
    GpuCode {
        fingerprint: [0; 32],
        kernels: vec![
            kernel("few", 4, Some(many), true),
            kernel("many", 4, None, true),
            kernel("r", 0, None, false),
        ],
        runs: vec![vec![vec![run(0, buffers)]], vec![(0..5).map(|_| run(2, Vec::new())).collect()]],
        places: Vec::new(),
        sites: Vec::new(),
        text: String::new(),
    }
}

fn tiles() -> [TileCall; 2] {
    [1000, 2000].map(|weight| TileCall {
        schedule: ScheduleId(0),
        symbols: Vec::new(),
        captures: vec![weight],
    })
}

#[test]
fn memory_grows_with_pairs_and_no_list_meets_another() {
    let records = Records::new(&module(), &tiles(), [12, 12]).expect("sizes are small");
    // A pair alone has three parts, each at a multiple of 64 bytes.
    assert_eq!(records.bytes, 3 * 64);
    for pairs in [1, 16, 17, 64, 100_000] {
        let lists = records.lists(pairs, 2).expect("it fits");
        let count = pairs as u64;
        let ends = [
            (count * records.bytes, lists.order),
            (lists.order + 4 * count, lists.first),
            (lists.first + 12, lists.items),
            (lists.items + 16 * group::items(pairs, 2).expect("it fits"), lists.results),
            (lists.results + 8 * count, lists.end),
        ];
        for (end, next) in ends {
            assert!(end <= next && next < end + 64, "{pairs} pairs: {lists:?}");
        }
    }
    assert_eq!(records.lists(i64::MAX, 2), None);
    assert_eq!(records.lists(-1, 2), None);
    assert!(Records::new(&module(), &tiles(), [u64::MAX, 4]).is_err());
}

#[test]
fn a_pair_is_an_item_where_there_are_few() {
    assert!(group::is_direct(16) && !group::is_direct(17));
    assert_eq!([1, 16, 17, 64, 128].map(|pairs| group::items(pairs, 2)), [1, 16, 2, 3, 4].map(Some));
}

#[test]
fn tables_say_where_the_buffers_of_an_item_are() {
    let (module, code, base) = (module(), code(), 1 << 40);
    code.verify(&module).expect("it fits");
    let records = Records::new(&module, &tiles(), [12, 12]).expect("sizes are small");
    let launches = group::launches(&code, &module, &tiles(), &records, base).expect("it has sizes");
    let [few, many] = launches.as_slice() else { panic!("two kernels serve the step: {launches:?}") };
    assert_eq!([few.kernel, many.kernel], [0, 1]);
    assert_eq!([few.blocks, many.blocks], [[1, 15], [0, 64]]);
    // Four buffers: all but the weight move with the pairs.
    let record = records.bytes;
    assert_eq!(few.table[..4], [record, 0, record, record]);
    let of_count = |table: &[u64], count: usize| table[4 + 6 * (count - 1)..4 + 6 * count].to_vec();
    assert_eq!(of_count(&few.table, 1), [1, 0, 0, 128, 64, 1]);
    assert_eq!(of_count(&few.table, 16)[0], 0);
    // Sixteen rows of 12 bytes are 192.
    assert_eq!(of_count(&many.table, 16), [16, 0, 0, 384, 192, 16]);
    let of_tiles = &few.table[4 + 6 * ITEM_ROWS as usize..];
    assert_eq!(of_tiles, [1, base, 1000, base, base, 1, base, 2000, base, base]);
}

#[test]
fn code_that_is_not_for_tiles_is_refused() {
    let mut code = code();
    code.kernels[1].grouped = false;
    let refused = code.verify(&module()).expect_err("the kernel for many rows is not for groups");
    let what = "tiles together whose kernels are not for that";
    assert_eq!(refused, GpuCodeError::Run { schedule: "f".to_owned(), step: 0, what });
    code.runs[0][0][0].kernel = 7;
    let records = Records::new(&module(), &tiles(), [12, 12]).expect("sizes are small");
    assert_eq!(group::launches(&code, &module(), &tiles(), &records, 0), Err(GroupError::Code));
}
