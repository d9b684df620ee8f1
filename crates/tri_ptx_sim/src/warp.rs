//! A warp: 32 threads, its lanes, of which those that are at the same instruction execute it together.
//!
//! The lanes that are furthest behind run first, so that those who parted meet again. A lane stops where it waits: at a barrier, or with others of
//! its warp at a shuffle, a product of matrices or a warp barrier; when no lane runs, those that can meet do.

use std::rc::Rc;

use crate::alu;
use crate::block::{Launch, Stopped};
use crate::copies::Copies;
use crate::error::Fault;
use crate::instruction::{Instruction, Op, Operand, Special};
use crate::memory::Memory;
use crate::visits::WARP;

/// A value for each lane.
pub(crate) type Lanes = [u64; WARP];

/// A bit for each lane.
pub(crate) type Mask = u32;

/// For each thread of a block, up to which moment what it did came before.
pub(crate) type Clocks = Rc<[u32]>;

/// Instructions of a warp between two waits.
const PATIENCE: u64 = 1 << 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Runs,
    Waits,
    Ended,
}

pub(crate) struct Warp {
    pub(crate) block: u32,
    /// The thread of the first lane.
    pub(crate) first: usize,
    at: [usize; WARP],
    state: [State; WARP],
    pub(crate) registers: Vec<Lanes>,
    pub(crate) clock: [u32; WARP],
    pub(crate) clocks: [Clocks; WARP],
    /// Copies into shared memory that are under way.
    pub(crate) copies: [Copies; WARP],
}

/// The numbers of the lanes of a mask, in order.
pub(crate) fn lanes(mut mask: Mask) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = (mask != 0).then(|| mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(lane)
    })
}

impl Warp {
    /// The warp of a block that begins with a thread.
    pub(crate) fn new(launch: &Launch<'_>, block: u32, first: usize, clocks: &Clocks) -> Warp {
        let is_there = |lane| first + lane < launch.threads as usize;
        Warp {
            block,
            first,
            at: [0; WARP],
            state: std::array::from_fn(|lane| if is_there(lane) { State::Runs } else { State::Ended }),
            registers: vec![[0; WARP]; launch.registers],
            clock: [0; WARP],
            clocks: std::array::from_fn(|_| Rc::clone(clocks)),
            copies: std::array::from_fn(|_| Copies::default()),
        }
    }

    /// The lanes in a state that are at an instruction, or wherever they are.
    fn those(&self, state: State, at: Option<usize>) -> Mask {
        let is_one = |lane: usize| self.state[lane] == state && at.is_none_or(|at| self.at[lane] == at);
        (0..WARP).fold(0, |mask, lane| mask | Mask::from(is_one(lane)) << lane)
    }

    pub(crate) fn waiting(&self) -> Mask {
        self.those(State::Waits, None)
    }

    /// The first thread that waits, and where.
    pub(crate) fn first_waiting(&self) -> Option<(usize, usize)> {
        lanes(self.waiting()).next().map(|lane| (self.first + lane, self.at[lane]))
    }

    /// Whether all that wait do at a barrier of the block.
    pub(crate) fn is_at_barrier(&self, launch: &Launch<'_>) -> bool {
        lanes(self.waiting()).all(|lane| launch.code[self.at[lane]].op == Op::Barrier)
    }

    /// Runs until all lanes have ended or wait for other warps, or for lanes that do not come.
    pub(crate) fn run(
        &mut self,
        launch: &Launch<'_>,
        global: &mut Memory,
        shared: &mut Memory,
    ) -> Result<(), Stopped> {
        let mut steps = 0;
        loop {
            let running = self.those(State::Runs, None);
            let Some(at) = lanes(running).map(|lane| self.at[lane]).min() else {
                if self.meet(launch)? {
                    continue;
                }
                return Ok(());
            };
            let group = self.those(State::Runs, Some(at));
            let others = lanes(running & !group).map(|lane| self.at[lane]).min();
            self.run_group(launch, [global, shared], group, others.unwrap_or(usize::MAX), &mut steps)?;
        }
    }

    /// Runs lanes that are at the same instruction until they part, stop, or are where others wait for their turn.
    fn run_group(
        &mut self,
        launch: &Launch<'_>,
        [global, shared]: [&mut Memory; 2],
        group: Mask,
        others: usize,
        steps: &mut u64,
    ) -> Result<(), Stopped> {
        let mut at = self.at[group.trailing_zeros() as usize];
        while at < others {
            *steps += 1;
            if *steps > PATIENCE {
                return Err(((self.first + group.trailing_zeros() as usize) as u32, at, Fault::Endless));
            }
            let Some(instruction) = launch.code.get(at) else {
                self.put(group, State::Ended, at);
                return Ok(());
            };
            let active = self.active(instruction, group);
            let (state, target) = match instruction.op {
                Op::Return => (State::Ended, at),
                Op::Branch => match instruction.operands[0] {
                    Operand::Label(target) => (State::Runs, target),
                    _ => (State::Ended, at),
                },
                Op::Barrier | Op::WarpBarrier | Op::Shuffle(_) | Op::Multiply => (State::Waits, at),
                _ => {
                    if active != 0 {
                        self.step(launch, [&mut *global, &mut *shared], instruction, active)
                            .map_err(|(lane, fault)| ((self.first + lane) as u32, at, fault))?;
                    }
                    at += 1;
                    continue;
                }
            };
            if active == 0 || active == group && state == State::Runs {
                at = if active == 0 { at + 1 } else { target };
                continue;
            }
            self.put(group & !active, State::Runs, at + 1);
            self.put(active, state, target);
            return Ok(());
        }
        self.put(group, State::Runs, at);
        Ok(())
    }

    fn put(&mut self, mask: Mask, state: State, at: usize) {
        for lane in lanes(mask) {
            (self.state[lane], self.at[lane]) = (state, at);
        }
    }

    /// Those that the guard of an instruction lets execute it.
    fn active(&self, instruction: &Instruction, group: Mask) -> Mask {
        let Some((register, truth)) = instruction.guard else { return group };
        let guard = &self.registers[register as usize];
        let bits = (0..WARP).fold(0, |mask, lane| mask | ((guard[lane] & 1) as Mask) << lane);
        group & if truth { bits } else { !bits }
    }

    /// The values of an operand; `space` is for those that are in no register.
    pub(crate) fn values<'v>(
        &'v self,
        launch: &Launch<'_>,
        operand: &Operand,
        space: &'v mut Lanes,
    ) -> &'v Lanes {
        let register = |register: u32| &self.registers[register as usize];
        *space = match operand {
            Operand::Register(number) => return register(*number),
            Operand::Not(number) => register(*number).map(|value| value ^ 1),
            Operand::Immediate(bits) => [*bits; WARP],
            Operand::Special(Special::Thread) => std::array::from_fn(|lane| (self.first + lane) as u64),
            Operand::Special(Special::Lane) => std::array::from_fn(|lane| lane as u64),
            Operand::Special(Special::Block) => [self.block.into(); WARP],
            Operand::Special(Special::Threads) => [launch.threads.into(); WARP],
            Operand::Special(Special::Blocks) => [launch.blocks.into(); WARP],
            Operand::Special(Special::Zero) | Operand::Vector(_) => [0; WARP],
            Operand::Special(Special::One) => [1; WARP],
            Operand::Address { base: Some(base), offset } => {
                register(*base).map(|value| value.wrapping_add_signed(*offset))
            }
            Operand::Address { base: None, offset } => [*offset as u64; WARP],
            Operand::Label(at) => [*at as u64; WARP],
        };
        space
    }

    /// Gives lanes a value in a register.
    pub(crate) fn set(&mut self, operand: &Operand, mask: Mask, values: &Lanes) {
        let Operand::Register(register) = operand else { return };
        let register = &mut self.registers[*register as usize];
        if mask == Mask::MAX {
            *register = *values;
        } else {
            lanes(mask).for_each(|lane| register[lane] = values[lane]);
        }
    }

    /// Lets lanes meet that wait for each other; whether there are any.
    fn meet(&mut self, launch: &Launch<'_>) -> Result<bool, Stopped> {
        let mut met = false;
        for lane in lanes(self.waiting()) {
            let at = self.at[lane];
            let instruction = &launch.code[at];
            // It may have met others already.
            if self.state[lane] != State::Waits || instruction.op == Op::Barrier {
                continue;
            }
            let mut space = [0; WARP];
            let masks = match (instruction.op, instruction.operands.last()) {
                (Op::Multiply, _) | (_, None) => &[Mask::MAX.into(); WARP],
                (_, Some(mask)) => self.values(launch, mask, &mut space),
            };
            let members = masks[lane] as Mask;
            let are_here = self.those(State::Waits, Some(at)) & members == members
                && lanes(members).all(|other| masks[other] as Mask == members);
            if are_here && members >> lane & 1 == 1 {
                self.exchange(launch, instruction, members)
                    .map_err(|(lane, fault)| ((self.first + lane) as u32, at, fault))?;
                met = true;
            }
        }
        Ok(met)
    }

    /// What lanes do that are all there.
    fn exchange(
        &mut self,
        launch: &Launch<'_>,
        instruction: &Instruction,
        members: Mask,
    ) -> Result<(), (usize, Fault)> {
        match instruction.op {
            Op::Shuffle(mode) => {
                let mut spaces = [[0; WARP]; 3];
                let result = alu::shuffle(mode, members, self.sources(launch, instruction, &mut spaces));
                self.set(&instruction.operands[0], members, &result?);
                self.go_on(members, None);
            }
            Op::Multiply => {
                self.multiply(launch, &instruction.operands);
                self.go_on(members, None);
            }
            _ => {
                let mut joined = vec![0; launch.threads as usize];
                self.join(members, &mut joined);
                self.tick(members, &mut joined);
                self.go_on(members, Some(&Rc::from(joined)));
            }
        }
        Ok(())
    }

    /// The moments up to which what came before any of the lanes happened.
    pub(crate) fn join(&self, mask: Mask, joined: &mut [u32]) {
        let mut before = None;
        for clocks in lanes(mask).map(|lane| &self.clocks[lane]) {
            // Lanes that passed the same barrier share theirs.
            if !before.is_some_and(|before| Rc::ptr_eq(before, clocks)) {
                joined.iter_mut().zip(clocks.iter()).for_each(|(joined, own)| *joined = (*joined).max(*own));
            }
            before = Some(clocks);
        }
    }

    /// What lanes did until here comes before what others do from here on.
    pub(crate) fn tick(&mut self, mask: Mask, joined: &mut [u32]) {
        for lane in lanes(mask) {
            self.clock[lane] += 1;
            joined[self.first + lane] = self.clock[lane];
        }
    }

    /// Lets lanes go on that waited, after what came before `joined`.
    pub(crate) fn go_on(&mut self, mask: Mask, joined: Option<&Clocks>) {
        for lane in lanes(mask) {
            (self.state[lane], self.at[lane]) = (State::Runs, self.at[lane] + 1);
            if let Some(joined) = joined {
                self.clocks[lane] = Rc::clone(joined);
            }
        }
    }
}
