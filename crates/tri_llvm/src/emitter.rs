//! Building one kernel as text: its parameters, sizes, instructions, loops and branches. Knows nothing of nests.
//!
//! What changes in a loop or differs between branches is a [`Variable`], memory of the thread that LLVM's passes make a register.

use std::collections::BTreeSet;
use std::fmt::Write;

use tri_ir::Dim;
use tri_kernel_ir::{Access, BufferId, Index};

use crate::value::{SHARED, Type, Value};

/// A kernel under construction.
#[derive(Debug)]
pub(crate) struct Emitter {
    /// Of variables: they are made before everything else.
    entry: String,
    body: String,
    next: u32,
    labels: u32,
    buffers: u32,
    symbols: u32,
    /// What kernels of groups have in place of parameters and of a block of the launch.
    given: Option<Given>,
    declarations: BTreeSet<String>,
    /// Bytes that the threads of a block share.
    shared: i64,
    /// A buffer whose element at hand is not in memory.
    held: Option<(BufferId, Value)>,
}

/// A block of an item of a group.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) buffers: Vec<Value>,
    pub(crate) sizes: Vec<Value>,
    pub(crate) failures: Value,
    pub(crate) block: Value,
}

/// Memory of one value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variable {
    number: u32,
    ty: Type,
}

/// The text of a kernel, and the intrinsics that it declares.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) text: String,
    pub(crate) declarations: BTreeSet<String>,
}

/// An instruction that gives a value never fails to be written.
macro_rules! line {
    ($text:expr, $($arg:tt)*) => {
        writeln!($text, $($arg)*).expect("a string takes any text")
    };
}

impl Emitter {
    /// Begins a kernel whose parameters are the addresses of buffers, the values of symbols, and the place where failures are told.
    pub(crate) fn new(buffers: u32, symbols: u32) -> Emitter {
        Emitter {
            entry: String::new(),
            body: String::new(),
            next: 0,
            labels: 0,
            buffers,
            symbols,
            given: None,
            declarations: BTreeSet::new(),
            shared: 0,
            held: None,
        }
    }

    /// Ends the kernel. Blocks have `threads` threads.
    pub(crate) fn finish(mut self, name: &str, threads: u32) -> Function {
        line!(self.body, "  ret void");
        let parameters: Vec<String> = (0..self.buffers)
            .map(|number| format!("{} %p{number}", Type::Pointer))
            .chain((0..self.symbols).map(|symbol| format!("i64 %p{}", self.buffers + symbol)))
            .chain([format!("{} align 8 %p{}", Type::Pointer, self.buffers + self.symbols)])
            .collect();
        let parameters = parameters.join(", ");
        let mut text = String::new();
        if self.shared > 0 {
            let memory = format!("internal addrspace(3) global [{} x i8] undef, align 16", self.shared);
            line!(text, "@shared_{name} = {memory}");
            self.body = self.body.replace(SHARED, &format!("@shared_{name}"));
        }
        // One block at least on a processor: unless it is told, the assembler gives a block fewer registers for the sake of more blocks,
        // and spills.
        line!(
            text,
            "define ptx_kernel void @{name}({parameters}) \"nvvm.maxntid\"=\"{threads}\" \"nvvm.minctasm\"=\"1\" {{\n{}  br label %start\nstart:\n{}}}",
            self.entry,
            self.body
        );
        Function { text, declarations: self.declarations }
    }

    /// Gives the code from here on its buffers, sizes and block, which are not the kernel's then.
    pub(crate) fn give(&mut self, given: Option<Given>) {
        self.given = given;
    }

    /// The number of this block.
    pub(crate) fn block(&mut self) -> Value {
        let given = self.given.as_ref().map(|given| given.block);
        given.unwrap_or_else(|| self.special("ctaid.x"))
    }

    /// Whether threads of a block share memory so far.
    pub(crate) fn has_shared(&self) -> bool {
        self.shared > 0
    }

    fn fresh(&mut self, ty: Type) -> Value {
        self.next += 1;
        Value::local(ty, self.next)
    }

    /// An instruction with a result.
    pub(crate) fn instruction(&mut self, ty: Type, text: std::fmt::Arguments<'_>) -> Value {
        let value = self.fresh(ty);
        line!(self.body, "  {value} = {text}");
        value
    }

    /// An instruction of two operands of one type, which the result has too.
    pub(crate) fn binary(&mut self, name: &str, a: Value, b: Value) -> Value {
        self.instruction(a.ty, format_args!("{name} {} {a}, {b}", a.ty))
    }

    /// A conversion.
    pub(crate) fn convert(&mut self, name: &str, a: Value, to: Type) -> Value {
        if a.ty == to {
            return a;
        }
        self.instruction(to, format_args!("{name} {} {a} to {to}", a.ty))
    }

    /// `icmp` or `fcmp` with a condition.
    pub(crate) fn compare(&mut self, condition: &str, a: Value, b: Value) -> Value {
        self.instruction(Type::I1, format_args!("{condition} {} {a}, {b}", a.ty))
    }

    pub(crate) fn choose(&mut self, condition: Value, a: Value, b: Value) -> Value {
        self.instruction(a.ty, format_args!("select i1 {condition}, {} {a}, {} {b}", a.ty, b.ty))
    }

    fn call_text(&mut self, result: &str, name: &str, operands: &[Value]) -> String {
        let types: Vec<String> = operands.iter().map(|operand| operand.ty.to_string()).collect();
        self.declarations.insert(format!("declare {result} @{name}({})", types.join(", ")));
        let operands: Vec<String> =
            operands.iter().map(|operand| format!("{} {operand}", operand.ty)).collect();
        format!("call {result} @{name}({})", operands.join(", "))
    }

    /// Calls an intrinsic.
    pub(crate) fn call(&mut self, ty: Type, name: &str, operands: &[Value]) -> Value {
        let text = self.call_text(&ty.to_string(), name, operands);
        self.instruction(ty, format_args!("{text}"))
    }

    /// Calls an intrinsic without result.
    pub(crate) fn call_for_effect(&mut self, name: &str, operands: &[Value]) {
        let text = self.call_text("void", name, operands);
        line!(self.body, "  {text}");
    }

    /// Calls an intrinsic that gives four words.
    pub(crate) fn call_for_words(&mut self, name: &str, operands: &[Value]) -> [Value; 4] {
        let text = self.call_text("{ i32, i32, i32, i32 }", name, operands);
        self.next += 1;
        let all = self.next;
        line!(self.body, "  %v{all} = {text}");
        [0, 1, 2, 3].map(|at| {
            self.instruction(Type::I32, format_args!("extractvalue {{ i32, i32, i32, i32 }} %v{all}, {at}"))
        })
    }

    /// Memory that the threads of a block share; a kernel asks for it once.
    pub(crate) fn shared(&mut self, bytes: i64) -> Value {
        self.shared = bytes;
        Value::shared()
    }

    /// Waits until at most so many groups of this thread's copies are under way.
    pub(crate) fn wait_for_copies(&mut self, groups: i64) {
        self.call_for_effect("llvm.nvvm.cp.async.wait.group", &[Value::int(Type::I32, groups)]);
    }

    /// Waits for all threads of the block, and lets each see what the others stored.
    pub(crate) fn meet_block(&mut self) {
        self.call_for_effect("llvm.nvvm.barrier.cta.sync.aligned.all", &[Value::int(Type::I32, 0)]);
    }

    pub(crate) fn int(&self, value: i64) -> Value {
        Value::int(Type::I64, value)
    }

    pub(crate) fn index_add(&mut self, a: Value, b: Value) -> Value {
        match (a.as_int(), b.as_int()) {
            (Some(0), _) => b,
            (_, Some(0)) => a,
            _ => self.binary("add", a, b),
        }
    }

    pub(crate) fn index_mul(&mut self, a: Value, b: Value) -> Value {
        match (a.as_int(), b.as_int()) {
            (Some(1), _) => b,
            (_, Some(1)) => a,
            _ => self.binary("mul", a, b),
        }
    }

    /// A size: a number, or the value of a symbol.
    pub(crate) fn size(&self, dim: &Dim) -> Value {
        match (dim.as_constant(), dim.as_var()) {
            (Some(size), _) => self.int(size),
            (None, Some(symbol)) => match &self.given {
                Some(given) => given.sizes[symbol.index()],
                None => Value::parameter(Type::I64, self.buffers + symbol.0),
            },
            (None, None) => unreachable!("the sizes of a form are numbers and symbols"),
        }
    }

    pub(crate) fn product(&mut self, dims: &[Dim]) -> Value {
        let mut product = self.int(1);
        for dim in dims {
            let size = self.size(dim);
            product = self.index_mul(product, size);
        }
        product
    }

    /// `offset + sum of index * stride`.
    pub(crate) fn affine(&mut self, offset: &Dim, strides: &[(Index, Dim)], indices: &[Value]) -> Value {
        let mut sum = self.size(offset);
        for (index, stride) in strides {
            let stride = self.size(stride);
            let step = self.index_mul(indices[index.index()], stride);
            sum = self.index_add(sum, step);
        }
        sum
    }

    /// Gives a buffer's loads a value from here on, or none any more.
    pub(crate) fn hold(&mut self, held: Option<(BufferId, Value)>) {
        self.held = held;
    }

    /// The value that a load from a buffer has, if that is given.
    pub(crate) fn held(&self, buffer: BufferId) -> Option<Value> {
        self.held.filter(|(held, _)| *held == buffer).map(|(_, value)| value)
    }

    pub(crate) fn buffer(&self, buffer: BufferId) -> Value {
        match &self.given {
            Some(given) => given.buffers[buffer.index()],
            None => Value::parameter(Type::Pointer, buffer.0),
        }
    }

    /// Where failures are told.
    pub(crate) fn failures(&self) -> Value {
        match &self.given {
            Some(given) => given.failures,
            None => Value::parameter(Type::Pointer, self.buffers + self.symbols),
        }
    }

    /// The address of element `at` of memory.
    pub(crate) fn element(&mut self, memory: Value, at: Value, bytes: usize) -> Value {
        self.instruction(
            memory.ty,
            format_args!("getelementptr [{bytes} x i8], {} {memory}, i64 {at}", memory.ty),
        )
    }

    pub(crate) fn address(&mut self, access: &Access, indices: &[Value], bytes: usize) -> Value {
        let at = self.affine(&access.offset, &access.strides, indices);
        self.element(self.buffer(access.buffer), at, bytes)
    }

    pub(crate) fn load(&mut self, ty: Type, address: Value, bytes: usize) -> Value {
        self.instruction(ty, format_args!("load {ty}, {} {address}, align {bytes}", address.ty))
    }

    /// Four words of 32 bits at a multiple of 16 bytes.
    pub(crate) fn load_words(&mut self, address: Value) -> [Value; 4] {
        self.next += 1;
        let all = self.next;
        line!(self.body, "  %v{all} = load <4 x i32>, {} {address}, align 16", address.ty);
        [0, 1, 2, 3]
            .map(|at| self.instruction(Type::I32, format_args!("extractelement <4 x i32> %v{all}, i32 {at}")))
    }

    pub(crate) fn store(&mut self, value: Value, address: Value, bytes: usize) {
        line!(self.body, "  store {} {value}, {} {address}, align {bytes}", value.ty, address.ty);
    }

    /// Stores four words of 32 bits at a multiple of 16 bytes.
    pub(crate) fn store_words(&mut self, words: [Value; 4], address: Value) {
        let mut all = "poison".to_owned();
        for (at, word) in words.into_iter().enumerate() {
            self.next += 1;
            line!(self.body, "  %v{} = insertelement <4 x i32> {all}, i32 {word}, i32 {at}", self.next);
            all = format!("%v{}", self.next);
        }
        line!(self.body, "  store <4 x i32> {all}, {} {address}, align 16", address.ty);
    }

    /// Writes a failure and the value that caused it, unless there is one already.
    pub(crate) fn fail(&mut self, word: Value, value: Value) {
        let place = self.failures();
        self.next += 1;
        let pair = self.next;
        line!(
            self.body,
            "  %v{pair} = cmpxchg {} {place}, i64 0, i64 {word} syncscope(\"device\") monotonic monotonic",
            Type::Pointer
        );
        let first = self.instruction(Type::I1, format_args!("extractvalue {{ i64, i1 }} %v{pair}, 1"));
        self.when(first, |e| {
            let one = e.int(1);
            let beside = e.element(place, one, 8);
            e.store(value, beside, 8);
        });
    }

    /// A variable with its first value.
    pub(crate) fn variable(&mut self, value: Value) -> Variable {
        self.next += 1;
        let variable = Variable { number: self.next, ty: value.ty };
        line!(self.entry, "  %v{} = alloca {}", variable.number, variable.ty);
        self.set(variable, value);
        variable
    }

    pub(crate) fn set(&mut self, variable: Variable, value: Value) {
        line!(self.body, "  store {} {value}, ptr %v{}", variable.ty, variable.number);
    }

    pub(crate) fn get(&mut self, variable: Variable) -> Value {
        self.instruction(variable.ty, format_args!("load {}, ptr %v{}", variable.ty, variable.number))
    }

    fn label(&mut self) -> String {
        self.labels += 1;
        format!("b{}", self.labels)
    }

    /// Runs `body` where the condition holds.
    pub(crate) fn when(&mut self, condition: Value, body: impl FnOnce(&mut Emitter)) {
        let (inside, after) = (self.label(), self.label());
        line!(self.body, "  br i1 {condition}, label %{inside}, label %{after}\n{inside}:");
        body(self);
        line!(self.body, "  br label %{after}\n{after}:");
    }

    /// Runs `body` for each index from `start` to before `end`.
    pub(crate) fn for_each(
        &mut self,
        [start, end, step]: [Value; 3],
        body: &mut dyn FnMut(&mut Emitter, Value),
    ) {
        let (test, inside, after) = (self.label(), self.label(), self.label());
        let counter = self.variable(start);
        line!(self.body, "  br label %{test}\n{test}:");
        let index = self.get(counter);
        let more = self.compare("icmp slt", index, end);
        line!(self.body, "  br i1 {more}, label %{inside}, label %{after}\n{inside}:");
        body(self, index);
        let next = self.index_add(index, step);
        self.set(counter, next);
        line!(self.body, "  br label %{test}\n{after}:");
    }

    /// A special register, as a 64-bit number.
    pub(crate) fn special(&mut self, name: &str) -> Value {
        let value = self.call(Type::I32, &format!("llvm.nvvm.read.ptx.sreg.{name}"), &[]);
        self.convert("zext", value, Type::I64)
    }
}
