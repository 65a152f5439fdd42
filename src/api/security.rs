//! The owner's view of logins: sessions, and the audit log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, no_content, ok};
use super::request::{ApiRequest, Page, page_limit};
use crate::access::Identity;
use crate::desk;
use crate::store::sessions::{self, SessionId};
use crate::store::{WriteContext, audit};

/// A login that goes on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// `ses_` and a number.
    #[schema(value_type = String)]
    pub id: SessionId,
    /// True if it is the one that asks.
    pub is_current: bool,
    /// Time of the login.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Time of its last use, to the minute.
    #[schema(value_type = String, format = DateTime)]
    pub last_seen_at: Timestamp,
    /// From which address it was begun.
    pub address: Option<String>,
    /// In which browser it was begun, as that calls itself.
    pub user_agent: Option<String>,
}

/// Something that was done and concerns security.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Later entries have larger ones.
    pub id: i64,
    /// Time of the act.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `owner`, a token's id, `command line` or `stranger`.
    pub actor: String,
    /// From which address.
    pub address: Option<String>,
    /// The action, as `token.create`.
    pub action: String,
    /// To what.
    pub subject: Option<String>,
}

/// A page of the audit log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Items of a page, 1 to 500; 50 where left out.
    limit: Option<u32>,
    /// `nextCursor` of the page before.
    cursor: Option<i64>,
}

/// All sessions, oldest first.
#[utoipa::path(get, path = "/sessions", tag = "account",
    responses((status = 200, body = Page<Session>)))]
pub(super) async fn sessions(context: &Context, request: &ApiRequest) -> Reply {
    let current = match &request.identity {
        Some(Identity::Session(hash)) => hash.clone(),
        _ => Vec::new(),
    };
    let stored = context.store.readers().run(sessions::list).await?;
    let items = stored.into_iter().map(|stored| Session {
        id: stored.id,
        is_current: stored.hash == current,
        created_at: stored.created_at,
        last_seen_at: stored.last_seen_at,
        address: stored.address,
        user_agent: stored.user_agent,
    });
    Ok(ok(&Page {
        items: items.collect(),
        next_cursor: None,
    }))
}

/// Ends a session.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "account", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn end_session(context: &Context, request: &ApiRequest) -> Reply {
    let id: SessionId = request.path_id()?;
    let actor = request.actor(context.now());
    let write =
        move |context: &mut WriteContext<'_>| desk::account::end_session(context, &actor, id);
    context.store.writer().run(None, write).await?;
    Ok(no_content())
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/audit", tag = "account", params(AuditQuery),
    responses((status = 200, body = Page<AuditEntry>)))]
pub(super) async fn audit_log(context: &Context, request: &ApiRequest) -> Reply {
    let AuditQuery { limit, cursor } = request.query()?;
    let limit = page_limit(limit)?;
    let read = context
        .store
        .readers()
        .run(move |connection| audit::list(connection, cursor, limit + 1));
    let items = read.await?.into_iter().map(|entry| AuditEntry {
        id: entry.id,
        at: entry.actor.at,
        actor: entry.actor.name,
        address: entry.actor.address,
        action: entry.action,
        subject: entry.subject,
    });
    let page = Page::cut(items.collect(), limit, |entry: &AuditEntry| {
        entry.id.to_string()
    });
    Ok(ok(&page))
}
