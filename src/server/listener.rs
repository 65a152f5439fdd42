//! Connections: accepted up to a cap, given time, and ended in good order.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::body::Body;
use super::client::Client;
use crate::metrics::Metrics;

/// What answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request.
    fn handle(
        &self,
        request: Request<Incoming>,
        client: Client,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// How much room and time connections get.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections that are open at once; further ones wait to be accepted.
    pub max_connections: usize,
    /// Time for the headers of a request, counted from the opening of the
    /// connection or from the answer before: it ends idle connections too.
    pub header_timeout: Duration,
    /// Whether HTTP/2 without TLS is spoken too.
    pub http2: bool,
    /// Time that requests get to finish once the server stops.
    pub shutdown_grace: Duration,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// Bytes that the headers of a request may have.
const HEADER_BYTES: usize = 16 * 1024;

/// Wait after an accept that failed, as it does when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until `shutdown` ends, then lets the requests that are
/// in flight finish.
pub async fn serve<H: Handler>(
    listener: TcpListener,
    handler: Arc<H>,
    limits: ConnectionLimits,
    metrics: Arc<Metrics>,
    shutdown: impl Future<Output = ()>,
) {
    let limits = Arc::new(limits);
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let graceful = GracefulShutdown::new();
    let accept = async {
        loop {
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let connection = Connection {
                        handler: Arc::clone(&handler),
                        limits: Arc::clone(&limits),
                        metrics: Arc::clone(&metrics),
                        peer: peer.ip(),
                        _place: place,
                    };
                    tokio::spawn(connection.run(stream, graceful.watcher()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = accept => {}
        () = shutdown => {}
    }
    drop(listener);
    if tokio::time::timeout(limits.shutdown_grace, graceful.shutdown())
        .await
        .is_err()
    {
        let open = limits.max_connections - places.available_permits();
        tracing::warn!(
            open,
            "connections were still open when the time to finish was over"
        );
    }
}

/// One open connection and the place that it takes.
struct Connection<H> {
    handler: Arc<H>,
    limits: Arc<ConnectionLimits>,
    metrics: Arc<Metrics>,
    peer: IpAddr,
    _place: OwnedSemaphorePermit,
}

impl<H: Handler> Connection<H> {
    async fn run(self, stream: TcpStream, watcher: Watcher) {
        self.metrics.open_connections.inc();
        // Without it small answers wait for the peer's acknowledgement.
        let _ = stream.set_nodelay(true);
        let mut builder = auto::Builder::new(TokioExecutor::new());
        // hyper counts this from the moment it waits for a request, so that it
        // ends dribbled headers and idle connections alike.
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .max_buf_size(HEADER_BYTES);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(self.limits.header_timeout);
        if !self.limits.http2 {
            builder = builder.http1_only();
        }
        let handler = Arc::clone(&self.handler);
        let limits = Arc::clone(&self.limits);
        let peer = self.peer;
        let service = service_fn(move |request: Request<Incoming>| {
            let handler = Arc::clone(&handler);
            let client = Client::of_request(peer, request.headers(), &limits.trusted_proxies);
            async move { Ok::<_, Infallible>(handler.handle(request, client).await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, peer = %self.peer, "a connection ended early");
        }
        self.metrics.open_connections.dec();
    }
}
