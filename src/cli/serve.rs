//! `algohook serve`: the server.

use std::io::Write;
use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::http;
use crate::app::{self, Sockets};
use crate::config::{Config, ServeOptions};
use crate::demo::{Demo, Live};

/// Run the server until SIGTERM or Ctrl-C
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Serve {
    #[command(flatten)]
    pub options: ServeOptions,
}

const EXAMPLE: &str = "\
Examples:
  algohook serve                                    on 127.0.0.1:8080
  algohook serve --demo                             on made-up alerts, to look around
  algohook serve --tls-cert cert.pem --tls-key key.pem    alerts over HTTPS on port 443
  algohook serve --listen 127.0.0.1:9000 --public-url https://hooks.example.com --trusted-proxy 127.0.0.1/32";

impl Serve {
    pub fn run(self, config: Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let sockets = Sockets::handed_over()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        if self.options.demo {
            return serve_demo(&runtime, config, sockets, out);
        }
        let mut written = Ok(());
        runtime.block_on(app::run(config, sockets, |started| {
            written = announce(out, &started);
        }))?;
        Ok(written?)
    }
}

fn announce(out: &mut dyn Write, started: &app::Started) -> std::io::Result<()> {
    announce_address(out, started)?;
    if let Some(link) = &started.setup_link {
        writeln!(out, "Choose a password, once: {link}")?;
    }
    if let Some(address) = started.https {
        writeln!(out, "Alerts come in over HTTPS on {address}")?;
    }
    for warning in &started.warnings {
        writeln!(out, "WARNING: {warning}")?;
    }
    if started.webhooks == 0 {
        writeln!(
            out,
            "Next, in another terminal: algohook webhook create \"My strategy\""
        )?;
    }
    out.flush()
}

fn announce_address(out: &mut dyn Write, started: &app::Started) -> std::io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    writeln!(out, "algohook {version} listens on {}", started.url)
}

/// Serves a demo; its directory is removed at the end.
fn serve_demo(
    runtime: &Runtime,
    mut config: Config,
    sockets: Sockets,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Demo {
        directory,
        password,
        token,
        live,
    } = runtime.block_on(Demo::prepare(Timestamp::now()))?;
    directory.path().clone_into(&mut config.data_dir);
    let mut written = Ok(());
    let started = |started: app::Started| {
        written = announce_address(out, &started)
            .and_then(|()| announce_demo(out, &started, directory.path(), &password, &token));
        tokio::spawn(go_on_trading(started.url, live));
    };
    runtime.block_on(app::run(config, sockets, started))?;
    directory.close()?;
    Ok(written?)
}

fn announce_demo(
    out: &mut dyn Write,
    started: &app::Started,
    directory: &Path,
    password: &str,
    token: &str,
) -> std::io::Result<()> {
    let directory = directory.display();
    writeln!(
        out,
        "This is a demo: {} webhooks with made-up alerts, gone when it stops.\n\
         Look at it from another terminal:\n  \
           algohook events --follow --data-dir {directory}\n  \
           curl -H \"Authorization: Bearer {token}\" {}/api/v1/webhooks\n\
         Password: {password}",
        started.webhooks, started.url
    )?;
    out.flush()
}

/// Sends an alert of the demo's strategies now and then, until the server stops.
async fn go_on_trading(url: String, mut live: Live) {
    loop {
        tokio::time::sleep(Live::PAUSE).await;
        let alert = live.next_alert(Timestamp::now());
        if let Err(error) = http::post(&url, &alert.path, alert.message).await {
            tracing::warn!(%error, "an alert of the demo did not arrive");
        }
    }
}
