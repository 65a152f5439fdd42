//! No body makes the parser panic, and what it accepts `serde_json` accepts.
//!
//!     RUSTC_BOOTSTRAP=1 cargo fuzz run payload -- -max_total_time=60

#![no_main]

use algohook::payload::{Rejected, parse, parse_without_key};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    let is_json = serde_json::from_slice::<Value>(body).is_ok();
    let is_accepted = !matches!(parse(body), Err(Rejected::Malformed(_)));
    assert!(is_json || !is_accepted);
    assert!(is_json || parse_without_key(body).is_err());
});
