//! Bodies: read with a limit in size and time, and made of bytes.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Bytes, Incoming};

/// The body of every response.
pub type Body = BoxBody<Bytes, Infallible>;

/// A body of bytes that are all there.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}

/// Why a request's body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is larger than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// It did not arrive in time.
    #[error("the body did not arrive in time")]
    TimedOut,
    /// The connection broke.
    #[error("the connection broke while the body was read")]
    Broken,
}

/// What is thrown away of a body that is too large, in bytes and time, so that its
/// sender reads the answer instead of a reset.
const DRAINED: usize = 256 * 1024;
const DRAINED_FOR: Duration = Duration::from_secs(1);

/// Reads a whole body of at most `limit` bytes within `patience`.
///
/// # Errors
///
/// [`BodyError`]; at once where the stated length is too large.
pub async fn read_limited(
    body: Incoming,
    limit: usize,
    patience: Duration,
) -> Result<Bytes, BodyError> {
    let mut body = body;
    let mut read = Vec::new();
    let read_whole = async {
        if body.size_hint().lower() > limit as u64 {
            return Err(BodyError::TooLarge);
        }
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| BodyError::Broken)?;
            let Some(bytes) = frame.data_ref() else {
                continue;
            };
            if read.len() + bytes.len() > limit {
                return Err(BodyError::TooLarge);
            }
            read.extend_from_slice(bytes);
        }
        Ok(())
    };
    let outcome = tokio::time::timeout(patience, read_whole).await;
    match outcome.unwrap_or(Err(BodyError::TimedOut)) {
        Ok(()) => Ok(Bytes::from(read)),
        Err(error) => {
            if error == BodyError::TooLarge {
                // What does not come by then makes no difference.
                let _ = tokio::time::timeout(DRAINED_FOR, drain(body)).await;
            }
            Err(error)
        }
    }
}

/// Throws a bounded part of a body away.
async fn drain(mut body: Incoming) {
    let mut drained = 0;
    while drained < DRAINED
        && let Some(Ok(frame)) = body.frame().await
    {
        drained += frame.data_ref().map_or(0, Bytes::len);
    }
}
