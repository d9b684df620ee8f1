//! A host that runs schedules on the simulated GPU.

use std::ops::Range;

use tri_gpu::group::{self, Part, Records, TileCall};
use tri_gpu::{GpuCode, Kernel, Run};
use tri_ir::{DType, Dim, Encoding, TensorData};
use tri_kernel_ir::{
    BufferId, Fusion, Place, RouteStep, Schedule, ScheduleId, Stage, StepKind, Verified, computing, plan,
    slot_offsets, workspace_bytes,
};
use tri_llvm::{Effort, LowerError, Target, lower};
use tri_ptx_sim::{Gpu, Module};

/// A module that can be called.
pub(crate) struct Machine {
    module: Verified,
    /// What `computing` says of it.
    computing: Vec<bool>,
    code: GpuCode,
    ptx: Module,
}

/// A failure that a kernel told: the word of its place, and the value that caused it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure(pub(crate) i64, pub(crate) i64);

/// Where the buffers of a running schedule are.
struct Frame<'s> {
    schedule: &'s Schedule,
    symbols: Vec<i64>,
    params: Vec<u64>,
    results: Vec<u64>,
    states: Vec<u64>,
    slots: Vec<u64>,
    /// Buffers of a repeat that have moved, and how far.
    moved: Vec<(BufferId, i64)>,
    /// Buffers that lie elsewhere: the lists of a group.
    given: Vec<(BufferId, u64)>,
}

impl Frame<'_> {
    fn address(&self, buffer: BufferId) -> u64 {
        if let Some((_, address)) = self.given.iter().find(|(given, _)| *given == buffer) {
            return *address;
        }
        let by = self.moved.iter().find(|(moved, _)| *moved == buffer).map_or(0, |(_, by)| *by);
        let moved = |at: u32| (i64::from(at) + by) as usize;
        match self.schedule.memory(buffer) {
            Place::Param(i) => self.params[moved(i)],
            Place::Result(i) => self.results[moved(i)],
            Place::State(i) => self.states[moved(i)],
            Place::Slot(i) => self.slots[i as usize],
            Place::Alias(_) => unreachable!("aliases were followed to their end"),
        }
    }

    fn size(&self, dim: &Dim) -> i64 {
        dim.evaluate(&mut |symbol| self.symbols.get(symbol.index()).copied()).unwrap()
    }
}

/// The buffers that a step writes.
fn written(step: &StepKind) -> Vec<BufferId> {
    match step {
        StepKind::Nest(nest) => {
            let stores = nest.stages.iter().flat_map(|stage| match stage {
                Stage::Map { stores, .. } => stores.as_slice(),
                _ => &[],
            });
            stores.map(|store| store.to.buffer).collect()
        }
        StepKind::Contraction(step) => vec![step.out],
        StepKind::Epilogue(step) => vec![step.product.out()],
        StepKind::Attention(step) => vec![step.mix.out],
        StepKind::QuantizeRows(step) => vec![step.digits, step.scales],
        StepKind::Convolution(step) => vec![step.out],
        StepKind::MaxPool(step) => vec![step.out],
        StepKind::Clusters(step) => vec![step.out],
        _ => Vec::new(),
    }
}

impl Machine {
    /// Compiles a module of tensor IR for one family of GPUs.
    pub(crate) fn new(
        module: &tri_ir::Verified,
        fusion: Fusion,
        target: Target,
    ) -> Result<Machine, LowerError> {
        let module = tri_kernel_ir::verify(tri_kernel_ir::schedule(module, fusion).unwrap()).unwrap();
        let lowered = lower(&module)?;
        let ptx = target.compile(&lowered, Effort::Usual).unwrap();
        let code = lowered.into_code(ptx, [0; 32]);
        code.verify(&module).unwrap();
        let ptx = Module::parse(&code.text).unwrap_or_else(|error| panic!("{error}\n{}", code.text));
        Ok(Machine { computing: computing(&module), module, code, ptx })
    }

    /// Of each schedule whether it can be a tile of those that run together.
    pub(crate) fn computing(&self) -> &[bool] {
        &self.computing
    }

    /// Calls a schedule; gives its results, and changes its states.
    pub(crate) fn call(
        &self,
        id: u32,
        symbols: &[i64],
        params: &[TensorData],
        states: &mut [TensorData],
    ) -> Result<Vec<Vec<u8>>, Failure> {
        let mut host = Host { machine: self, gpu: Gpu::default(), failures: 0 };
        host.failures = host.place(&[0; 16]);
        let schedule = &self.module.schedules[id as usize];
        let params = params.iter().zip(&schedule.params).map(|(data, buffer)| {
            let encoding = schedule.buffers[buffer.index()].encoding;
            host.place(&encoded(data, encoding))
        });
        let params = params.collect();
        let places: Vec<u64> = states.iter().map(|data| host.place(&data.bytes)).collect();
        let bytes = schedule.results.iter().map(|result| {
            let bytes = plan::bytes(&schedule.buffers[result.index()]).unwrap();
            bytes.evaluate(&mut |symbol| symbols.get(symbol.index()).copied()).unwrap() as usize
        });
        let bytes: Vec<usize> = bytes.collect();
        let results: Vec<u64> = bytes.iter().map(|bytes| host.gpu.allocate(*bytes)).collect();
        host.run(ScheduleId(id), symbols.to_vec(), [params, results.clone(), places.clone()])?;
        for (state, address) in states.iter_mut().zip(places) {
            state.bytes = host.gpu.read(address, state.bytes.len()).unwrap();
        }
        Ok(results
            .iter()
            .zip(bytes)
            .map(|(address, bytes)| host.gpu.read(*address, bytes).unwrap())
            .collect())
    }
}

/// The bytes of a tensor of the interpreter, which packs nothing, in an encoding.
fn encoded(data: &TensorData, encoding: Encoding) -> Vec<u8> {
    if encoding == Encoding::Plain {
        return data.bytes.clone();
    }
    assert_eq!(encoding, Encoding::T2, "GPU kernels read no other");
    let width = data.shape.last().copied().unwrap_or(1).max(1);
    let byte =
        |trits: &[u8]| trits.iter().rev().fold(0u8, |byte, trit| byte << 2 | (trit.wrapping_add(1) & 3));
    data.bytes.chunks(width).flat_map(|row| row.chunks(4).map(byte)).collect()
}

/// A call that is under way.
struct Host<'m> {
    machine: &'m Machine,
    gpu: Gpu,
    /// Where kernels tell failures.
    failures: u64,
}

impl Host<'_> {
    /// The address of memory that holds these bytes.
    fn place(&mut self, bytes: &[u8]) -> u64 {
        let address = self.gpu.allocate(bytes.len());
        self.gpu.write(address, bytes).unwrap();
        address
    }

    fn run(
        &mut self,
        id: ScheduleId,
        symbols: Vec<i64>,
        [params, results, states]: [Vec<u64>; 3],
    ) -> Result<(), Failure> {
        let machine = self.machine;
        let schedule = &machine.module.schedules[id.index()];
        // Slots that lie apart show what leaves one.
        let mut offsets = slot_offsets(&machine.module, id, &symbols).unwrap();
        offsets.push(workspace_bytes(&machine.module, id, &symbols).unwrap());
        let slots = offsets.windows(2).map(|pair| self.gpu.allocate((pair[1] - pair[0]) as usize)).collect();
        let moved = Vec::new();
        let mut frame = Frame { schedule, symbols, params, results, states, slots, moved, given: Vec::new() };
        frame.symbols.resize(schedule.symbols.len(), 0);
        let mut at = 0;
        for repeat in &schedule.repeats {
            let steps = repeat.steps.start as usize..repeat.steps.end as usize;
            self.steps(id, &mut frame, at..steps.start)?;
            at = steps.end;
            for turn in 0..i64::from(repeat.times) {
                let moved = repeat.moving.iter().map(|(buffer, by)| (*buffer, turn * i64::from(*by)));
                frame.moved = moved.collect();
                self.steps(id, &mut frame, steps.clone())?;
            }
            frame.moved.clear();
        }
        self.steps(id, &mut frame, at..schedule.steps.len())
    }

    fn steps(&mut self, id: ScheduleId, frame: &mut Frame<'_>, steps: Range<usize>) -> Result<(), Failure> {
        for at in steps {
            let runs = &self.machine.code.runs[id.index()][at];
            match &frame.schedule.steps[at].kind {
                StepKind::Call(call) => {
                    let symbols = call.symbols.iter().map(|dim| frame.size(dim)).collect();
                    let lists = [&call.params, &call.results, &call.states];
                    let lists = lists.map(|list| list.iter().map(|id| frame.address(*id)).collect());
                    self.run(call.schedule, symbols, lists)?;
                }
                StepKind::BindDim { from, symbol, .. } => {
                    frame.symbols[symbol.index()] = self.index(frame.address(*from)).into();
                }
                StepKind::Route(route) if route.runs_together(&self.machine.computing) => {
                    self.group(frame, route, runs)?;
                }
                StepKind::Route(route) => self.route(frame, route, runs)?,
                step => self.launch(frame, &runs[0], &[], &written(step))?,
            }
        }
        Ok(())
    }

    /// An `i32` of the device.
    fn index(&mut self, address: u64) -> i32 {
        i32::from_le_bytes(self.gpu.read(address, 4).unwrap().try_into().unwrap())
    }

    fn route(&mut self, frame: &Frame<'_>, route: &RouteStep, runs: &[Run]) -> Result<(), Failure> {
        let [chosen, order, _, first, grouped, results] = route.scratch;
        self.launch(frame, &runs[0], &[], &[chosen])?;
        for rank in 0..i64::from(route.top) {
            for (run, written) in runs[1..3].iter().zip([first, order]) {
                self.launch(frame, run, &[(5, rank)], &[written])?;
            }
            for (number, tile) in route.tiles.iter().enumerate() {
                let first = frame.address(first) + 4 * number as u64;
                let (start, end) = (i64::from(self.index(first)), i64::from(self.index(first + 4)));
                for start in (start..end).step_by(RouteStep::TOGETHER as usize) {
                    let count = (end - start).min(RouteStep::TOGETHER);
                    let chunk = [(0, count), (5, rank), (6, start)];
                    self.launch(frame, &runs[3], &chunk, &[grouped])?;
                    let symbols =
                        [count].into_iter().chain(tile.symbols.iter().map(|dim| frame.size(dim))).collect();
                    let captures = tile.captures.iter().map(|buffer| frame.address(*buffer));
                    let params = [frame.address(grouped)].into_iter().chain(captures).collect();
                    let places = [params, vec![frame.address(results)], Vec::new()];
                    self.run(tile.schedule, symbols, places)?;
                    self.launch(frame, &runs[4], &chunk, &[route.out])?;
                }
            }
        }
        Ok(())
    }

    /// All tiles of a route, a launch a step.
    fn group(&mut self, frame: &mut Frame<'_>, route: &RouteStep, runs: &[Run]) -> Result<(), Failure> {
        let machine = self.machine;
        let pairs = frame.size(&route.rows) * i64::from(route.top);
        if pairs == 0 {
            return Ok(());
        }
        let tiles = route.tiles.iter().map(|tile| TileCall {
            schedule: tile.schedule,
            symbols: tile.symbols.iter().map(|dim| frame.size(dim)).collect(),
            captures: tile.captures.iter().map(|buffer| frame.address(*buffer)).collect(),
        });
        let tiles: Vec<TileCall> = tiles.collect();
        let row_bytes = [route.x, route.out].map(|buffer| {
            let buffer = &frame.schedule.buffers[buffer.index()];
            frame.size(&buffer.shape[1]) as u64 * buffer.dtype.bytes() as u64
        });
        let records = Records::new(&machine.module, &tiles, row_bytes).unwrap();
        let lists = records.lists(pairs, tiles.len()).unwrap();
        // Lists that lie apart show what leaves one.
        let [chosen, order, items, first, memory, results] = route.scratch;
        let begins = [0, lists.order, lists.first, lists.items, lists.results, lists.end];
        let places: Vec<u64> =
            begins.windows(2).map(|pair| self.gpu.allocate((pair[1] - pair[0]) as usize)).collect();
        let lists = [memory, order, first, items, results];
        let given: Vec<(BufferId, u64)> = lists.into_iter().zip(places.iter().copied()).collect();
        frame.given = given;
        let record = [(Run::RECORD, records.bytes as i64)];
        self.launch(frame, &runs[Part::Choose as usize], &[], &[chosen])?;
        if group::is_direct(pairs) {
            self.launch(frame, &runs[Part::Direct as usize], &record, &[items, memory, results])?;
        } else {
            self.launch(frame, &runs[Part::Order as usize], &record, &[order, first, items])?;
            self.launch(frame, &runs[Part::Gather as usize], &record, &[memory, results])?;
        }
        let count = group::items(pairs, tiles.len()).unwrap();
        let [base, list] = [frame.address(memory), frame.address(items)];
        for launch in group::launches(&machine.code, &machine.module, &tiles, &records, base).unwrap() {
            let most = launch.blocks[usize::from(!group::is_direct(pairs))];
            let table: Vec<u8> = launch.table.iter().flat_map(|word| word.to_le_bytes()).collect();
            if most == 0 {
                continue;
            }
            let arguments = [self.place(&table), list, count, most, self.failures];
            let kernel = &machine.code.kernels[launch.kernel as usize];
            let name = format!("{}{}", kernel.name, Kernel::GROUPED);
            // Fewer blocks than there are, so that they walk.
            let blocks = (count * most).min(5) as u32;
            self.run_kernel(&name, [blocks, kernel.threads], &arguments, &[base, self.failures])?;
        }
        self.launch(frame, &runs[Part::Add as usize], &record, &[route.out])?;
        frame.given.clear();
        Ok(())
    }

    fn launch(
        &mut self,
        frame: &Frame<'_>,
        run: &Run,
        given: &[(usize, i64)],
        written: &[BufferId],
    ) -> Result<(), Failure> {
        let mut sizes: Vec<i64> = run.sizes.iter().map(|dim| frame.size(dim)).collect();
        for (at, size) in given {
            sizes[*at] = *size;
        }
        let code = &self.machine.code;
        let kernel = &code.kernels[code.kernel_for(run, &sizes)];
        let blocks = kernel.blocks(&sizes).unwrap();
        if blocks == 0 {
            return Ok(());
        }
        let buffers = run.buffers.iter().map(|buffer| frame.address(*buffer));
        let sizes = sizes.iter().map(|size| *size as u64);
        let arguments: Vec<u64> = buffers.chain(sizes).chain([self.failures]).collect();
        let mut writable: Vec<u64> = written.iter().map(|buffer| frame.address(*buffer)).collect();
        writable.push(self.failures);
        self.run_kernel(&kernel.name, [blocks as u32, kernel.threads], &arguments, &writable)
    }

    fn run_kernel(
        &mut self,
        name: &str,
        grid: [u32; 2],
        arguments: &[u64],
        writable: &[u64],
    ) -> Result<(), Failure> {
        self.gpu
            .launch(&self.machine.ptx, name, grid, arguments, writable)
            .unwrap_or_else(|error| panic!("{error}"));
        let words = self.gpu.read(self.failures, 16).unwrap();
        let word = |at: usize| i64::from_le_bytes(words[8 * at..8 * at + 8].try_into().unwrap());
        if word(0) == 0 { Ok(()) } else { Err(Failure(word(0), word(1))) }
    }
}

/// Whether two results are equal bit for bit, any NaN standing for any.
pub(crate) fn assert_same(dtype: DType, found: &[u8], expected: &[u8], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let width = dtype.bytes();
    let is_nan = |bits: u64| match dtype {
        DType::F32 => f32::from_bits(bits as u32).is_nan(),
        DType::F16 => bits & 0x7fff > 0x7c00,
        DType::Bf16 => bits & 0x7fff > 0x7f80,
        _ => false,
    };
    let bits = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    for (at, (found, expected)) in found.chunks(width).zip(expected.chunks(width)).enumerate() {
        let (found, expected) = (bits(found), bits(expected));
        let same = found == expected || (is_nan(found) && is_nan(expected));
        assert!(same, "{what}: element {at} is {found:#x}, not {expected:#x}");
    }
}
