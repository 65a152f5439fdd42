//! Behaviour of the parser as its callers see it.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::domain::signal::{Direction, Intent, OrderType, Size, Trail};

const KEY: &str = "Abcdefgh1234567890ABCDEFGHijklmn";

/// A valid alert with further fields, written as in JSON.
fn alert(fields: &str) -> String {
    format!(r#"{{"auth_key":"{KEY}","ticker":"AAPL",{fields}}}"#)
}

fn outcome(body: &str) -> Result<Box<Parsed>, PayloadError> {
    parse(body.as_bytes(), ReadingRules::AUTO).unwrap().signal
}

fn signal(fields: &str) -> Signal {
    outcome(&alert(fields))
        .unwrap_or_else(|error| panic!("{fields}: {error}"))
        .signal
}

fn error(fields: &str) -> PayloadError {
    outcome(&alert(fields)).expect_err(fields)
}

fn warnings(fields: &str) -> Vec<String> {
    let parsed = outcome(&alert(fields)).unwrap();
    let texts = parsed.warnings.into_iter();
    texts
        .map(|warning| format!("{}: {}", warning.code, warning.message))
        .collect()
}

fn broken(body: impl AsRef<[u8]>) -> Malformed {
    match parse(body.as_ref(), ReadingRules::AUTO) {
        Err(malformed) => *malformed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_standard_template_becomes_a_signal() {
    let signal = signal(
        r#""positionDirection":"entryLong","orderType":"market","qty":100,"marketPrice":150.25,
        "metadata":{"timestamp":"2026-01-05T14:30:00Z","strategy":"My Strategy","signal":"Buy Signal"}"#,
    );
    assert_eq!(signal.ticker.as_str(), "AAPL");
    assert_eq!(signal.intent, Intent::EntryLong);
    assert_eq!(signal.order_type, OrderType::Market);
    assert_eq!(signal.size, Size::Quantity("100".parse().unwrap()));
    assert_eq!(signal.intended_price.to_string(), "150.25");
    assert_eq!(signal.metadata.strategy.as_deref(), Some("My Strategy"));
    assert_eq!(
        signal.metadata.timestamp,
        Some("2026-01-05T14:30:00Z".parse().unwrap())
    );
}

#[test]
fn what_the_order_does_can_be_said_in_three_ways() {
    for (fields, expected) in [
        (r#""positionDirection":"exitShort""#, Intent::ExitShort),
        (r#""direction":"long""#, Intent::Buy),
        (r#""direction":"short","action":"sell""#, Intent::Sell),
        (r#""action":"buy","marketPosition":"long""#, Intent::Buy),
        (r#""positionDirection":null,"action":"sell""#, Intent::Sell),
    ] {
        let signal = signal(&format!(r#"{fields},"marketPrice":1"#));
        assert_eq!(signal.intent, expected, "{fields}");
    }
    let none = error(r#""marketPrice":1"#);
    assert_eq!(none.field.as_deref(), Some("positionDirection"));
    for way in ["positionDirection", "direction", "action"] {
        assert!(none.hint.contains(&format!("\"{way}\"")), "{}", none.hint);
    }
    let net = error(r#""positionDirection":"buy","marketPrice":1"#);
    assert_eq!(net.field.as_deref(), Some("positionDirection"));
}

#[test]
fn the_order_type_follows_from_the_prices() {
    for (prices, expected, intended) in [
        (r#""marketPrice":10"#, OrderType::Market, "10"),
        (r#""marketPrice":10,"limitPrice":9"#, OrderType::Limit, "9"),
        (r#""marketPrice":10,"stopPrice":11"#, OrderType::Stop, "11"),
        (
            r#""limitPrice":12,"stopPrice":11"#,
            OrderType::StopLimit,
            "12",
        ),
        (
            r#""marketPrice":10,"trailPercent":2"#,
            OrderType::TrailingStop,
            "10",
        ),
        (
            r#""orderType":"market","limitPrice":9"#,
            OrderType::Market,
            "9",
        ),
    ] {
        let signal = signal(&format!(r#""action":"buy",{prices}"#));
        assert_eq!(signal.order_type, expected, "{prices}");
        assert_eq!(signal.intended_price.to_string(), intended, "{prices}");
    }
    let trailing = signal(r#""action":"buy","marketPrice":10,"trailPrice":"0.5""#);
    assert_eq!(trailing.trail, Some(Trail::Price("0.5".parse().unwrap())));
}

#[test]
fn prices_at_and_below_zero_are_prices() {
    for price in ["-37.63", "0"] {
        let signal = signal(&format!(r#""action":"buy","marketPrice":{price}"#));
        assert_eq!(signal.intended_price.to_string(), price);
    }
    let spread = signal(r#""action":"buy","marketPrice":0.1,"limitPrice":"-0.35""#);
    assert_eq!(spread.intended_price.to_string(), "-0.35");
    let trail = error(r#""action":"buy","marketPrice":-1,"trailPrice":-1"#);
    assert_eq!(trail.field.as_deref(), Some("trailPrice"));
}

#[test]
fn a_number_is_kept_whole_or_refused() {
    let exact = signal(r#""action":"buy","marketPrice":1800.8000000000002,"qty":1e15"#);
    assert_eq!(exact.intended_price.to_string(), "1800.8000000000002");
    assert_eq!(
        exact.size,
        Size::Quantity("1000000000000000".parse().unwrap())
    );
    let long = error(r#""action":"buy","marketPrice":"999999999999.999999999999999999""#);
    assert_eq!(
        long.message,
        "marketPrice has more than 28 significant digits"
    );
}

#[test]
fn a_spread_is_a_ticker() {
    let spread = "NYSE:AAAA+NYSE:BBBB+NYSE:CCCC+NYSE:DDDD+NYSE:EEEE+NYSE:FFFF+NYSE:GGGG";
    let named =
        |name: &str| outcome(&alert(r#""action":"buy","marketPrice":1"#).replace("AAPL", name));
    assert_eq!(named(spread).unwrap().signal.ticker.as_str(), spread);
    assert!(named(&"x".repeat(256)).is_ok());
    assert_eq!(
        named(&"x".repeat(257)).unwrap_err().field.as_deref(),
        Some("ticker")
    );
}

#[test]
fn the_size_is_a_quantity_money_or_the_whole_position() {
    let size = |fields: &str| signal(&format!(r#""marketPrice":1,{fields}"#)).size;
    let one = Size::Quantity("1".parse().unwrap());
    assert_eq!(size(r#""positionDirection":"entryLong""#), one);
    assert_eq!(size(r#""action":"sell""#), one);
    assert_eq!(
        size(r#""positionDirection":"exitLong""#),
        Size::WholePosition
    );
    assert_eq!(
        size(r#""positionDirection":"exitLong","qty":"1e-05""#),
        Size::Quantity("0.00001".parse().unwrap())
    );
    assert_eq!(
        size(r#""direction":"long","notional":1000"#),
        Size::Notional("1000".parse().unwrap())
    );
}

#[test]
fn a_size_that_is_left_out_follows_from_the_stated_position() {
    let size = |fields: &str| signal(&format!(r#""marketPrice":1,{fields}"#)).size;
    let quantity = |text: &str| Size::Quantity(text.parse().unwrap());
    let flat = r#""action":"sell","marketPosition":"flat""#;
    assert_eq!(size(flat), Size::WholePosition);
    for (action, previous, new, expected) in [
        ("buy", ("flat", 0), ("long", 5), quantity("5")),
        ("buy", ("long", 2), ("long", 5), quantity("3")),
        ("sell", ("long", 5), ("long", 2), quantity("3")),
        ("sell", ("long", 5), ("flat", 0), quantity("5")),
        ("sell", ("long", 5), ("short", 3), quantity("8")),
    ] {
        let stated = format!(
            r#""action":"{action}","prevMarketPosition":"{}","prevMarketPositionSize":{},
            "marketPosition":"{}","marketPositionSize":{}"#,
            previous.0, previous.1, new.0, new.1
        );
        assert_eq!(size(&stated), expected, "{stated}");
    }
    let partial = r#""positionDirection":"exitLong","positionSize":2,
        "prevMarketPosition":"long","prevMarketPositionSize":5"#;
    assert_eq!(size(partial), quantity("3"));
}

#[test]
fn an_invalid_field_is_named() {
    for (fields, field) in [
        (r#""action":"buy""#, "marketPrice"),
        (r#""action":"buy","marketPrice":true"#, "marketPrice"),
        (r#""action":"buy","marketPrice":1,"qty":-1"#, "qty"),
        (
            r#""action":"buy","marketPrice":1,"qty":1,"notional":1"#,
            "notional",
        ),
        (r#""action":"hold","marketPrice":1"#, "action"),
        (r#""direction":"up","marketPrice":1"#, "direction"),
        (
            r#""action":"buy","marketPrice":1,"orderType":"limit""#,
            "limitPrice",
        ),
        (
            r#""action":"buy","limitPrice":1,"orderType":"stop_limit""#,
            "stopPrice",
        ),
        (
            r#""action":"buy","marketPrice":1,"orderType":"trailing_stop""#,
            "trailPrice",
        ),
        (
            r#""action":"buy","marketPrice":1,"trailPrice":1,"trailPercent":1"#,
            "trailPercent",
        ),
        (r#""action":"buy","trailPrice":1"#, "marketPrice"),
        (
            r#""action":"buy","marketPrice":1,"marketPosition":"up""#,
            "marketPosition",
        ),
        (
            r#""action":"buy","marketPrice":1,"marketPositionSize":-1"#,
            "marketPositionSize",
        ),
        (
            r#""action":"buy","marketPrice":1,"positionSize":[]"#,
            "positionSize",
        ),
    ] {
        let error = error(fields);
        assert!(!error.is_malformed(), "{fields}");
        assert_eq!(error.field.as_deref(), Some(field), "{fields}");
        assert!(!error.hint.is_empty(), "{fields}");
    }
    let long = format!(
        r#""action":"buy","marketPrice":1,"id":"{}""#,
        "é".repeat(129)
    );
    assert_eq!(error(&long).field.as_deref(), Some("id"));
    let just_right = format!(
        r#""action":"buy","marketPrice":1,"id":"{}""#,
        "é".repeat(128)
    );
    assert!(signal(&just_right).idempotency_key.is_some());
}

#[test]
fn a_missing_ticker_is_named_and_a_misspelt_one_recognised() {
    let body = format!(r#"{{"auth_key":"{KEY}","tikcer":"AAPL","action":"buy"}}"#);
    let error = outcome(&body).unwrap_err();
    assert_eq!(error.code, "missing_field");
    assert_eq!(error.field.as_deref(), Some("ticker"));
    assert_eq!(error.hint, r#"Rename "tikcer" to "ticker"."#);
}

#[test]
fn an_invalid_value_gets_a_hint_of_its_cause() {
    for (value, cause) in [
        (
            r#""{{strategy.order.contracts}}""#,
            "only in the alert of a strategy",
        ),
        (r#""NaN""#, "no value here"),
        (r#""na""#, "no value here"),
        (r#""1,234.5""#, "1234.5, not 1,234.5"),
        (r#""ten""#, "plain number"),
    ] {
        let error = error(&format!(r#""action":"buy","marketPrice":1,"qty":{value}"#));
        assert_eq!(error.field.as_deref(), Some("qty"), "{value}");
        assert!(error.hint.contains(cause), "{value}: {}", error.hint);
    }
    let action = error(r#""action":"{{strategy.order.action}}","marketPrice":1"#);
    assert_eq!(
        action.message,
        "action has no value: {{strategy.order.action}} was not replaced"
    );
    let ticker = outcome(&alert(r#""action":"buy""#).replace("AAPL", "{{tickr}}")).unwrap_err();
    assert!(ticker.message.contains("{{tickr}}"));
    assert!(ticker.hint.contains("spelling"));
}

#[test]
fn what_is_missing_is_said_with_what_to_rename() {
    let side = error(r#""marketPrice":1"#);
    assert_eq!(
        side.message,
        "the order's side is missing: action, direction or positionDirection"
    );
    for (fields, hint) in [
        (r#""acton":"buy""#, r#"Rename "acton" to "action"."#),
        (
            r#""postion_direction":"x""#,
            r#"Rename "postion_direction" to "positionDirection"."#,
        ),
    ] {
        let error = error(&format!(r#"{fields},"marketPrice":1"#));
        assert_eq!(error.hint, hint);
    }
    let price = error(r#""action":"buy""#);
    assert_eq!(price.code, "missing_field");
    assert_eq!(price.field.as_deref(), Some("marketPrice"));
    assert_eq!(
        price.message,
        "no price: marketPrice, limitPrice or stopPrice is needed"
    );
    for placeholder in ["{{strategy.order.price}}", "{{close}}"] {
        assert!(price.hint.contains(placeholder), "{}", price.hint);
    }
    let price = error(r#""action":"buy","limit":2"#);
    assert_eq!(price.hint, r#"Rename "limit" to "limitPrice"."#);
    let misspelt = |body: &str| parse(body.as_bytes(), ReadingRules::AUTO).unwrap().misspelt;
    let body = r#"{"ticker":"A","authKey":"x"}"#;
    assert_eq!(misspelt(body).as_deref(), Some("authKey"));
}

#[test]
fn a_field_given_twice_is_an_error_at_every_level() {
    for (fields, field) in [
        (r#""qty":1,"qty":2"#, "qty"),
        (r#""metadata":{"a":{"b":1,"\u0062":2}}"#, "metadata.a.b"),
        (r#""x":[{"y":1,"y":1}]"#, "x.y"),
    ] {
        let error = error(fields);
        assert_eq!(error.code, "duplicate_field", "{fields}");
        assert_eq!(error.field.as_deref(), Some(field), "{fields}");
        assert!(!error.is_malformed());
    }
    let many: Vec<String> = (0..40).map(|n| format!(r#""f{}":0"#, n % 39)).collect();
    assert_eq!(error(&many.join(",")).field.as_deref(), Some("f0"));
}

#[test]
fn two_auth_keys_are_no_valid_alert_and_neither_is_kept() {
    let body = alert(r#""auth\u005fkey":"Zyxwvuts""#);
    let malformed = broken(&body);
    assert_eq!(malformed.error.code, "duplicate_field");
    assert!(!malformed.error.is_malformed());
    assert_eq!(malformed.keys[0].as_str(), KEY);
    let recorded = String::from_utf8(malformed.recorded).unwrap();
    assert!(
        !recorded.contains(KEY) && !recorded.contains("Zyxwvuts"),
        "{recorded}"
    );
}

#[test]
fn an_object_without_a_key_is_told_apart_from_broken_text() {
    for body in [
        "{}",
        r#"{"auth_key":7}"#,
        r#"{"auth_key":null,"ticker":"A"}"#,
    ] {
        let alert = parse(body.as_bytes(), ReadingRules::AUTO).unwrap();
        assert!(
            alert.auth_key.is_none() && alert.misspelt.is_none(),
            "{body}"
        );
    }
    for body in ["[]", "7", "\"x\"", "null", "", "{"] {
        assert!(broken(body).error.is_malformed(), "{body}");
    }
}

#[test]
fn a_malformed_message_gets_its_place_and_the_real_cause() {
    for (body, place, cause) in [
        ("", (1, 1), "the message is empty (line 1, column 1)"),
        (" \n", (1, 1), "empty"),
        ("AAPL crossed 150", (1, 1), "plain text"),
        ("150", (1, 1), "plain text"),
        ("auth_key=abc", (1, 1), "plain text"),
        ("[{\"a\":1}]", (1, 1), "square brackets"),
        ("\"{}\"", (1, 1), "in quotes"),
        ("\u{feff}{\"a\":1}", (1, 1), "byte order mark"),
        (
            "{\u{201c}a\u{201d}: 1}",
            (1, 2),
            "the message has curly quotes (line",
        ),
        ("{\"é\": \u{201c}b\u{201d}}", (1, 7), "curly quotes"),
        ("{\"a\": \"b\u{201d},\n \"c\": 1}", (1, 9), "curly quotes"),
        ("{'a': 1}", (1, 2), "single quotes"),
        ("{\"a\": 'b'}", (1, 7), "single quotes"),
        (
            "{\"a\": 1,\n \"q\": {{strategy.order.contracts}}\n}",
            (2, 7),
            "{{strategy.order.contracts}} was not replaced (line 2, column 7) If you sent this by hand, put a number there. TradingView replaces it only in the alert of a strategy, with order fills.",
        ),
        ("{\"q\": {{clsoe}}}", (1, 7), "{{clsoe}}"),
        ("{\"q\": NaN}", (1, 7), "no value"),
        ("{\"q\": nan}", (1, 7), "no value"),
        ("{\"q\": na, \"b\": 1}", (1, 7), "no value"),
        ("{\"q\": 1,\n}", (1, 8), "Delete this comma"),
        ("{\"q\": 1\n\"r\": 2}", (2, 1), "comma is missing"),
        ("{\"q\": \"1\" \"r\": 2}", (1, 11), "comma is missing"),
        ("{\"q\": AAPL}", (1, 7), "quote is missing"),
        ("{q: 1}", (1, 2), "quote is missing"),
        ("{\"a\": 1, q\": 1}", (1, 10), "quote is missing"),
        ("{\"a: \"b\"}", (1, 7), "quote is missing"),
        ("{\"a\": \"b,\n\"c\": 1}", (1, 10), "quote is missing"),
        ("{\"a\": \"b, \"c\": 1}", (1, 12), "quote is missing"),
        ("{\"a\": \"b", (1, 9), "quote is missing"),
        ("{\"a\": \"he said \"hi\" x\"}", (1, 17), "quote inside"),
        ("{\"a\": \"one\ntwo\"}", (1, 11), "line break"),
        ("{\"q\": 1,234.5}", (1, 8), "no comma"),
        (
            "{\"q\": 1,034}",
            (1, 8),
            "a number has a thousands separator (line",
        ),
        ("{\"q\": 007}", (1, 7), "leading zeros"),
        ("{\"q\": ,\"a\": 1}", (1, 7), "a value is missing"),
        ("{\"q\": }", (1, 7), "value is missing"),
        ("{\"q\": .5}", (1, 7), "0.5"),
        ("{\"q\": True}", (1, 7), "small letters"),
        ("{\"q\" 1}", (1, 6), "colon"),
        ("{\"q\": 1", (1, 8), "stops too soon"),
        ("{\"q\": 1} extra", (1, 10), "after the closing"),
        ("{\"q\": 1, // note\n\"a\": 2}", (1, 10), "has a comment"),
        ("{\"q\": \"a\\x\"}", (1, 10), "backslash"),
        ("{\"q\":\u{a0}1}", (1, 6), "invisible"),
    ] {
        let error = broken(body).error;
        assert_eq!(
            (error.line, error.column),
            (Some(place.0), Some(place.1)),
            "{body}: {error:?}"
        );
        let told = format!("{} {}", error.message, error.hint);
        assert!(told.contains(cause), "{body}: {error:?}");
        assert!(error.hint.starts_with(char::is_uppercase), "{}", error.hint);
        assert!(error.hint.ends_with('.'), "{}", error.hint);
    }
    let latin1 = broken(b"{\"a\": \"\xe9\"}").error;
    assert!(latin1.hint.contains("UTF-8"));
    assert_eq!((latin1.line, latin1.column), (Some(1), Some(8)));
    let deep = broken("{\"a\":".to_owned() + &"[".repeat(200)).error;
    assert!(deep.hint.contains("nested"), "{deep:?}");
}

#[test]
fn the_key_is_found_in_broken_text_however_it_is_quoted() {
    for body in [
        "{\"auth_key\": \"KEY\", \"a\" 1}",
        "{\u{201c}auth_key\u{201d}: \u{201c}KEY\u{201d}}",
        "{'auth_key': 'KEY'}",
        "{auth_key: KEY}",
        "auth_key=KEY&ticker=A",
        "{\"auth_key: KEY",
        "{\"my_auth_key\": \"other\", \"auth_key\" :\n\"KEY",
        "\"{\\\"auth_key\\\": \\\"KEY\\\"}\"",
    ] {
        let malformed = broken(body.replace("KEY", KEY));
        assert_eq!(malformed.keys[0].as_str(), KEY, "{body}");
        let recorded = String::from_utf8(malformed.recorded).unwrap();
        assert_eq!(recorded, body.replace("KEY", "***"));
        assert!(!format!("{:?}", malformed.error).contains(KEY), "{body}");
    }
    for body in ["{\"auth_key\": \"\"", "auth_key is missing", "x"] {
        assert_eq!(broken(body).keys, [], "{body}");
    }
}

#[test]
fn every_key_that_broken_text_shows_is_found() {
    let body = r#"{"comment":"auth_key: zzz","auth_key":"KEY",}"#.replace("KEY", KEY);
    let keys = broken(&body).keys;
    let keys: Vec<_> = keys.iter().map(PresentedKey::as_str).collect();
    assert_eq!(keys, ["zzz", KEY]);
}

#[test]
fn a_key_is_hidden_however_its_letters_are_written() {
    let escape = |text: String, byte| text + &format!("\\u{byte:04X}");
    let escaped = KEY.bytes().fold(String::new(), escape);
    let body = format!(r#"{{"comment":"{escaped}","signal":"\u0041{KEY}\u12"}}"#);
    let hidden = String::from_utf8(redact(body.into_bytes(), KEY)).unwrap();
    assert_eq!(hidden, r#"{"comment":"***","signal":"\u0041***\u12"}"#);

    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let hidden = redact(wide(&format!("x{KEY}y")), KEY);
    let is_there = |part: char| hidden.windows(2).any(|two| two == [part as u8, 0]);
    assert!(hidden.windows(3).any(|three| three == b"***"));
    assert!(
        is_there('x') && is_there('y') && !is_there('K'),
        "{hidden:?}"
    );
}

#[test]
fn the_key_is_shown_nowhere() {
    let body = alert(&format!(
        r#""{KEY}":1,"action":"buy","marketPrice":1,"comment":"{KEY}""#
    ));
    let alert = parse(body.as_bytes(), ReadingRules::AUTO).unwrap();
    assert!(!format!("{:?}", (&alert.auth_key, &alert.signal)).contains(KEY));
    let recorded = redact(alert.recorded, KEY);
    assert_eq!(
        String::from_utf8(recorded).unwrap(),
        body.replace(KEY, "***")
    );
    assert_eq!(
        hide_keys(b"{\"auth_key\":\"abc\"}"),
        b"{\"auth_key\":\"***\"}"
    );
}

#[test]
fn an_escaped_key_is_read_and_hidden() {
    let body = br#"{"auth_key": "\u0041bc" , "ticker":"A"}"#;
    let alert = parse(body, ReadingRules::AUTO).unwrap();
    assert_eq!(alert.auth_key.unwrap().as_str(), "Abc");
    assert_eq!(alert.recorded, br#"{"auth_key": "***" , "ticker":"A"}"#);
}

#[test]
fn a_side_without_a_size_is_kept() {
    for (fields, side, new) in [
        (r#""marketPosition":"long""#, Some(Direction::Long), None),
        (r#""marketPosition":"short""#, Some(Direction::Short), None),
        (r#""marketPosition":"flat""#, None, Some("0")),
        (
            r#""marketPosition":"long","positionSize":2,"qty":1"#,
            None,
            Some("2"),
        ),
    ] {
        let fields = format!(r#""action":"sell","marketPrice":1,{fields}"#);
        let stated = signal(&fields).stated_position;
        let size = stated.new.map(|new| new.to_string());
        assert_eq!((stated.side, size.as_deref()), (side, new), "{fields}");
    }
}

#[test]
fn the_stated_position_is_signed() {
    for (fields, new, previous) in [
        (
            r#""marketPosition":"long","marketPositionSize":3,"qty":3"#,
            Some("3"),
            None,
        ),
        (
            r#""marketPosition":"short","marketPositionSize":"3","qty":1"#,
            Some("-3"),
            None,
        ),
        (
            r#""marketPosition":"flat","prevMarketPosition":"short","prevMarketPositionSize":2"#,
            Some("0"),
            Some("-2"),
        ),
        (
            r#""positionSize":-1.5,"marketPosition":"short","marketPositionSize":1.5,"qty":1"#,
            Some("-1.5"),
            None,
        ),
        (r#""marketPosition":"long""#, None, None),
    ] {
        let fields = format!(r#""action":"buy","marketPrice":1,{fields}"#);
        let stated = signal(&fields).stated_position;
        assert_eq!(
            stated.new.map(|n| n.to_string()).as_deref(),
            new,
            "{fields}"
        );
        assert_eq!(
            stated.previous.map(|n| n.to_string()).as_deref(),
            previous,
            "{fields}"
        );
        assert_eq!(warnings(&fields), Vec::<String>::new());
    }
}

#[test]
fn a_timestamp_is_read_in_every_usual_form() {
    let expected = "2026-01-05T14:30:00Z".parse().unwrap();
    for text in [
        r#""2026-01-05T14:30:00Z""#,
        r#""2026-01-05T16:30:00+02:00""#,
        r#""2026-01-05T14:30:00""#,
        r#""2026-01-05 14:30:00.000""#,
        "1767623400",
        "1767623400000",
        r#""1767623400""#,
        r#""1767623400000""#,
        r#""1767623400.0""#,
    ] {
        let fields = format!(r#""action":"buy","marketPrice":1,"metadata":{{"timestamp":{text}}}"#);
        assert_eq!(signal(&fields).metadata.timestamp, Some(expected), "{text}");
    }
    for text in [r#""{{timenow}}""#, r#""soon""#, "-5", "1", "true", "[]"] {
        let fields = format!(r#""action":"buy","marketPrice":1,"metadata":{{"timestamp":{text}}}"#);
        assert_eq!(signal(&fields).metadata.timestamp, None);
        assert!(
            warnings(&fields)[0].starts_with("unreadable_timestamp"),
            "{text}"
        );
    }
}

#[test]
fn unknown_fields_share_one_warning_with_guesses() {
    let unknown = warnings(r#""action":"buy","marketPrice":1,"limitPrise":2,"stop":3,"foo":4"#);
    assert_eq!(
        unknown,
        [
            "unknown_field: kept with the event, but not used: limitPrise (did you mean limitPrice?), stop (did you mean stopPrice?), foo"
        ]
    );
    let known =
        r#""action":"buy","marketPrice":1,"metadata":{"interval":"5","confidence":0.9,"mine":{}}"#;
    assert!(warnings(known).is_empty());
}

#[test]
fn a_placeholder_in_free_text_is_only_a_warning() {
    let fields = r#""action":"buy","marketPrice":1,"id":"{{foo}}","metadata":{"comment":"{{strategy.order.comment}}"}"#;
    let warnings = warnings(fields);
    assert_eq!(warnings.len(), 2);
    assert!(
        warnings
            .iter()
            .all(|warning| warning.starts_with("placeholder: "))
    );
    assert_eq!(signal(fields).idempotency_key, None);
}

#[test]
fn brackets_are_read_flat_or_nested() {
    let nested = signal(
        r#""action":"buy","marketPrice":10,"takeProfit":{"limitPrice":12},"stopLoss":{"stopPrice":9,"limitPrice":8.5}"#,
    );
    assert_eq!(nested.profit_target, Some("12".parse().unwrap()));
    let stop_loss = nested.stop_loss.unwrap();
    assert_eq!(stop_loss.stop_price, "9".parse().unwrap());
    assert_eq!(stop_loss.limit_price, Some("8.5".parse().unwrap()));
    let flat = signal(r#""action":"buy","marketPrice":10,"profitTarget":12,"stopLossTarget":9"#);
    assert_eq!(flat.profit_target, nested.profit_target);
    assert_eq!(flat.stop_loss.unwrap().stop_price, stop_loss.stop_price);
}

#[test]
fn an_owner_needs_no_key() {
    let body =
        br#"{"ticker":"A","action":"buy","marketPrice":1,"metadata":{"timestamp":1767623400}}"#;
    assert!(parse_without_key(body).unwrap().warnings.is_empty());
    assert!(parse_without_key(alert(r#""action":"buy","marketPrice":1"#).as_bytes()).is_ok());
    assert!(parse_without_key(b"{").unwrap_err().is_malformed());
}

#[test]
fn an_error_is_shown_without_empty_fields() {
    let shown = serde_json::to_value(error(r#""marketPrice":1"#)).unwrap();
    let names: Vec<_> = shown.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["code", "field", "hint", "message"]);
}

#[test]
fn serde_jsons_own_reserved_name_is_refused() {
    let body = alert(r#""x":{"$serde_json::private::RawValue":"{"}"#);
    assert!(serde_json::from_str::<Value>(&body).is_err());
    assert!(broken(&body).error.is_malformed());
}

/// A valid alert with one piece of it replaced by other bytes.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let body = alert(
        r#""action":"buy","qty":"1.5","marketPrice":150.25,"stopLoss":{"stopPrice":1e2},"metadata":{"timestamp":"2026-01-05T14:30:00Z","comment":"caf\u00e9 {{x}}"}"#,
    )
    .into_bytes();
    let pieces = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        "[{}\\[\\]\",:'\\\\0-9a-zé“”\n]{0,4}".prop_map(String::into_bytes),
    ];
    (0..body.len(), 0..6_usize, pieces).prop_map(move |(start, length, piece)| {
        let end = (start + length).min(body.len());
        [&body[..start], &piece, &body[end..]].concat()
    })
}

fn check_promises(body: &[u8]) -> Result<(), TestCaseError> {
    let is_json = serde_json::from_slice::<Value>(body).is_ok();
    match parse(body, ReadingRules::AUTO) {
        Ok(alert) => {
            let is_text = matches!(
                alert.format,
                Format::Text | Format::Alertatron | Format::WunderTrading
            );
            prop_assert!(is_json || is_text);
            let is_kept = serde_json::from_slice::<Value>(&alert.recorded).is_ok();
            prop_assert!(is_kept || is_text);
        }
        Err(malformed) => {
            prop_assert!(malformed.error.line.is_none_or(|line| line > 0));
            prop_assert!(malformed.error.column.is_none_or(|column| column > 0));
        }
    }
    if parse_without_key(body).is_ok() {
        prop_assert!(is_json);
    }
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        check_promises(&body)?;
    }

    #[test]
    fn arbitrary_text_never_panics(body in "[{}\\[\\]\",:' \n“”é0-9naN\\\\]{0,60}") {
        check_promises(body.as_bytes())?;
    }

    #[test]
    fn no_timestamp_panics(text in "[-+]?[0-9]{0,20}[.e]?[-+]?[0-9]{0,30}") {
        let body = format!(r#"{{"metadata":{{"timestamp":"{text}"}}}}"#);
        check_promises(body.as_bytes())?;
    }

    #[test]
    fn mutated_alerts_never_panic(body in mutated()) {
        check_promises(&body)?;
    }

    #[test]
    fn no_key_is_left_in_what_is_kept(key in "[A-Za-z0-9]{8,40}", before in ".{0,20}", after in ".{0,20}") {
        let comment = serde_json::to_string(&format!("{before}{key}{key}{after}")).unwrap();
        let body = format!(r#"{{"comment":{comment},"auth_key":"{key}"}}"#);
        let alert = parse(body.as_bytes(), ReadingRules::AUTO).unwrap();
        let stated = alert.auth_key.unwrap();
        prop_assert_eq!(stated.as_str(), &key);
        let recorded = String::from_utf8(redact(alert.recorded, &key)).unwrap();
        prop_assert!(!recorded.contains(&key));
    }

    #[test]
    fn decimals_arrive_exactly(mantissa in 1_i64..10_i64.pow(15), scale in 3_u32..15, quoted: bool) {
        let price = crate::domain::money::Decimal::new(mantissa, scale);
        let text = if quoted { format!("\"{price}\"") } else { price.to_string() };
        let signal = signal(&format!(r#""action":"buy","marketPrice":{text}"#));
        prop_assert_eq!(signal.intended_price.get().to_string(), price.to_string());
    }
}
