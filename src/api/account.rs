//! The owner: first set-up, login, logout, change of password.

use hyper::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{visitor, with_session, without_session};
use super::context::Context;
use super::problem::Problem;
use super::reply::{Reply, no_content, ok};
use super::request::ApiRequest;
use crate::access::Identity;
use crate::access::login::Beginning;
use crate::desk;
use crate::desk::account::TokensThen;
use crate::http::Body;

/// The first password, by the one who has the set-up link.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Setup {
    /// The part of the set-up link after `#`.
    token: String,
    /// At least 10 characters.
    password: String,
}

/// A login.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// The owner's password.
    password: String,
    /// The authenticator app's code, or a recovery code, where the second factor is on.
    code: Option<String>,
}

/// A change of password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordChange {
    /// The password until now.
    current: String,
    /// The password from now on, at least 10 characters.
    new: String,
    /// True if every API token is revoked too; false where left out.
    #[serde(default)]
    revoke_tokens: bool,
}

/// The logins from new places that the owner has seen.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenLogins {
    /// `id` of the newest of them.
    newest: i64,
}

/// The login of a request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// `session` or `token`.
    pub kind: &'static str,
    /// The token's id, where it is one.
    pub token: Option<String>,
    /// The server's version.
    pub version: &'static str,
    /// Base of the addresses that alerts are sent to, without the path.
    pub base_url: String,
}

/// Sets the first password and logs in. The link that algohook prints at its
/// first start is good once.
#[utoipa::path(post, path = "/setup", tag = "account", request_body = Setup, security(()),
    responses((status = 204), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn set_up(context: &Context, request: &ApiRequest) -> Reply {
    let Setup { token, password } = request.json()?;
    context.access.set_up(&token, password).await?;
    begin_session(context, request, Beginning::Setup).await
}

/// Logs in with the password; the answer sets the session's cookie.
#[utoipa::path(post, path = "/session", tag = "account", request_body = Login, security(()),
    responses((status = 204), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn log_in(context: &Context, request: &ApiRequest) -> Reply {
    let Login { password, code } = request.json()?;
    let visitor = visitor(request);
    context.access.check_login(&visitor, password, code).await?;
    begin_session(context, request, Beginning::Login).await
}

/// Logs out.
#[utoipa::path(delete, path = "/session", tag = "account", responses((status = 204)))]
pub(super) async fn log_out(context: &Context, request: &ApiRequest) -> Reply {
    let Some(Identity::Session(hash)) = request.identity.clone() else {
        let detail = "a token has no session; `algohook token revoke` takes it back";
        return Err(Problem::bad_request("no_session", detail));
    };
    let response = without_session(no_content(), request.client.is_secure);
    if context.access.end_unwritten(&hash) {
        return Ok(response);
    }
    let actor = request.actor(context.now());
    let write = context.store.writer().run(None, move |context| {
        desk::account::log_out(context, &actor, &hash)
    });
    write.await?;
    Ok(response)
}

/// The login of this request, and the address that alerts go to.
#[utoipa::path(get, path = "/me", tag = "account", responses((status = 200, body = Me)))]
pub(super) fn me(context: &Context, request: &ApiRequest) -> Response<Body> {
    let (kind, token) = match &request.identity {
        Some(Identity::Token(id, _)) => ("token", Some(id.to_string())),
        _ => ("session", None),
    };
    ok(&Me {
        kind,
        token,
        version: env!("CARGO_PKG_VERSION"),
        base_url: context.base_url.clone(),
    })
}

/// Changes the password, ends every session, and every token where that is asked for, and
/// begins a new session; for the owner, logged in.
#[utoipa::path(post, path = "/password", tag = "account", request_body = PasswordChange,
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn change_password(context: &Context, request: &ApiRequest) -> Reply {
    // With a token it would be a login without the second factor.
    request.require_owner()?;
    let PasswordChange {
        current,
        new,
        revoke_tokens,
    } = request.json()?;
    let visitor = visitor(request);
    context.access.check_password(&visitor, current).await?;
    let hash = context.access.stored_password(new).await?;
    let actor = request.actor(context.now());
    let then = if revoke_tokens {
        TokensThen::AreRevoked
    } else {
        TokensThen::Stay
    };
    let write = context.store.writer().run(None, move |context| {
        desk::account::set_password(context, &actor, &hash, then)
    });
    write.await?;
    begin_session(context, request, Beginning::PasswordChange).await
}

/// Notes that the owner knows of the logins from new places, which then ask for no attention.
#[utoipa::path(post, path = "/session/seen", tag = "account", request_body = SeenLogins,
    responses((status = 204), (status = 403, body = Problem)))]
pub(super) async fn acknowledge_logins(context: &Context, request: &ApiRequest) -> Reply {
    request.require_owner()?;
    let SeenLogins { newest } = request.json()?;
    let actor = request.actor(context.now());
    let write = context.store.writer().run(None, move |context| {
        desk::account::acknowledge_logins(context, &actor, newest)
    });
    write.await?;
    Ok(no_content())
}

async fn begin_session(context: &Context, request: &ApiRequest, beginning: Beginning) -> Reply {
    let visitor = visitor(request);
    let session = context.access.begin_session(&visitor, beginning).await?;
    Ok(with_session(
        no_content(),
        session,
        request.client.is_secure,
    ))
}
