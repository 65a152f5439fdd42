//! Entries and exits joined to trades, by the number of their trade.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::header::Columns;
use super::rows::{Besides, Moment, Reader, Row, Stated};
use super::{AtEnd, ListedTrade, Side, zone_name};
use crate::domain::money::Decimal;
use crate::imports::{Faults, IN_THE_FUTURE, Unreadable, ZONES_APART};

/// The state that joining the rows of a list needs.
pub(super) struct Joining<'list> {
    /// The names of the columns.
    pub header: &'list [String],
    /// Their places.
    pub columns: &'list Columns,
    /// The zone of its times.
    pub zone: &'list TimeZone,
    /// The present: no trade is later.
    pub now: Timestamp,
    /// The faults so far.
    pub faults: &'list mut Faults,
    /// The assumptions so far.
    pub notes: &'list mut Vec<String>,
}

/// The rows of a trade of which one is still to come.
#[derive(Default)]
struct Rows {
    entry: Option<Row>,
    exit: Option<Row>,
    /// The further facts of both, the exit's before the entry's.
    besides: Besides,
    /// True if there is a row that is neither, which was noted.
    has_other: bool,
}

/// The rows that a number of a trade has so far. A list has hundreds of thousands of them, so
/// that those of a trade are kept only until both are there.
enum Of {
    One(Box<Rows>),
    /// The trade was made of its entry and its exit in these rows.
    Both {
        entry: usize,
        exit: usize,
    },
}

/// The trades of a list as far as it was read.
#[derive(Default)]
struct Joined {
    by_number: BTreeMap<u64, Of>,
    trades: Vec<ListedTrade>,
    /// The number of the last trade that is closed, or zero.
    last_closed: u64,
    /// The numbers of trades whose exits say that they have not filled.
    open: Vec<u64>,
    /// True if there is a row without a number, which was noted: it can be what another
    /// trade lacks.
    has_nameless: bool,
}

impl Joining<'_> {
    /// The trades in the order of their numbers, of which there are about `most`.
    ///
    /// # Errors
    ///
    /// What kept the file from being read.
    pub fn join(
        mut self,
        mut rows: Reader<'_>,
        most: usize,
    ) -> Result<Vec<ListedTrade>, Unreadable> {
        let notes_before = self.notes.len();
        let mut joined = Joined {
            trades: Vec::with_capacity(most),
            ..Joined::default()
        };
        while let Some((row, besides)) = rows.next(self.faults) {
            self.take(&mut joined, row, besides);
        }
        rows.end()?;
        let of_trades = self.notes.split_off(notes_before);
        self.notes.extend(rows.note());
        self.note_early_open(&joined);
        self.notes.extend(of_trades);
        self.take_single(&mut joined);
        let mut trades = joined.trades;
        // No number comes twice, and sorting in place takes no room.
        trades.sort_unstable_by_key(|trade| trade.number);
        Ok(trades)
    }

    /// Takes a row, and makes a trade of it where the other one came before.
    fn take(&mut self, joined: &mut Joined, row: Row, besides: Besides) {
        let Some(number) = row.trade else {
            joined.has_nameless = true;
            return;
        };
        let empty = || Of::One(Box::default());
        let of_number = joined.by_number.entry(number).or_insert_with(empty);
        let is_exit = row.kind.map(|kind| kind.is_exit);
        let before = match (&*of_number, is_exit) {
            (Of::One(rows), Some(true)) => rows.exit.as_ref().map(|row| row.number),
            (Of::One(rows), Some(false)) => rows.entry.as_ref().map(|row| row.number),
            (Of::Both { exit, .. }, Some(true)) => Some(*exit),
            (Of::Both { entry, .. }, Some(false)) => Some(*entry),
            (_, None) => None,
        };
        if let Some(before) = before {
            let kind = if is_exit == Some(true) {
                "exit"
            } else {
                "entry"
            };
            let message = format!("trade {number} has an {kind} in row {before} already");
            self.note(&row, self.columns.kind, message);
            return;
        }
        let Of::One(rows) = of_number else { return };
        let other = std::mem::take(&mut rows.besides);
        match is_exit {
            None => {
                rows.has_other = true;
                rows.besides = other;
                return;
            }
            Some(true) => {
                if row.is_open {
                    joined.open.push(number);
                } else {
                    joined.last_closed = joined.last_closed.max(number);
                }
                rows.besides = besides.or(&other);
                rows.exit = Some(row);
            }
            Some(false) => {
                rows.besides = other.or(&besides);
                rows.entry = Some(row);
            }
        }
        if let (Some(entry), Some(exit)) = (&rows.entry, &rows.exit) {
            let besides = std::mem::take(&mut rows.besides);
            joined
                .trades
                .extend(self.trade(number, entry, Some(exit), besides));
            *of_number = Of::Both {
                entry: entry.number,
                exit: exit.number,
            };
        }
    }

    /// Makes trades of the entries that have no exit, and notes what else has one row only.
    fn take_single(&mut self, joined: &mut Joined) {
        for (number, of_number) in std::mem::take(&mut joined.by_number) {
            let Of::One(rows) = of_number else { continue };
            let may_lack = joined.has_nameless || rows.has_other;
            match (&rows.entry, &rows.exit) {
                (Some(entry), None) if number < joined.last_closed => {
                    if !may_lack {
                        let message =
                            format!("trade {number} has no exit, but later trades are closed");
                        self.note(entry, self.columns.kind, message);
                    }
                }
                (Some(entry), _) => {
                    let trade = self.trade(number, entry, None, rows.besides.clone());
                    joined.trades.extend(trade);
                }
                (None, Some(exit)) if !may_lack => {
                    let message = format!("trade {number} has no entry");
                    self.note(exit, self.columns.kind, message);
                }
                (None, _) => {}
            }
        }
    }

    /// An exit can be called Open without being one that has not filled.
    fn note_early_open(&mut self, joined: &Joined) {
        let is_early = |number: &&u64| **number < joined.last_closed;
        let count = joined.open.iter().filter(is_early).count();
        if count > 0 {
            self.notes.push(format!(
                "{count} trades whose exit says Open were taken as open, although later trades are closed"
            ));
        }
    }

    fn trade(
        &mut self,
        number: u64,
        entry: &Row,
        exit: Option<&Row>,
        besides: Besides,
    ) -> Option<ListedTrade> {
        let direction = entry.kind?.direction;
        if let Some(exit) = exit
            && exit.kind?.direction != direction
        {
            let message = format!("trade {number} is entered {direction}");
            self.note(exit, self.columns.kind, message);
            return None;
        }
        let filled = exit.filter(|exit| !exit.is_open);
        let unfilled = exit.filter(|exit| exit.is_open);
        let quantity = exit
            .map_or(Stated::Nothing, |exit| exit.quantity)
            .or(entry.quantity);
        let quantity = self.needed(
            entry,
            self.columns.quantity,
            quantity,
            "there is no quantity",
        );
        let profit = exit
            .map_or(Stated::Nothing, |exit| exit.profit)
            .or(entry.profit);
        let net_profit = match filled {
            Some(exit) => self.needed(exit, self.columns.profit, profit, "there is no profit"),
            None => value(profit.or(Stated::Value(Decimal::ZERO))),
        };
        let commission = exit
            .map_or(Stated::Nothing, |exit| exit.commission)
            .or(entry.commission);
        let mut entered = self.side(entry);
        let mut left = filled.map(|exit| self.side(exit));
        if let (Some(entered), Some(Some(left)), Some(exit)) = (&mut entered, &mut left, filled)
            && left.time < entered.time
        {
            self.put_in_order(entry, entered, exit, left);
        }
        let exit = match left {
            Some(left) => Some(left?),
            None => None,
        };
        let entered = entered?;
        let at_end = match filled {
            Some(_) => AtEnd::default(),
            None => self.at_end(unfilled, value(profit), entered.time),
        };
        Some(ListedTrade {
            number,
            direction,
            quantity: quantity?,
            entry: entered,
            exit,
            at_end,
            net_profit: net_profit?,
            commission: value(commission),
            besides,
        })
    }

    /// The state of a trade that has not closed; a last price from before its entry does not count.
    fn at_end(&self, exit: Option<&Row>, net_profit: Option<Decimal>, entered: Timestamp) -> AtEnd {
        let time = exit.and_then(|exit| self.instant(value(exit.time)?, Pick::Usual));
        AtEnd {
            time: time.filter(|time| *time >= entered),
            price: exit.and_then(|exit| value(exit.price)),
            net_profit,
        }
    }

    fn side(&mut self, row: &Row) -> Option<Side> {
        let moment = self.needed(row, self.columns.time, row.time, "there is no time");
        let price = self.needed(row, self.columns.price, row.price, "there is no price");
        let moment = moment?;
        let time = self.instant(moment, Pick::Usual);
        if time.is_none() {
            let message = "the time is beyond what can be stored".to_owned();
            self.note(row, self.columns.time, message);
        }
        self.note_gap(moment);
        self.note_future(moment, time);
        Some(Side {
            time: time?,
            price: price?,
            signal: row.signal.clone(),
        })
    }

    /// Orders the legs where clocks are turned and a local time can stand for two instants: then
    /// the entry is the earlier and the exit the later one.
    fn put_in_order(&mut self, entry: &Row, entered: &mut Side, exit: &Row, left: &mut Side) {
        for (row, side, pick) in [
            (entry, &mut *entered, Pick::Earlier),
            (exit, &mut *left, Pick::Later),
        ] {
            if let Some(time) = value(row.time).and_then(|moment| self.instant(moment, pick)) {
                side.time = time;
            }
        }
        if left.time < entered.time {
            let zone = zone_name(self.zone);
            let message = format!(
                "the exit is before its entry in row {}; times were read in {zone}, is that the zone of the chart?",
                entry.number
            );
            self.note(exit, self.columns.time, message);
        }
    }

    fn instant(&self, moment: Moment, pick: Pick) -> Option<Timestamp> {
        picked(self.zone, moment, pick)
    }

    /// A trade cannot be in the future, but for the hours that zones lie apart.
    fn note_future(&mut self, moment: Moment, time: Option<Timestamp>) {
        let is_future = time.is_some_and(|time| time > self.now + ZONES_APART);
        let is_first = || !self.notes.iter().any(|note| note.contains("in the future"));
        if is_future && is_first() {
            let stated = moment.rough().strftime("%Y-%m-%d %H:%M");
            self.notes.push(format!("{stated} {IN_THE_FUTURE}"));
        }
    }

    /// A time that the clocks skip is of a chart in another zone. Days have no time.
    fn note_gap(&mut self, moment: Moment) {
        let Moment::Civil(local) = moment else { return };
        let offset = self.zone.to_ambiguous_timestamp(local).offset();
        let is_gap = matches!(offset, AmbiguousOffset::Gap { .. });
        let is_first = || {
            !self
                .notes
                .iter()
                .any(|note| note.contains("does not exist"))
        };
        if is_gap && local.hour() + local.minute() > 0 && is_first() {
            let zone = zone_name(self.zone);
            let local = local.strftime("%Y-%m-%d %H:%M");
            self.notes.push(format!(
                "{local} does not exist in {zone}: the time zone of the chart must be another one"
            ));
        }
    }

    /// Requires a value that a trade cannot be without.
    fn needed<T>(
        &mut self,
        row: &Row,
        column: usize,
        stated: Stated<T>,
        missing: &str,
    ) -> Option<T> {
        if matches!(stated, Stated::Nothing) {
            self.note(row, column, missing.to_owned());
        }
        value(stated)
    }

    fn note(&mut self, row: &Row, column: usize, message: String) {
        let title = self.header[column].clone();
        self.faults.note(row.number, title, message);
    }
}

/// The instant of a moment in a zone; `None` beyond what can be stored.
pub(super) fn instant(zone: &TimeZone, moment: Moment) -> Option<Timestamp> {
    picked(zone, moment, Pick::Usual)
}

fn picked(zone: &TimeZone, moment: Moment, pick: Pick) -> Option<Timestamp> {
    let local = match moment {
        Moment::Instant(time) => return Some(time),
        Moment::Civil(local) => zone.to_ambiguous_timestamp(local),
    };
    let instant = match pick {
        Pick::Usual => local.compatible(),
        Pick::Earlier => local.earlier(),
        Pick::Later => local.later(),
    };
    instant.ok()
}

/// The instant of a local time that is ambiguous.
#[derive(Clone, Copy)]
enum Pick {
    /// The earlier one of two; where clocks skip it, as if they had not.
    Usual,
    Earlier,
    Later,
}

fn value<T>(stated: Stated<T>) -> Option<T> {
    match stated {
        Stated::Value(value) => Some(value),
        Stated::Nothing | Stated::Unreadable => None,
    }
}
