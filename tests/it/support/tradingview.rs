//! TradingView's lists of trades, and the orders that made them.
//!
//! The exports lie in `tests/fixtures/tradingview`; `TRADINGVIEW_EXPORTS` names
//! another folder to run over.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use algohook::domain::event::EventId;
use algohook::domain::money::{Decimal, Price, Quantity};
use algohook::domain::order::{Order, OrderId};
use algohook::domain::signal::{Direction, Intent, OrderType, StatedPosition};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// One row of an export: the entry or the exit of a trade.
pub struct Row {
    pub trade: u32,
    pub is_exit: bool,
    pub direction: Direction,
    pub time: Timestamp,
    pub signal: String,
    pub price: Price,
    pub quantity: Quantity,
}

/// One side of a trade as it is compared: time, price and signal.
pub type Side = (Timestamp, Price, String);

/// A trade as it is compared; without an exit it is open.
pub type Comparable = (Side, Option<Side>, Direction, Quantity);

/// Rows with equal time, kind, signal and price are one fill.
type FillKey = (Timestamp, bool, Direction, String, Price);

pub fn read(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headers = reader.headers().unwrap().clone();
    let column = |names: &[&str]| {
        let is_it = |header: &str| names.iter().any(|name| header.starts_with(name));
        headers.iter().position(is_it).unwrap()
    };
    let trade = column(&["Trade #", "Trade number"]);
    let kind = column(&["Type"]);
    let time = column(&["Date and time"]);
    let signal = column(&["Signal"]);
    let price = column(&["Price"]);
    let quantity = column(&["Size (qty)", "Position size (qty)"]);
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        let (side, direction) = record[kind].split_once(' ').unwrap();
        // The zone does not matter here: every row of a file has the same.
        let time = DateTime::strptime("%Y-%m-%d %H:%M", &record[time]).unwrap();
        Row {
            trade: record[trade].parse().unwrap(),
            is_exit: side == "Exit",
            direction: direction.parse().unwrap(),
            time: TimeZone::UTC.to_timestamp(time).unwrap(),
            signal: record[signal].to_owned(),
            price: record[price].parse().unwrap(),
            quantity: record[quantity].parse().unwrap(),
        }
    });
    rows.collect()
}

/// The exit row of a trade that is still open has the last price, but no fill.
pub fn is_fill(row: &Row) -> bool {
    !(row.is_exit && row.signal == "Open")
}

/// The orders behind an export: those of one instant by the number of their
/// first trade, but an exit after the entries of all trades that it closes.
pub fn orders(rows: &[Row]) -> Vec<Order> {
    let entries = rows.iter().filter(|row| !row.is_exit);
    let entered: BTreeSet<(u32, Timestamp)> = entries.map(|row| (row.trade, row.time)).collect();
    let mut fills: BTreeMap<FillKey, (u32, Decimal)> = BTreeMap::new();
    for row in rows.iter().filter(|row| is_fill(row)) {
        let signal = row.signal.clone();
        let key = (row.time, row.is_exit, row.direction, signal, row.price);
        let (first_trade, quantity) = fills.entry(key).or_insert((row.trade, Decimal::ZERO));
        *first_trade = if row.is_exit && entered.contains(&(row.trade, row.time)) {
            row.trade.max(*first_trade)
        } else {
            row.trade.min(*first_trade)
        };
        *quantity += row.quantity.get();
    }
    let mut fills: Vec<_> = fills.into_iter().collect();
    fills.sort_by_key(|((time, is_exit, ..), (first_trade, _))| (*time, *first_trade, *is_exit));
    let mut position = Decimal::ZERO;
    let order = |(number, fill): (i64, (FillKey, (u32, Decimal)))| {
        let ((time, is_exit, direction, signal, price), (_, quantity)) = fill;
        let (intent, sign) = if (direction == Direction::Long) == is_exit {
            (Intent::Sell, Decimal::NEGATIVE_ONE)
        } else {
            (Intent::Buy, Decimal::ONE)
        };
        let previous = position;
        position += sign * quantity;
        Order {
            id: OrderId(number),
            event: EventId(number),
            ticker: "BINANCE:ETHUSDT.P".parse().unwrap(),
            intent,
            closes_opposite: false,
            order_type: OrderType::Market,
            quantity: Some(Quantity::new(quantity).unwrap()),
            intended_price: price,
            market_price: None,
            paired_at: time,
            signal_time: None,
            stated_position: StatedPosition {
                new: Some(position),
                previous: Some(previous),
                side: None,
            },
            signal_name: Some(signal),
            adjusting: false,
        }
    };
    (1..).zip(fills).map(order).collect()
}

/// The trades that the export lists.
pub fn listed(rows: &[Row]) -> Vec<Comparable> {
    let mut sides: BTreeMap<u32, (Option<&Row>, Option<&Row>)> = BTreeMap::new();
    for row in rows {
        let (entry, exit) = sides.entry(row.trade).or_default();
        *(if row.is_exit { exit } else { entry }) = Some(row);
    }
    let side = |row: &Row| (row.time, row.price, row.signal.clone());
    let mut trades: Vec<Comparable> = sides
        .into_values()
        .map(|(entry, exit)| {
            let entry = entry.unwrap();
            let exit = exit.filter(|row| is_fill(row)).map(side);
            (side(entry), exit, entry.direction, entry.quantity)
        })
        .collect();
    trades.sort();
    trades
}

/// The seeds of what is injected: five, or those from one number to below another that
/// `INJECTED_SEEDS` names, such as `100..110`.
pub fn seeds() -> std::ops::Range<u64> {
    let named = std::env::var("INJECTED_SEEDS").ok();
    named.map_or(0..5, |named| {
        let (from, to) = named.split_once("..").unwrap();
        from.parse().unwrap()..to.parse().unwrap()
    })
}

pub fn exports() -> Vec<PathBuf> {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tradingview");
    let folder = std::env::var_os("TRADINGVIEW_EXPORTS").unwrap_or_else(|| fixtures.into());
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}
