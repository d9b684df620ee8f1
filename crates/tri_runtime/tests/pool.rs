//! The pool: every point of a region is visited once, whether workers spin or are parked and whoever calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tri_runtime::Pool;

/// Runs a region and holds it to its promise; gives the number of ranges.
fn region(pool: &Pool, count: usize) -> usize {
    let visits: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
    let ranges = AtomicUsize::new(0);
    pool.for_each(count, &|range| {
        ranges.fetch_add(1, Ordering::Relaxed);
        for point in range {
            visits[point].fetch_add(1, Ordering::Relaxed);
        }
    });
    assert!(visits.iter().all(|visits| visits.load(Ordering::Relaxed) == 1), "{count} points");
    ranges.load(Ordering::Relaxed)
}

#[test]
fn every_point_is_visited_once_in_a_range_a_thread() {
    for threads in [1, 2, 3, 8] {
        let pool = Pool::new(threads).unwrap();
        assert_eq!(pool.threads(), threads);
        for count in [1, 2, 7, 8, 1000] {
            assert_eq!(region(&pool, count), threads.min(count));
        }
        for _ in 0..2000 {
            region(&pool, 16);
        }
    }
}

#[test]
fn parked_workers_wake_up() {
    let pool = Pool::new(3).unwrap();
    for _ in 0..50 {
        std::thread::sleep(Duration::from_millis(2));
        let met = std::sync::Barrier::new(3);
        // Each range waits for the others: only three threads can end it.
        pool.for_each(3, &|_| {
            met.wait();
        });
    }
}

#[test]
fn callers_take_turns() {
    let pool = Pool::new(2).unwrap();
    std::thread::scope(|scope| {
        for caller in 0..4 {
            let pool = &pool;
            scope.spawn(move || {
                for count in 1..300 {
                    region(pool, count + caller);
                }
            });
        }
    });
}

#[test]
fn an_empty_region_is_one_call_at_most() {
    let pool = Pool::new(2).unwrap();
    assert!(region(&pool, 0) <= 1);
}
