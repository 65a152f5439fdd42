//! What a message states under a name that is not known, or in a place that is not read: the
//! order uses it, or there is none.

use proptest::prelude::*;

use crate::payload::statements::{
    exit, fails, in_words, makes, parsed, pickmytrade, purchase, signalstack, three_commas,
    traderspost, wundertrading,
};

/// Our own message of a sale at 10.
fn sale(fields: &str) -> String {
    purchase(fields).replace("buy", "sell")
}

#[test]
fn a_position_inside_of_an_object_is_no_order_of_one() {
    for fields in [
        r#""strategy":{"position_size":0,"market_position":"flat"}"#,
        r#""strategy":{"position_size":0}"#,
        r#""strategy":{"market_position":"flat"}"#,
        r#""strategy":{"market_position_size":"0"}"#,
        r#""strategy":{"market_position":"FLAT"}"#,
        r#""strategy":"{\"market_position\":\"flat\"}""#,
        r#""metadata":{"market_position":"flat"}"#,
        r#""metadata":{"position_size":0}"#,
        r#""data":{"sentiment":"flat"}"#,
        r#""data":{"strategy":{"sentiment":"bullish"}}"#,
        r#""data":{"position":0}"#,
        r#""data":{"position":"flat"}"#,
        r#""order":{"target_position":3}"#,
        r#""strategy":{"prev_market_position":"long"}"#,
        r#""position":{"side":"flat"}"#,
        r#""position":{"side":"long"}"#,
        r#""position":{"size":0}"#,
        r#""data":{"target_qty":0}"#,
    ] {
        let error = fails(&sale(fields));
        assert!(
            error.hint.contains("top") || error.hint.contains("qty"),
            "{error:?}"
        );
        // Beside a quantity it is its sender's own affair.
        makes(
            &sale(&format!(r#""qty":5,{fields}"#)),
            "sell 5 A market at 10",
        );
    }
    for fields in [
        r#""action":"sell","strategy":{"position_size":0,"market_position":"flat"}"#,
        r#""action":"sell","strategy":{"market_position":"flat"}"#,
        r#""action":"sell","extras":{"market_position":"flat"}"#,
        r#""action":"buy","extras":{"position_size":0}"#,
    ] {
        fails(&traderspost(fields));
    }
    fails(&signalstack(
        r#""action":"buy","data":{"market_position":"flat"}"#,
    ));
    // A position that the order leads to anyway.
    makes(
        &exit(r#""strategy":{"market_position":"flat"}"#),
        "exitLong all A market at 10",
    );
    makes(
        &exit(r#""strategy":{"position_size":0}"#),
        "exitLong all A market at 10",
    );
    makes(
        &exit(r#""data":{"prev_market_position":"long"}"#),
        "exitLong all A market at 10",
    );
    makes(
        &purchase(r#""strategy":{"market_position":"long"}"#),
        "buy 1 A market at 10",
    );
    makes(
        &purchase(r#""data":{"prev_market_position":"flat"}"#),
        "buy 1 A market at 10",
    );
    makes(
        &purchase(r#""backtest":{"position_size":0}"#),
        "buy 1 A market at 10",
    );
    // The top of the message says it already.
    makes(
        &sale(r#""marketPosition":"flat","strategy":{"market_position":"flat"}"#),
        "sell all A market at 10",
    );
    fails(&exit(r#""strategy":{"market_position":"long"}"#));
}

#[test]
fn a_position_under_another_name_is_no_order_of_one() {
    for name in [
        "position",
        "Position",
        "target_position",
        "targetPosition",
        "netPosition",
        "net_position",
        "new_position",
        "newposition",
        "current_position",
        "open_position",
        "pos",
        "exposure",
        "position_after",
        "new_position_size",
        "target_size",
        "remaining_qty",
    ] {
        for value in [
            "0",
            "3",
            "-5",
            r#""0""#,
            r#""flat""#,
            r#""short""#,
            r#""Long""#,
            r#""bearish""#,
        ] {
            let fields = format!(r#""{name}":{value}"#);
            let agrees = |long: bool| match value {
                r#""short""# | r#""bearish""# => !long,
                r#""Long""# => long,
                _ => false,
            };
            for (message, long) in [(purchase(&fields), true), (sale(&fields), false)] {
                if agrees(long) {
                    parsed(&message).unwrap();
                } else {
                    fails(&message);
                }
            }
            let is_flat = matches!(value, "0" | r#""0""# | r#""flat""#);
            if is_flat {
                makes(&exit(&fields), "exitLong all A market at 10");
            } else {
                fails(&exit(&fields));
            }
            makes(
                &purchase(&format!(r#""qty":5,{fields}"#)),
                "buy 5 A market at 10",
            );
        }
    }
    fails(&traderspost(r#""action":"sell","position":0"#));
    fails(&traderspost(r#""action":"sell","mp":"flat""#));
    makes(&purchase(r#""max_size":0"#), "buy 1 A market at 10");
    fails(&signalstack(r#""action":"sell","target_position":3"#));
    // Of something else, or nothing.
    for fields in [
        r#""position_id":5"#,
        r#""position":"""#,
        r#""position":null"#,
        r#""position":"top""#,
        r#""possible":"flat""#,
        r#""composition":"long""#,
    ] {
        makes(&purchase(fields), "buy 1 A market at 10");
    }
    // The position that an exit ends at is not the one that is left.
    fails(&exit(r#""marketPosition":"long""#));
    makes(
        &exit(r#""marketPosition":"long","qty":2"#),
        "exitLong 2 A market at 10",
    );
}

#[test]
fn an_exit_that_is_said_opens_nothing() {
    for fields in [
        r#""intent":"close""#,
        r#""intent":"EXIT""#,
        r#""trade_type":"exit""#,
        r#""signal_type":"close""#,
        r#""type":"close""#,
        r#""type":"exit_long""#,
        r#""exit":true"#,
        r#""exit":"true""#,
        r#""is_exit":true"#,
        r#""isExit":1"#,
        r#""is_close":"yes""#,
        r#""close":true"#,
        r#""flat":true"#,
        r#""flatten":true"#,
        r#""exit_trade":true"#,
        r#""order":{"intent":"close"}"#,
        r#""order":{"type":"close"}"#,
        r#""order":{"action":"close"}"#,
        r#""strategy":{"is_exit":true}"#,
        r#""strategy":{"order_action":"exit_long"}"#,
    ] {
        for quantity in ["", r#","qty":2"#] {
            let message = sale(&format!("{fields}{quantity}"));
            if fields == r#""type":"exit_long""# {
                // It says wholly what it leaves.
                let order = parsed(&message).unwrap();
                assert!(in_words(&order.signal).starts_with("exitLong"), "{message}");
                continue;
            }
            assert_eq!(fails(&message).code, "contradiction", "{message}");
        }
        let left = exit(fields);
        makes(&left, "exitLong all A market at 10");
    }
    // Where the position tells which one is left, it is.
    for fields in [
        r#""intent":"close","prevMarketPosition":"long","marketPosition":"flat""#,
        r#""intent":"close","marketPosition":"flat""#,
        r#""type":"exit","marketPosition":"flat""#,
    ] {
        makes(
            &sale(&format!(r#""qty":2,{fields}"#)),
            "exitLong 2 A market at 10",
        );
    }
    for fields in [
        r#""action":"sell","intent":"close""#,
        r#""action":"sell","exit":true,"quantity":2"#,
        r#""action":"sell","is_exit":true"#,
        r#""action":"sell","type":"close""#,
    ] {
        fails(&traderspost(fields));
    }
    for fields in [
        r#""exit":false"#,
        r#""is_exit":0"#,
        r#""exit":12.5"#,
        r#""close":11"#,
        r#""source":"close""#,
        r#""comment":"exit""#,
        r#""type":"crypto""#,
        r#""intent":"swing""#,
    ] {
        makes(
            &sale(&format!(r#""qty":2,{fields}"#)),
            "sell 2 A market at 10",
        );
    }
    makes(
        &purchase(r#""qty":2,"intent":"open""#),
        "entryLong 2 A market at 10",
    );
}

#[test]
fn the_unit_of_a_quantity_is_read_or_the_message_fails() {
    for (fields, order) in [
        (r#""qty":10,"qty_unit":"percent""#, "buy 10% of the equity"),
        (r#""qty":10,"quantity_unit":"%""#, "buy 10% of the equity"),
        (r#""qty":10,"unit":"percent""#, "buy 10% of the equity"),
        (
            r#""qty":10,"sizing_mode":"percent_of_equity""#,
            "buy 10% of the equity",
        ),
        (
            r#""qty":10,"sizing":"percent_of_equity""#,
            "buy 10% of the equity",
        ),
        (r#""qty":10,"unit":"USD""#, "buy money 10"),
        (r#""qty":10,"currency_type":"quote""#, "buy money 10"),
        (r#""qty":10,"unit":"contracts""#, "buy 10"),
        (r#""qty":10,"qty_unit":"lots""#, "buy 10"),
        (r#""qty":10,"unit":"A""#, "buy 10"),
        (r#""qty":10,"metadata":{"qty_type":"units"}"#, "buy 10"),
        (
            r#""qty":"10%","metadata":{"qty_type":"percent_of_equity"}"#,
            "buy 10% of the equity",
        ),
        (r#""qty":10,"tp_type":"percent""#, "buy 10"),
        (r#""qty":10,"sl_is_percent":true"#, "buy 10"),
        (r#""qty":10,"stop_loss_unit":"%""#, "buy 10"),
        (
            r#""qty":10,"takeProfit":{"limitPrice":12,"unit":"percent"}"#,
            "buy 10",
        ),
        (r#""qty":10,"is_percent":false"#, "buy 10"),
        (r#""qty":10,"percent":5"#, "buy 10"),
        (r#""qty":10,"sizing":"aggressive""#, "buy 10"),
    ] {
        makes(&purchase(fields), &format!("{order} A market at 10"));
    }
    for fields in [
        r#""is_percent":true"#,
        r#""isPercent":"true""#,
        r#""percent":true"#,
        r#""quantityIsPercent":"true""#,
        r#""in_percent":1"#,
        r#""use_pct":true"#,
        r#""mode":"percent""#,
        r#""basis":"percent_of_equity""#,
        r#""is_notional":true"#,
        r#""in_usd":true"#,
        r#""metadata":{"qty_type":"percent_of_equity"}"#,
        r#""metadata":{"quantityType":"percent_of_equity"}"#,
        r#""metadata":{"quantityType":"dollar_amount"}"#,
        r#""order":{"unit":"percent"}"#,
        r#""order":{"is_percent":true}"#,
        r#""unit":"furlong""#,
    ] {
        let error = fails(&purchase(&format!(r#""qty":10,{fields}"#)));
        assert!(error.hint.contains("qty"), "{error:?}");
        fails(&traderspost(&format!(
            r#""action":"buy","quantity":10,{fields}"#
        )));
    }
    makes(
        &traderspost(r#""action":"buy","quantity":10,"quantityUnit":"percent""#),
        "buy 10% of the equity A market at 10",
    );
    makes(
        &signalstack(r#""action":"buy","quantity":10,"unit":"percent""#),
        "buy 10% of the equity A market at 10",
    );
    // Without a number, it asks for one.
    for fields in [
        r#""metadata":{"qty_type":"percent_of_equity"}"#,
        r#""is_percent":true"#,
        r#""unit":"percent""#,
    ] {
        fails(&purchase(fields));
    }
}

#[test]
fn a_part_of_the_position_is_never_all_of_it() {
    for fields in [
        r#""portion":"50%""#,
        r#""fraction":0.5"#,
        r#""weight":"50%""#,
        r#""how_much":"50%""#,
        r#""ratio":0.5"#,
        r#""reduce":"50%""#,
        r#""reduce_by":"50 %""#,
        r#""close_ratio":0.5"#,
        r#""close_fraction":"0.5""#,
        r#""part":"half""#,
        r#""portion":"half""#,
        r#""half":true"#,
        r#""partial":true"#,
        r#""order":{"portion":"50%"}"#,
        r#""data":{"how_much":"50%"}"#,
    ] {
        fails(&exit(fields));
        if !fields.contains("data") {
            fails(&traderspost(&format!(r#""action":"exit",{fields}"#)));
        }
        makes(
            &exit(&format!(r#""qty":5,{fields}"#)),
            "exitLong 5 A market at 10",
        );
    }
    for fields in [
        r#""profit":55.2"#,
        r#""bars_held":12"#,
        r#""entry_price":9"#,
        r#""pnl_percent":"5%""#,
        r#""half":false"#,
        r#""exit_reason":"half""#,
        r#""portion":0"#,
    ] {
        makes(&exit(fields), "exitLong all A market at 10");
    }
    // All of it is said.
    makes(
        &sale(r#""closePosition":true,"my_number":5"#),
        "exitLong all A market at 10",
    );
}

#[test]
fn a_number_that_is_called_like_a_size_is_no_order_of_one() {
    for name in [
        "sz",
        "sizing",
        "margin",
        "weight",
        "portion",
        "fraction",
        "ratio",
        "cost",
        "funds",
        "pieces",
        "tokens",
        "trade_value",
        "close_ratio",
        "order_margin",
        "\u{43a}\u{43e}\u{43b}\u{438}\u{447}\u{435}\u{441}\u{442}\u{432}\u{43e}",
        "\u{6570}\u{91cf}",
        "St\u{fc}ck",
        "anzahl",
    ] {
        for value in [
            "10",
            "0.25",
            r#""10""#,
            r#""25%""#,
            r#""500 USDT""#,
            r#""$500""#,
            r#""10x""#,
            r#""1,000""#,
            "-3",
        ] {
            let fields = format!(r#""{name}":{value}"#);
            let error = fails(&purchase(&fields));
            assert!(
                error.hint.contains("qty") && error.hint.contains("metadata"),
                "{error:?}"
            );
            fails(&traderspost(&format!(r#""action":"buy",{fields}"#)));
            fails(&wundertrading("ENTER-LONG", &fields));
            makes(
                &purchase(&format!(r#""qty":5,{fields}"#)),
                "buy 5 A market at 10",
            );
        }
        makes(
            &purchase(&format!(r#""metadata":{{"{name}":10}}"#)),
            "buy 1 A market at 10",
        );
        makes(&purchase(&format!(r#""{name}":0"#)), "buy 1 A market at 10");
        fails(&purchase(&format!(r#""order":{{"{name}":10}}"#)));
    }
    fails(&purchase(r#""data":{"weight":"25%"}"#));
    fails(&three_commas(r#""action":"enter_long","order":{"sz":5}"#));
}

#[test]
fn a_number_of_something_else_costs_no_order() {
    for fields in [
        // TradingView's placeholders.
        r#""open":9,"high":11,"low":8,"close":10,"volume":25000"#,
        r#""o":9,"h":11,"l":8,"c":10,"v":25000"#,
        r#""plot_0":61.8,"plot_1":"12.5","plot0":3"#,
        r#""interval":"15","timeframe":60,"tf":"5""#,
        r#""time":1767623400,"bar_time":"1767623400","bar_index":5000"#,
        // Indicators.
        r#""rsi":55.2,"atr":1.5,"ema":9.8,"ema20":9.8,"ema_200":9.1,"sma50":9"#,
        r#""macd":0.1,"macd_hist":-0.2,"stoch_k":80,"stochK":80,"k":80,"d":75,"adx":25"#,
        r#""bb_upper":11,"bbLower":9,"upper":11,"basis":10,"supertrend":9.5,"vwap":10.1"#,
        r#""emaFast":9.9,"fast_ema":9.9,"fastema":9.9,"rsivalue":50,"atrMultiplier":2"#,
        r#""volume_sma":1000,"rel_volume":1.5,"volume_24h":5e6,"trend":3,"score":80"#,
        r#""obv":1e6,"zscore":-2.1,"slope":0.5,"signal":-1,"confidence":"80%""#,
        // Prices, stops and targets.
        r#""entry":10,"entry_price":10,"bid":9.9,"ask":10.1,"stop":9,"target":12,"limit":10"#,
        r#""tp1":12,"tp2":13,"tp_percent":"5%","sl_pips":20,"trail_offset":2,"stopDistance":1"#,
        r#""pivot":10,"support":9,"resistance":11,"r1":11,"s1":9,"prev_close":9.9"#,
        // Names that say nothing are named in a warning.
        r#""foo":4,"value":61.8,"my_number":"7","multiplier":3,"count":2"#,
        // Settings and identities.
        r#""leverage":5,"lev":"3x","slippage":2,"commission":"0.1%","fee":0.04,"tick_size":0.25"#,
        r#""bot_id":12345,"botId":"12345","magic":777,"version":2,"account":"12345","chat_id":-100"#,
        r#""order_id":"42","strategy_id":3,"uid":5,"pin":"1234","passphrase":"999","expiry":"202612""#,
        r#""delay":5,"timeout":30,"pyramiding":3,"max_positions":3,"priority":2"#,
        // Figures of performance.
        r#""profit":55,"pnl":-3,"win_rate":"55%","drawdown":"12%","profit_factor":1.8,"rr":2"#,
        // No numbers.
        r#""note":"50","reason":"5","date":"2026-11-30","chart":"15m","isin":"US0378331005""#,
        r#""mood":"3 soldiers","uuid":"8e34479c","period":"1D","ip":"10.0.0.1","code":"77""#,
        r#""enabled":true,"flag":1,"crossed":1,"long_signal":1"#,
        r#""account_size":10000,"contract_size":50,"shares_outstanding":5e6"#,
        r#""indicators":{"custom":5,"rsi":50},"levels":[1,2,3]"#,
    ] {
        makes(&purchase(fields), "buy 1 A market at 10");
        makes(
            &traderspost(&format!(r#""action":"buy",{fields}"#)),
            "entryLong 1 A market at 10",
        );
    }
}

#[test]
fn a_message_of_another_service_says_what_is_not_used() {
    let closes = pickmytrade(r#""data":"close","quantity":3"#);
    let warnings = makes(&closes, "exit all A market at 10");
    let said = warnings
        .iter()
        .find(|warning| warning.code == "other_meaning");
    assert!(said.unwrap().message.contains("quantity"), "{warnings:?}");
    makes(
        &pickmytrade(r#""data":"close","quantity":0"#),
        "exit all A market at 10",
    );

    let order = |fields: &str| {
        three_commas(&format!(
            r#""action":"enter_long","order":{{"amount":"2",{fields}}}"#
        ))
    };
    for (fields, said) in [
        (
            r#""order_type":"limit","price":"98""#,
            "entryLong 2 A limit at 98",
        ),
        (
            r#""order_type":"limit","limit_price":98"#,
            "entryLong 2 A limit at 98",
        ),
        (r#""type":"limit","price":98"#, "entryLong 2 A limit at 98"),
        (r#""order_type":"market""#, "entryLong 2 A market at 10"),
        (
            r#""order_type":"market","price":98"#,
            "entryLong 2 A market at 10",
        ),
        (
            r#""order_type":"stop","stop_price":98"#,
            "entryLong 2 A stop at 98",
        ),
    ] {
        makes(&order(fields), said);
    }
    for fields in [
        r#""order_type":"limit""#,
        r#""order_type":"iceberg""#,
        r#""price":98"#,
        r#""order_type":"limit","price":"low""#,
    ] {
        fails(&order(fields));
    }
}

proptest! {
    /// A percentage under any name that is not known is never an exit of all.
    #[test]
    fn no_portion_becomes_all_of_a_position(
        name in "[b-z]{1,3}x[a-z]{1,6}",
        value in prop::sample::select(vec![r#""50%""#, r#""50 %""#, r#""half""#]),
        is_inside in any::<bool>(),
    ) {
        let stated = format!(r#""{name}":{value}"#);
        let stated = if is_inside { format!(r#""order":{{{stated}}}"#) } else { stated };
        if let Ok(found) = parsed(&exit(&stated)) {
            let order = in_words(&found.signal);
            prop_assert!(!order.contains(" all A"), "{}: {}", stated, order);
        }
    }
}
