//! Reports of the trades that alerts made.

use crate::store::Connection;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::open::{self, OpenAtEnd, OpenEntry};
use super::{CurrencyReport, ReportFilter, trade_filter};
use crate::analytics::{Capital, Held, ReportInput, RiskFree, SeenPrice, TradingDays, report};
use crate::domain::money::Decimal;
use crate::domain::signal::Ticker;
use crate::domain::trade::ClosedTrade;
use crate::domain::webhook::Settings;
use crate::store::webhooks::StoredWebhook;
use crate::store::{Result, orders, trades};

/// The webhooks of one currency.
pub(super) struct CurrencyGroup<'a> {
    currency: &'a str,
    pub(super) webhooks: &'a [StoredWebhook],
    /// Of the first of them.
    settings: &'a Settings,
    pub(super) zone: TimeZone,
    pub(super) filter: &'a ReportFilter,
}

impl<'a> CurrencyGroup<'a> {
    /// `None` where there is no webhook.
    pub(super) fn of(
        currency: &'a str,
        webhooks: &'a [StoredWebhook],
        filter: &'a ReportFilter,
    ) -> Option<Self> {
        let settings = &webhooks.first()?.settings;
        Some(Self {
            currency,
            webhooks,
            settings,
            zone: filter.zone_of(settings),
            filter,
        })
    }

    /// The money that the report begins with.
    pub(super) fn capital(&self, connection: &Connection) -> Result<Capital> {
        let each = self.webhooks.iter();
        let initial = each
            .map(|webhook| webhook.settings.initial_capital)
            .fold(Decimal::ZERO, Decimal::saturating_add);
        let from = self.filter.asked(&self.zone).from;
        self.filter.capital(initial, from, |from| {
            let mut before = trade_filter(self.filter, &self.zone, self.webhooks);
            (before.from, before.to) = (None, Some(from));
            trades::net_profit(connection, &before)
        })
    }

    pub(super) fn trades(&self, connection: &Connection) -> Result<Vec<ClosedTrade>> {
        let filter = trade_filter(self.filter, &self.zone, self.webhooks);
        trades::for_report(connection, &filter)
    }

    pub(super) fn made(&self, connection: &Connection) -> Result<CurrencyReport> {
        let trades = self.trades(connection)?;
        let open = OpenAtEnd::read(self, connection)?;
        let held = self.held(connection, &trades, &open)?;
        let report = report(&ReportInput {
            currency: self.currency,
            capital: self.capital(connection)?,
            asked: self.filter.asked(&self.zone),
            range: self.filter.asked(&self.zone).closed_by(None),
            zone: &self.zone,
            trading_days: TradingDays::of_setting(self.settings.trading_days),
            risk_free: RiskFree(self.settings.risk_free_rate),
            open: open.lots,
            last_price_at: open.last_price_at,
            signal_delays: &self.signal_delays(connection)?,
            held: held.as_ref(),
            trades: &trades,
        });
        Ok(CurrencyReport {
            report,
            webhooks: self.webhooks.len(),
        })
    }

    fn signal_delays(&self, connection: &Connection) -> Result<Vec<f64>> {
        let asked = self.filter.asked(&self.zone);
        let ticker = self.filter.ticker.as_ref();
        let mut delays = Vec::new();
        for webhook in self.webhooks {
            let of_webhook =
                orders::signal_delays(connection, webhook.row, ticker, asked.from, asked.to)?;
            delays.extend(of_webhook);
        }
        Ok(delays)
    }

    /// The newest price of a ticker seen before a time, of whichever webhook.
    fn price_before(
        &self,
        connection: &Connection,
        ticker: &Ticker,
        before: Option<Timestamp>,
    ) -> Result<Option<SeenPrice>> {
        let mut newest: Option<SeenPrice> = None;
        for webhook in self.webhooks {
            let seen = open::price_before(connection, self.filter.book, webhook, ticker, before)?;
            let Some((time, price)) = seen else { continue };
            if newest.is_none_or(|newest| newest.time < time) {
                newest = Some(SeenPrice { time, price });
            }
        }
        Ok(newest)
    }

    /// The ticker that was entered first: its prices at that entry, at each exit, and the
    /// last one known. Where it was entered before the range, the first is the one known
    /// when the range begins.
    fn held(
        &self,
        connection: &Connection,
        trades: &[ClosedTrade],
        open: &OpenAtEnd,
    ) -> Result<Option<Held>> {
        let closed = trades.iter().min_by_key(|trade| trade.entry_time);
        let closed = closed.map(|trade| OpenEntry {
            time: trade.entry_time,
            ticker: trade.ticker.clone(),
            price: trade.entry_price,
            contract: trade.contract,
        });
        let lots = open.entries.iter().min_by_key(|entry| entry.time);
        let entries = closed.iter().chain(lots);
        let Some(entered) = entries.min_by_key(|entry| entry.time) else {
            return Ok(None);
        };
        let (time, ticker, price) = (entered.time, &entered.ticker, entered.price);
        // An open lot's ticker is spelled as its webhook has it.
        let mut spellings = trades.iter().map(|trade| &trade.ticker);
        let as_reported = spellings.find(|spelled| spelled.may_be(ticker));
        let ticker = as_reported.unwrap_or(ticker);
        let asked = self.filter.asked(&self.zone);
        let mut first = SeenPrice { time, price };
        if let Some(from) = asked.from.filter(|from| time < *from) {
            let known = self.price_before(connection, ticker, Some(from))?;
            first.price = known.map_or(price, |known| known.price);
            first.time = from;
        }
        let mut prices = vec![first];
        let exits = trades.iter().filter(|trade| trade.ticker == *ticker);
        prices.extend(exits.map(|trade| SeenPrice {
            time: trade.exit_time,
            price: trade.exit_price,
        }));
        let last = self.price_before(connection, ticker, asked.to)?;
        let newest = prices.last().map(|newest| newest.time);
        prices.extend(last.filter(|last| newest.is_none_or(|newest| last.time >= newest)));
        Ok(Some(Held {
            contract: entered.contract,
            prices,
        }))
    }
}
