//! A block of threads, run to its end.
//!
//! A thread runs until it waits: at a barrier, or with others of its warp at a shuffle or a warp barrier. When all wait, those that can
//! meet do.

use crate::alu;
use crate::convert::convert;
use crate::copies::{Copies, Piece};
use crate::error::Fault;
use crate::instruction::{Class, Instruction, Op, Operand, Shuffle, Space, Special, Type};
use crate::matrix::multiply;
use crate::memory::{Memory, Moment, Visitor};

/// Threads of a warp.
const WARP: usize = 32;

/// Instructions of a thread between two waits.
const PATIENCE: u64 = 1 << 32;

/// What a launch is made of.
pub(crate) struct Launch<'l> {
    pub(crate) code: &'l [Instruction],
    pub(crate) registers: usize,
    pub(crate) parameters: &'l [u64],
    pub(crate) shared_bytes: usize,
    pub(crate) blocks: u32,
    pub(crate) threads: u32,
}

/// A fault, and where it happened: thread and instruction.
pub(crate) type Stopped = (u32, usize, Fault);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Runs,
    Waits,
    Ended,
}

struct Thread {
    at: usize,
    state: State,
    registers: Vec<u64>,
    clock: u32,
    /// For each thread of the block, up to which moment what it did came before.
    clocks: Vec<u32>,
    /// Copies into shared memory that are under way: groups that have ended, and the one that has not.
    copies: Copies,
}

pub(crate) struct Block<'l> {
    launch: &'l Launch<'l>,
    number: u32,
    threads: Vec<Thread>,
    shared: Memory,
}

impl<'l> Block<'l> {
    pub(crate) fn new(launch: &'l Launch<'l>, number: u32) -> Block<'l> {
        let count = launch.threads as usize;
        let thread = |_| Thread {
            at: 0,
            state: State::Runs,
            registers: vec![0; launch.registers],
            clock: 0,
            clocks: vec![0; count],
            copies: Copies::default(),
        };
        let mut shared = Memory::new(256);
        let first = shared.allocate(launch.shared_bytes);
        shared.begin(&[first]);
        Block { launch, number, threads: (0..count).map(thread).collect(), shared }
    }

    /// Runs all threads to their end.
    pub(crate) fn run(&mut self, global: &mut Memory) -> Result<(), Stopped> {
        loop {
            for thread in 0..self.threads.len() {
                let mut steps = 0u64;
                while self.threads[thread].state == State::Runs {
                    let at = self.threads[thread].at;
                    self.step(thread, global).map_err(|fault| (thread as u32, at, fault))?;
                    steps += 1;
                    if steps > PATIENCE {
                        return Err((thread as u32, at, Fault::Endless));
                    }
                }
            }
            if self.threads.iter().all(|thread| thread.state == State::Ended) {
                return Ok(());
            }
            self.meet()?;
        }
    }

    fn value(&self, thread: usize, operand: &Operand) -> u64 {
        let registers = &self.threads[thread].registers;
        match operand {
            Operand::Register(register) => registers[*register as usize],
            Operand::Not(register) => registers[*register as usize] ^ 1,
            Operand::Immediate(bits) => *bits,
            Operand::Special(special) => match special {
                Special::Thread => thread as u64,
                Special::Block => self.number.into(),
                Special::Threads => self.launch.threads.into(),
                Special::Blocks => self.launch.blocks.into(),
                Special::Lane => (thread % WARP) as u64,
                Special::Zero => 0,
                Special::One => 1,
            },
            Operand::Address { base, offset } => {
                let base = base.map_or(0, |register| registers[register as usize]);
                base.wrapping_add_signed(*offset)
            }
            Operand::Label(at) => *at as u64,
            Operand::Vector(_) => 0,
        }
    }

    fn set(&mut self, thread: usize, operand: &Operand, value: u64) {
        if let Operand::Register(register) = operand {
            self.threads[thread].registers[*register as usize] = value;
        }
    }

    fn step(&mut self, thread: usize, global: &mut Memory) -> Result<(), Fault> {
        let code = self.launch.code;
        let at = self.threads[thread].at;
        let Some(instruction) = code.get(at) else {
            self.threads[thread].state = State::Ended;
            return Ok(());
        };
        if let Some((register, truth)) = instruction.guard
            && (self.threads[thread].registers[register as usize] & 1 == 1) != truth
        {
            self.threads[thread].at += 1;
            return Ok(());
        }
        let operands = &instruction.operands;
        match instruction.op {
            Op::Return => {
                self.threads[thread].state = State::Ended;
                return Ok(());
            }
            Op::Branch => {
                self.threads[thread].at = self.value(thread, &operands[0]) as usize;
                return Ok(());
            }
            Op::Barrier | Op::WarpBarrier | Op::Shuffle(_) | Op::Multiply => {
                self.threads[thread].state = State::Waits;
                return Ok(());
            }
            Op::Load(space, ty) => self.load(thread, global, space, ty, operands)?,
            Op::Store(space, ty) => self.store(thread, global, space, ty, operands)?,
            Op::Copy => {
                let [to, from, whole, bytes] = [0, 1, 2, 3].map(|at| self.value(thread, &operands[at]));
                let copy = Piece::new(to, from, whole, bytes)?;
                self.threads[thread].copies.begin(copy);
            }
            Op::EndCopies => self.threads[thread].copies.end_group(),
            Op::WaitForCopies => {
                let groups = self.value(thread, &operands[0]) as usize;
                for copy in self.threads[thread].copies.but(groups) {
                    self.copy(thread, global, copy)?;
                }
            }
            Op::Swap(space, ty) => {
                let [address, expected, value] = [1, 2, 3].map(|at| self.value(thread, &operands[at]));
                let memory = if space == Space::Global { global } else { &mut self.shared };
                let before = memory.swap(address, ty.bytes(), ty.low(expected), ty.low(value))?;
                self.set(thread, &operands[0], before);
            }
            op => {
                let value = self.result(thread, instruction);
                match (&operands[0], op) {
                    (Operand::Vector(parts), Op::Move(ty)) => {
                        let width = ty.bits / parts.len() as u32;
                        for (at, part) in parts.iter().enumerate() {
                            let part_value = (value >> (width * at as u32)) & ((1 << width) - 1);
                            self.set(thread, part, part_value);
                        }
                    }
                    (one, _) => self.set(thread, one, value),
                }
            }
        }
        self.threads[thread].at += 1;
        Ok(())
    }

    /// What an instruction computes from registers alone.
    fn result(&self, thread: usize, instruction: &Instruction) -> u64 {
        let operand =
            |at: usize| instruction.operands.get(at).map_or(0, |operand| self.value(thread, operand));
        match instruction.op {
            Op::Move(ty) => self.moved(thread, ty, &instruction.operands[1]),
            Op::Alu(alu, ty) => alu::compute(alu, ty, &[operand(1), operand(2), operand(3)]),
            Op::Compare(comparison, ty) => alu::compare(comparison, ty, operand(1), operand(2)).into(),
            Op::Convert { to, from, rounding, saturate } => convert(to, from, rounding, saturate, operand(1)),
            Op::Permute => alu::permute(operand(1), operand(2), operand(3)),
            Op::Dot4 { left, right } => alu::dot4(left, right, operand(1), operand(2), operand(3)),
            _ => 0,
        }
    }

    /// A value, or the values of a vector beside each other.
    fn moved(&self, thread: usize, ty: Type, operand: &Operand) -> u64 {
        let Operand::Vector(parts) = operand else { return ty.low(self.value(thread, operand)) };
        let width = ty.bits / parts.len() as u32;
        let part = |(at, part): (usize, &Operand)| {
            (self.value(thread, part) & ((1u64 << width) - 1)) << (width * at as u32)
        };
        parts.iter().enumerate().map(part).fold(0, |all, part| all | part)
    }

    fn load(
        &mut self,
        thread: usize,
        global: &mut Memory,
        space: Space,
        ty: Type,
        operands: &[Operand],
    ) -> Result<(), Fault> {
        let address = self.value(thread, &operands[1]);
        let targets = parts(&operands[0]);
        whole(address, ty, targets)?;
        for (at, target) in targets.iter().enumerate() {
            let address = address + (at * ty.bytes()) as u64;
            let value = if space == Space::Parameter {
                let index = (address / 8) as usize;
                let outside = Fault::OutOfBounds { address, bytes: ty.bytes() };
                *self.launch.parameters.get(index).filter(|_| address.is_multiple_of(8)).ok_or(outside)?
            } else {
                self.access(thread, global, space, |memory, visitor| {
                    memory.load(visitor, address, ty.bytes())
                })?
            };
            // The register may be wider; a signed value is extended in it.
            let value = if ty.class == Class::Signed { ty.signed(value) as u64 } else { ty.low(value) };
            self.set(thread, target, value);
        }
        Ok(())
    }

    /// Makes a copy that is under way.
    fn copy(&mut self, thread: usize, global: &mut Memory, copy: Piece) -> Result<(), Fault> {
        for (from, to) in copy.bytes() {
            let value = match from {
                Some(address) => self.access(thread, global, Space::Global, |memory, visitor| {
                    memory.load(visitor, address, 1)
                })?,
                None => 0,
            };
            self.access(thread, global, Space::Shared, |memory, visitor| {
                memory.store(visitor, to, 1, value)
            })?;
        }
        Ok(())
    }

    fn store(
        &mut self,
        thread: usize,
        global: &mut Memory,
        space: Space,
        ty: Type,
        operands: &[Operand],
    ) -> Result<(), Fault> {
        let address = self.value(thread, &operands[0]);
        let sources = parts(&operands[1]);
        whole(address, ty, sources)?;
        for (at, source) in sources.iter().enumerate() {
            let value = self.value(thread, source);
            let address = address + (at * ty.bytes()) as u64;
            self.access(thread, global, space, |memory, visitor| {
                memory.store(visitor, address, ty.bytes(), value)
            })?;
        }
        Ok(())
    }

    fn access<T>(
        &mut self,
        thread: usize,
        global: &mut Memory,
        space: Space,
        access: impl FnOnce(&mut Memory, Visitor<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let Block { number, threads, shared, .. } = self;
        let Thread { clock, clocks, .. } = &threads[thread];
        let now = Moment { block: *number, thread: thread as u32, clock: *clock };
        access(if space == Space::Global { global } else { shared }, Visitor { now, clocks })
    }

    /// Lets those meet that wait for each other.
    fn meet(&mut self) -> Result<(), Stopped> {
        let waiting: Vec<usize> =
            (0..self.threads.len()).filter(|thread| self.threads[*thread].state == State::Waits).collect();
        let first = waiting[0];
        let deadlock = (first as u32, self.threads[first].at, Fault::Deadlock);
        let mut met = false;
        for warp in waiting.chunk_by(|a, b| a / WARP == b / WARP) {
            for thread in warp {
                // It may have met others already.
                if self.threads[*thread].state != State::Waits {
                    continue;
                }
                let at = self.threads[*thread].at;
                let instruction = &self.launch.code[at];
                if instruction.op == Op::Barrier {
                    continue;
                }
                let mask_of = |thread: usize| match instruction.op {
                    Op::Multiply => u64::from(u32::MAX),
                    _ => instruction.operands.last().map_or(0, |mask| self.value(thread, mask)),
                };
                let mask = mask_of(*thread);
                let first = thread / WARP * WARP;
                let members = (0..WARP).filter(|lane| mask >> lane & 1 == 1).map(|lane| first + lane);
                let members: Vec<usize> = members.collect();
                let here = |member: &usize| {
                    let thread = self.threads.get(*member);
                    thread.is_some_and(|thread| thread.state == State::Waits && thread.at == at)
                        && mask_of(*member) == mask
                };
                if members.contains(thread) && members.iter().all(here) {
                    self.exchange(instruction, &members).map_err(|(thread, fault)| (thread, at, fault))?;
                    met = true;
                }
            }
        }
        let all = waiting.iter().all(|thread| self.launch.code[self.threads[*thread].at].op == Op::Barrier);
        if !met && all {
            self.order(&waiting);
            waiting.iter().for_each(|thread| self.go_on(*thread));
            met = true;
        }
        if met { Ok(()) } else { Err(deadlock) }
    }

    fn go_on(&mut self, thread: usize) {
        self.threads[thread].at += 1;
        self.threads[thread].state = State::Runs;
    }

    /// A shuffle or a warp barrier of threads that are all there.
    fn exchange(&mut self, instruction: &Instruction, members: &[usize]) -> Result<(), (u32, Fault)> {
        if let Op::Shuffle(mode) = instruction.op {
            let operands = &instruction.operands;
            let mut results = Vec::with_capacity(members.len());
            for thread in members {
                let [value, by, limits] = [1, 2, 3].map(|at| self.value(*thread, &operands[at]));
                let lane = (thread % WARP) as u32;
                let (clamp, segments) = (limits as u32 & 31, (limits >> 8) as u32 & 31);
                let last = (lane & segments) | (clamp & !segments);
                let by = by as u32 & 31;
                let source = match mode {
                    Shuffle::Xor => lane ^ by,
                    Shuffle::Down => lane + by,
                    Shuffle::Index => (lane & segments) | (by & !segments),
                };
                let source = if source <= last { source } else { lane };
                let from = thread / WARP * WARP + source as usize;
                if !members.contains(&from) {
                    return Err((*thread as u32, Fault::InactiveLane { lane: source }));
                }
                results.push(if from == *thread { value } else { self.value(from, &operands[1]) });
            }
            for (thread, result) in members.iter().zip(results) {
                self.set(*thread, &operands[0], result & 0xffff_ffff);
            }
        } else if instruction.op == Op::Multiply {
            self.multiply(&instruction.operands, members);
        } else {
            self.order(members);
        }
        members.iter().for_each(|thread| self.go_on(*thread));
        Ok(())
    }

    /// A product of matrices by a warp.
    fn multiply(&mut self, operands: &[Operand], members: &[usize]) {
        let words = |thread: usize, operand: &Operand| -> Vec<u32> {
            parts(operand).iter().map(|part| self.value(thread, part) as u32).collect()
        };
        let [a, b, c] = [1, 2, 3]
            .map(|at| members.iter().map(|thread| words(*thread, &operands[at])).collect::<Vec<_>>());
        for (thread, sums) in members.iter().zip(multiply(&a, &b, &c)) {
            for (target, sum) in parts(&operands[0]).iter().zip(sums) {
                self.set(*thread, target, sum.into());
            }
        }
    }

    /// What the threads did comes before what any of them does from here on.
    fn order(&mut self, threads: &[usize]) {
        let mut joined = vec![0; self.threads.len()];
        for thread in threads {
            let own = &self.threads[*thread].clocks;
            joined.iter_mut().zip(own).for_each(|(joined, own)| *joined = (*joined).max(*own));
        }
        for thread in threads {
            self.threads[*thread].clock += 1;
            joined[*thread] = self.threads[*thread].clock;
        }
        for thread in threads {
            self.threads[*thread].clocks.clone_from(&joined);
        }
    }
}

/// The elements of a vector, or the operand itself.
fn parts(operand: &Operand) -> &[Operand] {
    match operand {
        Operand::Vector(parts) => parts,
        one => std::slice::from_ref(one),
    }
}

/// A vector must lie at a multiple of its size as a whole.
fn whole(address: u64, ty: Type, parts: &[Operand]) -> Result<(), Fault> {
    let bytes = ty.bytes() * parts.len();
    if address.is_multiple_of(bytes as u64) { Ok(()) } else { Err(Fault::Misaligned { address, bytes }) }
}
