//! Building one function: its arguments, sizes, loops and calls. Knows nothing of nests or steps.
//!
//! Sizes, buffer addresses and kernel addresses do not change while a function (or a step of a schedule) runs, but the
//! instruction that needs one may sit deep in a loop. They are inserted before the *anchor*, the jump that leaves the
//! block before everything else, and remembered, so that each is computed once.

use cranelift_codegen::{
    cursor::{Cursor, FuncCursor},
    ir::{
        AbiParam, Block, BlockArg, Inst, InstBuilder, MemFlagsData, SigRef, Signature, StackSlot,
        StackSlotData, StackSlotKind, Type, Value, condcodes::IntCC, types,
    },
    isa::CallConv,
};
use cranelift_frontend::FunctionBuilder;
use rustc_hash::FxHashMap;
use tri_ir::Dim;
use tri_kernel_ir::BufferId;
use tri_kernels::{Context, CpuLevel};

use crate::sizes::{self, Limits};

/// Memory that is there, at any alignment.
pub(crate) const MEMORY: MemFlagsData = MemFlagsData::new().with_notrap();

/// Pairs of words that are copied without a loop, and in a turn of one.
const UNROLLED: usize = 8;

/// Words that follow each other in the frame and in another.
struct Run {
    from: usize,
    into: usize,
    count: usize,
    /// How many words it moves on each turn of a repeat.
    by: Option<i64>,
}

impl Run {
    fn goes_on_with(&self, next: &Run) -> bool {
        (self.from + self.count, self.into + self.count, self.by) == (next.from, next.into, next.by)
    }
}

/// A function under construction.
pub(crate) struct Emitter<'a> {
    pub(crate) builder: FunctionBuilder<'a>,
    pub(crate) level: CpuLevel,
    pub(crate) ctx: Value,
    pub(crate) frame: Value,
    /// First work unit of a body.
    pub(crate) start: Value,
    /// One past the last work unit of a body.
    pub(crate) end: Value,
    /// For each buffer, the word of the frame that holds its address.
    buffers: Vec<usize>,
    /// In a repeat, which time it is, and how many words each moving buffer is further each time.
    turn: Option<(Value, FxHashMap<BufferId, i64>)>,
    /// A buffer that lies elsewhere than the frame says, from here on.
    laid: Option<(BufferId, Value)>,
    call_conv: CallConv,
    anchor: Inst,
    sizes: FxHashMap<Dim, Value>,
    words: FxHashMap<usize, Value>,
    kernels: FxHashMap<i32, Value>,
    arguments: FxHashMap<u32, StackSlot>,
}

/// The one signature of generated functions.
pub(crate) fn signature(call_conv: CallConv) -> Signature {
    let mut signature = Signature::new(call_conv);
    signature.params = vec![AbiParam::new(types::I64); 4];
    signature
}

impl<'a> Emitter<'a> {
    /// Begins a function whose signature is already set.
    pub(crate) fn new(mut builder: FunctionBuilder<'a>, level: CpuLevel, buffers: Vec<usize>) -> Emitter<'a> {
        let call_conv = builder.func.signature.call_conv;
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        builder.seal_block(entry);
        let params = builder.block_params(entry);
        let (ctx, frame, start, end) = (params[0], params[1], params[2], params[3]);
        let first = builder.create_block();
        let anchor = builder.ins().jump(first, &[]);
        builder.switch_to_block(first);
        builder.seal_block(first);
        Emitter {
            builder,
            level,
            ctx,
            frame,
            start,
            end,
            buffers,
            turn: None,
            laid: None,
            call_conv,
            anchor,
            sizes: FxHashMap::default(),
            words: FxHashMap::default(),
            kernels: FxHashMap::default(),
            arguments: FxHashMap::default(),
        }
    }

    /// Forgets sizes and addresses: what follows computes them again, from here.
    pub(crate) fn move_anchor(&mut self) {
        let next = self.builder.create_block();
        self.anchor = self.builder.ins().jump(next, &[]);
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
        self.sizes.clear();
        self.words.clear();
        self.kernels.clear();
    }

    fn at_anchor(&mut self) -> FuncCursor<'_> {
        FuncCursor::new(self.builder.func).at_inst(self.anchor)
    }

    /// A 64-bit number.
    pub(crate) fn int(&mut self, value: i64) -> Value {
        self.builder.ins().iconst(types::I64, value)
    }

    /// The value of a size.
    pub(crate) fn size(&mut self, dim: &Dim) -> Value {
        if let Some(value) = self.sizes.get(dim) {
            return *value;
        }
        let frame = self.frame;
        let mut symbol = |cursor: &mut FuncCursor<'_>, symbol: tri_ir::Symbol| {
            cursor.ins().load(types::I64, MEMORY, frame, 8 * symbol.0 as i32)
        };
        let value = sizes::emit(&mut self.at_anchor(), dim, &mut symbol);
        self.sizes.insert(dim.clone(), value);
        value
    }

    /// Limits of a size for symbols within theirs, which `symbol` emits.
    pub(crate) fn limits(
        &mut self,
        dim: &Dim,
        symbol: &mut dyn FnMut(&mut FuncCursor<'_>, tri_ir::Symbol) -> Limits,
    ) -> Limits {
        sizes::emit_limits(&mut self.at_anchor(), dim, symbol)
    }

    /// `dim * factor`.
    pub(crate) fn scaled_size(&mut self, dim: &Dim, factor: i64) -> Value {
        if let Some(constant) = dim.as_constant() {
            return self.size(&Dim::constant(constant.wrapping_mul(factor)));
        }
        let value = self.size(dim);
        if factor == 1 {
            return value;
        }
        let mut cursor = self.at_anchor();
        let factor = cursor.ins().iconst(types::I64, factor);
        cursor.ins().imul(value, factor)
    }

    /// A word of the frame that does not change after the anchor.
    pub(crate) fn word(&mut self, index: usize) -> Value {
        if let Some(value) = self.words.get(&index) {
            return *value;
        }
        let frame = self.frame;
        let value = self.at_anchor().ins().load(types::I64, MEMORY, frame, 8 * index as i32);
        self.words.insert(index, value);
        value
    }

    /// Address of a buffer.
    pub(crate) fn buffer(&mut self, buffer: BufferId) -> Value {
        if let Some((_, address)) = self.laid.filter(|(laid, _)| *laid == buffer) {
            return address;
        }
        if self.moves_by(buffer) == 0 {
            return self.word(self.buffers[buffer.index()]);
        }
        let (base, offset) = self.place(buffer);
        self.load(types::I64, base, offset)
    }

    /// Says where a buffer lies in what is emitted next, or that it is where the frame says.
    pub(crate) fn lay(&mut self, buffer: BufferId, at: Option<Value>) {
        self.laid = at.map(|at| (buffer, at));
    }

    /// How many words a buffer is further in each turn of a repeat; 0 outside.
    pub(crate) fn moves_by(&self, buffer: BufferId) -> i64 {
        self.turn.as_ref().and_then(|(_, moving)| moving.get(&buffer).copied()).unwrap_or(0)
    }

    /// Where the address of a buffer is: bytes from a base, which moves in a repeat.
    pub(crate) fn place(&mut self, buffer: BufferId) -> (Value, i32) {
        let offset = 8 * self.buffers[buffer.index()] as i32;
        let (frame, words) = (self.frame, self.moves_by(buffer));
        let turn = self.turn.as_ref().filter(|_| words != 0).map(|(turn, _)| *turn);
        let Some(turn) = turn else { return (frame, offset) };
        let distance = self.builder.ins().imul_imm_s(turn, 8 * words);
        (self.builder.ins().iadd(frame, distance), offset)
    }

    /// Emits what `body` does `times` times, over buffers that move by words of the frame. The body moves the anchor before it asks
    /// for a size or an address, and so does what follows.
    pub(crate) fn repeat(
        &mut self,
        times: u32,
        moving: FxHashMap<BufferId, i64>,
        body: impl FnOnce(&mut Self),
    ) {
        let (start, end) = (self.int(0), self.int(times.into()));
        self.for_each(start, end, 1, &[], |e, turn, _| {
            e.turn = Some((turn, moving));
            body(e);
            e.turn = None;
            Vec::new()
        });
    }

    /// Which time it is in a repeat; 0 elsewhere.
    pub(crate) fn turn(&mut self) -> Value {
        match &self.turn {
            Some((turn, _)) => *turn,
            None => self.int(0),
        }
    }

    /// Goes on with the frame of another function, in a turn of its repeat.
    pub(crate) fn enter(&mut self, frame: Value, turn: Value, moving: FxHashMap<BufferId, i64>) {
        (self.frame, self.turn) = (frame, Some((turn, moving)));
        self.move_anchor();
    }

    /// Stores a word of the frame.
    pub(crate) fn set_word(&mut self, index: usize, value: Value) {
        let frame = self.frame;
        self.store(value, frame, 8 * index as i32);
    }

    /// Stores addresses of buffers in words of another frame. Neighbours that stay neighbours go together: functions with hundreds of
    /// parameters are called so.
    pub(crate) fn pass_buffers(&mut self, words: impl IntoIterator<Item = (BufferId, usize)>, to: Value) {
        let mut run: Option<Run> = None;
        for (buffer, into) in words {
            let by = self.turn.as_ref().and_then(|(_, moving)| moving.get(&buffer)).copied();
            let next = Run { from: self.buffers[buffer.index()], into, count: 1, by };
            match &mut run {
                Some(run) if run.goes_on_with(&next) => run.count += 1,
                _ => run.replace(next).into_iter().for_each(|run| self.copy(&run, to)),
            }
        }
        run.into_iter().for_each(|run| self.copy(&run, to));
    }

    /// Copies words of the frame to another.
    fn copy(&mut self, run: &Run, to: Value) {
        let Run { from, into, count, by } = *run;
        let (frame, pairs) = (self.frame, count / 2);
        let base = match (&self.turn, by) {
            (Some((turn, _)), Some(by)) => {
                let distance = self.builder.ins().imul_imm_s(*turn, 8 * by);
                self.builder.ins().iadd(frame, distance)
            }
            _ => frame,
        };
        let offsets = |word: usize| (8 * (from + word) as i32, 8 * (into + word) as i32);
        let turns = if pairs > UNROLLED { pairs / UNROLLED } else { 0 };
        if turns > 0 {
            let (start, end) = (self.int(0), self.int((16 * UNROLLED * turns) as i64));
            self.for_each(start, end, 16 * UNROLLED as i64, &[], |e, at, _| {
                let (source, target) = (e.builder.ins().iadd(base, at), e.builder.ins().iadd(to, at));
                (0..UNROLLED).for_each(|pair| e.copy_pair(source, target, offsets(2 * pair)));
                Vec::new()
            });
        }
        (turns * UNROLLED..pairs).for_each(|pair| self.copy_pair(base, to, offsets(2 * pair)));
        if count % 2 == 1 {
            let (source, target) = offsets(count - 1);
            let word = self.load(types::I64, base, source);
            self.store(word, to, target);
        }
    }

    /// Copies two words.
    fn copy_pair(&mut self, from: Value, to: Value, (source, target): (i32, i32)) {
        let pair = self.load(types::I8X16, from, source);
        self.store(pair, to, target);
    }

    /// A function of the kernel table.
    pub(crate) fn kernel(&mut self, offset: i32) -> Value {
        if let Some(value) = self.kernels.get(&offset) {
            return *value;
        }
        let ctx = self.ctx;
        let mut cursor = self.at_anchor();
        let table = cursor.ins().load(types::I64, MEMORY, ctx, Context::KERNELS_OFFSET);
        let value = cursor.ins().load(types::I64, MEMORY, table, offset);
        self.kernels.insert(offset, value);
        value
    }

    /// Calls a function of the kernel table that takes one pointer to its arguments.
    pub(crate) fn call_kernel(&mut self, offset: i32, args: Value) {
        let signature = self.import(&[types::I64], &[]);
        let kernel = self.kernel(offset);
        self.builder.ins().call_indirect(signature, kernel, &[args]);
    }

    /// Calls the context's [`Mark`](tri_kernels::Mark).
    pub(crate) fn call_mark(&mut self, place: Value, is_end: Value) {
        let (ctx, frame) = (self.ctx, self.frame);
        let signature = self.import(&[types::I64; 4], &[]);
        let mark = self.load(types::I64, ctx, Context::MARK_OFFSET);
        self.builder.ins().call_indirect(signature, mark, &[ctx, frame, place, is_end]);
    }

    /// Calls a function of the kernel table on numbers of one type.
    pub(crate) fn call_numeric(&mut self, offset: i32, args: &[Value]) -> Value {
        let ty = self.builder.func.dfg.value_type(args[0]);
        let signature = self.import(&vec![ty; args.len()], &[ty]);
        let kernel = self.kernel(offset);
        let call = self.builder.ins().call_indirect(signature, kernel, args);
        self.builder.inst_results(call)[0]
    }

    pub(crate) fn import(&mut self, params: &[Type], returns: &[Type]) -> SigRef {
        let mut signature = Signature::new(self.call_conv);
        signature.params = params.iter().map(|ty| AbiParam::new(*ty)).collect();
        signature.returns = returns.iter().map(|ty| AbiParam::new(*ty)).collect();
        self.builder.import_signature(signature)
    }

    /// Memory in the machine's stack frame, aligned to 16 bytes.
    pub(crate) fn stack(&mut self, bytes: u32) -> StackSlot {
        self.builder.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 4))
    }

    /// The same, shared by all that ask for this size: for what lives during one call only.
    pub(crate) fn argument_stack(&mut self, bytes: u32) -> StackSlot {
        if let Some(slot) = self.arguments.get(&bytes) {
            return *slot;
        }
        let slot = self.stack(bytes);
        self.arguments.insert(bytes, slot);
        slot
    }

    /// Address of such memory.
    pub(crate) fn stack_address(&mut self, slot: StackSlot) -> Value {
        self.builder.ins().stack_addr(types::I64, slot, 0)
    }

    pub(crate) fn load(&mut self, ty: Type, address: Value, offset: i32) -> Value {
        self.builder.ins().load(ty, MEMORY, address, offset)
    }

    pub(crate) fn store(&mut self, value: Value, address: Value, offset: i32) {
        self.builder.ins().store(MEMORY, value, address, offset);
    }

    /// `a < b ? a : b` of signed integers.
    pub(crate) fn smaller(&mut self, a: Value, b: Value) -> Value {
        let less = self.builder.ins().icmp(IntCC::SignedLessThan, a, b);
        self.builder.ins().select(less, a, b)
    }

    /// The larger of two sizes.
    pub(crate) fn larger(&mut self, a: Value, b: Value) -> Value {
        let greater = self.builder.ins().icmp(IntCC::SignedGreaterThan, a, b);
        self.builder.ins().select(greater, a, b)
    }

    /// `max(value, 1)`.
    pub(crate) fn at_least_one(&mut self, value: Value) -> Value {
        let one = self.int(1);
        let less = self.builder.ins().icmp(IntCC::SignedLessThan, value, one);
        self.builder.ins().select(less, one, value)
    }

    /// `ceil(n / d)` of a count and a positive divisor.
    pub(crate) fn blocks(&mut self, n: Value, d: Value) -> Value {
        let last = self.builder.ins().iadd_imm_s(d, -1);
        let sum = self.builder.ins().iadd(n, last);
        self.builder.ins().sdiv(sum, d)
    }

    /// `floor(n / d)` of a count and a power of two: functions that run once a call are not optimised, and a division takes as long as
    /// twenty other instructions.
    pub(crate) fn over_power(&mut self, n: Value, d: i64) -> Value {
        debug_assert!(d.count_ones() == 1, "{d} is a power of two");
        self.builder.ins().sshr_imm_u(n, i64::from(d.trailing_zeros()))
    }

    /// `ceil(n / d)` of a count and a power of two.
    pub(crate) fn blocks_of(&mut self, n: Value, d: i64) -> Value {
        let sum = self.builder.ins().iadd_imm_s(n, d - 1);
        self.over_power(sum, d)
    }

    /// `body(i, carried)` for `i` from `start` to before `end` by `step`; gives what is carried out of the last round.
    pub(crate) fn for_each(
        &mut self,
        start: Value,
        end: Value,
        step: i64,
        carried: &[Value],
        body: impl FnOnce(&mut Self, Value, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let (header, inside, exit) =
            (self.builder.create_block(), self.builder.create_block(), self.builder.create_block());
        let arguments = |values: &[Value]| values.iter().map(|v| BlockArg::Value(*v)).collect::<Vec<_>>();
        let index = self.builder.append_block_param(header, types::I64);
        let mut params = Vec::with_capacity(carried.len());
        for value in carried {
            let ty = self.builder.func.dfg.value_type(*value);
            params.push(self.builder.append_block_param(header, ty));
        }
        let mut first = vec![BlockArg::Value(start)];
        first.extend(arguments(carried));
        self.builder.ins().jump(header, &first);

        self.builder.switch_to_block(header);
        let more = self.builder.ins().icmp(IntCC::SignedLessThan, index, end);
        self.builder.ins().brif(more, inside, &[], exit, &[]);
        self.builder.switch_to_block(inside);
        self.builder.seal_block(inside);
        let next = body(self, index, &params);
        let following = self.builder.ins().iadd_imm_s(index, step);
        let mut again = vec![BlockArg::Value(following)];
        again.extend(arguments(&next));
        self.builder.ins().jump(header, &again);
        self.builder.seal_block(header);
        self.builder.switch_to_block(exit);
        self.builder.seal_block(exit);
        params
    }

    /// `body(i)` from `start` on while `i` is before `end`; it gives the next `i`.
    pub(crate) fn each_part(
        &mut self,
        start: Value,
        end: Value,
        body: impl FnOnce(&mut Self, Value) -> Value,
    ) {
        let (header, inside, exit) =
            (self.builder.create_block(), self.builder.create_block(), self.builder.create_block());
        let index = self.builder.append_block_param(header, types::I64);
        self.builder.ins().jump(header, &[BlockArg::Value(start)]);
        self.builder.switch_to_block(header);
        let more = self.builder.ins().icmp(IntCC::SignedLessThan, index, end);
        self.builder.ins().brif(more, inside, &[], exit, &[]);
        self.builder.switch_to_block(inside);
        self.builder.seal_block(inside);
        let next = body(self, index);
        self.builder.ins().jump(header, &[BlockArg::Value(next)]);
        self.builder.seal_block(header);
        self.builder.switch_to_block(exit);
        self.builder.seal_block(exit);
    }

    /// `then()` where `condition` holds, else `otherwise`.
    pub(crate) fn value_if(
        &mut self,
        condition: Value,
        then: impl FnOnce(&mut Self) -> Vec<Value>,
        otherwise: &[Value],
    ) -> Vec<Value> {
        let (inside, exit) = (self.builder.create_block(), self.builder.create_block());
        let mut params = Vec::with_capacity(otherwise.len());
        for value in otherwise {
            let ty = self.builder.func.dfg.value_type(*value);
            params.push(self.builder.append_block_param(exit, ty));
        }
        let rest: Vec<BlockArg> = otherwise.iter().map(|v| BlockArg::Value(*v)).collect();
        self.builder.ins().brif(condition, inside, &[], exit, &rest);
        self.builder.switch_to_block(inside);
        self.builder.seal_block(inside);
        let values: Vec<BlockArg> = then(self).into_iter().map(BlockArg::Value).collect();
        self.builder.ins().jump(exit, &values);
        self.builder.switch_to_block(exit);
        self.builder.seal_block(exit);
        params
    }

    /// Branches to a block of its own for what hardly ever happens; gives the block.
    pub(crate) fn rarely(&mut self, condition: Value) -> (Block, Block) {
        let (rare, usual) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(rare);
        self.builder.ins().brif(condition, rare, &[], usual, &[]);
        self.builder.seal_block(rare);
        (rare, usual)
    }

    /// Records a failure with its value, unless there is one already; another thread may do so at the same time.
    pub(crate) fn fail(&mut self, word: Value, value: Value) {
        let ctx = self.ctx;
        let address = self.builder.ins().iadd_imm_s(ctx, i64::from(Context::ERROR_OFFSET));
        let none = self.int(0);
        let before = self.builder.ins().atomic_cas(MEMORY, address, none, word);
        let first = self.builder.ins().icmp_imm_s(IntCC::Equal, before, 0);
        self.value_if(
            first,
            |e| {
                e.store(value, ctx, Context::ERROR_VALUE_OFFSET);
                Vec::new()
            },
            &[],
        );
    }

    /// Returns from the function if a failure was recorded.
    pub(crate) fn return_if_failed(&mut self) {
        let ctx = self.ctx;
        let error = self.load(types::I64, ctx, Context::ERROR_OFFSET);
        let failed = self.builder.ins().icmp_imm_s(IntCC::NotEqual, error, 0);
        let (rare, usual) = self.rarely(failed);
        self.builder.switch_to_block(rare);
        self.builder.ins().return_(&[]);
        self.builder.switch_to_block(usual);
        self.builder.seal_block(usual);
    }
}
