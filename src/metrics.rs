//! The server's own counters, in Prometheus' text form.

use std::sync::atomic::AtomicI64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::domain::event::EventStatus;

/// The outcome of a request to a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Made an order.
    Processed,
    /// Repeated an earlier delivery.
    Duplicate,
    /// Came to a paused webhook.
    Ignored,
    /// Could not be understood.
    Failed,
    /// Could not be understood, and showed no key.
    Keyless,
    /// Was over its webhook's limit.
    Limited,
    /// Had no key or a wrong one.
    Unauthorized,
    /// Had no right key and was over the allowance of such requests.
    Throttled,
    /// Was larger than an alert may be.
    TooLarge,
    /// Went to no webhook.
    Unknown,
    /// Could not be stored.
    Unavailable,
}

impl Outcome {
    /// The outcome of a delivery that was recorded.
    #[must_use]
    pub fn of(status: EventStatus) -> Self {
        match status {
            EventStatus::Processed => Self::Processed,
            EventStatus::Duplicate => Self::Duplicate,
            EventStatus::Ignored => Self::Ignored,
            EventStatus::Failed => Self::Failed,
            EventStatus::Limited => Self::Limited,
        }
    }

    /// True where the request certainly had the right key.
    #[must_use]
    pub fn shows_key(self) -> bool {
        match self {
            Self::Processed | Self::Duplicate | Self::Ignored | Self::Failed | Self::Limited => {
                true
            }
            Self::Keyless
            | Self::Unauthorized
            | Self::Throttled
            | Self::TooLarge
            | Self::Unknown
            | Self::Unavailable => false,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::Failed | Self::Keyless => "failed",
            Self::Limited => "limited",
            Self::Unauthorized => "unauthorized",
            Self::Throttled => "throttled",
            Self::TooLarge => "too_large",
            Self::Unknown => "unknown",
            Self::Unavailable => "unavailable",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkerLabel {
    worker: &'static str,
}

/// A number for each background task.
type ByWorker = Family<WorkerLabel, Gauge<i64, AtomicI64>>;

/// Upper bounds of the histogram of answer times, in seconds.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0,
];

/// Every metric of the server.
pub struct Metrics {
    registry: Registry,
    deliveries: Family<OutcomeLabel, Counter>,
    delivery_seconds: Histogram,
    certificate_orders: Family<OutcomeLabel, Counter>,
    backups: Family<OutcomeLabel, Counter>,
    worker_restarts: Family<WorkerLabel, Counter>,
    worker_up: ByWorker,
    worker_failed_at: ByWorker,
    /// Expiry of the certificate that is shown, in seconds since 1970; 0 without one.
    pub certificate_not_after: Gauge<i64, AtomicI64>,
    /// Passwords that were hashed, to be set or to be checked.
    pub password_hashes: Counter,
    /// 1 while alerts can be stored, else 0.
    pub database_writable: Gauge<i64, AtomicI64>,
    /// Connections that are open now.
    pub open_connections: Gauge<i64, AtomicI64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let deliveries = Family::default();
        let delivery_seconds = Histogram::new(SECONDS);
        let open_connections = Gauge::default();
        registry.register(
            "algohook_deliveries",
            "Requests to hooks by outcome",
            deliveries.clone(),
        );
        registry.register(
            "algohook_delivery_seconds",
            "Time from the whole request to its answer",
            delivery_seconds.clone(),
        );
        registry.register(
            "algohook_open_connections",
            "Open connections",
            open_connections.clone(),
        );
        let backups = Family::default();
        registry.register(
            "algohook_backups",
            "Backups that the server took by itself, by outcome: taken, unsound or failed",
            backups.clone(),
        );
        let database_writable = Gauge::default();
        registry.register(
            "algohook_database_writable",
            "1 while alerts can be stored, 0 while they are answered with 503",
            database_writable.clone(),
        );
        let certificate_orders = Family::default();
        let certificate_not_after = Gauge::default();
        registry.register(
            "algohook_certificate_orders",
            "Certificates asked for by outcome",
            certificate_orders.clone(),
        );
        registry.register(
            "algohook_certificate_not_after_seconds",
            "End of the certificate that is shown, in seconds since 1970; 0 without one",
            certificate_not_after.clone(),
        );
        let password_hashes = Counter::default();
        registry.register(
            "algohook_password_hashes",
            "Passwords hashed, to be set or to be checked",
            password_hashes.clone(),
        );
        let (worker_restarts, worker_up, worker_failed_at) = register_workers(&mut registry);
        Self {
            registry,
            deliveries,
            delivery_seconds,
            certificate_orders,
            backups,
            worker_restarts,
            worker_up,
            worker_failed_at,
            certificate_not_after,
            password_hashes,
            database_writable,
            open_connections,
        }
    }
}

impl Metrics {
    /// Counts a request to a hook.
    pub fn count_delivery(&self, outcome: Outcome, seconds: f64) {
        self.deliveries
            .get_or_create(&OutcomeLabel {
                outcome: outcome.as_str(),
            })
            .inc();
        self.delivery_seconds.observe(seconds);
    }

    /// Counts a try to take a backup.
    pub fn count_backup(&self, outcome: &'static str) {
        self.backups.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Counts a try to get a certificate.
    pub fn count_certificate_order(&self, is_issued: bool) {
        let outcome = if is_issued { "issued" } else { "failed" };
        let label = OutcomeLabel { outcome };
        self.certificate_orders.get_or_create(&label).inc();
    }

    /// Restarts of a background task after a failure.
    #[must_use]
    pub fn worker_restarts(&self, worker: &'static str) -> Counter {
        let label = WorkerLabel { worker };
        self.worker_restarts.get_or_create(&label).clone()
    }

    /// 1 while a background task runs, else 0.
    #[must_use]
    pub fn worker_up(&self, worker: &'static str) -> Gauge<i64, AtomicI64> {
        let label = WorkerLabel { worker };
        self.worker_up.get_or_create(&label).clone()
    }

    /// Time of a background task's last failure, in seconds since 1970.
    #[must_use]
    pub fn worker_failed_at(&self, worker: &'static str) -> Gauge<i64, AtomicI64> {
        let label = WorkerLabel { worker };
        self.worker_failed_at.get_or_create(&label).clone()
    }

    /// All metrics as text.
    ///
    /// # Errors
    ///
    /// Never for a text in memory; the encoder's type has one.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Registers what is counted of the background tasks: failures, whether they run, and when
/// they failed last.
fn register_workers(registry: &mut Registry) -> (Family<WorkerLabel, Counter>, ByWorker, ByWorker) {
    let families = (Family::default(), ByWorker::default(), ByWorker::default());
    registry.register(
        "algohook_worker_restarts",
        "Failures of a background task, after each of which it was run again",
        families.0.clone(),
    );
    registry.register(
        "algohook_worker_up",
        "1 while a background task runs, 0 while it waits to be run again or has ended",
        families.1.clone(),
    );
    registry.register(
        "algohook_worker_failed_at_seconds",
        "When a background task failed last, in seconds since 1970",
        families.2.clone(),
    );
    families
}
