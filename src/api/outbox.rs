//! The outbox: listed, sent again, dropped.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, no_content, ok};
use super::request::{ApiRequest, Page, page_limit, parameter};
use crate::desk::outbox::{self as desk, OutboxItem};
use crate::store::outbox::{self, RowFilter, RowId, RowState};

/// A filter of messages for the outside; newest first.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutboxQuery {
    /// For one forward or channel.
    target: Option<String>,
    /// Of one state: `waiting`, `sending`, `done`, `unknown` or `dead`.
    #[param(value_type = Option<String>)]
    state: Option<RowState>,
    /// Items of a page, 1 to 500; 50 where left out.
    limit: Option<u32>,
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
}

/// The messages to send again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendAgain {
    /// For one forward or channel; for all where left out.
    target: Option<String>,
    /// Of one state: `dead` (the default) or `unknown`.
    #[schema(value_type = Option<String>)]
    state: Option<RowState>,
}

/// The number of messages that are sent again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SentAgain {
    /// The number.
    count: usize,
}

/// Messages for the outside, newest first.
#[utoipa::path(get, path = "/outbox", tag = "forwards", params(OutboxQuery),
    responses((status = 200, body = Page<OutboxItem>), (status = 400, body = Problem)))]
pub(super) async fn list(context: &Context, request: &ApiRequest) -> Reply {
    let query: OutboxQuery = request.query()?;
    let limit = page_limit(query.limit)?;
    let filter = RowFilter {
        lane: query.target,
        state: query.state,
        before: parameter("cursor", query.cursor.as_deref())?,
    };
    let readers = context.store.readers();
    let read = readers.run(move |connection| outbox::list_shown(connection, &filter, limit + 1));
    let items = read.await?.into_iter().map(OutboxItem::from).collect();
    Ok(ok(&Page::cut(items, limit, |item: &OutboxItem| {
        item.id.to_string()
    })))
}

/// Sends all dead messages again, or all that are unknown, of one target or of all.
#[utoipa::path(post, path = "/outbox/send", tag = "forwards", request_body = SendAgain,
    responses((status = 200, body = SentAgain), (status = 422, body = Problem)))]
pub(super) async fn send_all(context: &Context, request: &ApiRequest) -> Reply {
    let SendAgain { target, state } = request.json()?;
    let state = state.unwrap_or(RowState::Dead);
    if !matches!(state, RowState::Dead | RowState::Unknown) {
        return Err(Problem::invalid(
            "state: only dead and unknown messages can be sent again",
        ));
    }
    let actor = request.actor(context.now());
    let write = context.store.writer().run(None, move |context| {
        desk::send_all(context, &actor, target.as_deref(), state)
    });
    Ok(ok(&SentAgain {
        count: write.await?,
    }))
}

/// Sends a message again that is dead or unknown, however late it is.
#[utoipa::path(post, path = "/outbox/{id}/send", tag = "forwards", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn send(context: &Context, request: &ApiRequest) -> Reply {
    let id: RowId = request.path_id()?;
    let actor = request.actor(context.now());
    let write = context
        .store
        .writer()
        .run(None, move |context| desk::send(context, &actor, id));
    write.await?;
    Ok(no_content())
}

/// Drops a message that is not being sent.
#[utoipa::path(delete, path = "/outbox/{id}", tag = "forwards", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn drop_row(context: &Context, request: &ApiRequest) -> Reply {
    let id: RowId = request.path_id()?;
    let actor = request.actor(context.now());
    let write = context
        .store
        .writer()
        .run(None, move |context| desk::drop_row(context, &actor, id));
    write.await?;
    Ok(no_content())
}
