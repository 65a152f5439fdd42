//! Whether a connection is in use: HTTP/2 has no timeout of its own for that.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tokio::sync::Notify;

use crate::http::body::Body;

/// The requests of a connection that are not answered yet.
#[derive(Debug, Default)]
pub struct Activity {
    in_flight: AtomicUsize,
    changed: Notify,
}

/// A request that is not answered yet; over when dropped.
pub struct Busy(Arc<Activity>);

impl Activity {
    /// Counts a request until what is returned is dropped.
    pub fn begin(self: &Arc<Self>) -> Busy {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_one();
        Busy(Arc::clone(self))
    }

    /// Ends when there was no request for `patience`.
    pub async fn idle_for(&self, patience: Duration) {
        loop {
            let changed = self.changed.notified();
            if self.in_flight.load(Ordering::SeqCst) > 0 {
                changed.await;
            } else if tokio::time::timeout(patience, changed).await.is_err() {
                return;
            }
        }
    }
}

impl Busy {
    /// A body that keeps the connection in use until it is sent.
    #[must_use]
    pub fn keep_with(self, body: Body) -> Body {
        Kept { body, _busy: self }.boxed()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.0.changed.notify_one();
    }
}

struct Kept {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Kept {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
