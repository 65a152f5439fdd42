//! The book of alerts and that of fills, read from what is stored.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::super::ComparisonFilter;
use super::super::books::{CannotCompare, Failed, covered, named, nothing_in_range, with_legs};
use super::super::rows::ShownBook;
use crate::compare::{
    Action, AlertLegs, Evidence, Executed, FillLegs, FillOf, Matching, TradeLegs,
};
use crate::domain::fill::{FillId, is_same_money};
use crate::domain::money::Price;
use crate::domain::order::{Order, OrderId};
use crate::domain::signal::Ticker;
use crate::domain::terms::Terms;
use crate::store::Connection;
use crate::store::fills::{self as stored, StoredFill};
use crate::store::ledger_key::LedgerKey;
use crate::store::orders::{self, Arrival};
use crate::store::tickers;
use crate::store::trades::{self, PairedTrade};
use crate::store::webhooks::{self, StoredWebhook};

/// Both books.
pub(in crate::reports::comparison) struct FillBooks {
    pub(super) ticker: Ticker,
    /// The range that was asked for.
    pub(super) range: (Option<Timestamp>, Option<Timestamp>),
    pub(super) currency: String,
    /// A currency of the fills' prices that is another than the webhook's.
    pub(super) foreign: Option<String>,
    pub(super) alerts: AlertLegs,
    pub(super) fills: FillLegs,
    /// The alerts' orders.
    pub(super) asked: AskedFor,
    /// Fills whose fee is in no profit.
    without_fee: usize,
    of_alerts: Vec<PairedTrade>,
    of_fills: Vec<PairedTrade>,
}

/// The orders of alerts, and their times.
pub(super) struct AskedFor {
    terms: Terms,
    orders: HashMap<OrderId, OrderIntent>,
    arrivals: HashMap<OrderId, Arrival>,
}

/// The order of an alert.
struct OrderIntent {
    intended: Price,
    market: Option<Price>,
    /// Time at which it fired, where its order was paired by that.
    signal: Option<Timestamp>,
}

impl From<&Order> for OrderIntent {
    fn from(order: &Order) -> Self {
        Self {
            intended: order.intended_price,
            market: order.market_price,
            signal: order.signal_time.filter(|time| *time == order.paired_at),
        }
    }
}

impl FillBooks {
    pub(in crate::reports::comparison) fn read(
        connection: &Connection,
        filter: &ComparisonFilter,
    ) -> Result<Self, Failed> {
        let webhook = webhooks::get(connection, &filter.webhook)?;
        let key = chosen(connection, &webhook, filter)?;
        let ticker = key.instrument.ticker().clone();
        let instrument = tickers::find(connection, webhook.row, &ticker)?;
        let of_alerts = LedgerKey::of_alerts(webhook.row, instrument);
        let orders = orders::in_order(connection, &of_alerts)?;
        let alerts = AlertLegs::of(&orders);
        if alerts.legs.is_empty() {
            let others = named(&tickers::all(connection, webhook.row)?);
            return Err(Failed::Cannot(CannotCompare::NoAlerts(ticker, others)));
        }
        let asked = orders
            .iter()
            .map(|order| (order.id, order.into()))
            .collect();
        drop(orders);
        let arrivals = orders::arrivals(connection, webhook.row)?;
        let found = stored::in_order(connection, &key)?;
        let currency = webhook.settings.currency.clone();
        let fills = FillLegs::of(with_orders(&found, &arrivals), &currency);
        let is_without = |stored: &&StoredFill| stored.fill.counted(&currency).commission.is_none();
        let without_fee = found.iter().filter(is_without).count();
        let foreign = foreign(&found, &currency);
        // Gone before the trades are read.
        drop(found);
        Ok(Self {
            range: filter.range.within(&webhook.settings.zone()),
            foreign,
            without_fee,
            asked: AskedFor {
                terms: webhook.settings.terms_of(ticker.as_str()),
                orders: asked,
                arrivals,
            },
            of_alerts: trades::paired(connection, &of_alerts)?,
            of_fills: trades::paired(connection, &key)?,
            currency,
            ticker,
            alerts,
            fills,
        })
    }

    /// The alerts' trades with their legs, once.
    pub(super) fn alert_trades(&mut self) -> Vec<TradeLegs> {
        with_legs(&self.alerts, std::mem::take(&mut self.of_alerts))
    }

    /// The fills' trades with their legs, once.
    pub(super) fn fill_trades(&mut self) -> Vec<TradeLegs> {
        let with_legs = |paired: PairedTrade| TradeLegs {
            entry: self.fills.place(FillId(paired.entry.0), Action::Entry),
            exit: self.fills.place(FillId(paired.exit.0), Action::Exit),
            before_slippage: None,
            trade: paired.trade,
        };
        let trades = std::mem::take(&mut self.of_fills).into_iter();
        trades.map(with_legs).collect()
    }

    /// The fills' own evidence on the compared time.
    pub(super) fn evidence(&self) -> Evidence {
        Evidence {
            arrivals: self.fills.orders.iter().map(|order| order.time).collect(),
            is_of_fills: true,
            ..Evidence::default()
        }
    }

    /// Notes on the books.
    pub(super) fn notes(&self) -> Vec<String> {
        let foreign = self.foreign.as_ref().map(|foreign| {
            format!(
                "the fills are priced in {foreign} and the webhook counts in {}: profits are not compared. Set the webhook's currency to that of its instrument",
                self.currency
            )
        });
        let without_fee = (self.without_fee > 0).then(|| {
            format!(
                "the fees of {} fills were taken in a third coin and are in no profit",
                self.without_fee
            )
        });
        foreign.into_iter().chain(without_fee).collect()
    }

    pub(super) fn no_overlap(&self) -> CannotCompare {
        let legs = [&self.alerts.legs[..], &self.fills.legs];
        let in_range = nothing_in_range("alerts and the fills", legs, self.range);
        in_range.unwrap_or_else(|| CannotCompare::FillsElsewhere {
            alerts: covered(&self.alerts.legs),
            fills: covered(&self.fills.legs),
        })
    }
}

impl AskedFor {
    /// Each pair as what the broker made of the alert.
    pub(super) fn executed(&self, books: &[ShownBook; 2], found: &Matching) -> Vec<Executed> {
        let [alerts, ShownBook::Fills(fills)] = books else {
            return Vec::new();
        };
        let executed = found.pairs.iter().filter_map(|pair| {
            let id = alerts.legs()[pair.first].order?;
            let asked = self.orders.get(&id)?;
            let arrival = self.arrivals.get(&id).filter(|arrival| arrival.is_live);
            let leg = &fills.legs[pair.second];
            let filled = &fills.orders[fills.order_of[pair.second]];
            Some(Executed {
                side: leg.side,
                quantity: leg.quantity,
                intended: asked.intended,
                market: asked.market,
                filled: leg.price,
                terms: self.terms,
                signal: asked.signal,
                received: arrival.map(|arrival| arrival.received_at),
                on_disk: arrival.and_then(|arrival| arrival.on_disk),
                filled_at: filled.time,
                precision: filled.precision,
            })
        });
        executed.collect()
    }
}

/// Fills with the orders that the broker's names of theirs are: `ord_77`, or an alert's `id`.
fn with_orders<'a>(
    found: &'a [StoredFill],
    arrivals: &HashMap<OrderId, Arrival>,
) -> Vec<FillOf<'a>> {
    let mut names: HashMap<String, OrderId> = HashMap::with_capacity(arrivals.len());
    for (order, arrival) in arrivals {
        names.insert(order.to_string(), *order);
        names.extend(arrival.key.clone().map(|key| (key, *order)));
    }
    let with_order = |stored: &'a StoredFill| FillOf {
        id: stored.id,
        ticker: &stored.ticker,
        fill: &stored.fill,
        order: stored
            .fill
            .order_id
            .as_deref()
            .and_then(|name| names.get(name).copied()),
    };
    found.iter().map(with_order).collect()
}

/// The fills that are meant: the only ones, or those of the instrument.
fn chosen(
    connection: &Connection,
    webhook: &StoredWebhook,
    filter: &ComparisonFilter,
) -> Result<LedgerKey, Failed> {
    let mut kept = stored::ledgers_of(connection, webhook.row)?;
    if kept.is_empty() {
        return Err(Failed::Cannot(CannotCompare::NoFills(
            webhook.id.to_string(),
        )));
    }
    let names: Vec<String> = kept.iter().map(|key| key.instrument.to_string()).collect();
    if let Some(ticker) = &filter.ticker {
        kept.retain(|key| key.instrument.ticker().may_be(ticker));
        if kept.is_empty() {
            let of = ticker.clone();
            return Err(Failed::Cannot(CannotCompare::NoFillsOf(
                of,
                names.join(", "),
            )));
        }
    }
    match <[LedgerKey; 1]>::try_from(kept) {
        Ok([key]) => Ok(key),
        Err(_) => Err(Failed::Cannot(CannotCompare::WhichFills(names.join(", ")))),
    }
}

/// Currencies of prices that cannot be laid beside the webhook's.
pub(in crate::reports) fn foreign(found: &[StoredFill], currency: &str) -> Option<String> {
    let stated = found
        .iter()
        .filter_map(|stored| stored.fill.currency.as_deref());
    let foreign: BTreeSet<&str> = stated
        .filter(|code| !is_same_money(code, currency))
        .collect();
    let foreign: Vec<&str> = foreign.into_iter().collect();
    (!foreign.is_empty()).then(|| foreign.join(", "))
}
