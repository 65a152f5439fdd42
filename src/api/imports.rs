//! Files that are brought in: alerts, and lists of trades.

use std::time::Duration;

use hyper::body::Bytes;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::context::Context;
use super::events::parameter;
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::ApiRequest;
use super::slow::blocking;
use crate::domain::event::text_enum;
use crate::domain::signal::Ticker;
use crate::domain::webhook::{Settings, WebhookId};
use crate::imports::trades::Zone;
use crate::imports::{self, Kind, Unreadable};
use crate::store::backtests::{self, Digest, ImportedTrades, NewBacktest};
use crate::store::imports::{AlertSelection, ImportedAlerts, bring_in, prepare, preview};
use crate::store::{Store, WriteContext, ledgers, webhooks};

/// The largest file in bytes: 32 MB.
pub const LARGEST_FILE: usize = 32 * 1024 * 1024;

/// How long a file may take to arrive, over a slow line too.
pub const FILE_TIMEOUT: Duration = Duration::from_mins(2);

text_enum! {
    /// What a file holds.
    FileKind, "kind of file" {
        /// Alerts: TradingView's alert log, or JSON lines.
        Alerts = "alerts",
        /// TradingView's list of trades.
        Trades = "trades",
    }
}

/// What to do with the file in the body.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// The webhook that the file belongs to.
    webhook: String,
    /// What the file holds; seen from its first line where left out.
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
    /// Of a list of trades: its instrument.
    ticker: Option<String>,
    /// Of a list of trades: the zone of its times, as IANA names it; that of the
    /// file or of the webhook where left out.
    time_zone: Option<String>,
    /// Of a list of trades: the name of the file, which tells the instrument in
    /// most exports.
    file_name: Option<String>,
}

/// What an import came to, or would.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Whether this only says what would come of it.
    pub dry_run: bool,
    /// Of alerts.
    pub alerts: Option<ImportedAlerts>,
    /// Of a list of trades.
    pub trades: Option<ImportedTrades>,
}

/// Brings in the file that is the body. Importing it again changes nothing.
/// What cannot be read is named by row and column; then nothing is imported.
#[utoipa::path(post, path = "/imports", tag = "imports", params(ImportQuery),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = Imported), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn import(context: &Context, request: &ApiRequest) -> Reply {
    let query: ImportQuery = request.query()?;
    let webhook: WebhookId = query
        .webhook
        .parse()
        .map_err(|error| Problem::bad_request("invalid_query", format!("webhook: {error}")))?;
    let kind = match query.kind {
        Some(kind) => kind,
        None => kind_of(request.body.clone()).await?,
    };
    let mut imported = Imported {
        dry_run: query.dry_run,
        alerts: None,
        trades: None,
    };
    match kind {
        FileKind::Alerts => {
            let tolerance = query.tolerance.map_or_else(
                || AlertSelection::default().tolerance,
                |seconds| SignedDuration::from_secs(i64::from(seconds)),
            );
            let names = query.name;
            let selection = AlertSelection { names, tolerance };
            let alerts = alerts(context, webhook, request, selection, query.dry_run).await?;
            imported.alerts = Some(alerts);
        }
        FileKind::Trades => {
            let ticker: Option<Ticker> = parameter("ticker", query.ticker.as_deref())?;
            let zone = query.time_zone.as_deref().map(super::performance::zone);
            let trades = Trades {
                ticker,
                zone: zone.transpose()?,
                file_name: query.file_name,
            };
            let trades = trades
                .import(context, webhook, request, query.dry_run)
                .await?;
            imported.trades = Some(trades);
        }
    }
    Ok(ok(&imported))
}

async fn kind_of(file: Bytes) -> Result<FileKind, Problem> {
    let kind = blocking(move || imports::kind_of(&file)).await?;
    Ok(match kind.map_err(unreadable)? {
        Kind::Alerts => FileKind::Alerts,
        Kind::Trades => FileKind::Trades,
    })
}

async fn alerts(
    context: &Context,
    webhook: WebhookId,
    request: &ApiRequest,
    selection: AlertSelection,
    dry_run: bool,
) -> Result<ImportedAlerts, Problem> {
    let body = request.body.clone();
    let file = blocking(move || imports::alerts::read(&body)).await?;
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
    let read = move |connection: &Connection| prepare(connection, &webhook, &file, &selection);
    let prepared = readers.run(read).await?;
    if dry_run {
        let read = move |connection: &Connection| preview(connection, prepared);
        return Ok(readers.run(read).await?);
    }
    let write = move |context: &mut WriteContext<'_>| bring_in(context, prepared);
    let imported = context.store.writer().run_in_turn(write).await?;
    pair(&context.store).await?;
    Ok(imported)
}

/// Pairs the orders that were brought in, a ledger at a time, so that alerts can
/// come between.
async fn pair(store: &Store) -> Result<(), Problem> {
    while store.writer().run_in_turn(ledgers::derive_next).await? {}
    Ok(())
}

/// How a list of trades is to be read.
struct Trades {
    ticker: Option<Ticker>,
    zone: Option<TimeZone>,
    file_name: Option<String>,
}

impl Trades {
    async fn import(
        self,
        context: &Context,
        webhook: WebhookId,
        request: &ApiRequest,
        dry_run: bool,
    ) -> Result<ImportedTrades, Problem> {
        let id = webhook.clone();
        let readers = context.store.readers();
        let read = readers.run(move |connection| webhooks::get(connection, &id));
        let settings = read.await?.settings;
        let body = request.body.clone();
        let read = move || new_backtest(&body, &settings, self.zone, self.ticker, self.file_name);
        let new = blocking(read).await?.map_err(unreadable)?;
        if dry_run {
            let read =
                move |connection: &Connection| backtests::preview(connection, &webhook, &new);
            return Ok(readers.run(read).await?);
        }
        let now = context.now();
        let write =
            move |context: &mut WriteContext<'_>| backtests::replace(context, &webhook, &new, now);
        Ok(context.store.writer().run_in_turn(write).await?)
    }
}

/// Reads a list of trades for a webhook of these settings.
///
/// # Errors
///
/// [`Unreadable`], with row and column of what cannot be read.
pub fn new_backtest(
    file: &[u8],
    settings: &Settings,
    zone: Option<TimeZone>,
    ticker: Option<Ticker>,
    file_name: Option<String>,
) -> Result<NewBacktest, Unreadable> {
    let usual = TimeZone::get(&settings.time_zone).unwrap_or(TimeZone::UTC);
    let zone = Zone {
        stated: zone,
        usual,
    };
    let list = imports::trades::read(file, &zone)?;
    let digest = Digest::of(file, &list.zone);
    Ok(NewBacktest {
        list,
        ticker,
        file_name,
        digest,
    })
}

fn unreadable(error: Unreadable) -> Problem {
    let detail = error.to_string();
    let problem = Problem::new(
        hyper::StatusCode::UNPROCESSABLE_ENTITY,
        "unreadable_file",
        detail,
    )
    .hint("nothing was imported; correct the file, or export it from TradingView again");
    match error {
        Unreadable::Rows(faults) => problem.faults(faults.named),
        _ => problem,
    }
}
