//! The way through a proxy or a tunnel: from its public address back to this server.
//!
//! That a proxy is trusted says nothing about where it leads. So the public address is asked
//! for a webhook that does not exist, and the answer compared with the server's own: only
//! this server gives the same one.

use std::io::ErrorKind;
use std::time::Duration;

use hyper::Request;
use hyper::body::Bytes;

use super::Finding;
use crate::outbound::{Client, Limits, OutboundError, Reach, Roots};
use crate::server::lock::RunningServer;

const CHECK: &str = "proxy";

/// Time for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bounds of an answer that is compared.
const LIMITS: Limits = Limits {
    connecting: PATIENCE,
    overall: PATIENCE,
    answer: 64 * 1024,
};

/// The address of no webhook.
const PATH: &str = "/hooks/wh_algohook-doctor";

/// Status and body of an answer.
type Answer = (u16, Bytes);

/// Checks whether the public address leads to this server.
pub async fn leads_here(running: &RunningServer, public_url: &str) -> Finding {
    let internet = Client::new(Roots::Mozilla, Reach::Anywhere, LIMITS);
    let Ok(internet) = internet.map(Client::over_ipv4) else {
        return Finding::notice(
            CHECK,
            "TLS cannot be set up here",
            "run doctor on another machine",
        );
    };
    let own = ask(&Client::local(LIMITS), &running.url).await;
    let through = ask(&internet, public_url).await;
    match (own, through) {
        (Ok(own), Ok(through)) => judge(public_url, &own, Ok(through)),
        (Ok(own), Err(error)) if !is_timeout(&error) => judge(public_url, &own, Err(error)),
        _ => Finding::notice(
            CHECK,
            format!("{public_url} did not answer this machine in 5 seconds"),
            "some routers do not let a network reach its own public address: try it from another one",
        ),
    }
}

fn is_timeout(error: &OutboundError) -> bool {
    match error {
        OutboundError::Silent { .. } => true,
        OutboundError::Connect { source, .. } | OutboundError::Tls { source, .. } => {
            source.kind() == ErrorKind::TimedOut
        }
        _ => false,
    }
}

fn judge(public_url: &str, own: &Answer, through: Result<Answer, OutboundError>) -> Finding {
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

/// Asks for a webhook that does not exist.
async fn ask(client: &Client, url: &str) -> Result<Answer, OutboundError> {
    let address = format!("{}{PATH}", url.trim_end_matches('/'));
    let request = Request::get(&address).body(Bytes::new());
    let request = request.map_err(|_| OutboundError::Address(address))?;
    let answer = client.send(request).await?;
    Ok((answer.status.as_u16(), answer.body))
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
        let refused = OutboundError::Connect {
            host: "hooks.example.com".to_owned(),
            source: ErrorKind::ConnectionRefused.into(),
        };
        assert_eq!(verdict(Err(refused)), Verdict::Bad);
    }
}
