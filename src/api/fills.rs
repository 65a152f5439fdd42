//! Fills of brokers' files: bringing them in, the files, and undoing one.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use utoipa::IntoParams;

use super::blocking::blocking;
use super::context::Context;
use super::imports::unreadable;
use super::problem::Problem;
use super::reply::{Reply, ok};
use super::request::{ApiRequest, Page};
use crate::desk::imports::{UndoneFills, bring_in_fills, fill_options, undo_fills, undoable_fills};
use crate::domain::fill::FillImportId;
use crate::domain::signal::Ticker;
use crate::domain::webhook::WebhookId;
use crate::imports::Opened;
use crate::imports::fills as files;
use crate::journal::fills::{self, ImportedFills, NotTraded, Steps, SymbolMap};
use crate::journal::turns::Turns;
use crate::store::audit::Actor;
use crate::store::fills::{self as stored, FillImport};
use crate::store::{Connection, Store, webhooks};

/// The owner's words about a file of fills.
pub(super) struct FillReading {
    pub(super) zone: Option<TimeZone>,
    pub(super) ticker: Option<Ticker>,
    pub(super) symbols: SymbolMap,
    pub(super) file_name: Option<String>,
}

impl From<NotTraded> for Problem {
    fn from(error: NotTraded) -> Self {
        Self::new(
            hyper::StatusCode::UNPROCESSABLE_ENTITY,
            "not_traded",
            error.to_string(),
        )
        .hint("nothing was imported")
    }
}

/// Brings in the fills of a file.
pub(super) fn bring_in(
    store: &Store,
    webhook: &WebhookId,
    mut file: Opened<'_>,
    reading: FillReading,
    now: Timestamp,
    actor: Option<&Actor>,
) -> Result<ImportedFills, Problem> {
    let readers = store.readers();
    let settings = readers
        .run_blocking(|connection| webhooks::get(connection, webhook))?
        .settings;
    let options = fill_options(&settings, reading.zone, reading.ticker, now);
    let file = files::read_opened(&mut file, &options).map_err(unreadable)?;
    let prepare = |connection: &Connection| {
        fills::prepare(
            connection,
            webhook,
            file,
            reading.file_name,
            &reading.symbols,
        )
    };
    let prepared = readers.run_blocking(prepare)??;
    let Some(actor) = actor else {
        return Ok(prepared.summary().clone());
    };
    let steps = Steps::of(prepared, actor.at);
    Ok(bring_in_fills(Turns::without_pause(store), actor, steps)?)
}

/// The webhook of the files.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FillImportsQuery {
    /// The webhook whose alerts were filled.
    webhook: String,
}

/// The files that a webhook's fills are from, newest first.
#[utoipa::path(get, path = "/fill-imports", tag = "imports", params(FillImportsQuery),
    responses((status = 200, body = Page<FillImport>), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let FillImportsQuery { webhook } = request.query()?;
    let webhook: WebhookId = webhook
        .parse()
        .map_err(|error| Problem::bad_request("invalid_query", format!("webhook: {error}")))?;
    let read = move |connection: &Connection| {
        let webhook = webhooks::get(connection, &webhook)?;
        stored::imports(connection, webhook.row)
    };
    Ok(ok(&Page {
        items: context.store.readers().run(read).await?,
        next_cursor: None,
    }))
}

/// Undoes an import: the fills that no other file has are removed, and the trades of them.
#[utoipa::path(delete, path = "/fill-imports/{id}", tag = "imports",
    params(("id" = String, Path, description = "The import, as `fim_3`.")),
    responses((status = 200, body = UndoneFills), (status = 404, body = Problem)))]
pub(super) async fn undo(context: &Context, request: &ApiRequest) -> Reply {
    let id: FillImportId = request.path_id()?;
    let read = move |connection: &Connection| undoable_fills(connection, id, None);
    let undone = context.store.readers().run(read).await?;
    let actor = request.actor(context.now());
    let store = Arc::clone(&context.store);
    blocking(move || undo_fills(Turns::without_pause(&store), &actor, id)).await??;
    Ok(ok(&UndoneFills { undone }))
}
