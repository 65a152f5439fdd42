//! One HTTP request to the server on this machine.

use std::time::Duration;

use hyper::Request;
use hyper::body::Bytes;
use hyper::header::CONTENT_TYPE;

pub use crate::outbound::Answer;
use crate::outbound::{Client, Limits};
use crate::server::hooks::TEST_HEADER;

/// Bounds of one request; the answer to an alert has less than a kilobyte.
const LIMITS: Limits = Limits {
    connecting: Duration::from_secs(10),
    overall: Duration::from_secs(10),
    answer: 1024 * 1024,
};

/// Posts a text, as TradingView does but marked as a test, to a server under `http://`.
pub fn try_out(base: &str, path: &str, text: String) -> anyhow::Result<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(exchange(base, path, text, true))
}

/// Posts a text, as TradingView does, to a server under `http://`.
pub async fn post(base: &str, path: &str, text: String) -> anyhow::Result<Answer> {
    exchange(base, path, text, false).await
}

async fn exchange(base: &str, path: &str, text: String, is_test: bool) -> anyhow::Result<Answer> {
    let mut request =
        Request::post(format!("{base}{path}")).header(CONTENT_TYPE, "text/plain; charset=utf-8");
    if is_test {
        request = request.header(TEST_HEADER, "1");
    }
    let request = request.body(Bytes::from(text))?;
    Ok(Client::local(LIMITS).send(request).await?)
}
