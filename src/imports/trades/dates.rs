//! The order of day and month in a list, where dates do not tell by themselves: no trade is
//! left before it was entered, none is in the future, and trades are numbered as they came.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan};

use super::guess::Kinds;
use super::header::Columns;
use super::kinds;
use super::when::{self, Order};
use crate::imports::table::{Cell, Table};

/// Trades that have to follow each other before their sequence tells something.
const FEWEST: usize = 5;

/// The order of the dates of a list; `None` where several could be it.
pub fn order(
    table: &Table,
    columns: &Columns,
    kinds: Option<&Kinds>,
    now: Timestamp,
) -> Option<Order> {
    let cells = table
        .rows
        .iter()
        .filter_map(|row| row.cells.get(columns.time));
    let possible = Order::possible(cells);
    if let [_] | [] = possible[..] {
        return possible.first().copied();
    }
    let read = |order| Sequence::of(table, columns, kinds, order, now);
    let mut left: Vec<(Order, f64)> = possible
        .into_iter()
        .filter_map(|order| Some((order, read(order)?)))
        .collect();
    left.sort_by(|one, other| other.1.total_cmp(&one.1));
    match left[..] {
        [(only, _)] => Some(only),
        // One is a sequence of trades, the other is not.
        [(best, follows), (_, second), ..] if follows >= 0.95 && second <= 0.8 => Some(best),
        _ => None,
    }
}

/// Entry and exit of a trade, as far as they can be read.
#[derive(Default)]
struct Sequence {
    entry: Option<DateTime>,
    exit: Option<DateTime>,
}

impl Sequence {
    /// The share of trades that are entered no earlier than the one before; `None` where
    /// the order makes a trade that cannot be.
    fn of(
        table: &Table,
        columns: &Columns,
        known: Option<&Kinds>,
        order: Order,
        now: Timestamp,
    ) -> Option<f64> {
        // Charts can be some hours ahead of this clock's zone.
        let latest = jiff::tz::TimeZone::UTC.to_datetime(now);
        let latest = latest.checked_add(1.day()).unwrap_or(DateTime::MAX);
        let mut trades: BTreeMap<u64, Self> = BTreeMap::new();
        for row in table.rows.iter() {
            let text = |column: usize| row.cells.get(column).map(Cell::text).unwrap_or_default();
            let Ok(read) = when::read(&text(columns.time), Some(order)) else {
                continue;
            };
            let time = read.moment.rough();
            if time > latest {
                return None;
            }
            let word = text(columns.kind);
            let kind = known
                .and_then(|known| known.get(&word).copied())
                .or_else(|| kinds::kind(&word));
            if let (Ok(number), Some(kind)) = (text(columns.trade).parse(), kind) {
                let trade = trades.entry(number).or_default();
                *(if kind.is_exit {
                    &mut trade.exit
                } else {
                    &mut trade.entry
                }) = Some(time);
            }
        }
        let is_backward = |trade: &Self| matches!((trade.entry, trade.exit), (Some(entry), Some(exit)) if exit < entry);
        if trades.values().any(is_backward) {
            return None;
        }
        let entries: Vec<DateTime> = trades.values().filter_map(|trade| trade.entry).collect();
        if entries.len() < FEWEST {
            return Some(0.0);
        }
        let follow = entries.windows(2).filter(|two| two[0] <= two[1]).count();
        #[allow(clippy::cast_precision_loss, reason = "rows are 200,000 at most")]
        Some(follow as f64 / (entries.len() - 1) as f64)
    }
}
