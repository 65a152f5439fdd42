//! The two books and the evidence, read from what is stored.

mod evidence;

use std::collections::{HashMap, HashSet};

use crate::store::Connection;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::ComparisonFilter;
use super::position::OtherPosition;
use crate::compare::alerts::{is_every_one_stated, wholes};
use crate::compare::bar::bar_named;
use crate::compare::leg::{of_row, of_trade};
use crate::compare::splits::{Split, splits};
use crate::compare::{Action, AlertLegs, ClockShift, Evidence, Joined, Leg, Tolerance, TradeLegs};
use crate::domain::order::{Order, OrderId};
use crate::domain::signal::Ticker;
use crate::store::backtests::{self, Backtest, OpenAtEnd, OpenTrade};
use crate::store::ledger_key::LedgerKey;
use crate::store::trades::{self, PairedTrade};
use crate::store::webhooks::{self, StoredWebhook};
use crate::store::{StoreError, events, orders, tickers};

/// Reason that there is nothing to compare, and the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotCompare {
    /// No list of trades was brought in for the webhook.
    #[error("the webhook has no backtest; import TradingView's list of trades first")]
    NoBacktest(String),
    /// There are several.
    #[error("name the ticker of the backtest: the webhook has {0}")]
    WhichBacktest(String),
    /// There is none of the instrument that was named.
    #[error("the webhook has no backtest of {0}; it has {1}")]
    NoBacktestOf(Ticker, String),
    /// The backtest has no fill.
    #[error("the backtest of {0} has no trade; import a list of trades that has some")]
    NoTrades(Ticker),
    /// No alert of that instrument made an order.
    #[error(
        "no alert of {0} has made an order yet; the webhook's alerts are of {1}. A backtest of another instrument cannot be compared; where it is the same under a new name, import the list again with that ticker"
    )]
    NoAlerts(Ticker, String),
    /// No fills were brought in for the webhook.
    #[error("the webhook has no fills; import the broker's export first")]
    NoFills(String),
    /// There are fills of several instruments.
    #[error("name the ticker of the fills: the webhook has {0}")]
    WhichFills(String),
    /// There are no fills of the instrument that was named.
    #[error("the webhook has no fills of {0}; it has {1}")]
    NoFillsOf(Ticker, String),
    /// Both books cover a time, and nothing of it is in the range that was asked for.
    #[error(
        "nothing is in the range that was asked for: the {of} cover {covered}. Ask for a range within it"
    )]
    NothingInRange {
        /// Both books in words.
        of: &'static str,
        /// First and last time that both cover.
        covered: String,
    },
    /// Alerts and fills cover different times.
    #[error(
        "the alerts cover {alerts} and the fills {fills}: they do not overlap. Import an export that reaches into the time of the alerts. Where this one should, undo its import and bring it in again with its time zone"
    )]
    FillsElsewhere {
        /// First and last alert.
        alerts: String,
        /// First and last fill.
        fills: String,
    },
    /// The books cover different times.
    #[error(
        "the backtest covers {backtest} and the alerts {alerts}: they do not overlap. Import a list of trades that reaches into the time of the alerts"
    )]
    NoOverlap {
        /// First and last fill of the backtest.
        backtest: String,
        /// First and last alert.
        alerts: String,
    },
}

/// Reason that books could not be read.
pub(super) enum Failed {
    Cannot(CannotCompare),
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

/// Both books.
pub(super) struct Books {
    pub(super) ticker: Ticker,
    /// The range that was asked for.
    pub(super) range: (Option<Timestamp>, Option<Timestamp>),
    pub(super) currency: String,
    pub(super) backtest_currency: String,
    pub(super) backtest: Joined,
    /// The alerts' orders, where some state nothing of the position.
    orders: Vec<Order>,
    pub(super) alerts: AlertLegs,
    pub(super) evidence: Evidence,
    /// The bar of the chart as the newest alert names it.
    pub(super) bar: Option<SignedDuration>,
    /// Orders whose alert was brought in later.
    pub(super) imported: HashSet<OrderId>,
    pub(super) notes: Vec<String>,
    webhook: StoredWebhook,
    key: LedgerKey,
    /// The position that TradingView states in place of the alerts' own, where it was read.
    pub(super) position: Option<OtherPosition>,
    /// Trades of the backtest, in the sequence of its rows.
    listed: Vec<PairedTrade>,
    /// Trades of the alerts.
    paired: Vec<PairedTrade>,
}

impl Books {
    pub(super) fn read(connection: &Connection, filter: &ComparisonFilter) -> Result<Self, Failed> {
        let webhook = webhooks::get(connection, &filter.webhook)?;
        let backtest = chosen(connection, &webhook, filter)?;
        let ticker = backtest.ticker.clone();
        let instrument = tickers::find(connection, webhook.row, &ticker)?;
        let key = LedgerKey::of_alerts(webhook.row, instrument);
        let mut orders = orders::in_order(connection, &key)?;
        let alerts = AlertLegs::of(&orders);
        let evidence = evidence::read(connection, &webhook, &ticker, &orders, &filter.shift)?;
        let bar = bar_of_alerts(connection, &orders)?;
        if is_every_one_stated(&orders) {
            // Nobody asks for them again, and they take more room than anything else.
            orders = Vec::new();
        }
        let listed = listed(connection, &backtest, &filter.shift)?;
        let open = open_entries(&backtest, &filter.shift);
        if listed.is_empty() && open.is_empty() {
            return Err(Failed::Cannot(CannotCompare::NoTrades(ticker)));
        }
        if alerts.legs.is_empty() {
            let others = named(&tickers::all(connection, webhook.row)?);
            return Err(Failed::Cannot(CannotCompare::NoAlerts(ticker, others)));
        }
        let mut notes = backtests::differences(connection, &webhook, Some(&ticker))?;
        notes.extend(open_note(&backtest));
        Ok(Self {
            backtest: Joined::of(listed.iter().flat_map(legs).chain(open)),
            listed,
            evidence,
            bar,
            imported: orders::imported(connection, webhook.row)?,
            paired: trades::paired(connection, &key)?,
            currency: webhook.settings.currency.clone(),
            backtest_currency: backtest.currency.clone(),
            range: filter.range.within(&webhook.settings.zone()),
            ticker,
            orders,
            alerts,
            notes,
            webhook,
            key,
            position: None,
        })
    }

    /// The same with the position that TradingView states otherwise.
    pub(super) fn with_position(self, connection: &Connection) -> Result<Self, Failed> {
        let position = OtherPosition::read(connection, &self.webhook, &self.key)?;
        Ok(Self { position, ..self })
    }

    /// The backtest's trades with their legs, once: a large book is not held twice.
    pub(super) fn backtest_trades(&mut self) -> Vec<TradeLegs> {
        let rows = self.backtest.leg_of.chunks_exact(2);
        let trades = std::mem::take(&mut self.listed).into_iter().zip(rows);
        trades
            .map(|(listed, rows)| TradeLegs {
                entry: Some(rows[0]),
                exit: Some(rows[1]),
                before_slippage: None,
                trade: listed.trade,
            })
            .collect()
    }

    /// Splits the orders of alerts that state nothing of the position as the backtest has them.
    pub(super) fn split_like_backtest(&mut self, tolerance: &Tolerance, shift: SignedDuration) {
        let (ids, wholes) = wholes(&self.orders);
        let splits = splits(&self.backtest.legs, wholes, tolerance, shift);
        let known = ids.into_iter().zip(splits);
        let known: HashMap<OrderId, Split> =
            known.filter_map(|(id, split)| Some((id, split?))).collect();
        if !known.is_empty() {
            self.alerts = AlertLegs::split_like(&self.orders, &known);
        }
        // Nobody asks for them again.
        self.orders = Vec::new();
    }

    /// The alerts' trades with their legs, once.
    pub(super) fn alert_trades(&mut self) -> Vec<TradeLegs> {
        with_legs(&self.alerts, std::mem::take(&mut self.paired))
    }

    pub(super) fn no_overlap(&self) -> CannotCompare {
        let legs = [&self.backtest.legs[..], &self.alerts.legs];
        let in_range = nothing_in_range("backtest and the alerts", legs, self.range);
        in_range.unwrap_or_else(|| CannotCompare::NoOverlap {
            backtest: covered(&self.backtest.legs),
            alerts: covered(&self.alerts.legs),
        })
    }
}

/// The trades of alerts with their legs.
pub(super) fn with_legs(alerts: &AlertLegs, paired: Vec<PairedTrade>) -> Vec<TradeLegs> {
    let with_legs = |paired: PairedTrade| {
        let entry = alerts.place(paired.entry, Action::Entry);
        let exit = alerts.place(paired.exit, Action::Exit);
        let asked = entry.zip(exit);
        TradeLegs {
            before_slippage: asked
                .map(|legs| <[usize; 2]>::from(legs).map(|leg| alerts.legs[leg].price)),
            entry,
            exit,
            trade: paired.trade,
        }
    };
    paired.into_iter().map(with_legs).collect()
}

/// Instruments as a message lists them.
pub(super) fn named(tickers: &[String]) -> String {
    if tickers.is_empty() {
        "nothing yet".to_owned()
    } else {
        tickers.join(", ")
    }
}

/// The time that legs cover.
pub(super) fn covered(legs: &[Leg]) -> String {
    match (legs.first(), legs.last()) {
        (Some(first), Some(last)) => format!("{:.0} to {:.0}", first.time, last.time),
        _ => "nothing".to_owned(),
    }
}

/// Says so where a range was asked for that has nothing of what both books cover.
pub(super) fn nothing_in_range(
    of: &'static str,
    [first, second]: [&[Leg]; 2],
    asked: (Option<Timestamp>, Option<Timestamp>),
) -> Option<CannotCompare> {
    let from = first.first()?.time.max(second.first()?.time);
    let to = first.last()?.time.min(second.last()?.time);
    (asked != (None, None) && from <= to).then(|| CannotCompare::NothingInRange {
        of,
        covered: format!("{from:.0} to {to:.0}"),
    })
}

/// The backtest that is meant: the only one, or that of the instrument.
fn chosen(
    connection: &Connection,
    webhook: &StoredWebhook,
    filter: &ComparisonFilter,
) -> Result<Backtest, Failed> {
    let mut kept = backtests::of_webhook(connection, webhook)?;
    if kept.is_empty() {
        return Err(Failed::Cannot(CannotCompare::NoBacktest(
            webhook.id.to_string(),
        )));
    }
    let names: Vec<String> = kept.iter().map(|kept| kept.ticker.to_string()).collect();
    if let Some(ticker) = &filter.ticker {
        kept.retain(|kept| kept.ticker.may_be(ticker));
        // One name may be two instruments' for what it leaves out; the very name is one's.
        if kept.iter().any(|kept| kept.ticker == *ticker) {
            kept.retain(|kept| kept.ticker == *ticker);
        }
        if kept.is_empty() {
            let of = ticker.clone();
            return Err(Failed::Cannot(CannotCompare::NoBacktestOf(
                of,
                names.join(", "),
            )));
        }
    }
    match <[Backtest; 1]>::try_from(kept) {
        Ok([backtest]) => Ok(backtest),
        Err(_) => Err(Failed::Cannot(CannotCompare::WhichBacktest(
            names.join(", "),
        ))),
    }
}

/// The trades of a backtest, at the times that are meant.
fn listed(
    connection: &Connection,
    backtest: &Backtest,
    shift: &ClockShift,
) -> Result<Vec<PairedTrade>, Failed> {
    let mut listed = trades::paired(connection, &backtest.key())?;
    // Of one instant in the sequence of the list.
    listed.sort_by_key(|listed| (listed.trade.exit_time, listed.exit.0, listed.entry.0));
    for PairedTrade { trade, .. } in &mut listed {
        for time in [&mut trade.entry_time, &mut trade.exit_time] {
            *time = shift.corrected(*time);
        }
    }
    Ok(listed)
}

/// The bar of the chart as the newest alert names it in `metadata.interval`.
fn bar_of_alerts(
    connection: &Connection,
    orders: &[Order],
) -> Result<Option<SignedDuration>, Failed> {
    let Some(newest) = orders.iter().rev().find(|order| !order.adjusting) else {
        return Ok(None);
    };
    let payload = events::get(connection, newest.event)?.payload;
    let message = payload.and_then(|payload| serde_json::from_slice::<Value>(&payload).ok());
    let interval = message.map(|message| message["metadata"]["interval"].clone());
    Ok(interval.and_then(|interval| match interval {
        Value::String(text) => bar_named(&text),
        Value::Number(minutes) => bar_named(&minutes.to_string()),
        _ => None,
    }))
}

/// The entries of the trades that are open at the end of a list, as far as they are kept. The open
/// part of an order joins the part that is closed.
fn open_entries(backtest: &Backtest, shift: &ClockShift) -> Vec<Leg> {
    let OpenAtEnd::Trades(open) = &backtest.open else {
        return Vec::new();
    };
    let entry = |trade: &OpenTrade| {
        let time = shift.corrected(trade.entry_time);
        let row = (time, trade.entry_price, trade.entry_signal.clone());
        let effect = (trade.direction, Action::Entry);
        Some(of_row(&backtest.ticker, effect, trade.quantity?, row))
    };
    open.iter().filter_map(entry).collect()
}

/// A note on open trades whose entries an earlier version did not keep.
fn open_note(backtest: &Backtest) -> Option<String> {
    let is_kept = match &backtest.open {
        OpenAtEnd::Trades(open) => open.iter().all(|trade| trade.quantity.is_some()),
        OpenAtEnd::Sums { long, short } => long.is_zero() && short.is_zero(),
    };
    (!is_kept).then(|| {
        "the entries of the backtest's open trades are not compared: an earlier version did not keep their quantity. \
         Import the list again"
            .to_owned()
    })
}

/// Both rows of a trade in a list.
fn legs(listed: &PairedTrade) -> [Leg; 2] {
    let trade = &listed.trade;
    let entry = (
        trade.entry_time,
        trade.entry_price,
        trade.entry_signal.clone(),
    );
    let exit = (
        trade.exit_time,
        trade.exit_price,
        listed.exit_signal.clone(),
    );
    of_trade(
        &trade.ticker,
        trade.direction,
        trade.quantity,
        [entry, exit],
    )
}
