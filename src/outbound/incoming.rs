//! An answer that is read while it comes, as a stream of events is.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{self, Bytes};
use hyper::{HeaderMap, Request, StatusCode};
use tokio::task::JoinSet;

use super::client::Client;
use super::error::OutboundError;

/// An answer whose body is still on its way.
pub struct Incoming {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: body::Incoming,
    host: String,
    /// Ends with the answer.
    _running: JoinSet<hyper::Result<()>>,
}

impl Incoming {
    /// The next bytes; none at the end of the answer.
    ///
    /// # Errors
    ///
    /// [`OutboundError`] where nothing comes for so long, or the connection breaks.
    pub async fn next(&mut self, patience: Duration) -> Result<Option<Bytes>, OutboundError> {
        let host = || self.host.clone();
        loop {
            let frame = tokio::time::timeout(patience, self.body.frame()).await;
            let frame = frame.map_err(|_| OutboundError::Silent {
                host: host(),
                after: patience,
            })?;
            let Some(frame) = frame else {
                return Ok(None);
            };
            let frame = frame.map_err(|error| OutboundError::Broken {
                host: host(),
                why: error.to_string(),
            })?;
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
    }
}

impl Client {
    /// Sends a request, and returns its answer as soon as its head is there.
    ///
    /// # Errors
    ///
    /// As [`Client::send`].
    pub async fn open(&self, request: Request<Bytes>) -> Result<Incoming, OutboundError> {
        let (host, io, request) = self.prepared(request).await?;
        let broken = |error: hyper::Error| OutboundError::Broken {
            host: host.clone(),
            why: error.to_string(),
        };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io)
            .await
            .map_err(broken)?;
        let mut running = JoinSet::new();
        running.spawn(connection);
        let limit = self.patience();
        let sent = tokio::time::timeout(limit, sender.send_request(request.map(Full::new))).await;
        let silent = |_| OutboundError::Silent {
            host: host.clone(),
            after: limit,
        };
        let (head, body) = sent.map_err(silent)?.map_err(broken)?.into_parts();
        Ok(Incoming {
            status: head.status,
            headers: head.headers,
            body,
            host: host.clone(),
            _running: running,
        })
    }
}
