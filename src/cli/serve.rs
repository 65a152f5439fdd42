//! `algohook serve`: the server.

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::announce::{Surroundings, announce};
use super::http;
use crate::app::{self, Sockets};
use crate::config::{Config, ServeOptions};
use crate::demo::{Demo, Live};
use crate::ingest::{Clock, SystemClock};
use crate::workers::{Outcome, Workers};

/// Run the server until SIGTERM or Ctrl-C
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Serve {
    #[command(flatten)]
    pub options: ServeOptions,
    /// Do not open the set-up page in a browser at the first start
    #[arg(long)]
    no_browser: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook serve                                    on 127.0.0.1:8080
  algohook serve --demo                             on made-up alerts, to look around
  algohook serve --tls-cert cert.pem --tls-key key.pem    alerts over HTTPS on port 443
  algohook serve --listen 127.0.0.1:9000 --public-url https://hooks.example.com --trusted-proxy 127.0.0.1";

impl Serve {
    pub fn run(self, config: Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let sockets = Sockets::handed_over()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let grace = config.shutdown_grace;
        let served = if self.options.demo {
            let names_address = self.options.listen.is_some();
            let now = self.options.demo_now;
            serve_demo(&runtime, config, now, names_address, sockets, out)
        } else {
            serve(&runtime, config, sockets, !self.no_browser, out)
        };
        // A long report or backup is not waited for without end.
        match served {
            Ok(deadline) => {
                runtime.shutdown_timeout(deadline.duration_since(Instant::now()));
                Ok(())
            }
            Err(error) => {
                runtime.shutdown_timeout(grace);
                Err(error)
            }
        }
    }
}

fn serve(
    runtime: &Runtime,
    config: Config,
    sockets: Sockets,
    opens_browser: bool,
    out: &mut dyn Write,
) -> anyhow::Result<Instant> {
    let mut written = Ok(());
    let surroundings = Surroundings::look();
    let started = |started: app::Started, _: &mut Workers| {
        written = announce(out, &started, &surroundings, opens_browser);
    };
    let deadline = runtime.block_on(app::run(config, SystemClock::start(), sockets, started))?;
    written?;
    Ok(deadline)
}

/// Serves a demo; its directory is removed at the end. One of a `moment` stands still there,
/// so that whoever looks twice sees the same.
fn serve_demo(
    runtime: &Runtime,
    mut config: Config,
    moment: Option<Timestamp>,
    names_address: bool,
    sockets: Sockets,
    out: &mut dyn Write,
) -> anyhow::Result<Instant> {
    let clock = SystemClock::from_time(moment);
    let Demo {
        directory,
        password,
        token,
        live,
    } = runtime.block_on(Demo::prepare(clock.now()))?;
    directory.path().clone_into(&mut config.data_dir);
    let in_use = (!names_address).then(|| evade(&mut config)).flatten();
    let mut written = Ok(());
    let live = Arc::new(Mutex::new(live));
    let started = |started: app::Started, workers: &mut Workers| {
        written = announce_demo(out, &started, directory.path(), &password, &token, in_use);
        if moment.is_none() {
            workers.run("demo", move || {
                go_on_trading(started.url.clone(), Arc::clone(&live), clock)
            });
        }
    };
    let deadline = runtime.block_on(app::run(config, clock, sockets, started))?;
    directory.close()?;
    written?;
    Ok(deadline)
}

/// Lets the system choose a port where another program has the usual one; returns
/// the address that is taken.
fn evade(config: &mut Config) -> Option<SocketAddr> {
    let usual = config.listen;
    match TcpListener::bind(usual) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            config.listen.set_port(0);
            Some(usual)
        }
        _ => None,
    }
}

fn announce_demo(
    out: &mut dyn Write,
    started: &app::Started,
    directory: &Path,
    password: &str,
    token: &str,
    in_use: Option<SocketAddr>,
) -> std::io::Result<()> {
    let (url, directory) = (&started.url, directory.display());
    // What is after the # never leaves the browser: the page logs in with it.
    writeln!(out, "Open {url}/#{password}")?;
    if let Some(in_use) = in_use {
        writeln!(
            out,
            "Another program listens on {in_use}, so this one took a free port."
        )?;
    }
    writeln!(
        out,
        "This is a demo: {} webhooks with made-up alerts, gone when it stops.\n\
         Look at it from another terminal:\n  \
           algohook events --follow --data-dir {directory}\n  \
           curl -H \"Authorization: Bearer {token}\" {url}/api/v1/webhooks",
        started.webhooks
    )?;
    out.flush()
}

/// Sends an alert of the demo's strategies now and then, until the server stops.
async fn go_on_trading(url: String, live: Arc<Mutex<Live>>, clock: SystemClock) -> Outcome {
    loop {
        tokio::time::sleep(Live::PAUSE).await;
        let Some(alert) = live.lock().await.next_alert(clock.now()) else {
            continue;
        };
        if let Err(error) = http::post(&url, &alert.path, alert.message).await {
            tracing::warn!(%error, "an alert of the demo did not arrive");
        }
    }
}
