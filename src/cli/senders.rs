//! `algohook senders`: who may send alerts.

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::open;
use super::output;
use crate::config::Config;
use crate::desk::senders::{self, Change, issuer_of_pem};
use crate::domain::sender::{SenderPolicy, Senders};
use crate::store::Store;

/// Say who may send alerts: anybody with the key, or TradingView only
#[derive(Subcommand)]
#[command(name = "senders")]
pub enum SendersCommand {
    Show(Show),
    Set(Set),
    Pin(Pin),
    Forget(Forget),
}

/// Show the setting and the certificate issuers that were seen
#[derive(Args)]
#[command(after_help = "Example:\n  algohook senders show")]
pub struct Show {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Change the setting of all webhooks that have none of their own
#[derive(Args)]
#[command(after_help = "\
Examples:
  algohook senders set any
  algohook senders set address
  algohook senders set address --address 52.89.214.238 --address 34.212.75.30
  algohook senders set address --default-addresses")]
pub struct Set {
    /// any; address: TradingView's addresses; certificate: its client certificate
    policy: SenderPolicy,
    /// An address of TradingView's, in place of the list until now; may be given several times
    #[arg(long = "address", value_name = "IP")]
    addresses: Vec<IpAddr>,
    /// The addresses that TradingView has published, in place of the list until now
    #[arg(long, conflicts_with = "addresses")]
    default_addresses: bool,
}

/// Confirm that an issuer signs TradingView's client certificates
#[derive(Args)]
#[command(after_help = "\
Examples:
  algohook senders pin 5f0c...                   one that `algohook senders show` lists
  algohook senders pin --file issuer.pem")]
pub struct Pin {
    /// The fingerprint of its key
    #[arg(required_unless_present = "file")]
    fingerprint: Option<String>,
    /// Its certificate, as PEM
    #[arg(long, conflicts_with = "fingerprint")]
    file: Option<PathBuf>,
}

/// Forget an issuer; what it signed does not count any more
#[derive(Args)]
#[command(after_help = "Example:\n  algohook senders forget 5f0c...")]
pub struct Forget {
    /// The fingerprint of its key
    fingerprint: String,
}

impl SendersCommand {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let store = open::store(config)?;
        match self {
            Self::Show(show) => show.run(&store, out),
            Self::Set(set) => set.run(&store, out),
            Self::Pin(pin) => pin.run(&store, out),
            Self::Forget(forget) => forget.run(&store, out),
        }
    }
}

impl Show {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let settings = store.readers().run_blocking(senders::settings)?;
        if self.json {
            return output::json(out, &settings);
        }
        writeln!(out, "Alerts are taken from: {}", settings.senders.policy)?;
        let addresses = list_of(&settings.senders);
        writeln!(out, "TradingView's addresses: {addresses}")?;
        warn_of_own_list(out, &settings.senders)?;
        if settings.issuers.is_empty() {
            return Ok(writeln!(
                out,
                "No certificate issuer was seen yet: it is learned from the first alert that TradingView sends over HTTPS."
            )?);
        }
        let rows: Vec<Vec<String>> = settings
            .issuers
            .into_iter()
            .map(|issuer| {
                let pinned = issuer.pinned_at.map_or("no", |_| "yes").to_owned();
                let seen = format!("{:.0}", issuer.seen_at);
                vec![issuer.fingerprint, pinned, seen, issuer.name]
            })
            .collect();
        Ok(output::table(
            out,
            &["ISSUER", "PINNED", "SEEN", "NAME"],
            &rows,
        )?)
    }
}

impl Set {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let policy = self.policy;
        let addresses = match self.addresses {
            _ if self.default_addresses => Some(Senders::default().addresses),
            addresses if addresses.is_empty() => None,
            addresses => Some(addresses),
        };
        let change = Change::new(Some(policy), addresses)?;
        let setting = open::act(store, move |context, actor| {
            senders::change(context, actor, change)
        })?;
        writeln!(out, "Alerts are taken from: {policy}.")?;
        if !setting.are_published() {
            let addresses = list_of(&setting);
            writeln!(out, "TradingView's addresses: {addresses}")?;
        }
        warn_of_own_list(out, &setting)
    }
}

fn list_of(senders: &Senders) -> String {
    let addresses: Vec<String> = senders.addresses.iter().map(ToString::to_string).collect();
    addresses.join(", ")
}

/// Says that TradingView would send from other addresses, and how to go back to those.
fn warn_of_own_list(out: &mut dyn Write, senders: &Senders) -> anyhow::Result<()> {
    if senders.are_published() {
        return Ok(());
    }
    let policy = senders.policy;
    Ok(writeln!(
        out,
        "This is not the list that TradingView has published; \
         `algohook senders set {policy} --default-addresses` brings that back."
    )?)
}

impl Pin {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let now = Timestamp::now();
        let from_file = match &self.file {
            Some(path) => {
                let pem = std::fs::read(path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                let issuer = issuer_of_pem(&pem, now).with_context(|| {
                    format!("{} has no certificate in PEM form", path.display())
                })?;
                Some(issuer)
            }
            None => None,
        };
        let fingerprint = match &from_file {
            Some(issuer) => issuer.fingerprint.clone(),
            None => self.fingerprint.unwrap_or_default(),
        };
        let pinned = fingerprint.clone();
        open::act(store, move |context, actor| match &from_file {
            Some(issuer) => senders::pin_new(context, actor, issuer),
            None => senders::pin(context, actor, &pinned),
        })?;
        Ok(writeln!(
            out,
            "Pinned {fingerprint}. `algohook senders set certificate` takes alerts with its certificates only."
        )?)
    }
}

impl Forget {
    fn run(self, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        let fingerprint = self.fingerprint.clone();
        open::act(store, move |context, actor| {
            senders::forget(context, actor, &self.fingerprint)
        })?;
        Ok(writeln!(out, "Forgot {fingerprint}.")?)
    }
}
