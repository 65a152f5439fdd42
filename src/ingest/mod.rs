//! The hot path: receive, authenticate, limit, record.
//!
//! An alert is answered only when what came of it is on disk. `payload` decides what an alert
//! means; `journal` decides what is recorded of it.

mod answer;
mod limiter;
mod misdirected;
mod presented;
mod receive;
mod recorder;
mod refusals;
mod registry;
mod sender;

pub use crate::clock::{Clock, SystemClock};
pub use crate::payload::PresentedKey;
pub use answer::{Answer, status_of};
pub use limiter::{RateLimit, SlidingWindow, WINDOW};
pub use presented::{Presented, Verdict};
pub use receive::{Ingest, LARGEST_BODY};
pub use recorder::{Recorder, StoreRecorder};
pub use refusals::{no_room, unknown_webhook};
pub use registry::{Registry, Webhook};
pub use sender::{KnownSenders, PeerCertificate, Sender, issuer_from_der};
