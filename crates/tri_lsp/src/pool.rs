//! Threads that run what they are given, in order of arrival.

use std::io;
use std::thread::JoinHandle;

use crossbeam_channel::Sender;

/// Bytes of stack of a thread: programs may nest as deeply as the parser admits.
const STACK: usize = 64 << 20;

type Job = Box<dyn FnOnce() + Send>;

/// Threads with one queue. Dropping it waits for what was given.
#[derive(Debug)]
pub(crate) struct Pool {
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    pub(crate) fn new(name: &str, threads: usize) -> io::Result<Pool> {
        let (jobs, queue) = crossbeam_channel::unbounded::<Job>();
        let threads = (0..threads.max(1)).map(|_| {
            let queue = queue.clone();
            let builder = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK);
            builder.spawn(move || queue.into_iter().for_each(|job| job()))
        });
        Ok(Pool { jobs: Some(jobs), threads: threads.collect::<io::Result<_>>()? })
    }

    /// Runs `job`, which must not panic, on one of the threads.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        if let Some(jobs) = &self.jobs {
            // The queue lives as long as the threads, which end after this.
            let _ = jobs.send(Box::new(job));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has told so.
            let _ = thread.join();
        }
    }
}
