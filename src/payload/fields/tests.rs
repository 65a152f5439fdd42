//! Fields under other names, fields that contradict each other, and fields without a value.

use crate::domain::money::Decimal;
use crate::domain::signal::{
    Direction, Intent, OrderType, PercentOf, Percentage, Signal, Size, TimeInForce,
};
use crate::payload::{Parsed, PayloadError, parse_without_key};

fn outcome(fields: &str) -> Result<Parsed, PayloadError> {
    let body = format!("{{{fields}}}");
    parse_without_key(body.as_bytes()).map(|parsed| *parsed)
}

/// A purchase at 10, with further fields.
fn purchase(fields: &str) -> String {
    format!(r#""ticker":"AAPL","action":"buy","marketPrice":10,{fields}"#)
}

fn accepted(fields: &str) -> (Signal, Vec<String>) {
    let parsed = outcome(fields).unwrap_or_else(|error| panic!("{fields}: {error}"));
    let warnings = parsed.warnings.into_iter();
    let warnings = warnings.map(|warning| format!("{}: {}", warning.code, warning.message));
    (parsed.signal, warnings.collect())
}

fn refused(fields: &str) -> PayloadError {
    outcome(fields).expect_err(fields)
}

fn percentage(percent: &str, of: PercentOf) -> Size {
    Size::Percentage(Percentage::new(percent.parse().unwrap(), of).unwrap())
}

fn units(text: &str) -> Size {
    Size::Quantity(text.parse().unwrap())
}

#[test]
fn a_quantity_is_used_whatever_it_is_called() {
    for name in [
        "quantity",
        "Quantity",
        "QTY",
        "Qty",
        "size",
        "contracts",
        "amount",
        "order_size",
        "strategy.order.contracts",
        "order-qty",
        "Order Quantity",
        "lots",
    ] {
        let (signal, warnings) = accepted(&purchase(&format!(r#""{name}":25"#)));
        assert_eq!(signal.size, units("25"), "{name}");
        let [warning] = &warnings[..] else {
            panic!("{name}: {warnings:?}");
        };
        let read = format!("other_name: read under another name: {name} as qty");
        assert!(warning.starts_with(&read), "{warning}");
    }
    let (_, warnings) = accepted(&purchase(r#""amount":"500""#));
    assert!(warnings[0].contains("amount as qty (units; an amount of money is notional)"));
}

#[test]
fn every_field_is_known_by_the_names_that_people_use() {
    let (signal, warnings) = accepted(
        r#""Symbol":"NASDAQ:AAPL","side":"SELL","order_type":"LMT","limit_price":"9.5","price":9,
        "quantity":"3","tif":"GTC","extended_hours":"True","tp":8,"sl":11,
        "market_position":"Short","market_position_size":1,"prev_market_position":"long",
        "prev_market_position_size":2,"position_size":-1,"ID":"a-1","timestamp":1767623400"#,
    );
    assert_eq!(signal.ticker.as_str(), "NASDAQ:AAPL");
    assert_eq!(signal.intent, Intent::Sell);
    assert_eq!(signal.order_type, OrderType::Limit);
    assert_eq!(signal.limit_price, Some("9.5".parse().unwrap()));
    assert_eq!(signal.market_price, Some("9".parse().unwrap()));
    assert_eq!(signal.size, units("3"));
    assert_eq!(signal.time_in_force, Some(TimeInForce::Gtc));
    assert_eq!(signal.extended_hours, Some(true));
    assert_eq!(signal.profit_target, Some("8".parse().unwrap()));
    assert_eq!(signal.stop_loss.unwrap().stop_price, "11".parse().unwrap());
    assert_eq!(signal.stated_position.new, Some(Decimal::NEGATIVE_ONE));
    assert_eq!(signal.stated_position.previous, Some(Decimal::TWO));
    assert_eq!(signal.idempotency_key.as_deref(), Some("a-1"));
    assert_eq!(
        signal.metadata.timestamp,
        Some("2026-01-05T14:30:00Z".parse().unwrap())
    );
    let codes: Vec<_> = warnings
        .iter()
        .map(|warning| warning.split(':').next())
        .collect();
    assert_eq!(codes, [Some("other_name")]);
    assert!(
        warnings[0].contains("timestamp as metadata.timestamp"),
        "{warnings:?}"
    );
}

#[test]
fn the_time_counts_wherever_it_stands() {
    let expected = "2026-01-05T14:30:00Z".parse().unwrap();
    let at = "2026-01-05T14:30:00Z";
    for fields in [
        format!(r#""timestamp":"{at}""#),
        format!(r#""Time":"{at}""#),
        format!(r#""timenow":"{at}""#),
        format!(r#""metadata":{{"time":"{at}"}}"#),
        format!(r#""Metadata":{{"Timestamp":"{at}"}}"#),
        format!(r#""timestamp":"{at}","metadata":{{"timestamp":"{at}"}}"#),
        // The time of the bar is not that of the alert.
        format!(r#""time":"2026-01-05T14:00:00Z","timestamp":"{at}""#),
        format!(r#""time":"2026-01-05T14:00:00Z","metadata":{{"timestamp":"{at}"}}"#),
        format!(r#""timestamp":"{at}","metadata":{{"time":"2026-01-05T14:00:00Z"}}"#),
        format!(r#""metadata":{{"timestamp":"{at}","time":"2026-01-05T14:00:00Z"}}"#),
        format!(r#""time":"2026-01-05T14:00:00Z","timenow":"{at}""#),
        format!(r#""metadata":{{"time":"2026-01-05T14:00:00Z","timenow":"{at}"}}"#),
        format!(r#""timenow":"2026-01-05T14:00:00Z","timestamp":"{at}""#),
    ] {
        let (signal, _) = accepted(&purchase(&fields));
        assert_eq!(signal.metadata.timestamp, Some(expected), "{fields}");
    }
    let two = format!(r#""timestamp":"2026-01-05T14:29:00Z","metadata":{{"timestamp":"{at}"}}"#);
    let error = refused(&purchase(&two));
    assert_eq!(error.code, "contradiction");
    assert!(error.message.contains("metadata.timestamp"), "{error}");
}

#[test]
fn the_close_of_the_bar_is_the_price_where_there_is_no_other() {
    let (signal, _) = accepted(r#""ticker":"A","action":"buy","close":10,"open":9,"volume":5"#);
    assert_eq!(signal.intended_price, "10".parse().unwrap());
    let (signal, warnings) = accepted(r#""ticker":"A","action":"buy","price":11,"close":10"#);
    assert_eq!(signal.intended_price, "11".parse().unwrap());
    assert!(warnings[1].ends_with("not used: close"), "{warnings:?}");
    let error = refused(r#""ticker":"A","action":"buy","close":10,"Close":11"#);
    assert_eq!(error.code, "contradiction");
}

#[test]
fn the_same_twice_is_fine_and_two_values_are_not() {
    for (fields, names) in [
        (r#""qty":3,"quantity":"3.0""#, "qty and quantity"),
        (r#""symbol":"NASDAQ:AAPL""#, "ticker and symbol"),
        (r#""symbol":"AA/PL""#, "ticker and symbol"),
        (r#""side":"Buy""#, "action and side"),
        (r#""side":"long""#, "action and side"),
        (r#""price":10.0"#, "marketPrice and price"),
    ] {
        let (_, warnings) = accepted(&purchase(fields));
        let said = format!("said_twice: say the same, one is enough: {names}");
        assert!(warnings.contains(&said), "{fields}: {warnings:?}");
    }
    for (fields, names) in [
        (r#""qty":3,"quantity":5"#, ["qty 3", "quantity 5"]),
        (r#""size":3,"contracts":5"#, ["size 3", "contracts 5"]),
        (r#""symbol":"MSFT""#, ["ticker AAPL", "symbol MSFT"]),
        (r#""side":"sell""#, ["action buy", "side sell"]),
        (r#""price":11"#, ["marketPrice 10", "price 11"]),
        (
            r#""orderType":"market","type":"limit""#,
            ["orderType market", "type limit"],
        ),
        (
            r#""tif":"day","timeInForce":"gtc""#,
            ["timeInForce gtc", "tif day"],
        ),
        (
            r#""profitTarget":12,"takeProfit":{"limitPrice":13}"#,
            ["profitTarget 12", "takeProfit 13"],
        ),
    ] {
        let error = refused(&purchase(fields));
        assert_eq!(error.code, "contradiction", "{fields}");
        for name in names {
            assert!(error.message.contains(name), "{error}");
        }
        assert!(error.hint.ends_with('.'));
    }
}

#[test]
fn sides_that_disagree_make_no_order() {
    for fields in [
        r#""direction":"long","action":"sell""#,
        r#""direction":"short","action":"buy""#,
        r#""direction":"buy","action":"close""#,
        r#""direction":"sell","action":"exit""#,
        r#""direction":"long","action":"close","prevMarketPosition":"short""#,
        r#""direction":"short","action":"entry_long""#,
        r#""positionDirection":"entryLong","action":"exit""#,
        r#""positionDirection":"entryLong","action":"sell""#,
        r#""positionDirection":"exitLong","action":"buy""#,
        r#""positionDirection":"exitLong","action":"open""#,
        r#""positionDirection":"entryShort","direction":"long""#,
        r#""positionDirection":"exitShort","action":"exitLong""#,
        r#""side":"long","action":"close","order":"buy""#,
        r#""side":"buy","action":"sell""#,
        r#""side":"sell","action":"short","positionDirection":"exitShort""#,
    ] {
        let error = refused(&format!(r#""ticker":"A","marketPrice":1,"qty":1,{fields}"#));
        assert_eq!(error.code, "contradiction", "{fields}: {error}");
    }
    let exit = refused(r#""ticker":"A","marketPrice":1,"direction":"buy","action":"Exit""#);
    assert_eq!(
        exit.message,
        "direction buy and action Exit contradict each other"
    );
    assert!(exit.hint.contains("exitLong"), "{exit:?}");
    for word in ["hold", "cancel", "update"] {
        let fields =
            format!(r#""ticker":"A","marketPrice":1,"direction":"long","action":"{word}""#);
        assert_eq!(refused(&fields).field.as_deref(), Some("action"), "{word}");
    }
    let close = refused(r#""ticker":"A","marketPrice":1,"action":"close""#);
    assert!(close.hint.contains("exitLong"), "{close:?}");
}

#[test]
fn sides_that_agree_are_one() {
    for (fields, intent) in [
        (r#""direction":"Long""#, Intent::Buy),
        (r#""direction":"long","action":"buy""#, Intent::Buy),
        (r#""direction":"long","action":"open""#, Intent::EntryLong),
        (r#""direction":"sell""#, Intent::Sell),
        (r#""action":"BUY""#, Intent::Buy),
        (r#""action":"short""#, Intent::Sell),
        (r#""action":"close_long""#, Intent::ExitLong),
        (
            r#""direction":"long","action":"exit_long""#,
            Intent::ExitLong,
        ),
        (r#""action":"open","side":"short""#, Intent::EntryShort),
        (r#""action":"close_long","side":"sell""#, Intent::ExitLong),
        (r#""order":"buy""#, Intent::Buy),
        (
            r#""positionDirection":"entry_long","action":"buy""#,
            Intent::EntryLong,
        ),
        (
            r#""positionDirection":"exitLong","action":"close""#,
            Intent::ExitLong,
        ),
        // To some the direction of an exit is its position's, to others its order's.
        (
            r#""positionDirection":"exitLong","direction":"long""#,
            Intent::ExitLong,
        ),
        (
            r#""positionDirection":"exitLong","direction":"short""#,
            Intent::ExitLong,
        ),
        (
            r#""action":"close","prevMarketPosition":"short","marketPosition":"flat""#,
            Intent::ExitShort,
        ),
    ] {
        let (signal, _) = accepted(&format!(r#""ticker":"A","marketPrice":1,{fields}"#));
        assert_eq!(signal.intent, intent, "{fields}");
    }
}

/// Meaning of two words: `direction` or `side` across, `action` down. Nothing where they contradict
/// each other, or leave it open which position is left.
const TOGETHER: [(&str, [Option<Intent>; 4]); 16] = {
    use Intent::{Buy, EntryLong, EntryShort, ExitLong, ExitShort, Sell};
    const LONG: Option<Intent> = Some(EntryLong);
    const SHORT: Option<Intent> = Some(EntryShort);
    const LEFT: Option<Intent> = Some(ExitLong);
    const COVERED: Option<Intent> = Some(ExitShort);
    [
        // long, short, buy, sell
        ("open", [LONG, SHORT, LONG, SHORT]),
        ("Enter", [LONG, SHORT, LONG, SHORT]),
        ("entry", [LONG, SHORT, LONG, SHORT]),
        ("close", [LEFT, COVERED, None, None]),
        ("EXIT", [LEFT, COVERED, None, None]),
        ("flat", [LEFT, COVERED, None, None]),
        ("close_all", [LEFT, COVERED, None, None]),
        ("buy", [Some(Buy), None, Some(Buy), None]),
        ("sell", [None, Some(Sell), None, Some(Sell)]),
        ("long", [Some(Buy), None, Some(Buy), None]),
        ("short", [None, Some(Sell), None, Some(Sell)]),
        ("enter_long", [LONG, None, LONG, None]),
        ("sell_short", [None, SHORT, None, SHORT]),
        ("close_long", [LEFT, LEFT, None, LEFT]),
        ("sell_to_close", [LEFT, LEFT, None, LEFT]),
        ("buy_to_cover", [COVERED, COVERED, COVERED, None]),
    ]
};

#[test]
fn a_side_and_an_action_say_one_thing_or_make_no_order() {
    for (action, expected) in TOGETHER {
        for (side, expected) in ["long", "short", "buy", "sell"].into_iter().zip(expected) {
            for (first, second) in [
                (("side", side), ("action", action)),
                (("action", action), ("side", side)),
            ] {
                let ((a, said), (b, then)) = (first, second);
                let fields =
                    format!(r#""ticker":"A","marketPrice":1,"{a}":"{said}","{b}":"{then}""#);
                match (outcome(&fields), expected) {
                    (Ok(parsed), Some(intent)) => {
                        assert_eq!(parsed.signal.intent, intent, "{fields}");
                    }
                    (Err(error), None) => assert_eq!(error.code, "contradiction", "{fields}"),
                    (found, _) => panic!("{fields}: {found:?}"),
                }
            }
            // `direction` is an exit's position to some, its order to others.
            let is_exit = matches!(action, "close_long" | "sell_to_close" | "buy_to_cover");
            let fields =
                format!(r#""ticker":"A","marketPrice":1,"direction":"{side}","action":"{action}""#);
            match (outcome(&fields), expected) {
                (Ok(parsed), Some(intent)) => assert_eq!(parsed.signal.intent, intent, "{fields}"),
                (Ok(parsed), None) if is_exit => {
                    assert!(parsed.signal.intent.is_exit(), "{fields}");
                }
                (Err(error), None) => assert_eq!(error.code, "contradiction", "{fields}"),
                (found, _) => panic!("{fields}: {found:?}"),
            }
        }
    }
}

#[test]
fn the_position_before_tells_which_one_is_closed() {
    for (position, expected) in [("long", Intent::ExitLong), ("short", Intent::ExitShort)] {
        let before = format!(
            r#""ticker":"A","marketPrice":1,"prevMarketPosition":"{position}","marketPosition":"flat""#
        );
        for side in [
            r#""action":"close""#.to_owned(),
            r#""side":"buy","action":"close""#.to_owned(),
            r#""direction":"sell","action":"exit""#.to_owned(),
            format!(r#""side":"{position}","action":"close""#),
            format!(r#""direction":"{position}","action":"flat""#),
        ] {
            let (signal, _) = accepted(&format!("{before},{side}"));
            assert_eq!(signal.intent, expected, "{position}: {side}");
        }
        let other = if position == "long" { "short" } else { "long" };
        for field in ["side", "direction"] {
            let error = refused(&format!(r#"{before},"{field}":"{other}","action":"close""#));
            assert_eq!(error.code, "contradiction", "{error}");
        }
    }
}

#[test]
fn a_position_that_cannot_be_makes_no_order() {
    for fields in [
        r#""marketPosition":"flat","marketPositionSize":2"#,
        r#""marketPosition":"long","marketPositionSize":0"#,
        r#""prevMarketPosition":"short","prevMarketPositionSize":0"#,
        r#""positionSize":1,"marketPosition":"short","marketPositionSize":1"#,
        r#""positionSize":-1,"marketPosition":"long""#,
        r#""positionSize":2,"marketPosition":"flat""#,
        r#""positionSize":2,"marketPosition":"long","marketPositionSize":3"#,
        // Against the purchase.
        r#""prevMarketPosition":"long","prevMarketPositionSize":5,"positionSize":2"#,
        r#""prevMarketPosition":"long","marketPosition":"flat""#,
        r#""prevMarketPosition":"flat","marketPosition":"short""#,
    ] {
        let error = refused(&purchase(&format!(r#""qty":1,{fields}"#)));
        assert_eq!(error.code, "contradiction", "{fields}: {error}");
    }
    for fields in [
        // A part of a short position is bought back.
        r#""prevMarketPosition":"short","marketPosition":"short""#,
        r#""prevMarketPosition":"short","prevMarketPositionSize":3,"positionSize":-2"#,
        r#""positionSize":0.30000000000000004,"marketPosition":"long","marketPositionSize":0.3"#,
        r#""sentiment":"bullish""#,
    ] {
        accepted(&purchase(&format!(r#""qty":1,{fields}"#)));
    }
    // The template of one kind of order, in an alert that serves exits, too.
    let entry = r#""ticker":"A","marketPrice":1,"positionDirection":"entryLong","#;
    let flat = r#""marketPosition":"flat""#;
    assert_eq!(refused(&format!("{entry}{flat}")).code, "contradiction");
    accepted(&format!(r#"{entry}{flat},"prevMarketPosition":"short""#));
    let same = r#""prevMarketPosition":"long","prevMarketPositionSize":5,"positionSize":5"#;
    assert_eq!(refused(&purchase(same)).field.as_deref(), Some("qty"));
}

#[test]
fn an_optional_field_without_a_value_is_absent_and_named() {
    for (field, shown) in [
        (r#""stopLossTarget":0"#, "stopLossTarget (0)"),
        (r#""profitTarget":"0""#, "profitTarget (0)"),
        (r#""profitTarget":"0.00""#, "profitTarget (0.00)"),
        (r#""stopLossTarget":"NaN""#, "stopLossTarget (NaN)"),
        (r#""tp":"na""#, "tp (na)"),
        (r#""limit_price":"None""#, "limit_price (none)"),
        (r#""stopLoss":null"#, "stopLoss (null)"),
        (r#""takeProfit":"""#, "takeProfit (\"\")"),
        (
            r#""takeProfit":{"limitPrice":0}"#,
            "takeProfit.limitPrice (0)",
        ),
        (
            r#""limitPrice":0,"stopPrice":"0""#,
            "limitPrice (0), stopPrice (0)",
        ),
        (
            r#""trailPrice":0,"trailPercent":null"#,
            "trailPrice (0), trailPercent (null)",
        ),
        (r#""timeInForce":"""#, "timeInForce (\"\")"),
        (r#""extendedHours":null"#, "extendedHours (null)"),
        (r#""id":"""#, "id (\"\")"),
        (r#""positionSize":"NaN""#, "positionSize (NaN)"),
        (r#""notional":0"#, "notional (0)"),
        (r#""qty":0,"notional":100"#, "qty (0)"),
        (r#""metadata":null"#, "metadata (null)"),
        (r#""qty":null"#, "qty (null)"),
    ] {
        let quantity = if field.contains("qty") || field.contains("notional") {
            ""
        } else {
            r#""qty":2,"#
        };
        let fields = purchase(&format!("{quantity}{field}"));
        if field == r#""notional":0"# {
            assert_eq!(refused(&fields).field.as_deref(), Some("notional"));
            continue;
        }
        let (signal, warnings) = accepted(&fields);
        assert_eq!(signal.order_type, OrderType::Market, "{field}");
        assert_eq!(signal.intended_price, "10".parse().unwrap(), "{field}");
        assert_eq!(
            (signal.profit_target, signal.stop_loss),
            (None, None),
            "{field}"
        );
        let expected = format!("no_value: without a value, so not used: {shown}");
        assert!(warnings.contains(&expected), "{field}: {warnings:?}");
    }
}

#[test]
fn what_the_order_needs_must_have_a_value() {
    for (fields, field) in [
        (r#""action":"buy","marketPrice":1,"qty":0"#, "qty"),
        (
            r#""action":"buy","marketPrice":1,"quantity":"NaN""#,
            "quantity",
        ),
        (r#""action":"buy","marketPrice":1,"size":"""#, "size"),
        (
            r#""action":"buy","marketPrice":1,"size":{"value":3}"#,
            "size",
        ),
        (
            r#""action":"buy","qty":1,"marketPrice":"NaN""#,
            "marketPrice",
        ),
        (r#""action":"","qty":1,"marketPrice":1"#, "action"),
        (
            r#""action":"buy","orderType":"limit","marketPrice":1,"limitPrice":"na""#,
            "limitPrice",
        ),
        (
            r#""action":"buy","orderType":"trailing_stop","marketPrice":1,"trailPercent":0"#,
            "trailPrice",
        ),
    ] {
        let error = refused(&format!(r#""ticker":"A",{fields}"#));
        assert_eq!(error.field.as_deref(), Some(field), "{fields}: {error}");
    }
    // It says that it leaves: with which quantity is then clear.
    let exit = r#""ticker":"A","positionDirection":"exitLong","marketPrice":1,"qty":0"#;
    assert_eq!(accepted(exit).0.size, Size::WholePosition);
    let stated = r#""qty":"NaN","prevMarketPosition":"flat","positionSize":4"#;
    assert_eq!(accepted(&purchase(stated)).0.size, units("4"));
}

#[test]
fn a_percentage_is_never_read_as_units() {
    let of_equity = |percent: &str| percentage(percent, PercentOf::Equity);
    for (fields, percent) in [
        (r#""qty":"10%""#, "10"),
        (r#""QTY":"2.5 %""#, "2.5"),
        (r#""quantity":10,"quantityType":"percent_of_equity""#, "10"),
        (r#""qty":10,"qty_mode":"percent""#, "10"),
        (r#""qty":"10%","qty_mode":"percent""#, "10"),
        (r#""qty_percent":50"#, "50"),
        (r#""qty_percent":"50%""#, "50"),
    ] {
        assert_eq!(
            accepted(&purchase(fields)).0.size,
            of_equity(percent),
            "{fields}"
        );
    }
    for fields in [
        r#""qty":10,"quantityType":"risk_dollar_amount""#,
        r#""quantityType":"percent_of_equity""#,
        r#""riskPercentage":"2""#,
    ] {
        let error = refused(&purchase(fields));
        assert!(error.hint.contains("units"), "{fields}: {error:?}");
    }
    for fields in [
        r#""qty":"10%","quantity":10"#,
        r#""qty":10,"quantity":"10%""#,
        r#""qty":"10%","qty_percent":20"#,
        r#""qty":"10%","notional":500"#,
        r#""qty":"10%","quantityType":"units""#,
        r#""qty":"ten%""#,
        r#""qty":"-5%""#,
        r#""qty":"20000%""#,
    ] {
        refused(&purchase(fields));
    }
    // Of an exit, it is a part of what is left.
    let exit = |fields: &str| {
        let exit = r#""ticker":"A","marketPrice":1,"positionDirection":"exitLong","#;
        accepted(&format!("{exit}{fields}")).0.size
    };
    let of_position = percentage("50", PercentOf::Position);
    assert_eq!(exit(r#""qtyPercent":50"#), of_position);
    assert_eq!(exit(r#""qty":"50%""#), of_position);
    assert_eq!(exit(r#""qty":"100%""#), Size::WholePosition);
    assert_eq!(
        exit(r#""qty":50,"qty_type":"percent_of_equity""#),
        of_equity("50")
    );
    let money = accepted(&purchase(
        r#""quantity":500,"quantityType":"dollar_amount""#,
    ));
    assert_eq!(money.0.size, Size::Notional("500".parse().unwrap()));
    let fixed = accepted(&purchase(
        r#""qty":5,"quantityType":"fixed_quantity","riskPercentage":2"#,
    ));
    assert_eq!(fixed.0.size, units("5"));
}

#[test]
fn a_misspelt_quantity_is_no_order_of_one() {
    let error = refused(&purchase(r#""quanity":25"#));
    assert_eq!(error.hint, r#"Rename "quanity" to "qty"."#);
    accepted(&purchase(r#""quanity":25,"qty":25"#));
    refused(&purchase(r#""volume":25000"#));
    accepted(&purchase(r#""volume":25000,"open":9"#));
    let error = refused(&purchase(r#""order":{"contracts":5}"#));
    assert!(error.hint.contains("order.contracts"), "{error:?}");
    accepted(&purchase(r#""order":{"contracts":5},"qty":5"#));
}

#[test]
fn a_bracket_that_is_no_price_is_left_out() {
    for (fields, named) in [
        (r#""takeProfit":{"percent":10}"#, "takeProfit.percent"),
        (
            r#""stopLoss":{"type":"stop","percent":2}"#,
            "stopLoss.percent",
        ),
        (r#""takeProfit":2"#, "takeProfit 2 is no price"),
        (r#""tp":5"#, "tp 5 is no price"),
        (r#""sl":12"#, "sl 12 is no price"),
    ] {
        let (signal, warnings) = accepted(&purchase(fields));
        assert_eq!((signal.profit_target, signal.stop_loss), (None, None));
        assert!(
            warnings.join("\n").contains(named),
            "{fields}: {warnings:?}"
        );
    }
    for fields in [
        r#""tp":12,"sl":9"#,
        r#""take_profit":"12","stop_loss":9"#,
        r#""take_profit_price":12,"stopLoss":{"price":9}"#,
        r#""takeProfit":{"limit_price":12},"StopLoss":{"StopPrice":9}"#,
    ] {
        let (signal, _) = accepted(&purchase(fields));
        assert_eq!(
            signal.profit_target,
            Some("12".parse().unwrap()),
            "{fields}"
        );
        assert_eq!(signal.stop_loss.unwrap().stop_price, "9".parse().unwrap());
    }
}

#[test]
fn what_is_not_needed_and_has_another_name_never_costs_the_order() {
    for field in [
        r#""tp":"2%""#,
        r#""sl":"off""#,
        r#""take_profit":[1,2]"#,
        r#""stop_loss":{"price":"low"}"#,
        r#""tif":"forever""#,
        r#""extended_hours":"sometimes""#,
        r#""Metadata":"x""#,
        r#""price":"market""#,
        r#""symbol":7"#,
        r#""authKey":"x""#,
    ] {
        let (signal, warnings) = accepted(&purchase(field));
        assert_eq!(signal.intended_price, "10".parse().unwrap(), "{field}");
        let name = field.split('"').nth(1).unwrap();
        let named = warnings
            .iter()
            .any(|warning| warning.starts_with("unknown_field: ") && warning.contains(name));
        assert!(named, "{field}: {warnings:?}");
    }
}

#[test]
fn zero_is_a_price_where_the_order_needs_one() {
    let (spread, _) = accepted(
        r#""ticker":"CL1!-CL2!","action":"buy","orderType":"limit","limitPrice":0,"marketPrice":0.1"#,
    );
    assert_eq!(spread.intended_price, "0".parse().unwrap());
    let (spread, warnings) = accepted(r#""ticker":"CL1!-CL2!","action":"buy","marketPrice":0"#);
    assert_eq!(spread.intended_price, "0".parse().unwrap());
    assert!(warnings[0].starts_with("zero_price: "), "{warnings:?}");
    let money = r#""ticker":"CL1!","action":"buy","marketPrice":-37.63,"notional":1000"#;
    assert_eq!(refused(money).field.as_deref(), Some("notional"));
}

#[test]
fn a_limit_order_s_only_price_is_its_limit() {
    let (signal, _) =
        accepted(r#""ticker":"A","side":"BUY","type":"LIMIT","price":9,"quantity":1"#);
    assert_eq!(signal.order_type, OrderType::Limit);
    assert_eq!(signal.limit_price, Some("9".parse().unwrap()));
    assert_eq!(signal.market_price, None);
    let ours = r#""ticker":"A","action":"buy","orderType":"limit","marketPrice":9"#;
    assert_eq!(refused(ours).field.as_deref(), Some("limitPrice"));
    let (signal, warnings) = accepted(&purchase(r#""type":"strategy""#));
    assert_eq!(signal.order_type, OrderType::Market);
    assert!(warnings[0].starts_with("unknown_field: "), "{warnings:?}");
}

#[test]
fn a_side_of_the_position_is_kept_without_a_size() {
    let (signal, _) = accepted(&purchase(r#""Market_Position":"LONG""#));
    assert_eq!(signal.stated_position.side, Some(Direction::Long));
}
