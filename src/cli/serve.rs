//! `algohook serve`: the server.

use std::io::Write;

use clap::Args;

use crate::app;
use crate::config::{Config, ServeOptions};

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
  algohook serve --listen 127.0.0.1:9000 --public-url https://hooks.example.com --trusted-proxy 127.0.0.1/32";

impl Serve {
    pub fn run(config: Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let mut written = Ok(());
        runtime.block_on(app::run(config, |started| {
            written = announce(out, &started);
        }))?;
        Ok(written?)
    }
}

fn announce(out: &mut dyn Write, started: &app::Started) -> std::io::Result<()> {
    writeln!(
        out,
        "algohook {} listens on {}",
        env!("CARGO_PKG_VERSION"),
        started.url
    )?;
    if let Some(link) = &started.setup_link {
        writeln!(out, "Choose a password, once: {link}")?;
    }
    if started.webhooks == 0 {
        writeln!(
            out,
            "Next, in another terminal: algohook webhook create \"My strategy\""
        )?;
    }
    out.flush()
}
