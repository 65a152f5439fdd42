//! One request, one answer.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HOST, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::addresses::Reach;
use super::connect::Target;
use super::error::OutboundError;
use super::proxy::Proxy;
use super::roots::{Roots, RootsError};

/// Bytes of the head of an answer.
const LARGEST_HEAD: usize = 64 * 1024;

/// Bounds of one exchange.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time to look a name up and to connect.
    pub connecting: Duration,
    /// Time for all of it.
    pub overall: Duration,
    /// Bytes of the answer's body that are read.
    pub answer: usize,
}

/// An HTTPS client that opens a connection for each request.
#[derive(Clone)]
pub struct Client {
    /// None where nothing but plain HTTP is spoken.
    tls: Option<TlsConnector>,
    reach: Reach,
    /// True if other addresses are passed over.
    only_ipv4: bool,
    /// Proxy of all connections, if any.
    proxy: Option<Proxy>,
    /// The file of the authorities that are trusted, where it is not Mozilla's.
    roots: Option<PathBuf>,
    limits: Limits,
}

/// An answer whose head is there.
pub(super) struct Begun {
    pub(super) host: String,
    pub(super) response: Response<Incoming>,
    /// Drives the connection until it is dropped.
    pub(super) running: JoinSet<hyper::Result<()>>,
}

/// A connection, encrypted or not.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Answer of the other side.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as far as it was read.
    pub body: Bytes,
    /// True if there was more of it.
    pub is_cut: bool,
}

impl Client {
    /// A client that knows others by `roots`.
    ///
    /// # Errors
    ///
    /// [`RootsError`] where there are none.
    pub fn new(roots: Roots<'_>, reach: Reach, limits: Limits) -> Result<Self, RootsError> {
        let tls = TlsConnector::from(Arc::new(roots.config()?));
        let file = match roots {
            Roots::Mozilla => None,
            Roots::File(path) => Some(path.to_owned()),
        };
        Ok(Self {
            tls: Some(tls),
            roots: file,
            reach,
            only_ipv4: false,
            proxy: None,
            limits,
        })
    }

    /// The same client without IPv6, which TradingView does not use.
    #[must_use]
    pub fn over_ipv4(self) -> Self {
        Self {
            only_ipv4: true,
            ..self
        }
    }

    /// The same client with other bounds.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same client with all its connections through a proxy.
    #[must_use]
    pub fn through(self, proxy: Option<Proxy>) -> Self {
        Self { proxy, ..self }
    }

    /// A client for the server on this machine, which speaks plain HTTP there.
    #[must_use]
    pub fn local(limits: Limits) -> Self {
        Self {
            tls: None,
            roots: None,
            reach: Reach::Anywhere,
            only_ipv4: false,
            proxy: None,
            limits,
        }
    }

    /// The file of the authorities that are trusted, where it is not Mozilla's.
    #[must_use]
    pub fn roots_file(&self) -> Option<&Path> {
        self.roots.as_deref()
    }

    /// Connects to a host, to speak another protocol than HTTP; `is_secure` where that encrypts.
    ///
    /// # Errors
    ///
    /// [`OutboundError`].
    pub async fn connect(
        &self,
        host: &str,
        port: u16,
        is_secure: bool,
    ) -> Result<TcpStream, OutboundError> {
        let target = Target {
            is_tls: is_secure,
            host: host.to_owned(),
            port,
        };
        self.reach_target(&target, self.limits.connecting).await
    }

    /// Encrypts a connection to a host.
    ///
    /// # Errors
    ///
    /// [`OutboundError::Tls`].
    pub async fn encrypt(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, OutboundError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| OutboundError::Address(host.to_owned()))?;
        let failed = |source| OutboundError::Tls {
            host: host.to_owned(),
            source,
        };
        let none = || std::io::Error::other("this client speaks plain HTTP only");
        let tls = self.tls.as_ref().ok_or_else(|| failed(none()))?;
        let shaking = tokio::time::timeout(self.limits.connecting, tls.connect(name, stream));
        let shaken = shaking.await;
        shaken
            .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
            .map_err(failed)
    }

    /// Sends a request to the address that it names in full, and returns its answer once the
    /// head is there. Where it is not there within the overall time, the other side is silent.
    pub(super) async fn begin(&self, mut request: Request<Bytes>) -> Result<Begun, OutboundError> {
        let patience = self.limits.overall;
        let deadline = Instant::now() + patience;
        let target = Target::of(request.uri())?;
        address_to(&mut request)?;
        let connecting = self.limits.connecting.min(patience);
        let stream = self.reach_target(&target, connecting).await?;
        let stream: Box<dyn Duplex> = if target.is_tls {
            Box::new(self.encrypt(&target.host, stream).await?)
        } else {
            Box::new(stream)
        };
        let broken = |error: hyper::Error| broken(&target.host, &error);
        // Ends with the answer, however that ends.
        let mut running = JoinSet::new();
        let exchange = async {
            let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
                .max_buf_size(LARGEST_HEAD)
                .handshake(TokioIo::new(stream))
                .await
                .map_err(broken)?;
            running.spawn(connection);
            let sent = sender.send_request(request.map(Full::new)).await;
            sent.map_err(broken)
        };
        let response = tokio::time::timeout_at(deadline, exchange).await;
        let response = response.unwrap_or_else(|_| Err(silent(&target.host, patience)))?;
        Ok(Begun {
            host: target.host,
            response,
            running,
        })
    }

    async fn reach_target(
        &self,
        target: &Target,
        patience: Duration,
    ) -> Result<TcpStream, OutboundError> {
        let may_be = |address: &SocketAddr| !self.only_ipv4 || address.is_ipv4();
        match &self.proxy {
            Some(proxy) => proxy.connect(target, &self.reach, patience).await,
            None => target.connect(&self.reach, may_be, patience).await,
        }
    }

    /// Sends a request to the address that it names in full. A redirect is not followed.
    ///
    /// # Errors
    ///
    /// [`OutboundError`], which knows whether the request may have arrived.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Answer, OutboundError> {
        let overall = self.limits.overall;
        let deadline = Instant::now() + overall;
        let begun = self.begin(request).await?;
        let read = tokio::time::timeout_at(deadline, self.read(begun.response)).await;
        match read {
            Ok(read) => read.map_err(|error| broken(&begun.host, &error)),
            Err(_) => Err(silent(&begun.host, overall)),
        }
    }

    /// Sends a request whose answer is its status: where the body breaks off or never ends, what
    /// came of it until then is kept. A receiver that said `200` has taken the request, however
    /// slowly it goes on.
    ///
    /// # Errors
    ///
    /// [`OutboundError`], where not even the head of an answer came.
    pub async fn deliver(&self, request: Request<Bytes>) -> Result<Answer, OutboundError> {
        let deadline = Instant::now() + self.limits.overall;
        let begun = self.begin(request).await?;
        let (head, mut body) = begun.response.into_parts();
        let mut read = Vec::new();
        let reading = tokio::time::timeout_at(deadline, self.read_body(&mut body, &mut read)).await;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: read.into(),
            is_cut: !matches!(reading, Ok(Ok(false))),
        })
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Answer, hyper::Error> {
        let (head, mut body) = response.into_parts();
        let mut read = Vec::new();
        let is_cut = self.read_body(&mut body, &mut read).await?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: read.into(),
            is_cut,
        })
    }

    /// Reads a body up to the limit; true where there was more of it.
    async fn read_body(
        &self,
        body: &mut Incoming,
        read: &mut Vec<u8>,
    ) -> Result<bool, hyper::Error> {
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            let room = self.limits.answer - read.len();
            read.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Has a request name its host as a server expects it: in a header, and a path alone in its
/// first line.
fn address_to(request: &mut Request<Bytes>) -> Result<(), OutboundError> {
    let unusable = || OutboundError::Address(request.uri().to_string());
    let authority = request.uri().authority().ok_or_else(unusable)?;
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| unusable())?;
    let path = request.uri().path_and_query();
    let path = path.map_or("/", |path| path.as_str());
    let path = path.parse().map_err(|_| unusable())?;
    request.headers_mut().insert(HOST, host);
    request.headers_mut().entry(USER_AGENT).or_insert_with(|| {
        HeaderValue::from_static(concat!("algohook/", env!("CARGO_PKG_VERSION")))
    });
    *request.uri_mut() = path;
    Ok(())
}

/// The error of an exchange that broke.
pub(super) fn broken(host: &str, error: &hyper::Error) -> OutboundError {
    OutboundError::Broken {
        host: host.to_owned(),
        why: said(error),
    }
}

/// The error of a host that was silent for so long.
pub(super) fn silent(host: &str, after: Duration) -> OutboundError {
    OutboundError::Silent {
        host: host.to_owned(),
        after,
    }
}

/// hyper's text of an error, with its cause.
fn said(error: &hyper::Error) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const LIMITS: Limits = Limits {
        connecting: Duration::from_secs(5),
        overall: Duration::from_secs(20),
        answer: 1000,
    };

    /// A server that answers one connection with these bytes, and then hangs up or, where
    /// there are none, stays silent; and its address.
    async fn server(answer: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            if answer.is_empty() {
                std::future::pending::<()>().await;
            }
            let _ = stream.write_all(answer).await;
        });
        format!("http://{address}/path?query")
    }

    async fn get(client: &Client, url: &str) -> Result<Answer, OutboundError> {
        let request = Request::post(url).body(Bytes::from("body")).unwrap();
        client.send(request).await
    }

    #[tokio::test]
    async fn an_answer_is_read_up_to_its_limit() {
        let client = Client::local(LIMITS);
        let url = server(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine").await;
        let answer = get(&client, &url).await.unwrap();
        assert_eq!(
            (answer.status, &*answer.body),
            (StatusCode::OK, &b"fine"[..])
        );
        assert!(!answer.is_cut);
        // Three gigabytes are promised; a thousand bytes are taken.
        let endless = Box::leak(
            [
                &b"HTTP/1.1 200 OK\r\ncontent-length: 3000000000\r\n\r\n"[..],
                &[b'x'; 10_000],
            ]
            .concat()
            .into_boxed_slice(),
        );
        let answer = get(&client, &server(endless).await).await.unwrap();
        assert!(answer.is_cut && answer.body.len() == 1000);
    }

    #[tokio::test]
    async fn a_receiver_that_said_200_has_taken_it_however_the_rest_comes() {
        let quick = Limits {
            overall: Duration::from_millis(300),
            ..LIMITS
        };
        // A body that breaks off, and one that never comes.
        let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nta";
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let slow = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(cut).await;
            std::future::pending::<()>().await;
        });
        for url in [server(cut).await, slow] {
            let request = Request::post(&url).body(Bytes::from("body")).unwrap();
            let answer = Client::local(quick).deliver(request).await.unwrap();
            assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"ta"[..]));
            assert!(answer.is_cut);
        }
        let request = Request::post(server(b"").await)
            .body(Bytes::from("body"))
            .unwrap();
        let silent = Client::local(quick).deliver(request).await.unwrap_err();
        assert!(silent.may_have_arrived());
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let redirect =
            b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
        let answer = get(&Client::local(LIMITS), &server(redirect).await).await;
        assert_eq!(answer.unwrap().status, StatusCode::FOUND);
    }

    #[tokio::test]
    async fn what_broke_or_stayed_silent_may_have_arrived_and_what_was_refused_has_not() {
        let quick = Limits {
            overall: Duration::from_millis(200),
            ..LIMITS
        };
        let silent = get(&Client::local(quick), &server(b"").await)
            .await
            .unwrap_err();
        assert!(matches!(silent, OutboundError::Silent { .. }), "{silent:?}");
        assert!(silent.may_have_arrived());
        let broken = get(&Client::local(LIMITS), &server(b"no HTTP").await).await;
        assert!(broken.unwrap_err().may_have_arrived());
        let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", unused.local_addr().unwrap());
        drop(unused);
        let refused = get(&Client::local(LIMITS), &url).await.unwrap_err();
        assert!(
            matches!(refused, OutboundError::Connect { .. }),
            "{refused:?}"
        );
        assert!(!refused.may_have_arrived());
    }

    #[tokio::test]
    async fn this_machine_is_not_reached_by_a_client_for_the_internet() {
        let allowed = Vec::new();
        let internet = Reach::Internet { allowed };
        let client = Client::new(Roots::Mozilla, internet, LIMITS).unwrap();
        for url in [
            "https://127.0.0.1:1/",
            "https://localhost:1/",
            "https://[::1]:1/",
            "https://169.254.169.254/latest/meta-data",
        ] {
            let refused = get(&client, url).await.unwrap_err();
            assert!(
                matches!(refused, OutboundError::Forbidden { .. }),
                "{refused:?}"
            );
        }
    }

    #[tokio::test]
    async fn nothing_is_sent_to_one_whose_certificate_nobody_trusts() {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![made.cert.der().clone()],
                made.signing_key.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "https://localhost:{}/",
            listener.local_addr().unwrap().port()
        );
        let shown = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            acceptor.accept(stream).await.map(drop)
        });
        let client = Client::new(Roots::Mozilla, Reach::Anywhere, LIMITS).unwrap();
        let refused = get(&client, &url).await.unwrap_err();
        assert!(matches!(refused, OutboundError::Tls { .. }), "{refused:?}");
        assert!(!refused.may_have_arrived());
        assert!(shown.await.unwrap().is_err());
    }
}
