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
use crate::domain::moment::Range;
use crate::domain::money::Decimal;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::tag::Tag;
use crate::domain::trade::{ClosedTrade, Trade};
use crate::domain::webhook::{Settings, WebhookId};
use crate::store::backtests::{self, Backtest};
use crate::store::trades::{self, TradeFilter};
use crate::store::webhooks::{self, StoredWebhook};
use crate::store::{Result, orders, positions, tickers};

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
    /// Trades that closed in it; its days are of the report's zone.
    pub range: Range,
    /// The zone of days, hours and months; that of the first webhook otherwise.
    pub zone: Option<TimeZone>,
}

impl ReportFilter {
    /// The webhooks that were named, each once: naming one twice does not double its trades.
    #[must_use]
    pub fn named_once(&self) -> Vec<&WebhookId> {
        let mut once: Vec<&WebhookId> = Vec::with_capacity(self.webhooks.len());
        for webhook in &self.webhooks {
            if !once.contains(&webhook) {
                once.push(webhook);
            }
        }
        once
    }

    /// The zone of a report whose first webhook has these settings.
    fn zone_of(&self, settings: &Settings) -> TimeZone {
        self.zone.clone().unwrap_or_else(|| zone_of(settings))
    }
}

/// A report, and how many webhooks it is of.
#[derive(Debug)]
pub struct Made {
    /// The report.
    pub report: Report,
    /// The webhooks whose capital it began with.
    pub webhooks: usize,
}

/// One report for each currency of the webhooks.
///
/// Of several webhooks the initial capital is added up; trading days and the
/// risk-free rate are those of the first.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such webhook.
pub fn reports(connection: &Connection, filter: &ReportFilter) -> Result<Vec<Made>> {
    let transaction = connection.unchecked_transaction()?;
    if filter.source == Some(ReportSource::Backtest) {
        let parts = tested(&transaction, filter)?.into_values();
        return Ok(parts.map(|part| part.made()).collect());
    }
    let by_currency = by_currency(&transaction, filter)?;
    let parts = by_currency
        .iter()
        .filter_map(|(currency, webhooks)| Part::of(currency, webhooks, filter));
    parts.map(|part| part.made(&transaction)).collect()
}

/// The initial capital and the net profit of each closed trade that the reports of
/// `filter` are made of, by currency.
///
/// # Errors
///
/// As [`reports`].
pub fn profits(
    connection: &Connection,
    filter: &ReportFilter,
) -> Result<BTreeMap<String, (Decimal, Vec<Decimal>)>> {
    let transaction = connection.unchecked_transaction()?;
    if filter.source == Some(ReportSource::Backtest) {
        let parts = tested(&transaction, filter)?.into_iter();
        let profits = parts.map(|(currency, part)| {
            let profits = part.trades.iter().map(|trade| trade.net_profit);
            (currency, (part.capital, profits.collect()))
        });
        return Ok(profits.collect());
    }
    let by_currency = by_currency(&transaction, filter)?;
    let mut by_part = BTreeMap::new();
    for (currency, webhooks) in &by_currency {
        if let Some(part) = Part::of(currency, webhooks, filter) {
            let trades = part.trades(&transaction)?;
            let profits = trades.iter().map(|trade| trade.net_profit);
            by_part.insert(currency.clone(), (part.capital(), profits.collect()));
        }
    }
    Ok(by_part)
}

/// The webhooks that a filter wants, by their currency.
fn by_currency(
    connection: &Connection,
    filter: &ReportFilter,
) -> Result<BTreeMap<String, Vec<StoredWebhook>>> {
    let mut by_currency: BTreeMap<String, Vec<StoredWebhook>> = BTreeMap::new();
    for webhook in wanted(connection, filter)? {
        let currency = webhook.settings.currency.clone();
        by_currency.entry(currency).or_default().push(webhook);
    }
    Ok(by_currency)
}

fn wanted(connection: &Connection, filter: &ReportFilter) -> Result<Vec<StoredWebhook>> {
    if filter.webhooks.is_empty() {
        return webhooks::list(connection);
    }
    let ids = filter.named_once().into_iter();
    ids.map(|id| webhooks::get(connection, id)).collect()
}

/// The trades of some webhooks, within what a report in a zone is asked for.
pub(crate) fn trade_filter<'a>(
    filter: &ReportFilter,
    zone: &TimeZone,
    webhooks: impl IntoIterator<Item = &'a StoredWebhook>,
) -> TradeFilter {
    let (from, to) = filter.range.within(zone);
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
        from,
        to,
        before: None,
    }
}

/// The backtests of one currency.
struct Tested {
    currency: String,
    /// Of the webhook that the first backtest belongs to.
    settings: Settings,
    zone: TimeZone,
    /// Every list of trades began with its own.
    capital: Decimal,
    webhooks: usize,
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
                    capital: Decimal::ZERO,
                    webhooks: 0,
                    trades: Vec::new(),
                    open_profit: OpenProfit::default(),
                });
            part.add(connection, &webhook, &backtests, filter)?;
        }
    }
    Ok(by_currency)
}

impl Tested {
    /// Takes up the backtests of one webhook.
    fn add(
        &mut self,
        connection: &Connection,
        webhook: &StoredWebhook,
        backtests: &[Backtest],
        filter: &ReportFilter,
    ) -> Result<()> {
        let (from, to) = filter.range.within(&self.zone);
        for backtest in backtests {
            let (long, short) = (backtest.open_long, backtest.open_short);
            self.open_profit.long = self.open_profit.long.saturating_add(long);
            self.open_profit.short = self.open_profit.short.saturating_add(short);
            self.trades
                .extend(backtests::for_report(connection, backtest, from, to)?);
        }
        let traded = || backtests.iter().filter(|backtest| backtest.has_trades);
        // Lists that do not say their capital share the webhook's.
        let is_shared = traded().any(|backtest| backtest.initial_capital.is_none());
        let shared = is_shared.then_some(webhook.settings.initial_capital);
        let own = traded().filter_map(|backtest| backtest.initial_capital);
        self.capital = own
            .chain(shared)
            .fold(self.capital, Decimal::saturating_add);
        self.webhooks += usize::from(traded().next().is_some());
        Ok(())
    }

    fn made(&self) -> Made {
        let trades: Vec<ClosedTrade> = self.trades.iter().map(ClosedTrade::from).collect();
        let report = report(&ReportInput {
            currency: &self.currency,
            initial_capital: self.capital,
            zone: &self.zone,
            trading_days: TradingDays::of_setting(self.settings.trading_days),
            risk_free: RiskFree(self.settings.risk_free_rate),
            open_profit: self.open_profit,
            signal_delays: &[],
            held_prices: self.held_prices(),
            trades: &trades,
        });
        Made {
            report,
            webhooks: self.webhooks,
        }
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

/// The zone of the first of some webhooks; of all where none is named.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub(crate) fn zone_of_first(connection: &Connection, named: &[WebhookId]) -> Result<TimeZone> {
    let all = webhooks::list(connection)?;
    let first = match named.first() {
        Some(named) => all.iter().find(|webhook| webhook.id == *named),
        None => all.first(),
    };
    Ok(first.map_or(TimeZone::UTC, |webhook| zone_of(&webhook.settings)))
}

/// The webhooks of one currency.
struct Part<'a> {
    currency: &'a str,
    webhooks: &'a [StoredWebhook],
    /// Of the first of them.
    settings: &'a Settings,
    zone: TimeZone,
    filter: &'a ReportFilter,
}

impl<'a> Part<'a> {
    /// `None` where there is no webhook.
    fn of(
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

    fn capital(&self) -> Decimal {
        let capital = |webhook: &StoredWebhook| webhook.settings.initial_capital;
        let each = self.webhooks.iter().map(capital);
        each.fold(Decimal::ZERO, Decimal::saturating_add)
    }

    fn trades(&self, connection: &Connection) -> Result<Vec<ClosedTrade>> {
        let filter = trade_filter(self.filter, &self.zone, self.webhooks);
        trades::for_report(connection, &filter)
    }

    fn made(&self, connection: &Connection) -> Result<Made> {
        let trades = self.trades(connection)?;
        let report = report(&ReportInput {
            currency: self.currency,
            initial_capital: self.capital(),
            zone: &self.zone,
            trading_days: TradingDays::of_setting(self.settings.trading_days),
            risk_free: RiskFree(self.settings.risk_free_rate),
            open_profit: self.open_profit(connection)?,
            signal_delays: &self.signal_delays(connection)?,
            held_prices: self.held_prices(connection, &trades)?,
            trades: &trades,
        });
        Ok(Made {
            report,
            webhooks: self.webhooks.len(),
        })
    }

    /// What the lots that are open now would gain, whatever the range of time.
    fn open_profit(&self, connection: &Connection) -> Result<OpenProfit> {
        let mut profit = OpenProfit::default();
        if self.filter.tag.is_some() {
            // Tags are on closed trades.
            return Ok(profit);
        }
        for webhook in self.webhooks {
            let find = |ticker| tickers::find(connection, webhook.row, ticker);
            let wanted = self.filter.ticker.as_ref().map(find).transpose()?;
            for position in positions::of_webhook(connection, webhook)? {
                let is_wanted = wanted
                    .as_ref()
                    .is_none_or(|wanted| *wanted == position.instrument);
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
        let (from, to) = self.filter.range.within(&self.zone);
        let mut delays = Vec::new();
        for webhook in self.webhooks {
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
    fn held_prices(
        &self,
        connection: &Connection,
        trades: &[ClosedTrade],
    ) -> Result<Option<HeldPrices>> {
        let Some(first) = trades.iter().min_by_key(|trade| trade.entry_time) else {
            return Ok(None);
        };
        let (from, to) = self.filter.range.within(&self.zone);
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
