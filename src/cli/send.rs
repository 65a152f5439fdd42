//! `algohook send`: a test alert over real HTTP.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use hyper::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::http;
use super::open::{self, WebhookArgument};
use super::output::{self, OrderInWords};
use crate::config::Config;
use crate::domain::event::Warning;
use crate::domain::money::parse_decimal;
use crate::domain::signal::{Direction, OrderType};
use crate::domain::webhook::AuthKey;
use crate::server::lock::running_server;
use crate::templates::{Template, fill};

/// Time within which a running server takes up what a command has changed.
const TAKEN_UP: Duration = Duration::from_secs(1);

/// Send an alert to a webhook of the running server, as TradingView would
///
/// It is recorded and limited as an alert is, but makes no order: reports and positions stay as
/// they are. What is sent by other means, curl for instance, counts.
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Send {
    /// The webhook: its id, or its name
    id: WebhookArgument,
    /// Which template to send: strategy, standard or indicator
    #[arg(long, value_name = "NAME", default_value_t = Template::Strategy)]
    template: Template,
    /// Send this file instead; `AUTH_KEY` in it becomes the webhook's key, and
    /// TradingView's usual placeholders get example values
    #[arg(long, value_name = "FILE", conflicts_with = "template")]
    file: Option<PathBuf>,
    /// Print the whole answer, as JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook send wh_...
  algohook send \"BTC Strategy\" --template indicator
  algohook send wh_... --file alert.json";

impl Send {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let Some(server) = running_server(&config.data_dir) else {
            bail!("no server runs on this data directory; start one with `algohook serve`");
        };
        let store = open::store(config)?;
        let id = self.id.find(&store)?;
        let webhook = open::webhook(config, &store, &id)?;
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
        let path = if webhook.settings.key_in_path {
            format!("/hooks/{id}/{}", key.reveal())
        } else {
            format!("/hooks/{id}")
        };
        let answer = answer_of(&server.url, &path, &message)
            .with_context(|| format!("the server at {} does not answer", server.url))?;
        if self.json {
            let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            output::json(out, &body)?;
        } else {
            let body: Body = serde_json::from_slice(&answer.body)
                .with_context(|| format!("the server answered {} and no JSON", answer.status))?;
            body.print(answer.status, out)?;
        }
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::FORBIDDEN => bail!(
                "alerts are taken from TradingView only (algohook senders show), so what this command sends is \
                 refused; the test button on the webhook's page is let in"
            ),
            _ => bail!("the alert was not taken; the answer says why"),
        }
    }
}

/// The server's answer to an alert. A webhook that was made just now is one that it has
/// not heard of yet: then it is asked once more.
fn answer_of(server: &str, path: &str, message: &str) -> anyhow::Result<http::Answer> {
    let answer = http::try_out(server, path, message.to_owned())?;
    if answer.status != StatusCode::NOT_FOUND {
        return Ok(answer);
    }
    std::thread::sleep(TAKEN_UP);
    http::try_out(server, path, message.to_owned())
}

/// The parts of an answer that are shown.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    message: String,
    webhook_event: Option<Event>,
    order: Option<WouldMake>,
    error: Option<Error>,
    #[serde(default)]
    validation: Validation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    id: String,
    ticker: Option<String>,
    position_direction: Option<String>,
    direction: Option<Direction>,
}

/// Numbers are read from their own digits.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WouldMake {
    order_type: OrderType,
    qty: Option<Box<RawValue>>,
    intended_price: Box<RawValue>,
}

#[derive(Deserialize)]
struct Error {
    hint: String,
}

#[derive(Default, Deserialize)]
struct Validation {
    warnings: Vec<Warning>,
}

impl Body {
    fn print(&self, status: StatusCode, out: &mut dyn Write) -> anyhow::Result<()> {
        let event = self.webhook_event.as_ref();
        let id = event.map_or_else(String::new, |event| format!(" ({})", event.id));
        let said = match (event, &self.order, &self.error) {
            (Some(event), Some(order), _) => {
                format!(
                    "would make: {}. A test makes no order{id}.",
                    order_in_words(event, order)
                )
            }
            (_, _, Some(error)) => format!("{}{id}. Hint: {}", self.message, error.hint),
            _ => format!("{}{id}.", self.message),
        };
        writeln!(out, "{}: {}", status.as_u16(), output::printable(&said))?;
        for warning in &self.validation.warnings {
            writeln!(out, "Warning: {}", output::printable(&warning.message))?;
        }
        Ok(())
    }
}

/// As `algohook orders` has it.
fn order_in_words(event: &Event, order: &WouldMake) -> String {
    let number = |raw: &RawValue| match parse_decimal(raw.get()) {
        Ok(number) => output::plain(number),
        Err(_) => raw.get().to_owned(),
    };
    OrderInWords {
        position_direction: event.position_direction.as_deref(),
        direction: event.direction,
        quantity: order.qty.as_deref().map(number),
        ticker: event.ticker.as_deref().unwrap_or_default(),
        price: number(&order.intended_price),
        order_type: order.order_type.as_str(),
    }
    .to_string()
}
