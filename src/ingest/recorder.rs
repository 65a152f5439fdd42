//! The one interface that ingestion writes through.

use std::sync::Arc;

use jiff::Timestamp;

use super::registry::Registry;
use crate::domain::webhook::WebhookId;
use crate::journal::deliveries::{Delivery, Recorded, record};
use crate::store::misdirected::{self, Misdirected};
use crate::store::not_kept;
use crate::store::rejections::{self, Rejection};
use crate::store::senders::{self, Issuer};
use crate::store::{PATIENCE, Result, Store, WriteContext};

/// Keeps deliveries; returns only when they are safe.
pub trait Recorder: Send + Sync + 'static {
    /// Records a delivery and all that follows from it.
    fn record(&self, delivery: Arc<Delivery>) -> impl Future<Output = Result<Recorded>> + Send;

    /// Notes a request that was turned away.
    fn reject(
        &self,
        webhook: WebhookId,
        rejection: Rejection,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Takes up the webhooks as they are stored now.
    fn look_again(&self, registry: &Registry) -> impl Future<Output = Result<()>> + Send {
        let _ = registry;
        std::future::ready(Ok(()))
    }

    /// Counts an alert over the limit that is not kept.
    fn count_not_kept(
        &self,
        webhook: WebhookId,
        at: Timestamp,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = (webhook, at);
        std::future::ready(Ok(()))
    }

    /// Notes requests to addresses that are no webhook's, or not quite.
    fn note_misdirected(&self, noted: Vec<Misdirected>) -> impl Future<Output = Result<()>> + Send {
        drop(noted);
        std::future::ready(Ok(()))
    }

    /// Notes who signed the certificate of an alert.
    fn note_issuer(&self, issuer: Issuer) -> impl Future<Output = Result<()>> + Send {
        // Nothing that an alert depends on.
        drop(issuer);
        std::future::ready(Ok(()))
    }
}

/// Records in the database of the data directory.
#[derive(Clone)]
pub struct StoreRecorder {
    store: Arc<Store>,
}

impl StoreRecorder {
    /// A recorder that writes to `store`.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }
}

impl Recorder for StoreRecorder {
    async fn record(&self, delivery: Arc<Delivery>) -> Result<Recorded> {
        self.store
            .writer()
            .run_shared(Some(PATIENCE), move |context| record(context, &delivery))
            .await
    }

    async fn reject(&self, webhook: WebhookId, rejection: Rejection) -> Result<()> {
        let write = move |context: &mut WriteContext<'_>| {
            rejections::insert(context.connection, &webhook, &rejection)
        };
        self.store.writer().run_shared(Some(PATIENCE), write).await
    }

    async fn look_again(&self, registry: &Registry) -> Result<()> {
        registry.load(&self.store).await
    }

    async fn count_not_kept(&self, webhook: WebhookId, at: Timestamp) -> Result<()> {
        let write =
            move |context: &mut WriteContext<'_>| not_kept::count(context.connection, &webhook, at);
        self.store.writer().run_shared(Some(PATIENCE), write).await
    }

    async fn note_misdirected(&self, noted: Vec<Misdirected>) -> Result<()> {
        let write =
            move |context: &mut WriteContext<'_>| misdirected::note(context.connection, &noted);
        self.store.writer().run_shared(Some(PATIENCE), write).await
    }

    async fn note_issuer(&self, issuer: Issuer) -> Result<()> {
        let write =
            move |context: &mut WriteContext<'_>| senders::note_issuer(context.connection, &issuer);
        self.store.writer().run(Some(PATIENCE), write).await
    }
}
