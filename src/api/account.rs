//! The owner: first set-up, login, logout, change of password.

use std::net::IpAddr;
use std::time::Duration;

use hyper::header::{HeaderValue, SET_COOKIE, USER_AGENT};
use hyper::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{self, Identity};
use super::context::Context;
use super::passwords::Turn;
use super::problem::Problem;
use super::reply::{Reply, no_content, ok};
use super::request::ApiRequest;
use super::webhooks::no_randomness;
use crate::http::Body;
use crate::secrets;
use crate::store::audit::{self, Actor};
use crate::store::sessions::Origin;
use crate::store::{WriteContext, account, second_factor};

/// Letters of what a browser calls itself that are kept.
const LONGEST_USER_AGENT: usize = 200;

/// The first password, by the one who has the set-up link.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Setup {
    /// What follows `#` in the set-up link.
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
}

/// Who is logged in.
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
    begin_session(context, request, "setup").await
}

/// Logs in with the password; the answer sets the session's cookie.
#[utoipa::path(post, path = "/session", tag = "account", request_body = Login, security(()),
    responses((status = 204), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn log_in(context: &Context, request: &ApiRequest) -> Reply {
    let Login { password, code } = request.json()?;
    check_login(context, request, password, code).await?;
    begin_session(context, request, "login").await
}

/// Logs out.
#[utoipa::path(delete, path = "/session", tag = "account", responses((status = 204)))]
pub(super) async fn log_out(context: &Context, request: &ApiRequest) -> Reply {
    let Some(Identity::Session(hash)) = request.identity.clone() else {
        let detail = "a token has no session; `algohook token revoke` takes it back";
        return Err(Problem::bad_request("no_session", detail));
    };
    let actor = request.actor(context.now());
    let write = context.store.writer().run(None, move |context| {
        account::end_session(context, &hash)?;
        audit::note(context, &actor, "logout", None)
    });
    write.await?;
    let cookie = auth::ended_session_cookie(request.client.is_secure);
    Ok(with_cookie(no_content(), &cookie))
}

/// Who is logged in, and where alerts go.
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

/// Changes the password, ends every session and begins a new one; for the owner, logged in.
#[utoipa::path(post, path = "/password", tag = "account", request_body = PasswordChange,
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn change_password(context: &Context, request: &ApiRequest) -> Reply {
    // With a token it would be a login without the second factor.
    super::second_factor::require_session(request)?;
    let PasswordChange { current, new } = request.json()?;
    check_password(context, request, current).await?;
    let hash = hashed(context, new).await?;
    let now = context.now();
    let write = context.store.writer().run(None, move |context| {
        account::set_password(context, &hash, now)
    });
    write.await?;
    begin_session(context, request, "password.change").await
}

async fn begin_session(context: &Context, request: &ApiRequest, action: &'static str) -> Reply {
    let secret = secrets::new_secret("").map_err(no_randomness)?;
    let hash = secrets::hash(&secret);
    let actor = Actor {
        // Whoever gets a session is the owner.
        name: "owner".to_owned(),
        ..request.actor(context.now())
    };
    let origin = origin_of(request);
    let write = context.store.writer().run(None, move |context| {
        account::begin_session(context, &hash, &origin, actor.at)?;
        audit::note(context, &actor, action, None)
    });
    write.await?;
    let cookie = auth::session_cookie(&secret, request.client.is_secure);
    Ok(with_cookie(no_content(), &cookie))
}

fn origin_of(request: &ApiRequest) -> Origin {
    let user_agent = request.headers.get(USER_AGENT);
    let user_agent = user_agent.and_then(|value| value.to_str().ok());
    Origin {
        address: request.client.address.to_string(),
        user_agent: user_agent.map(|text| text.chars().take(LONGEST_USER_AGENT).collect()),
    }
}

/// Checks password and code; a wrong one of either makes the next try wait.
async fn check_login(
    context: &Context,
    request: &ApiRequest,
    password: String,
    code: Option<String>,
) -> Result<(), Problem> {
    let address = request.client.address;
    let (is_right, _turn) = try_password(context, address, password).await?;
    if !is_right {
        return Err(wrong_login(context, request, "password").await);
    }
    // Codes are counted apart: who has the password and tries codes must not be forgiven
    // for the password, nor keep those out who have no code to try.
    if context.store.readers().run(second_factor::is_on).await? {
        let Some(code) = code else {
            // Nothing to wait for: whoever comes this far has the password.
            let detail = "the code of the authenticator app is missing";
            let status = StatusCode::UNAUTHORIZED;
            return Err(Problem::new(status, "second_factor_required", detail)
                .hint("send it as \"code\"; a recovery code serves as well"));
        };
        check_code_wait(context, address)?;
        context.codes.failed(address, context.elapsed());
        if !super::second_factor::is_code(context, code, context.now()).await? {
            return Err(wrong_login(context, request, "code").await);
        }
        context.codes.succeeded(address);
    }
    Ok(())
}

/// Notes a failed login; the answer to it.
async fn wrong_login(context: &Context, request: &ApiRequest, what: &'static str) -> Problem {
    let address = request.client.address;
    tracing::warn!(%address, what, "a login failed");
    let actor = request.actor(context.now());
    let write = move |context: &mut WriteContext<'_>| {
        audit::note(context, &actor, audit::FAILED_LOGIN, Some(what))
    };
    // A full disk must not tell right from wrong.
    if let Err(error) = context.store.writer().run(None, write).await {
        tracing::warn!(%error, "a failed login could not be noted");
    }
    let hint = match what {
        "code" => {
            "each is good once; `algohook user reset-second-factor` on the server turns the second factor off"
        }
        _ => "`algohook user set-password` on the server sets a new one",
    };
    Problem::unauthorized(format!("this is not the {what}")).hint(hint)
}

/// Checks the password of one who is logged in already.
pub(super) async fn check_password(
    context: &Context,
    request: &ApiRequest,
    password: String,
) -> Result<(), Problem> {
    let address = request.client.address;
    let (is_right, _turn) = try_password(context, address, password).await?;
    if is_right {
        return Ok(());
    }
    Err(wrong_login(context, request, "password").await)
}

fn check_wait(context: &Context, address: IpAddr) -> Result<(), Problem> {
    let waits = context.logins.check(address, context.elapsed());
    waits.map_err(|wait| {
        let hint = "the owner can set a new one with `algohook user set-password`";
        too_many("passwords", wait).hint(hint)
    })
}

fn check_code_wait(context: &Context, address: IpAddr) -> Result<(), Problem> {
    let waits = context.codes.check(address, context.elapsed());
    waits.map_err(|wait| {
        let hint = "wait, and take the code that is shown then; without the phone, a recovery code or \
                    `algohook user reset-second-factor` on the server lets the owner in";
        too_many("codes", wait).hint(hint)
    })
}

fn too_many(what: &str, wait: Duration) -> Problem {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX - 1) + 1;
    let detail = format!("too many wrong {what}; try again in {seconds} seconds");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_logins", detail).retry_after(seconds)
}

/// Whether it is the owner's, when it may be tried; as slow where none is set, so that a
/// stranger cannot tell the two apart. Others wait until the turn is dropped: what came of
/// this try has to be noted by then.
async fn try_password(
    context: &Context,
    address: IpAddr,
    password: String,
) -> Result<(bool, Turn), Problem> {
    // Who has to wait takes no place in the queue either.
    check_wait(context, address)?;
    let turn = context.hashing.turn().await?;
    check_wait(context, address)?;
    let stored = context.store.readers().run(account::password_hash).await?;
    // Before it is known, for one who hangs up never gets to know it.
    context.logins.failed(address, context.elapsed());
    let is_right = turn.hash(move || {
        if let Some(stored) = stored {
            return account::is_password(&password, &stored);
        }
        // Hashed for nothing but the time that it takes.
        let _ = account::hash_password("no password is set", &[0; 16]);
        false
    });
    let (is_right, turn) = is_right.await?;
    if is_right {
        context.logins.succeeded(address);
    }
    Ok((is_right, turn))
}

async fn hashed(context: &Context, password: String) -> Result<String, Problem> {
    let mut salt = [0; 16];
    secrets::random_bytes(&mut salt).map_err(no_randomness)?;
    let turn = context.hashing.turn().await?;
    let hash = turn.hash(move || account::hash_password(&password, &salt));
    let (hash, _turn) = hash.await?;
    hash.map_err(|error| Problem::invalid(error.to_string()))
}

fn with_cookie(mut response: Response<Body>, cookie: &str) -> Response<Body> {
    // A cookie of ours has nothing that a header cannot hold.
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(SET_COOKIE, value);
    }
    response
}
