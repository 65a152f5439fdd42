//! Performance reports of what is stored: which trades belong to one, and what
//! it is told besides them.
//!
//! Money in several currencies is never added up: there is one report for each.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;

use crate::analytics::{
    HeldPrices, OpenProfit, Report, ReportInput, RiskFree, TradingDays, report,
};
use crate::domain::event::text_enum;
use crate::domain::money::Decimal;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::tag::Tag;
use crate::domain::trade::Trade;
use crate::domain::webhook::{Settings, WebhookId};
use crate::store::trades::{self, TradeFilter};
use crate::store::webhooks::{self, StoredWebhook};
use crate::store::{Result, backtests, orders, positions};

text_enum! {
    /// Which trades a report is made of.
    ReportSource, "report source" {
        /// Those of alerts, imported ones too.
        Live = "live",
        /// Those that TradingView's strategy tester listed.
        Backtest = "backtest",
    }
}

/// What reports are wanted of; `None` and empty are all.
#[derive(Debug, Clone, Default)]
pub struct ReportFilter {
    /// Trades of alerts, which is usual, or backtests.
    pub source: Option<ReportSource>,
    /// Some webhooks.
    pub webhooks: Vec<WebhookId>,
    /// One ticker.
    pub ticker: Option<Ticker>,
    /// Trades with a tag; those of backtests have none.
    pub tag: Option<Tag>,
    /// Trades that closed at this time or later.
    pub from: Option<Timestamp>,
    /// Trades that closed before this time.
    pub to: Option<Timestamp>,
    /// The zone of days, hours and months; that of the first webhook otherwise.
    pub zone: Option<TimeZone>,
}

/// One report for each currency of the webhooks.
///
/// Of several webhooks the initial capital is added up; trading days and the
/// risk-free rate are those of the first.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such webhook.
pub fn reports(connection: &Connection, filter: &ReportFilter) -> Result<Vec<Report>> {
    let transaction = connection.unchecked_transaction()?;
    if filter.source == Some(ReportSource::Backtest) {
        let parts = tested(&transaction, filter)?.into_values();
        let reports = parts.map(|part| part.report(filter.zone.as_ref()));
        return Ok(reports.collect());
    }
    let mut by_currency: BTreeMap<String, Vec<StoredWebhook>> = BTreeMap::new();
    for webhook in wanted(&transaction, filter)? {
        let currency = webhook.settings.currency.clone();
        by_currency.entry(currency).or_default().push(webhook);
    }
    let mut reports = Vec::with_capacity(by_currency.len());
    for (currency, webhooks) in &by_currency {
        if let Some(first) = webhooks.first() {
            let part = Part {
                currency,
                webhooks,
                settings: &first.settings,
                filter,
            };
            reports.push(part.report(&transaction)?);
        }
    }
    Ok(reports)
}

/// The closed trades that the reports of `filter` are made of, by currency.
///
/// # Errors
///
/// As [`reports`].
pub fn trades_of(
    connection: &Connection,
    filter: &ReportFilter,
) -> Result<BTreeMap<String, (Decimal, Vec<Trade>)>> {
    let transaction = connection.unchecked_transaction()?;
    if filter.source == Some(ReportSource::Backtest) {
        let parts = tested(&transaction, filter)?.into_iter();
        let trades = parts.map(|(currency, part)| (currency, (part.capital, part.trades)));
        return Ok(trades.collect());
    }
    let mut by_currency: BTreeMap<String, (Decimal, Vec<Trade>)> = BTreeMap::new();
    for webhook in wanted(&transaction, filter)? {
        let trades = trades::for_report(&transaction, &trade_filter(filter, [&webhook]))?;
        let (capital, all) = by_currency.entry(webhook.settings.currency).or_default();
        *capital = capital.saturating_add(webhook.settings.initial_capital);
        all.extend(trades);
    }
    Ok(by_currency)
}

fn wanted(connection: &Connection, filter: &ReportFilter) -> Result<Vec<StoredWebhook>> {
    if filter.webhooks.is_empty() {
        return webhooks::list(connection);
    }
    let ids = filter.webhooks.iter();
    ids.map(|id| webhooks::get(connection, id)).collect()
}

/// The trades of some webhooks, within what a report is asked for.
pub(crate) fn trade_filter<'a>(
    filter: &ReportFilter,
    webhooks: impl IntoIterator<Item = &'a StoredWebhook>,
) -> TradeFilter {
    TradeFilter {
        webhooks: webhooks
            .into_iter()
            .map(|webhook| webhook.id.clone())
            .collect(),
        ticker: filter
            .ticker
            .as_ref()
            .map(|ticker| ticker.as_str().to_owned()),
        is_imported: None,
        order: None,
        tag: filter.tag.clone(),
        from: filter.from,
        to: filter.to,
        before: None,
    }
}

/// The backtests of one currency.
struct Tested {
    currency: String,
    /// Of the webhook that the first backtest belongs to.
    settings: Settings,
    /// Every list of trades began with its own.
    capital: Decimal,
    trades: Vec<Trade>,
    open_profit: OpenProfit,
}

/// The backtests that a filter wants, by currency.
fn tested(connection: &Connection, filter: &ReportFilter) -> Result<BTreeMap<String, Tested>> {
    let mut by_currency: BTreeMap<String, Tested> = BTreeMap::new();
    if filter.tag.is_some() {
        return Ok(by_currency);
    }
    for webhook in wanted(connection, filter)? {
        for backtest in backtests::of_webhook(connection, &webhook)? {
            let is_wanted = filter.ticker.as_ref();
            if is_wanted.is_some_and(|ticker| *ticker != backtest.ticker) {
                continue;
            }
            let currency = backtest.currency.clone();
            let part = by_currency.entry(currency).or_insert_with(|| Tested {
                currency: backtest.currency.clone(),
                settings: webhook.settings.clone(),
                capital: Decimal::ZERO,
                trades: Vec::new(),
                open_profit: OpenProfit::default(),
            });
            let capital = backtest.initial_capital;
            let capital = capital.unwrap_or(webhook.settings.initial_capital);
            let (long, short) = (backtest.open_long, backtest.open_short);
            part.capital = part.capital.saturating_add(capital);
            part.open_profit.long = part.open_profit.long.saturating_add(long);
            part.open_profit.short = part.open_profit.short.saturating_add(short);
            let trades = backtests::for_report(connection, &backtest, filter.from, filter.to)?;
            part.trades.extend(trades);
        }
    }
    Ok(by_currency)
}

impl Tested {
    fn report(&self, zone: Option<&TimeZone>) -> Report {
        let zone = zone.cloned().unwrap_or_else(|| zone_of(&self.settings));
        report(&ReportInput {
            currency: &self.currency,
            initial_capital: self.capital,
            zone: &zone,
            trading_days: TradingDays::of_setting(self.settings.trading_days),
            risk_free: RiskFree(self.settings.risk_free_rate),
            open_profit: self.open_profit,
            signal_delays: &[],
            held_prices: self.held_prices(),
            trades: &self.trades,
        })
    }

    /// The first and last price of the ticker that was traded first.
    fn held_prices(&self) -> Option<HeldPrices> {
        let first = self.trades.iter().min_by_key(|trade| trade.entry.time)?;
        let same = self
            .trades
            .iter()
            .filter(|trade| trade.ticker == first.ticker);
        let last = same.max_by_key(|trade| trade.exit.time)?;
        Some(HeldPrices {
            first: first.entry.price,
            last: last.exit.price,
        })
    }
}

/// The zone of a webhook's days. It was checked when the setting was made, but
/// another machine may know fewer zones.
pub(crate) fn zone_of(settings: &Settings) -> TimeZone {
    TimeZone::get(&settings.time_zone).unwrap_or(TimeZone::UTC)
}

/// The webhooks of one currency.
struct Part<'a> {
    currency: &'a str,
    webhooks: &'a [StoredWebhook],
    /// Of the first of them.
    settings: &'a Settings,
    filter: &'a ReportFilter,
}

impl Part<'_> {
    fn report(&self, connection: &Connection) -> Result<Report> {
        let trades = trades::for_report(connection, &trade_filter(self.filter, self.webhooks))?;
        let zone = self.filter.zone.clone();
        let zone = zone.unwrap_or_else(|| zone_of(self.settings));
        let capital = self
            .webhooks
            .iter()
            .map(|webhook| webhook.settings.initial_capital);
        Ok(report(&ReportInput {
            currency: self.currency,
            initial_capital: capital.fold(Decimal::ZERO, Decimal::saturating_add),
            zone: &zone,
            trading_days: TradingDays::of_setting(self.settings.trading_days),
            risk_free: RiskFree(self.settings.risk_free_rate),
            open_profit: self.open_profit(connection)?,
            signal_delays: &self.signal_delays(connection)?,
            held_prices: self.held_prices(connection, &trades)?,
            trades: &trades,
        }))
    }

    /// What the lots that are open now would gain, whatever the range of time.
    fn open_profit(&self, connection: &Connection) -> Result<OpenProfit> {
        let mut profit = OpenProfit::default();
        if self.filter.tag.is_some() {
            // Tags are on closed trades.
            return Ok(profit);
        }
        for webhook in self.webhooks {
            for position in positions::of_webhook(connection, webhook)? {
                let is_wanted = self
                    .filter
                    .ticker
                    .as_ref()
                    .is_none_or(|wanted| *wanted == position.ticker);
                let Some(ledger) = position.ledger.as_ref().filter(|_| is_wanted) else {
                    continue;
                };
                let open = position.open_profit().unwrap_or(Decimal::MAX);
                let side = match ledger.lots().next().map(|lot| lot.direction) {
                    Some(Direction::Short) => &mut profit.short,
                    _ => &mut profit.long,
                };
                *side = side.saturating_add(open);
            }
        }
        Ok(profit)
    }

    fn signal_delays(&self, connection: &Connection) -> Result<Vec<f64>> {
        let mut delays = Vec::new();
        for webhook in self.webhooks {
            let (from, to) = (self.filter.from, self.filter.to);
            let ticker = self.filter.ticker.as_ref();
            delays.extend(orders::signal_delays(
                connection,
                webhook.row,
                ticker,
                from,
                to,
            )?);
        }
        Ok(delays)
    }

    /// The first and last price seen of the ticker that was traded first.
    fn held_prices(&self, connection: &Connection, trades: &[Trade]) -> Result<Option<HeldPrices>> {
        let Some(first) = trades.iter().min_by_key(|trade| trade.entry.time) else {
            return Ok(None);
        };
        let (from, to) = (self.filter.from, self.filter.to);
        let mut held: Option<(Timestamp, Timestamp, HeldPrices)> = None;
        for webhook in self.webhooks {
            let seen =
                orders::first_and_last_price(connection, webhook.row, &first.ticker, from, to)?;
            let Some(((began, first), (ended, last))) = seen else {
                continue;
            };
            held = Some(match held {
                None => (began, ended, HeldPrices { first, last }),
                Some((earliest, latest, prices)) => (
                    began.min(earliest),
                    ended.max(latest),
                    HeldPrices {
                        first: if began < earliest {
                            first
                        } else {
                            prices.first
                        },
                        last: if ended > latest { last } else { prices.last },
                    },
                ),
            });
        }
        Ok(held.map(|(_, _, prices)| prices))
    }
}
