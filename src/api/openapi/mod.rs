//! The OpenAPI document, made of the handlers and their types.

use std::sync::LazyLock;

use hyper::body::Bytes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

mod constraints;

use serde_json::Value;

use super::auth::SESSION_COOKIE;
use super::book::ReportSource;
use super::{
    account, backtests, comparison, events, exports, imports, orders, overview, performance,
    positions, second_factor, security, senders, storage, stream, tags, tokens, trades, webhooks,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "algohook",
        description = "Management API of algohook. Lists are paged by cursor; errors are problem details (RFC 9457). Times are RFC 3339 in UTC; prices, quantities and money are decimal texts.",
        license(name = "MIT")
    ),
    servers((url = "/api/v1")),
    paths(
        account::set_up,
        account::log_in,
        account::log_out,
        account::acknowledge_logins,
        account::me,
        overview::overview,
        storage::storage,
        account::change_password,
        security::sessions,
        security::end_session,
        security::audit_log,
        second_factor::get,
        second_factor::begin,
        second_factor::confirm,
        second_factor::turn_off,
        senders::get,
        senders::change,
        senders::add,
        senders::pin,
        senders::forget,
        tokens::list,
        tokens::create,
        tokens::revoke,
        webhooks::list,
        webhooks::create,
        webhooks::get,
        webhooks::change,
        webhooks::delete,
        webhooks::rotate_key,
        webhooks::test,
        webhooks::list_rejections,
        events::list,
        events::get,
        events::reprocess,
        orders::list,
        orders::get,
        trades::list,
        trades::get,
        trades::annotate,
        tags::list,
        positions::list,
        positions::accept,
        performance::report,
        performance::simulate,
        comparison::get,
        comparison::legs,
        imports::import,
        backtests::list,
        backtests::compare,
        backtests::remove,
        exports::events,
        exports::orders,
        exports::trades,
        stream::open,
        document
    ),
    // Those that are found in parameters only.
    components(schemas(imports::FileKind, ReportSource)),
    modifiers(&Logins),
    security(("token" = []), ("session" = []))
)]
struct Document;

/// The two ways to log in.
struct Logins;

impl Modify for Logins {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("token", token);
        let cookie = ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "document", security(()),
    responses((status = 200, body = Object)))]
#[must_use]
pub fn document() -> Value {
    // Names and texts: there is nothing in it that JSON cannot say.
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    constraints::apply(&mut document);
    document
}

/// The document as JSON, made once: strangers may ask for it many times and take their
/// time to read it.
#[must_use]
pub fn bytes() -> Bytes {
    static BYTES: LazyLock<Bytes> =
        LazyLock::new(|| Bytes::from(serde_json::to_vec(&document()).unwrap_or_default()));
    BYTES.clone()
}
