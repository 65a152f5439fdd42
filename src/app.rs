//! The server put together: what `algohook serve` runs.

mod attention;
mod backups;
mod clock_watch;
mod health;
mod listeners;
mod retention;
mod sockets;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::{Semaphore, watch};

use crate::api::Api;
use crate::api::context::Context;
use crate::api::imports::Importing;
use crate::api::overview::CertificateWatch;
use crate::api::passwords::Hashing;
use crate::api::throttle::LoginThrottle;
use crate::api::unwritten::UnwrittenLogins;
use crate::config::{CertificateSource, Config, prepare_data_dir, warn_of_others};
use crate::domain::event::EventId;
use crate::http::known_addresses::KnownAddresses;
use crate::http::room::Room;
use crate::ingest::{Ingest, RateLimit, Registry, StoreRecorder, SystemClock};
use crate::logging::Rarely;
use crate::metrics::Metrics;
use crate::platform::{is_in_container, stop_requested};
use crate::reports::ReportCache;
use crate::reports::overview::EarningsCache;
use crate::secrets;
use crate::server::healthz::HealthCheck;
use crate::server::hooks::Hooks;
use crate::server::lock::{DataDirLock, RunningServer};
use crate::server::routes::Routes;
use crate::store::backup::BackupState;
use crate::store::{
    Store, StoreError, StoreOptions, WriteContext, account, events, ledgers, webhooks,
};
use crate::tls::Certificates;
use listeners::{Addresses, Listeners};
pub use sockets::Sockets;

/// Interval between looks for changes by other processes, and for new events.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Interval between calls of [`Ingest::write_noted`].
const NOTE_EVERY: Duration = Duration::from_secs(10);

/// Time to write it when the server stops.
const LAST_NOTES: Duration = Duration::from_millis(100);

/// Pause between two parts of a clean-up, so that alerts go first.
const PURGE_PAUSE: Duration = Duration::from_millis(20);

/// A started server, for the lines that its terminal shows.
pub struct Started {
    /// Where it listens, as `http://127.0.0.1:8080`.
    pub url: String,
    /// The link to choose the first password with, where none is set yet.
    pub setup_link: Option<String>,
    /// True if only this machine reaches the page.
    pub is_page_local: bool,
    /// Webhooks that are ready.
    pub webhooks: usize,
    /// Where alerts are taken over HTTPS.
    pub https: Option<SocketAddr>,
}

/// Serves until the process is asked to stop, at the time that `clock` shows; `started` is
/// called once it listens.
///
/// # Errors
///
/// What keeps the server from starting, with what to do about it.
pub async fn run(
    config: Config,
    clock: SystemClock,
    mut sockets: Sockets,
    started: impl FnOnce(Started),
) -> anyhow::Result<()> {
    let stop = stop_requested().context("cannot wait for signals")?;
    prepare_data_dir(&config.data_dir)?;
    warn_of_others(&config.data_dir);
    let mut lock = DataDirLock::acquire(&config.data_dir)?;
    let store = Arc::new(Store::open(
        &config.data_dir,
        &StoreOptions {
            queue_capacity: config.queue_capacity,
            max_database_size: config.max_database_size,
            copies: Some(config.backup_folder.clone()),
            clock,
            has_reserve: true,
            ..StoreOptions::default()
        },
    )?);
    let metrics = Arc::new(Metrics::default());
    let listeners = Listeners::bind(&config, &mut sockets, &metrics).await?;
    let addresses = listeners.addresses().context("a listener has no address")?;
    let url = format!("http://{}", reachable(addresses.local));
    let public_url = config
        .public_url
        .clone()
        .or_else(|| listeners.https_url(&config.public));
    let page_url = page_url(&config, &url, public_url.as_deref());
    lock.announce(&running_server(
        &config,
        &addresses,
        &url,
        &page_url,
        public_url.as_deref(),
    ))?;
    let warnings = warnings(&addresses, &sockets, &config);

    let registry = Arc::new(Registry::default());
    registry.load(&store).await?;
    let newest = store.readers().run(events::newest).await?;
    let (news, newest) = watch::channel(newest);
    let events = newest.clone();
    let base_url = public_url.clone().unwrap_or_else(|| url.clone());
    let backup_state = BackupState::of(config.backup_folder.clone());
    let parts = Parts {
        store: Arc::clone(&store),
        backups: backup_state.clone(),
        clock,
        registry: Arc::clone(&registry),
        metrics: Arc::clone(&metrics),
        newest,
        base_url,
        certificates: listeners.certificates(),
    };
    let routes = Arc::new(routes(parts, &config));
    let setup_link = setup_link(&store, &page_url).await?;
    let webhooks = registry.len();
    tracing::info!(%url, webhooks, data_dir = %config.data_dir.display(), "listening");
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    started(Started {
        is_page_local: page_url == url && addresses.local.ip().is_loopback(),
        url,
        setup_link,
        webhooks,
        https: addresses.https,
    });

    let background = tokio::spawn(look_for_changes(Arc::clone(&store), registry, news));
    let aborted = background.abort_handle();
    tokio::spawn(health::run(Arc::clone(&store)));
    retention::start(Arc::clone(&store), config.retention, clock);
    if let Some(backups) = &config.backups {
        let (store, metrics) = (Arc::clone(&store), Arc::clone(&metrics));
        tokio::spawn(backups::run(store, backups.clone(), backup_state, metrics));
    }
    tokio::spawn(clock_watch::run(Arc::clone(&store), clock));
    tokio::spawn(attention::run(Arc::clone(&store), events, clock));
    let ingest = Arc::clone(&routes.hooks.ingest);
    tokio::spawn(write_noted(Arc::clone(&ingest)));
    let (stopping, is_stopping) = watch::channel(false);
    tokio::spawn(async move {
        stop.await;
        // The streams of events end with what feeds them.
        aborted.abort();
        stopping.send_replace(true);
    });
    let https_url = public_url.filter(|url| url.starts_with("https://"));
    let in_hand = Arc::clone(&routes.hooks.in_hand);
    listeners
        .serve(routes, &config, https_url, &metrics, is_stopping)
        .await?;
    let _ = tokio::time::timeout(LAST_NOTES, ingest.write_noted()).await;
    // Alerts whose senders hung up are recorded as well.
    let _ = tokio::time::timeout(config.shutdown_grace, in_hand.emptied()).await;
    tracing::info!("stopped");
    Ok(())
}

/// The parts that the routes are made of.
struct Parts {
    store: Arc<Store>,
    backups: BackupState,
    clock: SystemClock,
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    newest: watch::Receiver<EventId>,
    base_url: String,
    certificates: Option<Arc<Certificates>>,
}

fn routes(parts: Parts, config: &Config) -> Routes {
    let clock = parts.clock;
    let recorder = StoreRecorder::new(Arc::clone(&parts.store));
    let health = HealthCheck::of(Arc::clone(&parts.store));
    let limit = RateLimit(config.rate_limit);
    let registry = Arc::clone(&parts.registry);
    let known = Arc::new(KnownAddresses::new(Arc::clone(&registry)));
    let ingest = Arc::new(Ingest::new(registry, recorder, clock, limit));
    let is_from_authority = matches!(config.public.certificate, Some(CertificateSource::Acme(_)));
    let context = Context {
        store: parts.store,
        registry: parts.registry,
        ingest: Arc::clone(&ingest),
        clock,
        base_url: parts.base_url,
        newest: parts.newest,
        unwritten: UnwrittenLogins::default(),
        logins: LoginThrottle::default(),
        codes: LoginThrottle::default(),
        importing: Importing::default(),
        hashing: Hashing::new(parts.metrics.password_hashes.clone()),
        reports: ReportCache::default(),
        simulating: Semaphore::new(1),
        earnings: EarningsCache::default(),
        backups: parts.backups,
        retention: config.retention,
        certificate: CertificateWatch {
            certificates: parts.certificates,
            data_dir: is_from_authority.then(|| config.data_dir.clone()),
        },
    };
    let room = Arc::new(Room::new(Arc::clone(&known)));
    Routes {
        hooks: Hooks {
            ingest,
            metrics: Arc::clone(&parts.metrics),
            body_timeout: config.body_timeout,
            room: Arc::clone(&room),
            known: Arc::clone(&known),
            in_hand: Arc::default(),
        },
        api: Api::new(Arc::new(context), config.body_timeout, room, known),
        health,
        metrics: parts.metrics,
    }
}

/// The server as other processes are told of it.
fn running_server(
    config: &Config,
    addresses: &Addresses,
    url: &str,
    page_url: &str,
    public_url: Option<&str>,
) -> RunningServer {
    RunningServer {
        page_url: Some(page_url.to_owned()),
        pid: std::process::id(),
        url: url.to_owned(),
        public_url: public_url.map(str::to_owned),
        https_listener: addresses.https,
        http_listener: addresses.http,
        has_proxy: !config.trusted_proxies.is_empty(),
        is_demo: config.is_demo,
        most_connections: addresses.count() * config.max_connections as u64,
        retention: config.retention,
        backup_folder: Some(config.backup_folder.clone()),
        backup_hours: config
            .backups
            .as_ref()
            .map(|backups| backups.every.as_secs() / 3600),
    }
}

/// Where the page is opened: the public address where that answers it, else the local one.
fn page_url(config: &Config, url: &str, public_url: Option<&str>) -> String {
    let is_public = config.public.public_ui;
    let public = public_url.filter(|public| is_public && public.starts_with("https://"));
    public.unwrap_or(url).to_owned()
}

/// An address that a program on this machine can connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Warnings for the owner where others can read along, or wait for nothing.
fn warnings(addresses: &Addresses, sockets: &Sockets, config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    let local = addresses.local;
    // A proxy on another machine needs an address that is open to it; one on this machine
    // does not, and others come past it.
    let mut proxies = config.trusted_proxies.iter();
    let is_for_proxy = proxies.any(|proxy| !proxy.addr().is_loopback());
    if !local.ip().is_loopback() && is_in_container() {
        // Only the host knows who reaches it.
        tracing::info!(
            "the page is on {local} inside the container, without encryption: publish it to the host alone, as \
             -p 127.0.0.1:{port}:{port}",
            port = local.port()
        );
    } else if !local.ip().is_loopback() && !is_for_proxy {
        let next = if config.trusted_proxies.is_empty() {
            "listen on 127.0.0.1 and let algohook speak HTTPS (--domain, or --tls-cert), or put a proxy in front \
             that does and name it with --trusted-proxy"
        } else {
            "the proxy on this machine reaches 127.0.0.1 as well, and nobody else does: listen there (--listen)"
        };
        warnings.push(format!(
            "{local} is open to others and WITHOUT ENCRYPTION: keys and passwords can be read on the way; {next}"
        ));
    }
    if let Some(http) = addresses.http.filter(|_| config.public.allow_http_hooks) {
        warnings.push(format!(
            "alerts are taken WITHOUT ENCRYPTION on {http}: their keys can be read on the way; use https:// in \
             TradingView and leave --allow-http-hooks out"
        ));
    }
    for unused in sockets.unused() {
        warnings.push(format!(
            "the service manager holds {unused} open, but NOTHING ANSWERS THERE: use --domain or --tls-cert, name \
             the address with --public-listen, --http-listen or --listen, or take it out of algohook.socket"
        ));
    }
    warnings
}

/// The one-time link to choose a password with; a new one at every start until it was used.
async fn setup_link(store: &Store, url: &str) -> anyhow::Result<Option<String>> {
    let secret = secrets::new_secret("").context("the system gives no random bytes")?;
    let hash = secrets::hash(&secret);
    let write = store
        .writer()
        .run_in_turn(move |context| account::replace_setup_link(context, &hash));
    match write.await {
        Ok(true) => Ok(Some(format!("{url}/setup#{secret}"))),
        Ok(false) => Ok(None),
        Err(error) => {
            // A full disk is no reason not to start: it may have room again soon.
            tracing::warn!(%error, "no set-up link could be made");
            Ok(None)
        }
    }
}

/// Writes now and then what a flood of requests to unknown addresses came to.
async fn write_noted(ingest: Arc<Ingest<StoreRecorder, SystemClock>>) {
    loop {
        tokio::time::sleep(NOTE_EVERY).await;
        ingest.write_noted().await;
    }
}

/// Takes up webhooks that other processes changed, tells of new events, removes
/// what deleted webhooks left and derives again what changed settings concern.
async fn look_for_changes(
    store: Arc<Store>,
    registry: Arc<Registry>,
    news: watch::Sender<EventId>,
) {
    static UNREAD: Rarely = Rarely::new();
    static UNCLEANED: Rarely = Rarely::new();
    let mut known = None;
    let mut is_clean = false;
    let mut clean_up = CleanUp {
        at_once: webhooks::PURGED_AT_ONCE,
    };
    loop {
        let look = store.readers().run(|connection| {
            Ok((
                webhooks::revision(connection)?,
                events::newest(connection)?,
                ledgers::is_any_stale(connection)?,
            ))
        });
        match look.await {
            Ok((revision, newest, is_stale)) => {
                is_clean &= !is_stale;
                news.send_if_modified(|known| std::mem::replace(known, newest) != newest);
                if known != Some(revision) && take_up(&store, &registry).await {
                    known = Some(revision);
                    is_clean = false;
                }
            }
            Err(error) => warn_rarely(&UNREAD, &error, "the database could not be read"),
        }
        let pause = if is_clean {
            LOOK_EVERY
        } else {
            match clean_up.go_on(&store).await {
                Ok(is_more) => {
                    is_clean = !is_more;
                    PURGE_PAUSE
                }
                Err(error) => {
                    warn_rarely(
                        &UNCLEANED,
                        &error,
                        "what changed webhooks left could not be cleaned up",
                    );
                    LOOK_EVERY
                }
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn take_up(store: &Store, registry: &Registry) -> bool {
    let taken_up = registry.load(store).await;
    if let Err(error) = &taken_up {
        static NOT_TAKEN_UP: Rarely = Rarely::new();
        warn_rarely(
            &NOT_TAKEN_UP,
            error,
            "changed webhooks could not be taken up",
        );
    }
    taken_up.is_ok()
}

/// Warns once a minute at most of what fails several times a second.
fn warn_rarely(line: &Rarely, error: &StoreError, what: &str) {
    if let Some(unsaid) = line.say() {
        tracing::warn!(%error, unsaid, "{what}");
    }
}

/// The work between alerts.
struct CleanUp {
    /// Events of a deleted webhook that are removed at once.
    at_once: u32,
}

impl CleanUp {
    /// Removes a part of what deleted webhooks left, or derives one of the ledgers again that
    /// have to be; true where there is more. Where a part is too large for a full disk, the
    /// next one is smaller.
    async fn go_on(&mut self, store: &Store) -> crate::store::Result<bool> {
        if !store.readers().run(webhooks::is_any_deleted).await? {
            return store.writer().run_in_turn(ledgers::derive_next).await;
        }
        let at_once = self.at_once;
        let part = move |context: &mut WriteContext<'_>| webhooks::purge(context, at_once);
        let purged = store.writer().run_removal(part).await;
        self.at_once = match &purged {
            Ok(_) => (at_once * 2).min(webhooks::PURGED_AT_ONCE),
            Err(_) => (at_once / 4).max(1),
        };
        purged?;
        store.writer().run_in_turn(ledgers::derive_next).await?;
        Ok(true)
    }
}
