//! The report as the real binary answers it over HTTP.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// What the server says before its address, once it listens.
const LISTENS: &str = "listens on http://";

/// Starts of the server, each with one first report.
const STARTS: usize = 3;

/// Reports asked for again.
const AGAIN: usize = 200;

/// How long the report of everything takes.
#[derive(Debug, Clone)]
pub struct ReportTimes {
    /// From a server that was started just now.
    pub first: Duration,
    /// When nothing has changed since.
    pub again: Duration,
    /// The trades, as the server exports them.
    pub exported: PathBuf,
}

/// Times the report of a data directory that no process uses.
pub fn measure(data_dir: &Path) -> anyhow::Result<ReportTimes> {
    let token = token(data_dir)?;
    let exported = data_dir.join("trades.csv");
    let mut first = Vec::with_capacity(STARTS);
    let mut again = Vec::with_capacity(AGAIN);
    for start in 0..STARTS {
        let server = Server::start(data_dir)?;
        // A connection and the check of the token are paid for before.
        server.get(&token, "/api/v1/me")?;
        first.push(server.time(&token, "/api/v1/performance")?);
        if start + 1 == STARTS {
            for _ in 0..AGAIN {
                again.push(server.time(&token, "/api/v1/performance")?);
            }
            std::fs::write(&exported, server.get(&token, "/api/v1/export/trades.csv")?)?;
        }
    }
    Ok(ReportTimes {
        first: median(first),
        again: median(again),
        exported,
    })
}

fn token(data_dir: &Path) -> anyhow::Result<String> {
    let made = algohook(data_dir)
        .args(["token", "create", "bench", "--json"])
        .output()?;
    anyhow::ensure!(made.status.success(), "no token was made");
    let printed: serde_json::Value = serde_json::from_slice(&made.stdout)?;
    let token = printed["token"].as_str();
    Ok(token.context("no token was printed")?.to_owned())
}

/// The binary, told nothing by this process's environment.
fn algohook(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_algohook"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ALGOHOOK_") {
            command.env_remove(name);
        }
    }
    command.env("ALGOHOOK_DATA_DIR", data_dir);
    command
}

/// A running server; stopped when dropped.
struct Server {
    child: Child,
    url: String,
    agent: ureq::Agent,
}

impl Server {
    fn start(data_dir: &Path) -> anyhow::Result<Self> {
        let mut child = algohook(data_dir)
            .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn"])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let (_, address) = line
            .split_once(LISTENS)
            .context("the server says no address")?;
        Ok(Self {
            child,
            url: format!("http://{}", address.trim()),
            agent: ureq::Agent::new_with_defaults(),
        })
    }

    fn get(&self, token: &str, path: &str) -> anyhow::Result<Vec<u8>> {
        let url = format!("{}{path}", self.url);
        let request = self
            .agent
            .get(url)
            .header("authorization", format!("Bearer {token}"));
        let mut body = request.call()?.into_body();
        Ok(body.with_config().limit(u64::MAX).read_to_vec()?)
    }

    fn time(&self, token: &str, path: &str) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        self.get(token, path)?;
        Ok(begun.elapsed())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
