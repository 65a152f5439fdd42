//! `algohook webhook change`: how a webhook reads its messages, and where it finds the key.

use std::convert::Infallible;
use std::io::Write;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::super::open::{self, WebhookArgument};
use crate::config::Config;
use crate::desk;
use crate::domain::format::{Format, SellWhileFlat};
use crate::domain::webhook::Settings;
use crate::store::Store;
use crate::store::webhooks::{StoredWebhook, WebhookChange};

/// Change how a webhook reads its messages, and where it finds the key
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Change {
    /// The webhook: its id, or its name
    id: WebhookArgument,
    /// Read all of its messages in this format: auto, algohook, traderspost, 3commas, signalstack,
    /// pickmytrade, wundertrading, alertatron or text
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Take the key from the URL, for messages that have no room for one
    #[arg(long, value_name = "ON|OFF")]
    key_in_path: Option<Switch>,
    /// Take the key from the message's secret, token or password
    #[arg(long, value_name = "ON|OFF")]
    key_in_field: Option<Switch>,
    /// The meaning of "sell" without a long position, where the format does not document it:
    /// nothing or short
    #[arg(long, value_name = "MEANING")]
    sell_while_flat: Option<SellWhileFlat>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook webhook change \"BTC Strategy\" --key-in-path on
  algohook webhook change wh_... --format traderspost --sell-while-flat short";

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

impl Change {
    pub fn run(self, config: &Config, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
        if self.format.is_none()
            && self.key_in_path.is_none()
            && self.key_in_field.is_none()
            && self.sell_while_flat.is_none()
        {
            bail!("nothing to change; algohook webhook change --help lists what there is");
        }
        let id = self.id.find(store)?;
        let is_json = self.json;
        let wanted = id.clone();
        let turns_path_on = self.key_in_path == Some(Switch::On);
        let change = move |stored: &StoredWebhook| {
            Ok::<_, Infallible>(WebhookChange {
                settings: Some(self.applied_to(&stored.settings)),
                ..WebhookChange::default()
            })
        };
        let changed = open::act(store, move |context, actor| {
            desk::webhooks::change(context, actor, &wanted, change)
        })?;
        let Ok(_) = changed;
        if turns_path_on {
            eprintln!(
                "note: the URL has the key in it now. Proxies and other services write URLs into their logs: \
                 keep it as secret as the key, and rotate the key if it was seen (algohook webhook rotate-key)."
            );
        }
        super::print(out, &open::webhook(config, store, &id)?, is_json)
    }

    fn applied_to(self, settings: &Settings) -> Settings {
        let is_on = |switch: Option<Switch>, now| switch.map_or(now, |switch| switch == Switch::On);
        Settings {
            format: self.format.unwrap_or(settings.format),
            key_in_path: is_on(self.key_in_path, settings.key_in_path),
            key_in_field: is_on(self.key_in_field, settings.key_in_field),
            sell_while_flat: self.sell_while_flat.unwrap_or(settings.sell_while_flat),
            ..settings.clone()
        }
    }
}
