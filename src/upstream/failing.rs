//! Times in which the other algohook's alerts cannot be read, and when they are worth telling.
//!
//! A line that breaks for a moment is nothing to tell: what came meanwhile is read a moment later.
//! One that stays broken is, and an answer that no later try will change is at once. What is noted
//! in the database is what the dashboard, the channels and `algohook doctor` tell.

use std::time::{Duration, Instant};

use super::{Broken, Follower};
use crate::clock::Clock;
use crate::logging::Rarely;
use crate::store::upstream::{failure, note_failure};
use crate::store::{Result, WriteContext};

/// Time after which a line that is down is worth telling.
const LASTING: Duration = Duration::from_mins(2);

/// The failures in a row.
#[derive(Debug, Default)]
pub(super) struct Failing {
    since: Option<Instant>,
}

impl Failing {
    /// Notes one more failure.
    pub(super) async fn note(&mut self, follower: &Follower, error: &Broken) {
        static BROKEN: Rarely = Rarely::new();
        let url = &follower.upstream.url;
        if let Some(unsaid) = BROKEN.say() {
            tracing::warn!(%error, url, unsaid, "the alerts of the other algohook cannot be read; it is tried again");
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        let is_lasting = match error {
            Broken::Line(_) => since.elapsed() >= LASTING,
            Broken::Refused(status) => !status.is_server_error() || since.elapsed() >= LASTING,
            Broken::Unreadable(_) | Broken::Store(_) => true,
        };
        if is_lasting {
            write(follower, Some(error.to_string())).await;
        }
    }

    /// Notes that the alerts are read.
    pub(super) async fn is_over(&mut self, follower: &Follower) {
        self.since = None;
        write(follower, None).await;
    }
}

async fn write(follower: &Follower, why: Option<String>) {
    // It is told again where that fails, with the next try.
    if let Err(error) = try_to_write(follower, why).await {
        tracing::warn!(%error, "it could not be noted whether the other algohook's alerts are read");
    }
}

async fn try_to_write(follower: &Follower, why: Option<String>) -> Result<()> {
    let (store, url) = (&follower.store, follower.upstream.url.clone());
    let asked = url.clone();
    let read = store.readers();
    let noted = read.run(move |connection| failure(connection, &asked));
    let noted = noted.await?.map(|failure| failure.why);
    if noted != why {
        let now = follower.clock.now();
        let write = move |context: &mut WriteContext<'_>| {
            note_failure(context.connection, &url, why.as_deref(), now)
        };
        store.writer().run_shared(None, write).await?;
    }
    Ok(())
}
