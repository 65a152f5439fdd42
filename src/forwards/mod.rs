//! Sends the messages of forwards.
//!
//! What goes out is made when the alert is recorded, but for what is secret and what is of the
//! moment: the address, the format's secrets and the signature. So what waits in the database
//! gives nothing away, and a secret that was changed meanwhile is the new one.

use std::sync::Arc;

use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use jiff::Timestamp;

use crate::clock::Clock;
use crate::domain::forward::{ForwardFormat, ForwardId};
use crate::formats::{self, signing};
use crate::outbound::Client;
use crate::outbox::{Consumer, Sending, Sent};
use crate::store::outbox::OutboxRow;
use crate::store::{Store, forwards, webhooks};
use crate::vault::{Secrets, Vault};

/// Names the header that tells the webhooks which an alert has come through.
const VIA_HEADER: &str = "algohook-via";

/// Names of a forward's own secrets, beside its format's.
pub mod names {
    /// The address of the receiver.
    pub const URL: &str = "url";
    /// The secret that messages are signed with.
    pub const SIGNING: &str = "signing";
    /// The secret before that, for as long as it is valid.
    pub const SIGNING_BEFORE: &str = "signing.before";
    /// The time until which it is.
    pub const SIGNING_BEFORE_UNTIL: &str = "signing.before.until";
    /// Prefix of the secrets of the format.
    pub const OF_FORMAT: &str = "format.";
}

/// Sends the rows of forwards.
pub struct Forwarder<C> {
    /// The database.
    pub store: Arc<Store>,
    /// Opens sealed secrets.
    pub vault: Vault,
    /// HTTPS client with address checks.
    pub client: Client,
    /// The time of day.
    pub clock: C,
}

/// The forward's settings and secrets that a row is sent with.
struct Parts {
    format: ForwardFormat,
    is_signed: bool,
    secrets: Secrets,
    /// The webhook's key, where it goes with the bytes.
    key: Option<String>,
}

impl<C: Clock> Consumer for Forwarder<C> {
    fn send<'a>(&'a self, row: &'a OutboxRow) -> Sending<'a> {
        Box::pin(self.send_once(row))
    }
}

impl<C: Clock> Forwarder<C> {
    async fn send_once(&self, row: &OutboxRow) -> Sent {
        let parts = match self.parts(row).await {
            Ok(parts) => parts,
            Err(sent) => return sent,
        };
        let url = parts.secrets.get(names::URL).cloned().unwrap_or_default();
        let request = match request(row, &parts, &url, self.clock.now()) {
            Ok(request) => request,
            Err(error) => return Sent::Refused(error.to_string()),
        };
        let sent = Sent::of(self.client.deliver(request).await);
        let secrets = parts.secrets.values().map(String::as_str);
        let all: Vec<&str> = secrets.chain(parts.key.as_deref()).collect();
        sent.with_answer(|answer| formats::struck_out(answer, all.iter().copied()))
    }

    /// Reads what is needed; else what is to be noted of the row.
    async fn parts(&self, row: &OutboxRow) -> Result<Parts, Sent> {
        let Ok(id) = row.lane.parse::<ForwardId>() else {
            return Err(Sent::Refused(format!("{} is no forward", row.lane)));
        };
        let vault = self.vault.clone();
        let read = self.store.readers().run(move |connection| {
            let forward = forwards::get(connection, id)?;
            let key = if forward.terms.sends_key {
                let webhook = webhooks::get(connection, &forward.webhook)?;
                Some(webhook.auth_key.reveal().to_owned())
            } else {
                None
            };
            let secrets = vault.read(connection, forwards::owner_of(id));
            Ok((forward.terms, secrets, key))
        });
        let (terms, secrets, key) = read.await.map_err(|error| Sent::not_tried(&error))?;
        let secrets = secrets.map_err(|error| match error {
            error if error.is_loss() => Sent::Refused(error.to_string()),
            error => Sent::not_tried(&error.into()),
        })?;
        Ok(Parts {
            format: terms.format,
            is_signed: terms.is_signed,
            secrets,
            key,
        })
    }
}

/// The request of a row.
fn request(
    row: &OutboxRow,
    parts: &Parts,
    url: &str,
    now: Timestamp,
) -> Result<Request<Bytes>, hyper::http::Error> {
    let of_format = parts.secrets.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix(names::OF_FORMAT)?;
        Some((name.to_owned(), value.clone()))
    });
    let body = match &parts.key {
        Some(key) => formats::with_key(&row.body, key),
        None => row.body.clone(),
    };
    let body = formats::with_secrets(parts.format, body, &of_format.collect());
    let mut request = Request::post(url).header(CONTENT_TYPE, formats::content_type(&body));
    if !row.via.is_empty() {
        request = request.header(VIA_HEADER, HeaderValue::from_str(&row.via)?);
    }
    if parts.is_signed {
        let secrets = valid_secrets(&parts.secrets, now);
        let signature = signing::signatures(secrets, &row.about, now, &body);
        request = request
            .header("webhook-id", HeaderValue::from_str(&row.about)?)
            .header("webhook-timestamp", now.as_second())
            .header("webhook-signature", HeaderValue::from_str(&signature)?);
    }
    request.body(Bytes::from(body))
}

/// The secrets that sign now: two during a rotation.
fn valid_secrets(secrets: &Secrets, now: Timestamp) -> Vec<&str> {
    let get = |name: &str| secrets.get(name).map(String::as_str);
    let until = get(names::SIGNING_BEFORE_UNTIL).and_then(|until| until.parse::<Timestamp>().ok());
    let before = get(names::SIGNING_BEFORE).filter(|_| until.is_some_and(|until| now < until));
    get(names::SIGNING).into_iter().chain(before).collect()
}
