//! A run of the server, as the store knows it: it begins with the store open and what migrated it
//! told, and ends with a note.

use std::sync::Arc;

use super::LAST_NOTES;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::domain::channel::Topic;
use crate::domain::notice::Notice;
use crate::journal::notices;
use crate::store::{Store, StoreOptions, Upgrade, WriteContext, runs};

/// Opens the store, and notes that the server runs, so that it can be said later when it did
/// not. A disk that is full is no reason not to start.
pub async fn open_store(config: &Config, clock: SystemClock) -> anyhow::Result<Arc<Store>> {
    let options = store_options(config, clock);
    let store = Arc::new(Store::open(&config.data_dir, &options)?);
    let now = clock.now();
    let noted = store.writer().run(None, move |context| {
        runs::note_start(context.connection, now)
    });
    if let Err(error) = noted.await {
        tracing::warn!(%error, "the start could not be noted");
    }
    if let Some(upgrade) = store.upgrade() {
        let notice = notice_of(upgrade);
        let tell = move |context: &mut WriteContext<'_>| {
            notices::tell(context, Topic::Server, None, &notice, now)
        };
        if let Err(error) = store.writer().run_shared(None, tell).await {
            tracing::warn!(%error, "nobody could be told that the database was migrated");
        }
    }
    Ok(store)
}

fn notice_of(upgrade: &Upgrade) -> Notice {
    let Upgrade { from, to, copy } = upgrade;
    Notice::Text {
        topic: Topic::Server,
        title: format!(
            "algohook {} runs for the first time",
            env!("CARGO_PKG_VERSION")
        ),
        lines: vec![
            format!("It brought the database from schema version {from} to {to}."),
            format!("The way back: algohook restore {} --force", copy.display()),
        ],
        is_fault: false,
    }
}

/// Notes that the server stops.
pub async fn note_stop(store: &Store, clock: &SystemClock) {
    let now = clock.now();
    let noted = store.writer().run(None, move |context| {
        runs::note_stop(context.connection, now)
    });
    // Without it the next start knows the last commit.
    let _ = tokio::time::timeout(LAST_NOTES, noted).await;
}

fn store_options(config: &Config, clock: SystemClock) -> StoreOptions {
    StoreOptions {
        queue_capacity: config.queue_capacity,
        max_database_size: config.max_database_size,
        copies: Some(config.backup_folder.clone()),
        clock,
        has_reserve: true,
        ..StoreOptions::default()
    }
}
