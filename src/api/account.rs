//! The owner: first set-up, login, logout, change of password.

use hyper::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{self, Identity};
use super::context::Context;
use super::login::{begin_session, check_login, check_password, with_cookie};
use super::problem::{Problem, Reason};
use super::reply::{Reply, no_content, ok};
use super::request::ApiRequest;
use super::webhooks::no_randomness;
use crate::desk;
use crate::desk::account::TokensThen;
use crate::http::Body;
use crate::secrets;
use crate::store::{StoreError, account};

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
    /// Where alerts are sent to, without the path.
    pub base_url: String,
}

/// Sets the first password and logs in. The link that algohook prints at its
/// first start is good once.
#[utoipa::path(post, path = "/setup", tag = "account", request_body = Setup, security(()),
    responses((status = 204), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn set_up(context: &Context, request: &ApiRequest) -> Reply {
    let Setup { token, password } = request.json()?;
    let link = secrets::hash(&token);
    // A stranger without the link must not have passwords hashed.
    let presented = link.clone();
    let read = context
        .store
        .readers()
        .run(move |connection| account::check_setup_link(connection, &presented));
    read.await?;
    let hash = hashed(context, password).await?;
    let now = context.now();
    let write = context.store.writer().run(None, move |context| {
        account::set_up(context, &link, &hash, now)
    });
    write.await?;
    begin_session(context, request, Some("setup")).await
}

/// Logs in with the password; the answer sets the session's cookie.
#[utoipa::path(post, path = "/session", tag = "account", request_body = Login, security(()),
    responses((status = 204), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn log_in(context: &Context, request: &ApiRequest) -> Reply {
    let Login { password, code } = request.json()?;
    check_login(context, request, password, code).await?;
    begin_session(context, request, Some("login")).await
}

/// Logs out.
#[utoipa::path(delete, path = "/session", tag = "account", responses((status = 204)))]
pub(super) async fn log_out(context: &Context, request: &ApiRequest) -> Reply {
    let Some(Identity::Session(hash)) = request.identity.clone() else {
        let detail = "a token has no session; `algohook token revoke` takes it back";
        return Err(Problem::bad_request("no_session", detail));
    };
    let cookie = auth::ended_session_cookie(request.client.is_secure);
    if context.unwritten.end(&hash) {
        return Ok(with_cookie(no_content(), &cookie));
    }
    let actor = request.actor(context.now());
    let write = context.store.writer().run(None, move |context| {
        desk::account::log_out(context, &actor, &hash)
    });
    write.await?;
    Ok(with_cookie(no_content(), &cookie))
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
    super::second_factor::require_session(request)?;
    let PasswordChange {
        current,
        new,
        revoke_tokens,
    } = request.json()?;
    check_password(context, request, current).await?;
    let hash = hashed(context, new).await?;
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
    begin_session(context, request, None).await
}

/// Notes that the owner knows of the logins from new places, which then ask for no attention.
#[utoipa::path(post, path = "/session/seen", tag = "account", request_body = SeenLogins,
    responses((status = 204), (status = 403, body = Problem)))]
pub(super) async fn acknowledge_logins(context: &Context, request: &ApiRequest) -> Reply {
    super::second_factor::require_session(request)?;
    let SeenLogins { newest } = request.json()?;
    let actor = request.actor(context.now());
    let write = context.store.writer().run(None, move |context| {
        desk::account::acknowledge_logins(context, &actor, newest)
    });
    write.await?;
    Ok(no_content())
}

async fn hashed(context: &Context, password: String) -> Result<String, Problem> {
    let mut salt = [0; 16];
    secrets::random_bytes(&mut salt).map_err(no_randomness)?;
    let turn = context.hashing.turn(true).await?;
    let hash = turn.hash(move || account::hash_password(&password, &salt));
    let (hash, _turn) = hash.await?;
    hash.map_err(|error| match &error {
        StoreError::Conflict(conflict) => {
            Problem::invalid(error.to_string()).reason(Reason::of(conflict))
        }
        _ => error.into(),
    })
}
