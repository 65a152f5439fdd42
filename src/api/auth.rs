//! Access to the API: the owner's session, or a token.

use std::time::Duration;

use cookie::{Cookie, SameSite};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, COOKIE, ORIGIN};
use jiff::{SignedDuration, Timestamp};

use super::context::Context;
use super::problem::Problem;
use crate::domain::access::Scope;
use crate::logging::Rarely;
use crate::secrets;
use crate::store::tokens::TokenId;
use crate::store::{Store, StoreError, account, tokens};

/// Name of the session's cookie over plain HTTP, which only this machine should see.
pub const SESSION_COOKIE: &str = "algohook_session";

/// Its name over HTTPS: with this prefix browsers take it from no other host, not
/// even from one of the same domain.
pub const SECURE_SESSION_COOKIE: &str = "__Host-algohook_session";

/// Days after which a session ends in any case.
const SESSION_DAYS: i64 = 30;

/// Days that a browser is known after a login.
const BROWSER_DAYS: i64 = 180;

/// Precision of the times of last use.
const TOUCHED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// Time for noting a use; what the request itself asks for does not wait longer.
const TOUCH_PATIENCE: Option<Duration> = Some(Duration::from_millis(100));

/// The sender of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A program with a token.
    Token(TokenId, Scope),
    /// The owner in a browser; the hash of the session's secret.
    Session(Vec<u8>),
}

/// Finds out who sends a request.
///
/// # Errors
///
/// A problem with status 401 where nobody known does, or what the store says.
pub async fn identify(
    context: &Context,
    headers: &HeaderMap,
    is_secure: bool,
) -> Result<Identity, Problem> {
    let (store, now) = (&context.store, context.now());
    if let Some(token) = bearer(headers) {
        return with_token(store, token, now).await;
    }
    if let Some(session) = session(headers, is_secure) {
        let hash = secrets::hash(&session);
        if let Some(begun_at) = context.unwritten.begun_at(&hash, now) {
            return with_unwritten(store, hash, begun_at).await;
        }
        return with_session(store, hash, now).await;
    }
    Err(Problem::unauthorized("this needs a login or an API token")
        .hint("send \"Authorization: Bearer TOKEN\"; `algohook token create NAME` makes a token"))
}

async fn with_token(store: &Store, token: &str, now: Timestamp) -> Result<Identity, Problem> {
    let hash = secrets::hash(token);
    let found = store
        .readers()
        .run(move |connection| tokens::find(connection, &hash));
    let Some((id, scope, last_used_at)) = found.await? else {
        return Err(
            Problem::unauthorized("this API token is not valid (any more)")
                .hint("`algohook token create NAME` makes a new one"),
        );
    };
    if last_used_at.is_none_or(|last| now.duration_since(last).abs() >= TOUCHED_EVERY) {
        let touch = store.writer().run(TOUCH_PATIENCE, move |context| {
            tokens::touch(context, id, now)
        });
        // A full disk must not lock the owner out.
        if let Err(error) = touch.await {
            not_noted(&error, "token");
        }
    }
    Ok(Identity::Token(id, scope))
}

/// Logs that a use could not be noted: on a full disk each request tries it again.
fn not_noted(error: &StoreError, what: &str) {
    static NOT_NOTED: Rarely = Rarely::new();
    if let Some(unsaid) = NOT_NOTED.say() {
        tracing::warn!(%error, unsaid, "the use of a {what} could not be noted");
    }
}

/// A session that is in memory only; over where the password was changed since.
async fn with_unwritten(
    store: &Store,
    hash: Vec<u8>,
    begun_at: Timestamp,
) -> Result<Identity, Problem> {
    let changed_at = store.readers().run(account::changed_at).await?;
    if changed_at.is_some_and(|changed_at| changed_at <= begun_at) {
        return Ok(Identity::Session(hash));
    }
    Err(Problem::unauthorized("this session is over").hint("log in again"))
}

async fn with_session(store: &Store, hash: Vec<u8>, now: Timestamp) -> Result<Identity, Problem> {
    let wanted = hash.clone();
    let found = store
        .readers()
        .run(move |connection| account::session_seen_at(connection, &wanted, now));
    let Some(last_seen_at) = found.await? else {
        return Err(Problem::unauthorized("this session is over").hint("log in again"));
    };
    if now.duration_since(last_seen_at).abs() >= TOUCHED_EVERY {
        let touched = hash.clone();
        let touch = store.writer().run(TOUCH_PATIENCE, move |context| {
            account::touch_session(context, &touched, now)
        });
        if let Err(error) = touch.await {
            not_noted(&error, "session");
        }
    }
    Ok(Identity::Session(hash))
}

/// Refuses what a token may not do.
///
/// # Errors
///
/// A problem with status 403.
pub fn require_scope(identity: &Identity, is_read: bool, is_test: bool) -> Result<(), Problem> {
    let may = match identity {
        Identity::Session(_) | Identity::Token(_, Scope::Write) => true,
        Identity::Token(_, Scope::Read) => is_read,
        Identity::Token(_, Scope::Test) => is_test,
    };
    if may {
        return Ok(());
    }
    Err(Problem::new(
        hyper::StatusCode::FORBIDDEN,
        "out_of_scope",
        "this token may not do that",
    )
    .hint("`algohook token create NAME --scope write` makes one that may"))
}

/// True if a request says where in a browser it is from.
#[must_use]
pub fn is_from_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site")
}

/// The address that a page of ours has in the browser that sends a request.
#[derive(Debug, Clone, Copy)]
pub struct PageAddress<'a> {
    /// True if the request came over HTTPS.
    pub is_secure: bool,
    /// The host that the request states, with its port.
    pub host: &'a str,
    /// The address that the owner gave the server, where a proxy changes the others.
    pub public_url: &'a str,
}

impl PageAddress<'_> {
    /// True if an origin is this page's, in scheme, host and port.
    fn is(&self, origin: &str) -> bool {
        if origin.eq_ignore_ascii_case(self.public_url.trim_end_matches('/')) {
            return true;
        }
        let scheme = if self.is_secure { "https" } else { "http" };
        let Some((stated_scheme, stated_host)) = origin.split_once("://") else {
            return false;
        };
        !stated_host.is_empty()
            && stated_scheme.eq_ignore_ascii_case(scheme)
            && stated_host.eq_ignore_ascii_case(self.host)
    }
}

/// Refuses a write that another site made the owner's browser send.
///
/// A browser of today says itself whether the write is from the same origin
/// (`Sec-Fetch-Site`), an older one names the origin only. A program that names none has no
/// business with a cookie.
///
/// # Errors
///
/// A problem with status 403.
pub fn require_same_origin(headers: &HeaderMap, page: &PageAddress<'_>) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let is_same = match text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => text(ORIGIN.as_str()).is_some_and(|origin| page.is(origin)),
    };
    if is_same {
        return Ok(());
    }
    Err(Problem::new(
        hyper::StatusCode::FORBIDDEN,
        "cross_origin",
        "what a browser writes must come from algohook's own pages",
    )
    .hint(
        "a proxy in front has to pass Host and X-Forwarded-Proto on, or --public-url has to be its address; \
         programs use an API token instead of a session: `algohook token create NAME`",
    ))
}

/// The cookie that carries a session.
#[must_use]
pub fn session_cookie(secret: &str, is_secure: bool) -> String {
    cookie(cookie_name(is_secure), secret.to_owned(), is_secure)
        .max_age(whole_days(SESSION_DAYS))
        .build()
        .to_string()
}

/// The cookie that takes a session back.
#[must_use]
pub fn ended_session_cookie(is_secure: bool) -> String {
    cookie(cookie_name(is_secure), String::new(), is_secure)
        .removal()
        .build()
        .to_string()
}

/// The cookie by which a browser that logged in is known again.
#[must_use]
pub fn browser_cookie(secret: &str, is_secure: bool) -> String {
    cookie(browser_cookie_name(is_secure), secret.to_owned(), is_secure)
        .max_age(whole_days(BROWSER_DAYS))
        .build()
        .to_string()
}

fn cookie(name: &'static str, value: String, is_secure: bool) -> cookie::CookieBuilder<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(is_secure)
        .same_site(SameSite::Strict)
}

fn whole_days(days: i64) -> cookie::time::Duration {
    cookie::time::Duration::days(days)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

fn cookie_name(is_secure: bool) -> &'static str {
    if is_secure {
        SECURE_SESSION_COOKIE
    } else {
        SESSION_COOKIE
    }
}

fn browser_cookie_name(is_secure: bool) -> &'static str {
    if is_secure {
        "__Host-algohook_browser"
    } else {
        "algohook_browser"
    }
}

fn session(headers: &HeaderMap, is_secure: bool) -> Option<String> {
    cookie_of(headers, cookie_name(is_secure))
}

/// The secret that a browser keeps since its first login.
#[must_use]
pub fn browser(headers: &HeaderMap, is_secure: bool) -> Option<String> {
    cookie_of(headers, browser_cookie_name(is_secure))
}

fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter();
    cookies
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}
