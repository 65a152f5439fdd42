//! One connection, from the handshake to its end.
//!
//! Whoever is on the other side may say nothing, say it slowly, or read nothing. Each of
//! these has its time: the handshake and the headers of a request, the body, an answer that
//! is not read, and for a stranger all of it together.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::activity::Activity;
use super::connection_slots::{Rank, Slot};
use super::listener::{ConnectionLimits, Handler, Transport};
use super::wire::Wire;
use crate::http::client::Client;
use crate::http::standing::Standing;
use crate::ingest::PeerCertificate;
use crate::metrics::Metrics;
use crate::tls;

/// Bytes that the headers of a request may have.
const HEADER_BYTES: usize = 16 * 1024;

/// Requests of one HTTP/2 connection at a time.
const CONCURRENT_STREAMS: u32 = 16;

/// Bytes that one HTTP/2 connection may send before they are read: more than an alert
/// has, and no more than HTTP/2 gives a connection in any case.
const WINDOW: u32 = 64 * 1024 - 1;

/// Time for what is on its way when a connection is to end: half a second's stop has room
/// for it, and an answer needs less.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Time for the request that a stranger is at when its age is reached.
const LAST_REQUEST: Duration = Duration::from_secs(5);

/// The versions of HTTP that a connection may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Versions {
    Http1,
    Http2,
    Both,
}

/// One open connection and the slot that it takes.
pub(super) struct Connection<H> {
    pub handler: Arc<H>,
    pub limits: Arc<ConnectionLimits>,
    pub peer: IpAddr,
    pub rank: Rank,
    pub slot: Slot,
    /// True once the server stops.
    pub stopping: watch::Receiver<bool>,
    /// Counts it as open.
    pub _open: Open,
}

impl<H: Handler> Connection<H> {
    /// Serves it until it ends by itself or has to.
    pub async fn run(self, stream: TcpStream, transport: Transport) {
        let peer = self.peer;
        let standing = Arc::clone(self.slot.standing());
        tokio::select! {
            () = self.serve(stream, transport) => {}
            () = standing.evicted() => {
                tracing::debug!(%peer, "a stranger's connection was closed for another");
            }
            () = self.outstayed() => {
                tracing::debug!(%peer, "a stranger's connection was closed for its age");
            }
            () = self.cut_off() => {}
        }
    }

    async fn serve(&self, stream: TcpStream, transport: Transport) {
        let standing = Arc::clone(self.slot.standing());
        let stream = Wire::new(stream, standing, self.limits.header_timeout);
        match transport {
            Transport::Plain if self.limits.http2 => {
                self.speak(Box::new(stream), Versions::Both, Origin::default())
                    .await;
            }
            Transport::Plain => {
                self.speak(Box::new(stream), Versions::Http1, Origin::default())
                    .await;
            }
            Transport::Tls(acceptor) => self.shake_hands(stream, acceptor).await,
        }
    }

    async fn shake_hands(&self, stream: Wire, acceptor: TlsAcceptor) {
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
        self.speak(Box::new(stream), versions, origin).await;
    }

    async fn speak(&self, stream: Box<dyn Stream>, versions: Versions, origin: Origin) {
        let builder = self.builder(versions);
        let activity = Arc::new(Activity::default());
        let (handler, limits) = (Arc::clone(&self.handler), Arc::clone(&self.limits));
        let (peer, standing) = (self.peer, Arc::clone(self.slot.standing()));
        let requests = Arc::clone(&activity);
        let service = service_fn(move |request: Request<Incoming>| {
            let handler = Arc::clone(&handler);
            let mut client = Client::of_request(peer, request.headers(), &limits.trusted_proxies);
            client.is_secure |= origin.is_tls;
            client.certificate.clone_from(&origin.certificate);
            client.connection = Arc::clone(&standing);
            let busy = requests.begin();
            async move {
                let response = handler.handle(request, client).await;
                // An answer that is still sent keeps the connection, too.
                Ok::<_, Infallible>(response.map(|body| busy.keep_with(body)))
            }
        });
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut is_last = pin!(self.last_request());
        let mut is_ending = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, %peer, "a connection ended early");
                    }
                    return;
                }
                () = is_last.as_mut(), if !is_ending => {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = activity.abandoned(self.limits.header_timeout), if versions != Versions::Http1 => {
                    tracing::debug!(%peer, "an abandoned HTTP/2 connection was closed");
                    return;
                }
            }
        }
    }

    /// Ends when no further request is taken: the server stops, or a stranger was here long.
    async fn last_request(&self) {
        tokio::select! {
            () = self.stop() => {}
            () = self.stranger_for(self.limits.stranger_age) => {}
        }
    }

    /// Ends when a stranger has been here for longer than it may.
    async fn outstayed(&self) {
        self.stranger_for(self.limits.stranger_age + LAST_REQUEST)
            .await;
        self.standing().in_hand().emptied().await;
    }

    /// Ends after so much time if the client is still a stranger; else it never ends.
    async fn stranger_for(&self, time: Duration) {
        sleep(time).await;
        if self.rank == Rank::Own || !self.standing().is_stranger() {
            std::future::pending::<()>().await;
        }
    }

    /// Ends when the server stops and waits no longer: for alerts that are in hand, and
    /// for what is on its way.
    async fn cut_off(&self) {
        self.stop().await;
        sleep(LAST_WORDS).await;
        let in_hand = self.standing().in_hand();
        if !in_hand.is_empty() {
            in_hand.emptied().await;
            sleep(LAST_WORDS).await;
        }
    }

    async fn stop(&self) {
        let mut stopping = self.stopping.clone();
        // Nobody is left to say so only after the stop.
        let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
    }

    fn standing(&self) -> &Standing {
        self.slot.standing()
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

/// The transport of bytes. Boxed, so that the binary has one HTTP server in it, not
/// one for each kind.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The facts that hold for every request of a connection.
#[derive(Debug, Clone, Default)]
struct Origin {
    /// True if it came in TLS.
    is_tls: bool,
    /// The certificate that the other side showed.
    certificate: Option<Arc<PeerCertificate>>,
}

/// Counts a connection as open for as long as it lives.
pub(super) struct Open(Arc<Metrics>);

impl Open {
    pub fn count(metrics: &Arc<Metrics>) -> Self {
        metrics.open_connections.inc();
        Self(Arc::clone(metrics))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open_connections.dec();
    }
}
