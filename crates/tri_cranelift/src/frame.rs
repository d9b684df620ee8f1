//! Frames: the words that a function gets from its caller.

use std::ops::Range;

use tri_kernel_ir::{Place, Schedule};

/// Where the words of a schedule's frame are. A frame is an array of `i64`, aligned to 8 bytes.
///
/// The caller fills everything before `private`: sizes, and the addresses of its buffers. Symbols bound inside get their
/// values during the call and may hold anything before it. The workspace must be aligned to 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameLayout {
    symbols: u32,
    params: u32,
    results: u32,
    states: u32,
    /// Those that have a word of their own: in the frame of a form.
    buffers: u32,
    slots: u32,
}

impl FrameLayout {
    /// The layout of a schedule's frame.
    pub fn of(schedule: &Schedule) -> FrameLayout {
        FrameLayout {
            symbols: schedule.symbols.len() as u32,
            params: schedule.params.len() as u32,
            results: schedule.results.len() as u32,
            states: schedule.states.len() as u32,
            buffers: 0,
            slots: schedule.slots.len() as u32,
        }
    }

    /// The layout of the frame that the body of a form is called with.
    pub(crate) fn of_form(symbols: u32, buffers: u32) -> FrameLayout {
        FrameLayout { symbols, params: 0, results: 0, states: 0, buffers, slots: 0 }
    }

    /// Number of words.
    pub fn words(&self) -> usize {
        self.slot_word(self.slots)
    }

    /// Values of the symbols.
    pub fn symbols(&self) -> Range<usize> {
        0..self.symbols as usize
    }

    /// Addresses of the parameters.
    pub fn params(&self) -> Range<usize> {
        let start = self.symbols().end;
        start..start + self.params as usize
    }

    /// Addresses of the results.
    pub fn results(&self) -> Range<usize> {
        let start = self.params().end;
        start..start + self.results as usize
    }

    /// Addresses of the states.
    pub fn states(&self) -> Range<usize> {
        let start = self.results().end;
        start..start + self.states as usize
    }

    /// Address of the workspace.
    pub fn workspace(&self) -> usize {
        self.states().end
    }

    /// What generated code keeps for itself: the address of each slot.
    pub fn private(&self) -> Range<usize> {
        self.workspace() + 1..self.words()
    }

    /// Address of buffer number `buffer` of a form.
    pub(crate) fn buffer_word(&self, buffer: u32) -> usize {
        self.workspace() + 1 + buffer as usize
    }

    /// Where the address of a buffer is that lies in `place`.
    pub(crate) fn place_word(&self, place: Place) -> usize {
        match place {
            Place::Param(i) => self.params().start + i as usize,
            Place::Result(i) => self.results().start + i as usize,
            Place::State(i) => self.states().start + i as usize,
            Place::Slot(i) => self.slot_word(i),
            Place::Alias(_) => unreachable!("aliases were followed to their end"),
        }
    }

    /// Address of slot number `slot`.
    pub(crate) fn slot_word(&self, slot: u32) -> usize {
        self.buffer_word(self.buffers) + slot as usize
    }
}
