//! Certificates made on the spot, and a client that speaks TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose,
    SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use tempfile::TempDir;

use super::{DataDir, PATIENCE, Server};

/// The host that the certificates of these tests are for.
pub const HOST: &str = "hooks.example.test";

/// An authority that signs what a test needs.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    /// What this one signs to let another one sign, as far as that goes.
    pub fn intermediate(&self, name: &str, is_ca: IsCa) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = is_ca;
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::signed_by(params, key, &self.issuer).unwrap();
        Self { issuer }
    }

    pub fn certificate(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for [`HOST`] with a serial number that tells it from others.
    pub fn for_host(&self, serial: u64) -> Signed {
        let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
        params.serial_number = Some(SerialNumber::from(serial));
        self.sign(&params)
    }

    pub fn sign(&self, params: &CertificateParams) -> Signed {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Signed {
            certificate_pem: certificate.pem(),
            certificate: certificate.der().clone(),
            key_pem: key.serialize_pem(),
            key: key.into(),
        }
    }
}

/// A certificate and its key.
pub struct Signed {
    pub certificate: CertificateDer<'static>,
    pub certificate_pem: String,
    pub key: PrivateKeyDer<'static>,
    pub key_pem: String,
}

impl Signed {
    /// Writes the two files that `--tls-cert` and `--tls-key` name.
    pub fn write_to(&self, directory: &Path) -> (PathBuf, PathBuf) {
        let (certificate, key) = (directory.join("cert.pem"), directory.join("key.pem"));
        std::fs::write(&certificate, &self.certificate_pem).unwrap();
        std::fs::write(&key, &self.key_pem).unwrap();
        (certificate, key)
    }
}

/// How a client connects.
pub struct TlsClient {
    roots: RootCertStore,
    pub alpn: Vec<&'static [u8]>,
    pub versions: Vec<&'static SupportedProtocolVersion>,
    pub identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

/// An open TLS connection.
pub type TlsStream = StreamOwned<ClientConnection, TcpStream>;

impl TlsClient {
    pub fn trusting(authority: &Authority) -> Self {
        Self::trusting_certificate(authority.certificate())
    }

    pub fn trusting_certificate(certificate: CertificateDer<'static>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        Self {
            roots,
            alpn: Vec::new(),
            versions: rustls::ALL_VERSIONS.to_vec(),
            identity: None,
        }
    }

    /// The same client with a certificate of its own.
    pub fn with_identity(mut self, signed: &Signed) -> Self {
        let chain = vec![signed.certificate.clone()];
        self.identity = Some((chain, signed.key.clone_key()));
        self
    }

    pub fn config(&self) -> ClientConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(self.roots.clone());
        let mut config = match &self.identity {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = self.alpn.iter().map(|alpn| alpn.to_vec()).collect();
        config
    }

    /// Connects and shakes hands.
    pub fn connect(&self, address: SocketAddr) -> std::io::Result<TlsStream> {
        Self::connect_with(self.config(), address)
    }

    pub fn connect_with(config: ClientConfig, address: SocketAddr) -> std::io::Result<TlsStream> {
        let tcp = TcpStream::connect(address)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        Self::secure_with(config, tcp)
    }

    /// Shakes hands on an open connection.
    pub fn secure(&self, tcp: TcpStream) -> std::io::Result<TlsStream> {
        Self::secure_with(self.config(), tcp)
    }

    fn secure_with(config: ClientConfig, mut tcp: TcpStream) -> std::io::Result<TlsStream> {
        let name = ServerName::try_from(HOST).unwrap();
        let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
        while connection.is_handshaking() {
            connection.complete_io(&mut tcp)?;
        }
        Ok(StreamOwned::new(connection, tcp))
    }

    /// One request on a connection of its own, for everything that comes back.
    pub fn exchange(&self, address: SocketAddr, request: &str) -> std::io::Result<String> {
        let mut stream = self.connect(address)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            // Not every end of a connection is announced.
            Err(error) if answer.is_empty() => Err(error),
            _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
        }
    }
}

/// The serial number of the certificate that the other side showed, or a part of a long one.
pub fn serial_of(stream: &TlsStream) -> u64 {
    use x509_parser::prelude::{FromDer, X509Certificate};
    let chain = stream.conn.peer_certificates().unwrap();
    let (_, certificate) = X509Certificate::from_der(&chain[0]).unwrap();
    let digits = certificate.serial.to_u64_digits();
    digits.first().copied().unwrap_or(0)
}

/// A request that ends its connection.
pub fn request(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A server that speaks HTTPS, and what its certificate is made of.
pub struct Secured {
    pub server: Server,
    pub authority: Authority,
    pub files: TempDir,
}

impl Secured {
    pub fn start() -> Self {
        Self::with(&[])
    }

    pub fn with(arguments: &[&str]) -> Self {
        let (authority, files) = (Authority::new("Test authority"), TempDir::new().unwrap());
        let (certificate, key) = authority.for_host(1).write_to(files.path());
        let mut all = vec!["--tls-cert", text(&certificate), "--tls-key", text(&key)];
        all.extend(["--public-listen", "127.0.0.1:0"]);
        all.extend(arguments);
        Self {
            server: Server::with(DataDir::new(), &all),
            authority,
            files,
        }
    }

    pub fn client(&self) -> TlsClient {
        TlsClient::trusting(&self.authority)
    }

    pub fn exchange(&self, method: &str, path: &str, body: &str) -> String {
        let address = self.server.https_address();
        let request = request(method, path, body);
        self.client().exchange(address, &request).unwrap()
    }

    pub fn serial(&self) -> u64 {
        serial_of(&self.client().connect(self.server.https_address()).unwrap())
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
