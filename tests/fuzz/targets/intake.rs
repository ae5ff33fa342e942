//! Fuzzes `intake`: what is done with the bytes, and what must hold, is in `bodies.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| autoscalebot_fuzz::intake::intake(bytes));
