//! The web page. Its files are in the binary, compressed when they were built;
//! what they show comes from the management API.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, LINK, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Response, StatusCode};
use rust_embed::{Embed, EmbeddedFile};

use super::routes::plain;
use crate::http::body::{Body, full};
use crate::http::compression::accepts;

#[derive(Embed)]
#[folder = "assets/ui"]
struct Files;

/// First path segments of every page but the first; the page itself tells them apart.
const PAGES: [&str; 11] = [
    "setup",
    "webhooks",
    "events",
    "trades",
    "orders",
    "positions",
    "report",
    "import",
    "forwards",
    "channels",
    "account",
];

/// Scripts and styles come from our own files only, and nobody frames the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The file that every address of a page begins with.
const FIRST: &str = "index.html";

/// Names of these files hold a hash of what is in them.
const HASHED: &str = "assets/";

/// File that lists the code of each page, made by the page's build.
const CODE: &str = "pages.json";

/// First request of every page, whoever looks at it.
const ASKED_FIRST: &str = "</api/v1/me>; rel=preload; as=fetch; crossorigin";

/// Preloads beside the page's script, instead of after it: the header `Link` by the name of a
/// page's code.
static AHEAD: LazyLock<BTreeMap<String, HeaderValue>> = LazyLock::new(|| {
    let list = Files::get(CODE).map(|file| file.data).unwrap_or_default();
    let pages: BTreeMap<String, Vec<String>> = serde_json::from_slice(&list).unwrap_or_default();
    let ahead = pages.into_iter().filter_map(|(page, files)| {
        let files = files
            .iter()
            .map(|file| format!("</{file}>; rel=modulepreload"));
        let links: Vec<String> = [ASKED_FIRST.to_owned()].into_iter().chain(files).collect();
        Some((page, HeaderValue::from_str(&links.join(", ")).ok()?))
    });
    ahead.collect()
});

/// The name of the code behind an address of the page.
fn code_of(path: &str) -> &'static str {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    match (parts.next().unwrap_or_default(), parts.next(), parts.next()) {
        ("", ..) => "Dashboard",
        ("webhooks", None, _) => "Webhooks",
        ("webhooks", Some(_), None) => "WebhookPage",
        ("webhooks", Some(_), Some(_)) => "Comparison",
        ("events", None, _) => "Events",
        ("events", Some(_), _) => "EventPage",
        ("trades", None, _) => "Trades",
        ("trades", Some(_), _) => "TradePage",
        ("orders", ..) => "Orders",
        ("positions", ..) => "Positions",
        ("report", ..) => "Report",
        ("import", ..) => "Import",
        ("forwards", ..) => "Forwards",
        ("channels", ..) => "Channels",
        ("account", ..) => "Account",
        _ => "",
    }
}

/// The answer to a request for the page or one of its files; `None` where the
/// path is neither and no browser asks for it.
pub fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Option<Response<Body>> {
    let known = file_of(path).and_then(|name| Some((name, Files::get(name)?)));
    let Some((name, file)) = known else {
        return lost(method, headers);
    };
    if method != Method::GET && method != Method::HEAD {
        let mut response = plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "The page is only read: use GET.\n",
        );
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allowed);
        return Some(response);
    }
    let mut response = response(name, &file, headers);
    if let Some(links) = AHEAD.get(code_of(path)).filter(|_| name == FIRST) {
        response.headers_mut().insert(LINK, links.clone());
    }
    Some(response)
}

/// The page, for a browser at an unknown address: the page says so and leads back.
fn lost(method: &Method, headers: &HeaderMap) -> Option<Response<Body>> {
    let wanted = headers.get_all(ACCEPT).iter();
    let is_browser = wanted
        .filter_map(|value| value.to_str().ok())
        .any(|types| types.contains("text/html"));
    let file = Files::get(FIRST).filter(|_| is_browser && method == Method::GET)?;
    let mut response = response(FIRST, &file, headers);
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    Some(response)
}

/// The file behind a path, where it can be one.
fn file_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    let first = name.split('/').next().unwrap_or(name);
    if name.is_empty() || PAGES.contains(&first) {
        return Some(FIRST);
    }
    let within = name.strip_prefix(HASHED).unwrap_or(name);
    let is_file = !within.contains('/') && !within.starts_with('.');
    (is_file && content_type(name).is_some()).then_some(name)
}

fn content_type(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

fn response(name: &str, file: &EmbeddedFile, asked: &HeaderMap) -> Response<Body> {
    let hash = file.metadata.sha256_hash();
    let hash = hash.first_chunk().copied().map_or(0, u64::from_be_bytes);
    let tag = format!("\"{hash:016x}\"");
    let known = asked.get_all(IF_NONE_MATCH).iter();
    let is_known = known
        .filter_map(|value| value.to_str().ok())
        .any(|tags| tags.contains(&tag));
    let mut response = if is_known {
        let mut response = Response::new(full(""));
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        sent(name, file, asked)
    };
    let caching = if name.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(ETAG, &tag);
    set(CACHE_CONTROL, caching);
    set(VARY, "accept-encoding");
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(REFERRER_POLICY, "no-referrer");
    response
}

/// The file in the smallest form that the browser takes.
fn sent(name: &str, file: &EmbeddedFile, asked: &HeaderMap) -> Response<Body> {
    let encoded = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(encoding, _)| accepts(asked, encoding))
        .find_map(|(encoding, suffix)| Some((encoding, Files::get(&format!("{name}.{suffix}"))?)));
    let (encoding, data) = match encoded {
        Some((encoding, file)) => (Some(encoding), file.data),
        None => (None, file.data.clone()),
    };
    let bytes = match data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let mut response = Response::new(full(bytes));
    let headers = response.headers_mut();
    if let Some(kind) = content_type(name) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}
