//! One HTTP request to the server on this machine.

use std::time::Duration;

use anyhow::Context;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::server::hooks::TEST_HEADER;

/// Time for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer.
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

/// Posts a text, as TradingView does but marked as a test, to a server under `http://`.
pub fn try_out(base: &str, path: &str, text: String) -> anyhow::Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(in_time(exchange(base, path, text, true)))
}

/// Posts a text, as TradingView does, to a server under `http://`.
pub async fn post(base: &str, path: &str, text: String) -> anyhow::Result<Answer> {
    in_time(exchange(base, path, text, false)).await
}

async fn in_time(exchange: impl Future<Output = anyhow::Result<Answer>>) -> anyhow::Result<Answer> {
    tokio::time::timeout(PATIENCE, exchange)
        .await
        .context("no answer in time")?
}

async fn exchange(base: &str, path: &str, text: String, is_test: bool) -> anyhow::Result<Answer> {
    let host = base.strip_prefix("http://").unwrap_or(base);
    let stream = TcpStream::connect(host).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut request = Request::post(path)
        .header(HOST, host)
        .header(CONTENT_TYPE, "text/plain; charset=utf-8");
    if is_test {
        request = request.header(TEST_HEADER, "1");
    }
    let request = request.body(Full::new(Bytes::from(text)))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    drop(sender);
    connection.await??;
    Ok(Answer { status, body })
}
