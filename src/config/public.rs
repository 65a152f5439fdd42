//! The options of the listeners that the internet reaches.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde::{Deserialize, Deserializer};

use super::ConfigError;
use super::acme::{AcmeConfig, BindingKey, Domain};

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
    /// Domain to get a certificate for from a certificate authority; may be given several times
    #[arg(
        long = "domain",
        env = "ALGOHOOK_DOMAIN",
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with = "tls_cert"
    )]
    pub domain: Vec<Domain>,
    /// Where the certificate authority may write to its customer
    #[arg(long, env = "ALGOHOOK_EMAIL", value_name = "ADDRESS")]
    pub email: Option<String>,
    /// Directory of the certificate authority [default: Let's Encrypt's]
    #[arg(long, env = "ALGOHOOK_ACME_DIRECTORY", value_name = "URL")]
    pub acme_directory: Option<String>,
    /// Roots to trust the authority's own certificate by, as PEM [default: Mozilla's]
    #[arg(long, env = "ALGOHOOK_ACME_CA", value_name = "FILE")]
    pub acme_ca: Option<PathBuf>,
    /// Key id that the authority gave for external account binding
    #[arg(
        long,
        env = "ALGOHOOK_ACME_EAB_ID",
        value_name = "ID",
        requires = "acme_eab_key"
    )]
    pub acme_eab_id: Option<String>,
    /// Key of the external account binding, base64url; better in the file or the variable
    #[arg(
        long,
        env = "ALGOHOOK_ACME_EAB_KEY",
        hide_env_values = true,
        value_name = "KEY",
        requires = "acme_eab_id"
    )]
    pub acme_eab_key: Option<BindingKey>,
    /// Seconds until a certificate that was not given is asked for again; grows to 6 hours [default: 120]
    #[arg(long, env = "ALGOHOOK_ACME_RETRY", value_name = "SECONDS")]
    pub acme_retry: Option<NonZeroU32>,
    /// Address that takes alerts over HTTPS, where there is a certificate [default: port 443 of every address]
    #[arg(long, env = "ALGOHOOK_PUBLIC_LISTEN", value_name = "ADDR", value_parser = super::address)]
    #[serde(deserialize_with = "super::address_in_file")]
    pub public_listen: Option<SocketAddr>,
    /// Address that redirects plain HTTP to HTTPS, or "none" [default: port 80 with --domain, else none]
    #[arg(long, env = "ALGOHOOK_HTTP_LISTEN", value_name = "ADDR")]
    pub http_listen: Option<HttpListen>,
    /// Take alerts over plain HTTP too, with keys that anybody on the way can read
    #[arg(long, env = "ALGOHOOK_ALLOW_HTTP_HOOKS")]
    pub allow_http_hooks: bool,
    /// Answer the web page and the API on the public address too, behind the login
    #[arg(long, env = "ALGOHOOK_PUBLIC_UI")]
    pub public_ui: bool,
}

/// Address for plain HTTP, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpListen {
    /// Nowhere.
    Nowhere,
    /// Here.
    At(SocketAddr),
}

impl FromStr for HttpListen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::Nowhere),
            address => address
                .parse()
                .map(Self::At)
                .map_err(|_| "write none, or ADDRESS:PORT, such as 0.0.0.0:80"),
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

/// Source of the public listener's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// Two files, read again when they change.
    Files {
        /// The chain, as PEM.
        certificate: PathBuf,
        /// The private key, as PEM.
        key: PathBuf,
    },
    /// A certificate authority.
    Acme(AcmeConfig),
}

/// The public listeners as they count.
#[derive(Debug, Clone)]
pub struct PublicConfig {
    /// Source of the certificate; without one there is no public listener.
    pub certificate: Option<CertificateSource>,
    /// Addresses to try, the first that can be listened on counts.
    pub listen: Vec<SocketAddr>,
    /// Addresses to try for plain HTTP; none where it is not answered.
    pub http_listen: Vec<SocketAddr>,
    /// True if alerts are taken over plain HTTP.
    pub allow_http_hooks: bool,
    /// True if the public listener answers the web page and the API.
    pub public_ui: bool,
}

impl PublicConfig {
    /// Puts flags and file together.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Contradiction`] where options do not fit together.
    pub fn resolve(flags: &PublicOptions, file: &PublicOptions) -> Result<Self, ConfigError> {
        let certificate = certificate_source(flags, file)?;
        let http_listen = match (flags.http_listen.or(file.http_listen), &certificate) {
            (Some(HttpListen::At(address)), _) => vec![address],
            (None, Some(CertificateSource::Acme(_))) => everywhere(80),
            (Some(HttpListen::Nowhere) | None, _) => Vec::new(),
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
                "public-ui needs HTTPS: add domain, or tls-cert and tls-key",
            ));
        }
        if self.http_listen.is_empty() && self.allow_http_hooks {
            return Err(ConfigError::Contradiction(
                "allow-http-hooks needs an address for plain HTTP: add http-listen, such as 0.0.0.0:80",
            ));
        }
        Ok(self)
    }
}

/// Source of the certificate, as flags and file say.
fn certificate_source(
    flags: &PublicOptions,
    file: &PublicOptions,
) -> Result<Option<CertificateSource>, ConfigError> {
    let one = |flag: &Option<PathBuf>, file: &Option<PathBuf>| flag.clone().or(file.clone());
    let files = (
        one(&flags.tls_cert, &file.tls_cert),
        one(&flags.tls_key, &file.tls_key),
    );
    let acme = AcmeConfig::resolve(flags, file)?;
    match (files, acme) {
        ((Some(certificate), Some(key)), None) => {
            Ok(Some(CertificateSource::Files { certificate, key }))
        }
        ((None, None), acme) => Ok(acme.map(CertificateSource::Acme)),
        ((Some(_), Some(_)), Some(_)) => Err(ConfigError::Contradiction(
            "domain and tls-cert are two ways to a certificate: choose one",
        )),
        _ => Err(ConfigError::Contradiction(
            "tls-cert and tls-key belong together: name both files, or neither",
        )),
    }
}

/// A port of every address: of both kinds where the machine has both, else of IPv4.
fn everywhere(port: u16) -> Vec<SocketAddr> {
    vec![
        SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port),
        SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port),
    ]
}
