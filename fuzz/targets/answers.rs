//! See `gateway::fuzzing::answers`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| gateway::fuzzing::answers(data));
