//! A call whose sizes repeat takes no memory from the system.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]
#![expect(unsafe_code, reason = "an allocator is unsafe to implement")]

#[path = "runtime/models.rs"]
#[expect(dead_code, reason = "one model is enough here")]
mod models;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use tri_runtime::{Device, Model, Options, TensorView};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn repeated_sizes_take_no_memory() {
    let model = Model::from_module(models::digits(), &Options::default()).unwrap();
    let model = model.bind(&models::digits_weights()).unwrap();
    for threads in [1, 2] {
        let mut session = model.session(Device::cpu().threads(threads)).unwrap();
        let inputs = models::images(16);
        let view = TensorView::of(&inputs).unwrap();
        let mut results = Vec::new();
        // The first calls size the session's memory, and each thread's memory for kernels; a thread may come late to its first.
        let (mut quiet, mut calls) = (0, 0);
        while quiet < 100 {
            assert!(calls < 10_000, "calls on {threads} threads take memory again and again");
            let before = ALLOCATIONS.load(Ordering::Relaxed);
            session.call_into("forward", &[view], &mut results).unwrap();
            quiet = if ALLOCATIONS.load(Ordering::Relaxed) == before { quiet + 1 } else { 0 };
            calls += 1;
        }
    }
}
