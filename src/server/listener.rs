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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

use super::activity::Activity;
use super::per_address::{Counted, PerAddress};
use crate::http::body::Body;
use crate::http::client::Client;
use crate::ingest::PeerCertificate;
use crate::metrics::Metrics;
use crate::tls;

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
    /// Whether an address has only a share of the connections: where strangers come.
    pub has_shares: bool,
}

impl ConnectionLimits {
    /// Whether a peer is a proxy that is trusted.
    fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        let mut proxies = self.trusted_proxies.iter();
        proxies.any(|network| network.contains(&peer))
    }
}

/// How the bytes of a connection travel.
#[derive(Clone)]
pub enum Transport {
    /// As they are.
    Plain,
    /// In TLS.
    Tls(TlsAcceptor),
}

/// Bytes that the headers of a request may have.
const HEADER_BYTES: usize = 16 * 1024;

/// Requests of one HTTP/2 connection at a time.
const CONCURRENT_STREAMS: u32 = 16;

/// Bytes that one HTTP/2 connection may send before they are read: more than an alert
/// has, and no more than HTTP/2 gives a connection in any case.
const WINDOW: u32 = 64 * 1024 - 1;

/// Wait after an accept that failed, as it does when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until `shutdown` ends, then lets the requests that are
/// in flight finish.
pub async fn serve<H: Handler>(
    listener: TcpListener,
    transport: Transport,
    handler: Arc<H>,
    limits: ConnectionLimits,
    metrics: Arc<Metrics>,
    shutdown: impl Future<Output = ()>,
) {
    let limits = Arc::new(limits);
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let per_address = PerAddress::quarter_of(limits.max_connections);
    let graceful = GracefulShutdown::new();
    let accept = async {
        loop {
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    // Behind a proxy all come from one address.
                    let counted = if limits.has_shares && !limits.trusts(peer.ip()) {
                        match per_address.admit(peer.ip()) {
                            Some(counted) => Some(counted),
                            None => continue,
                        }
                    } else {
                        None
                    };
                    let connection = Connection {
                        handler: Arc::clone(&handler),
                        limits: Arc::clone(&limits),
                        peer: peer.ip(),
                        activity: Arc::new(Activity::default()),
                        _open: Open::count(&metrics),
                        _place: place,
                        _counted: counted,
                    };
                    let watcher = graceful.watcher();
                    match &transport {
                        Transport::Plain => {
                            tokio::spawn(connection.run_plain(stream, watcher));
                        }
                        Transport::Tls(acceptor) => {
                            tokio::spawn(connection.run_tls(stream, acceptor.clone(), watcher));
                        }
                    }
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

/// Which versions of HTTP a connection may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Versions {
    Http1,
    Http2,
    Both,
}

/// One open connection and the place that it takes.
struct Connection<H> {
    handler: Arc<H>,
    limits: Arc<ConnectionLimits>,
    peer: IpAddr,
    activity: Arc<Activity>,
    _open: Open,
    _place: OwnedSemaphorePermit,
    _counted: Option<Counted>,
}

impl<H: Handler> Connection<H> {
    async fn run_plain(self, stream: TcpStream, watcher: Watcher) {
        // Without it small answers wait for the peer's acknowledgement.
        let _ = stream.set_nodelay(true);
        let versions = if self.limits.http2 {
            Versions::Both
        } else {
            Versions::Http1
        };
        self.run(Box::new(stream), watcher, versions, Origin::default())
            .await;
    }

    async fn run_tls(self, stream: TcpStream, acceptor: TlsAcceptor, watcher: Watcher) {
        let _ = stream.set_nodelay(true);
        let handshake = tokio::time::timeout(self.limits.header_timeout, acceptor.accept(stream));
        let stream = match handshake.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(%error, peer = %self.peer, "a TLS handshake failed");
                return;
            }
            Err(_) => {
                tracing::debug!(peer = %self.peer, "a TLS handshake took too long");
                return;
            }
        };
        let versions = match stream.get_ref().1.alpn_protocol() {
            // The handshake was all that an authority wanted.
            Some(tls::ALPN_CHALLENGE) => return,
            Some(tls::ALPN_HTTP2) => Versions::Http2,
            _ => Versions::Http1,
        };
        let chain = stream.get_ref().1.peer_certificates();
        let chain = chain.map(|chain| chain.iter().map(|der| der.to_vec()).collect());
        let origin = Origin {
            is_tls: true,
            certificate: chain.map(|chain| Arc::new(PeerCertificate::new(chain))),
        };
        self.run(Box::new(stream), watcher, versions, origin).await;
    }

    async fn run(
        self,
        stream: Box<dyn Wire>,
        watcher: Watcher,
        versions: Versions,
        origin: Origin,
    ) {
        let builder = self.builder(versions);
        let (handler, limits) = (Arc::clone(&self.handler), Arc::clone(&self.limits));
        let (peer, activity) = (self.peer, Arc::clone(&self.activity));
        let service = service_fn(move |request: Request<Incoming>| {
            let handler = Arc::clone(&handler);
            let mut client = Client::of_request(peer, request.headers(), &limits.trusted_proxies);
            client.is_secure |= origin.is_tls;
            client.certificate.clone_from(&origin.certificate);
            let busy = activity.begin();
            async move {
                let response = handler.handle(request, client).await;
                // An answer that is still sent keeps the connection, too.
                Ok::<_, Infallible>(response.map(|body| busy.keep_with(body)))
            }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            ended = watcher.watch(connection) => if let Err(error) = ended {
                tracing::debug!(%error, peer = %self.peer, "a connection ended early");
            },
            () = self.activity.idle_for(self.limits.header_timeout), if versions != Versions::Http1 => {
                tracing::debug!(peer = %self.peer, "an idle HTTP/2 connection was closed");
            }
        }
    }

    fn builder(&self, versions: Versions) -> auto::Builder<TokioExecutor> {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        // hyper counts this from the moment it waits for a request, so that it
        // ends dribbled headers and idle connections alike.
        builder
            .http1()
            .timer(TokioTimer::new())
            // Who sends no more may still wait for the answer.
            .half_close(true)
            .header_read_timeout(self.limits.header_timeout)
            .max_buf_size(HEADER_BYTES);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
            .max_concurrent_streams(CONCURRENT_STREAMS)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .keep_alive_interval(self.limits.header_timeout);
        match versions {
            Versions::Http1 => builder.http1_only(),
            Versions::Http2 => builder.http2_only(),
            Versions::Both => builder,
        }
    }
}

/// What bytes travel on. Boxed, so that the binary has one HTTP server in it, not
/// one for each kind.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// What is known of every request of a connection.
#[derive(Debug, Clone, Default)]
struct Origin {
    /// Whether it came in TLS.
    is_tls: bool,
    /// The certificate that the other side showed.
    certificate: Option<Arc<PeerCertificate>>,
}

/// Counts a connection as open for as long as it lives.
struct Open(Arc<Metrics>);

impl Open {
    fn count(metrics: &Arc<Metrics>) -> Self {
        metrics.open_connections.inc();
        Self(Arc::clone(metrics))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open_connections.dec();
    }
}
