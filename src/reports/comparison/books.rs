//! The two books and the evidence, read from what is stored.

use crate::store::Connection;
use jiff::Timestamp;

use super::ComparisonFilter;
use crate::compare::{Action, AlertLegs, Evidence, Joined, Leg, Refused, TradeLegs};
use crate::domain::book::Book;
use crate::domain::event::EventStatus;
use crate::domain::signal::Ticker;
use crate::domain::trade::{ClosedTrade, Trade};
use crate::reports::zone_of;
use crate::store::backtests::{self, Backtest};
use crate::store::ledgers::LedgerKey;
use crate::store::trades::{self, StoredTrade, TradeFilter};
use crate::store::webhooks::{self, StoredWebhook};
use crate::store::{StoreError, events, orders, rejections, tickers};

/// Why there is nothing to compare, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotCompare {
    /// No list of trades was brought in.
    #[error(
        "the webhook has no backtest; import TradingView's list of trades first: algohook import trades FILE --webhook {0}"
    )]
    NoBacktest(String),
    /// There are several, or none of that instrument.
    #[error("name the instrument of the backtest: the webhook has {0}")]
    WhichBacktest(String),
    /// The backtest has no fill.
    #[error("the backtest of {0} has no trade; import a list of trades that has some")]
    NoTrades(Ticker),
    /// No alert of that instrument made an order.
    #[error(
        "no alert of {0} has made an order yet; the webhook's alerts are of {1}. A backtest of another instrument cannot be compared"
    )]
    NoAlerts(Ticker, String),
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

/// Why books could not be read.
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
    pub(super) alerts: AlertLegs,
    pub(super) evidence: Evidence,
    pub(super) notes: Vec<String>,
    /// Trades of the backtest, each with its rows' index.
    listed: Vec<Trade>,
    /// Trades of the alerts.
    paired: Vec<StoredTrade>,
}

impl Books {
    pub(super) fn read(connection: &Connection, filter: &ComparisonFilter) -> Result<Self, Failed> {
        let webhook = webhooks::get(connection, &filter.webhook)?;
        let backtest = chosen(connection, &webhook, filter)?;
        let ticker = backtest.ticker.clone();
        let instrument = tickers::find(connection, webhook.row, &ticker)?;
        let listed = trades_of(connection, filter, &ticker, Book::Backtest)?;
        let listed: Vec<Trade> = listed.into_iter().map(|stored| stored.trade).collect();
        let key = LedgerKey::of_alerts(webhook.row, instrument);
        let orders = orders::in_order(connection, &key)?;
        let alerts = AlertLegs::of(&orders);
        if listed.is_empty() {
            return Err(Failed::Cannot(CannotCompare::NoTrades(ticker)));
        }
        if alerts.legs.is_empty() {
            let others = tickers::all(connection, webhook.row)?;
            let others = if others.is_empty() {
                "nothing yet".to_owned()
            } else {
                others.join(", ")
            };
            return Err(Failed::Cannot(CannotCompare::NoAlerts(ticker, others)));
        }
        let notes = backtests::differences(connection, &webhook, Some(&ticker))?;
        Ok(Self {
            backtest: Joined::of(listed.iter().flat_map(legs).collect()),
            evidence: evidence(connection, &webhook, &ticker)?,
            paired: trades_of(connection, filter, &ticker, Book::Alerts)?,
            currency: webhook.settings.currency.clone(),
            backtest_currency: backtest.currency.clone(),
            range: filter.range.within(&zone_of(&webhook.settings)),
            ticker,
            alerts,
            notes,
            listed,
        })
    }

    /// The backtest's trades with their legs.
    pub(super) fn backtest_trades(&self, is_inside: impl Fn(Timestamp) -> bool) -> Vec<TradeLegs> {
        let rows = self.backtest.leg_of.chunks_exact(2);
        let trades = self.listed.iter().zip(rows);
        trades
            .map(|(trade, rows)| TradeLegs {
                entry: Some(rows[0]),
                exit: Some(rows[1]),
                is_inside: is_inside(trade.exit.time),
                trade: ClosedTrade::from(trade),
            })
            .collect()
    }

    /// The alerts' trades with their legs.
    pub(super) fn alert_trades(&self, is_inside: impl Fn(Timestamp) -> bool) -> Vec<TradeLegs> {
        let with_legs = |stored: &StoredTrade| TradeLegs {
            entry: self.alerts.place(stored.trade.entry.order, Action::Entry),
            exit: self.alerts.place(stored.trade.exit.order, Action::Exit),
            is_inside: is_inside(stored.trade.exit.time),
            trade: ClosedTrade::from(&stored.trade),
        };
        self.paired.iter().map(with_legs).collect()
    }

    pub(super) fn no_overlap(&self) -> CannotCompare {
        let covered = |legs: &[Leg]| match (legs.first(), legs.last()) {
            (Some(first), Some(last)) => format!("{:.0} to {:.0}", first.time, last.time),
            _ => "nothing".to_owned(),
        };
        CannotCompare::NoOverlap {
            backtest: covered(&self.backtest.legs),
            alerts: covered(&self.alerts.legs),
        }
    }
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
    }
    match <[Backtest; 1]>::try_from(kept) {
        Ok([backtest]) => Ok(backtest),
        Err(_) => Err(Failed::Cannot(CannotCompare::WhichBacktest(
            names.join(", "),
        ))),
    }
}

fn trades_of(
    connection: &Connection,
    filter: &ComparisonFilter,
    ticker: &Ticker,
    book: Book,
) -> Result<Vec<StoredTrade>, Failed> {
    let filter = TradeFilter {
        book,
        webhooks: vec![filter.webhook.clone()],
        ticker: Some(ticker.to_string()),
        ..TradeFilter::default()
    };
    let mut trades = trades::list(connection, &filter, u32::MAX)?;
    trades.reverse();
    Ok(trades)
}

/// Both rows of a trade in a list.
fn legs(trade: &Trade) -> [Leg; 2] {
    let leg = |action: Action, of: &crate::domain::trade::Leg| Leg {
        ticker: trade.ticker.clone(),
        side: match action {
            Action::Entry => trade.direction,
            Action::Exit => trade.direction.opposite(),
        },
        action,
        is_action_stated: true,
        time: of.time,
        price: of.price,
        quantity: trade.quantity,
        signal: of.signal.clone(),
        position_after: None,
    };
    [
        leg(Action::Entry, &trade.entry),
        leg(Action::Exit, &trade.exit),
    ]
}

/// Alerts that made no order, and all that came.
fn evidence(
    connection: &Connection,
    webhook: &StoredWebhook,
    ticker: &Ticker,
) -> Result<Evidence, Failed> {
    let arrivals = events::arrivals(connection, webhook.row)?;
    let concerns = |arrival: &&events::Arrived| {
        arrival.status != EventStatus::Processed
            && arrival
                .ticker
                .as_ref()
                .is_none_or(|stated| stated.may_be(ticker))
    };
    let without_order = arrivals.iter().filter(concerns).map(|arrival| Refused {
        at: arrival.at,
        event: Some(arrival.event),
        status: Some(arrival.status),
    });
    let rejected = rejections::list(connection, webhook.row)?
        .into_iter()
        .map(|rejection| Refused {
            at: rejection.rejected_at,
            event: None,
            status: None,
        });
    let mut refused: Vec<Refused> = without_order.chain(rejected).collect();
    refused.sort_by_key(|refused| refused.at);
    Ok(Evidence {
        refused,
        arrivals: arrivals.iter().map(|arrival| arrival.at).collect(),
    })
}
