#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::look_into_image(data));
