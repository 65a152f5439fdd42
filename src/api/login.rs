//! A login: whose it is, whether it may be tried, and the session that it begins.
//!
//! Everything that makes a client wait is decided here: strangers wait for each other, and a
//! browser or an address that logged in before waits for its own failures only. A login from
//! a new place is noted for the owner.

use std::time::Duration;

use hyper::header::{HeaderValue, SET_COOKIE, USER_AGENT};
use hyper::{Response, StatusCode};

use super::auth;
use super::context::Context;
use super::passwords::Turn;
use super::problem::{Problem, Reason};
use super::reply::{Reply, no_content};
use super::request::ApiRequest;
use super::throttle::Claimant;
use super::webhooks::no_randomness;
use crate::http::Body;
use crate::http::client::{Way, network_of};
use crate::logging::Rarely;
use crate::secrets;
use crate::store::audit::{self, Actor};
use crate::store::known_clients::{self, Client, Familiarity};
use crate::store::sessions::Origin;
use crate::store::{StoreError, WriteContext, account, second_factor};

/// Letters of a browser's own name that are kept.
const LONGEST_USER_AGENT: usize = 200;

/// Checks password and code; a wrong one of either makes the next try wait.
pub(super) async fn check_login(
    context: &Context,
    request: &ApiRequest,
    password: String,
    code: Option<String>,
) -> Result<(), Problem> {
    let claimant = claimant(context, request).await?;
    let (is_right, _turn) = try_password(context, &claimant, password).await?;
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
        check_code_wait(context, &claimant)?;
        context.codes.failed(&claimant, context.elapsed());
        if !super::second_factor::is_code(context, code, context.now()).await? {
            return Err(wrong_login(context, request, "code").await);
        }
        context.codes.succeeded(&claimant);
    }
    Ok(())
}

/// Checks the password of one who is logged in already.
pub(super) async fn check_password(
    context: &Context,
    request: &ApiRequest,
    password: String,
) -> Result<(), Problem> {
    let claimant = claimant(context, request).await?;
    let (is_right, _turn) = try_password(context, &claimant, password).await?;
    if is_right {
        return Ok(());
    }
    Err(wrong_login(context, request, "password").await)
}

/// Begins a session, notes that as `action`, remembers where it was begun, and notes where
/// that place is new.
pub(super) async fn begin_session(
    context: &Context,
    request: &ApiRequest,
    action: Option<&'static str>,
) -> Reply {
    let secret = secrets::new_secret("").map_err(no_randomness)?;
    let hash = secrets::hash(&secret);
    let new_browser = secrets::new_secret("").map_err(no_randomness)?;
    let new_browser_hash = secrets::hash(&new_browser);
    let actor = Actor {
        // Whoever gets a session is the owner.
        name: "owner".to_owned(),
        ..request.actor(context.now())
    };
    let origin = origin_of(request);
    let mut client = client_of(request);
    let unwritten = (hash.clone(), actor.at);
    let write = context.store.writer().run(None, move |context| {
        let familiarity = known_clients::familiarity(context.connection, &client, actor.at)?;
        let is_new = familiarity == Familiarity::None && known_clients::is_any(context.connection)?;
        // A secret that we did not give out could be known to whoever did.
        let keeps_browser = familiarity == Familiarity::Browser;
        if !keeps_browser {
            client.browser = Some(new_browser_hash);
        }
        account::begin_session(context, &hash, &origin, actor.at)?;
        known_clients::remember(context, &client, actor.at)?;
        if let Some(action) = action {
            audit::note(context, &actor, action, None)?;
        }
        if is_new {
            let user_agent = origin.user_agent.as_deref();
            audit::note(context, &actor, known_clients::NEW_PLACE, user_agent)?;
        }
        Ok((keeps_browser, is_new))
    });
    let (keeps_browser, is_new) = match write.await {
        // The owner has to get in to make room, or to see what is wrong.
        Err(StoreError::Unavailable(_) | StoreError::DiskFull(_) | StoreError::Busy)
            if action == Some("login") =>
        {
            let (hash, now) = unwritten;
            tracing::warn!(address = %request.client.address, "a login that could not be written; it ends in an hour");
            context.unwritten.begin(hash, now);
            (true, false)
        }
        written => written?,
    };
    if is_new {
        tracing::warn!(address = %request.client.address, "a login from a new place");
    }
    let is_secure = request.client.is_secure;
    let mut response = with_cookie(no_content(), &auth::session_cookie(&secret, is_secure));
    if !keeps_browser {
        let cookie = auth::browser_cookie(&new_browser, is_secure);
        response = with_cookie(response, &cookie);
    }
    Ok(response)
}

/// A response that sets one more cookie.
pub(super) fn with_cookie(mut response: Response<Body>, cookie: &str) -> Response<Body> {
    // A cookie of ours has nothing that a header cannot hold.
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

fn origin_of(request: &ApiRequest) -> Origin {
    let user_agent = request.headers.get(USER_AGENT);
    let user_agent = user_agent.and_then(|value| value.to_str().ok());
    Origin {
        address: request.client.address.to_string(),
        user_agent: user_agent.map(|text| text.chars().take(LONGEST_USER_AGENT).collect()),
    }
}

fn client_of(request: &ApiRequest) -> Client {
    let browser = auth::browser(&request.headers, request.client.is_secure);
    Client {
        browser: browser.map(|secret| secrets::hash(&secret)),
        network: network_of(request.client.address),
    }
}

/// The claimant that a failure of this request is counted for.
async fn claimant(context: &Context, request: &ApiRequest) -> Result<Claimant, Problem> {
    let (client, now) = (client_of(request), context.now());
    let network = client.network;
    // Who is on this machine itself came through its own login, as by `ssh -L`.
    let is_here = request.client.way == Way::Direct && network.is_loopback();
    let looked_up = client.clone();
    let read = context
        .store
        .readers()
        .run(move |connection| known_clients::familiarity(connection, &looked_up, now));
    Ok(match (read.await?, client.browser) {
        (Familiarity::Browser, Some(browser)) => Claimant::KnownBrowser(browser),
        (Familiarity::None, _) if !is_here => Claimant::Stranger(network),
        _ => Claimant::KnownAddress(network),
    })
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
        static NOT_NOTED: Rarely = Rarely::new();
        if let Some(unsaid) = NOT_NOTED.say() {
            tracing::warn!(%error, unsaid, "a failed login could not be noted");
        }
    }
    let (reason, hint) = match what {
        "code" => (
            Reason::WrongCode,
            "each is good once; `algohook user reset-second-factor` on the server turns the second factor off",
        ),
        _ => (
            Reason::WrongPassword,
            "`algohook user set-password` on the server sets a new one",
        ),
    };
    Problem::unauthorized(format!("this is not the {what}"))
        .reason(reason)
        .hint(hint)
}

fn check_wait(context: &Context, claimant: &Claimant) -> Result<(), Problem> {
    let waits = context.logins.check(claimant, context.elapsed());
    waits.map_err(|wait| {
        let hint = "on the server itself (`ssh -L 8080:127.0.0.1:8080`) strangers make nobody wait; \
                    `algohook user set-password` sets a new password";
        too_many("passwords", wait).hint(hint)
    })
}

fn check_code_wait(context: &Context, claimant: &Claimant) -> Result<(), Problem> {
    let waits = context.codes.check(claimant, context.elapsed());
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

/// True if it is the owner's, when it may be tried; as slow where none is set, so that a
/// stranger cannot tell the two apart. Others wait until the turn is dropped: what came of
/// this try has to be noted by then.
async fn try_password(
    context: &Context,
    claimant: &Claimant,
    password: String,
) -> Result<(bool, Turn), Problem> {
    // Who has to wait takes no place in the queue either.
    check_wait(context, claimant)?;
    let is_known = !matches!(claimant, Claimant::Stranger(_));
    let turn = context.hashing.turn(is_known).await?;
    check_wait(context, claimant)?;
    let stored = context.store.readers().run(account::password_hash).await?;
    // Before it is known, for one who hangs up never gets to know it.
    context.logins.failed(claimant, context.elapsed());
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
        context.logins.succeeded(claimant);
    }
    Ok((is_right, turn))
}
