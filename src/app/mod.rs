//! The server put together: what `algohook serve` runs.

mod attention;
mod backups;
mod changes;
mod clock_watch;
mod digests;
mod expectations;
mod health;
mod listeners;
mod outward;
mod retention;
mod server_faults;
mod sockets;
mod store_run;
mod telling;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::access::{self, Access};
use crate::api::Api;
use crate::api::comparison::Comparing;
use crate::api::connection::{Check, ConnectionWatch, Verdict};
use crate::api::context::Context;
use crate::api::imports::Importing;
use crate::api::overview::CertificateWatch;
use crate::chat;
use crate::config::{CertificateSource, Config, Retention, prepare_data_dir, warn_of_others};
use crate::doctor;
use crate::http::body_budget::BodyBudget;
use crate::http::known_addresses::KnownAddresses;
use crate::ingest::{Ingest, RateLimit, Registry, StoreRecorder, SystemClock};
use crate::metrics::Metrics;
use crate::outbox;
use crate::platform::{is_in_container, stop_requested};
use crate::reports::ReportCache;
use crate::reports::expectation::ExpectationCache;
use crate::reports::overview::EarningsCache;
use crate::server::healthz::HealthCheck;
use crate::server::hooks::Hooks;
use crate::server::lock::{DataDirLock, RunningServer};
use crate::server::routes::Routes;
use crate::store::backup::BackupState;
use crate::store::{Store, events};
use crate::tls::Certificates;
use crate::upstream;
use crate::vault::{self, Vault};
use crate::workers::{Board, Outcome, Workers};
use listeners::{Addresses, Listeners};
use outward::Outward;
pub use sockets::Sockets;
use store_run::{note_stop, open_store};
use telling::Surroundings;

/// Interval between calls of [`Ingest::write_noted`].
const NOTE_EVERY: Duration = Duration::from_secs(10);

/// Time to write it when the server stops.
const LAST_NOTES: Duration = Duration::from_millis(100);

/// Time that background tasks have to end where the listeners took all that was granted.
const LAST_STEPS: Duration = Duration::from_millis(200);

/// A started server, for the lines that its terminal shows.
pub struct Started {
    /// Address of the local listener, as `http://127.0.0.1:8080`.
    pub url: String,
    /// The link to choose the first password with, where none is set yet.
    pub setup_link: Option<String>,
    /// True if only this machine reaches the page.
    pub is_page_local: bool,
    /// Webhooks that are ready.
    pub webhooks: usize,
    /// Address of the HTTPS listener for alerts.
    pub https: Option<SocketAddr>,
}

/// Serves until the process is asked to stop, at the time that `clock` shows; `started` is
/// called once it listens, and may add background tasks. Returns the moment until which the
/// rest of the process may take to end.
///
/// # Errors
///
/// What keeps the server from starting, with what to do about it.
pub async fn run(
    config: Config,
    clock: SystemClock,
    mut sockets: Sockets,
    started: impl FnOnce(Started, &mut Workers),
) -> anyhow::Result<Instant> {
    let stop = stop_requested().context("cannot wait for signals")?;
    prepare_data_dir(&config.data_dir)?;
    warn_of_others(&config.data_dir);
    let mut lock = DataDirLock::acquire(&config.data_dir)?;
    let store = open_store(&config, clock).await?;
    let metrics = Arc::new(Metrics::default());
    let mut workers = Workers::new(Arc::clone(&metrics));
    let listeners = Listeners::bind(&config, &mut sockets, &metrics, &mut workers).await?;
    let addresses = listeners.addresses().context("a listener has no address")?;
    let url = format!("http://{}", reachable(addresses.local));
    let public_url = config
        .public_url
        .clone()
        .or_else(|| listeners.https_url(&config.public));
    let page_url = page_url(&config, &url, public_url.as_deref());
    let running = running_server(&config, &addresses, &url, &page_url, public_url.as_deref());
    lock.announce(&running)?;

    let registry = registry(&store).await?;
    let (stopping, is_stopping) = watch::channel(false);
    let base_url = public_url.clone().unwrap_or_else(|| url.clone());
    let surroundings = surroundings(&config, &store, workers.board(), &listeners);
    let parts = Parts {
        store: Arc::clone(&store),
        backups: surroundings.backups.clone(),
        clock,
        registry: Arc::clone(&registry),
        metrics: Arc::clone(&metrics),
        connection: connection_watch(base_url.clone(), running, &config),
        base_url,
        certificates: surroundings.certificates.clone(),
        workers: workers.board(),
        stopping: is_stopping.clone(),
    };
    let routes = Arc::new(routes(parts, &config));
    let setup_link = setup_link(&store, &page_url).await?;
    let webhooks = registry.len();
    let warnings = warnings(&addresses, &sockets, &config);
    log_start(&config, &url, webhooks, &warnings);
    outward::warn_of_lost_secrets(&store, &config).await;
    let ingest = Arc::clone(&routes.hooks.ingest);
    let kept = Arc::clone(&store);
    let faults = surroundings.sentences();
    let background = Background {
        outward: Outward::of(&store, &registry, faults, clock, &config, (&page_url, &url))?,
        store,
        registry,
        surroundings,
        clock,
        ingest: Arc::clone(&ingest),
        metrics: Arc::clone(&metrics),
    };
    background.start(&mut workers, &config);
    let announced = Started {
        is_page_local: page_url == url && addresses.local.ip().is_loopback(),
        url,
        setup_link,
        webhooks,
        https: addresses.https,
    };
    started(announced, &mut workers);

    let https_url = public_url.filter(|url| url.starts_with("https://"));
    let in_hand = Arc::clone(&routes.hooks.in_hand);
    let serve = listeners.serve(routes, &config, https_url, &metrics, is_stopping);
    let until_stopped = async {
        stop.await;
        stopping.send_replace(true);
        Ok(Instant::now() + config.shutdown_grace)
    };
    let ((), deadline) = tokio::try_join!(serve, until_stopped)?;
    // Alerts whose senders hung up are recorded as well.
    let _ = tokio::time::timeout_at(deadline, in_hand.emptied()).await;
    Ok(end(workers, &ingest, deadline, (&kept, &clock)).await)
}

/// The webhooks that there are, and the newest event for those who wait for the next.
async fn registry(store: &Store) -> crate::store::Result<Arc<Registry>> {
    let registry = Arc::new(Registry::default());
    registry.load(store).await?;
    let newest = store.readers().run(events::newest).await?;
    store.signals().note_newest(newest);
    Ok(registry)
}

fn log_start(config: &Config, url: &str, webhooks: usize, warnings: &[String]) {
    tracing::info!(%url, webhooks, data_dir = %config.data_dir.display(), "listening");
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

/// Ends the background tasks, then writes the last notes. The time until `deadline` is for all
/// of it, but each has a moment. Returns the moment until which the rest may take.
async fn end(
    workers: Workers,
    ingest: &Ingest<StoreRecorder, SystemClock>,
    deadline: Instant,
    (store, clock): (&Store, &SystemClock),
) -> Instant {
    let left = || deadline.max(Instant::now() + LAST_STEPS);
    workers.stop(left()).await;
    let _ = tokio::time::timeout(LAST_NOTES, ingest.write_noted()).await;
    note_stop(store, clock).await;
    tracing::info!("stopped");
    left()
}

/// The parts that the background tasks work with.
struct Background {
    store: Arc<Store>,
    registry: Arc<Registry>,
    surroundings: Surroundings,
    clock: SystemClock,
    ingest: Arc<Ingest<StoreRecorder, SystemClock>>,
    metrics: Arc<Metrics>,
    outward: Outward,
}

impl Background {
    fn start(self, workers: &mut Workers, config: &Config) {
        let Self { store, clock, .. } = self;
        let (registry, look_every) = (self.registry, config.look_every);
        let of = |store: &Arc<Store>| Arc::clone(store);
        let kept = of(&store);
        workers.run("changes", move || {
            changes::run(of(&kept), Arc::clone(&registry), look_every)
        });
        let kept = of(&store);
        workers.run("health", move || health::run(of(&kept)));
        if config.retention != Retention::default() {
            let (kept, retention) = (of(&store), config.retention);
            workers.run("retention", move || {
                retention::run(of(&kept), retention, clock)
            });
        }
        if let Some(backups) = config.backups.clone() {
            let (kept, state, metrics) =
                (of(&store), self.surroundings.backups.clone(), self.metrics);
            workers.run("backups", move || {
                let metrics = Arc::clone(&metrics);
                backups::run(of(&kept), backups.clone(), state.clone(), metrics)
            });
        }
        let senders = Arc::new(self.outward.senders);
        workers.run_to_end("outbox", move |stopping| {
            outbox::run(Arc::clone(&senders), stopping)
        });
        let (kept, surroundings, memory) = (of(&store), self.surroundings, Arc::default());
        workers.run("attention", move || {
            attention::run(of(&kept), surroundings.clone(), Arc::clone(&memory), clock)
        });
        let chat = self.outward.chat;
        workers.run("commands", move || chat::run(Arc::clone(&chat)));
        let (kept, watch) = (of(&store), Arc::default());
        workers.run("expectations", move || {
            expectations::run(of(&kept), Arc::clone(&watch), clock)
        });
        let kept = of(&store);
        workers.run("comparisons", move || {
            expectations::remember(of(&kept), clock)
        });
        workers.run("clock", move || clock_watch::run(of(&store), clock));
        if let Some(follower) = self.outward.follower {
            workers.run("upstream", move || upstream::run(Arc::clone(&follower)));
        }
        let ingest = self.ingest;
        workers.run("notes", move || write_noted(Arc::clone(&ingest)));
    }
}

/// Writes now and then what a flood of requests to unknown addresses came to.
async fn write_noted(ingest: Arc<Ingest<StoreRecorder, SystemClock>>) -> Outcome {
    loop {
        tokio::time::sleep(NOTE_EVERY).await;
        ingest.write_noted().await;
    }
}

/// The checks of `algohook doctor` that tell whether an alert can come from outside.
fn connection_watch(base_url: String, running: RunningServer, config: &Config) -> ConnectionWatch {
    let (running, data_dir) = (Arc::new(running), Arc::new(config.data_dir.clone()));
    ConnectionWatch::of(base_url, config.is_demo, move || {
        let (running, data_dir) = (Arc::clone(&running), Arc::clone(&data_dir));
        async move {
            let findings = doctor::outside(&running, &data_dir).await;
            findings.into_iter().map(Check::from).collect()
        }
    })
}

impl From<doctor::Finding> for Check {
    fn from(finding: doctor::Finding) -> Self {
        Self {
            check: finding.check.to_owned(),
            verdict: match finding.verdict {
                doctor::Verdict::Good => Verdict::Good,
                doctor::Verdict::Notice => Verdict::Notice,
                doctor::Verdict::Bad => Verdict::Bad,
            },
            found: finding.found,
            next: finding.next,
        }
    }
}

/// The parts that the routes are made of.
struct Parts {
    store: Arc<Store>,
    backups: BackupState,
    clock: SystemClock,
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    base_url: String,
    connection: ConnectionWatch,
    certificates: Option<Arc<Certificates>>,
    workers: Board,
    stopping: watch::Receiver<bool>,
}

fn routes(parts: Parts, config: &Config) -> Routes {
    let clock = parts.clock;
    let recorder = StoreRecorder::new(Arc::clone(&parts.store));
    let health = HealthCheck::of(Arc::clone(&parts.store));
    let limit = RateLimit(config.rate_limit);
    let registry = Arc::clone(&parts.registry);
    let known = Arc::new(KnownAddresses::new(Arc::clone(&registry)));
    let ingest = Arc::new(Ingest::new(registry, recorder, clock, limit));
    let hashes = parts.metrics.password_hashes.clone();
    let context = Context {
        access: Access::new(Arc::clone(&parts.store), clock, hashes),
        store: parts.store,
        registry: parts.registry,
        ingest: Arc::clone(&ingest),
        clock,
        base_url: parts.base_url,
        workers: parts.workers,
        stopping: parts.stopping,
        vault: Vault::of(&config.data_dir),
        upstream: config.upstream.as_ref().map(|(url, _)| url.clone()),
        connection: parts.connection,
        importing: Importing::default(),
        reports: ReportCache::default(),
        expectations: ExpectationCache::default(),
        simulating: Semaphore::new(1),
        comparing: Comparing::default(),
        earnings: EarningsCache::default(),
        backups: parts.backups,
        retention: config.retention,
        certificate: CertificateWatch {
            certificates: parts.certificates,
            data_dir: is_from_authority(config).then(|| config.data_dir.clone()),
        },
    };
    let budget = Arc::new(BodyBudget::new(Arc::clone(&known)));
    Routes {
        hooks: Hooks {
            ingest,
            metrics: Arc::clone(&parts.metrics),
            body_timeout: config.body_timeout,
            budget: Arc::clone(&budget),
            known: Arc::clone(&known),
            in_hand: Arc::default(),
        },
        api: Api::new(Arc::new(context), config.body_timeout, budget, known),
        health,
        metrics: parts.metrics,
    }
}

/// The state outside the database that faults are found in.
fn surroundings(
    config: &Config,
    store: &Store,
    workers: Board,
    listeners: &Listeners,
) -> Surroundings {
    Surroundings {
        backups: BackupState::of(config.backup_folder.clone()),
        workers,
        certificates: listeners.certificates(),
        authority_dir: is_from_authority(config).then(|| config.data_dir.clone()),
        capacity: store.capacity().clone(),
        vault: Vault::of(&config.data_dir),
        upstream: config.upstream.as_ref().map(|(url, _)| url.clone()),
    }
}

/// True if an authority gives the certificate.
fn is_from_authority(config: &Config) -> bool {
    matches!(config.public.certificate, Some(CertificateSource::Acme(_)))
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
        upstream: config.upstream.as_ref().map(|(url, _)| url.clone()),
        has_credential: vault::has_credential(),
    }
}

/// Address of the page: the public one where that answers it, else the local one.
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
    let is_open = !local.ip().is_loopback() && !is_for_proxy;
    if is_open && is_in_container() {
        // Only the host knows who reaches it.
        tracing::info!(
            "the page is on {local} inside the container, without encryption: publish it to the host alone, as \
             -p 127.0.0.1:{port}:{port}",
            port = local.port()
        );
    } else if is_open {
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
    let link = access::new_link().context("the system gives no random bytes")?;
    let secret = link.secret.clone();
    let write = store
        .writer()
        .run_in_turn(move |context| link.keep(context.connection));
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
