//! The outgoing side: the HTTP client, and the senders of each kind of outbox row.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::SignedDuration;

use crate::chat::{Chat, Faults};
use crate::clock::SystemClock;
use crate::config::{Config, OutboundConfig};
use crate::desk::faults;
use crate::forwards::Forwarder;
use crate::ingest::Registry;
use crate::journal::{forwards, notices};
use crate::notify::Notifier;
use crate::outbound::{Client, Limits, Reach, Roots};
use crate::outbox::{Consumers, Schedule, Senders};
use crate::store::Store;
use crate::upstream::{Follower, Upstream};
use crate::vault::Vault;

/// Bounds of one exchange.
const LIMITS: Limits = Limits {
    connecting: Duration::from_secs(5),
    overall: Duration::from_secs(10),
    answer: 64 * 1024,
};

/// The client for addresses that the owner names.
fn client(config: &OutboundConfig) -> anyhow::Result<Client> {
    let allowed = config.allowed.clone();
    let roots = config.roots.as_deref().map_or(Roots::Mozilla, Roots::File);
    let client = Client::new(roots, Reach::Internet { allowed }, LIMITS);
    let client = client.context("connections outward cannot be made")?;
    Ok(client.through(config.proxy.clone()))
}

/// The parts that work outward.
pub struct Outward {
    /// The senders of the outbox.
    pub senders: Senders<SystemClock>,
    /// Takes commands by chat.
    pub chat: Arc<Chat<SystemClock>>,
    /// Reads the alerts of another algohook, where one is named.
    pub follower: Option<Arc<Follower>>,
}

impl Outward {
    /// All of it; `urls` are those of the page and of the local listener.
    pub fn of(
        store: &Arc<Store>,
        registry: &Arc<Registry>,
        faults: Faults,
        clock: SystemClock,
        config: &Config,
        urls: (&str, &str),
    ) -> anyhow::Result<Self> {
        let chat = Chat {
            store: Arc::clone(store),
            vault: Vault::of(&config.data_dir),
            client: client(&config.outbound)?,
            registry: Arc::clone(registry),
            clock,
            faults,
            look_every: config.look_every,
        };
        Ok(Self {
            follower: follower(store, clock, config)?,
            senders: senders(store, clock, config, urls)?,
            chat: Arc::new(chat),
        })
    }
}

fn senders(
    store: &Arc<Store>,
    clock: SystemClock,
    config: &Config,
    (page_url, local_url): (&str, &str),
) -> anyhow::Result<Senders<SystemClock>> {
    let (client, vault) = (client(&config.outbound)?, Vault::of(&config.data_dir));
    let notifier = Notifier {
        store: Arc::clone(store),
        vault: vault.clone(),
        client: client.clone(),
        clock,
        // A link to this machine alone would lead nowhere from a phone.
        page: (page_url != local_url).then(|| page_url.to_owned()),
    };
    let forwarder = Forwarder {
        store: Arc::clone(store),
        vault,
        client,
        clock,
    };
    let consumers = Consumers::default()
        .with(forwards::KIND, Arc::new(forwarder))
        .with(notices::KIND, Arc::new(notifier));
    Ok(Senders {
        store: Arc::clone(store),
        clock,
        consumers,
        schedule: Schedule::default(),
        look_every: config.look_every,
        kept: SignedDuration::from_hours(24 * i64::from(config.outbound.kept_days)),
    })
}

/// The owner says where the other one is: it may be in his own network.
fn follower(
    store: &Arc<Store>,
    clock: SystemClock,
    config: &Config,
) -> anyhow::Result<Option<Arc<Follower>>> {
    let Some((url, token)) = config.upstream.clone() else {
        return Ok(None);
    };
    let roots = config.outbound.roots.as_deref();
    let roots = roots.map_or(Roots::Mozilla, Roots::File);
    let client = Client::new(roots, Reach::Anywhere, LIMITS);
    let client = client.context("connections outward cannot be made")?;
    Ok(Some(Arc::new(Follower {
        store: Arc::clone(store),
        client: client.through(config.outbound.proxy.clone()),
        upstream: Upstream { url, token },
        clock,
    })))
}

/// Says at the start where secrets do not open: channels that need one of them could not tell it.
pub async fn warn_of_lost_secrets(store: &Store, config: &Config) {
    let vault = Vault::of(&config.data_dir);
    let read = store.readers();
    let fault = read.run(move |connection| faults::of_secrets(connection, &vault));
    if let Ok(Some(fault)) = fault.await {
        tracing::warn!("{}", fault.text());
    }
}
