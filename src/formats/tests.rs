use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::order::{Measure, measure};
use crate::payload::parse_without_key;

fn at() -> Timestamp {
    "2026-01-05T14:30:00.25Z".parse().unwrap()
}

/// The message of an alert in a format.
fn made(
    alert: &Value,
    position: Option<i64>,
    format: ForwardFormat,
    settings: &[(&str, &str)],
    template: Option<&str>,
) -> Result<String, Unsayable> {
    let payload = alert.to_string();
    let parsed = parse_without_key(payload.as_bytes()).unwrap();
    let order = OutgoingOrder {
        signal: &parsed.signal,
        quantity: match measure(&parsed.signal).unwrap() {
            Measure::Quantity(quantity) => quantity,
            Measure::Percentage(_) => None,
        },
        position: position.map(Decimal::from),
        closed_nothing: false,
        closed: None,
        unused_stop: None,
    };
    let outgoing = Outgoing {
        delivery: "dlv_019b8d4a2c0000112233445566778899".parse().unwrap(),
        event: EventId(7),
        webhook: "wh_AAAAAAAAAAAAAAAAAAAAAA",
        received_at: at(),
        payload: payload.as_bytes(),
        order: Some(order),
    };
    let settings = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let with = MadeWith {
        format,
        settings: &settings,
        template,
        sends_key: false,
    };
    message(&outgoing, &with).map(|bytes| String::from_utf8(bytes).unwrap())
}

fn alert(changes: &Value) -> Value {
    let mut alert = json!({
        "ticker": "BINANCE:BTCUSDT", "positionDirection": "entryLong", "qty": "0.50", "marketPrice": "64250.10",
    });
    for (name, value) in changes.as_object().unwrap() {
        alert[name] = value.clone();
    }
    alert
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    alert
}

fn object(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn another_algohook_reads_the_same_order() {
    for changes in [
        json!({}),
        json!({"positionDirection": "exitShort", "qty": null}),
        json!({"positionDirection": null, "direction": "short", "orderType": "stop_limit", "limitPrice": 1.5,
            "stopPrice": "1.25", "timeInForce": "gtc", "extendedHours": true}),
        json!({"profitTarget": 70000, "stopLoss": {"stopPrice": 60000, "limitPrice": "59990.5"},
            "metadata": {"timestamp": "2026-01-05T14:29:59Z", "strategy": "A \"b\"", "signal": "L", "comment": "{}"}}),
        json!({"positionDirection": null, "direction": "short", "qty": "3.5", "positionSize": "-1.5", "prevMarketPosition": "long", "prevMarketPositionSize": 2}),
        json!({"orderType": "trailing_stop", "trailPercent": "1.5"}),
    ] {
        let alert = alert(&changes);
        let sent = made(&alert, None, ForwardFormat::Algohook, &[], None).unwrap();
        let first = parse_without_key(alert.to_string().as_bytes())
            .unwrap()
            .signal;
        let mut second = parse_without_key(sent.as_bytes()).unwrap().signal;
        assert_eq!(
            second.idempotency_key.take().as_deref(),
            Some("dlv_019b8d4a2c0000112233445566778899")
        );
        let time = first.metadata.timestamp.unwrap_or(at());
        assert_eq!(second.metadata.timestamp.take(), Some(time));
        let mut first = first;
        first.metadata.timestamp = None;
        // It states a time always.
        first.metadata.states_time = true;
        assert_eq!(second, first, "{sent}");
    }
}

/// The position of a service that closes the opposite one by itself before it opens.
fn at_service(before: i64, side: i64, enters: bool, quantity: i64) -> i64 {
    let held = before * side;
    side * if enters {
        held.max(0) + quantity
    } else {
        // What reduces an opposite position goes no further than to nothing.
        (held + quantity).min(0)
    }
}

#[test]
fn a_service_that_closes_before_it_opens_comes_to_the_same_position() {
    let orders = [
        (json!({"positionDirection": "entryLong"}), 1),
        (json!({"positionDirection": "entryShort"}), -1),
        (json!({"positionDirection": null, "direction": "long"}), 1),
        (json!({"positionDirection": null, "direction": "short"}), -1),
    ];
    for (mut order, side) in orders {
        for (before, quantity) in (-4..=4).flat_map(|before| (1..=8).map(move |of| (before, of))) {
            let after: i64 = before + side * quantity;
            order["qty"] = json!(quantity);
            let made =
                |format| object(&made(&alert(&order), Some(after), format, &[], None).unwrap());
            let case = format!("{order} from {before}");

            let sent = made(ForwardFormat::ThreeCommas);
            let (action, amount) = (&sent["action"], &sent["order"]["amount"]);
            let enters = action.as_str().unwrap().starts_with("enter");
            let amount = amount.as_str().unwrap().parse().unwrap();
            assert_eq!(
                at_service(before, side, enters, amount),
                after,
                "{case}: {sent}"
            );

            let sent = made(ForwardFormat::TradersPost);
            let left = match sent["sentiment"].as_str().unwrap() {
                "flat" => 0,
                "bullish" => 1,
                _ => -1,
            };
            assert_eq!(left, after.signum(), "{case}: {sent}");
            let amount = sent["quantity"].to_string().parse().unwrap();
            let at_service = at_service(before, side, left == side, amount);
            assert_eq!(at_service, after, "{case}: {sent}");
        }
    }
}

#[test]
fn traderspost_is_told_what_is_to_be_left() {
    let made = |changes: &Value, position| {
        object(
            &made(
                &alert(changes),
                position,
                ForwardFormat::TradersPost,
                &[],
                None,
            )
            .unwrap(),
        )
    };
    let entry = made(
        &json!({"stopLoss": {"stopPrice": 60000}, "takeProfit": {"limitPrice": 70000}}),
        Some(1),
    );
    assert_eq!(
        entry,
        json!({
            "ticker": "BTCUSDT", "action": "buy", "sentiment": "bullish", "quantity": 0.5, "orderType": "market",
            "signalPrice": 64250.1, "takeProfit": {"limitPrice": 70000},
            "stopLoss": {"type": "stop", "stopPrice": 60000}, "time": "2026-01-05T14:30:00.25Z",
        })
    );
    let exit = made(
        &json!({"positionDirection": "exitLong", "qty": null}),
        Some(0),
    );
    assert_eq!(
        (&exit["action"], &exit["sentiment"]),
        (&json!("sell"), &json!("flat"))
    );
    assert_eq!(exit.get("quantity"), None);
    let part = made(&json!({"positionDirection": "exitLong"}), Some(2));
    assert_eq!(
        (&part["sentiment"], &part["quantity"]),
        (&json!("bullish"), &json!(0.5))
    );
    let net = made(
        &json!({"positionDirection": null, "direction": "short"}),
        Some(-1),
    );
    assert_eq!(
        (&net["action"], &net["sentiment"]),
        (&json!("sell"), &json!("bearish"))
    );
}

#[test]
fn three_commas_gets_a_strategys_message_where_the_alert_states_its_position() {
    let settings = [("botUuid", "b0t"), ("exchange", "BYBIT")];
    let made = |changes: &Value, position, settings: &[(&str, &str)]| {
        made(
            &alert(changes),
            position,
            ForwardFormat::ThreeCommas,
            settings,
            None,
        )
    };
    let custom = made(&json!({}), None, &settings[..1]).unwrap();
    assert_eq!(
        object(&custom),
        json!({
            "max_lag": "60", "timestamp": "2026-01-05T14:30:00.25Z", "trigger_price": "64250.1",
            "tv_exchange": "BINANCE", "tv_instrument": "BTCUSDT", "action": "enter_long", "bot_uuid": "b0t",
            "order": {"amount": "0.5", "currency_type": "base"},
        })
    );
    let stated = json!({"positionDirection": null, "direction": "short", "positionSize": 0,
        "prevMarketPosition": "long", "prevMarketPositionSize": "0.5"});
    let strategy = object(&made(&stated, Some(0), &settings).unwrap());
    assert_eq!(
        (&strategy["action"], &strategy["tv_exchange"]),
        (&json!("sell"), &json!("BYBIT"))
    );
    assert_eq!(
        strategy["strategy_info"],
        json!({"market_position": "flat", "market_position_size": "0", "prev_market_position": "long",
            "prev_market_position_size": "0.5"})
    );
    let limit = made(
        &json!({"orderType": "limit", "limitPrice": 1}),
        None,
        &settings,
    );
    assert!(
        matches!(
            limit,
            Err(Unsayable::Part {
                part: "a limit order",
                ..
            })
        ),
        "{limit:?}"
    );
    let stop = made(&json!({"stopLossTarget": 60000}), None, &settings);
    assert!(matches!(stop, Err(Unsayable::Part { .. })), "{stop:?}");
    let nowhere = made(&json!({"ticker": "BTCUSDT"}), None, &settings[..1]);
    assert!(
        matches!(nowhere, Err(Unsayable::Missing { .. })),
        "{nowhere:?}"
    );
}

#[test]
fn alertatron_gets_one_command() {
    let made = |changes: &Value, position| {
        made(
            &alert(changes),
            position,
            ForwardFormat::Alertatron,
            &[("keys", "MyKeys")],
            None,
        )
    };
    for (changes, position, command) in [
        (json!({}), None, "market(side=buy, amount=0.5)"),
        (
            json!({"positionDirection": "exitLong"}),
            Some(1),
            "market(side=sell, amount=0.5, reduceOnly=true)",
        ),
        (
            json!({"positionDirection": "exitLong", "qty": null}),
            None,
            "market(position=0)",
        ),
        (
            json!({"orderType": "limit", "limitPrice": "64000.0"}),
            None,
            "limit(side=buy, amount=0.5, offset=@64000)",
        ),
    ] {
        let expected = format!("MyKeys(BTCUSDT) {{ {command}; }} #bot");
        assert_eq!(made(&changes, position), Ok(expected));
    }
    let injected = made(&json!({"ticker": "A) { market(position=9); } x("}), None);
    assert!(
        matches!(injected, Err(Unsayable::Part { .. })),
        "{injected:?}"
    );
}

#[test]
fn secrets_are_put_in_last_and_struck_out_of_answers() {
    let secrets = Settings::from([("secret".to_owned(), "tok\"en".to_owned())]);
    let message = br#"{"action":"buy"}"#.to_vec();
    let sent = with_secrets(ForwardFormat::ThreeCommas, message.clone(), &secrets);
    assert_eq!(sent, br#"{"secret":"tok\"en","action":"buy"}"#);
    assert_eq!(
        with_secrets(ForwardFormat::TradersPost, message.clone(), &secrets),
        message
    );
    let said = struck_out("200: got s3cret-token".to_owned(), ["s3cret-token"]);
    assert_eq!(said, "200: got ***");
}

#[test]
fn secrets_are_struck_out_however_a_receiver_writes_them() {
    let secret = "p\"a\\ss/w <ü>&'";
    let json = serde_json::to_string(secret).unwrap();
    let written = [
        secret.to_owned(),
        json.clone(),
        serde_json::to_string(&json).unwrap(),
        r#""p\"a\\ss\/w <\u00fc>&'""#.to_owned(),
        r#""p\"a\\ss/w <\u00FC>&'""#.to_owned(),
        "p%22a%5Css%2Fw%20%3C%C3%BC%3E%26%27".to_owned(),
        "p%22a%5css%2fw%20%3c%c3%bc%3e%26%27".to_owned(),
        "p%22a%5Css%2Fw+%3C%C3%BC%3E%26%27".to_owned(),
        "p&quot;a\\ss/w &lt;ü&gt;&amp;&#39;".to_owned(),
        "p&quot;a\\ss/w &lt;ü&gt;&amp;&#x27;".to_owned(),
    ];
    for text in written {
        let said = struck_out(format!("400: {text} is wrong"), [secret]);
        let left = said.replace(['"', '\\'], "");
        assert_eq!(left, "400: *** is wrong", "{text}");
    }
}

#[test]
fn a_template_is_checked_when_it_is_saved() {
    for (template, said) in [
        ("  ", "empty"),
        (r#"{"a": {{tickr}}}"#, "tickr"),
        (r#"{"a": {{ticker"#, "{{ without }}"),
        (r#"{"a": {{ticker}}"#, "no JSON"),
        (r#"{"a": x{{qty}}}"#, "no JSON"),
        (r#"{"a": {{secret.}}}"#, "no field"),
    ] {
        let error = Template::checked(template).unwrap_err().to_string();
        assert!(error.contains(said), "{template}: {error}");
    }
    for template in [
        r#"{"a": {{ticker}}, "b": "{{ qty }} of {{ticker}}", "c": {{payload}}, "d": "{{payload}}", "e": {{secret.k}}}"#,
        "{{action}} {{qty}} {{symbol}}",
        r"[{{qty}}, null]",
    ] {
        Template::checked(template).unwrap();
    }
}

#[test]
fn a_template_is_filled_in() {
    let template = r#"{"t": {{ticker}}, "q": {{qty}}, "note": "{{comment}}!", "sl": {{stopLoss}}, "key": "{{secret.k}}"}"#;
    let alert = alert(&json!({"metadata": {"comment": "say \"hi\"\n{{secret.k}}"}}));
    let filled = made(&alert, None, ForwardFormat::Template, &[], Some(template)).unwrap();
    let secrets = Settings::from([("secret.k".to_owned(), "a\"b".to_owned())]);
    let sent = with_secrets(ForwardFormat::Template, filled.into_bytes(), &secrets);
    assert_eq!(
        serde_json::from_slice::<Value>(&sent).unwrap(),
        json!({"t": "BINANCE:BTCUSDT", "q": 0.5, "note": "say \"hi\"\n{{secret.k}}!", "sl": null, "key": "a\"b"})
    );
    let text = made(
        &alert,
        None,
        ForwardFormat::Template,
        &[],
        Some("{{action}} {{qty}} {{comment}}"),
    )
    .unwrap();
    assert_eq!(text, "buy 0.5 say \"hi\" {{secret.k}}");
}

proptest! {
    /// Whatever an alert says, a template of JSON stays that JSON, and the secret goes nowhere
    /// else.
    #[test]
    fn no_comment_breaks_out_of_a_template(comment in ".{0,40}", broken in r#"[\\"{}:,\[\]a-s.]{0,30}"#) {
        let template = r#"{"a": {{comment}}, "b": "x{{comment}}y", "s": {{secret.k}}}"#;
        let comment = comment + &broken;
        let alert = alert(&json!({"metadata": {"comment": comment}}));
        let filled = made(&alert, None, ForwardFormat::Template, &[], Some(template)).unwrap();
        let secrets = Settings::from([("secret.k".to_owned(), "THE-SECRET".to_owned())]);
        let sent = with_secrets(ForwardFormat::Template, filled.into_bytes(), &secrets);
        let sent: Value = serde_json::from_slice(&sent).unwrap();
        prop_assert_eq!(sent.as_object().unwrap().len(), 3);
        prop_assert_eq!(&sent["s"], "THE-SECRET");
        prop_assert!(!sent["b"].as_str().unwrap().contains("THE-SECRET"));
        if let Some(a) = sent["a"].as_str() {
            prop_assert!(!a.contains("THE-SECRET"));
        }
    }
}
