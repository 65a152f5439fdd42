//! `algohook setup-link`: the link that sets the first password, once more.

use std::io::Write;

use anyhow::{Context as _, bail};
use clap::Args;

use super::announce::{ssh_target, tunnel};
use super::open;
use crate::access;
use crate::config::Config;
use crate::server::lock::running_server;

/// Show a link to choose the first password with; the one before is good no more
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct SetupLink {}

const EXAMPLE: &str = "\
Examples:
  algohook setup-link
  sudo algohook setup-link     for the service of the Debian package";

impl SetupLink {
    pub fn run(config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        let Some(server) = running_server(&config.data_dir) else {
            bail!(
                "no server runs on {}; start one with algohook serve, and it prints the link",
                config.data_dir.display()
            );
        };
        let page = server.page_url.as_ref().unwrap_or(&server.url);
        let link = access::new_link().context("the system gives no random bytes")?;
        let secret = link.secret.clone();
        let is_made = store
            .writer()
            .run_blocking(move |context| link.keep(context.connection))?;
        if !is_made {
            bail!(
                "a password is set already: log in at {page}. Forgotten? algohook user set-password sets a new one"
            );
        }
        writeln!(out, "Choose a password, once: {page}/setup#{secret}")?;
        if *page == server.url {
            let target = ssh_target().unwrap_or_else(|| "you@server".to_owned());
            writeln!(
                out,
                "From another computer, first: {}",
                tunnel(page, &target)
            )?;
        }
        Ok(())
    }
}
