//! Files that are brought in: alerts, and lists of trades.

use std::sync::Arc;
use std::time::Duration;

use crate::store::Connection;
use hyper::body::Bytes;
use jiff::SignedDuration;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::IntoParams;

use super::context::Context;
use super::events::parameter;
use super::fills::{FillReading, bring_in as bring_in_fills};
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::ApiRequest;
use super::slow::blocking;
use crate::desk::imports::{Imported, Reading, bring_in_alerts, bring_in_trades, new_backtest};
use crate::domain::event::text_enum;
use crate::domain::webhook::WebhookId;
use crate::imports::trades::Choices;
use crate::imports::trades::terms::StatedTerms;
use crate::imports::{self, Kind, Unreadable};
use crate::journal::fills::SymbolMap;
use crate::journal::imports::{AlertSelection, ImportedAlerts, prepare, preview};
use crate::journal::ledgers::derive_next;
use crate::store::audit::Actor;
use crate::store::backtests::{self, ImportedTrades};
use crate::store::{Store, WriteContext, webhooks};

/// How long a file may take to arrive, over a slow line too.
pub const FILE_TIMEOUT: Duration = Duration::from_mins(2);

/// Time that a file waits for its turn before its sender is asked to come again.
const WAIT: Duration = Duration::from_mins(2);

/// The right to bring in a file, which one has at a time.
pub struct Importing(Arc<Semaphore>);

impl Default for Importing {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Importing {
    /// Waits for the turn; `None` where it does not come in time.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.0).acquire_owned();
        tokio::time::timeout(WAIT, turn).await.ok()?.ok()
    }
}

/// The answer to a file whose turn did not come.
pub(super) fn busy() -> Problem {
    Problem::new(
        hyper::StatusCode::TOO_MANY_REQUESTS,
        "busy",
        "another file is being imported",
    )
    .hint("one file is imported at a time; send this one again in a moment")
    .retry_after(10)
}

text_enum! {
    /// The content of a file.
    FileKind, "kind of file" {
        /// Alerts: TradingView's alert log, or JSON lines.
        Alerts = "alerts",
        /// TradingView's list of trades.
        Trades = "trades",
        /// A broker's fills.
        Fills = "fills",
    }
}

/// Options for the file in the body.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// The webhook that the file belongs to.
    webhook: String,
    /// The content of the file; seen from its first line where left out.
    kind: Option<FileKind>,
    /// True only says what would come of it.
    #[serde(default)]
    dry_run: bool,
    /// Of an alert log: names of alerts that belong to the webhook although their
    /// message does not show its key; may be given several times.
    #[serde(default)]
    name: Vec<String>,
    /// Of alerts: seconds that a recorded alert may lie apart and be the same; 120
    /// where left out.
    tolerance: Option<u32>,
    /// Of a list of trades: its instrument; of fills, that of a file without a column for it.
    ticker: Option<String>,
    /// Of fills: the ticker that a symbol of the broker is, as `MNQH6=CME_MINI:MNQ1!`; may be
    /// given several times.
    #[serde(default)]
    symbol: Vec<String>,
    /// Of a list of trades or fills: the zone of its times, as IANA names it; that of the
    /// file or of the webhook where left out.
    time_zone: Option<String>,
    /// Of a list of trades: the name of the file, which tells the instrument in
    /// most exports; of fills, the name that it is listed under.
    file_name: Option<String>,
    /// Of a list of trades: a column that its owner names, such as `date=3` or
    /// `profit=Gewinn EUR`; may be given several times.
    #[serde(default)]
    column: Vec<String>,
    /// Of a list of trades: money at the start; that of the file where left out.
    initial_capital: Option<String>,
    /// Of a list of trades: money that one contract gains when the price rises by 1;
    /// that of the file where left out.
    point_value: Option<String>,
    /// Of a list of trades: what every fill cost, such as `0.1%`, `1.5 per order` or
    /// `2 per contract`; that of the file where left out.
    commission: Option<String>,
    /// Of a list of trades: currency of profit; that of the file where left out.
    currency: Option<String>,
}

impl ImportQuery {
    /// The owner's statements about the numbers of a list.
    fn stated(&self) -> Result<StatedTerms, Problem> {
        let said = [
            self.initial_capital.as_deref(),
            self.point_value.as_deref(),
            self.commission.as_deref(),
            self.currency.as_deref(),
        ];
        StatedTerms::read(said).map_err(|error| Problem::invalid(error.to_string()))
    }
}

/// Brings in the file that is the body. Importing it again changes nothing.
/// What cannot be read is named by row and column; then nothing is imported.
#[utoipa::path(post, path = "/imports", tag = "imports", params(ImportQuery),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = Imported), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn import(context: &Context, request: &ApiRequest, file: Bytes) -> Reply {
    let query: ImportQuery = request.query()?;
    let webhook: WebhookId = query
        .webhook
        .parse()
        .map_err(|error| Problem::bad_request("invalid_query", format!("webhook: {error}")))?;
    let columns = Choices::read(query.column.iter().map(String::as_str))
        .map_err(|error| Problem::invalid(error.to_string()))?;
    let kind = match query.kind {
        Some(kind) => kind,
        None => kind_of(file.clone(), columns.clone()).await?,
    };
    let actor = request.actor(context.now());
    let mut imported = Imported {
        dry_run: query.dry_run,
        alerts: None,
        trades: None,
        fills: None,
    };
    match kind {
        FileKind::Alerts => {
            let tolerance = query.tolerance.map_or_else(
                || AlertSelection::default().tolerance,
                |seconds| SignedDuration::from_secs(i64::from(seconds)),
            );
            let names = query.name;
            let selection = AlertSelection { names, tolerance };
            let alerts = alerts(context, actor, webhook, file, selection, query.dry_run).await?;
            imported.alerts = Some(alerts);
        }
        FileKind::Trades => {
            let zone = query.time_zone.as_deref().map(super::performance::zone);
            let reading = Reading {
                ticker: parameter("ticker", query.ticker.as_deref())?,
                zone: zone.transpose()?,
                stated: query.stated()?,
                columns,
                file_name: query.file_name,
            };
            let trades = trades(context, actor, webhook, file, reading, query.dry_run).await?;
            imported.trades = Some(trades);
        }
        FileKind::Fills => {
            let zone = query.time_zone.as_deref().map(super::performance::zone);
            let symbols = query.symbol.iter().map(String::as_str);
            let reading = FillReading {
                ticker: parameter("ticker", query.ticker.as_deref())?,
                zone: zone.transpose()?,
                symbols: SymbolMap::read(symbols)
                    .map_err(|error| Problem::invalid(error.to_string()))?,
                file_name: query.file_name,
            };
            let fills =
                bring_in_fills(context, actor, webhook, file, reading, query.dry_run).await?;
            imported.fills = Some(fills);
        }
    }
    Ok(ok(&imported))
}

async fn kind_of(file: Bytes, columns: Choices) -> Result<FileKind, Problem> {
    let kind = blocking(move || imports::kind_of(&file, &columns)).await?;
    Ok(match kind.map_err(unreadable)? {
        Kind::Alerts => FileKind::Alerts,
        Kind::Trades => FileKind::Trades,
        Kind::Fills => FileKind::Fills,
    })
}

async fn alerts(
    context: &Context,
    actor: Actor,
    webhook: WebhookId,
    file: Bytes,
    selection: AlertSelection,
    dry_run: bool,
) -> Result<ImportedAlerts, Problem> {
    // The file is gone before its alerts are told apart.
    let file = blocking(move || imports::alerts::read(&file)).await?;
    let file = file.map_err(unreadable)?;
    file.require_names(&selection.names).map_err(|error| {
        Problem::new(
            hyper::StatusCode::UNPROCESSABLE_ENTITY,
            "unknown_name",
            error.to_string(),
        )
        .hint("nothing was imported; write a name as TradingView shows it")
    })?;
    let readers = context.store.readers();
    let of = webhook.clone();
    let read = move |connection: &Connection| prepare(connection, &of, file, &selection);
    let prepared = readers.run(read).await?;
    if dry_run {
        let read = move |connection: &Connection| preview(connection, prepared);
        return Ok(readers.run(read).await?);
    }
    let write =
        move |context: &mut WriteContext<'_>| bring_in_alerts(context, &actor, &webhook, prepared);
    let imported = context.store.writer().run_in_turn(write).await?;
    pair(&context.store).await?;
    Ok(imported)
}

/// Pairs the orders that were brought in, a ledger at a time, so that alerts can
/// come between.
pub(super) async fn pair(store: &Store) -> Result<(), Problem> {
    while store.writer().run_in_turn(derive_next).await? {}
    Ok(())
}

async fn trades(
    context: &Context,
    actor: Actor,
    webhook: WebhookId,
    file: Bytes,
    reading: Reading,
    dry_run: bool,
) -> Result<ImportedTrades, Problem> {
    let id = webhook.clone();
    let readers = context.store.readers();
    let read = readers.run(move |connection| webhooks::get(connection, &id));
    let settings = read.await?.settings;
    let now = actor.at;
    let read = move || new_backtest(&file, &settings, reading, now);
    let new = blocking(read).await?.map_err(unreadable)?;
    if dry_run {
        let read = move |connection: &Connection| backtests::preview(connection, &webhook, &new);
        return Ok(readers.run(read).await?);
    }
    let write =
        move |context: &mut WriteContext<'_>| bring_in_trades(context, &actor, &webhook, &new);
    Ok(context.store.writer().run_in_turn(write).await?)
}

pub(super) fn unreadable(error: Unreadable) -> Problem {
    let detail = error.to_string();
    let problem = Problem::new(
        hyper::StatusCode::UNPROCESSABLE_ENTITY,
        "unreadable_file",
        detail,
    )
    .hint("nothing was imported; correct the file, or export it from TradingView again");
    match error {
        Unreadable::Rows(faults) => problem.faults(faults.named),
        Unreadable::UnknownHeader { found, .. }
        | Unreadable::UnknownTable { found }
        | Unreadable::UnknownColumn { found, .. } => problem.columns(found),
        _ => problem,
    }
}
