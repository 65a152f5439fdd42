//! Exports of each broker, as they are in `tests/fixtures/fills`.

use jiff::tz::TimeZone;

use super::*;
use crate::domain::signal::Direction;
use crate::imports::trades::Choices;
use crate::imports::{Kind, kind_of};

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/fills/", $name)).as_slice()
    };
}

fn options() -> FillOptions {
    FillOptions {
        zone: None,
        usual_zone: TimeZone::UTC,
        symbol: None,
        now: "2027-01-01T00:00:00Z".parse().unwrap(),
    }
}

fn read_file(bytes: &[u8]) -> FillFile {
    read(bytes, &options()).unwrap()
}

/// A fill in one line: time, side, quantity, price, fee, order and number.
fn lines(bytes: &[u8]) -> Vec<String> {
    let read = read_file(bytes);
    let line = |listed: &ListedFill| {
        let fill = &listed.fill;
        let fee = fill.fee.as_ref().map_or_else(String::new, |fee| {
            format!("{} {}", fee.amount, fee.currency.as_deref().unwrap_or("?"))
        });
        format!(
            "{} {} {} {} {} [{fee}] {} {}",
            fill.time,
            fill.symbol,
            fill.side,
            fill.quantity.get().normalize(),
            fill.price.get().normalize(),
            fill.order_id.as_deref().unwrap_or("-"),
            fill.fill_id.as_deref().unwrap_or("-"),
        )
    };
    read.fills.iter().map(line).collect()
}

#[test]
fn alpaca_s_activities_are_read_as_json_and_as_csv() {
    let expected = [
        "2026-01-05T14:30:01.25Z AAPL long 60 212.41 [] 6d1f2f9a-0001 20260105143001250::d1a3b0a2-0001",
        "2026-01-05T14:30:01.3Z AAPL long 40 212.43 [] 6d1f2f9a-0001 20260105143001300::d1a3b0a2-0002",
        "2026-01-06T15:00:02Z AAPL short 100 213.05 [] 6d1f2f9a-0002 20260106150002000::d1a3b0a2-0004",
    ];
    for file in [
        fixture!("alpaca-activities.json"),
        fixture!("alpaca-activities.csv"),
    ] {
        assert_eq!(lines(file), expected);
        assert_eq!(read_file(file).venue, FillVenue::Alpaca);
    }
    // The dividend is not a fill.
    assert_eq!(read_file(fixture!("alpaca-activities.json")).others, 1);
}

#[test]
fn binance_writes_the_coin_behind_its_amounts() {
    let file = fixture!("binance-spot.csv");
    assert_eq!(
        lines(file),
        [
            "2026-01-04T09:00:00Z 1INCHUSDT long 100.5 0.4012 [0.00006 BNB] - -",
            "2026-01-05T10:00:02Z BTCUSDT long 0.012 94800 [0.000012 BTC] - -",
            "2026-01-05T10:00:02Z BTCUSDT long 0.008 94801.5 [0.000008 BTC] - -",
            "2026-01-06T10:00:01Z BTCUSDT short 0.01998 95120 [1.9004976 USDT] - -",
        ]
    );
    assert_eq!(read_file(file).venue, FillVenue::Binance);
    assert_eq!(
        lines(fixture!("binance-spot-old.csv")),
        [
            "2026-01-05T10:00:02Z BTCUSDT long 0.012 94800 [0.000012 BTC] - -",
            "2026-01-06T10:00:01Z BTCUSDT short 0.011988 95120 [0.0009 BNB] - -",
        ]
    );
    assert_eq!(
        lines(fixture!("binance-futures.csv")),
        [
            "2026-01-05T10:00:02Z BTCUSDT short 0.25 94800.1 [9.48001 USDT] - -",
            "2026-01-05T14:30:03Z BTCUSDT long 0.25 94500.2 [9.45002 USDT] - -",
        ]
    );
}

#[test]
fn bybit_puts_a_line_before_the_header_and_funding_between_the_trades() {
    let spot = fixture!("bybit-spot.csv");
    assert_eq!(
        lines(spot),
        [
            "2026-01-05T10:00:02Z ETHUSDT long 1 3301.5 [0.001 ETH] 1800000000000000001 2290000000000000001",
            "2026-01-05T12:00:01Z ETHUSDT short 0.999 3310 [3.30669 USDT] 1800000000000000002 2290000000000000002",
        ]
    );
    let derivatives = fixture!("bybit-derivatives.csv");
    assert_eq!(
        lines(derivatives),
        [
            "2026-01-05T10:00:00Z BTCUSDT long 0.25 94800.1 [13.03501375 USDT] o1 a1",
            "2026-01-05T18:30:00Z BTCUSDT short 0.25 94950 [13.055625 USDT] o2 a2",
        ]
    );
    let read = read_file(derivatives);
    assert_eq!((read.venue, read.others), (FillVenue::Bybit, 1));
    assert!(read.fills.iter().all(|listed| listed.fill.precision == 60));
    assert!(read.notes[0].contains("whole minutes"), "{:?}", read.notes);
}

#[test]
fn interactive_brokers_writes_new_york_s_time_and_fees_below_zero() {
    assert_eq!(
        lines(fixture!("ibkr-flex.csv")),
        [
            "2026-01-05T14:30:01Z MNQH6 long 1 21500 [0.62 USD] 4001 0000e0d5.0001",
            "2026-01-05T14:30:02Z MNQH6 long 1 21500.5 [0.62 USD] 4001 0000e0d5.0002",
            "2026-01-05T16:30:00Z MNQH6 short 2 21520 [1.24 USD] 4002 0000e0d5.0003",
        ]
    );
    let statement = fixture!("ibkr-activity.csv");
    assert_eq!(
        lines(statement),
        [
            "2026-01-05T14:30:01Z AAPL long 1000 212.41 [5 USD] - -",
            "2026-01-06T15:00:02Z AAPL short 1000 213.05 [5.21 USD] - -",
        ]
    );
    let read = read_file(statement);
    assert_eq!(read.venue, FillVenue::InteractiveBrokers);
    assert_eq!(read.fills[0].row, 7);
    assert!(read.notes[0].contains("New York"), "{:?}", read.notes);
    let berlin = FillOptions {
        zone: Some(TimeZone::get("Europe/Berlin").unwrap()),
        ..options()
    };
    let read = super::read(statement, &berlin).unwrap();
    assert_eq!(read.fills[0].fill.time.to_string(), "2026-01-05T08:30:01Z");
}

#[test]
fn a_file_of_fills_is_known_as_one() {
    for file in [
        fixture!("alpaca-activities.json"),
        fixture!("alpaca-activities.csv"),
        fixture!("binance-spot.csv"),
        fixture!("binance-spot-old.csv"),
        fixture!("binance-futures.csv"),
        fixture!("bybit-spot.csv"),
        fixture!("bybit-derivatives.csv"),
        fixture!("ibkr-flex.csv"),
        fixture!("ibkr-activity.csv"),
        fixture!("plain.csv"),
    ] {
        assert_eq!(kind_of(file, &Choices::default()), Ok(Kind::Fills));
    }
}

#[test]
fn what_cannot_be_read_is_named_by_line_and_column() {
    let file = "time,symbol,side,qty,price\n\
        2026-01-05T14:30:01Z,AAPL,buy,60,212.41\n\
        yesterday,AAPL,buy,60,212.41\n\
        2026-01-05,AAPL,buy,60,212.41\n\
        2026-01-05T14:30:01Z,AAPL,hold,60,212.41\n\
        2026-01-05T14:30:01Z,AAPL,buy,0,212.41\n\
        2026-01-05T14:30:01Z,AAPL,buy,sixty,212.41\n\
        2026-01-05T14:30:01Z,,buy,60,212.41\n\
        2026-01-05T14:30:01Z,AAPL,buy,60,212,41\n";
    let Err(Unreadable::Rows(faults)) = read(file.as_bytes(), &options()) else {
        panic!("it was read");
    };
    let named: Vec<String> = faults.named.iter().map(ToString::to_string).collect();
    for (fault, expected) in named.iter().zip([
        "row 3, column time: \"yesterday\" is no time",
        "row 4, column time: \"2026-01-05\" has no time of day",
        "row 5, column side: \"hold\" is neither buy nor sell",
        "row 6, column qty: must be greater than 0",
        "row 7, column qty: \"sixty\" is not a number",
        "row 8, column symbol: is missing",
        "row 9: the row has more cells than the header",
    ]) {
        assert!(fault.starts_with(expected), "{fault}");
    }
    assert_eq!(named.len(), 7);
}

#[test]
fn faults_have_the_lines_that_an_editor_shows() {
    let lines = [
        "time,symbol,side,qty,price",
        "",
        "2026-01-05T14:30:01Z,AAPL,buy,60,\"212\n.41\"",
        "",
        "2026-01-05T14:30:01Z,AAPL,hold,60,212.41",
    ];
    for end in ["\n", "\r\n", "\r"] {
        let file = lines.map(|line| line.replace('\n', end)).join(end);
        let Err(Unreadable::Rows(faults)) = read(file.as_bytes(), &options()) else {
            panic!("it was read: {file:?}");
        };
        let rows: Vec<usize> = faults.named.iter().map(|fault| fault.row).collect();
        assert_eq!(rows, [3, 6], "{file:?}");
    }
}

#[test]
fn a_zone_that_nobody_says_is_told() {
    let file = |time: &str| format!("time,symbol,side,qty,price\n{time},AAPL,buy,60,212.41\n");
    let says = |time: &str, zone: Option<&str>| {
        let zone = zone.map(|name| TimeZone::get(name).unwrap());
        let options = FillOptions { zone, ..options() };
        let notes = read(file(time).as_bytes(), &options).unwrap().notes;
        notes
            .iter()
            .any(|note| note.contains("they were read in the webhook's, UTC"))
    };
    assert!(says("2026-01-05 14:30:01", None));
    assert!(!says("2026-01-05 14:30:01", Some("Europe/Berlin")));
    assert!(!says("2026-01-05T14:30:01Z", None) && !says("1767623401", None));
}

#[test]
fn numbers_of_json_are_not_rounded() {
    let fill = r#"{"transaction_time": "2026-01-05T14:30:01Z", "symbol": "BTCUSD", "side": "buy",
        "qty": 12345678901234567.123456789, "price": "0.1", "legs": [1, 2], "note": null}"#;
    let expected = ["2026-01-05T14:30:01Z BTCUSD long 12345678901234567.123456789 0.1 [] - -"];
    for file in [
        format!("[{fill}]"),
        format!("{fill}\n"),
        format!(r#"{{"account": 7, "tags": [1, 2], "fills": [{fill}], "more": [{{}}]}}"#),
    ] {
        assert_eq!(lines(file.as_bytes()), expected, "{file}");
    }
    for wrong in ["[1]", "[{\"a\": \"\\ud800\"}]", "[{}", "{\"a\": 1", "{}]"] {
        assert!(read(wrong.as_bytes(), &options()).is_err(), "{wrong}");
    }
}

#[test]
fn a_header_that_is_not_known_is_told_what_was_expected() {
    let error = read(b"When,What,Qty,Price\n1,2,3,4\n", &options())
        .unwrap_err()
        .to_string();
    for said in [
        "no column for time, symbol, side",
        "When, What",
        "time,symbol,side,qty,price,fee",
    ] {
        assert!(error.contains(said), "{error}");
    }
    for file in ["", "[]", "[1, 2]", "{\"time\": 1", "a,b\n1,2\n"] {
        assert!(read(file.as_bytes(), &options()).is_err(), "{file}");
    }
    // A list of trades is not one of fills, nor is an alert log.
    for header in [
        "Trade #,Type,Signal,Date/Time,Price,Contracts,Profit,Cum. Profit",
        "Alert ID,Ticker,Name,Description,Time",
    ] {
        let file = format!("{header}\n").into_bytes();
        assert!(
            !looks_like_fills(&mut Opened::of(&file).unwrap()),
            "{header}"
        );
    }
}

#[test]
fn fills_of_which_the_file_says_the_same_are_told_apart_by_their_sequence() {
    let row = "2026-01-05T14:30:01Z,AAPL,buy,60,212.41\n";
    let file = format!("time,symbol,side,qty,price\n{row}{row}");
    let fills = read_file(file.as_bytes()).fills;
    let nths: Vec<usize> = fills.iter().map(|listed| listed.nth).collect();
    assert_eq!(nths, [0, 1]);
    assert_eq!(fills[0].fill.side, Direction::Long);
}

#[test]
fn semicolons_and_decimal_commas_are_read_too() {
    let file = "time;symbol;side;qty;price;fee\n2026-01-05 14:30:01;AAPL;sell;1.000;212,41;0,5\n2026-01-05 14:31:01;AAPL;buy;2,5;212,4;0,5\n";
    assert_eq!(
        lines(file.as_bytes()),
        [
            "2026-01-05T14:30:01Z AAPL short 1000 212.41 [0.5 ?] - -",
            "2026-01-05T14:31:01Z AAPL long 2.5 212.4 [0.5 ?] - -",
        ]
    );
}
