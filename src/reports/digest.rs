//! Summary of a time, in a few lines: for digests, and for those who ask by chat.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::comparison::days;
use crate::domain::currency::signed;
use crate::domain::event::EventStatus;
use crate::domain::money::Decimal;
use crate::domain::webhook::{WebhookId, WebhookState};
use crate::store::event_log;
use crate::store::events::EventFilter;
use crate::store::trades::{self, TradeFilter};
use crate::store::webhooks::StoredWebhook;
use crate::store::{Connection, Result, backtests, webhooks};
use crate::text::counted;

/// Trades that are added up.
const MOST_TRADES: u32 = 100_000;

/// The webhooks of these ids, all of them where there is none; without archived ones, oldest
/// first.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn of_scope(connection: &Connection, scope: &[WebhookId]) -> Result<Vec<StoredWebhook>> {
    let mut webhooks = webhooks::list(connection)?;
    webhooks.retain(|webhook| {
        webhook.state != WebhookState::Archived && (scope.is_empty() || scope.contains(&webhook.id))
    });
    Ok(webhooks)
}

/// Trades closed from `from` until before `to`, and the alerts of that time; of some webhooks,
/// or of all where none is named.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn happened(
    connection: &Connection,
    scope: &[WebhookId],
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<String>> {
    let mut lines = closed_trades(connection, scope, from, to)?;
    if lines.is_empty() {
        lines.push("No trade was closed.".to_owned());
    }
    let (mut all, mut failed) = (0, 0);
    let of: Vec<Option<&WebhookId>> = if scope.is_empty() {
        vec![None]
    } else {
        scope.iter().map(Some).collect()
    };
    for webhook in of {
        let filter = EventFilter {
            webhook: webhook.cloned(),
            from: Some(from),
            to: Some(to),
            ..EventFilter::default()
        };
        for count in event_log::summary(connection, &filter)?.counts {
            all += count.events;
            if count.status == EventStatus::Failed {
                failed += count.events;
            }
        }
    }
    lines.push(format!("Alerts: {all}, {failed} of them failed"));
    Ok(lines)
}

/// A line for each currency that trades closed in.
fn closed_trades(
    connection: &Connection,
    scope: &[WebhookId],
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<String>> {
    let filter = TradeFilter {
        webhooks: scope.to_vec(),
        from: Some(from),
        to: Some(to),
        ..TradeFilter::default()
    };
    let mut profits: BTreeMap<String, (u32, Decimal)> = BTreeMap::new();
    for trade in trades::list(connection, &filter, MOST_TRADES)? {
        let (count, sum) = profits.entry(trade.currency).or_default();
        *count += 1;
        *sum = sum.checked_add(trade.trade.net_profit).unwrap_or(*sum);
    }
    let line = |(currency, (count, sum)): (String, (u32, Decimal))| {
        let trades = counted(&count, "trade");
        format!("{trades}: {} {currency}", signed(sum, &currency))
    };
    Ok(profits.into_iter().map(line).collect())
}

/// The match rates of the newest comparison of each backtest, a line each.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn match_rates(connection: &Connection, scope: &[WebhookId]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for webhook in of_scope(connection, scope)? {
        for backtest in backtests::of_webhook(connection, &webhook)? {
            let days = days::all(connection, &webhook.id, &backtest.ticker)?;
            let Some(newest) = days.last().filter(|day| day.figures.legs > 0) else {
                continue;
            };
            let (name, ticker) = (&webhook.name, &backtest.ticker);
            let (matched, legs) = (newest.figures.matched, newest.figures.legs);
            lines.push(format!(
                "Matched: {matched} of {legs} legs of the backtest, {name} in {ticker}"
            ));
        }
    }
    Ok(lines)
}
