//! What a message states is used, or the message makes no order: in every format, and
//! wherever in the message it stands.

use crate::domain::event::Warning;
use crate::domain::format::{Format, ReadingRules, SellWhileFlat};
use crate::domain::signal::{Signal, Size};
use crate::payload::{Parsed, PayloadError, Reading, read};

fn reading(message: &str, sell_while_flat: SellWhileFlat) -> Reading {
    let rules = ReadingRules {
        sell_while_flat,
        ..ReadingRules::AUTO
    };
    read(message.as_bytes(), rules)
}

fn parsed(message: &str) -> Result<Box<Parsed>, PayloadError> {
    reading(message, SellWhileFlat::Nothing).signal
}

/// An order in words: `buy 5 A market at 10`.
fn in_words(signal: &Signal) -> String {
    let size = match signal.size {
        Size::Quantity(quantity) => quantity.to_string(),
        Size::Notional(money) => format!("money {money}"),
        Size::WholePosition => "all".to_owned(),
        Size::Percentage(percentage) => {
            format!("{}% of the {}", percentage.percent(), percentage.of())
        }
    };
    let (intent, ticker) = (signal.intent, signal.ticker.as_str());
    let (kind, price) = (signal.order_type, signal.intended_price);
    format!("{intent} {size} {ticker} {kind} at {price}")
}

#[track_caller]
fn makes(message: &str, order: &str) -> Vec<Warning> {
    match parsed(message) {
        Ok(parsed) => {
            assert_eq!(in_words(&parsed.signal), order, "{message}");
            parsed.warnings
        }
        Err(error) => panic!("{message}: {error:?}"),
    }
}

#[track_caller]
fn fails(message: &str) -> PayloadError {
    match parsed(message) {
        Ok(parsed) => panic!("{message}: {}", in_words(&parsed.signal)),
        Err(error) => {
            assert!(
                !error.hint.is_empty() && error.hint.ends_with('.'),
                "{error:?}"
            );
            error
        }
    }
}

/// Our own message of a purchase at 10.
fn purchase(fields: &str) -> String {
    format!(r#"{{"ticker":"A","action":"buy","marketPrice":10,{fields}}}"#)
}

fn traderspost(fields: &str) -> String {
    format!(r#"{{"ticker":"A","price":10,{fields}}}"#)
}

fn three_commas(fields: &str) -> String {
    format!(r#"{{"bot_uuid":"u","secret":"s","tv_instrument":"A","trigger_price":"10",{fields}}}"#)
}

fn signalstack(fields: &str) -> String {
    format!(r#"{{"symbol":"A","price":10,{fields}}}"#)
}

fn pickmytrade(fields: &str) -> String {
    format!(r#"{{"symbol":"A","price":10,"token":"t","multiple_accounts":[],{fields}}}"#)
}

fn wundertrading(code: &str, fields: &str) -> String {
    format!(r#"{{"code":"{code}_Bybit_A_My bot_15M_8e34","price":10,{fields}}}"#)
}

fn alertatron(commands: &str) -> String {
    format!("K(A) {{ {commands} }} price=10")
}

#[test]
fn every_message_of_these_tests_is_read_in_its_format() {
    for (message, format) in [
        (purchase(r#""qty":2"#), Format::Algohook),
        (
            traderspost(r#""action":"buy","quantity":2"#),
            Format::TradersPost,
        ),
        (
            three_commas(r#""action":"enter_long","order":{"amount":2}"#),
            Format::ThreeCommas,
        ),
        (
            signalstack(r#""action":"buy","quantity":2"#),
            Format::SignalStack,
        ),
        (
            pickmytrade(r#""data":"buy","quantity":2"#),
            Format::PickMyTrade,
        ),
        (
            wundertrading("ENTER-LONG", r#""amountPerTrade":2"#),
            Format::WunderTrading,
        ),
        (
            alertatron("market(side=buy, amount=2);"),
            Format::Alertatron,
        ),
        ("buy 2 A at 10".to_owned(), Format::Text),
    ] {
        let found = reading(&message, SellWhileFlat::Nothing);
        assert_eq!(found.format, format, "{message}");
        let size = found.signal.unwrap().signal.size;
        assert_eq!(size, Size::Quantity("2".parse().unwrap()), "{message}");
    }
}

#[test]
fn alertatron_numbers_are_not_cut_at_commas() {
    for commands in [
        "market(side=buy, amount=1,000);",
        "limit(side=buy, amount=5, offset=@64,250);",
        "limit(side=buy, amount=2,5, offset=@64);",
        "market(buy, amount=5);",
        "market(side=buy, amount=5, reduceOnly);",
    ] {
        fails(&alertatron(commands));
    }
    let comma = fails(&alertatron("market(side=buy, amount=1,000);"));
    assert!(comma.hint.contains("1234.5"), "{comma:?}");
}

#[test]
fn alertatron_comments_are_no_orders() {
    for comment in [
        "# later; market(side=buy, amount=7);",
        "// old; market(side=sell, amount=7);",
        "  # market(side=buy, amount=7); limit(side=buy, amount=1, offset=@1);",
    ] {
        let message = format!("K(A) {{\n{comment}\nmarket(side=buy, amount=2);\n}} price=10");
        makes(&message, "buy 2 A market at 10");
        fails(&format!("K(A) {{\n{comment}\n}} price=10"));
    }
    makes(
        "K(A) {\nmarket(side=buy, amount=2); # then; market(side=sell, amount=1);\n} price=10",
        "buy 2 A market at 10",
    );
    fails("// K(A) { market(side=buy, amount=2); } price=10");
}

#[test]
fn alertatron_arguments_are_read_or_named() {
    for commands in [
        "market(sid=sell, amount=5);",
        "market(side=buy, size=20);",
        "market(side=buy, amount=2, size=20);",
        "market(side=buy, amount=5, reduceOnly=maybe);",
        "market(position=0, amount=5);",
        "market(side=buy, amount=5, position=0);",
        "continue(if=positionFlat); market(side=buy, amount=5);",
        "stop(if=positionLong); market(side=buy, amount=5);",
        "stop(); market(side=buy, amount=5);",
        "market(side=buy, amount=5, if=positionFlat);",
        "market(side=buy, amount=5, offset=1%);",
    ] {
        fails(&alertatron(commands));
    }
    for set in ["true", "yes", "1", "TRUE"] {
        makes(
            &alertatron(&format!("market(side=buy, amount=5, reduceOnly={set});")),
            "exitShort 5 A market at 10",
        );
    }
    makes(
        &alertatron("market(side=buy, amount=5, reduceOnly=no);"),
        "buy 5 A market at 10",
    );
    makes(
        &alertatron("market(side=sell, position=0);"),
        "exitLong all A market at 10",
    );
    let warned = makes(
        &alertatron("market(side=buy, amount=5, tag=mine);"),
        "buy 5 A market at 10",
    );
    assert!(warned[0].message.contains("tag"), "{warned:?}");
    makes(
        &alertatron("market(side=buy, amount=5); stop(if=positionLong);"),
        "buy 5 A market at 10",
    );
}

#[test]
fn a_field_that_is_there_in_two_spellings_says_one_thing() {
    for message in [
        traderspost(r#""action":"buy","Action":"sell","quantity":1"#),
        traderspost(r#""action":"sell","sentiment":"long","Sentiment":"short","quantity":2"#),
        signalstack(r#""action":"buy","ACTION":"sell","quantity":5"#),
        pickmytrade(r#""data":"buy","Data":"sell","quantity":2"#),
        pickmytrade(
            r#""data":"buy","quantity":2,"reverse_order_close":true,"reverseOrderClose":false"#,
        ),
        three_commas(r#""action":"enter_long","Action":"enter_short","order":{"amount":1}"#),
        three_commas(r#""action":"enter_long","Order":{"amount":7},"order":{"amount":5}"#),
        three_commas(r#""action":"enter_long","order":{"amount":7,"Amount":5}"#),
        wundertrading(
            "ENTER-LONG",
            r#""Code":"ENTER-SHORT_Bybit_A_x_1H_8e","amountPerTrade":1"#,
        ),
    ] {
        assert_eq!(fails(&message).code, "contradiction", "{message}");
    }
    makes(
        &traderspost(r#""action":"buy","Action":"BUY","quantity":1"#),
        "entryLong 1 A market at 10",
    );
}

#[test]
fn a_sentence_says_each_thing_once() {
    for text in [
        "buy 10 A at 180 at 190",
        "buy 10 A at 180 @190",
        "buy 10 A at 180 limit market",
        "buy 10 A limit 175 market at 180",
        "buy 10 A at 180 limit stop",
        "buy 10 A at 180 sl 170 sl 160",
        "buy 10 A at 180 gtc day",
        "buy 10 A at 180 limit 175 limit 174",
        "buy all A at 10",
        "short all A at 10",
    ] {
        fails(text);
    }
    makes("buy 10 A at 180 at 180", "buy 10 A market at 180");
    for key in [
        "auth_key=x1",
        "auth_key: x1",
        "auth_key = x1",
        "auth_key:x1",
    ] {
        makes(&format!("buy 10 A at 180 {key}"), "buy 10 A market at 180");
        makes(&format!("{key} buy 10 A at 180"), "buy 10 A market at 180");
    }
    makes("sell all A at 10", "exitLong all A market at 10");
    makes("close all A at 10", "exit all A market at 10");
    let sale = reading("sell all A at 10", SellWhileFlat::Short)
        .signal
        .unwrap();
    assert_eq!(in_words(&sale.signal), "exitLong all A market at 10");
    for text in [
        "buy 1,000 A at 10",
        "buy 10k A at 10",
        "buy 5x A at 10",
        "buy 500$ A at 10",
    ] {
        let error = fails(text);
        assert_eq!(
            error.field.as_deref(),
            Some("quantity"),
            "{text}: {error:?}"
        );
    }
}

#[test]
fn a_code_says_all_or_nothing() {
    for text in [
        "ENTER-LONG_Bybit_A_x amount=5 price=10",
        "ENTER-LONG_Bybit_A_x qty=5 price=10",
        "ENTER-LONG_Bybit_A_x price=10\nENTER-SHORT_Bybit_B_x price=10",
        "ENTER-LONG_Bybit_A_x EXIT-LONG_Bybit_B_x price=10",
        "ENTER-LONG_Bybit_A_x price=10 price=20",
        "ENTER-LONG_Bybit_A_x close=10 price=20",
        "K(A) { market(side=buy, amount=2); } price=10 price=20",
    ] {
        fails(text);
    }
    makes(
        "ENTER-LONG_Bybit_A_My bot price=10 price=10",
        "entryLong 1 A market at 10",
    );
    makes(
        "ENTER-LONG_BINANCE_FUTURES_A_x price=10",
        "entryLong 1 A market at 10",
    );
    let share = |share: &str| {
        let fields = format!(r#""amountPerTrade":{share},"amountPerTradeType":"percents""#);
        wundertrading("EXIT-LONG", &fields)
    };
    assert_eq!(
        fails(&share("0.5")).field.as_deref(),
        Some("amountPerTrade")
    );
    makes(&share("1"), "exitLong all A market at 10");
    makes(
        &wundertrading(
            "EXIT-LONG",
            r#""amountPerTrade":2,"amountPerTradeType":"base""#,
        ),
        "exitLong 2 A market at 10",
    );
}

#[test]
fn pickmytrade_switches_are_read_in_every_spelling() {
    for (value, closes) in [
        ("1", true),
        (r#""1""#, true),
        (r#""yes""#, true),
        ("true", true),
        (r#""TRUE""#, true),
        ("0", false),
        ("false", false),
        (r#""no""#, false),
        (r#""""#, false),
        ("null", false),
    ] {
        let message = pickmytrade(&format!(
            r#""data":"buy","quantity":2,"reverse_order_close":{value}"#
        ));
        assert_eq!(
            parsed(&message).unwrap().signal.closes_opposite,
            closes,
            "{message}"
        );
    }
    fails(&pickmytrade(
        r#""data":"buy","quantity":2,"reverse_order_close":"maybe""#,
    ));
    for accounts in [
        r#"[{"risk_percentage":2}]"#,
        r#"[{"risk_percentage":"2%"}]"#,
        r#"[{"quantity_multiplier":3}]"#,
        r#"[{"quantity_multiplier":"x"}]"#,
        r#"[{"quantity":7}]"#,
        r#"{"quantity_multiplier":3}"#,
        r#""quantity_multiplier=3""#,
    ] {
        let message = pickmytrade(r#""data":"buy","quantity":2"#).replace(
            r#""multiple_accounts":[]"#,
            &format!(r#""multiple_accounts":{accounts}"#),
        );
        let warnings = makes(&message, "buy 2 A market at 10");
        assert!(
            warnings
                .iter()
                .any(|warning| warning.code == "other_meaning"),
            "{message}: {warnings:?}"
        );
    }
}
