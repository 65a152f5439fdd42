//! An answer that is read while it comes, as a stream of events is.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{self, Bytes};
use hyper::{HeaderMap, Request, StatusCode};
use tokio::task::JoinSet;

use super::client::{Begun, Client, broken, silent};
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
        loop {
            let frame = tokio::time::timeout(patience, self.body.frame()).await;
            let frame = frame.map_err(|_| silent(&self.host, patience))?;
            let Some(frame) = frame else {
                return Ok(None);
            };
            let frame = frame.map_err(|error| broken(&self.host, &error))?;
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
        let Begun {
            host,
            response,
            running,
        } = self.begin(request).await?;
        let (head, body) = response.into_parts();
        Ok(Incoming {
            status: head.status,
            headers: head.headers,
            body,
            host,
            _running: running,
        })
    }
}
