//! No body makes the parser panic, whatever format it is read in; what it accepts as JSON
//! `serde_json` accepts; what is kept shows no key; and the same bytes are the same order.
//!
//!     RUSTC_BOOTSTRAP=1 cargo fuzz run payload -- -max_total_time=60

#![no_main]

use algohook::domain::format::{Format, ReadingRules, SellWhileFlat};
use algohook::payload::{parse, parse_without_key, read};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    let is_json = serde_json::from_slice::<Value>(body).is_ok();
    assert!(is_json || parse_without_key(body).is_err());
    for format in Format::ALL {
        for sell_while_flat in SellWhileFlat::ALL {
            let rules = ReadingRules {
                format: *format,
                sell_while_flat: *sell_while_flat,
            };
            check(body, rules, is_json);
        }
    }
});

fn check(body: &[u8], rules: ReadingRules, is_json: bool) {
    let parsed = parse(body, rules);
    let found = read(body, rules);
    assert!(found.format != Format::Auto);
    let is_of_text = matches!(
        found.format,
        Format::Text | Format::Alertatron | Format::WunderTrading
    );
    assert!(is_json || is_of_text || found.signal.is_err());
    let again = read(body, rules.in_format(found.format));
    let signal = |read: algohook::payload::Reading| read.signal.map(|parsed| parsed.signal);
    assert_eq!(found.format, again.format);
    let (first, again) = (signal(found), signal(again));
    assert_eq!(first, again, "the format that was found reads the same");
    if let (Ok(alert), Ok(signal)) = (parsed, first) {
        assert_eq!(alert.signal.map(|parsed| parsed.signal), Ok(signal));
    }
}
