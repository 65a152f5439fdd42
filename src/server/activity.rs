//! The activity of an HTTP/2 connection, which has no timeouts of its own: neither for being
//! idle, nor for answers that the other side leaves no window for.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::http::body::Body;

/// The requests of a connection that are not answered yet.
#[derive(Debug, Default)]
pub struct Activity {
    answers: Mutex<Answers>,
    changed: Notify,
}

#[derive(Debug)]
struct Answers {
    next: u64,
    /// Since when the other side keeps an answer waiting; none where the answer is not
    /// there yet, or has nothing more to send for now.
    open: HashMap<u64, Option<Instant>>,
    idle_since: Instant,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            next: 0,
            open: HashMap::new(),
            idle_since: Instant::now(),
        }
    }
}

/// A request that is not answered yet; over when dropped.
pub struct Busy {
    activity: Arc<Activity>,
    number: u64,
}

impl Activity {
    /// Counts a request until what is returned is dropped.
    pub fn begin(self: &Arc<Self>) -> Busy {
        let mut answers = self.answers();
        let number = answers.next;
        answers.next += 1;
        answers.open.insert(number, None);
        drop(answers);
        self.changed.notify_waiters();
        Busy {
            activity: Arc::clone(self),
            number,
        }
    }

    /// Ends when there was no request for `patience`, or an answer waited for so long
    /// for the other side to take more of it.
    pub async fn abandoned(&self, patience: Duration) {
        loop {
            // Made before the look, so that no change between the two is missed.
            let changed = self.changed.notified();
            let since = self.answers().waiting_since();
            match since {
                None => changed.await,
                Some(since) if since.elapsed() >= patience => return,
                Some(since) => {
                    // What ends first is looked at above.
                    let _ = timeout_at(since + patience, changed).await;
                }
            }
        }
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        // An entry is whole whatever another thread did.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answers {
    /// Since when the connection waits for the other side, where it does.
    fn waiting_since(&self) -> Option<Instant> {
        if self.open.is_empty() {
            return Some(self.idle_since);
        }
        self.open.values().flatten().min().copied()
    }
}

impl Busy {
    /// A body that keeps the connection in use until it is sent.
    #[must_use]
    pub fn keep_with(self, body: Body) -> Body {
        self.set(Some(Instant::now()));
        Answer { body, busy: self }.boxed()
    }

    /// Notes since when the other side keeps the answer waiting.
    fn set(&self, waiting_since: Option<Instant>) {
        let mut answers = self.activity.answers();
        let before = answers.open.insert(self.number, waiting_since);
        drop(answers);
        // Later times need no other look.
        if before.flatten().is_none() && waiting_since.is_some() {
            self.activity.changed.notify_waiters();
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut answers = self.activity.answers();
        answers.open.remove(&self.number);
        if answers.open.is_empty() {
            answers.idle_since = Instant::now();
        }
        drop(answers);
        self.activity.changed.notify_waiters();
    }
}

/// The body of an answer, which is asked for more whenever the other side takes some.
struct Answer {
    body: Body,
    busy: Busy,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.busy.set(polled.is_ready().then(Instant::now));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;
    use crate::http::body::full;

    const PATIENCE: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn a_connection_is_abandoned_when_idle_or_when_an_answer_is_not_taken() {
        let activity = Arc::new(Activity::default());
        let begun = Instant::now();
        activity.abandoned(PATIENCE).await;
        let answer = activity.begin().keep_with(full("x"));
        activity.abandoned(PATIENCE).await;
        assert!(begun.elapsed() >= PATIENCE);
        drop(answer);
    }

    #[tokio::test]
    async fn work_on_an_answer_and_an_answer_that_is_taken_are_no_abandonment() {
        let activity = Arc::new(Activity::default());
        let working = activity.begin();
        let abandoned = timeout(2 * PATIENCE, activity.abandoned(PATIENCE));
        assert!(abandoned.await.is_err());
        let mut answer = working.keep_with(full("x"));
        tokio::time::sleep(PATIENCE).await;
        answer.frame().await.unwrap().unwrap();
        let taken = Instant::now();
        activity.abandoned(PATIENCE).await;
        assert!(taken.elapsed() >= PATIENCE);
    }
}
