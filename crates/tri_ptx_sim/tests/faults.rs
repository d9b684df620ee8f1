//! What the simulator computes, and what it refuses.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use tri_ptx_sim::{Fault, Gpu, Module, SimError};

/// A kernel of one pointer whose body begins with the pointer in `%rd1`, the thread in `%r1`, the block in `%r2`, and the address of
/// the thread's word in `%rd3`.
fn kernel(body: &str) -> Module {
    let text = format!(
        "
.version 7.0
.target sm_80
.address_size 64

\t// .globl k
.visible .entry k(
\t.param .u64 .ptr .global .align 16 k_param_0
)
.maxntid 64
{{
\t.reg .b32 %r<9>;
\t.shared .align 16 .b8 words[256];
// %bb.0:
\tld.param.b64 \t%rd1, [k_param_0];
\tmov.u32 \t%r1, %tid.x;
\tmov.u32 \t%r2, %ctaid.x;
\tmul.wide.u32 \t%rd2, %r1, 4;
\tadd.s64 \t%rd3, %rd1, %rd2;
{body}
\tret;
}}
"
    );
    Module::parse(&text).unwrap()
}

/// Runs blocks of 64 threads over `bytes` bytes that count up from 0.
fn run(body: &str, blocks: u32, bytes: usize) -> Result<Vec<u8>, Fault> {
    let module = kernel(body);
    let mut gpu = Gpu::default();
    let memory = gpu.allocate(bytes);
    let values: Vec<u8> = (0..bytes).map(|byte| byte as u8).collect();
    gpu.write(memory, &values).unwrap();
    match gpu.launch(&module, "k", [blocks, 64], &[memory], &[memory]) {
        Ok(()) => Ok(gpu.read(memory, bytes).unwrap()),
        Err(SimError::Fault { fault, .. }) => Err(fault),
        Err(error) => panic!("{error}"),
    }
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
}

#[test]
fn threads_have_words_of_their_own() {
    let found = run("\tst.global.b32 \t[%rd3], %r1;", 1, 256).unwrap();
    assert_eq!(words(&found), (0..64).collect::<Vec<u32>>());
}

#[test]
fn branches_and_guards_are_followed() {
    let body = "
\tsetp.lt.u32 \t%p1, %r1, 3;
\t@%p1 bra \t$L__BB0_2;
\tbra.uni \t$L__BB0_1;
$L__BB0_2:                              // %b2
\tmov.b32 \t%r3, 7;
\tst.global.b32 \t[%rd3], %r3;
$L__BB0_1:";
    assert_eq!(&words(&run(body, 1, 256).unwrap())[..4], [7, 7, 7, 0x0f0e_0d0c]);
}

#[test]
fn lanes_exchange_what_they_hold() {
    let body = "
\tshfl.sync.bfly.b32 \t%r3, %r1, 8, 31, -1;
\tst.global.b32 \t[%rd3], %r3;";
    assert_eq!(&words(&run(body, 1, 256).unwrap())[..9], [8, 9, 10, 11, 12, 13, 14, 15, 0]);
}

#[test]
fn an_access_outside_its_memory_is_found() {
    assert!(matches!(
        run("\tst.global.b32 \t[%rd3+4], %r1;", 1, 256),
        Err(Fault::OutOfBounds { bytes: 4, .. })
    ));
    assert!(matches!(run("\tld.global.b32 \t%r3, [%rd1+-4];", 1, 256), Err(Fault::OutOfBounds { .. })));
    assert!(matches!(run("\tld.global.b32 \t%r3, [%rd1+2];", 1, 256), Err(Fault::Misaligned { .. })));
    assert!(matches!(
        run("\tld.global.v4.b32 \t{%r3, %r4, %r5, %r6}, [%rd1+8];", 1, 256),
        Err(Fault::Misaligned { .. })
    ));
}

#[test]
fn threads_that_meet_at_a_byte_race() {
    assert!(matches!(run("\tst.global.b32 \t[%rd1], %r1;", 1, 4), Err(Fault::Race { .. })), "two writes");
    assert!(
        matches!(run("\tst.global.b32 \t[%rd3], %r1;", 2, 256), Err(Fault::Race { .. })),
        "of two blocks"
    );
    let neighbour = "
\tld.global.b32 \t%r3, [%rd1];
\tst.global.b32 \t[%rd3], %r1;";
    assert!(matches!(run(neighbour, 1, 256), Err(Fault::Race { .. })), "a write and reads");
    let later = "
\txor.b32 \t%r4, %r1, 63;
\tmul.wide.u32 \t%rd4, %r4, 4;
\tadd.s64 \t%rd5, %rd1, %rd4;
\tld.global.b32 \t%r3, [%rd5];
\tst.global.b32 \t[%rd3], %r1;";
    assert!(matches!(run(later, 1, 256), Err(Fault::Race { .. })), "a read and a write");
}

#[test]
fn bytes_of_a_word_are_told_apart() {
    // A thread has its word, then its byte of it, or the byte of a word that another had.
    let body = |byte: &str| {
        format!(
            "
\tst.global.b32 \t[%rd3], %r1;
\tld.global.b32 \t%r3, [%rd3];
\tadd.s32 \t%r4, %r3, 1;
\tst.global.b8 \t[{byte}], %r4;"
        )
    };
    let found = run(&body("%rd3+1"), 1, 256).unwrap();
    assert_eq!(words(&found)[2], 2 + (3 << 8));
    assert!(matches!(run(&body("%rd3+4"), 1, 260), Err(Fault::Race { .. })));
    // Bytes beside each other are no race, one of them twice is.
    let bytes = |last: u32| {
        format!(
            "
\tmin.u32 \t%r3, %r1, {last};
\tcvt.u64.u32 \t%rd4, %r3;
\tadd.s64 \t%rd5, %rd1, %rd4;
\tst.global.b8 \t[%rd5], %r1;"
        )
    };
    let found = run(&bytes(63), 1, 64).unwrap();
    assert_eq!(found, (0..64).collect::<Vec<u8>>());
    assert!(matches!(run(&bytes(62), 1, 64), Err(Fault::Race { other: 62, .. })));
}

#[test]
fn lanes_that_parted_meet_again() {
    // Odd lanes go another way, round a loop as often as their number says, and all exchange after it.
    let body = "
\tmov.b32 \t%r3, 0;
\tand.b32 \t%r4, %r1, 1;
\tsetp.eq.u32 \t%p1, %r4, 0;
\t@%p1 bra \t$L__BB0_2;
$L__BB0_1:
\tadd.s32 \t%r3, %r3, 1;
\tsetp.lt.u32 \t%p2, %r3, %r1;
\t@%p2 bra \t$L__BB0_1;
$L__BB0_2:
\tshfl.sync.bfly.b32 \t%r5, %r3, 1, 31, -1;
\tst.global.b32 \t[%rd3], %r5;";
    let expected = (0..64).map(|thread: u32| if thread.is_multiple_of(2) { thread + 1 } else { 0 });
    assert_eq!(words(&run(body, 1, 256).unwrap()), expected.collect::<Vec<u32>>());
}

#[test]
fn a_warp_barrier_orders_the_lanes_of_its_mask() {
    // Lanes 0 to 7 alone meet, and each reads the word of one of them or of one that they did not meet.
    let body = |by: u32| {
        format!(
            "
\tst.global.b32 \t[%rd3], %r1;
\tsetp.gt.u32 \t%p1, %r1, 7;
\t@%p1 bra \t$L__BB0_1;
\tbar.warp.sync \t255;
\txor.b32 \t%r4, %r1, {by};
\tmul.wide.u32 \t%rd4, %r4, 4;
\tadd.s64 \t%rd5, %rd1, %rd4;
\tld.global.b32 \t%r5, [%rd5];
$L__BB0_1:"
        )
    };
    assert!(run(&body(7), 1, 256).is_ok());
    assert!(matches!(run(&body(8), 1, 256), Err(Fault::Race { .. })));
}

#[test]
fn a_barrier_orders_what_threads_do() {
    let body = |barrier: &str| {
        format!(
            "
\tmov.b64 \t%rd6, words;
\tadd.s64 \t%rd7, %rd6, %rd2;
\tst.shared.b32 \t[%rd7], %r1;
{barrier}
\txor.b32 \t%r4, %r1, 63;
\tmul.wide.u32 \t%rd4, %r4, 4;
\tadd.s64 \t%rd8, %rd6, %rd4;
\tld.shared.b32 \t%r5, [%rd8];
\tst.global.b32 \t[%rd3], %r5;"
        )
    };
    let found = run(&body("\tbar.sync \t0;"), 1, 256).unwrap();
    assert_eq!(words(&found), (0..64).rev().collect::<Vec<u32>>());
    assert!(run(&body(""), 1, 256).is_err());
    // A warp's barrier does not reach the other warp.
    assert!(matches!(
        run(&body("\tbar.warp.sync \t-1;"), 1, 256),
        Err(Fault::Race { .. } | Fault::Unwritten { .. })
    ));
}

#[test]
fn lanes_that_never_come_are_missed() {
    let body = "
\tsetp.eq.u32 \t%p1, %r1, 5;
\t@%p1 bra \t$L__BB0_1;
\tbar.warp.sync \t-1;
$L__BB0_1:";
    assert_eq!(run(body, 1, 256), Err(Fault::Deadlock));
}

#[test]
fn memory_without_value_and_memory_to_read_are_kept_apart() {
    let mut gpu = Gpu::default();
    let memory = gpu.allocate(256);
    let load = kernel("\tld.global.b32 \t%r3, [%rd3];");
    let fault = |result| match result {
        Err(SimError::Fault { fault, .. }) => fault,
        other => panic!("{other:?}"),
    };
    assert!(matches!(fault(gpu.launch(&load, "k", [1, 64], &[memory], &[])), Fault::Unwritten { .. }));
    let store = kernel("\tst.global.b32 \t[%rd3], %r1;");
    assert!(matches!(fault(gpu.launch(&store, "k", [1, 64], &[memory], &[])), Fault::ReadOnly { .. }));
    assert_eq!(gpu.launch(&store, "k", [1, 64], &[memory], &[memory]), Ok(()));
    assert_eq!(gpu.launch(&load, "k", [1, 64], &[memory], &[]), Ok(()));
    assert_eq!(gpu.launch(&load, "j", [1, 64], &[memory], &[]), Err(SimError::NoKernel("j".to_owned())));
}

#[test]
fn what_we_do_not_emit_is_not_read() {
    let error = Module::parse(".visible .entry k(\n)\n{\n\tadd.f32 \t%r1, %r2, %r3;\n}\n");
    let error = error.map_err(|error| error.to_string());
    assert_eq!(error, Err("line 4: no instruction of ours: `add.f32 \t%r1, %r2, %r3;`".to_owned()));
}

/// Sixteen threads copy 16 bytes each to shared memory, the last 8 of them as zeros; then all threads read a word of it.
fn copied(wait: &str) -> Result<Vec<u8>, Fault> {
    let body = format!(
        "
\tsetp.lt.u32 \t%p1, %r1, 16;
\tmul.wide.u32 \t%rd4, %r1, 16;
\tmov.b64 \t%rd5, words;
\tadd.s64 \t%rd6, %rd5, %rd4;
\tadd.s64 \t%rd7, %rd1, %rd4;
\t@%p1 cp.async.cg.shared.global [%rd6], [%rd7], 16, 8;
\tcp.async.commit_group;
{wait}
\tadd.s64 \t%rd8, %rd5, %rd2;
\tld.shared.b32 \t%r3, [%rd8];
\tst.global.b32 \t[%rd3], %r3;"
    );
    run(&body, 1, 256)
}

#[test]
fn a_copy_is_there_once_it_was_waited_for() {
    let found = copied("\tcp.async.wait_group \t0;\n\tbar.sync \t0;").unwrap();
    for (at, byte) in found.into_iter().enumerate() {
        assert_eq!(byte, if at % 16 < 8 { at as u8 } else { 0 }, "byte {at}");
    }
    assert!(matches!(copied("\tbar.sync \t0;"), Err(Fault::Unwritten { .. })));
    assert!(matches!(copied("\tcp.async.wait_group \t1;\n\tbar.sync \t0;"), Err(Fault::Unwritten { .. })));
    assert!(matches!(copied("\tcp.async.wait_group \t0;"), Err(Fault::Race { .. })));
}

#[test]
fn an_instruction_may_take_several_lines() {
    // Sixteen products of ones, and the number of the thread.
    let body = "
\tmov.b32 \t%r3, 0x01010101;
\tmov.b32 \t%r4, 0;
\tmma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32
\t\t{%r5, %r6, %r7, %r8},
\t\t{%r3, %r3, %r3, %r3},
\t\t{%r3, %r4},
\t\t{%r1, %r4, %r4, %r4};
\tst.global.b32 \t[%rd3], %r5;";
    let found = words(&run(body, 1, 256).unwrap());
    assert_eq!(found, (0..64).map(|thread| thread + 16).collect::<Vec<u32>>());
}
