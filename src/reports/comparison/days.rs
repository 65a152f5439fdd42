//! Comparisons of past days, so that the drift of a match rate can be seen without anybody
//! having looked.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Comparison, ComparisonFilter, With, compare};
use crate::compare::{ClockShift, Preset};
use crate::domain::moment::Range;
use crate::domain::money::Decimal;
use crate::domain::signal::Ticker;
use crate::domain::webhook::WebhookId;
use crate::store::compared_days::{self, NewDay};
use crate::store::ledgers::{self, Versions};
use crate::store::{Connection, Result, backtests, webhooks};

/// The figures of a day's comparison: of all that both books covered by then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DayFigures {
    /// Legs of the backtest that had an alert.
    pub matched: usize,
    /// Legs of the backtest in the common range.
    pub legs: usize,
    /// The match rate in percent.
    pub percent: f64,
    /// Lower end of its 95 % interval (Wilson).
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// Legs of the backtest without an alert.
    pub missed: usize,
    /// Alerts without a leg of the backtest.
    pub false_alerts: usize,
    /// Median of the seconds from the opening of the bar to the alert.
    pub time_median: Option<f64>,
    /// Mean of how much worse the alerts' prices are, in percent.
    pub price_percent: Option<f64>,
    /// Net profit of the backtest; null where the currencies differ.
    #[schema(value_type = Option<String>)]
    pub expected: Option<Decimal>,
    /// Net profit of the alerts; null where the currencies differ.
    #[schema(value_type = Option<String>)]
    pub observed: Option<Decimal>,
    /// Seconds that were added to the backtest's times, where another zone was found.
    pub shift_seconds: i64,
}

impl From<&Comparison> for DayFigures {
    fn from(of: &Comparison) -> Self {
        Self {
            matched: of.match_rate.matched,
            legs: of.match_rate.legs,
            percent: of.match_rate.percent,
            low: of.match_rate.low,
            high: of.match_rate.high,
            missed: of.legs.missed,
            false_alerts: of.legs.false_alerts,
            time_median: of.drift.time_median,
            price_percent: of.drift.price_percent,
            expected: of.bridge.as_ref().map(|bridge| bridge.expected),
            observed: of.bridge.as_ref().map(|bridge| bridge.observed),
            shift_seconds: of.shift_seconds,
        }
    }
}

/// A day's comparison.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparedDay {
    /// The day in the webhook's zone.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// Its figures.
    #[serde(flatten)]
    pub figures: DayFigures,
}

/// A backtest whose comparison of today is not remembered yet.
#[derive(Debug, Clone)]
pub struct MissingDay {
    webhook: WebhookId,
    row: i64,
    ticker: Ticker,
    day: Date,
    /// Of what it is made of.
    versions: Versions,
}

/// Backtests that there was nothing to compare with, and what they were made of then: it is
/// tried again when that has changed.
#[derive(Debug, Default)]
pub struct Incomparable(HashMap<(i64, Ticker), Versions>);

impl Incomparable {
    /// True where trying again would come to nothing.
    #[must_use]
    pub fn has(&self, missing: &MissingDay) -> bool {
        let key = (missing.row, missing.ticker.clone());
        self.0.get(&key) == Some(&missing.versions)
    }

    /// Notes that there was nothing to compare.
    pub fn note(&mut self, missing: MissingDay) {
        self.0
            .insert((missing.row, missing.ticker), missing.versions);
    }
}

/// The backtests of active and paused webhooks without a comparison of the day that `now` is of.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn missing(connection: &Connection, now: Timestamp) -> Result<Vec<MissingDay>> {
    let mut missing = Vec::new();
    for webhook in webhooks::list_current(connection)? {
        let day = webhook.settings.zone().to_datetime(now).date();
        let versions = ledgers::versions(connection, std::slice::from_ref(&webhook.id))?;
        for backtest in backtests::of_webhook(connection, &webhook)? {
            let newest = compared_days::newest(connection, webhook.row, &backtest.ticker)?;
            if newest < Some(day) {
                missing.push(MissingDay {
                    webhook: webhook.id.clone(),
                    row: webhook.row,
                    ticker: backtest.ticker,
                    day,
                    versions,
                });
            }
        }
    }
    Ok(missing)
}

/// The comparison of one of them; `None` where there is nothing to compare yet. Where the
/// backtest's times are of another zone, it is compared in that.
///
/// # Errors
///
/// [`crate::store::StoreError`] where the database cannot be read.
pub fn compared(connection: &Connection, missing: &MissingDay) -> Result<Option<NewDay>> {
    let MissingDay {
        webhook,
        row,
        ticker,
        day,
        ..
    } = missing;
    let mut filter = ComparisonFilter {
        webhook: webhook.clone(),
        with: With::Backtest,
        ticker: Some(ticker.clone()),
        range: Range::default(),
        preset: Preset::Day,
        backward: None,
        forward: None,
        price: None,
        shift: ClockShift::default(),
    };
    let Ok(mut found) = compare(connection, &filter)? else {
        return Ok(None);
    };
    if let Some(suggested) = found.comparison.suggested_shift {
        filter.shift = suggested.applied();
        if let Ok(shifted) = compare(connection, &filter)? {
            found = shifted;
        }
    }
    let figures = serde_json::to_string(&DayFigures::from(&found.comparison)).ok();
    Ok(figures.map(|figures| NewDay {
        webhook: *row,
        ticker: ticker.clone(),
        day: *day,
        figures,
    }))
}

/// The days of a webhook's backtest, oldest first.
///
/// # Errors
///
/// [`crate::store::StoreError::NotFound`] where there is no such webhook.
pub fn all(
    connection: &Connection,
    webhook: &WebhookId,
    ticker: &Ticker,
) -> Result<Vec<ComparedDay>> {
    let webhook = webhooks::get(connection, webhook)?;
    let kept = backtests::of_webhook(connection, &webhook)?;
    let same = kept.iter().find(|kept| kept.ticker.may_be(ticker));
    let ticker = same.map_or(ticker, |kept| &kept.ticker);
    let days = compared_days::all(connection, webhook.row, ticker)?.into_iter();
    // What another version kept in another form is not shown.
    let read = days.filter_map(|(day, figures)| {
        let figures = serde_json::from_str(&figures).ok()?;
        Some(ComparedDay { day, figures })
    });
    Ok(read.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::scratch::Scratch;

    #[test]
    fn what_cannot_be_compared_is_tried_again_when_it_has_changed() {
        let mut scratch = Scratch::new();
        let webhook = scratch.webhook("one");
        let missing = |scratch: &Scratch| {
            let of = std::slice::from_ref(&webhook);
            MissingDay {
                webhook: webhook.clone(),
                row: 1,
                ticker: "AAPL".parse().unwrap(),
                day: "2026-01-05".parse().unwrap(),
                versions: ledgers::versions(&scratch.connection, of).unwrap(),
            }
        };
        let mut incomparable = Incomparable::default();
        assert!(!incomparable.has(&missing(&scratch)));
        incomparable.note(missing(&scratch));
        assert!(incomparable.has(&missing(&scratch)));
        scratch.alert(&webhook, "AAPL", "buy");
        assert!(!incomparable.has(&missing(&scratch)));
    }
}
