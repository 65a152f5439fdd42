//! Data directories to measure on.

use std::fs;
use std::path::Path;

use algohook::domain::event::EventSource;
use algohook::domain::format::ReadingRules;
use algohook::domain::webhook::{AuthKey, WebhookId};
use algohook::journal::deliveries::{self, Delivery, Reading};
use algohook::payload;
use algohook::secrets;
use algohook::store::{DATABASE_FILE, Store, StoreError, StoreOptions, WriteContext, webhooks};
use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OpenFlags};

use super::alerts::Message;

/// Webhooks that alerts are sent to.
pub const WEBHOOKS: usize = 1000;

/// Events in one transaction while a large database is made.
const BATCH: usize = 10_000;

/// Makes a data directory with [`WEBHOOKS`] webhooks.
pub fn create_webhooks(data_dir: &Path) -> anyhow::Result<Vec<(WebhookId, AuthKey)>> {
    fs::create_dir_all(data_dir)?;
    let mut webhooks = Vec::with_capacity(WEBHOOKS);
    for _ in 0..WEBHOOKS {
        webhooks.push((
            WebhookId::generate(secrets::random_bytes)?,
            AuthKey::generate(secrets::random_bytes)?,
        ));
    }
    let store = Store::open(data_dir, &StoreOptions::default())?;
    let created = webhooks.clone();
    store.writer().run_blocking(move |context| {
        let now = Timestamp::now();
        created
            .iter()
            .enumerate()
            .try_for_each(|(number, (id, key))| {
                webhooks::insert(
                    context.connection,
                    id,
                    &format!("Strategy {number}"),
                    key,
                    now,
                )
            })
    })?;
    Ok(webhooks)
}

/// Copies a data directory that no process uses.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    fs::copy(from.join(DATABASE_FILE), to.join(DATABASE_FILE))?;
    Ok(())
}

/// Adds `count` alerts of the past to a data directory, one a second until
/// now, over all webhooks in turn.
pub fn add_events(data_dir: &Path, count: usize) -> anyhow::Result<()> {
    let store = Store::open(data_dir, &StoreOptions::default())?;
    for first in (0..count).step_by(BATCH) {
        let batch = first..count.min(first + BATCH);
        store.writer().run_blocking(move |context| {
            let webhooks = webhooks::list(context.connection)?;
            for number in batch {
                let webhook = &webhooks[number % webhooks.len()];
                let seconds = i64::try_from(count - number).unwrap_or(i64::MAX);
                let received_at = Timestamp::now() - SignedDuration::from_secs(seconds);
                let message = Message::new(&webhook.auth_key).numbered(number / webhooks.len());
                record(context, &webhook.id, received_at, &message)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn record(
    context: &mut WriteContext<'_>,
    webhook: &WebhookId,
    received_at: Timestamp,
    message: &str,
) -> Result<(), StoreError> {
    let unusable = |error: String| StoreError::Unavailable(format!("no valid alert: {error}"));
    let alert = payload::parse(message.as_bytes(), ReadingRules::AUTO)
        .map_err(|error| unusable(format!("{error:?}")))?;
    let signal = alert.signal.map_err(|error| unusable(error.to_string()))?;
    let delivery = Delivery {
        id: deliveries::new_delivery(received_at)?,
        webhook: webhook.clone(),
        received_at,
        clock: None,
        source: EventSource::Webhook,
        source_address: Some(std::net::Ipv4Addr::LOCALHOST.into()),
        payload: alert.recorded,
        reading: Reading::Signal(signal),
        verified: None,
        rules: ReadingRules::OWN,
        duplicate_window: Some(SignedDuration::from_mins(1)),
        via: String::new(),
        sized: None,
        original: None,
    };
    deliveries::record(context, &delivery).map(drop)
}

/// Events of a data directory, each of which has to have made its order.
pub fn count_orders(data_dir: &Path) -> anyhow::Result<u64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = Connection::open_with_flags(data_dir.join(DATABASE_FILE), flags)?;
    let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let events = count("SELECT count(*) FROM events")?;
    let orders = count("SELECT count(*) FROM events JOIN orders USING (id)")?;
    anyhow::ensure!(events == orders, "{events} events made {orders} orders");
    u64::try_from(orders).context("a negative count")
}
