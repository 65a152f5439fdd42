//! Statements are used, or the message fails: whatever names they are under,
//! and however often. No default ever takes its place.

use jiff::Timestamp;
use proptest::prelude::*;

use super::names::{ALERT, QUANTITY_PERCENT, Standing};
use crate::domain::money::Decimal;
use crate::domain::signal::{Direction, Intent, Size};
use crate::payload::{Parsed, PayloadError, parse_without_key};

/// Every name that is read as one of our fields: ours, others', and both as people write
/// them.
fn names_of(field: &'static str) -> Vec<String> {
    let mut names: Vec<String> = ALERT
        .names_of(field)
        .filter(|(_, standing)| !matches!(standing, Standing::Asked))
        .map(|(name, _)| name.to_owned())
        .collect();
    let spelt = names.clone();
    names.extend(spelt.iter().map(|name| name.to_uppercase()));
    names.extend(spelt.iter().map(|name| {
        let mut snake = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() {
                snake.push('_');
            }
            snake.extend(letter.to_lowercase());
        }
        snake
    }));
    names.sort();
    names.dedup();
    names
}

fn name_of(field: &'static str) -> impl Strategy<Value = String> {
    prop::sample::select(names_of(field))
}

/// Some statements of a field: one to three names with a value each.
fn statements<V: Strategy>(
    field: &'static str,
    value: V,
) -> impl Strategy<Value = Vec<(String, V::Value)>>
where
    V::Value: Clone + std::fmt::Debug,
{
    prop::collection::vec((name_of(field), value), 1..4).prop_map(|mut all| {
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        all.dedup_by(|(one, _), (other, _)| one == other);
        all
    })
}

fn read(fields: &[String]) -> Result<Box<Parsed>, PayloadError> {
    parse_without_key(format!("{{{}}}", fields.join(",")).as_bytes())
}

/// The rest of a message that has no side, quantity or time.
const REST: &str = r#""ticker":"A","marketPrice":10"#;

/// The sides that a word can mean, by the field that it stands in.
fn sides_of(word: &str) -> &'static [Direction] {
    match word.to_ascii_lowercase().as_str() {
        "buy" | "long" | "entrylong" | "exitshort" => &[Direction::Long],
        "sell" | "short" | "entryshort" | "exitlong" => &[Direction::Short],
        _ => &[],
    }
}

proptest! {
    #[test]
    fn a_stated_quantity_is_the_order_s(
        stated in statements("qty", prop_oneof![
            (1_u32..50).prop_map(|number| number.to_string()),
            (1_u32..50).prop_map(|number| format!("\"{number}.0\"")),
            Just("0".to_owned()), Just("\"NaN\"".to_owned()), Just("\"\"".to_owned()),
            Just("\"10%\"".to_owned()), Just("-3".to_owned()), Just("true".to_owned()),
            Just("\"ten\"".to_owned()), Just("{\"value\":7}".to_owned()),
        ]),
        kind in prop::option::of(prop::sample::select(vec!["units", "percent_of_equity", "lot_risk"])),
        action in prop::sample::select(vec!["buy", "sell"]),
    ) {
        let mut fields = vec![REST.to_owned(), format!(r#""action":"{action}""#)];
        fields.extend(stated.iter().map(|(name, value)| format!("\"{name}\":{value}")));
        fields.extend(kind.map(|kind| format!(r#""quantity_type":"{kind}""#)));
        let Ok(parsed) = read(&fields) else { return Ok(()) };
        let says = |value: &str| value.trim_matches('"').trim_end_matches('%').parse::<Decimal>().ok();
        let numbers: Vec<Decimal> = stated
            .iter()
            .filter_map(|(_, value)| says(value))
            .filter(|number| !number.is_zero())
            .collect();
        prop_assert!(!numbers.is_empty(), "a default in the place of {stated:?}");
        let is_percent = |value: &str| value.contains('%');
        match parsed.signal.size {
            Size::Quantity(quantity) => {
                let quantity = quantity.get();
                prop_assert!(numbers.iter().all(|number| *number == quantity), "{quantity} of {stated:?}");
                prop_assert!(!stated.iter().any(|(_, value)| is_percent(value)), "{stated:?}");
                prop_assert!(kind.is_none_or(|kind| kind == "units"));
            }
            Size::Percentage(percentage) => {
                let percent = percentage.percent();
                prop_assert!(numbers.iter().all(|number| *number == percent), "{percent} of {stated:?}");
                let is_said = kind == Some("percent_of_equity");
                let mut counted = stated.iter().filter(|(_, value)| says(value).is_some_and(|number| !number.is_zero()));
                prop_assert!(is_said || counted.all(|(_, value)| is_percent(value)), "{stated:?}");
            }
            size => prop_assert!(false, "{size:?} of {stated:?}"),
        }
    }

    #[test]
    fn a_stated_side_is_the_order_s(
        actions in statements("action", prop::sample::select(vec![
            "buy", "SELL", "long", "Short", "close", "exit", "open", "hold", "exitLong",
        ])),
        direction in prop::option::of(prop::sample::select(vec!["long", "short", "LONG"])),
        whole in prop::option::of(prop::sample::select(vec!["entryLong", "exitLong", "entryShort", "exitShort"])),
    ) {
        let mut fields = vec![REST.to_owned(), r#""qty":1"#.to_owned()];
        fields.extend(actions.iter().map(|(name, word)| format!(r#""{name}":"{word}""#)));
        fields.extend(direction.map(|word| format!(r#""direction":"{word}""#)));
        fields.extend(whole.map(|word| format!(r#""positionDirection":"{word}""#)));
        let Ok(parsed) = read(&fields) else { return Ok(()) };
        let intent = parsed.signal.intent;
        if let Some(whole) = whole {
            prop_assert_eq!(intent.as_str(), whole);
        }
        for (name, word) in &actions {
            // Some names count where they have a word for a side.
            let is_word = matches!(ALERT.field(name), Some((_, Standing::Word)));
            let is_read = !is_word || *word != "hold";
            prop_assert!(!is_read || *word != "hold", "{fields:?}");
            prop_assert!(!matches!(*word, "close" | "exit") || intent.is_exit(), "{fields:?}");
            prop_assert!(*word != "open" || !intent.is_exit(), "{fields:?}");
            let is_position = intent.is_exit() && matches!(*word, "long" | "Short");
            if let [side] = sides_of(word) && !is_position {
                prop_assert_eq!(Some(*side), intent.direction(), "{:?}", fields);
            }
        }
        if let Some(direction) = direction && !intent.is_exit() {
            prop_assert_eq!(sides_of(direction).first().copied(), intent.direction(), "{:?}", fields);
        }
    }

    #[test]
    fn a_stated_position_is_the_order_s(
        sizes in statements("positionSize", -5_i32..6),
        words in statements("marketPosition", prop::sample::select(vec!["long", "Short", "FLAT"])),
        before in prop::option::of(-5_i32..6),
        action in prop::sample::select(vec!["buy", "sell"]),
    ) {
        let mut fields = vec![REST.to_owned(), r#""qty":1"#.to_owned(), format!(r#""action":"{action}""#)];
        fields.extend(sizes.iter().map(|(name, size)| format!("\"{name}\":{size}")));
        fields.extend(words.iter().map(|(name, word)| format!("\"{name}\":\"{word}\"")));
        if let Some(before) = before {
            let side = match before.signum() { 1 => "long", -1 => "short", _ => "flat" };
            fields.push(format!(r#""prev_market_position":"{side}","previous_market_position_size":{}"#, before.abs()));
        }
        let Ok(parsed) = read(&fields) else { return Ok(()) };
        let new = parsed.signal.stated_position.new;
        for (_, size) in &sizes {
            prop_assert_eq!(new, Some(Decimal::from(*size)), "{:?}", fields);
        }
        for (_, word) in &words {
            let side = match word.to_lowercase().as_str() { "long" => 1, "short" => -1, _ => 0 };
            prop_assert_eq!(sizes[0].1.signum(), side, "{:?}", fields);
        }
        if let Some(before) = before {
            prop_assert_eq!(parsed.signal.stated_position.previous, Some(Decimal::from(before)));
            let moved = sizes[0].1 - before;
            let is_against = match parsed.signal.intent { Intent::Buy => moved < 0, _ => moved > 0 };
            prop_assert!(!is_against, "{:?}", fields);
        }
    }

    #[test]
    fn a_stated_time_is_the_order_s(
        top in statements("metadata.timestamp", 0_i64..3),
        inside in prop::option::of((prop::sample::select(vec!["timestamp", "Time", "timenow"]), 0_i64..3)),
    ) {
        let at = |minute: i64| Timestamp::from_second(1_767_623_400 + 60 * minute).unwrap();
        let mut fields = vec![REST.to_owned(), r#""action":"buy","qty":1"#.to_owned()];
        fields.extend(top.iter().map(|(name, minute)| format!("\"{name}\":\"{}\"", at(*minute))));
        fields.extend(inside.map(|(name, minute)| format!(r#""metadata":{{"{name}":"{}"}}"#, at(minute))));
        let Ok(parsed) = read(&fields) else { return Ok(()) };
        let time = parsed.signal.metadata.timestamp;
        // Every other name gives way: the time of a bar is not that of the alert.
        let all = || top.iter().map(|(name, minute)| (name.as_str(), *minute)).chain(inside);
        let sure: Vec<_> = all().filter(|(name, _)| name.eq_ignore_ascii_case("timestamp")).collect();
        for (name, minute) in &sure {
            prop_assert_eq!(time, Some(at(*minute)), "{}: {:?}", name, fields);
        }
        prop_assert!(all().any(|(_, minute)| time == Some(at(minute))), "{:?}", fields);
    }

    #[test]
    fn a_stated_price_and_ticker_are_the_order_s(
        prices in statements("marketPrice", 1_u32..4),
        tickers in statements("ticker", prop::sample::select(vec!["BTCUSDT", "BINANCE:BTCUSDT", "BTC/USDT", "ETHUSDT"])),
    ) {
        let mut fields = vec![r#""action":"buy","qty":1"#.to_owned()];
        fields.extend(prices.iter().map(|(name, price)| format!("\"{name}\":{price}")));
        fields.extend(tickers.iter().map(|(name, ticker)| format!(r#""{name}":"{ticker}""#)));
        let Ok(parsed) = read(&fields) else { return Ok(()) };
        let price = parsed.signal.intended_price.get();
        let is_bar = |name: &str| name.eq_ignore_ascii_case("close");
        let has_sure = prices.iter().any(|(name, _)| !is_bar(name));
        let mut counted = prices.iter().filter(|(name, _)| !(has_sure && is_bar(name)));
        prop_assert!(counted.all(|(_, stated)| price == Decimal::from(*stated)), "{:?}", fields);
        let is_eth = tickers[0].1 == "ETHUSDT";
        prop_assert!(tickers.iter().all(|(_, ticker)| (*ticker == "ETHUSDT") == is_eth), "{:?}", fields);
    }

    #[test]
    fn a_stated_percentage_or_amount_of_money_is_the_order_s(
        (field, name) in prop_oneof![
            name_of(QUANTITY_PERCENT).prop_map(|name| (QUANTITY_PERCENT, name)),
            name_of("notional").prop_map(|name| ("notional", name)),
        ],
        value in prop::sample::select(vec![
            "7", r#""7""#, r#""7.0""#, "0", "-7", r#""seven""#, r#""7,5""#, "true", "[7]", r#"{"value":7}"#,
            r#""{{plot_0}}""#, r#""NaN""#, r#""""#,
        ]),
        side in prop::sample::select(vec![r#""action":"buy""#, r#""positionDirection":"exitLong""#]),
        beside in prop::option::of(prop::sample::select(vec![r#""qty":3"#, r#""quantity_percent":8"#])),
    ) {
        let mut fields = vec![REST.to_owned(), side.to_owned(), format!("\"{name}\":{value}")];
        fields.extend(beside.map(str::to_owned));
        let Ok(parsed) = read(&fields) else { return Ok(()) };
        let is_seven = matches!(value, "7" | r#""7""# | r#""7.0""#);
        let has_none = matches!(value, "0" | r#""NaN""# | r#""""#);
        prop_assert!(is_seven || has_none && (beside.is_some() || side.contains("exit")), "{:?}", fields);
        prop_assert!(!is_seven || beside.is_none(), "{:?}", fields);
        let seven = Decimal::from(7);
        match parsed.signal.size {
            Size::Percentage(part) if is_seven => {
                prop_assert_eq!((field, part.percent()), (QUANTITY_PERCENT, seven));
            }
            Size::Notional(money) => prop_assert_eq!((field, money.get()), ("notional", seven)),
            size => prop_assert!(!is_seven && size != Size::Quantity("1".parse().unwrap()), "{:?}", fields),
        }
    }
}
