//! The options of the listeners that the internet reaches.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde::{Deserialize, Deserializer};

use super::ConfigError;

/// Options of the public listener; the file has the same names.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
#[command(next_help_heading = "HTTPS")]
pub struct PublicOptions {
    /// Certificate chain for HTTPS, as PEM; read again when it changes
    #[arg(
        long,
        env = "ALGOHOOK_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(
        long,
        env = "ALGOHOOK_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,
    /// Address that takes alerts over HTTPS, where there is a certificate [default: port 443 of every address]
    #[arg(long, env = "ALGOHOOK_PUBLIC_LISTEN", value_name = "ADDR")]
    pub public_listen: Option<SocketAddr>,
    /// Address that redirects plain HTTP to HTTPS, or "none" [default: none]
    #[arg(long, env = "ALGOHOOK_HTTP_LISTEN", value_name = "ADDR")]
    pub http_listen: Option<HttpListen>,
    /// Take alerts over plain HTTP too, with keys that anybody on the way can read
    #[arg(long, env = "ALGOHOOK_ALLOW_HTTP_HOOKS")]
    pub allow_http_hooks: bool,
    /// Answer the web page and the API on the public address too, behind the login
    #[arg(long, env = "ALGOHOOK_PUBLIC_UI")]
    pub public_ui: bool,
}

/// Where plain HTTP is answered: nowhere, or at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpListen {
    /// Nowhere.
    Nowhere,
    /// Here.
    At(SocketAddr),
}

impl FromStr for HttpListen {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::Nowhere),
            address => address.parse().map(Self::At),
        }
    }
}

impl<'de> Deserialize<'de> for HttpListen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| {
            serde::de::Error::custom(format!(
                "http-listen \"{text}\" is neither \"none\" nor an address such as 0.0.0.0:80"
            ))
        })
    }
}

/// Where the certificate of the public listener comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// Two files, read again when they change.
    Files {
        /// The chain, as PEM.
        certificate: PathBuf,
        /// The private key, as PEM.
        key: PathBuf,
    },
}

/// The public listeners as they count.
#[derive(Debug, Clone)]
pub struct PublicConfig {
    /// Where the certificate comes from; without one there is no public listener.
    pub certificate: Option<CertificateSource>,
    /// Addresses to try, the first that can be listened on counts.
    pub listen: Vec<SocketAddr>,
    /// Where plain HTTP is answered.
    pub http_listen: Option<SocketAddr>,
    /// Whether alerts are taken over plain HTTP.
    pub allow_http_hooks: bool,
    /// Whether the public listener answers the web page and the API.
    pub public_ui: bool,
}

impl PublicConfig {
    /// Puts flags and file together.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Contradiction`] where options do not fit together.
    pub fn resolve(flags: &PublicOptions, file: PublicOptions) -> Result<Self, ConfigError> {
        let certificate = match (
            flags.tls_cert.clone().or(file.tls_cert),
            flags.tls_key.clone().or(file.tls_key),
        ) {
            (Some(certificate), Some(key)) => Some(CertificateSource::Files { certificate, key }),
            (None, None) => None,
            _ => {
                return Err(ConfigError::Contradiction(
                    "tls-cert and tls-key belong together: name both files, or neither",
                ));
            }
        };
        let http_listen = match flags.http_listen.or(file.http_listen) {
            Some(HttpListen::At(address)) => Some(address),
            Some(HttpListen::Nowhere) | None => None,
        };
        let config = Self {
            certificate,
            listen: flags
                .public_listen
                .or(file.public_listen)
                .map_or_else(|| everywhere(443), |address| vec![address]),
            http_listen,
            allow_http_hooks: flags.allow_http_hooks || file.allow_http_hooks,
            public_ui: flags.public_ui || file.public_ui,
        };
        config.check()
    }

    fn check(self) -> Result<Self, ConfigError> {
        if self.certificate.is_none() && self.public_ui {
            return Err(ConfigError::Contradiction(
                "public-ui needs HTTPS: add tls-cert and tls-key",
            ));
        }
        if self.http_listen.is_none() && self.allow_http_hooks {
            return Err(ConfigError::Contradiction(
                "allow-http-hooks needs an address for plain HTTP: add http-listen, such as 0.0.0.0:80",
            ));
        }
        Ok(self)
    }
}

/// A port of every address: of both kinds where the machine has both, else of IPv4.
fn everywhere(port: u16) -> Vec<SocketAddr> {
    vec![
        SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port),
        SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port),
    ]
}
