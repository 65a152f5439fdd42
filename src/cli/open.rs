//! The data directory, opened by a command.

use std::str::FromStr;

use crate::store::Connection;
use anyhow::bail;
use jiff::Timestamp;

use crate::config::{Config, prepare_data_dir};
use crate::desk::webhooks::Webhook;
use crate::domain::webhook::{NotAWebhookId, WebhookId};
use crate::journal::turns::{BESIDE_A_SERVER, Turns};
use crate::server::lock::running_server;
use crate::store::audit::Actor;
use crate::store::{Result, Store, StoreError, StoreOptions, WriteContext, webhooks};

/// Opens the database of the data directory as it is.
pub fn store(config: &Config) -> anyhow::Result<Store> {
    Ok(Store::open_existing(&config.data_dir)?)
}

/// Opens the database of the data directory; makes both where there is nothing yet.
pub fn store_or_new(config: &Config) -> anyhow::Result<Store> {
    match Store::open_existing(&config.data_dir) {
        Err(StoreError::NoDatabase { .. }) => {
            prepare_data_dir(&config.data_dir)?;
            Ok(Store::open(&config.data_dir, &StoreOptions::default())?)
        }
        opened => Ok(opened?),
    }
}

/// Transactions that leave time to the server that runs, where one does.
pub fn turns<'a>(config: &Config, store: &'a Store) -> Turns<'a> {
    match running_server(&config.data_dir) {
        Some(_) => Turns {
            store,
            pause: BESIDE_A_SERVER,
        },
        None => Turns::without_pause(store),
    }
}

/// Does what the owner does with a command.
pub fn act<T: Send + 'static>(
    store: &Store,
    act: impl FnOnce(&mut WriteContext<'_>, &Actor) -> Result<T> + Send + 'static,
) -> Result<T> {
    let actor = Actor::command_line(Timestamp::now());
    store
        .writer()
        .run_blocking(move |context| act(context, &actor))
}

/// Base of the addresses that alerts are sent to: the public URL, else the running server's, else
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

/// A webhook as a command names it: by its id, or by its name where no other has the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookArgument {
    /// Its id.
    Id(WebhookId),
    /// Its name.
    Name(String),
}

/// A mistyped id of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} (`algohook webhook list` shows them)")]
pub struct MistypedId(#[from] NotAWebhookId);

impl FromStr for WebhookArgument {
    type Err = MistypedId;

    /// A text that begins as ids do is an id, so that a mistyped one is called that and not a name.
    fn from_str(text: &str) -> std::result::Result<Self, MistypedId> {
        if text.starts_with("wh_") {
            return Ok(Self::Id(text.parse()?));
        }
        Ok(Self::Name(text.to_owned()))
    }
}

impl WebhookArgument {
    /// The webhook that is meant.
    ///
    /// # Errors
    ///
    /// Where there is none of that id or name, or where several have the name.
    pub fn find(&self, store: &Store) -> anyhow::Result<WebhookId> {
        let name = match self {
            Self::Id(id) => {
                let read = |connection: &Connection| webhooks::get(connection, id);
                return Ok(store.readers().run_blocking(read)?.id);
            }
            Self::Name(name) => name.trim(),
        };
        let all = store.readers().run_blocking(webhooks::list)?;
        let named: Vec<WebhookId> = all
            .into_iter()
            .filter(|webhook| webhook.name == name)
            .map(|webhook| webhook.id)
            .collect();
        match &named[..] {
            [id] => Ok(id.clone()),
            [] => bail!(
                "there is no webhook named \"{name}\"; algohook webhook list shows all of them"
            ),
            several => {
                let ids: Vec<&str> = several.iter().map(WebhookId::as_str).collect();
                bail!(
                    "{} webhooks are named \"{name}\"; write the id of the one you mean: {}",
                    several.len(),
                    ids.join(" or ")
                )
            }
        }
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
