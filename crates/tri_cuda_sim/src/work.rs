//! Work of a stream, and graphs of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Instant;

use crate::module::Function;

/// Something that a stream does when its turn comes.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// Bytes of pinned memory to the device.
    Upload {
        to: u64,
        from: usize,
        bytes: usize,
    },
    /// Bytes of the device to pinned memory.
    Download {
        to: usize,
        from: u64,
        bytes: usize,
    },
    Copy {
        to: u64,
        from: u64,
        bytes: usize,
    },
    Fill {
        to: u64,
        value: u8,
        bytes: usize,
    },
    Launch {
        function: Function,
        blocks: u32,
        threads: u32,
        arguments: Vec<u64>,
    },
    Free {
        address: u64,
    },
    Record {
        event: usize,
        number: u64,
    },
    Wait {
        event: usize,
        number: u64,
    },
    Graph(Arc<Vec<Work>>),
}

/// A queue of work.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    pub(crate) queue: VecDeque<Work>,
    pub(crate) capture: Option<Capture>,
}

/// Work that a stream collects rather than does.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) work: Vec<Work>,
    /// What may be called meanwhile.
    pub(crate) mode: CaptureMode,
    /// Who began it.
    pub(crate) thread: ThreadId,
    /// Whether something was called that may not be.
    pub(crate) broken: bool,
}

/// Who may not call what would wait, while a stream is captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaptureMode {
    Nobody,
    ThisThread,
    Relaxed,
}

/// A place in a stream.
#[derive(Debug, Default)]
pub(crate) struct Event {
    /// The stream that it was recorded in last.
    pub(crate) stream: usize,
    /// How many times it was recorded.
    pub(crate) recorded: u64,
    /// Which of these was reached last, and when.
    pub(crate) reached: u64,
    pub(crate) at: Option<Instant>,
}
