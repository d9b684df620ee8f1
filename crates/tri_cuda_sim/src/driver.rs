//! The driver's state, and how streams do their work.

#![expect(unsafe_code, reason = "copies reach memory of the host by its address")]

use std::cell::Cell;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::Settings;
use crate::code::{CAPTURE_INVALIDATED, CAPTURE_UNSUPPORTED, Code, ILLEGAL_ADDRESS, INVALID_CONTEXT};
use crate::code::{INVALID_HANDLE, NOT_INITIALIZED, SUCCESS};
use crate::handles::Handles;
use crate::memory::Memory;
use crate::module::Function;
use crate::work::{CaptureMode, Event, Stream, Work};

/// All that there is.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) settings: Settings,
    pub(crate) initialized: bool,
    /// How often the context of each device is retained.
    pub(crate) contexts: Vec<u32>,
    pub(crate) memory: Memory,
    pub(crate) modules: Handles<std::sync::Arc<tri_ptx_sim::Module>>,
    pub(crate) functions: Handles<Function>,
    pub(crate) streams: Handles<Stream>,
    pub(crate) events: Handles<Event>,
    pub(crate) graphs: Handles<std::sync::Arc<Vec<Work>>>,
    pub(crate) executables: Handles<std::sync::Arc<Vec<Work>>>,
    /// How many launches there were, and how many have run.
    pub(crate) launches: u32,
    runs: u32,
    /// What every call gives since a kernel went wrong.
    stopped: Option<Code>,
}

static DRIVER: LazyLock<Mutex<Driver>> = LazyLock::new(|| {
    let settings = Settings::from_environment();
    let contexts = vec![0; settings.devices as usize];
    Mutex::new(Driver {
        settings,
        initialized: false,
        contexts,
        memory: Memory::default(),
        modules: Handles::default(),
        functions: Handles::default(),
        streams: Handles::default(),
        events: Handles::default(),
        graphs: Handles::default(),
        executables: Handles::default(),
        launches: 0,
        runs: 0,
        stopped: None,
    })
});

thread_local! {
    /// Handle of the thread's context; 0 is none.
    pub(crate) static CURRENT: Cell<usize> = const { Cell::new(0) };
}

/// The driver, to one caller at a time.
pub(crate) fn driver() -> MutexGuard<'static, Driver> {
    DRIVER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a call that needs a context.
pub(crate) fn call(body: impl FnOnce(&mut Driver) -> Result<(), Code>) -> Code {
    let mut driver = driver();
    match driver.ready().and_then(|()| body(&mut driver)) {
        Ok(()) => SUCCESS,
        Err(code) => code,
    }
}

/// [`call`] of something that would wait, or change what captured work relies on: not while a stream is captured.
pub(crate) fn call_outside_capture(body: impl FnOnce(&mut Driver) -> Result<(), Code>) -> Code {
    call(|driver| {
        driver.not_captured()?;
        body(driver)
    })
}

impl Driver {
    fn ready(&self) -> Result<(), Code> {
        if !self.initialized {
            return Err(NOT_INITIALIZED);
        }
        let current = CURRENT.get().checked_sub(1).and_then(|device| self.contexts.get(device));
        if current.is_none_or(|retained| *retained == 0) {
            return Err(INVALID_CONTEXT);
        }
        self.stopped.map_or(Ok(()), Err)
    }

    fn not_captured(&mut self) -> Result<(), Code> {
        let here = std::thread::current().id();
        let mut captured = false;
        for capture in self.streams.values_mut().filter_map(|stream| stream.capture.as_mut()) {
            let hinders = match capture.mode {
                CaptureMode::Nobody => true,
                CaptureMode::ThisThread => capture.thread == here,
                CaptureMode::Relaxed => false,
            };
            capture.broken |= hinders;
            captured |= hinders;
        }
        if captured { Err(CAPTURE_UNSUPPORTED) } else { Ok(()) }
    }

    /// Puts work into a stream.
    pub(crate) fn submit(&mut self, stream: usize, work: Work) -> Result<(), Code> {
        let stream = self.streams.get_mut(stream).ok_or(INVALID_HANDLE)?;
        match &mut stream.capture {
            None => stream.queue.push_back(work),
            Some(capture) if capture.broken => return Err(CAPTURE_INVALIDATED),
            Some(capture) if matches!(work, Work::Free { .. }) => {
                capture.broken = true;
                return Err(CAPTURE_UNSUPPORTED);
            }
            Some(capture) => capture.work.push(work),
        }
        Ok(())
    }

    /// Does all the work of a stream.
    pub(crate) fn finish(&mut self, stream: usize) -> Result<(), Code> {
        let found = self.streams.get_mut(stream).ok_or(INVALID_HANDLE)?;
        if let Some(capture) = &mut found.capture {
            capture.broken = true;
            return Err(CAPTURE_UNSUPPORTED);
        }
        while self.step(stream)? {}
        Ok(())
    }

    /// Does all the work of all streams.
    pub(crate) fn finish_all(&mut self) -> Result<(), Code> {
        for stream in self.streams.handles() {
            while self.step(stream)? {}
        }
        Ok(())
    }

    /// Does what a stream has to do until it has recorded an event so many times.
    pub(crate) fn reach(&mut self, event: usize, number: u64) -> Result<(), Code> {
        loop {
            let found = self.events.get(event).ok_or(INVALID_HANDLE)?;
            let stream = found.stream;
            if found.reached >= number || !self.step(stream)? {
                return Ok(());
            }
        }
    }

    /// Does the next thing of a stream, if there is one.
    fn step(&mut self, stream: usize) -> Result<bool, Code> {
        let next = self.streams.get_mut(stream).and_then(|stream| stream.queue.pop_front());
        let Some(work) = next else { return Ok(false) };
        self.work(&work).inspect_err(|code| self.stopped = Some(*code))?;
        Ok(true)
    }

    fn work(&mut self, work: &Work) -> Result<(), Code> {
        match work {
            Work::Upload { to, from, bytes } => {
                let source = std::ptr::with_exposed_provenance::<u8>(*from);
                // SAFETY: the caller gave an address and a length of its memory, to be read until the copy is done.
                let source = unsafe { std::slice::from_raw_parts(source, *bytes) };
                self.memory.write(*to, source)
            }
            Work::Download { to, from, bytes } => {
                let source = self.memory.read(*from, *bytes)?;
                let target = std::ptr::with_exposed_provenance_mut::<u8>(*to);
                // SAFETY: the caller gave an address and a length of its memory, to be written until the copy is done.
                unsafe { target.copy_from_nonoverlapping(source.as_ptr(), *bytes) };
                Ok(())
            }
            Work::Copy { to, from, bytes } => {
                let source = self.memory.read(*from, *bytes)?;
                self.memory.write(*to, &source)
            }
            Work::Fill { to, value, bytes } => self.memory.write(*to, &vec![*value; *bytes]),
            Work::Launch { function, blocks, threads, arguments } => {
                self.launch(function, [*blocks, *threads], arguments)
            }
            Work::Free { address } => match self.memory.free(*address) {
                SUCCESS => Ok(()),
                code => Err(code),
            },
            Work::Record { event, number } => {
                if let Some(event) = self.events.get_mut(*event) {
                    event.reached = event.reached.max(*number);
                    event.at = Some(Instant::now());
                }
                Ok(())
            }
            Work::Wait { event, number } => self.reach(*event, *number),
            Work::Graph(all) => all.iter().try_for_each(|work| self.work(work)),
        }
    }

    /// Runs a kernel. It may write to what it has an address of.
    fn launch(&mut self, function: &Function, grid: [u32; 2], arguments: &[u64]) -> Result<(), Code> {
        self.runs += 1;
        if self.runs == self.settings.illegal_launch {
            return Err(ILLEGAL_ADDRESS);
        }
        let memory = &self.memory;
        let writable: Vec<u64> = arguments.iter().copied().filter(|it| memory.is_device(*it)).collect();
        let launched = self.memory.gpu.launch(&function.module, &function.kernel, grid, arguments, &writable);
        launched.map_err(|error| {
            tell(&error.to_string());
            ILLEGAL_ADDRESS
        })
    }
}

/// What a driver tells a debugger, on the standard error.
#[expect(
    clippy::print_stderr,
    reason = "a result is a number, which explains nothing to who reads a failed test"
)]
fn tell(what: &str) {
    eprintln!("simulated GPU: {what}");
}
