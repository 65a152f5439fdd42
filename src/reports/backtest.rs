//! Reports of TradingView's lists of trades.

use std::collections::BTreeMap;
use std::convert::Infallible;

use crate::store::Connection;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Made, ReportFilter, wanted};
use crate::analytics::{
    Asked, Capital, Held, OpenLots, OpenSide, ReportInput, RiskFree, SeenPrice, TradingDays, report,
};
use crate::domain::money::Decimal;
use crate::domain::signal::Direction;
use crate::domain::trade::ClosedTrade;
use crate::domain::webhook::Settings;
use crate::store::backtests::{self, Backtest};
use crate::store::webhooks::StoredWebhook;
use crate::store::{Result, trades};

/// The backtests of one currency.
pub(super) struct Tested {
    currency: String,
    /// Of the webhook that the first backtest belongs to.
    settings: Settings,
    zone: TimeZone,
    /// Every list of trades began with its own.
    initial_capital: Decimal,
    webhooks: usize,
    /// All closed trades, of all time.
    trades: Vec<ClosedTrade>,
    /// Open at the end of the lists.
    open: OpenLots,
}

/// The backtests that a filter wants, by currency.
pub(super) fn by_currency(
    connection: &Connection,
    filter: &ReportFilter,
) -> Result<BTreeMap<String, Tested>> {
    let mut by_currency: BTreeMap<String, Tested> = BTreeMap::new();
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
                .or_insert_with(|| Tested {
                    currency,
                    settings: webhook.settings.clone(),
                    zone: filter.zone_of(&webhook.settings),
                    initial_capital: Decimal::ZERO,
                    webhooks: 0,
                    trades: Vec::new(),
                    open: OpenLots::default(),
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

impl Tested {
    /// Takes up the backtests of one webhook.
    fn add(
        &mut self,
        connection: &Connection,
        webhook: &StoredWebhook,
        backtests: &[Backtest],
    ) -> Result<()> {
        for backtest in backtests {
            for (side, gain) in [
                (&mut self.open.long, backtest.open_long),
                (&mut self.open.short, backtest.open_short),
            ] {
                side.profit = side.profit.map(|profit| profit.saturating_add(gain));
            }
            let trades = trades::in_book(connection, &backtest.key())?;
            self.trades.extend(trades);
        }
        let capital = initial_capital(webhook, backtests);
        self.initial_capital = self.initial_capital.saturating_add(capital);
        let has_trades = backtests.iter().any(|backtest| backtest.has_trades);
        self.webhooks += usize::from(has_trades);
        Ok(())
    }

    /// The trades that closed in the range that was asked for.
    fn within(&self, asked: Asked) -> impl Iterator<Item = &ClosedTrade> {
        self.trades.iter().filter(move |trade| {
            let closed = trade.exit_time;
            asked.from.is_none_or(|from| closed >= from) && asked.to.is_none_or(|to| closed < to)
        })
    }

    fn capital(&self, filter: &ReportFilter, asked: Asked) -> Capital {
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

    pub(super) fn made(&self, filter: &ReportFilter) -> Made {
        let asked = filter.asked(&self.zone);
        let trades: Vec<ClosedTrade> = self.within(asked).cloned().collect();
        let report = report(&ReportInput {
            currency: &self.currency,
            capital: self.capital(filter, asked),
            asked,
            range: asked.closed_by(None),
            zone: &self.zone,
            trading_days: TradingDays::of_setting(self.settings.trading_days),
            risk_free: RiskFree(self.settings.risk_free_rate),
            open: self.open_at_end(asked),
            last_price_at: None,
            signal_delays: &[],
            held: held(&trades, asked.from).as_ref(),
            trades: &trades,
        });
        Made {
            report,
            webhooks: self.webhooks,
        }
    }

    /// The positions open when the range ended. A list has no prices between its trades, so of
    /// a range that ended before it did, only what entering had cost is known.
    fn open_at_end(&self, asked: Asked) -> OpenLots {
        let Some(end) = asked.to else {
            return self.open;
        };
        if self.trades.iter().all(|trade| trade.exit_time < end) {
            return self.open;
        }
        let unknown = OpenSide {
            profit: None,
            commission: Decimal::ZERO,
        };
        let mut open = OpenLots {
            long: unknown,
            short: unknown,
        };
        let is_open = |trade: &&ClosedTrade| {
            let entered = trade.entry_time;
            let is_paid_in_range = asked.from.is_none_or(|from| entered >= from);
            entered < end && trade.exit_time >= end && is_paid_in_range
        };
        for trade in self.trades.iter().filter(is_open) {
            let side = match trade.direction {
                Direction::Long => &mut open.long,
                Direction::Short => &mut open.short,
            };
            side.commission = side.commission.saturating_add(trade.entry_commission);
        }
        open
    }
}

/// The ticker that was entered first, with its prices from that entry or the range's
/// beginning: its first fill, then each exit.
fn held(trades: &[ClosedTrade], from: Option<Timestamp>) -> Option<Held> {
    let first = trades.iter().min_by_key(|trade| trade.entry_time)?;
    let time = from.map_or(first.entry_time, |from| first.entry_time.max(from));
    let mut prices = vec![SeenPrice {
        time,
        price: first.entry_price,
    }];
    let same = trades.iter().filter(|trade| trade.ticker == first.ticker);
    prices.extend(same.map(|trade| SeenPrice {
        time: trade.exit_time,
        price: trade.exit_price,
    }));
    prices.sort_by_key(|seen| seen.time);
    Some(Held {
        contract: first.contract,
        prices,
    })
}
