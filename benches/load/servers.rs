//! The servers that are measured, each in a process of its own.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use nonzero_ext::nonzero;

use super::baselines;

/// Alerts a minute for each webhook: more than any case sends.
pub const RATE_LIMIT: NonZeroU32 = nonzero!(1_000_000_u32);

/// Connections that a server takes: more than any case opens.
pub const MAX_CONNECTIONS: usize = 1024;

/// What a server says before its address, once it listens.
pub const LISTENS: &str = "listens on http://";

/// How long a server may take to listen, or to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a server records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The real binary.
    Durable,
    /// The same server, storing nothing.
    NotStoring,
    /// The same server, with a transaction for each alert.
    OneByOne,
    /// hyper alone: a body is read and a 200 answered.
    BareHyper,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Durable,
        Self::NotStoring,
        Self::OneByOne,
        Self::BareHyper,
    ];

    /// Its name, as it is in the report, on the command line and of a directory.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::NotStoring => "not-storing",
            Self::OneByOne => "one-by-one",
            Self::BareHyper => "bare-hyper",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> anyhow::Result<Self> {
        let kind = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        kind.with_context(|| format!("there is no server {name}"))
    }

    /// Whether alerts are in its database afterwards.
    pub fn stores(self) -> bool {
        matches!(self, Self::Durable | Self::OneByOne)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A running server; killed when dropped.
pub struct Server {
    /// How it records.
    pub kind: Kind,
    /// Where it records.
    pub data_dir: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    process: Process,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub fn start(kind: Kind, data_dir: &Path) -> anyhow::Result<Self> {
        let mut command = match kind {
            Kind::Durable => binary(data_dir),
            Kind::NotStoring | Kind::OneByOne | Kind::BareHyper => this_executable(kind, data_dir)?,
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut process = Process(child);
        let output = process.0.stdout.take().context("no output")?;
        Ok(Self {
            kind,
            data_dir: data_dir.to_owned(),
            address: address_in(output)?,
            process,
        })
    }

    /// The number of its process.
    pub fn process_id(&self) -> u32 {
        self.process.0.id()
    }

    /// Asks for `/healthz`.
    pub fn check_health(&self) -> anyhow::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200 "), "unhealthy: {answer}");
        Ok(())
    }
}

/// A process of ours, which must not outlive us.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `algohook serve`, told nothing by this process's environment.
fn binary(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_algohook"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ALGOHOOK_") {
            command.env_remove(name);
        }
    }
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "warn"])
        .args(["--rate-limit", &RATE_LIMIT.to_string()])
        .args(["--max-connections", &MAX_CONNECTIONS.to_string()])
        .arg("--data-dir")
        .arg(data_dir);
    command
}

fn this_executable(kind: Kind, data_dir: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args([baselines::COMMAND, kind.as_str()])
        .arg(data_dir);
    Ok(command)
}

/// The address that a server prints in its first line. What it prints later is
/// read as well, so that it never waits for a reader.
fn address_in(output: ChildStdout) -> anyhow::Result<SocketAddr> {
    let (first, told) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Only the first line has a receiver.
            let _ = first.send(line);
        }
    });
    let line = told
        .recv_timeout(PATIENCE)
        .context("the server did not start")?;
    let (_, address) = line
        .split_once(LISTENS)
        .with_context(|| format!("the server says no address: {line}"))?;
    Ok(address.trim().parse()?)
}
