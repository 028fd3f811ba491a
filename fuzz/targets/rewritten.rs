//! See `gateway::fuzzing::rewritten`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| gateway::fuzzing::rewritten(data));
