//! The way to the authority: one HTTPS connection for each request.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Bytes;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::issue::AcmeError;
use crate::resolve;

/// Time for one request, from looking up the name to the last byte.
const PATIENCE: Duration = Duration::from_secs(30);

/// Talks to an authority whose certificate is signed by a root that is trusted.
#[derive(Clone)]
pub struct Client {
    connector: TlsConnector,
}

impl Client {
    /// A client that trusts Mozilla's roots, or only those of a file.
    pub fn new(own_roots: Option<&Path>) -> Result<Self, AcmeError> {
        let roots = match own_roots {
            Some(path) => roots_of(path)?,
            None => RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            },
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| AcmeError::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
        })
    }

    async fn send(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let sent = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        let sent = sent.unwrap_or_else(|_| Err("it did not answer in 30 seconds".into()));
        sent.map_err(Error::Other)
    }

    async fn exchange(
        self,
        mut request: Request<BodyWrapper<Bytes>>,
    ) -> Result<BytesResponse, Box<dyn std::error::Error + Send + Sync>> {
        if request.uri().scheme_str() != Some("https") {
            return Err("an authority has to be asked over https://".into());
        }
        let authority = request
            .uri()
            .authority()
            .ok_or("there is no host in its address")?;
        let (host, port) = (
            authority.host().to_owned(),
            authority.port_u16().unwrap_or(443),
        );
        let host_header = authority.as_str().parse()?;
        let path = request.uri().path_and_query();
        let path = path.map_or("/", |path| path.as_str()).parse()?;
        *request.uri_mut() = path;
        request.headers_mut().insert(HOST, host_header);
        let stream = self.connect(&host, port).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(BytesResponse::from(sender.send_request(request).await?))
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(io::Error::other)?;
        let addresses = resolve::lookup(host, port)
            .await
            .map_err(|error| io::Error::other(format!("cannot look up {host}: {error}")))?;
        let stream = TcpStream::connect(&addresses[..])
            .await
            .map_err(|error| io::Error::other(format!("cannot connect to {host}: {error}")))?;
        self.connector.connect(name, stream).await
    }
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().send(request))
    }
}

fn roots_of(path: &Path) -> Result<RootCertStore, AcmeError> {
    let unusable = |why: String| AcmeError::Roots {
        path: path.display().to_string(),
        why,
    };
    let mut roots = RootCertStore::empty();
    for certificate in
        CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))?
    {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("there is no certificate in it".to_owned()));
    }
    Ok(roots)
}
