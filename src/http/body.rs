//! Bodies: read with a limit in size and time, and made of bytes.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Bytes, Incoming};

use super::body_budget::BodyShare;

/// The body of every response.
pub type Body = BoxBody<Bytes, Infallible>;

/// A body of bytes that are all there.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed()
}

/// Reason that a request's body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is larger than allowed; its size in bytes, where it is known.
    #[error("the body is too large")]
    TooLarge(Option<u64>),
    /// It did not arrive in time.
    #[error("the body did not arrive in time")]
    TimedOut,
    /// There is no room left for it.
    #[error("too many bodies are on their way")]
    NoRoom,
    /// The connection broke.
    #[error("the connection broke while the body was read")]
    Broken,
}

/// Bytes and time of an unwanted body that are read and dropped, so that its
/// sender reads the answer instead of a reset.
const DRAINED: usize = 256 * 1024;
const DRAINED_FOR: Duration = Duration::from_secs(1);

/// A body that was read, and the share of the budget that it takes.
struct Held {
    bytes: Vec<u8>,
    _share: Option<BodyShare>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a whole body of at most `limit` bytes within `patience`, as long as there is
/// room for it; what is returned takes its share of the budget until it is dropped.
///
/// # Errors
///
/// [`BodyError`]; at once where the stated length is too large.
pub async fn read_limited(
    body: Incoming,
    limit: usize,
    patience: Duration,
    share: Option<BodyShare>,
) -> Result<Bytes, BodyError> {
    let mut body = body;
    let (mut read, mut share, mut came) = (Vec::new(), share, 0);
    let read_whole = async {
        if body.size_hint().lower() > limit as u64 {
            return Err(BodyError::TooLarge(body.size_hint().exact()));
        }
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| BodyError::Broken)?;
            let Some(bytes) = frame.data_ref() else {
                continue;
            };
            if read.len() + bytes.len() > limit {
                came = read.len() + bytes.len();
                return Err(BodyError::TooLarge(None));
            }
            if share.as_mut().is_some_and(|share| !share.grow(bytes.len())) {
                return Err(BodyError::NoRoom);
            }
            read.extend_from_slice(bytes);
        }
        Ok(())
    };
    let outcome = tokio::time::timeout(patience, read_whole).await;
    match outcome.unwrap_or(Err(BodyError::TimedOut)) {
        Ok(()) => Ok(Bytes::from_owner(Held {
            bytes: read,
            _share: share,
        })),
        Err(BodyError::TooLarge(None)) => {
            let rest = discard(body).await;
            let size = rest.map(|rest| (came + rest) as u64);
            Err(BodyError::TooLarge(size))
        }
        Err(error) => {
            if matches!(error, BodyError::TooLarge(_) | BodyError::NoRoom) {
                discard(body).await;
            }
            Err(error)
        }
    }
}

/// A body that is read in parts, so that no more of it is held.
pub struct BodyParts {
    body: Incoming,
    limit: usize,
    size: usize,
    read: usize,
}

impl BodyParts {
    /// A body of at most `limit` bytes, in parts of about `size` bytes.
    #[must_use]
    pub fn of(body: Incoming, limit: usize, size: usize) -> Self {
        Self {
            body,
            limit,
            size,
            read: 0,
        }
    }

    /// Bytes that are announced, where they are.
    #[must_use]
    pub fn announced(&self) -> u64 {
        self.body.size_hint().lower()
    }

    /// The next part; `None` behind the last.
    ///
    /// # Errors
    ///
    /// [`BodyError`]; at once where the stated length is too large.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, BodyError> {
        let left = self.limit - self.read;
        if self.announced() > left as u64 {
            return Err(BodyError::TooLarge(self.body.size_hint().exact()));
        }
        let mut part = Vec::with_capacity(self.size);
        while part.len() < self.size {
            let Some(frame) = self.body.frame().await else {
                break;
            };
            let frame = frame.map_err(|_| BodyError::Broken)?;
            let Some(bytes) = frame.data_ref() else {
                continue;
            };
            if part.len() + bytes.len() > left {
                return Err(BodyError::TooLarge(None));
            }
            part.extend_from_slice(bytes);
        }
        self.read += part.len();
        Ok((!part.is_empty()).then_some(part))
    }

    /// Throws the rest away, so that its sender, who writes it first, reads the answer.
    pub async fn discard_all(self, patience: Duration) {
        discard_all(self.body, self.limit, patience).await;
    }

    /// Throws a little of the rest away.
    pub async fn discard(self) {
        discard(self.body).await;
    }
}

/// Throws a body away of which nothing is kept, so that its sender reads the answer. Returns
/// how many bytes came, where that was all.
pub async fn discard(body: Incoming) -> Option<usize> {
    // What does not come by then makes no difference.
    let drained = tokio::time::timeout(DRAINED_FOR, drain(body, DRAINED)).await;
    drained.ok().flatten()
}

/// Throws all of a large body away, so that its sender, who writes it first, reads the answer.
pub async fn discard_all(body: Incoming, limit: usize, patience: Duration) {
    let _ = tokio::time::timeout(patience, drain(body, limit)).await;
}

/// Throws a bounded part of a body away; the number of its bytes, where that was all of it.
async fn drain(mut body: Incoming, limit: usize) -> Option<usize> {
    let mut drained = 0;
    while drained < limit {
        match body.frame().await {
            Some(Ok(frame)) => drained += frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) => return None,
            None => return Some(drained),
        }
    }
    None
}
