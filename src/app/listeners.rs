//! The listeners: local for the owner, HTTPS for alerts, plain HTTP for what is left.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hyper::Uri;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::sockets::Sockets;
use crate::acme::Acme;
use crate::config::{CertificateSource, Config, PublicConfig};
use crate::metrics::Metrics;
use crate::server::host::Hosts;
use crate::server::listener::{ConnectionLimits, Server, Transport, serve};
use crate::server::public::{Face, Local, PlainHttp, Public};
use crate::server::routes::Routes;
use crate::tls::challenges::Challenges;
use crate::tls::{self, Certificates, FollowedFiles};
use crate::workers::Workers;

/// Every listener: from here on connections wait in line.
pub struct Listeners {
    local: TcpListener,
    https: Option<Https>,
    http: Option<TcpListener>,
    challenges: Arc<Challenges>,
}

/// The listener that the internet reaches, and what it shows.
struct Https {
    listener: TcpListener,
    certificates: Arc<Certificates>,
}

/// Bound addresses of the listeners.
pub struct Addresses {
    /// The owner's.
    pub local: SocketAddr,
    /// The one for alerts.
    pub https: Option<SocketAddr>,
    /// The one that redirects.
    pub http: Option<SocketAddr>,
}

impl Addresses {
    /// Number of listeners.
    pub fn count(&self) -> u64 {
        1 + u64::from(self.https.is_some()) + u64::from(self.http.is_some())
    }
}

impl Listeners {
    /// Listens where the configuration says, and gets the certificate.
    ///
    /// # Errors
    ///
    /// The address or the file that cannot be used, with what to do about it.
    pub async fn bind(
        config: &Config,
        sockets: &mut Sockets,
        metrics: &Arc<Metrics>,
        workers: &mut Workers,
    ) -> anyhow::Result<Self> {
        let challenges = Arc::new(Challenges::default());
        let local = sockets.listen(&[config.listen], "--listen").await?;
        let https = match &config.public.certificate {
            Some(source) => Some(Https {
                listener: sockets
                    .listen(&config.public.listen, "--public-listen")
                    .await?,
                certificates: certificates(source, config, &challenges, metrics, workers)?,
            }),
            None => None,
        };
        let http = match &config.public.http_listen[..] {
            [] => None,
            addresses => Some(sockets.listen(addresses, "--http-listen").await?),
        };
        Ok(Self {
            local,
            https,
            http,
            challenges,
        })
    }

    /// The bound addresses.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn addresses(&self) -> std::io::Result<Addresses> {
        let address = |listener: &TcpListener| listener.local_addr();
        Ok(Addresses {
            local: self.local.local_addr()?,
            https: self
                .https
                .as_ref()
                .map(|https| address(&https.listener))
                .transpose()?,
            http: self.http.as_ref().map(address).transpose()?,
        })
    }

    /// Address of HTTPS for those outside, as the configuration or the certificate says.
    pub fn https_url(&self, config: &PublicConfig) -> Option<String> {
        if let Some(CertificateSource::Acme(acme)) = &config.certificate {
            return acme.domains.first().map(|name| format!("https://{name}"));
        }
        let identity = self.https.as_ref()?.certificates.current()?;
        let name = identity.names.iter().find(|name| !name.contains('*'))?;
        Some(format!("https://{name}"))
    }

    /// The certificates that clients are shown over HTTPS, where that is algohook's to do.
    pub fn certificates(&self) -> Option<Arc<Certificates>> {
        let https = self.https.as_ref()?;
        Some(Arc::clone(&https.certificates))
    }

    /// Serves all of them until `stop` says true.
    ///
    /// # Errors
    ///
    /// Where TLS cannot be set up.
    pub async fn serve(
        self,
        routes: Arc<Routes>,
        config: &Config,
        https_url: Option<String>,
        metrics: &Arc<Metrics>,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let PublicConfig {
            public_ui,
            allow_http_hooks,
            ..
        } = config.public;
        let known = &routes.hooks.known;
        let server = |listener, transport, face, limits| Server {
            listener,
            transport,
            handler: Arc::new(face),
            limits,
            known: Arc::clone(known),
            metrics: Arc::clone(metrics),
        };
        let hosts = Hosts::new(own_names(config, https_url.as_deref()));
        let challenges = self.challenges;
        let https = match self.https {
            Some(https) => {
                let tls = tls::server_config(https.certificates).context("cannot set up TLS")?;
                let public = Face::Public(Public {
                    routes: Arc::clone(&routes),
                    with_ui: public_ui,
                });
                let limits = limits_of_strangers(config, public_ui);
                let transport = Transport::Tls(TlsAcceptor::from(tls));
                let server = server(https.listener, transport, public, limits);
                Some(serve(server, stopped(stop.clone())))
            }
            None => None,
        };
        let http = self.http.map(|listener| {
            let plain = Face::PlainHttp(PlainHttp {
                routes: Arc::clone(&routes),
                with_hooks: allow_http_hooks,
                challenges,
                https: https_url,
            });
            let limits = limits_of_strangers(config, false);
            let server = server(listener, Transport::Plain, plain, limits);
            serve(server, stopped(stop.clone()))
        });
        let local = Face::Local(Local {
            routes: Arc::clone(&routes),
            hosts,
        });
        let limits = ConnectionLimits {
            trusts_this_machine: true,
            ..limits_of_strangers(config, true)
        };
        let server = server(self.local, Transport::Plain, local, limits);
        let local = serve(server, stopped(stop));
        tokio::join!(local, when_there(https), when_there(http));
        Ok(())
    }
}

/// The names that lead to this server, as far as the configuration says them.
fn own_names(config: &Config, https_url: Option<&str>) -> Vec<String> {
    let urls = config.public_url.as_deref().into_iter().chain(https_url);
    let mut names: Vec<String> = urls
        .filter_map(|url| url.parse::<Uri>().ok())
        .filter_map(|url| url.host().map(str::to_owned))
        .collect();
    if let Some(CertificateSource::Acme(acme)) = &config.public.certificate {
        names.extend(acme.domains.iter().cloned());
    }
    names
}

/// Ends when the server is to stop, or when nobody is left to say so.
async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|is_stopping| *is_stopping).await;
}

async fn when_there(serving: Option<impl Future<Output = ()>>) {
    if let Some(serving) = serving {
        serving.await;
    }
}

/// The certificates of the public listener, and the task that keeps them up to date.
fn certificates(
    source: &CertificateSource,
    config: &Config,
    challenges: &Arc<Challenges>,
    metrics: &Arc<Metrics>,
    workers: &mut Workers,
) -> anyhow::Result<Arc<Certificates>> {
    let certificates = Arc::new(Certificates::new(
        Arc::clone(challenges),
        Arc::clone(metrics),
    ));
    match source {
        CertificateSource::Acme(acme) => {
            let acme = Acme::new(
                acme.clone(),
                &config.data_dir,
                Arc::clone(&certificates),
                Arc::clone(challenges),
                Arc::clone(metrics),
                !config.public.http_listen.is_empty(),
            );
            let acme = Arc::new(acme);
            workers.run("certificate", move || Arc::clone(&acme).run());
        }
        CertificateSource::Files { certificate, key } => {
            let files = follow(certificate, key, &certificates)?;
            let shown = Arc::clone(&certificates);
            workers.run("certificate", move || {
                Arc::clone(&files).follow(Arc::clone(&shown))
            });
        }
    }
    Ok(certificates)
}

fn follow(
    certificate: &Path,
    key: &Path,
    certificates: &Certificates,
) -> anyhow::Result<Arc<FollowedFiles>> {
    let files = FollowedFiles::take_up(certificate, key, certificates);
    files.map(Arc::new).with_context(|| {
        format!(
            "cannot use the certificate {} with the key {}",
            certificate.display(),
            key.display()
        )
    })
}

/// Time that the page gets to load over a slow line before its reader logs in.
const PAGE_TIME: Duration = Duration::from_mins(2);

/// The limits where strangers connect. One who sends an alert needs no longer than one
/// request may take.
fn limits_of_strangers(config: &Config, with_ui: bool) -> ConnectionLimits {
    let one_request = config.header_timeout + config.body_timeout;
    ConnectionLimits {
        max_connections: config.max_connections,
        header_timeout: config.header_timeout,
        stranger_age: if with_ui {
            one_request.max(PAGE_TIME)
        } else {
            one_request
        },
        http2: config.http2,
        shutdown_grace: config.shutdown_grace,
        trusted_proxies: config.trusted_proxies.clone(),
        trusts_this_machine: false,
    }
}
