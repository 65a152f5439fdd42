//! Everything that a message states is used, or the message makes no order: in every format, and
//! wherever in the message it stands.

use proptest::prelude::*;

use crate::domain::event::Warning;
use crate::domain::format::{Format, ReadingRules, SellWhileFlat};
use crate::domain::signal::{Signal, Size};
use crate::payload::{Parsed, PayloadError, Reading, read, read_with_origins};

fn reading(message: &str, sell_while_flat: SellWhileFlat) -> Reading {
    let rules = ReadingRules {
        sell_while_flat,
        ..ReadingRules::AUTO
    };
    read(message.as_bytes(), rules)
}

pub(super) fn parsed(message: &str) -> Result<Box<Parsed>, PayloadError> {
    reading(message, SellWhileFlat::Nothing).signal
}

/// An order in words: `buy 5 A market at 10`.
pub(super) fn in_words(signal: &Signal) -> String {
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
pub(super) fn makes(message: &str, order: &str) -> Vec<Warning> {
    match parsed(message) {
        Ok(parsed) => {
            assert_eq!(in_words(&parsed.signal), order, "{message}");
            parsed.warnings
        }
        Err(error) => panic!("{message}: {error:?}"),
    }
}

#[track_caller]
pub(super) fn fails(message: &str) -> PayloadError {
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
pub(super) fn purchase(fields: &str) -> String {
    format!(r#"{{"ticker":"A","action":"buy","marketPrice":10,{fields}}}"#)
}

pub(super) fn exit(fields: &str) -> String {
    format!(r#"{{"ticker":"A","positionDirection":"exitLong","marketPrice":10,{fields}}}"#)
}

pub(super) fn traderspost(fields: &str) -> String {
    format!(r#"{{"ticker":"A","price":10,{fields}}}"#)
}

pub(super) fn three_commas(fields: &str) -> String {
    format!(r#"{{"bot_uuid":"u","secret":"s","tv_instrument":"A","trigger_price":"10",{fields}}}"#)
}

pub(super) fn signalstack(fields: &str) -> String {
    format!(r#"{{"symbol":"A","price":10,{fields}}}"#)
}

pub(super) fn pickmytrade(fields: &str) -> String {
    format!(r#"{{"symbol":"A","price":10,"token":"t","multiple_accounts":[],{fields}}}"#)
}

pub(super) fn wundertrading(code: &str, fields: &str) -> String {
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
        "limit(side=buy, amount=5);",
        "limit(position=0);",
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
    for runs in ["continue(if=always);", "stop(if=never);", "continue();"] {
        makes(
            &alertatron(&format!("{runs} market(side=buy, amount=5);")),
            "buy 5 A market at 10",
        );
    }
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
        "buy 1 A market at 10",
    );
}

#[test]
fn what_is_no_object_is_no_reason_for_a_default() {
    for message in [
        three_commas(r#""action":"enter_long","order":"5""#),
        three_commas(r#""action":"enter_long","order":5"#),
        three_commas(r#""action":"enter_long","order":[{"amount":5}]"#),
        three_commas(r#""action":"enter_long","order":"{\"amount\":5}""#),
        three_commas(r#""action":"enter_long","order":{"quantity":5}"#),
        three_commas(r#""action":"enter_long","order":{"amount":5,"size":7}"#),
        three_commas(r#""action":"enter_long","order":{"currency_type":"quote"}"#),
        three_commas(r#""action":"sell","strategy_info":"short""#),
        traderspost(r#""action":"buy","quantityType":"dollar_amount""#),
        traderspost(r#""action":"buy","quantity":{"value":5}"#),
        traderspost(r#""action":"buy","quantity":[5]"#),
    ] {
        fails(&message);
    }
    let stop = makes(
        &wundertrading("ENTER-LONG", r#""amountPerTrade":2,"stopLoss":0.02"#),
        "entryLong 2 A market at 10",
    );
    assert!(
        stop.iter()
            .any(|warning| warning.message.contains("stopLoss")),
        "{stop:?}"
    );
}

#[test]
fn a_percentage_that_cannot_be_read_is_no_unit() {
    for fields in [
        r#""qty_percent":"ten""#,
        r#""qty_percent":"10,5""#,
        r#""qty_percent":"{{plot(\"Q\")}}""#,
        r#""qty_percent":0"#,
        r#""qty_percent":"NaN""#,
        r#""percent_equity":{"v":10}"#,
        r#""size_pct":true"#,
        r#""qtyPct":"-10""#,
        r#""equityPercent":[10]"#,
    ] {
        fails(&purchase(fields));
        fails(&purchase(fields).replace("buy", "sell"));
        if !fields.contains("NaN") && !fields.contains(":0") {
            fails(&exit(fields));
        }
    }
}

#[test]
fn an_order_type_that_is_not_known_is_no_market_order() {
    for fields in [
        r#""order_type":"take_profit""#,
        r#""order_type":"bracket""#,
        r#""order_type":"{{type}}""#,
        r#""OrderType":"moc""#,
        r#""type":"TAKE_PROFIT_MARKET""#,
        r#""order_type":"sell""#,
        r#""type":"sell""#,
        // Without their distance or their limit.
        r#""order_type":"trailing""#,
        r#""type":"trailing""#,
        r#""order_type":"limit_order""#,
    ] {
        fails(&purchase(&format!(r#""qty":1,{fields}"#)));
    }
    for (fields, order) in [
        (
            r#""order_type":"limit_order","limitPrice":9"#,
            "buy 1 A limit at 9",
        ),
        (
            r#""order_type":"LIMIT_MAKER","limit_price":9"#,
            "buy 1 A limit at 9",
        ),
        (r#""order_type":"market order""#, "buy 1 A market at 10"),
        (
            r#""type":"STOP_LOSS_LIMIT","limitPrice":9,"stopPrice":11"#,
            "buy 1 A stop_limit at 9",
        ),
        (
            r#""type":"STOP_MARKET","stopPrice":11"#,
            "buy 1 A stop at 11",
        ),
        (
            r#""type":"trailing","trailPrice":1"#,
            "buy 1 A trailing_stop at 10",
        ),
        (r#""type":"crypto""#, "buy 1 A market at 10"),
    ] {
        makes(&purchase(&format!(r#""qty":1,{fields}"#)), order);
    }
    makes(
        r#"{"symbol":"A","side":"BUY","type":"STOP_LOSS_LIMIT","quantity":1,"price":9,"stopPrice":11}"#,
        "buy 1 A stop_limit at 9",
    );
}

#[test]
fn a_size_inside_something_else_is_no_order_of_one() {
    for fields in [
        r#""metadata":{"qty":5}"#,
        r#""metadata":{"quantity":"5"}"#,
        r#""metadata":{"position_size":7}"#,
        r#""metadata":{"market_position_size":"7"}"#,
        r#""strategy":{"position_size":7}"#,
        r#""strategy":{"order":{"contracts":5}}"#,
        r#""strategy":{"order_contracts":5}"#,
        r#""orders":[{"qty":5}]"#,
        r#""order":{"notional":500}"#,
        r#""order":{"qty_percent":5}"#,
        r#""order":{"percent":5}"#,
        r#""payload":{"order":{"quantity":5}}"#,
        r#""order":"{\"contracts\":5}""#,
        r#""data":{"lots":5}"#,
    ] {
        let error = fails(&purchase(fields));
        assert!(error.hint.contains("top"), "{error:?}");
        fails(&exit(fields));
        makes(
            &purchase(&format!(r#""qty":5,{}"#, fields.replace("500", "5"))),
            "buy 5 A market at 10",
        );
    }
    for fields in [
        r#""action":"buy","strategy":{"order_action":"buy","order_contracts":100}"#,
        r#""action":"buy","extras":{"quantity":5}"#,
        r#""action":"exit","extras":{"contracts":5}"#,
    ] {
        fails(&traderspost(fields));
    }
    let side = traderspost(
        r#""action":"buy","quantity":100,"strategy":{"order_action":"sell","order_contracts":100}"#,
    );
    assert_eq!(fails(&side).code, "contradiction");
    let other = traderspost(r#""action":"buy","quantity":1,"strategy":{"order_contracts":100}"#);
    assert_eq!(fails(&other).code, "contradiction");
    makes(
        &traderspost(
            r#""action":"buy","quantity":1,"strategy":"Mine","extras":{"note":"x","atr":5}"#,
        ),
        "buy 1 A market at 10",
    );
    makes(
        &purchase(r#""metadata":{"rsi":5,"strategy":"x"}"#),
        "buy 1 A market at 10",
    );
}

#[test]
fn sizes_of_positions_without_a_side_are_used_or_asked_about() {
    makes(
        &purchase(r#""market_position_size":5,"prev_market_position_size":0"#),
        "buy 5 A market at 10",
    );
    makes(
        &purchase(r#""marketPositionSize":0,"prevMarketPositionSize":5"#).replace("buy", "sell"),
        "sell 5 A market at 10",
    );
    makes(
        &exit(r#""marketPositionSize":2,"prevMarketPositionSize":5"#),
        "exitLong 3 A market at 10",
    );
    for fields in [
        r#""marketPositionSize":5"#,
        r#""marketPositionSize":5,"prevMarketPositionSize":2"#,
        r#""prevMarketPositionSize":2"#,
    ] {
        let error = fails(&purchase(fields));
        assert!(error.hint.contains("arket"), "{error:?}");
        makes(
            &purchase(&format!(r#""qty":3,{fields}"#)),
            "buy 3 A market at 10",
        );
    }
}

#[test]
fn a_side_fits_the_position_that_it_leads_to() {
    let order = |side: &str, fields: &str| {
        format!(
            r#"{{"ticker":"A","positionDirection":"{side}","qty":1,"marketPrice":10,{fields}}}"#
        )
    };
    for (side, fields) in [
        (
            "exitLong",
            r#""marketPosition":"short","marketPositionSize":2"#,
        ),
        ("exitLong", r#""marketPosition":"short""#),
        ("exitLong", r#""positionSize":-2"#),
        ("exitShort", r#""marketPosition":"long""#),
        ("exitShort", r#""positionSize":2"#),
        ("exitLong", r#""prevMarketPosition":"short""#),
        (
            "exitLong",
            r#""prevMarketPosition":"short","prevMarketPositionSize":2"#,
        ),
        ("exitShort", r#""prevMarketPosition":"long""#),
        ("entryLong", r#""marketPosition":"short""#),
        (
            "entryShort",
            r#""marketPosition":"long","marketPositionSize":3"#,
        ),
    ] {
        assert_eq!(
            fails(&order(side, fields)).code,
            "contradiction",
            "{side} {fields}"
        );
    }
    for (side, fields) in [
        ("exitLong", r#""marketPosition":"long""#),
        (
            "exitLong",
            r#""marketPosition":"flat","prevMarketPosition":"long""#,
        ),
        ("exitLong", r#""prevMarketPosition":"flat""#),
        (
            "entryLong",
            r#""marketPosition":"short","prevMarketPosition":"short""#,
        ),
        ("entryLong", r#""marketPosition":"long""#),
    ] {
        makes(&order(side, fields), &format!("{side} 1 A market at 10"));
    }
}

#[test]
fn two_quantities_are_one_or_none() {
    let moved = |from: &str, to: &str| {
        let half = |name: &str, position: &str| {
            let signed: i32 = position.parse().unwrap();
            let side = ["short", "flat", "long"][usize::try_from(signed.signum() + 1).unwrap()];
            format!(
                r#""{name}Position":"{side}","{name}PositionSize":{}"#,
                signed.abs()
            )
        };
        format!("{},{}", half("prevMarket", from), half("market", to))
    };
    for (action, qty, from, to) in [
        ("sell", "3", "5", "0"),
        ("buy", "3", "0", "5"),
        ("buy", "7", "0", "5"),
        ("buy", "5", "-5", "2"),
    ] {
        let message = purchase(&format!(r#""qty":{qty},{}"#, moved(from, to)));
        let error = fails(&message.replace("buy", action));
        assert_eq!(error.code, "contradiction", "{message}");
    }
    for (action, qty, from, to) in [
        ("buy", "10", "-5", "5"),
        ("sell", "10", "5", "-5"),
        ("sell", "5", "5", "0"),
        ("sell", "3", "5", "2"),
    ] {
        let message = purchase(&format!(r#""qty":{qty},{}"#, moved(from, to)));
        let order = format!("{action} {qty} A market at 10");
        makes(&message.replace("buy", action), &order);
    }
    // The quantity of the position that is opened, which closes the other first.
    let opened = purchase(&format!(r#""qty":5,{}"#, moved("-5", "5")));
    makes(&opened, "buy 10 A market at 10");
    // What exceeds the position of an exit is dropped, with a warning.
    makes(
        &exit(&format!(r#""qty":9,{}"#, moved("5", "0"))),
        "exitLong 9 A market at 10",
    );
    for fields in [
        r#""qty":5,"qty_percent":10"#,
        r#""notional":50,"qty_percent":10"#,
        r#""qty":5,"percent_equity":10"#,
    ] {
        assert_eq!(fails(&purchase(fields)).code, "contradiction", "{fields}");
    }
    makes(
        &purchase(&format!(r#""qty":"10%",{}"#, moved("0", "5"))),
        "buy 10% of the equity A market at 10",
    );
    let half = exit(r#""qty":"50%","marketPosition":"flat""#);
    assert_eq!(fails(&half).code, "contradiction");
    makes(
        &exit(r#""qty":"100%","marketPosition":"flat""#),
        "exitLong all A market at 10",
    );
    // TradingView rounds the quantity and both sizes, each on its own.
    let rounded = r#""qty":0.666667,"prevMarketPosition":"long","prevMarketPositionSize":0.333333,"positionSize":1.000001"#;
    makes(&purchase(rounded), "buy 0.666667 A market at 10");
    let half = exit(&format!(r#""qty":"50%",{}"#, moved("4", "2")));
    makes(&half, "exitLong 50% of the position A market at 10");
    let other = exit(&format!(r#""qty":"50%",{}"#, moved("4", "1")));
    assert_eq!(fails(&other).code, "contradiction");
    let all = exit(&format!(r#""qty":"100%",{}"#, moved("4", "1")));
    assert_eq!(fails(&all).code, "contradiction");
}

#[test]
fn an_exit_that_states_a_wrong_quantity_does_not_close_everything() {
    for fields in [
        r#""quanity":1"#,
        r#""order":{"contracts":1}"#,
        r#""volume":1"#,
        r#""qty":"one""#,
        r#""qty":-1"#,
        r#""quantityType":"percent_of_position""#,
        r#""closePercent":50"#,
    ] {
        fails(&exit(fields));
    }
    // What has no value is left out, and the warning says what that means here.
    for fields in [
        r#""qty":0"#,
        r#""qty":"NaN""#,
        r#""qty":"""#,
        r#""qty":null"#,
    ] {
        let warnings = makes(&exit(fields), "exitLong all A market at 10");
        let said: Vec<_> = warnings
            .iter()
            .map(|warning| warning.message.as_str())
            .collect();
        assert!(said.join("\n").contains("qty"), "{fields}: {said:?}");
    }
}

#[test]
fn a_quantity_without_a_value_is_no_order_of_one() {
    for value in [
        r#""null""#,
        r#""NULL""#,
        r#""""#,
        r#""NaN""#,
        r#""none""#,
        "0",
    ] {
        for name in ["qty", "quantity", "size", "contracts"] {
            fails(&purchase(&format!(r#""{name}":{value}"#)));
        }
        fails(&format!(
            r#"{{"ticker":"A","action":"buy","quantity":{value},"signalPrice":10}}"#
        ));
        fails(&pickmytrade(&format!(r#""data":"buy","quantity":{value}"#)));
        // The position says it.
        let moved = format!(
            r#""qty":{value},"marketPosition":"long","marketPositionSize":3,"prevMarketPosition":"flat","prevMarketPositionSize":0"#
        );
        makes(&purchase(&moved), "buy 3 A market at 10");
    }
}

#[test]
fn a_quantity_under_a_name_that_is_not_known_is_no_order_of_one() {
    for name in [
        "qyt",
        "qtty",
        "qnty",
        "qty:",
        "\u{ff51}\u{ff54}\u{ff59}",
        "quanity",
        "Quantitiy",
        "volume",
        "vol",
        "usd",
        "percent",
        "allocation",
        "position_value",
        "trade_amount",
        "cantidad",
        "qty_contracts_",
        "orderVolume",
        "position_qty",
        "risk",
        "investment",
        "close_percent",
        "wallet_pct",
        "contract",
        "tradeSizePct",
    ] {
        for value in ["5", r#""5""#, r#""50%""#, r#""1,000""#] {
            if matches!((name, value), ("risk", _)) || name != "risk" {
                fails(&purchase(&format!(r#""{name}":{value}"#)));
            }
        }
        // Beside a quantity it is only named.
        let warnings = makes(
            &purchase(&format!(r#""qty":5,"{name}":5"#)),
            "buy 5 A market at 10",
        );
        assert!(!warnings.is_empty() || name == "risk", "{name}");
    }
    for (name, order) in [
        ("lot", "buy 5 A market at 10"),
        ("lot_size", "buy 5 A market at 10"),
        ("totalQuantity", "buy 5 A market at 10"),
        ("order_lots", "buy 5 A market at 10"),
        ("num_contracts", "buy 5 A market at 10"),
        ("number_of_contracts", "buy 5 A market at 10"),
        ("numShares", "buy 5 A market at 10"),
        ("usdt_amount", "buy money 5 A market at 10"),
        ("amount_usd", "buy money 5 A market at 10"),
        ("size_usd", "buy money 5 A market at 10"),
        ("qty_usd", "buy money 5 A market at 10"),
        ("order_percent", "buy 5% of the equity A market at 10"),
    ] {
        makes(&purchase(&format!(r#""{name}":5"#)), order);
    }
    // Names that are of something else.
    for fields in [
        r#""leverage":5"#,
        r#""open":9,"high":11,"low":8,"close":10,"volume":25000"#,
        r#""tick_size":0.25"#,
        r#""sl_percent":2"#,
        r#""takeProfitPercent":2"#,
        r#""change_percent":1.5"#,
        r#""avg_volume":1000"#,
        r#""contract_size":50"#,
        r#""account_size":10000"#,
        r#""value":61.8"#,
        r#""shares_outstanding":5000000"#,
        r#""commission_amount":1"#,
        r#""contract":"ESZ6""#,
        r#""volume":"""#,
        r#""allocation":"aggressive""#,
    ] {
        makes(&purchase(fields), "buy 1 A market at 10");
    }
}

#[test]
fn what_an_exchange_calls_reducing_never_opens() {
    for (action, fields, order) in [
        ("sell", r#""reduceOnly":true"#, "exitLong 2 A market at 10"),
        (
            "sell",
            r#""reduce_only":"true""#,
            "exitLong 2 A market at 10",
        ),
        ("buy", r#""reduceOnly":1"#, "exitShort 2 A market at 10"),
        ("buy", r#""reduceOnly":false"#, "buy 2 A market at 10"),
        ("buy", r#""reduceOnly":"""#, "buy 2 A market at 10"),
        (
            "buy",
            r#""positionSide":"SHORT""#,
            "exitShort 2 A market at 10",
        ),
        (
            "buy",
            r#""positionSide":"LONG""#,
            "entryLong 2 A market at 10",
        ),
        (
            "sell",
            r#""position_side":"long""#,
            "exitLong 2 A market at 10",
        ),
        (
            "sell",
            r#""posSide":"short""#,
            "entryShort 2 A market at 10",
        ),
        ("sell", r#""positionSide":"BOTH""#, "sell 2 A market at 10"),
        (
            "close",
            r#""positionSide":"LONG""#,
            "exitLong 2 A market at 10",
        ),
    ] {
        let message = purchase(&format!(r#""qty":2,{fields}"#));
        makes(&message.replace("buy", action), order);
    }
    makes(
        &purchase(r#""closePosition":true"#).replace("buy", "sell"),
        "exitLong all A market at 10",
    );
    for fields in [
        r#""qty":2,"reduceOnly":"{{x}}""#,
        r#""qty":2,"tradeSide":"close""#,
        r#""qty":2,"position_effect":"CLOSE""#,
        r#""qty":2,"reduceOnly":"maybe""#,
        r#""qty":2,"positionSide":"up""#,
        r#""qty":2,"closePosition":true"#,
        r#""qty":2,"reduceOnly":true,"positionSide":"LONG""#,
        r#""qty":2,"reduceOnly":true,"positionDirection":"entryLong""#,
        r#""qty":2,"positionSide":"SHORT","positionDirection":"entryLong""#,
        r#""qty":2,"positionSide":"SHORT","marketPosition":"long""#,
    ] {
        fails(&purchase(fields));
    }
    makes(
        &traderspost(r#""action":"buy","quantity":1,"positionSide":"SHORT""#),
        "exitShort 1 A market at 10",
    );
    makes(
        &signalstack(r#""action":"sell","quantity":1,"reduceOnly":true"#),
        "exitLong 1 A market at 10",
    );
}

#[test]
fn a_sale_that_can_open_a_short_is_by_no_unsaid_percentage() {
    for message in [
        "sell 50% A at 10",
        r#"{"symbol":"A","action":"sell","quantity":"50%","price":10}"#,
    ] {
        let leaves = reading(message, SellWhileFlat::Nothing).signal;
        assert_eq!(
            in_words(&leaves.unwrap().signal),
            "exitLong 50% of the position A market at 10"
        );
        let opens = reading(message, SellWhileFlat::Short).signal;
        assert_eq!(
            opens.unwrap_err().field.as_deref(),
            Some("quantity"),
            "{message}"
        );
    }
    let all = reading("sell all A at 10", SellWhileFlat::Short)
        .signal
        .unwrap();
    assert_eq!(in_words(&all.signal), "exitLong all A market at 10");
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
        "buy 10 A at 180 stop 170",
        "sell short 10 A at 180 stop 190",
    ] {
        fails(text);
    }
    makes("buy 10 A at 180 stop 190", "buy 10 A stop at 190");
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
        "ENTER-LONG_Bybit_A_x amount: 5 price=10",
        "ENTER-LONG_Bybit_A_My bot_8e34 amount 5 price=10",
        r#"{"code":"ENTER-LONG_Bybit_A_x ENTER-SHORT_Bybit_B_x","price":10,"amountPerTrade":1}"#,
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
    fails(&wundertrading(
        "ENTER-LONG",
        r#""amountPerTrade":2,"reduceOnly":true"#,
    ));
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

#[test]
fn a_price_that_the_order_type_has_no_use_for_is_named() {
    for (fields, name) in [
        (
            r#""qty":1,"orderType":"market","limitPrice":9"#,
            "limitPrice",
        ),
        (r#""qty":1,"orderType":"market","stopPrice":9"#, "stopPrice"),
        (
            r#""qty":1,"orderType":"limit","limitPrice":9,"stopPrice":11"#,
            "stopPrice",
        ),
        (
            r#""qty":1,"orderType":"stop","limitPrice":9,"stopPrice":11"#,
            "limitPrice",
        ),
    ] {
        let parsed = parsed(&purchase(fields)).unwrap();
        let named = parsed
            .warnings
            .iter()
            .any(|warning| warning.code == "unused_field" && warning.message.contains(name));
        assert!(named, "{fields}: {:?}", parsed.warnings);
    }
    let test = fails(&traderspost(r#""action":"buy","quantity":1,"test":true"#));
    assert_eq!(test.field.as_deref(), Some("test"));
    makes(
        &traderspost(r#""action":"buy","quantity":1,"test":false"#),
        "buy 1 A market at 10",
    );
}

#[test]
fn what_the_order_does_not_need_costs_a_warning_and_never_the_order() {
    for (fields, name) in [
        (r#""metadata":"My strategy""#, "metadata"),
        (r#""metadata":[1]"#, "metadata"),
        (r#""extendedHours":"sometimes""#, "extendedHours"),
        (r#""takeProfit":"2%""#, "takeProfit"),
        (r#""takeProfit":[5]"#, "takeProfit"),
        (r#""takeProfit":{"limitPrice":"high"}"#, "takeProfit"),
        (r#""stopLoss":"1.5%""#, "stopLoss"),
        (r#""stopLoss":{"stopPrice":"low"}"#, "stopLoss"),
        (r#""profitTarget":"2%""#, "profitTarget"),
        (r#""stopLossTarget":"{{plot_1}}""#, "stopLossTarget"),
        (r#""timeInForce":"GTD""#, "timeInForce"),
        (r#""timeInForce":7"#, "timeInForce"),
        (r#""id":true"#, "id"),
        (
            r#""orderType":"market","trailPercent":"wide""#,
            "trailPercent",
        ),
        (r#""orderType":"market","limitPrice":"low""#, "limitPrice"),
        (
            r#""orderType":"market","stopPrice":"{{plot_1}}""#,
            "stopPrice",
        ),
        (r#""id":{"a":1}"#, "id"),
    ] {
        let warnings = makes(
            &purchase(&format!(r#""qty":2,{fields}"#)),
            "buy 2 A market at 10",
        );
        assert!(
            warnings
                .iter()
                .any(|warning| warning.message.contains(name)),
            "{fields}: {warnings:?}"
        );
    }
    makes(
        r#"{"ticker":"A","action":"buy","qty":2,"orderType":"limit","limitPrice":9,"marketPrice":"{{close}}"}"#,
        "buy 2 A limit at 9",
    );
    for fields in [
        r#""orderType":"limit","limitPrice":"low""#,
        r#""limitPrice":"low""#,
        r#""trailPercent":"wide""#,
        r#""orderType":"market","limitPrice":9,"limit_price":8"#,
    ] {
        fails(&purchase(&format!(r#""qty":2,{fields}"#)));
    }
    let extended = parsed(&purchase(r#""qty":2,"extendedHours":"yes""#)).unwrap();
    assert_eq!(extended.signal.extended_hours, Some(true));
}

#[test]
fn an_id_is_a_text_or_a_number_and_zero_is_none() {
    for (value, id) in [
        ("12345", Some("12345")),
        (r#""12345""#, Some("12345")),
        ("-7", Some("-7")),
        ("0", None),
        (r#""0""#, None),
        (r#""0.0""#, None),
        ("null", None),
    ] {
        for name in ["id", "ID", "idempotency_key"] {
            let parsed = parsed(&purchase(&format!(r#""qty":1,"{name}":{value}"#))).unwrap();
            assert_eq!(
                parsed.signal.idempotency_key.as_deref(),
                id,
                "{name} {value}"
            );
            let says_so = parsed
                .warnings
                .iter()
                .any(|warning| warning.message.contains(name));
            assert!(
                id.is_some() || says_so,
                "{name} {value}: {:?}",
                parsed.warnings
            );
        }
    }
}

#[test]
fn a_message_that_states_a_time_has_one_readable_or_not() {
    for fields in [
        r#""timestamp":"01/05/2026 14:30""#,
        r#""timestamp":"5 past 14:30""#,
        r#""bar_time":"2026-01-05T14:30:00Z""#,
        r#""alert_time":"2026-01-05T14:30:00Z""#,
        r#""date":"2026-01-05 14:30""#,
        r#""barTime":1767623400"#,
        r#""fired_at":"14:30:05""#,
        r#""bar_start_time":"2026-01-05 14:30""#,
        r#""metadata":{"date":"2026-01-05T14:30:00Z"}"#,
        r#""metadata":{"timestamp":"at 14:30:05"}"#,
        r#""metadata":"{\"timestamp\":\"2026-01-05T14:30:00Z\"}""#,
        r#""data":{"timestamp":"2026-01-05T14:30:00Z"}"#,
        r#""bar":{"inner":{"time":1767623400000}}"#,
        r#""timestamp":"2026-01-05T14:30:00[Mars/Base]""#,
        r#""timestmap":1767623400"#,
    ] {
        let message = purchase(&format!(r#""qty":1,{fields}"#));
        let metadata = parsed(&message).unwrap().signal.metadata;
        assert!(metadata.states_time, "{fields}");
    }
    for fields in [
        r#""timeframe":"15""#,
        r#""time_in_force":"day""#,
        r#""timestamp":"soon""#,
        r#""timestamp":"{{timenow}}""#,
        r#""time":0"#,
        r#""metadata":{"update":"x","sometimes":"10:30"}"#,
        r#""date":"2026-01-05""#,
        r#""session_start":"2026-01-05T09:30:00""#,
        r#""open_time":"09:30""#,
    ] {
        let message = purchase(&format!(r#""qty":1,{fields}"#));
        let metadata = parsed(&message).unwrap().signal.metadata;
        assert!(!metadata.states_time, "{fields}");
    }
    let posted =
        traderspost(r#""action":"buy","quantity":1,"extras":{"time":"2026-01-05T14:30:00Z"}"#);
    assert!(parsed(&posted).unwrap().signal.metadata.states_time);
}

#[test]
fn a_time_is_read_in_every_form_that_means_one_thing() {
    let expected = "2026-01-05T14:30:00Z".parse().unwrap();
    for text in [
        r#""2026-01-05 14:30:00 UTC""#,
        r#""2026-01-05 14:30 GMT""#,
        r#""2026-01-05T14:30:00 Z""#,
        r#""2026-01-05 15:30:00 +0100""#,
        r#""2026-01-05 15:30:00 +01:00""#,
        r#""Mon, 05 Jan 2026 14:30:00 GMT""#,
        r#""Mon, 05 Jan 2026 15:30:00 +0100""#,
        r#""05.01.2026 14:30:00""#,
        r#""05.01.2026 14:30""#,
        r#""2026/01/05 14:30:00""#,
        r#""2026-01-05T15:30:00[Europe/Berlin]""#,
        r#""2026-01-05T15:30:00+01:00[Europe/Berlin]""#,
        "1767623400000000",
        "1767623400000000000",
        r#""1767623400000000""#,
    ] {
        let message = purchase(&format!(r#""qty":1,"timestamp":{text}"#));
        let time = parsed(&message).unwrap().signal.metadata.timestamp;
        assert_eq!(time, Some(expected), "{text}");
    }
    for text in [
        r#""01/02/2026 14:30""#,
        r#""2026-01-05T14:30:00[Mars/Base]""#,
        r#""32.01.2026 14:30""#,
    ] {
        let message = purchase(&format!(r#""qty":1,"timestamp":{text}"#));
        let parsed = parsed(&message).unwrap();
        assert_eq!(parsed.signal.metadata.timestamp, None, "{text}");
        assert!(
            parsed
                .warnings
                .iter()
                .any(|warning| warning.code == "unreadable_timestamp")
        );
    }
}

/// Following the hint leads to the order that the message meant, in the format it is in.
#[test]
fn hints_name_the_fields_of_the_format() {
    for (message, said) in [
        (
            r#"{"ticker":"A","action":"exit","quantity":1}"#.to_owned(),
            r#""price": {{close}}"#,
        ),
        (
            r#"{"symbol":"A","action":"sell","quantity":2}"#.to_owned(),
            r#""price": {{close}}"#,
        ),
        (
            r#"{"bot_uuid":"u","tv_instrument":"A","action":"enter_long"}"#.to_owned(),
            r#""trigger_price": {{close}}"#,
        ),
        (
            r#"{"symbol":"A","data":"buy","quantity":2,"multiple_accounts":[]}"#.to_owned(),
            r#""price": {{close}}"#,
        ),
        (
            r#"{"code":"ENTER-LONG_Bybit_A_x_1_8e","amountPerTrade":1}"#.to_owned(),
            r#""price": {{close}}"#,
        ),
        ("buy 10 AAPL".to_owned(), "at {{close}}"),
        ("buy 10 AAPL limit".to_owned(), "order needs price"),
        (
            signalstack(r#""action":"buy","quantity":2,"order_type":"stop""#),
            "order needs stop_price",
        ),
        ("ENTER-LONG_Bybit_A_x".to_owned(), "price={{close}}"),
        (
            "K(A) { market(side=buy, amount=2); }".to_owned(),
            "price={{close}}",
        ),
        (
            traderspost(r#""action":"sell","quanity":2"#),
            r#""quantity""#,
        ),
        (
            signalstack(r#""action":"sell","quanity":2"#),
            r#""quantity""#,
        ),
        (
            three_commas(r#""action":"enter_long","order":{"quantity":5}"#),
            "Rename order.quantity to order.amount",
        ),
        (three_commas(r#""order":{"amount":5}"#), r#""action""#),
        (
            signalstack(r#""action":"buy","order_side":"sell","quantity":5"#),
            "Make both say the same",
        ),
        (
            r#"{"code":"ENTER-LONG_Bybit_NONE_x_1_8e","amountPerTrade":1,"price":1}"#.to_owned(),
            r#""symbol""#,
        ),
        (
            pickmytrade(r#""data":"buy","lotz":2,"quanity":2"#),
            r#""quantity""#,
        ),
        (traderspost(r#""action":"buy","quantity":"ten""#), "number"),
        (
            traderspost(r#""action":"buy","quantityType":"risk_percent","quantity":1"#),
            r#""quantity""#,
        ),
    ] {
        let error = fails(&message);
        assert!(error.hint.contains(said), "{message}: {error:?}");
        for ours in ["marketPrice", "\"qty\"", "notional", "positionDirection"] {
            assert!(!error.hint.contains(ours), "{message}: {error:?}");
        }
    }
}

#[test]
fn no_hint_leads_to_an_order_of_one() {
    for fields in [
        r#""qty":0"#,
        r#""qty":-5"#,
        r#""units":"-100""#,
        r#""qty":"NaN""#,
        r#""qty":"0%""#,
        r#""qty":"-10%""#,
    ] {
        let error = fails(&purchase(fields));
        assert!(!error.hint.contains("eave the field out"), "{error:?}");
        assert!(!error.message.contains("is a percentage"), "{error:?}");
    }
}

#[test]
fn the_cause_that_is_named_is_the_true_one() {
    for (message, said) in [
        (r#"{"ticker":"A","qty":1 000}"#, "thousands"),
        (r#"{"ticker":"A","qty":5%}"#, "percent"),
        (r#"{"ticker":"A";"qty":5}"#, "semicolon"),
        (r#"{"ticker":"A","qty":5;"price":1}"#, "semicolon"),
        (r#"{{"ticker":"A","qty":5}}"#, "two opening braces"),
        ("{\u{0}\"\u{0}a\u{0}\"\u{0}:\u{0}1\u{0}}\u{0}", "UTF-16"),
        (
            "K(A) { market(side={{strategy.order.action}}, amount=5); } price=5",
            "{{strategy.order.action}}",
        ),
        (
            "K(A) { market(side=buy, amount={{strategy.order.contracts}}); } price=5",
            "{{strategy.order.contracts}}",
        ),
        (
            "K({{ticker}}) { market(side=buy, amount=5); } price=5",
            "{{ticker}}",
        ),
        (
            "K(A) { market(side=buy, amount=5); } price={{close}}",
            "{{close}}",
        ),
        ("buy 1,000 AAPL at 10", "1,000"),
    ] {
        let error = fails(message);
        let told = format!("{} {}", error.message, error.hint);
        assert!(told.contains(said), "{message}: {error:?}");
    }
}

#[test]
fn each_field_says_where_it_is_from_and_nothing_else() {
    let message = purchase(r#""qty":1,"orderType":"limit","limitPrice":9"#);
    let origins = |message: &str| read_with_origins(message.as_bytes(), ReadingRules::AUTO).1;
    let fields = origins(&message);
    let from = |field: &str| {
        let found = fields.iter().find(|origin| origin.field == field);
        found.and_then(|origin| origin.from.clone())
    };
    assert_eq!(from("limitPrice").as_deref(), Some("limitPrice"));
    assert_eq!(from("marketPrice").as_deref(), Some("marketPrice"));
    let only = r#"{"symbol":"A","side":"buy","type":"limit","price":9,"quantity":1}"#;
    let fields = origins(only);
    let limit = fields
        .iter()
        .find(|origin| origin.field == "limitPrice")
        .unwrap();
    assert_eq!(limit.from.as_deref(), Some("price"));
}

proptest! {
    /// A number under any name that looks like a size, at the top or inside, is the order's
    /// size or makes none: never 1, and never all of a position.
    #[test]
    fn no_size_that_is_stated_becomes_another_one(
        first in prop::sample::select(vec!["", "order", "trade", "my", "num", "total", "base"]),
        word in prop::sample::select(vec![
            "qty", "quantity", "contracts", "shares", "units", "coins", "lots", "size", "amount",
            "qyt", "quanity", "contarcts", "shraes", "amont",
        ]),
        separator in prop::sample::select(vec!["", "_", "-", " ", "."]),
        is_capital in any::<bool>(),
        is_inside in any::<bool>(),
        side in prop::sample::select(vec!["entryLong", "exitLong", "buy", "exit"]),
    ) {
        let name = if first.is_empty() { word.to_owned() } else { format!("{first}{separator}{word}") };
        // Without a space between them, two words are another one.
        prop_assume!(first.is_empty() || !separator.is_empty());
        let name = if is_capital { name.to_uppercase() } else { name };
        let stated = if is_inside {
            format!(r#""order":{{"{name}":7}}"#)
        } else {
            format!(r#""{name}":7"#)
        };
        let field = if side == "buy" { "action" } else { "positionDirection" };
        let message = format!(r#"{{"ticker":"A","{field}":"{side}","marketPrice":10,{stated}}}"#);
        if let Ok(found) = parsed(&message) {
            prop_assert_eq!(found.signal.size, Size::Quantity("7".parse().unwrap()), "{}", message);
        }
    }
}
