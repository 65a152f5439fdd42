//! `algohook send`: a test alert over real HTTP.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;

use super::http;
use super::open;
use super::output;
use crate::config::Config;
use crate::domain::webhook::{AuthKey, WebhookId};
use crate::server::lock::running_server;
use crate::templates::{Template, fill};

/// Send an alert to a webhook of the running server, as TradingView would
///
/// It is recorded and limited as an alert is, but makes no order: reports and positions stay as
/// they are. What is sent by other means, curl for instance, counts.
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Send {
    /// The webhook
    id: WebhookId,
    /// Which template to send: strategy or standard
    #[arg(long, value_name = "NAME", default_value_t = Template::Strategy)]
    template: Template,
    /// Send this file instead; `AUTH_KEY` in it becomes the webhook's key, and
    /// TradingView's usual placeholders get example values
    #[arg(long, value_name = "FILE", conflicts_with = "template")]
    file: Option<PathBuf>,
    /// Print the answer as JSON only
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook send wh_...
  algohook send wh_... --file alert.json";

impl Send {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let Some(server) = running_server(&config.data_dir) else {
            bail!("no server runs on this data directory; start one with `algohook serve`");
        };
        let store = open::store(config)?;
        let webhook = open::webhook(config, &store, &self.id)?;
        let key = AuthKey::from_stored(webhook.auth_key);
        let now = Timestamp::now();
        let message = match &self.file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                fill(&text, &key, now)
            }
            None => self.template.example(&key, now),
        };
        let path = format!("/hooks/{}", self.id);
        let answer = http::try_out(&server.url, &path, message)
            .with_context(|| format!("the server at {} does not answer", server.url))?;
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if !self.json {
            writeln!(out, "{}", answer.status)?;
        }
        output::json(out, &body)?;
        if !answer.status.is_success() {
            bail!("the alert was not taken; the answer says why");
        }
        Ok(())
    }
}
