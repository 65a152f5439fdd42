//! Error answers: problem details as in RFC 9457.

use std::borrow::Cow;
use std::num::NonZeroU32;

use hyper::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::reply;
use crate::domain::webhook::SettingError;
use crate::http::Body;
use crate::imports::Fault;
use crate::logging::Rarely;
use crate::payload::PayloadError;
use crate::store::{Conflict, StoreError};

/// Seconds after which a busy store is worth another try.
const STORE_RETRY_AFTER: u32 = 1;

/// An error of the API, as `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The HTTP status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// A stable name for programs.
    pub code: Cow<'static, str>,
    /// The case that it is, where `code` has several: for programs, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The field of the request that is wrong, such as `settings.timeZone`; `detail` begins
    /// with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Box<str>>,
    /// The fault.
    pub detail: Box<str>,
    /// The next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<Box<str>>,
    /// The fault of a file.
    #[serde(flatten)]
    pub file: Option<Box<FileProblem>>,
    /// Seconds after which another try makes sense; in the header `Retry-After`.
    #[serde(skip)]
    retry_after: Option<NonZeroU32>,
    /// Methods that the resource has; in the header `Allow`.
    #[serde(skip)]
    allow: Option<&'static str>,
}

/// The cases of those codes that have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// `unauthorized`: the password is wrong.
    WrongPassword,
    /// `unauthorized` or `invalid_value`: the code of the second factor is wrong or was used.
    WrongCode,
    /// `conflict`: the delivery was recorded for another webhook.
    DeliveryOfAnother,
    /// `conflict`: a test makes no order.
    TestMakesNoOrder,
    /// `conflict`: the event made an order already.
    OrderExists,
    /// `conflict`: the same alert, with its id, made an order when it came another time.
    SameAlert,
    /// `conflict`: the event was processed again before.
    ProcessedAgain,
    /// `conflict`: the position is being derived; try again in a moment.
    PositionUnsettled,
    /// `conflict`: the position is the one that TradingView states.
    PositionInSync,
    /// `conflict`: no order leads to the position that TradingView states.
    NoAdjustment,
    /// `conflict`: only trades of alerts have notes and tags.
    TradeOfAnotherBook,
    /// `conflict`: another webhook has the name; the detail proposes one that is free.
    NameTaken,
    /// `conflict`: a file has the name already.
    FileExists,
    /// `conflict`: a file is no backup that can be used.
    UnusableBackup,
    /// `conflict`: the database is too large to be compacted while alerts come.
    TooLargeToCompact,
    /// `conflict`: the second factor is on.
    SecondFactorOn,
    /// `conflict`: there is no second factor to confirm.
    NoSecondFactor,
    /// `conflict` or `invalid_value`: the password is too short.
    PasswordTooShort,
    /// `conflict`: the set-up link was used: a password is set.
    SetupLinkUsed,
    /// `conflict`: a newer set-up link has replaced this one.
    SetupLinkReplaced,
    /// `conflict`: only certificates are to be taken, and no issuer of one is pinned.
    NoIssuerPinned,
    /// `conflict`: the only pinned issuer is needed.
    LastIssuer,
}

impl Reason {
    /// The name of a case of the store.
    #[must_use]
    pub fn of(conflict: &Conflict) -> Self {
        match conflict {
            Conflict::DeliveryOfAnother { .. } => Self::DeliveryOfAnother,
            Conflict::TestMakesNoOrder(_) => Self::TestMakesNoOrder,
            Conflict::OrderExists { .. } => Self::OrderExists,
            Conflict::SameAlert { .. } => Self::SameAlert,
            Conflict::ProcessedAgain(_) => Self::ProcessedAgain,
            Conflict::PositionUnsettled(_) => Self::PositionUnsettled,
            Conflict::PositionInSync(_) => Self::PositionInSync,
            Conflict::NoAdjustment(_) => Self::NoAdjustment,
            Conflict::TradeOfAnotherBook => Self::TradeOfAnotherBook,
            Conflict::NameTaken { .. } => Self::NameTaken,
            Conflict::FileExists(_) | Conflict::DatabaseExists(_) => Self::FileExists,
            Conflict::UnusableBackup { .. } => Self::UnusableBackup,
            Conflict::TooLargeToCompact => Self::TooLargeToCompact,
            Conflict::SecondFactorOn => Self::SecondFactorOn,
            Conflict::NoSecondFactor => Self::NoSecondFactor,
            Conflict::SetupLinkUsed => Self::SetupLinkUsed,
            Conflict::SetupLinkReplaced => Self::SetupLinkReplaced,
            Conflict::NoIssuerPinned => Self::NoIssuerPinned,
            Conflict::LastIssuer(_) => Self::LastIssuer,
        }
    }
}

/// The fault of a file that was to be imported.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileProblem {
    /// The places that cannot be read, the first twenty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<Vec<Fault>>,
    /// The titles of a table whose columns are not understood, for its owner to name them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
}

impl Problem {
    /// A problem with a status, a name for programs and what is wrong.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Box<str>>,
    ) -> Self {
        Self {
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code: code.into(),
            reason: None,
            field: None,
            detail: detail.into(),
            hint: None,
            file: None,
            retry_after: None,
            allow: None,
        }
    }

    /// The same problem with the case that it is.
    #[must_use]
    pub fn reason(self, reason: Reason) -> Self {
        Self {
            reason: Some(reason),
            ..self
        }
    }

    /// The same problem with the field that is wrong.
    #[must_use]
    pub fn field(self, field: impl Into<Box<str>>) -> Self {
        Self {
            field: Some(field.into()),
            ..self
        }
    }

    /// The same problem with what to do about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<Box<str>>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same problem with the places of a file that cannot be read.
    #[must_use]
    pub fn faults(self, faults: Vec<Fault>) -> Self {
        self.file(FileProblem {
            faults: Some(faults),
            columns: None,
        })
    }

    /// The same problem with the titles of a table whose columns are not understood.
    #[must_use]
    pub fn columns(self, titles: Vec<String>) -> Self {
        self.file(FileProblem {
            faults: None,
            columns: Some(titles),
        })
    }

    fn file(self, file: FileProblem) -> Self {
        Self {
            file: Some(Box::new(file)),
            ..self
        }
    }

    /// The same problem with when to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after: NonZeroU32::new(seconds),
            ..self
        }
    }

    /// A request that makes no sense as it is: 400.
    pub fn bad_request(code: &'static str, detail: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// A value that cannot be used: 422.
    pub fn invalid(detail: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", detail)
    }

    /// Nobody is logged in: 401.
    pub fn unauthorized(detail: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    /// A fault of the server's, which its log tells: 500.
    #[must_use]
    pub fn internal() -> Self {
        let detail = "the server could not do this; its log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// The operating system gave no random bytes: 503.
    pub fn no_randomness(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "the operating system gave no random bytes");
        let detail = "the operating system gives no random bytes now";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    /// The resource has other methods: 405.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let detail = format!("this address answers {allow}");
        Self {
            allow: Some(allow),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        }
    }

    /// The answer.
    pub fn into_response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = reply::json_as("application/problem+json", status, &self);
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.get()));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}

/// Logs that the store did not answer: a page that is open asks again every few seconds.
fn log_unanswered(detail: &str) {
    static UNANSWERED: Rarely = Rarely::new();
    if let Some(unsaid) = UNANSWERED.say() {
        tracing::error!(%detail, unsaid, "the store did not answer a request to the API");
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "not_found", detail),
            StoreError::Conflict(conflict) => {
                Self::new(StatusCode::CONFLICT, "conflict", detail).reason(Reason::of(&conflict))
            }
            StoreError::Busy | StoreError::Unavailable(_) | StoreError::DiskFull(_) => {
                log_unanswered(&detail);
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
                    .retry_after(STORE_RETRY_AFTER)
            }
            StoreError::Damaged(_) => {
                log_unanswered(&detail);
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "damaged", detail)
            }
            StoreError::NewerSchema { .. }
            | StoreError::OlderSchema { .. }
            | StoreError::NoDatabase { .. }
            | StoreError::NoRoom { .. }
            | StoreError::Unsound { .. }
            | StoreError::UnsoundBackup { .. }
            | StoreError::File { .. }
            | StoreError::Unusable { .. }
            | StoreError::Sqlite(_) => {
                static FAILED: Rarely = Rarely::new();
                if let Some(unsaid) = FAILED.say() {
                    tracing::error!(%detail, unsaid, "a request to the API failed");
                }
                Self::internal()
            }
        }
    }
}

impl From<SettingError> for Problem {
    fn from(error: SettingError) -> Self {
        Self::invalid(error.to_string()).field(format!("settings.{}", error.field))
    }
}

impl From<PayloadError> for Problem {
    fn from(error: PayloadError) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, error.code, error.message).hint(error.hint)
    }
}
