//! The load: connections that stay open, each sending its next alert when the
//! answer to the one before has come. One thread, requests written by hand and
//! answers hardly read, to leave the processors to the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::alerts::Alerts;

/// Time for the answers that are still out when a case ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// When a case is measured.
#[derive(Clone, Copy)]
pub struct Times {
    from: Instant,
    until: Instant,
}

impl Times {
    /// A warm-up that begins now, and the measured time after it.
    pub fn from_now(warm_up: Duration, measured: Duration) -> Self {
        let from = Instant::now() + warm_up;
        Self {
            from,
            until: from + measured,
        }
    }
}

/// What a server answered.
#[derive(Default)]
pub struct Load {
    /// Alerts with a 200, those of the warm-up too.
    pub accepted: u64,
    /// From sending to answer, of the answers in the measured time; the shortest first.
    pub latencies: Vec<Duration>,
    /// Alerts with another answer.
    refused: u64,
    /// The first such answer.
    refusal: Option<String>,
}

impl Load {
    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.latencies.extend(other.latencies);
        self.refused += other.refused;
        self.refusal = self.refusal.take().or(other.refusal);
    }
}

/// Sends alerts over `connections` connections at once; fails where any of
/// them gets another answer than 200.
pub fn run(
    address: SocketAddr,
    alerts: &Arc<Alerts>,
    connections: usize,
    times: Times,
) -> anyhow::Result<Load> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let load = async {
        let mut senders = JoinSet::new();
        for _ in 0..connections {
            senders.spawn(send(address, Arc::clone(alerts), times));
        }
        let mut load = Load::default();
        while let Some(sent) = senders.join_next().await {
            load.add(sent??);
        }
        anyhow::Ok(load)
    };
    let bounded = async { tokio::time::timeout_at(times.until + PATIENCE, load).await };
    let mut load = runtime
        .block_on(bounded)
        .context("the server stopped answering")??;
    let refusal = load.refusal.unwrap_or_default();
    ensure!(
        load.refused == 0,
        "{} alerts did not get a 200, the first got {refusal}",
        load.refused
    );
    load.refusal = None;
    load.latencies.sort_unstable();
    Ok(load)
}

/// One connection's part of the load.
async fn send(address: SocketAddr, alerts: Arc<Alerts>, times: Times) -> anyhow::Result<Load> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut load = Load::default();
    let mut request = Vec::new();
    let mut answer = Vec::new();
    loop {
        let sent = Instant::now();
        if sent >= times.until {
            return Ok(load);
        }
        alerts.write_next(&mut request);
        stream.write_all(&request).await?;
        read_answer(&mut stream, &mut answer).await?;
        let answered = Instant::now();
        if answer.starts_with(b"HTTP/1.1 200 ") {
            load.accepted += 1;
        } else {
            load.refused += 1;
            let text = String::from_utf8_lossy(&answer).into_owned();
            load.refusal.get_or_insert(text);
        }
        if (times.from..times.until).contains(&answered) {
            load.latencies.push(answered - sent);
        }
    }
}

/// Reads one whole answer in the place of what is in `answer`.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> anyhow::Result<()> {
    answer.clear();
    while !is_whole(answer) {
        let read = stream.read_buf(answer).await?;
        ensure!(read > 0, "the server closed the connection");
    }
    Ok(())
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return false;
    };
    let body = answer.len() - head - 4;
    let lines = answer[..head].split(|byte| *byte == b'\n');
    let length = lines
        .filter_map(|line| str::from_utf8(line).ok()?.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse().ok());
    length == Some(body)
}
