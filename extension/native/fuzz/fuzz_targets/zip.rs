#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::look_inside(b"PK\x03\x04", data));
