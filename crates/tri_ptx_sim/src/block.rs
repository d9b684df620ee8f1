//! A block of threads, run to its end: its warps take turns, each until it waits for others at a barrier.

use std::rc::Rc;

use crate::error::Fault;
use crate::instruction::Instruction;
use crate::memory::Memory;
use crate::visits::WARP;
use crate::warp::{Clocks, Warp};

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

pub(crate) struct Block<'l> {
    launch: &'l Launch<'l>,
    warps: Vec<Warp>,
    shared: Memory,
}

impl<'l> Block<'l> {
    pub(crate) fn new(launch: &'l Launch<'l>, number: u32) -> Block<'l> {
        let count = launch.threads as usize;
        let clocks: Clocks = Rc::from(vec![0; count]);
        let warp = |first: usize| Warp::new(launch, number, first, &clocks);
        let mut shared = Memory::new(256);
        let first = shared.allocate(launch.shared_bytes);
        shared.begin(&[first]);
        Block { launch, warps: (0..count).step_by(WARP).map(warp).collect(), shared }
    }

    /// Runs all threads to their end.
    pub(crate) fn run(&mut self, global: &mut Memory) -> Result<(), Stopped> {
        loop {
            for warp in &mut self.warps {
                warp.run(self.launch, global, &mut self.shared)?;
            }
            let Some(first) = self.warps.iter().find_map(Warp::first_waiting) else { return Ok(()) };
            if !self.warps.iter().all(|warp| warp.is_at_barrier(self.launch)) {
                let (thread, at) = first;
                return Err((thread as u32, at, Fault::Deadlock));
            }
            self.pass();
        }
    }

    /// Lets all threads pass the barrier at which they wait.
    fn pass(&mut self) {
        let mut joined = vec![0; self.launch.threads as usize];
        self.warps.iter().for_each(|warp| warp.join(warp.waiting(), &mut joined));
        self.warps.iter_mut().for_each(|warp| warp.tick(warp.waiting(), &mut joined));
        let joined: Clocks = Rc::from(joined);
        self.warps.iter_mut().for_each(|warp| warp.go_on(warp.waiting(), Some(&joined)));
    }
}
