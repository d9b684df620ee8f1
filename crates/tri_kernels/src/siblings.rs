//! Steps that share one parallel region: which of them a unit belongs to. The bodies are generated code.

#![expect(unsafe_op_in_unsafe_fn, reason = "it is pointers throughout, under the promise of the C ABI")]

use crate::{Context, SiblingArgs, SiblingPart};

/// Units `start..end` of the steps that `frame` tells.
///
/// # Safety
/// `frame` is [`SiblingArgs`] with its parts behind it, whose bodies may be called for their units.
pub(crate) unsafe extern "C" fn run(ctx: *mut Context, frame: *mut i64, start: i64, end: i64) {
    let args = &*frame.cast_const().cast::<SiblingArgs>();
    let first = frame.cast_const().cast::<u8>().add(size_of::<SiblingArgs>()).cast::<SiblingPart>();
    let parts = std::slice::from_raw_parts(first, args.parts as usize);
    if args.block > 0 {
        let mut from = start;
        while from < end {
            let to = end.min(from + args.block);
            for part in parts {
                (part.body)(ctx, part.frame, from, to);
            }
            from = to;
        }
        return;
    }
    let mut before = 0;
    for part in parts {
        let [from, to] = [start, end].map(|unit| (unit - before).clamp(0, part.units));
        if from < to {
            (part.body)(ctx, part.frame, from, to);
        }
        before += part.units;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::undocumented_unsafe_blocks, reason = "a test keeps what it points to alive")]

    use super::*;
    use crate::unread_mark;

    /// Notes its number, the first word of its frame, for each unit in the log that is the second.
    unsafe extern "C" fn note(_: *mut Context, frame: *mut i64, start: i64, end: i64) {
        unsafe {
            let log = &mut *(*frame.add(1) as *mut Vec<(i64, i64)>);
            log.extend((start..end).map(|unit| (*frame, unit)));
        }
    }

    unsafe extern "C" fn parallel(_: *mut Context, _: crate::ParallelBody, _: *mut i64, _: i64, _: i64) {}

    fn log(block: i64, units: [i64; 3], ranges: &[(i64, i64)]) -> Vec<(i64, i64)> {
        #[repr(C)]
        struct Frame(SiblingArgs, [SiblingPart; 3]);
        let mut log: Vec<(i64, i64)> = Vec::new();
        let at = &raw mut log as i64;
        let mut frames = [[0, at], [1, at], [2, at]];
        let parts = [0, 1, 2].map(|part: usize| SiblingPart {
            body: note,
            frame: frames[part].as_mut_ptr(),
            units: units[part],
        });
        let mut frame = Frame(SiblingArgs { parts: 3, block }, parts);
        let mut context = Context {
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
        for (start, end) in ranges {
            unsafe { run(&raw mut context, (&raw mut frame).cast(), *start, *end) };
        }
        log
    }

    #[test]
    fn units_of_all_parts_follow_each_other() {
        let whole = log(0, [2, 0, 3], &[(0, 5)]);
        assert_eq!(whole, [(0, 0), (0, 1), (2, 0), (2, 1), (2, 2)]);
        assert_eq!(log(0, [2, 0, 3], &[(0, 1), (1, 4), (4, 5)]), whole);
    }

    #[test]
    fn of_a_chain_each_block_is_done_by_all_parts_before_the_next() {
        let found = log(2, [3, 3, 3], &[(0, 3)]);
        let expected = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1), (0, 2), (1, 2), (2, 2)];
        assert_eq!(found, expected);
    }
}
