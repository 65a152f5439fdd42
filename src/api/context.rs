//! The parts that handlers work with.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};

use super::comparison::Comparing;
use super::connection::ConnectionWatch;
use super::imports::Importing;
use super::overview::CertificateWatch;
use crate::access::Access;
use crate::config::Retention;
use crate::desk::faults;
use crate::ingest::{Answer, Clock, Ingest, Registry, Sender, StoreRecorder, SystemClock};
use crate::payload::PresentedKey;
use crate::reports::ReportCache;
use crate::reports::expectation::ExpectationCache;
use crate::reports::overview::EarningsCache;
use crate::store::backup::BackupState;
use crate::store::webhooks::StoredWebhook;
use crate::store::{Connection, Result, Store};
use crate::vault::Vault;
use crate::workers::Board;

/// The parts of the program that the API reaches.
pub struct Context {
    /// Decides who may come in.
    pub access: Access,
    /// The store.
    pub store: Arc<Store>,
    /// The webhooks that ingestion knows.
    pub registry: Arc<Registry>,
    /// The way of an alert, for test alerts.
    pub ingest: Arc<Ingest<StoreRecorder, SystemClock>>,
    /// The server's clock.
    pub clock: SystemClock,
    /// Base of the addresses that alerts are sent to, without the path.
    pub base_url: String,
    /// States of the background tasks.
    pub workers: Board,
    /// Seals the secrets of forwards and channels.
    pub vault: Vault,
    /// The address of the other algohook whose alerts are recorded here, where there is one.
    pub upstream: Option<String>,
    /// True once the server stops.
    pub stopping: watch::Receiver<bool>,
    /// The right to bring in a file.
    pub importing: Importing,
    /// The reports that were asked for of late.
    pub reports: ReportCache,
    /// The expectations that were asked for of late.
    pub expectations: ExpectationCache,
    /// Comparisons of two books.
    pub comparing: Comparing,
    /// The right to run a Monte Carlo, one at a time.
    pub simulating: Semaphore,
    /// The dashboard's figures of closed trades.
    pub earnings: EarningsCache,
    /// The state of the backups.
    pub backups: BackupState,
    /// The limits of what is kept.
    pub retention: Retention,
    /// The certificate that senders of alerts are shown.
    pub certificate: CertificateWatch,
    /// The checks of the way from TradingView to this machine.
    pub connection: ConnectionWatch,
}

impl Context {
    /// The time of day.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Has what was deleted taken out of the database's log, while the answer is sent.
    pub fn forget_deleted(&self) {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || store.forget_deleted());
    }

    /// Sentences on all that keeps alerts from being stored or passed on, backups from being taken
    /// or other background tasks from running.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError`] where the database cannot be read.
    pub fn faults(&self, connection: &Connection) -> Result<Vec<String>> {
        let failure = self.store.writer().health().failure();
        let unstored =
            failure.map(|why| format!("Alerts cannot be stored and are answered with 503: {why}."));
        let faults = unstored.into_iter().chain(self.backups.fault());
        let mut faults: Vec<String> = faults.chain(self.workers.faults()).collect();
        let upstream = self.upstream.as_deref();
        let outward = faults::of_server(connection, &self.vault, upstream)?.into_iter();
        let outward = outward.chain(faults::of_forwards(connection)?);
        faults.extend(outward.map(|fault| fault.text()));
        Ok(faults)
    }

    /// Lets ingestion know of changed webhooks before the change is answered.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError`] where the database cannot be read.
    pub async fn reload(&self) -> Result<()> {
        self.registry.load(&self.store).await
    }

    /// Tries an alert on the way that one from outside goes.
    pub async fn try_out(
        &self,
        webhook: &StoredWebhook,
        message: String,
        address: IpAddr,
    ) -> Answer {
        let sender = Sender {
            is_owner: true,
            is_test: true,
            ..Sender::from(address)
        };
        // As the URL has it that its owner pastes.
        let key = webhook.auth_key.reveal().to_owned();
        let key = Some(PresentedKey::new(key)).filter(|_| webhook.settings.key_in_path);
        let (id, body) = (webhook.id.as_str(), message.as_bytes());
        let delivery = self.ingest.receive_with(id, key.as_ref(), body, sender);
        delivery.await.0
    }
}
