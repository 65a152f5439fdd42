//! Files that are brought in, and what came of them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::signal::Ticker;
use crate::domain::webhook::Settings;
use crate::imports::trades::terms::{StatedTerms, Terms};
use crate::imports::trades::{Choices, Options};
use crate::imports::{self, Unreadable};
use crate::journal::fills::ImportedFills;
use crate::journal::imports::ImportedAlerts;
use crate::store::backtests::{BacktestSize, Digest, ImportedTrades, NewBacktest};
use crate::store::fills::FillImport;

/// The largest file in bytes: 32 MB.
pub const LARGEST_FILE: usize = 32 * 1024 * 1024;

/// The result of an import or of its preview.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// True if this only says what would come of it.
    pub dry_run: bool,
    /// Of alerts.
    pub alerts: Option<ImportedAlerts>,
    /// Of a list of trades.
    pub trades: Option<ImportedTrades>,
    /// Of a broker's fills.
    pub fills: Option<ImportedFills>,
}

/// The backtests that were removed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemovedBacktests {
    /// The backtests that are gone.
    pub removed: Vec<BacktestSize>,
}

/// The import of fills that was undone.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UndoneFills {
    /// The import, as it was.
    pub undone: FillImport,
}

/// Options for reading and keeping a list of trades.
#[derive(Debug, Default)]
pub struct Reading {
    /// The instrument, where its owner names it.
    pub ticker: Option<Ticker>,
    /// The zone of its times.
    pub zone: Option<TimeZone>,
    /// The name of the file.
    pub file_name: Option<String>,
    /// Columns that its owner names.
    pub columns: Choices,
    /// Its owner's statements about its numbers.
    pub stated: StatedTerms,
}

/// Reads a list of trades for a webhook of these settings.
///
/// # Errors
///
/// [`Unreadable`], with row and column of what cannot be read.
pub fn new_backtest(
    file: &[u8],
    settings: &Settings,
    reading: Reading,
    now: Timestamp,
) -> Result<NewBacktest, Unreadable> {
    let options = Options {
        zone: reading.zone,
        usual_zone: TimeZone::get(&settings.time_zone).unwrap_or(TimeZone::UTC),
        now,
        columns: reading.columns,
        ticker: reading.ticker.clone(),
    };
    let list = imports::trades::read(file, &options)?;
    Ok(NewBacktest {
        digest: Digest::of(file, &list.zone, &options.columns),
        terms: Terms::of(&list, &reading.stated),
        stated: reading.stated,
        list,
        ticker: reading.ticker,
        file_name: reading.file_name,
    })
}
