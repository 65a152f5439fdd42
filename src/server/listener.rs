//! Connections: accepted where there is a slot for them, and ended in good order.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::{Request, Response};
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::connection::{Connection, Open};
use super::connection_slots::{Admission, Rank, Slot, Slots};
use crate::http::body::Body;
use crate::http::client::Client;
use crate::http::known_addresses::{Acquaintance, KnownAddresses};
use crate::logging::Rarely;
use crate::metrics::Metrics;

/// The handler of requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request.
    fn handle(
        &self,
        request: Request<Incoming>,
        client: Client,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// Limits of room and time for connections.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections that are open at once.
    pub max_connections: usize,
    /// Time for the headers of a request, counted from the opening of the
    /// connection or from the answer before: it ends idle connections too. A write
    /// that makes no progress has the same time.
    pub header_timeout: Duration,
    /// Time after which a connection that showed neither a right key nor a login ends.
    pub stranger_age: Duration,
    /// True if HTTP/2 without TLS is spoken too.
    pub http2: bool,
    /// Time that alerts in hand get to be recorded once the server stops.
    pub shutdown_grace: Duration,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// True if the programs of this machine are the owner's: where no stranger comes, or
    /// only through a proxy that waits for slow ones itself.
    pub trusts_this_machine: bool,
}

impl ConnectionLimits {
    /// The rank of a client.
    fn rank(&self, peer: IpAddr, known: &KnownAddresses) -> Rank {
        let peer = peer.to_canonical();
        let mut proxies = self.trusted_proxies.iter();
        // Behind a proxy all come from one address.
        if proxies.any(|network| network.contains(&peer))
            || (self.trusts_this_machine && peer.is_loopback())
        {
            return Rank::Own;
        }
        match known.acquaintance(peer) {
            Acquaintance::Stranger => Rank::Stranger,
            Acquaintance::Familiar => Rank::Familiar,
            Acquaintance::TradingView => Rank::Own,
        }
    }
}

/// The transport of a connection.
#[derive(Clone)]
pub enum Transport {
    /// As they are.
    Plain,
    /// In TLS.
    Tls(TlsAcceptor),
}

/// Wait after an accept that failed, as it does when files run out; twice as long after
/// each further one, up to the longest.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// A listener and all that its connections share.
pub struct Server<H> {
    /// Accepts the connections.
    pub listener: TcpListener,
    /// Their transport.
    pub transport: Transport,
    /// The handler of their requests.
    pub handler: Arc<H>,
    /// Their limits of room and time.
    pub limits: ConnectionLimits,
    /// The addresses that are no strangers.
    pub known: Arc<KnownAddresses>,
    /// The server's counters.
    pub metrics: Arc<Metrics>,
}

/// Accepts connections until `shutdown` ends. Then what is in hand is answered, and
/// everything else ends.
pub async fn serve<H: Handler>(server: Server<H>, shutdown: impl Future<Output = ()>) {
    let Server {
        listener,
        transport,
        handler,
        limits,
        known,
        metrics,
    } = server;
    let limits = Arc::new(limits);
    let slots = Slots::new(limits.max_connections);
    let (stop, stopping) = watch::channel(false);
    let accept = async {
        loop {
            let (stream, peer) = accept(&listener, &slots).await;
            let rank = limits.rank(peer, &known);
            let Some(slot) = slot(&slots, peer, rank).await else {
                continue;
            };
            let connection = Connection {
                handler: Arc::clone(&handler),
                limits: Arc::clone(&limits),
                peer,
                rank,
                slot,
                stopping: stopping.clone(),
                _open: Open::count(&metrics),
            };
            tokio::spawn(connection.run(stream, transport.clone()));
        }
    };
    tokio::select! {
        () = accept => {}
        () = shutdown => {}
    }
    drop((listener, stopping));
    stop.send_replace(true);
    if tokio::time::timeout(limits.shutdown_grace, stop.closed())
        .await
        .is_err()
    {
        let open = slots.taken();
        tracing::warn!(
            open,
            "connections were still open when the time to finish was over"
        );
    }
}

/// The next connection. Where it cannot be had the listener waits a while, for it would
/// fail again at once.
async fn accept(listener: &TcpListener, slots: &Slots) -> (TcpStream, IpAddr) {
    static FAILED: Rarely = Rarely::new();
    let mut pause = ACCEPT_PAUSE;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer.ip()),
            Err(error) => {
                // The usual cause is that files have run out, and a stranger's slot is one.
                let is_freed = slots.evict_oldest();
                if let Some(unsaid) = FAILED.say() {
                    tracing::warn!(%error, unsaid, "connections could not be accepted");
                }
                tokio::time::sleep(if is_freed { ACCEPT_PAUSE } else { pause }).await;
                pause = (pause * 2).min(LONGEST_ACCEPT_PAUSE);
            }
        }
    }
}

/// A slot for the one who connected, as soon as there is one; none for a stranger whose
/// share is used up.
async fn slot(slots: &Arc<Slots>, peer: IpAddr, rank: Rank) -> Option<Slot> {
    loop {
        match slots.admit(peer, rank) {
            Admission::Slot(slot) => return Some(slot),
            Admission::Refused => return None,
            Admission::Full => slots.freed().await,
        }
    }
}
