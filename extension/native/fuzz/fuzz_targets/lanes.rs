#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::mix_lanes(data));
