//! Access to the API over HTTP: the headers and cookies that `access` is asked with.

use cookie::{Cookie, SameSite};
use hyper::header::{AUTHORIZATION, COOKIE, HeaderValue, ORIGIN, SET_COOKIE, USER_AGENT};
use hyper::{HeaderMap, Response};

use super::context::Context;
use super::problem::Problem;
use super::request::ApiRequest;
use crate::access::login::{NewSession, Visitor};
use crate::access::{Demand, Identity, familiarity, session};
use crate::http::Body;
use crate::http::client::{Way, network_of};

/// Name of the session's cookie over plain HTTP, which only this machine should see.
pub const SESSION_COOKIE: &str = "algohook_session";

/// Its name over HTTPS: with this prefix browsers take it from no other host, not
/// even from one of the same domain.
pub const SECURE_SESSION_COOKIE: &str = "__Host-algohook_session";

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
    if let Some(token) = bearer(headers) {
        return Ok(context.access.identify_token(token).await?);
    }
    if let Some(secret) = cookie_of(headers, cookie_name(is_secure)) {
        return Ok(context.access.identify_session(&secret).await?);
    }
    Err(Problem::unauthorized("this needs a login or an API token")
        .hint("send \"Authorization: Bearer TOKEN\"; `algohook token create NAME` makes a token"))
}

/// The one who tries to log in.
#[must_use]
pub fn visitor(request: &ApiRequest) -> Visitor {
    let client = &request.client;
    let network = network_of(client.address);
    let user_agent = request.headers.get(USER_AGENT);
    Visitor {
        name: request.actor_name(),
        address: client.address,
        network,
        is_here: client.way == Way::Direct && network.is_loopback(),
        browser: cookie_of(&request.headers, browser_cookie_name(client.is_secure)),
        user_agent: user_agent
            .and_then(|value| value.to_str().ok())
            .map(ToOwned::to_owned),
    }
}

/// Refuses what a token may not do.
///
/// # Errors
///
/// A problem with status 403.
pub fn require_scope(identity: &Identity, demand: Demand) -> Result<(), Problem> {
    if identity.may(demand) {
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

/// A response with the cookies of a session that begins.
#[must_use]
pub fn with_session(
    response: Response<Body>,
    session: NewSession,
    is_secure: bool,
) -> Response<Body> {
    let begun = cookie(cookie_name(is_secure), session.secret, is_secure);
    let begun = begun.max_age(whole_days(session::DAYS)).build();
    let response = with_cookie(response, &begun);
    let Some(browser) = session.browser else {
        return response;
    };
    let known = cookie(browser_cookie_name(is_secure), browser, is_secure);
    let known = known.max_age(whole_days(familiarity::DAYS)).build();
    with_cookie(response, &known)
}

/// A response that takes the cookie of a session back.
#[must_use]
pub fn without_session(response: Response<Body>, is_secure: bool) -> Response<Body> {
    let ended = cookie(cookie_name(is_secure), String::new(), is_secure);
    with_cookie(response, &ended.removal().build())
}

/// A response that sets one more cookie.
fn with_cookie(mut response: Response<Body>, cookie: &Cookie<'_>) -> Response<Body> {
    // A cookie of ours has nothing that a header cannot hold.
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
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

fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter();
    cookies
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}
