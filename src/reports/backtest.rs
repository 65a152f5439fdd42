//! Reports of TradingView's lists of trades.
//!
//! A list has prices at its fills and, of a trade that is still open, at its end; between these
//! nothing is known. So of a range that ended while a trade was open, what entering had cost is
//! told and the open profit is not.

use std::collections::BTreeMap;
use std::convert::Infallible;

use crate::store::Connection;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{CurrencyReport, ReportFilter, wanted};
use crate::analytics::{
    AskedRange, Capital, Held, OpenLots, OpenSide, ReportInput, RiskFree, SeenPrice, TradingDays,
    report,
};
use crate::domain::money::Decimal;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::trade::ClosedTrade;
use crate::domain::webhook::Settings;
use crate::store::backtests::{self, Backtest, OpenAtEnd, OpenTrade};
use crate::store::webhooks::StoredWebhook;
use crate::store::{Result, trades};

/// The backtests of one currency.
pub(super) struct BacktestGroup {
    currency: String,
    /// Of the webhook that the first backtest belongs to.
    settings: Settings,
    zone: TimeZone,
    /// Every list of trades began with its own.
    initial_capital: Decimal,
    webhooks: usize,
    /// All closed trades, of all time.
    trades: Vec<ClosedTrade>,
    /// The trades that are open at the end of their list.
    open: Vec<(Ticker, OpenTrade)>,
    /// Profit of those of lists that keep nothing else of them.
    sums: OpenLots,
    /// The range that each list with trades was tested over.
    ranges: Vec<Option<(Timestamp, Timestamp)>>,
}

/// The backtests that a filter wants, by currency.
pub(super) fn by_currency(
    connection: &Connection,
    filter: &ReportFilter,
) -> Result<BTreeMap<String, BacktestGroup>> {
    let mut by_currency: BTreeMap<String, BacktestGroup> = BTreeMap::new();
    if filter.tag.is_some() {
        return Ok(by_currency);
    }
    for webhook in wanted(connection, filter)? {
        let mut of_webhook: BTreeMap<String, Vec<Backtest>> = BTreeMap::new();
        for backtest in backtests::of_webhook(connection, &webhook)? {
            let is_wanted = filter.ticker.as_ref();
            if is_wanted.is_none_or(|ticker| ticker.may_be(&backtest.ticker)) {
                let currency = backtest.currency.clone();
                of_webhook.entry(currency).or_default().push(backtest);
            }
        }
        for (currency, backtests) in of_webhook {
            let part = by_currency
                .entry(currency.clone())
                .or_insert_with(|| BacktestGroup {
                    currency,
                    settings: webhook.settings.clone(),
                    zone: filter.zone_of(&webhook.settings),
                    initial_capital: Decimal::ZERO,
                    webhooks: 0,
                    trades: Vec::new(),
                    open: Vec::new(),
                    sums: OpenLots::default(),
                    ranges: Vec::new(),
                });
            part.add(connection, &webhook, &backtests)?;
        }
    }
    Ok(by_currency)
}

/// The capital that a webhook's lists of one currency began with: each its own, and one of
/// the webhook's for those that do not say.
fn initial_capital(webhook: &StoredWebhook, backtests: &[Backtest]) -> Decimal {
    let traded = || backtests.iter().filter(|backtest| backtest.has_trades);
    let is_shared = traded().any(|backtest| backtest.initial_capital.is_none());
    let shared = is_shared.then_some(webhook.settings.initial_capital);
    let own = traded().filter_map(|backtest| backtest.initial_capital);
    own.chain(shared)
        .fold(Decimal::ZERO, Decimal::saturating_add)
}

impl BacktestGroup {
    /// Takes up the backtests of one webhook.
    fn add(
        &mut self,
        connection: &Connection,
        webhook: &StoredWebhook,
        backtests: &[Backtest],
    ) -> Result<()> {
        for backtest in backtests {
            match &backtest.open {
                OpenAtEnd::Trades(trades) => {
                    let open = trades.iter();
                    let named = |trade: &OpenTrade| (backtest.ticker.clone(), trade.clone());
                    self.open.extend(open.map(named));
                }
                OpenAtEnd::Sums { long, short } => {
                    add_profit(&mut self.sums.long, Some(*long));
                    add_profit(&mut self.sums.short, Some(*short));
                }
            }
            let trades = trades::in_book(connection, &backtest.key())?;
            self.trades.extend(trades);
            if backtest.has_trades {
                self.ranges.push(backtest.range);
            }
        }
        let capital = initial_capital(webhook, backtests);
        self.initial_capital = self.initial_capital.saturating_add(capital);
        let has_trades = backtests.iter().any(|backtest| backtest.has_trades);
        self.webhooks += usize::from(has_trades);
        Ok(())
    }

    /// The trades that closed in the range that was asked for.
    fn within(&self, asked: AskedRange) -> impl Iterator<Item = &ClosedTrade> {
        self.trades.iter().filter(move |trade| {
            let closed = trade.exit_time;
            asked.from.is_none_or(|from| closed >= from) && asked.to.is_none_or(|to| closed < to)
        })
    }

    fn capital(&self, filter: &ReportFilter, asked: AskedRange) -> Capital {
        let is_closed = |from: Timestamp| move |trade: &&ClosedTrade| trade.exit_time < from;
        let carried = |from| {
            let before = self.trades.iter().filter(is_closed(from));
            let profits = before.map(|trade| trade.net_profit);
            Ok::<_, Infallible>(profits.fold(Decimal::ZERO, Decimal::saturating_add))
        };
        let Ok(capital) = filter.capital(self.initial_capital, asked.from, carried);
        capital
    }

    /// The capital of the report, and the profit of each of its trades.
    pub(super) fn profits(&self, filter: &ReportFilter) -> (Decimal, Vec<Decimal>) {
        let asked = filter.asked(&self.zone);
        let profits = self.within(asked).map(|trade| trade.net_profit);
        (self.capital(filter, asked).money(), profits.collect())
    }

    pub(super) fn made(&self, filter: &ReportFilter) -> CurrencyReport {
        let asked = filter.asked(&self.zone);
        let trades: Vec<ClosedTrade> = self.within(asked).cloned().collect();
        let last_price = self
            .prices()
            .filter(|(_, seen)| asked.precedes_end(seen.time));
        let report = report(&ReportInput {
            currency: &self.currency,
            capital: self.capital(filter, asked),
            asked,
            range: asked.closed_by(self.range()),
            zone: &self.zone,
            trading_days: TradingDays::of_setting(self.settings.trading_days),
            risk_free: RiskFree(self.settings.risk_free_rate),
            open: self.open_at_end(asked),
            last_price_at: last_price.map(|(_, seen)| seen.time).max(),
            signal_delays: &[],
            held: self.held(&trades, asked).as_ref(),
            trades: &trades,
        });
        CurrencyReport {
            report,
            webhooks: self.webhooks,
        }
    }

    /// The range of all lists together, where each has one.
    fn range(&self) -> Option<(Timestamp, Timestamp)> {
        let mut whole: Option<(Timestamp, Timestamp)> = None;
        for range in &self.ranges {
            let (from, to) = (*range)?;
            whole = Some(whole.map_or((from, to), |whole| (whole.0.min(from), whole.1.max(to))));
        }
        whole
    }

    /// Every price that the lists have, with its ticker: those of fills, and the last of trades
    /// that are open.
    fn prices(&self) -> impl Iterator<Item = (&Ticker, SeenPrice)> {
        let seen = |time, price| SeenPrice { time, price };
        let closed = self.trades.iter().flat_map(move |trade| {
            let entry = seen(trade.entry_time, trade.entry_price);
            let exit = seen(trade.exit_time, trade.exit_price);
            [(&trade.ticker, entry), (&trade.ticker, exit)]
        });
        let open = self.open.iter().flat_map(move |(ticker, trade)| {
            let entry = seen(trade.entry_time, trade.entry_price);
            let last = trade.last_time.zip(trade.last_price);
            let last = last.map(|(time, price)| (ticker, seen(time, price)));
            [Some((ticker, entry)), last].into_iter().flatten()
        });
        closed.chain(open)
    }

    /// The newest price of a ticker before a time.
    fn price_before(&self, ticker: &Ticker, before: Option<Timestamp>) -> Option<SeenPrice> {
        let mut is_same = same_as(ticker);
        let prices = self.prices().filter(|(of, _)| is_same(of));
        let known = prices.filter(|(_, seen)| before.is_none_or(|before| seen.time < before));
        // Of several of one instant the last one, as the trades are in the order of their exits.
        known.map(|(_, seen)| seen).max_by_key(|seen| seen.time)
    }

    /// Time of the last price of the lists, of those that have one.
    fn end(&self) -> Option<Timestamp> {
        self.prices().map(|(_, seen)| seen.time).max()
    }

    /// The closed trades that were open when the range ended.
    fn closed_later(&self, asked: AskedRange) -> impl Iterator<Item = &ClosedTrade> {
        let is_open = move |trade: &&ClosedTrade| {
            let end = asked.to;
            end.is_some_and(|end| trade.entry_time < end && trade.exit_time >= end)
        };
        self.trades.iter().filter(is_open)
    }

    /// The positions open when the range ended.
    fn open_at_end(&self, asked: AskedRange) -> OpenLots {
        let mut open = OpenLots::default();
        let end = self.end();
        let is_past = |last: Option<Timestamp>| {
            let known = last.or(end);
            known.is_some_and(|known| !asked.precedes_end(known))
        };
        for (side, sum) in [
            (&mut open.long, self.sums.long),
            (&mut open.short, self.sums.short),
        ] {
            let is_none = sum.profit == Some(Decimal::ZERO);
            add_profit(side, sum.profit.filter(|_| is_none || !is_past(None)));
        }
        // What was entered before the range was paid for before it.
        let cost = |entered: Timestamp, commission: Decimal| {
            let is_paid_in_range = asked.from.is_none_or(|from| entered >= from);
            if is_paid_in_range {
                commission
            } else {
                Decimal::ZERO
            }
        };
        for trade in self.closed_later(asked) {
            let side = side_of(&mut open, trade.direction);
            side.note_entry(trade.entry_time);
            add_profit(side, None);
            let cost = cost(trade.entry_time, trade.entry_commission);
            side.commission = side.commission.saturating_add(cost);
        }
        for (_, trade) in &self.open {
            if !asked.precedes_end(trade.entry_time) {
                continue;
            }
            let side = side_of(&mut open, trade.direction);
            side.note_entry(trade.entry_time);
            add_profit(side, trade.profit.filter(|_| !is_past(trade.last_time)));
            let cost = cost(trade.entry_time, trade.commission);
            side.commission = side.commission.saturating_add(cost);
        }
        open
    }

    /// The ticker that was entered first, with its prices: at that entry, at each exit, and at
    /// the last price known. Where it was entered before the range, the first is the one known
    /// when the range begins.
    fn held(&self, trades: &[ClosedTrade], asked: AskedRange) -> Option<Held> {
        let seen = |time, price| SeenPrice { time, price };
        let closed = trades.iter().chain(self.closed_later(asked));
        let closed = closed.map(|trade| {
            let entry = seen(trade.entry_time, trade.entry_price);
            (&trade.ticker, entry, trade.contract)
        });
        let open = self.open.iter().map(|(ticker, trade)| {
            let entry = seen(trade.entry_time, trade.entry_price);
            (ticker, entry, trade.contract)
        });
        let open = open.filter(|(_, entry, _)| asked.precedes_end(entry.time));
        let entries = closed.chain(open);
        let (ticker, mut first, contract) = entries.min_by_key(|(_, entry, _)| entry.time)?;
        if let Some(from) = asked.from.filter(|from| first.time < *from) {
            let known = self.price_before(ticker, Some(from));
            first.price = known.map_or(first.price, |known| known.price);
            first.time = from;
        }
        let mut prices = vec![first];
        let mut is_same = same_as(ticker);
        let exits = trades.iter().filter(|trade| is_same(&trade.ticker));
        prices.extend(exits.map(|trade| seen(trade.exit_time, trade.exit_price)));
        prices.sort_by_key(|seen| seen.time);
        let newest = prices.last().map(|newest| newest.time);
        let last = self.price_before(ticker, asked.to);
        prices.extend(last.filter(|last| newest.is_none_or(|newest| last.time > newest)));
        Some(Held { contract, prices })
    }
}

/// True of the spellings of a ticker; those of one list come together, so the last is remembered.
fn same_as(ticker: &Ticker) -> impl FnMut(&Ticker) -> bool {
    let mut last = (ticker.clone(), true);
    move |other| {
        if last.0 != *other {
            last = (other.clone(), other.may_be(ticker));
        }
        last.1
    }
}

fn side_of(lots: &mut OpenLots, direction: Direction) -> &mut OpenSide {
    match direction {
        Direction::Long => &mut lots.long,
        Direction::Short => &mut lots.short,
    }
}

/// Adds the profit of an open trade to its side; one that is not known leaves none known.
fn add_profit(side: &mut OpenSide, profit: Option<Decimal>) {
    let both = side.profit.zip(profit);
    side.profit = both.map(|(sum, profit)| sum.saturating_add(profit));
}
