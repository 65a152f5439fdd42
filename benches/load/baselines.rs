//! The servers to compare with: algohook's own in all but the recording, and hyper alone.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use algohook::domain::event::{EventId, EventStatus};
use algohook::domain::order::OrderId;
use algohook::domain::webhook::WebhookId;
use algohook::ingest::{Ingest, RateLimit, Recorder, Registry, SystemClock};
use algohook::journal::deliveries::{self, Delivery, Reading, Recorded};
use algohook::metrics::Metrics;
use algohook::platform::stop_requested;
use algohook::server::hooks::Hooks;
use algohook::server::listener::{self, ConnectionLimits};
use algohook::store::rejections::Rejection;
use algohook::store::{self, Memory, Result, Store, StoreError, StoreOptions, WriteContext};
use anyhow::bail;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rusqlite::Connection;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::servers::{Kind, LISTENS, MAX_CONNECTIONS, RATE_LIMIT};

/// The argument that makes a server of this executable.
pub const COMMAND: &str = "serve";

/// Serves until the process is killed.
pub fn serve(kind: Kind, data_dir: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if kind == Kind::BareHyper {
        return runtime.block_on(listen_bare());
    }
    runtime.block_on(async {
        let registry = Registry::default();
        let store = Store::open(data_dir, &StoreOptions::default())?;
        registry.load(&store).await?;
        let database = store.path().to_owned();
        drop(store);
        match kind {
            Kind::Durable | Kind::BareHyper => bail!("{kind} has no recorder here"),
            Kind::NotStoring => listen(registry, NotStoring::default()).await,
            Kind::OneByOne => listen(registry, OneByOne::open(&database)?).await,
        }
    })
}

async fn listen(registry: Registry, recorder: impl Recorder) -> anyhow::Result<()> {
    let stop = stop_requested()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{LISTENS}{}", listener.local_addr()?);
    let limit = RateLimit(RATE_LIMIT);
    let ingest = Ingest::new(Arc::new(registry), recorder, SystemClock::start(), limit);
    let metrics = Arc::new(Metrics::default());
    let hooks = Hooks {
        ingest: Arc::new(ingest),
        metrics: Arc::clone(&metrics),
        body_timeout: Duration::from_secs(10),
        budget: Arc::default(),
        known: Arc::default(),
        in_hand: Arc::default(),
    };
    let limits = ConnectionLimits {
        max_connections: MAX_CONNECTIONS,
        header_timeout: Duration::from_secs(15),
        http2: false,
        shutdown_grace: Duration::from_secs(10),
        trusted_proxies: Vec::new(),
        stranger_age: Duration::from_secs(25),
        trusts_this_machine: true,
    };
    let server = listener::Server {
        listener,
        transport: listener::Transport::Plain,
        handler: Arc::new(hooks),
        limits,
        known: Arc::default(),
        metrics,
    };
    listener::serve(server, stop).await;
    Ok(())
}

/// Reads every body and answers 200: what HTTP alone costs.
async fn listen_bare() -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{LISTENS}{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = service_fn(|request: Request<Incoming>| async {
            request.into_body().collect().await?;
            Ok::<_, hyper::Error>(Response::new(Full::new(Bytes::from_static(b"{}"))))
        });
        // A client that leaves ends its connection as it likes.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

/// Answers as if everything were recorded.
#[derive(Default)]
struct NotStoring {
    newest: AtomicI64,
}

impl Recorder for NotStoring {
    async fn record(&self, delivery: Arc<Delivery>) -> Result<Recorded> {
        let number = self.newest.fetch_add(1, Ordering::Relaxed) + 1;
        let Reading::Signal(parsed) = &delivery.reading else {
            return Err(StoreError::Unavailable(
                "the load has valid alerts only".to_owned(),
            ));
        };
        Ok(Recorded {
            event: EventId(number),
            status: EventStatus::Processed,
            sized: None,
            order: Some(OrderId(number)),
            warnings: parsed.warnings.clone(),
            repeats: None,
            error: None,
        })
    }

    async fn reject(&self, _webhook: WebhookId, _rejection: Rejection) -> Result<()> {
        Ok(())
    }
}

/// Records as algohook does, but commits every alert by itself.
struct OneByOne {
    written: Arc<Mutex<Written>>,
}

/// What the writer thread has in algohook.
struct Written {
    connection: Connection,
    memory: Memory,
}

impl OneByOne {
    fn open(database: &Path) -> Result<Self> {
        let written = Written {
            connection: store::open_for_writing(database)?,
            memory: Memory::default(),
        };
        Ok(Self {
            written: Arc::new(Mutex::new(written)),
        })
    }
}

impl Recorder for OneByOne {
    async fn record(&self, delivery: Arc<Delivery>) -> Result<Recorded> {
        // Locked before a thread is taken, so that no threads wait in line.
        let mut written = Arc::clone(&self.written).lock_owned().await;
        let recorded = tokio::task::spawn_blocking(move || written.record(&delivery));
        recorded
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))?
    }

    async fn reject(&self, _webhook: WebhookId, _rejection: Rejection) -> Result<()> {
        Ok(())
    }
}

impl Written {
    fn record(&mut self, delivery: &Delivery) -> Result<Recorded> {
        let statement = |sql| self.connection.prepare_cached(sql)?.execute([]);
        statement("BEGIN IMMEDIATE")?;
        let mut context = WriteContext {
            connection: &self.connection,
            memory: &mut self.memory,
        };
        let recorded = deliveries::record(&mut context, delivery);
        statement(if recorded.is_ok() {
            "COMMIT"
        } else {
            "ROLLBACK"
        })?;
        recorded
    }
}
