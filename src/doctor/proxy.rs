//! The way through a proxy or a tunnel: from its public address back to this server.
//!
//! That a proxy is trusted says nothing about where it leads. So the public address is asked
//! for a webhook that does not exist, and the answer compared with the server's own: only
//! this server gives the same one.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Finding;
use super::reach::host_of;
use crate::resolve;
use crate::server::lock::RunningServer;

const CHECK: &str = "proxy";

/// Time for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Largest answer that is compared.
const LARGEST_ANSWER: usize = 64 * 1024;

/// The address of no webhook.
const PATH: &str = "/hooks/wh_algohook-doctor";

/// Status and body of an answer.
type Answer = (u16, Bytes);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Checks whether the public address leads to this server.
pub async fn leads_here(running: &RunningServer, public_url: &str) -> Finding {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let local = running.url.strip_prefix("http://").unwrap_or(&running.url);
    let own = tokio::time::timeout(PATIENCE, ask_plainly(local)).await;
    let through = tokio::time::timeout(PATIENCE, ask_publicly(public_url, roots)).await;
    let (Ok(Ok(own)), Ok(through)) = (own, through) else {
        return Finding::notice(
            CHECK,
            format!("{public_url} did not answer this machine in 5 seconds"),
            "some routers do not let a network reach its own public address: try it from another one",
        );
    };
    judge(public_url, &own, through)
}

fn judge(public_url: &str, own: &Answer, through: Result<Answer, Failure>) -> Finding {
    match through {
        Ok(through) if through == *own => {
            Finding::good(CHECK, format!("{public_url} leads to this server"))
        }
        Ok((status, _)) => Finding::bad(
            CHECK,
            format!("{public_url} answers {status}, and not as this server does"),
            "let the proxy or tunnel pass /hooks/ on to this server, and start it where it does not run",
        ),
        Err(error) => Finding::bad(
            CHECK,
            format!("{public_url} cannot be reached: {error}"),
            "start the proxy or tunnel; its name needs an address, and its certificate one that others trust",
        ),
    }
}

async fn ask_plainly(address: &str) -> Result<Answer, Failure> {
    ask(TcpStream::connect(address).await?, address).await
}

/// Asks over TLS, as TradingView does.
async fn ask_publicly(public_url: &str, roots: RootCertStore) -> Result<Answer, Failure> {
    let host = host_of(public_url).ok_or("it has no host")?;
    let (_, authority) = public_url.split_once("://").unwrap_or_default();
    let authority = authority.split('/').next().unwrap_or_default();
    let is_plain = public_url.starts_with("http://");
    let usual = if is_plain { 80 } else { 443 };
    let port = authority.rsplit_once(':').map(|(_, port)| port.parse());
    let port = port.transpose()?.unwrap_or(usual);
    let addresses = resolve::lookup(host, port).await?;
    // TradingView uses no other.
    let address = addresses.iter().find(|address| address.is_ipv4());
    let address = address.ok_or("the name has no IPv4 address")?;
    let stream = TcpStream::connect(address).await?;
    if is_plain {
        return ask(stream, authority).await;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())?;
    let connector = TlsConnector::from(Arc::new(config));
    ask(connector.connect(name, stream).await?, authority).await
}

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    host: &str,
) -> Result<Answer, Failure> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get(PATH)
        .header("host", host)
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), LARGEST_ANSWER).collect();
    let body = body.await?.to_bytes();
    connection.abort();
    Ok((status, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn only_this_servers_own_answer_is_good() {
        let own = (405, Bytes::from_static(b"{\"success\":false}"));
        let verdict = |through| judge("https://hooks.example.com", &own, through).verdict;
        assert_eq!(verdict(Ok(own.clone())), Verdict::Good);
        assert_eq!(
            verdict(Ok((530, Bytes::from_static(b"error code: 1033")))),
            Verdict::Bad
        );
        assert_eq!(verdict(Err("connection refused".into())), Verdict::Bad);
    }
}
