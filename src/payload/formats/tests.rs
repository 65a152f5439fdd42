//! The documented messages of each service, as the orders that they are here: see
//! `tests/fixtures/formats`.

use std::fmt::Write;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::domain::format::SellWhileFlat;
use crate::domain::signal::{Signal, Size};
use crate::payload::{Reading, read, read_with_origins, statements};

#[derive(Deserialize)]
struct Fixture {
    source: String,
    examples: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    message: String,
    /// The order, where it makes one.
    order: Option<String>,
    /// The order where the webhook lets a sale open a short position, if that is another one.
    short: Option<String>,
    /// The field that the error names, where it makes none.
    error: Option<String>,
    /// The code of a warning that it has.
    warns: Option<String>,
}

const FIXTURES: [(Format, &str); 7] = [
    (
        Format::TradersPost,
        include_str!("../../../tests/fixtures/formats/traderspost.json"),
    ),
    (
        Format::ThreeCommas,
        include_str!("../../../tests/fixtures/formats/3commas.json"),
    ),
    (
        Format::SignalStack,
        include_str!("../../../tests/fixtures/formats/signalstack.json"),
    ),
    (
        Format::PickMyTrade,
        include_str!("../../../tests/fixtures/formats/pickmytrade.json"),
    ),
    (
        Format::WunderTrading,
        include_str!("../../../tests/fixtures/formats/wundertrading.json"),
    ),
    (
        Format::Alertatron,
        include_str!("../../../tests/fixtures/formats/alertatron.json"),
    ),
    (
        Format::Text,
        include_str!("../../../tests/fixtures/formats/text.json"),
    ),
];

fn fixtures() -> Vec<(Format, Fixture)> {
    let read = |(format, text): &(Format, &str)| (*format, serde_json::from_str(text).unwrap());
    FIXTURES.iter().map(read).collect()
}

/// An order in words.
fn in_words(signal: &Signal) -> String {
    let mut text = statements::in_words(signal);
    let mut add = |part: String| write!(text, " {part}").unwrap();
    if let Some(time) = signal.metadata.timestamp {
        add(format!("time {time}"));
    }
    if let Some(target) = signal.profit_target {
        add(format!("target {target}"));
    }
    if let Some(stop) = signal.stop_loss {
        add(format!("stop {}", stop.stop_price));
        if let Some(limit) = stop.limit_price {
            add(format!("limit {limit}"));
        }
    }
    let stated = signal.stated_position;
    for (word, size) in [("before", stated.previous), ("after", stated.new)] {
        if let Some(size) = size {
            add(format!("{word} {}", size.normalize()));
        }
    }
    if let Some(side) = stated.side {
        add(format!("then {side}"));
    }
    if signal.closes_opposite {
        add("closes opposite".to_owned());
    }
    text
}

fn rules(sell_while_flat: SellWhileFlat) -> ReadingRules {
    ReadingRules {
        sell_while_flat,
        ..ReadingRules::AUTO
    }
}

#[test]
fn what_services_document_is_the_order_that_they_mean() {
    for (format, fixture) in fixtures() {
        assert!(!fixture.source.is_empty());
        for example in &fixture.examples {
            let message = &example.message;
            let found = read(message.as_bytes(), rules(SellWhileFlat::Nothing));
            assert_eq!(found.format, format, "{message}");
            match (&found.signal, &example.order, &example.error) {
                (Ok(parsed), Some(order), None) => {
                    assert_eq!(in_words(&parsed.signal), *order, "{message}");
                    let codes = parsed.warnings.iter().map(|warning| warning.code.as_str());
                    let codes: Vec<&str> = codes.collect();
                    let warned = example.warns.as_deref();
                    assert!(
                        warned.is_none_or(|code| codes.contains(&code)),
                        "{codes:?} {message}"
                    );
                    assert!(
                        !codes.contains(&"other_name"),
                        "{:?} {message}",
                        parsed.warnings
                    );
                }
                (Err(error), None, Some(field)) => {
                    assert_eq!(
                        error.field.as_deref(),
                        Some(field.as_str()),
                        "{error:?} {message}"
                    );
                    assert!(!error.hint.is_empty(), "{error:?}");
                }
                (outcome, ..) => panic!("{outcome:?} of {message}"),
            }
            let short = read(message.as_bytes(), rules(SellWhileFlat::Short));
            let expected = example.short.as_ref().or(example.order.as_ref());
            if let (Ok(parsed), Some(order)) = (&short.signal, expected) {
                assert_eq!(in_words(&parsed.signal), *order, "{message}");
            }
        }
    }
}

/// A message is read the same whether its format was found or is set: what is derived again
/// is derived by the format that was found.
#[test]
fn a_format_that_is_set_reads_as_the_one_that_is_found() {
    for (format, fixture) in fixtures() {
        for example in &fixture.examples {
            let message = example.message.as_bytes();
            for sell in [SellWhileFlat::Nothing, SellWhileFlat::Short] {
                let (found, fields) = read_with_origins(message, rules(sell));
                let (set, set_fields) = read_with_origins(message, rules(sell).in_format(format));
                assert_eq!(fields, set_fields, "{}", example.message);
                let said = |read: Reading| read.signal.map(|read| (read.signal, read.warnings));
                let found = said(found);
                assert_eq!(found, said(set), "{}", example.message);
                // As it is when it arrives, where nobody asks for origins.
                assert_eq!(found, said(read(message, rules(sell))));
            }
        }
    }
}

#[test]
fn every_field_of_an_order_has_its_origin() {
    for (_, fixture) in fixtures() {
        for example in fixture
            .examples
            .iter()
            .filter(|example| example.order.is_some())
        {
            let (_, fields) = read_with_origins(example.message.as_bytes(), ReadingRules::AUTO);
            for origin in &fields {
                let is_told = origin.from.is_some() || origin.note.is_some();
                assert!(is_told, "{origin:?} {}", example.message);
            }
            let has = |field: &str| fields.iter().any(|origin| origin.field == field);
            assert!(has("ticker") && has("positionDirection") && has("orderType"));
            assert!(has("qty") || has("notional"), "{}", example.message);
        }
    }
}

#[test]
fn a_distance_is_named_as_the_origin_of_its_price() {
    let message = r#"{"ticker":"AMD","action":"buy","quantity":1,"price":100,"takeProfit":{"percent":10},"stopLoss":{"stopPrice":95}}"#;
    let (_, fields) = read_with_origins(message.as_bytes(), ReadingRules::AUTO);
    for (field, from, stated) in [
        ("profitTarget", "takeProfit.percent", "10"),
        ("stopLoss", "stopLoss.stopPrice", "95"),
    ] {
        let mut all = fields.iter();
        let origin = all.find(|origin| origin.field == field).unwrap();
        assert_eq!(origin.from.as_deref(), Some(from), "{origin:?}");
        assert_eq!(origin.stated.as_deref(), Some(stated), "{origin:?}");
    }
}

#[test]
fn the_field_of_a_key_is_not_called_unused() {
    for message in [
        r#"{"secret":"K","ticker":"AMD","action":"buy","quantity":1,"price":100}"#,
        r#"{"password":"K","symbol":"AMD","action":"buy","quantity":1,"price":100}"#,
        r#"{"token":"K","ticker":"AMD","direction":"long","qty":1,"marketPrice":100}"#,
    ] {
        let found = read(message.as_bytes(), ReadingRules::AUTO);
        assert_eq!(found.signal.unwrap().warnings, [], "{message}");
    }
}

/// No message that was ours before there were other formats is read as another one's.
#[test]
fn a_message_with_our_key_or_names_stays_ours() {
    for message in [
        r#"{"auth_key":"x","ticker":"AMD","action":"buy","sentiment":"bullish","quantity":1,"price":10}"#,
        r#"{"auth_key":"x","symbol":"AMD","action":"sell","quantity":1,"price":10}"#,
        r#"{"ticker":"AMD","action":"sell","qty":1,"marketPrice":10}"#,
        r#"{"ticker":"AMD","direction":"long","price":10}"#,
        r#"{"symbol":"AMD","side":"buy","size":1,"price":10}"#,
        r#"{"ticker":"AMD","price":10}"#,
        "{}",
    ] {
        let found = read(message.as_bytes(), ReadingRules::AUTO);
        assert_eq!(found.format, Format::Algohook, "{message}");
    }
    for text in [
        "BTC crossed 64250",
        "hello world",
        "",
        "{broken",
        "[1]",
        "\"buy 1 A at 1\"",
    ] {
        let found = read(text.as_bytes(), ReadingRules::AUTO);
        assert_eq!(found.format, Format::Algohook, "{text}");
        assert!(
            found.signal.is_err_and(|error| error.is_malformed()),
            "{text}"
        );
    }
}

#[test]
fn what_a_service_states_twice_must_be_the_same() {
    for message in [
        r#"{"ticker":"AMD","action":"buy","quantity":1,"contracts":2,"price":10}"#,
        r#"{"ticker":"AMD","symbol":"NVDA","action":"buy","quantity":1,"price":10}"#,
        r#"{"symbol":"AMD","action":"buy","quantity":1,"price":10,"Price":11}"#,
        r#"{"bot_uuid":"x","tv_instrument":"A","action":"enter_long","order":{"amount":1},"quantity":2,"trigger_price":1}"#,
        "K(A) { market(side=buy, side=sell, amount=1); } price=1",
    ] {
        let found = read(message.as_bytes(), ReadingRules::AUTO);
        let error = found.signal.expect_err(message);
        assert!(
            matches!(error.code.as_ref(), "contradiction" | "duplicate_field"),
            "{message}: {error:?}"
        );
    }
}

proptest! {
    /// A quantity that another service's message states is the order's, or there is none.
    #[test]
    fn no_format_makes_an_order_of_a_default(
        quantity in prop_oneof![
            (1_u32..500).prop_map(|number| number.to_string()),
            Just("0".to_owned()), Just("NaN".to_owned()), Just("x".to_owned()), Just("-2".to_owned()),
            Just("{{strategy.order.contracts}}".to_owned()),
        ],
        name in prop::sample::select(vec!["quantity", "Quantity", "QTY", "contracts", "size"]),
    ) {
        for message in [
            format!(r#"{{"symbol":"A","action":"buy","{name}":"{quantity}","price":10}}"#),
            format!(r#"{{"ticker":"A","action":"buy","{name}":"{quantity}","price":10}}"#),
            format!(r#"{{"bot_uuid":"x","tv_instrument":"A","action":"enter_long","order":{{"amount":"{quantity}"}},"trigger_price":1}}"#),
            format!("K(A) {{ market(side=buy, amount={quantity}); }} price=10"),
            format!("buy {quantity} A at 10"),
        ] {
            let Ok(parsed) = read(message.as_bytes(), ReadingRules::AUTO).signal else { continue };
            let expected = quantity.parse().map(Size::Quantity);
            prop_assert_eq!(Ok(parsed.signal.size), expected, "{}", message);
        }
    }

    #[test]
    fn no_text_panics(text in "(buy|sell|close|ENTER-LONG|K\\(A\\) \\{|flatten|\\{)?[ a-z0-9@%$._(){};=,\u{e9}-]{0,60}") {
        for format in Format::ALL {
            let found = read(text.as_bytes(), ReadingRules::AUTO.in_format(*format));
            prop_assert!(found.format != Format::Auto);
        }
    }
}
