//! Senders of rows, one a kind.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::RETRY_AFTER;
use jiff::Timestamp;

use crate::outbound::{Answer, OutboundError};
use crate::store::StoreError;
use crate::store::outbox::OutboxRow;

/// The future of a try.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Sent> + Send + 'a>>;

/// Sends rows of one kind.
pub trait Consumer: Send + Sync {
    /// Sends a row once, and tells what came of it.
    fn send<'a>(&'a self, row: &'a OutboxRow) -> Sending<'a>;
}

/// The consumers by the kind of row that they send.
#[derive(Clone, Default)]
pub struct Consumers(BTreeMap<&'static str, Arc<dyn Consumer>>);

impl Consumers {
    /// The same with one more.
    #[must_use]
    pub fn with(mut self, kind: &'static str, consumer: Arc<dyn Consumer>) -> Self {
        self.0.insert(kind, consumer);
        self
    }

    /// The one for a kind of row.
    #[must_use]
    pub fn of(&self, kind: &str) -> Option<Arc<dyn Consumer>> {
        self.0.get(kind).map(Arc::clone)
    }
}

/// Result of a try, with the words of the other side or of what went wrong. They are kept: no
/// secret may be in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It was taken.
    Taken(String),
    /// It certainly was not taken, and may be later.
    NotTaken {
        /// The answer.
        answer: String,
        /// Pause that the other side asks for.
        retry_after: Option<Duration>,
    },
    /// Nobody knows whether it was taken.
    Ambiguous(String),
    /// It is not wanted, whenever it comes.
    Refused(String),
    /// The destination does not exist any more.
    Gone(String),
}

impl Sent {
    /// The words of the other side, or of what went wrong.
    #[must_use]
    pub fn into_answer(self) -> String {
        match self {
            Self::Taken(answer)
            | Self::NotTaken { answer, .. }
            | Self::Ambiguous(answer)
            | Self::Refused(answer)
            | Self::Gone(answer) => answer,
        }
    }

    /// The same with other words.
    #[must_use]
    pub fn with_answer(mut self, change: impl FnOnce(String) -> String) -> Self {
        let (Self::Taken(answer)
        | Self::NotTaken { answer, .. }
        | Self::Ambiguous(answer)
        | Self::Refused(answer)
        | Self::Gone(answer)) = &mut self;
        *answer = change(std::mem::take(answer));
        self
    }

    /// The outcome of a try that could not be made: what it needs was removed, or cannot be read now.
    #[must_use]
    pub fn not_tried(error: &StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::Refused(format!("{what} was removed")),
            error => Self::NotTaken {
                answer: error.to_string(),
                retry_after: None,
            },
        }
    }

    /// The outcome of an exchange over HTTP.
    #[must_use]
    pub fn of(exchanged: Result<Answer, OutboundError>) -> Self {
        let answer = match exchanged {
            Ok(answer) => answer,
            Err(error) if error.may_have_arrived() => return Self::Ambiguous(error.to_string()),
            Err(error) => {
                return Self::NotTaken {
                    answer: error.to_string(),
                    retry_after: None,
                };
            }
        };
        let body = String::from_utf8_lossy(&answer.body);
        let text = format!("{}: {body}", answer.status.as_u16());
        match answer.status {
            status if status.is_success() && says_no(&answer.body) => Self::Refused(text),
            status if status.is_success() => Self::Taken(text),
            StatusCode::GONE => Self::Gone(text),
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE => Self::NotTaken {
                retry_after: retry_after(&answer, Timestamp::now()),
                answer: text,
            },
            // It failed on their side, before or after it took effect.
            status if status.is_server_error() => Self::Ambiguous(text),
            status if status.is_redirection() => {
                Self::Refused(format!("{text} (a redirect, which is not followed)"))
            }
            _ => Self::Refused(text),
        }
    }
}

/// True of a body that takes its status back, as some executors answer 200 with what is wrong: an
/// object that says at its top that it is no success.
fn says_no(body: &[u8]) -> bool {
    let said: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let is = |name: &str, wanted: &serde_json::Value| {
        said.as_ref().and_then(|said| said.get(name)) == Some(wanted)
    };
    is("success", &false.into()) || is("ok", &false.into()) || is("status", &"error".into())
}

/// The time of `Retry-After`: seconds, or a date.
fn retry_after(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let text = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Duration::try_from(now.duration_until(at)).ok()
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use hyper::body::Bytes;

    use super::*;

    fn answered(status: u16) -> Sent {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "7".parse().unwrap());
        Sent::of(Ok(Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: Bytes::from("so"),
            is_cut: false,
        }))
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-01-05T14:30:00Z".parse().unwrap();
        for (text, seconds) in [
            ("7", Some(7)),
            ("Mon, 05 Jan 2026 14:31:00 GMT", Some(60)),
            ("Mon, 05 Jan 2026 14:29:00 GMT", None),
            ("soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            let answer = Answer {
                status: StatusCode::SERVICE_UNAVAILABLE,
                headers,
                body: Bytes::new(),
                is_cut: false,
            };
            assert_eq!(
                retry_after(&answer, now),
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
    }

    #[test]
    fn a_success_that_says_it_is_none_was_not_taken() {
        let of = |body: &'static str| {
            Sent::of(Ok(Answer {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: Bytes::from(body),
                is_cut: false,
            }))
        };
        for body in [
            r#"{"success": false, "message": "no such strategy"}"#,
            r#"{"ok":false}"#,
            r#"{"status":"error"}"#,
        ] {
            assert_eq!(of(body), Sent::Refused(format!("200: {body}")));
        }
        for body in [
            "",
            "ok",
            "false",
            r#"{"success":true}"#,
            r#"{"error":null}"#,
            r#"{"data":{"success":false}}"#,
            r#"{"success":fal"#,
        ] {
            assert_eq!(of(body), Sent::Taken(format!("200: {body}")));
        }
    }

    #[test]
    fn an_answer_says_whether_it_was_taken() {
        assert_eq!(answered(204), Sent::Taken("204: so".to_owned()));
        let retry_after = Some(Duration::from_secs(7));
        let answer = "429: so".to_owned();
        let later = Sent::NotTaken {
            answer,
            retry_after,
        };
        assert_eq!(answered(429), later);
        assert_eq!(answered(410), Sent::Gone("410: so".to_owned()));
        for status in [302, 400, 401, 404] {
            assert!(matches!(answered(status), Sent::Refused(_)), "{status}");
        }
        for status in [500, 502, 504] {
            assert!(matches!(answered(status), Sent::Ambiguous(_)), "{status}");
        }
        let host = "example.com".to_owned();
        let why = "reset".to_owned();
        let broken = Sent::of(Err(OutboundError::Broken { host, why }));
        assert!(matches!(broken, Sent::Ambiguous(_)), "{broken:?}");
        let unsent = Sent::of(Err(OutboundError::Plain("example.com".to_owned())));
        assert!(matches!(unsent, Sent::NotTaken { .. }), "{unsent:?}");
    }
}
