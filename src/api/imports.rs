//! Files that are brought in: alerts, lists of trades and fills.
//!
//! A file waits on the disk, and one at a time is read, on a thread of its own. A thread keeps
//! some of the memory that it once had, so that many of them would keep many times as much.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::{Bytes, Incoming};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use utoipa::IntoParams;

use super::blocking::{blocking, not_done};
use super::context::Context;
use super::fills::{FillReading, bring_in as bring_in_fills};
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::{ApiRequest, parameter, zone};
use crate::desk::imports::{
    Imported, LARGEST_FILE, Reading, bring_in_alerts, bring_in_trades, new_backtest_of,
};
use crate::domain::event::text_enum;
use crate::domain::webhook::WebhookId;
use crate::http::body::{BodyError, BodyParts, discard_all};
use crate::imports::source::Source;
use crate::imports::trades::Choices;
use crate::imports::trades::terms::StatedTerms;
use crate::imports::{self, Kind, Opened, Unreadable};
use crate::journal::fills::SymbolMap;
use crate::journal::imports::{AlertSelection, ImportedAlerts, Steps, prepare, preview};
use crate::journal::turns::Turns;
use crate::store::audit::Actor;
use crate::store::backtests::{self, ImportedTrades};
use crate::store::spool::Spool;
use crate::store::{Connection, Store, StoreError, WriteContext, webhooks};

/// Time that a file may take to arrive, over a slow line too.
const FILE_TIMEOUT: Duration = Duration::from_mins(2);

/// Time that a file waits for its turn before its sender is asked to come again.
const WAIT: Duration = Duration::from_mins(2);

/// Files that may be on their way, be read or wait for that.
const AT_ONCE: usize = 8;

/// Bytes of a file that are written to the disk at once.
const WRITTEN_AT_ONCE: usize = 256 * 1024;

/// The right to bring in a file, which one has at a time, and the thread that does it.
pub struct Importing {
    arrivals: Arc<Semaphore>,
    turn: Arc<Semaphore>,
    /// The thread's jobs; there is none before the first file.
    jobs: OnceLock<Sender<Job>>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Default for Importing {
    fn default() -> Self {
        Self {
            arrivals: Arc::new(Semaphore::new(AT_ONCE)),
            turn: Arc::new(Semaphore::new(1)),
            jobs: OnceLock::new(),
        }
    }
}

impl Importing {
    /// Waits for the turn; `None` where it does not come in time.
    async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.turn).acquire_owned();
        tokio::time::timeout(WAIT, turn).await.ok()?.ok()
    }

    /// Runs work on the thread of imports. The turn lasts as long as the work, also where
    /// nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        turn: OwnedSemaphorePermit,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move || {
            let done = work();
            drop(turn);
            let _ = answer.send(done);
        });
        let jobs = self.jobs.get_or_init(start_thread);
        // The thread is gone only where it could not be started.
        let _ = jobs.send(job);
        answered
            .await
            .map_err(|_| not_done("an import was not done; the line before says why"))
    }
}

fn start_thread() -> Sender<Job> {
    let (jobs, waiting) = channel::<Job>();
    let thread = std::thread::Builder::new().name("imports".to_owned());
    let started = thread.spawn(move || {
        for job in waiting {
            // A file that a bug stumbles over must not be the last one. The panic is logged.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "no thread for imports could be started");
    }
    jobs
}

/// The answer to a file whose turn did not come.
fn busy() -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "busy",
        "another file is being imported",
    )
    .hint("one file is imported at a time; send this one again in a moment")
    .retry_after(10)
}

/// The answer to a file that the disk has no room for.
fn no_room(error: StoreError) -> Problem {
    match error {
        StoreError::NoRoom { .. } => Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "no_room",
            error.to_string(),
        )
        .hint("nothing was imported; make room on the disk of the data directory, or import the file from the command line of the server"),
        error => error.into(),
    }
}

/// Writes a file that arrives to the disk.
///
/// # Errors
///
/// What keeps it from arriving, or from being kept.
async fn spool(body: Incoming, context: &Context) -> Result<Spool, Problem> {
    let mut parts = BodyParts::of(body, LARGEST_FILE, WRITTEN_AT_ONCE);
    let arrived = tokio::time::timeout(FILE_TIMEOUT, keep(&mut parts, context.store.folder()));
    let (problem, is_too_large) = match arrived
        .await
        .unwrap_or(Err(Lost::Body(BodyError::TimedOut)))
    {
        Ok(spool) => return Ok(spool),
        Err(Lost::Body(error)) => {
            let is_too_large = matches!(error, BodyError::TooLarge(_));
            (super::unreadable(error, LARGEST_FILE), is_too_large)
        }
        Err(Lost::File(problem)) => {
            parts.discard_all(FILE_TIMEOUT).await;
            return Err(problem);
        }
    };
    if is_too_large {
        parts.discard().await;
    }
    Err(problem)
}

/// Reason that a file did not get to the disk.
enum Lost {
    /// It did not arrive.
    Body(BodyError),
    /// It could not be kept.
    File(Problem),
}

async fn keep(parts: &mut BodyParts, folder: &Path) -> Result<Spool, Lost> {
    let announced = parts.announced().min(LARGEST_FILE as u64);
    let at = folder.to_owned();
    let begun = blocking(move || Spool::begin(&at, announced)).await;
    let flat = |kept: Result<Result<Spool, StoreError>, Problem>| {
        kept.and_then(|kept| kept.map_err(no_room))
            .map_err(Lost::File)
    };
    let mut spool = flat(begun)?;
    while let Some(part) = parts.next().await.map_err(Lost::Body)? {
        let at = folder.to_owned();
        spool = flat(blocking(move || spool.append(&part, &at).map(|()| spool)).await)?;
    }
    Ok(spool)
}

/// Takes a file that is the body of a request.
pub(super) async fn receive(context: &Context, request: &ApiRequest, body: Incoming) -> Reply {
    let Ok(arrival) = Arc::clone(&context.importing.arrivals).try_acquire_owned() else {
        discard_all(body, LARGEST_FILE, FILE_TIMEOUT).await;
        return Err(busy());
    };
    let asked = match ImportRequest::of(request) {
        Ok(asked) => asked,
        Err(problem) => {
            discard_all(body, LARGEST_FILE, FILE_TIMEOUT).await;
            return Err(problem);
        }
    };
    let file = spool(body, context).await?;
    bring_in_file(
        context,
        asked,
        request.actor(context.now()),
        (file, arrival),
    )
    .await
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

/// The parameters of a request with a file.
struct ImportRequest {
    webhook: WebhookId,
    kind: Option<FileKind>,
    dry_run: bool,
    alerts: AlertSelection,
    trades: Reading,
    fills: FillReading,
}

impl ImportRequest {
    fn of(request: &ApiRequest) -> Result<Self, Problem> {
        let query: ImportQuery = request.query()?;
        let webhook = query
            .webhook
            .parse()
            .map_err(|error| Problem::bad_request("invalid_query", format!("webhook: {error}")))?;
        let stated = query.stated()?;
        let columns = Choices::read(query.column.iter().map(String::as_str))
            .map_err(|error| Problem::invalid(error.to_string()))?;
        let symbols = SymbolMap::read(query.symbol.iter().map(String::as_str))
            .map_err(|error| Problem::invalid(error.to_string()))?;
        let ticker = parameter("ticker", query.ticker.as_deref())?;
        let zone = query.time_zone.as_deref().map(zone);
        let zone = zone.transpose()?;
        let tolerance = query.tolerance.map_or_else(
            || AlertSelection::default().tolerance,
            |seconds| SignedDuration::from_secs(i64::from(seconds)),
        );
        let names = query.name;
        Ok(Self {
            webhook,
            kind: query.kind,
            dry_run: query.dry_run,
            alerts: AlertSelection { names, tolerance },
            trades: Reading {
                ticker: ticker.clone(),
                zone: zone.clone(),
                stated,
                columns,
                file_name: query.file_name.clone(),
            },
            fills: FillReading {
                ticker,
                zone,
                symbols,
                file_name: query.file_name,
            },
        })
    }
}

/// Brings in the file that is the body. Importing it again changes nothing.
/// What cannot be read is named by row and column; then nothing is imported.
#[utoipa::path(post, path = "/imports", tag = "imports", params(ImportQuery),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = Imported), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem),
        (status = 507, body = Problem)))]
pub(super) async fn import(context: &Context, request: &ApiRequest, file: Bytes) -> Reply {
    let (asked, actor) = (ImportRequest::of(request)?, request.actor(context.now()));
    bring_in_file(context, asked, actor, (file.to_vec(), ())).await
}

/// Waits for the turn of a file and reads it, with what is held until then.
async fn bring_in_file<F: Source + Send + 'static>(
    context: &Context,
    asked: ImportRequest,
    actor: Actor,
    (file, held): (F, impl Send + 'static),
) -> Reply {
    let Some(turn) = context.importing.turn().await else {
        return Err(busy());
    };
    let store = Arc::clone(&context.store);
    let work = move || {
        let imported = read_file(&store, &file, asked, &actor);
        drop((file, held));
        imported
    };
    Ok(ok(&context.importing.run(turn, work).await??))
}

/// Reads a file and brings in what it holds.
fn read_file(
    store: &Store,
    file: &dyn Source,
    asked: ImportRequest,
    actor: &Actor,
) -> Result<Imported, Problem> {
    let mut opened = Opened::of(file).map_err(unreadable)?;
    let kind = match asked.kind {
        Some(kind) => kind,
        None => match opened.kind(&asked.trades.columns).map_err(unreadable)? {
            Kind::Alerts => FileKind::Alerts,
            Kind::Trades => FileKind::Trades,
            Kind::Fills => FileKind::Fills,
        },
    };
    let (webhook, dry_run) = (asked.webhook, asked.dry_run);
    let write = (!dry_run).then_some(actor);
    let mut imported = Imported {
        dry_run,
        alerts: None,
        trades: None,
        fills: None,
    };
    match kind {
        FileKind::Alerts => {
            imported.alerts = Some(alerts(
                store,
                &webhook,
                opened,
                &asked.alerts,
                actor.at,
                write,
            )?);
        }
        FileKind::Trades => {
            let file = (file, opened);
            imported.trades = Some(trades(store, &webhook, file, asked.trades, actor, dry_run)?);
        }
        FileKind::Fills => {
            let fills = bring_in_fills(store, &webhook, opened, asked.fills, actor.at, write)?;
            imported.fills = Some(fills);
        }
    }
    Ok(imported)
}

fn alerts(
    store: &Store,
    webhook: &WebhookId,
    mut file: Opened<'_>,
    selection: &AlertSelection,
    now: Timestamp,
    actor: Option<&Actor>,
) -> Result<ImportedAlerts, Problem> {
    let file = imports::alerts::read_opened(&mut file).map_err(unreadable)?;
    file.require_names(&selection.names).map_err(|error| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unknown_name",
            error.to_string(),
        )
        .hint("nothing was imported; write a name as TradingView shows it")
    })?;
    let readers = store.readers();
    let read = |connection: &Connection| prepare(connection, webhook, file, selection, now);
    let prepared = readers.run_blocking(read)?;
    let Some(actor) = actor else {
        return Ok(readers.run_blocking(|connection| preview(connection, prepared))?);
    };
    let steps = readers.run_blocking(|connection| Steps::of(connection, prepared))?;
    let turns = Turns::without_pause(store);
    Ok(bring_in_alerts(turns, actor, webhook, steps)?)
}

fn trades(
    store: &Store,
    webhook: &WebhookId,
    (file, mut opened): (&dyn Source, Opened<'_>),
    reading: Reading,
    actor: &Actor,
    dry_run: bool,
) -> Result<ImportedTrades, Problem> {
    let readers = store.readers();
    let settings = readers
        .run_blocking(|connection| webhooks::get(connection, webhook))?
        .settings;
    let new = new_backtest_of(file, &mut opened, &settings, reading, actor.at);
    let new = new.map_err(unreadable)?;
    if dry_run {
        let read = |connection: &Connection| backtests::preview(connection, webhook, &new);
        return Ok(readers.run_blocking(read)?);
    }
    let (webhook, actor) = (webhook.clone(), actor.clone());
    let write =
        move |context: &mut WriteContext<'_>| bring_in_trades(context, &actor, &webhook, &new);
    Ok(store.writer().run_blocking(write)?)
}

pub(super) fn unreadable(error: Unreadable) -> Problem {
    let detail = error.to_string();
    if matches!(error, Unreadable::Unread(_)) {
        return not_done(&detail);
    }
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable_file", detail)
        .hint("nothing was imported; correct the file, or export it from TradingView again");
    match error {
        Unreadable::Rows(faults) => problem.faults(faults.named),
        Unreadable::UnknownHeader { found, .. }
        | Unreadable::UnknownTable { found }
        | Unreadable::UnknownColumn { found, .. } => problem.columns(found),
        _ => problem,
    }
}
