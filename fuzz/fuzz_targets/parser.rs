#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tri_fuzz::parser(input));
