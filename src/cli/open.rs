//! The data directory, opened by a command.

use crate::api::webhooks::Webhook;
use crate::config::{Config, prepare_data_dir};
use crate::domain::webhook::WebhookId;
use crate::server::lock::running_server;
use crate::store::{Store, StoreOptions, webhooks};

/// Opens the database of the data directory; makes both where they are not there.
pub fn store(config: &Config) -> anyhow::Result<Store> {
    prepare_data_dir(&config.data_dir)?;
    Ok(Store::open(&config.data_dir, &StoreOptions::default())?)
}

/// Where alerts are sent to: the public URL, else the running server's, else
/// that of the listener that a server would have.
pub fn base_url(config: &Config) -> String {
    if let Some(url) = &config.public_url {
        return url.clone();
    }
    match running_server(&config.data_dir) {
        Some(server) => server.public_url.unwrap_or(server.url),
        None => format!("http://{}", config.listen),
    }
}

/// One webhook as it is shown.
pub fn webhook(config: &Config, store: &Store, id: &WebhookId) -> anyhow::Result<Webhook> {
    let base = base_url(config);
    Ok(store.readers().run_blocking(|connection| {
        let stored = webhooks::get(connection, id)?;
        Webhook::of(connection, stored, &base)
    })?)
}
