//! Figures of what is stored: the performance report, the dashboard's overview, and
//! TradingView's own figures beside ours.
//!
//! Here it is decided which stored trades a figure is made of, what it is told besides them,
//! and how long it stays true. The formulas are in [`crate::analytics`]. A report is of one
//! [`Book`], and of one currency: money in several is never added up.

mod attention_watch;
mod backtest;
mod cache;
pub mod compared;
pub mod comparison;
pub mod digest;
pub mod expectation;
mod json_cache;
mod live;
mod open;
pub mod overview;

use std::collections::BTreeMap;

use crate::store::Connection;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::analytics::{AskedRange, Base, Capital, Report};
use crate::domain::book::Book;
use crate::domain::moment::Range;
use crate::domain::money::Decimal;
use crate::domain::profit_currency;
use crate::domain::signal::Ticker;
use crate::domain::tag::Tag;
use crate::domain::webhook::{Settings, WebhookId};
use crate::store::trades::TradeFilter;
use crate::store::webhooks::{self, StoredWebhook};
use crate::store::{Result, positions};

pub use attention_watch::{AttentionChange, AttentionWatch};
pub use cache::ReportCache;
pub use json_cache::Json;
use live::CurrencyGroup;

/// The scope of a report; `None` and empty are all.
#[derive(Debug, Clone, Default)]
pub struct ReportFilter {
    /// The book whose trades they are of.
    pub book: Book,
    /// Only trades with an alert that was brought in later, or only those without.
    pub is_imported: Option<bool>,
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
    /// The money that percentages are of where the range has a beginning: the equity of that
    /// moment, unless the initial capital is asked for.
    pub base: Option<Base>,
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
        self.zone.clone().unwrap_or_else(|| settings.zone())
    }

    /// The range in a zone.
    fn asked(&self, zone: &TimeZone) -> AskedRange {
        let (from, to) = self.range.within(zone);
        AskedRange { from, to }
    }

    /// The capital of a report that begins at `from`, where `carried` finds the profit of its
    /// trades closed before that.
    fn capital<E>(
        &self,
        initial: Decimal,
        from: Option<Timestamp>,
        carried: impl FnOnce(Timestamp) -> std::result::Result<Decimal, E>,
    ) -> std::result::Result<Capital, E> {
        let is_carried = self.base != Some(Base::InitialCapital);
        let from = from.filter(|_| is_carried);
        Ok(Capital {
            initial,
            carried: from.map(carried).transpose()?,
        })
    }
}

/// One report a currency: money in several is never added up.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reports {
    /// By currency.
    pub reports: Vec<Report>,
    /// Notes on figures that are other than they look: profits of several currencies in one sum,
    /// and where a webhook's settings are other than what its backtest's list was made with.
    pub notes: Vec<String>,
}

/// A report, and how many webhooks it is of.
#[derive(Debug)]
pub struct CurrencyReport {
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
pub fn reports(connection: &Connection, filter: &ReportFilter) -> Result<Vec<CurrencyReport>> {
    let transaction = connection.unchecked_transaction()?;
    if filter.book == Book::Backtest {
        let parts = backtest::by_currency(&transaction, filter)?.into_values();
        return Ok(parts.map(|part| part.made(filter)).collect());
    }
    let by_currency = by_currency(&transaction, filter)?;
    let parts = by_currency
        .iter()
        .filter_map(|(currency, webhooks)| CurrencyGroup::of(currency, webhooks, filter));
    parts.map(|part| part.made(&transaction)).collect()
}

/// The capital and the net profit of each closed trade that the reports of `filter` are
/// made of, by currency.
///
/// # Errors
///
/// As [`reports`].
pub fn profits(
    connection: &Connection,
    filter: &ReportFilter,
) -> Result<BTreeMap<String, (Decimal, Vec<Decimal>)>> {
    let transaction = connection.unchecked_transaction()?;
    if filter.book == Book::Backtest {
        let parts = backtest::by_currency(&transaction, filter)?.into_iter();
        let profits = parts.map(|(currency, part)| (currency, part.profits(filter)));
        return Ok(profits.collect());
    }
    let by_currency = by_currency(&transaction, filter)?;
    let mut by_part = BTreeMap::new();
    for (currency, webhooks) in &by_currency {
        if let Some(part) = CurrencyGroup::of(currency, webhooks, filter) {
            let trades = part.trades(&transaction)?;
            let profits = trades.iter().map(|trade| trade.net_profit);
            let capital = part.capital(&transaction)?.money();
            by_part.insert(currency.clone(), (capital, profits.collect()));
        }
    }
    Ok(by_part)
}

/// Notes on a filter's figures that are other than they look: profits of several currencies in one
/// sum, and settings that are other than what a list of trades was made with, so that reports of
/// the two cannot be compared.
///
/// # Errors
///
/// As [`reports`].
pub fn notes(connection: &Connection, filter: &ReportFilter) -> Result<Vec<String>> {
    let transaction = connection.unchecked_transaction()?;
    let mut notes = Vec::new();
    for webhook in wanted(&transaction, filter)? {
        let mixed = mixed_currencies(&transaction, &webhook, filter.book, filter.ticker.as_ref())?;
        notes.extend(mixed.map(|mixed| {
            format!("{mixed}: use a webhook of its own with that currency, and do not trust these sums until then")
        }));
        let ticker = filter.ticker.as_ref();
        notes.extend(crate::store::backtests::differences(
            &transaction,
            &webhook,
            ticker,
        )?);
    }
    Ok(notes)
}

/// Instruments of a webhook that have their profit in another currency than it has, so that its
/// sums are of several; of one ticker only where that is given.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn mixed_currencies(
    connection: &Connection,
    webhook: &StoredWebhook,
    book: Book,
    ticker: Option<&Ticker>,
) -> Result<Option<String>> {
    if book == Book::Backtest {
        // Each list has a currency of its own.
        return Ok(None);
    }
    let mut others = positions::other_currencies(connection, webhook, book)?;
    others.retain(|(of, _)| ticker.is_none_or(|ticker| of.ticker().may_be(ticker)));
    let currency = &webhook.settings.currency;
    Ok(profit_currency::note(&webhook.name, currency, &others))
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
        return webhooks::list_current(connection);
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
        book: filter.book,
        webhooks: webhooks
            .into_iter()
            .map(|webhook| webhook.id.clone())
            .collect(),
        ticker: filter
            .ticker
            .as_ref()
            .map(|ticker| ticker.as_str().to_owned()),
        is_imported: filter.is_imported,
        order: None,
        tag: filter.tag.clone(),
        from,
        to,
        before: None,
    }
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
    Ok(first.map_or(TimeZone::UTC, |webhook| webhook.settings.zone()))
}
