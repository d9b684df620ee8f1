//! Threads for regions of microseconds: workers spin for a while, then park. A region is split into parts of equal size; the caller
//! works too, and a region with one part never leaves the caller's thread.
//!
//! A region waits for no worker that has not joined it: who comes late, since the system gave it no time, finds the region closed. So a
//! region takes at most as long as on the caller's thread alone and a part more. Nothing is allocated.

#![expect(
    unsafe_code,
    reason = "a region is run through pointers that the caller keeps alive until it is done"
)]

use std::cell::UnsafeCell;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tri_kernels::{Context, ParallelBody, unread_mark};

/// How long a worker looks for work before it parks: longer than what generated code does between two regions.
const SPIN: Duration = Duration::from_micros(100);
/// Looks between two looks at the clock.
const LOOKS: u32 = 32;
/// Looks at the last part before the caller lets others run: the one that has it may wait for this core.
const PATIENCE: u32 = 10_000;

/// Workers, shared by sessions. One region runs at a time; a second caller waits.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held by the caller whose region runs.
    region: Mutex<()>,
}

#[derive(Debug)]
struct Shared {
    job: UnsafeCell<Job>,
    /// Counts regions; a worker that sees another number than before may have work.
    generation: AtomicUsize,
    /// Parts taken.
    next: AtomicUsize,
    /// [`OPEN`] while workers may join the region, and [`JOINED`] for each that is inside.
    gate: AtomicUsize,
    stop: AtomicBool,
    /// Workers that are parked or about to.
    sleepers: AtomicUsize,
    parked: Mutex<()>,
    wake: Condvar,
}

const OPEN: usize = 1;
const JOINED: usize = 2;

/// A region.
#[derive(Clone, Copy, Debug)]
struct Job {
    body: ParallelBody,
    ctx: *const Context,
    frame: *mut i64,
    count: i64,
    parts: usize,
    errors: *mut [i64; 2],
}

// SAFETY: the job is written only while the gate is closed and no worker is inside, and read by workers that joined.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Calls the body that `frame` points to.
unsafe extern "C" fn call(_: *mut Context, frame: *mut i64, start: i64, end: i64) {
    // SAFETY: [`Pool::for_each`] passes its body.
    let body = unsafe { *frame.cast::<&(dyn Fn(Range<usize>) + Sync)>() };
    body(start as usize..end as usize);
}

unsafe extern "C" fn nothing(_: *mut Context, _: *mut i64, _: i64, _: i64) {}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// A pool in which `threads` threads work, the caller's among them.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn new(threads: usize) -> std::io::Result<Pool> {
        let job = Job {
            body: nothing,
            ctx: std::ptr::null(),
            frame: std::ptr::null_mut(),
            count: 0,
            parts: 0,
            errors: std::ptr::null_mut(),
        };
        let shared = Arc::new(Shared {
            job: UnsafeCell::new(job),
            generation: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
            gate: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            sleepers: AtomicUsize::new(0),
            parked: Mutex::new(()),
            wake: Condvar::new(),
        });
        let spawn = |index: usize| {
            let shared = shared.clone();
            std::thread::Builder::new().name(format!("tri-{index}")).spawn(move || work(&shared))
        };
        let workers = (1..threads).map(spawn).collect::<Result<_, _>>()?;
        Ok(Pool { shared, workers, region: Mutex::new(()) })
    }

    /// Threads that work, the caller's among them.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `body` on ranges that cover `0..count`, one a thread, and returns when all are done. A panic in it ends the process.
    pub fn for_each(&self, count: usize, body: &(dyn Fn(Range<usize>) + Sync)) {
        let context = Context {
            kernels: std::ptr::null(),
            parallel,
            pool: std::ptr::null_mut(),
            error: 0,
            error_value: 0,
            threads: 1,
            scratch: std::ptr::null_mut(),
            mark: unread_mark,
            marks: std::ptr::null_mut(),
        };
        let (mut context, mut body) = (context, body);
        // SAFETY: `call` reads a body that this frame keeps alive, and the body may run on several threads.
        unsafe { self.run(&raw mut context, call, (&raw mut body).cast(), count as i64, 1) };
    }

    /// Runs `body` over `0..count` in parts of at least `grain` points. The first failure, by position, is left in `ctx`.
    ///
    /// # Safety
    /// `body` may be called with any sub-range on any thread while `ctx` and `frame` are alive.
    unsafe fn run(&self, ctx: *mut Context, body: ParallelBody, frame: *mut i64, count: i64, grain: i64) {
        let most = usize::try_from(count / grain.max(1)).unwrap_or(1).max(1);
        let parts = most.min(self.threads()).min(MAX_PARTS);
        if parts == 1 {
            // SAFETY: the caller's promise.
            return unsafe { body(ctx, frame, 0, count) };
        }
        let _region = lock(&self.region);
        let mut errors = [[0i64; 2]; MAX_PARTS];
        let job = Job { body, ctx, frame, count, parts, errors: errors.as_mut_ptr() };
        // SAFETY: the gate is closed and no worker is inside while the lock is held and no region runs.
        unsafe { *self.shared.job.get() = job };
        self.shared.next.store(0, Ordering::Relaxed);
        self.shared.gate.store(OPEN, Ordering::Release);
        self.shared.announce();
        // SAFETY: the caller's promise; the job lives until every worker that joined has left.
        unsafe { take_parts(&self.shared, &job) };
        self.shared.gate.fetch_sub(OPEN, Ordering::Relaxed);
        let mut looks = 0;
        while self.shared.gate.load(Ordering::Acquire) > 0 {
            looks += 1;
            if looks < PATIENCE { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
        if let Some([error, value]) = errors[..parts].iter().find(|[error, _]| *error != 0) {
            // SAFETY: the caller's promise.
            unsafe {
                (*ctx).error = *error;
                (*ctx).error_value = *value;
            }
        }
    }
}

/// The pools of a model, one a number of threads, shared by its sessions and gone with the last of them.
#[derive(Debug, Default)]
pub(crate) struct Pools(Mutex<Vec<Weak<Pool>>>);

impl Pools {
    /// The pool of so many threads.
    pub(crate) fn get(&self, threads: usize) -> std::io::Result<Arc<Pool>> {
        let threads = threads.clamp(1, MAX_PARTS);
        let mut pools = lock(&self.0);
        pools.retain(|pool| pool.strong_count() > 0);
        if let Some(pool) = pools.iter().filter_map(Weak::upgrade).find(|pool| pool.threads() == threads) {
            return Ok(pool);
        }
        let pool = Arc::new(Pool::new(threads)?);
        pools.push(Arc::downgrade(&pool));
        Ok(pool)
    }
}

/// More threads than this do not work on one region.
const MAX_PARTS: usize = 256;

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.announce();
        for worker in self.workers.drain(..) {
            // A worker does not panic: it runs generated code only.
            let _ = worker.join();
        }
    }
}

impl Shared {
    /// Makes workers look, and wakes those that are parked.
    fn announce(&self) {
        // A worker counts itself before it looks at the generation for the last time, in one order for all threads: either it sees
        // this change, or it is seen here.
        self.generation.fetch_add(1, Ordering::SeqCst);
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            drop(lock(&self.parked));
            self.wake.notify_all();
        }
    }

    /// Joins the region, if it is open.
    fn join(&self) -> bool {
        let joined = |gate| (gate & OPEN != 0).then_some(gate + JOINED);
        self.gate.fetch_update(Ordering::Acquire, Ordering::Relaxed, joined).is_ok()
    }
}

fn work(shared: &Shared) {
    let mut seen = 0;
    loop {
        seen = wait(shared, seen);
        if shared.stop.load(Ordering::Acquire) {
            return;
        }
        if shared.join() {
            // SAFETY: the job was written before the gate opened, and stays until this worker has left.
            unsafe {
                let job = *shared.job.get();
                take_parts(shared, &job);
            }
            shared.gate.fetch_sub(JOINED, Ordering::Release);
        }
    }
}

/// Waits for another generation than `seen`, and gives it.
fn wait(shared: &Shared, seen: usize) -> usize {
    let start = Instant::now();
    while start.elapsed() < SPIN {
        for _ in 0..LOOKS {
            let generation = shared.generation.load(Ordering::Acquire);
            if generation != seen {
                return generation;
            }
            std::hint::spin_loop();
        }
    }
    let mut parked = lock(&shared.parked);
    shared.sleepers.fetch_add(1, Ordering::SeqCst);
    loop {
        let generation = shared.generation.load(Ordering::SeqCst);
        if generation != seen {
            shared.sleepers.fetch_sub(1, Ordering::SeqCst);
            return generation;
        }
        parked = shared.wake.wait(parked).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Runs parts until none is left.
///
/// # Safety
/// The job is alive, and its body may run on this thread.
unsafe fn take_parts(shared: &Shared, job: &Job) {
    loop {
        let part = shared.next.fetch_add(1, Ordering::Relaxed);
        if part >= job.parts {
            return;
        }
        let bound = |part: usize| (job.count as i128 * part as i128 / job.parts as i128) as i64;
        // SAFETY: the job's maker keeps everything it points to alive; each part has its own context and error slot.
        unsafe {
            let own = &*job.ctx;
            let mut ctx = Context { error: 0, error_value: 0, threads: 1, ..std::ptr::read(own) };
            (job.body)(&raw mut ctx, job.frame, bound(part), bound(part + 1));
            *job.errors.add(part) = [ctx.error, ctx.error_value];
        }
    }
}

/// What generated code calls: [`Context::pool`] is a [`Pool`].
///
/// # Safety
/// As [`tri_kernels::ParallelFor`] says.
pub(crate) unsafe extern "C" fn parallel(
    ctx: *mut Context,
    body: ParallelBody,
    frame: *mut i64,
    count: i64,
    grain: i64,
) {
    // SAFETY: the session that made the context keeps the pool alive during the call.
    unsafe {
        let pool = &*(*ctx).pool.cast::<Pool>();
        pool.run(ctx, body, frame, count, grain);
    }
}
