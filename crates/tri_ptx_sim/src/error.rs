//! What can be wrong with PTX or with what it does.

/// PTX that the simulator does not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}: `{text}`")]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: &'static str,
    /// The statement.
    pub text: String,
}

/// What a thread did that it must not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no memory, or not all of it.
    #[error("{bytes} bytes at {address:#x} are outside every allocation")]
    OutOfBounds {
        /// Where.
        address: u64,
        /// How many.
        bytes: usize,
    },
    /// The address is no multiple of the size.
    #[error("{address:#x} is not a multiple of {bytes}")]
    Misaligned {
        /// Where.
        address: u64,
        /// How many.
        bytes: usize,
    },
    /// A byte that was read was never written.
    #[error("the byte at {address:#x} was never written")]
    Unwritten {
        /// Where.
        address: u64,
    },
    /// Memory that was given to be read was written.
    #[error("the byte at {address:#x} is read only")]
    ReadOnly {
        /// Where.
        address: u64,
    },
    /// Two threads met at a byte, one of them writing, and nothing orders them.
    #[error("a race at {address:#x}: thread {other} of block {other_block} was there too")]
    Race {
        /// Where.
        address: u64,
        /// Block of the thread that came before.
        other_block: u32,
        /// The thread that came before.
        other: u32,
    },
    /// No thread of the block can go on.
    #[error("a thread waits for threads that do not come")]
    Deadlock,
    /// A shuffle reads a lane that does not take part.
    #[error("lane {lane} does not take part in the shuffle that reads it")]
    InactiveLane {
        /// Which.
        lane: u32,
    },
    /// More instructions than any kernel of ours needs.
    #[error("the thread does not end")]
    Endless,
}

/// Why a launch failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SimError {
    /// There is no such kernel.
    #[error("there is no kernel `{0}`")]
    NoKernel(String),
    /// Another number of arguments.
    #[error("`{kernel}` takes {taken} arguments, not {given}")]
    Arguments {
        /// Which kernel.
        kernel: String,
        /// How many it has.
        taken: usize,
        /// How many it got.
        given: usize,
    },
    /// A thread did something wrong.
    #[error("`{kernel}`, block {block}, thread {thread}, `{instruction}`: {fault}")]
    Fault {
        /// Which kernel.
        kernel: String,
        /// Which block.
        block: u32,
        /// Which thread of it.
        thread: u32,
        /// What it was about to do.
        instruction: String,
        /// What is wrong.
        fault: Fault,
    },
}
