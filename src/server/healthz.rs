//! `/healthz`: whether alerts can be stored, for a container's or a monitor's check.
//!
//! Where something was stored of late, that is known. Else a check writes as much as an
//! alert takes, once a minute at most, however often it is asked for: a disk that has
//! become full or read-only is noticed before the next alert is.

use std::sync::Arc;
use std::time::Duration;

use hyper::{Response, StatusCode};
use tokio::sync::Mutex;

use super::routes::plain;
use crate::http::Body;
use crate::store::Store;

/// Time for which a write shows that the next one will do as well.
const KNOWN_FOR: Duration = Duration::from_mins(1);

/// Looks after the store for those who ask.
pub struct HealthCheck {
    store: Arc<Store>,
    /// Held by the one who writes to find out.
    turn: Mutex<()>,
}

impl HealthCheck {
    /// A check of a store.
    #[must_use]
    pub fn of(store: Arc<Store>) -> Self {
        let turn = Mutex::new(());
        Self { store, turn }
    }

    /// True if the last alert, or what was written in place of one, could be stored.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.store.writer().health().failure().is_none()
    }

    /// Panics of each of the store's threads.
    #[must_use]
    pub fn panics(&self) -> Vec<(&'static str, u64)> {
        self.store.writer().health().panics()
    }

    /// The answer to `/healthz`. It names no reason, for strangers may ask, too.
    pub async fn answer(&self) -> Response<Body> {
        let health = self.store.writer().health();
        if self.store.check_place().is_ok()
            && self.is_well()
            && !health.was_written_within(KNOWN_FOR)
            && let Ok(_turn) = self.turn.try_lock()
        {
            // What it comes to is noted.
            let _ = self.store.probe().await;
        }
        if self.is_well() {
            return plain(StatusCode::OK, "ok\n");
        }
        let said =
            "alerts cannot be stored now and are answered with 503; the server's log says why\n";
        plain(StatusCode::SERVICE_UNAVAILABLE, said)
    }
}
