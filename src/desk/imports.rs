//! Files that are brought in, what came of them, and undoing it.
//!
//! A file is read before its act: what is in it may take long to tell, and alerts wait for
//! writes. What changes nothing leaves no entry in the audit log.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::fill::FillImportId;
use crate::domain::signal::Ticker;
use crate::domain::webhook::Settings;
use crate::domain::webhook::WebhookId;
use crate::imports::fills::FillOptions;
use crate::imports::source::Source;
use crate::imports::trades::terms::{Readings, StatedTerms};
use crate::imports::trades::{Choices, Options};
use crate::imports::{self, Opened, Unreadable};
use crate::journal::fills::{self as filled, ImportedFills, Step, Steps};
use crate::journal::imports::{ImportedAlerts, Progress, Step as AlertStep, Steps as AlertSteps};
use crate::journal::turns::Turns;
use crate::store::audit::{self, Act, Actor};
use crate::store::backtests::{self, BacktestSize, Digest, ImportedTrades, NewBacktest};
use crate::store::fills::{self, FillImport};
use crate::store::{self, Connection, StoreError, WriteContext, webhooks};

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
    file: impl Source,
    settings: &Settings,
    reading: Reading,
    now: Timestamp,
) -> Result<NewBacktest, Unreadable> {
    new_backtest_of(&file, &mut Opened::of(&file)?, settings, reading, now)
}

/// [`new_backtest`] of a file that is open.
///
/// # Errors
///
/// [`Unreadable`], with row and column of what cannot be read.
pub fn new_backtest_of(
    file: &dyn Source,
    opened: &mut Opened<'_>,
    settings: &Settings,
    reading: Reading,
    now: Timestamp,
) -> Result<NewBacktest, Unreadable> {
    let options = Options {
        zone: reading.zone,
        usual_zone: settings.zone(),
        now,
        columns: reading.columns,
        ticker: reading.ticker.clone(),
    };
    let list = imports::trades::read_opened(opened, &options)?;
    Ok(NewBacktest {
        digest: Digest::of(file, &list.zone, &options.columns)?,
        terms: Readings::of(&list, &reading.stated),
        stated: reading.stated,
        list,
        ticker: reading.ticker,
        file_name: reading.file_name,
    })
}

/// The options for reading fills for a webhook of these settings.
#[must_use]
pub fn fill_options(
    settings: &Settings,
    zone: Option<TimeZone>,
    ticker: Option<Ticker>,
    now: Timestamp,
) -> FillOptions {
    FillOptions {
        now,
        zone,
        usual_zone: settings.zone(),
        symbol: ticker,
    }
}

/// Records the alerts of a file that are missing, and pairs their orders.
///
/// # Errors
///
/// [`StoreError::NotFound`], or [`StoreError::Unavailable`]; importing the file again brings what
/// is left of it.
pub fn bring_in_alerts(
    turns: Turns<'_>,
    actor: &Actor,
    webhook: &WebhookId,
    mut steps: AlertSteps,
) -> store::Result<ImportedAlerts> {
    while let Some(step) = steps.next_step() {
        let (actor, webhook) = (actor.clone(), webhook.clone());
        let run =
            move |context: &mut WriteContext<'_>| alerts_step(context, &actor, &webhook, step);
        steps.took(turns.take(run)?);
    }
    turns.derive_stale()?;
    Ok(steps.imported())
}

fn alerts_step(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    webhook: &WebhookId,
    step: AlertStep,
) -> store::Result<Progress> {
    let is_first = step.recorded_before() == 0;
    let progress = step.run(context)?;
    if is_first && progress.new_alerts() > 0 {
        let subject = Some(webhook.as_str());
        audit::note(context.connection, actor, Act::ImportAlerts, subject)?;
    }
    Ok(progress)
}

/// Keeps a list of trades as the webhook's backtest in its ticker, in place of the one that
/// was there.
///
/// # Errors
///
/// [`StoreError::NotFound`], or [`StoreError::Unavailable`].
pub fn bring_in_trades(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    webhook: &WebhookId,
    new: &NewBacktest,
) -> store::Result<ImportedTrades> {
    let imported = backtests::replace(context.connection, webhook, new, actor.at)?;
    if !imported.is_known && !imported.is_empty {
        let subject = format!("{webhook} {}", imported.ticker);
        audit::note(context.connection, actor, Act::ImportTrades, Some(&subject))?;
    }
    Ok(imported)
}

/// Removes the backtests of a webhook, of one ticker or of all.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is none, or [`StoreError::Unavailable`].
pub fn remove_backtests(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    webhook: &WebhookId,
    ticker: Option<&Ticker>,
) -> store::Result<Vec<BacktestSize>> {
    let removed = backtests::remove(context.connection, webhook, ticker)?;
    for backtest in &removed {
        let subject = format!("{webhook} {}", backtest.ticker);
        audit::note(
            context.connection,
            actor,
            Act::BacktestRemove,
            Some(&subject),
        )?;
    }
    Ok(removed)
}

/// Stores the fills of a file, and pairs them.
///
/// # Errors
///
/// [`StoreError::Unavailable`] where nothing could be written; importing the file again brings
/// what is left of it.
pub fn bring_in_fills(
    turns: Turns<'_>,
    actor: &Actor,
    mut steps: Steps,
) -> store::Result<ImportedFills> {
    while let Some(step) = steps.next_step() {
        let actor = actor.clone();
        let run = move |context: &mut WriteContext<'_>| fills_step(context, &actor, step);
        steps.took(turns.take(run)?);
    }
    turns.derive_stale()?;
    Ok(steps.summary)
}

/// Stores some of a file's fills; the first of them makes the entry of the file.
fn fills_step(
    context: &mut WriteContext<'_>,
    actor: &Actor,
    step: Step,
) -> store::Result<FillImportId> {
    let is_first = step.is_first();
    let import = step.run(context)?;
    if is_first {
        let subject = import.to_string();
        audit::note(context.connection, actor, Act::ImportFills, Some(&subject))?;
    }
    Ok(import)
}

/// An import of fills that can be undone; of one webhook, where that is named.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is none.
pub fn undoable_fills(
    connection: &Connection,
    import: FillImportId,
    of: Option<&WebhookId>,
) -> store::Result<FillImport> {
    let webhook = fills::webhook_of(connection, import)?;
    let is_of_another = match of {
        Some(of) => webhooks::get(connection, of)?.row != webhook,
        None => false,
    };
    let imports = if is_of_another {
        Vec::new()
    } else {
        fills::imports(connection, webhook)?
    };
    let found = imports.into_iter().find(|known| known.id == import);
    found.ok_or_else(|| StoreError::NotFound(format!("import {import}")))
}

/// Undoes an import of fills: those that no other file has go, and with them what came of them.
///
/// # Errors
///
/// [`StoreError::NotFound`] where there is no such import.
pub fn undo_fills(turns: Turns<'_>, actor: &Actor, import: FillImportId) -> store::Result<()> {
    let actor = actor.clone();
    let undo = move |context: &mut WriteContext<'_>| {
        filled::undo(context, import)?;
        let subject = import.to_string();
        audit::note(context.connection, &actor, Act::ImportUndo, Some(&subject))
    };
    turns.store.writer().run_removal_blocking(undo)?;
    turns.derive_stale()
}
